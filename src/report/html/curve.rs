//! The percentile curve: which share of the steps was how fast, each further nine as wide as the last.

use super::{
    chart::{Axis, Chart, Line, nines},
    run::Run,
};
use crate::report::{archive::Tally, tag::Part};
use maud::Markup;

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let totals = &run.timeline.as_ref()?.totals;
    let (response, service) = (totals.all(Part::Response), totals.all(Part::Service));
    if response.total() == 0 {
        return None;
    }
    let mut lines = vec![line("response time", 1, &response)];
    if service.total() > 0 {
        lines.push(line("service time", 2, &service));
    }
    let values = || lines.iter().flat_map(|line| line.points.iter().flatten()).map(|(_, value)| *value);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let chart = Chart {
        label: "Response and service times by percentile",
        x: Axis::nines((response.total() as f64).log10()),
        y: Axis::log_ms(low, high),
        lines,
        below: None,
        hints: Vec::new(),
        marks: Vec::new(),
        class: "",
    };
    let says = "So many percent of all steps took no longer. Response time counts from the schedule, service time \
                from the send of the request: what lies between the lines is waiting before the send.";
    super::section("percentiles", "Percentile curve", says, &chart.draw())
}

fn line(name: &str, look: usize, tally: &Tally) -> Line {
    Line { name: name.to_owned(), look, points: points(tally).into_iter().map(Some).collect() }
}

/// Points that are apart enough to be seen: nines and milliseconds.
fn points(tally: &Tally) -> Vec<(f64, f64)> {
    let total = tally.total() as f64;
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut seen = 0_u64;
    for (place, count) in tally.entries() {
        // What lies below a value begins where the values before it ended.
        let begin = nines(seen as f64 / total * 100.0);
        seen += count;
        let end = nines((seen as f64 - 0.5) / total * 100.0);
        let value = Tally::value_ms(place);
        let is_apart = points.last().is_none_or(|(x, y)| end - x > APART || value / y > 1.0 + APART);
        if is_apart {
            points.push((begin, value));
            points.push((end, value));
        }
    }
    points
}

const APART: f64 = 0.012;
