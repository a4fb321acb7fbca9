//! A comparison as people read it.
//!
//! ```text
//! base  results/20261122T014500Z-day  started 2026-11-22T01:45:00Z
//! run   results/20261122T024500Z-day  started 2026-11-22T02:45:00Z
//!
//! Response time       base      run  difference   95 % between
//!   sale p50       23.4 ms  24.1 ms      +3.0 %   +1.2 … +4.9 %  ▲ slower
//! ```

use super::{Comparison, Difference, Judgement, RunName};
use crate::report::{
    figures::{count, time},
    table::Table,
    text::Look,
};

/// A comparison as people read it.
pub fn comparison_text(comparison: &Comparison, look: Look) -> String {
    let base = comparison.base.iter().map(|name| run("base", name));
    let mut lines: Vec<String> = base.chain(comparison.run.iter().map(|name| run("run ", name))).collect();
    let differences =
        [("plan", &comparison.plan_differences), ("ran on", &comparison.environment_differences)];
    for (what, differ) in differences {
        lines.extend(differ.iter().map(|difference| format!("▲ {what} differs: {difference}")));
    }
    for table in [times(comparison), failures(comparison)] {
        lines.push(String::new());
        lines.extend(table.lines(look.width));
    }
    lines.join("\n")
}

fn run(what: &str, name: &RunName) -> String {
    let started = name.started_at.as_ref().map(|at| format!("  started {at}")).unwrap_or_default();
    format!("{what}  {}{started}", name.folder)
}

fn times(comparison: &Comparison) -> Table {
    let mut table = Table::new(&["Response time", "base", "run", "difference", "95 % between", ""]);
    for step in &comparison.steps {
        for one in &step.response_time_ms {
            let Difference { base, run, judgement, .. } = one.difference;
            let name = format!("  {} p{}", step.step, one.percentile);
            let (difference, interval) = percents(&one.difference);
            table.push(vec![
                name,
                time(base),
                time(run),
                difference,
                interval,
                judged(judgement, "slower", "faster"),
            ]);
        }
    }
    table
}

fn failures(comparison: &Comparison) -> Table {
    let mut table = Table::new(&["Failed", "base", "of", "run", "of", ""]);
    for step in &comparison.steps {
        let share = |share: f64| format!("{:.3} %", share * 100.0);
        let Difference { base, run, judgement, .. } = step.failed;
        table.push(vec![
            format!("  {}", step.step),
            share(base),
            count(step.count[0]),
            share(run),
            count(step.count[1]),
            judged(judgement, "more often", "less often"),
        ]);
    }
    table
}

/// The difference and its interval, in percent of the base.
pub(super) fn percents(difference: &Difference) -> (String, String) {
    let Some(percent) = difference.percent() else { return ("–".to_owned(), "–".to_owned()) };
    let of_base = |value: f64| value / difference.base * 100.0;
    let interval =
        difference.interval.map(|[low, high]| format!("{:+.1} … {:+.1} %", of_base(low), of_base(high)));
    (format!("{percent:+.1} %"), interval.unwrap_or_else(|| "–".to_owned()))
}

pub(super) fn judged(judgement: Judgement, worse: &str, better: &str) -> String {
    match judgement {
        Judgement::Same => "=".to_owned(),
        Judgement::Worse => format!("▲ {worse}"),
        Judgement::Better => format!("▼ {better}"),
        Judgement::TooFew => "? too few".to_owned(),
        Judgement::Missing => "? only one has it".to_owned(),
    }
}
