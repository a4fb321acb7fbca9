//! Charts: axes, grids, lines and columns with tooltips, in a picture that stretches with the page.
//!
//! The picture is a thousand units wide and high and is stretched to its place; strokes keep their width. Labels are
//! text of the page at shares of that place, so that they are never stretched.

use crate::report::figures::{clock, time};
use maud::{Markup, html};
use std::{fmt::Write, time::Duration};

/// One axis: where a value lies, from 0 to 1, and which values have a label.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    is_log: bool,
    /// Values and their labels; the last number says whether it may go where there is little room.
    ticks: Vec<(f64, String, bool)>,
}

impl Axis {
    /// Time of the run, from its start, in seconds.
    pub(super) fn seconds(length: f64) -> Self {
        let step = STEPS_OF_TIME.into_iter().find(|step| length / step <= 10.0).unwrap_or(length / 8.0);
        let label = |number: u32| {
            let at = f64::from(number) * step;
            (at, clock(Duration::try_from_secs_f64(at).unwrap_or_default()), number % 2 == 1)
        };
        let count = ((length / step).floor() as u32).min(TICKS_MAX);
        Self { from: 0.0, to: length, is_log: false, ticks: (0..=count).map(label).collect() }
    }

    /// Milliseconds by their power of ten, wide enough for both.
    pub(super) fn log_ms(low: f64, high: f64) -> Self {
        let low = if low.is_finite() { low.clamp(0.001, 600_000.0) } else { 0.001 };
        let high = if high.is_finite() { high.clamp(low, 700_000.0) } else { low };
        let (from, to) = (low * 0.9, (high * 1.15).max(low * 2.0));
        let decades = (to / from).log10();
        let factors: &[f64] = match decades {
            few if few < 2.0 => &[1.0, 2.0, 5.0],
            some if some < 3.5 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let mut ticks = Vec::new();
        for exponent in -3..=6 {
            for factor in factors {
                let value = factor * 10_f64.powi(exponent);
                if (from..=to).contains(&value) {
                    ticks.push((value, tick_time(value), false));
                }
            }
        }
        Self { from, to, is_log: true, ticks }
    }

    /// Values from nothing up to at least `high`.
    pub(super) fn linear(high: f64, unit: &str) -> Self {
        let high = if high.is_finite() && high > 0.0 { high } else { 1.0 };
        let raw = high / 4.0;
        let power = 10_f64.powf(raw.log10().floor());
        let step =
            [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= raw);
        let step = step.unwrap_or(raw);
        let count = (high / step).ceil().max(1.0) as u32;
        let label = |number: u32| {
            let value = f64::from(number) * step;
            let decimals = if step >= 1.0 && step.fract() == 0.0 { 0 } else { 2 };
            (value, format!("{value:.decimals$}{unit}"), false)
        };
        Self {
            from: 0.0,
            to: f64::from(count) * step,
            is_log: false,
            ticks: (0..=count).map(label).collect(),
        }
    }

    /// Percentiles as the nines they have: 0, 90 %, 99 %, 99.9 % … at equal distances.
    pub(super) fn nines(most: f64) -> Self {
        let known = [(0.0, "0 %"), (50.0, "50 %"), (90.0, "90 %"), (99.0, "99 %"), (99.9, "99.9 %")];
        let more = [(99.99, "99.99 %"), (99.999, "99.999 %"), (99.9999, "99.9999 %")];
        let ticks =
            known.into_iter().chain(more).map(|(percent, label)| (nines(percent), label.to_owned(), false));
        let to = most.clamp(1.0, 6.5);
        Self { from: 0.0, to, is_log: false, ticks: ticks.filter(|(at, ..)| *at <= to).collect() }
    }

    /// Where a value lies; outside of 0 to 1 it is at the edge.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = if self.is_log {
            (value.max(1e-9) / self.from).log10() / (self.to / self.from).log10()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// How many nines a percentile has: 90 has one, 99 two.
pub(super) fn nines(percent: f64) -> f64 {
    -(1.0 - percent / 100.0).max(1e-9).log10()
}

/// One line of a chart; its number decides how it looks, so that a legend can show the same.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    /// From 1; the style sheet has six.
    pub(super) look: usize,
    /// Points; `None` is a gap.
    pub(super) points: Vec<Option<(f64, f64)>>,
}

/// A part of the time axis that tells its figures when one points at it.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) text: String,
}

/// Something that happened at a moment, above a chart.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) at: f64,
    pub(super) sign: &'static str,
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// A chart.
#[derive(Clone, Debug)]
pub(super) struct Chart<'c> {
    /// What it shows, for those who cannot see it.
    pub(super) label: &'c str,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
    /// What lies below the lines: a picture of its own in the same thousand units.
    pub(super) below: Option<Markup>,
    pub(super) hints: Vec<Hint>,
    pub(super) marks: Vec<Mark>,
    /// `small` for one of many.
    pub(super) class: &'static str,
}

impl Chart<'_> {
    pub(super) fn draw(&self) -> Markup {
        html! {
            figure.chart.(self.class) {
                @if self.lines.len() > 1 { (self.legend()) }
                @if !self.marks.is_empty() {
                    div.marks {
                        @for mark in &self.marks {
                            span.(mark.class) style=(format!("left:{}", percent(self.x.place(mark.at)))) title=(mark.text) { (mark.sign) }
                        }
                    }
                }
                div.plot {
                    div.y {
                        @for (value, label, _) in &self.y.ticks {
                            span style=(format!("top:{}", percent(1.0 - self.y.place(*value)))) { (label) }
                        }
                    }
                    (self.picture())
                }
                div.x {
                    @for (value, label, is_extra) in &self.x.ticks {
                        span.extra[*is_extra] style=(format!("left:{}", percent(self.x.place(*value)))) { (label) }
                    }
                }
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for line in &self.lines {
                    li {
                        svg.swatch viewBox="0 0 30 10" aria-hidden="true" { path.line.(look(line.look)) d="M1 5h28" {} }
                        (line.name)
                    }
                }
            }
        }
    }

    fn picture(&self) -> Markup {
        html! {
            svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label=(self.label) {
                path.grid d=(self.grid()) {}
                @if let Some(below) = &self.below { (below) }
                @for mark in &self.marks {
                    path.moment.(mark.class) d=(format!("M{} 0V1000", unit(self.x.place(mark.at)))) {}
                }
                @for line in &self.lines {
                    path.line.(look(line.look)) d=(self.path(line)) {}
                }
                @for hint in &self.hints {
                    @let (from, to) = (self.x.place(hint.from), self.x.place(hint.to));
                    rect.hint x=(unit(from)) y="0" width=(unit(to - from)) height="1000" { title { (hint.text) } }
                }
            }
        }
    }

    fn grid(&self) -> String {
        let mut path = String::new();
        for (value, ..) in &self.y.ticks {
            let _ = write!(path, "M0 {}H1000", unit(1.0 - self.y.place(*value)));
        }
        for (value, ..) in &self.x.ticks {
            let _ = write!(path, "M{} 0V1000", unit(self.x.place(*value)));
        }
        path
    }

    /// A point alone is a stroke of no length, which round ends make a dot.
    fn path(&self, line: &Line) -> String {
        let mut path = String::new();
        let mut was_gap = true;
        for (index, point) in line.points.iter().enumerate() {
            let Some((x, y)) = point else {
                was_gap = true;
                continue;
            };
            let (x, y) = (unit(self.x.place(*x)), unit(1.0 - self.y.place(*y)));
            let is_alone = was_gap && line.points.get(index + 1).is_none_or(Option::is_none);
            let _ = write!(path, "{}{x} {y}", if was_gap { 'M' } else { 'L' });
            path.push_str(if is_alone { "h.01" } else { "" });
            was_gap = false;
        }
        path
    }
}

/// A place in the thousand units of a picture.
pub(super) fn unit(place: f64) -> String {
    let text = format!("{:.1}", place.max(0.0) * 1000.0 + 0.0);
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

fn percent(place: f64) -> String {
    format!("{:.2}%", place * 100.0)
}

fn look(number: usize) -> String {
    format!("l{number}")
}

/// A time as a label: no more digits than it needs.
fn tick_time(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{} µs", (ms * 1000.0).round()),
        ms if ms < 1000.0 => format!("{} ms", ms.round()),
        ms if ms < 10_000.0 || ms % 1000.0 == 0.0 => format!("{} s", ms.round() / 1000.0),
        ms => time(ms),
    }
}

const STEPS_OF_TIME: [f64; 17] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0,
    21_600.0, 86_400.0,
];
const TICKS_MAX: u32 = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_between_the_ends_of_their_axis() {
        let axis = Axis::log_ms(1.0, 100.0);
        let places = [0.0, 1.0, 10.0, 100.0, 1e9, f64::NAN].map(|value| axis.place(value));
        assert!(places[..5].windows(2).all(|pair| pair[0] <= pair[1]), "{places:?}");
        assert!(places.iter().all(|place| (0.0..=1.0).contains(place)), "{places:?}");
        for broken in [(f64::NAN, 1.0), (0.0, f64::INFINITY), (5.0, 1.0), (0.0, 0.0)] {
            assert!((0.0..=1.0).contains(&Axis::log_ms(broken.0, broken.1).place(3.0)));
        }
        assert_eq!(Axis::linear(0.0, "").place(1.0), 1.0);
    }

    #[test]
    fn axes_of_time_have_few_labels_at_round_times() {
        for seconds in [1.0, 7.0, 61.0, 3_600.0, 86_400.0, 1e9] {
            let axis = Axis::seconds(seconds);
            assert!((2..=11).contains(&axis.ticks.len()), "{seconds}: {:?}", axis.ticks);
        }
        let labels: Vec<String> =
            Axis::seconds(3_600.0).ticks.into_iter().map(|(_, label, _)| label).collect();
        assert_eq!(labels[..3], ["0:00", "10:00", "20:00"]);
    }

    #[test]
    fn gaps_break_lines_and_single_points_are_dots() {
        let chart = Chart {
            label: "",
            x: Axis::seconds(10.0),
            y: Axis::linear(10.0, ""),
            lines: Vec::new(),
            below: None,
            hints: Vec::new(),
            marks: Vec::new(),
            class: "",
        };
        let points = vec![Some((0.0, 0.0)), Some((5.0, 5.0)), None, Some((10.0, 10.0))];
        let line = Line { name: String::new(), look: 1, points };
        assert_eq!(chart.path(&line), "M0 1000L500 500M1000 0h.01");
    }

    #[test]
    fn each_nine_is_as_wide_as_the_last() {
        assert!((nines(90.0) - 1.0).abs() < 1e-9 && (nines(99.9) - 3.0).abs() < 1e-9);
        assert_eq!(nines(0.0), 0.0);
    }
}
