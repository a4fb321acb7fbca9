//! A comparison as GitHub shows it: for a job's page or a comment on a change.

use super::{
    Comparison, Difference,
    text::{judged, percents},
};
use crate::report::{
    figures::{count, time},
    markdown::{table, text},
};
use std::fmt::Write;

/// A comparison as Markdown; where a tolerance was set, its regressions stand first.
pub fn comparison_markdown(comparison: &Comparison, tolerance: Option<f64>) -> String {
    let mut page = String::new();
    if let Some(tolerance) = tolerance {
        verdict(&mut page, comparison, tolerance);
    }
    for (what, names) in [("base", &comparison.base), ("run", &comparison.run)] {
        names.iter().for_each(|name| page.push_str(&format!("- {what}: {}\n", text(&name.folder))));
    }
    let differences =
        [("plan", &comparison.plan_differences), ("ran on", &comparison.environment_differences)];
    for (what, differ) in differences {
        differ.iter().for_each(|one| page.push_str(&format!("- ⚠️ {what} differs: {}\n", text(one))));
    }
    page.push('\n');
    table(
        &mut page,
        &["response time", "base", "run", "difference", "95 % between", ""],
        1,
        &times(comparison),
    );
    table(&mut page, &["failed", "base", "of", "run", "of", ""], 1, &failures(comparison));
    page
}

fn verdict(page: &mut String, comparison: &Comparison, tolerance: f64) {
    let regressions = comparison.regressions(tolerance);
    let allowed = format!("{} %", tolerance * 100.0);
    if regressions.is_empty() {
        let _ = writeln!(page, "## ✅ nothing is surely worse by more than {allowed}\n");
        return;
    }
    let _ = writeln!(page, "## ❌ worse by more than {allowed}\n");
    regressions.iter().for_each(|one| page.push_str(&format!("- {}\n", text(one))));
    page.push('\n');
}

fn times(comparison: &Comparison) -> Vec<Vec<String>> {
    let steps = comparison.steps.iter();
    let all = steps.flat_map(|step| step.response_time_ms.iter().map(move |one| (step, one)));
    let row = all.map(|(step, one)| {
        let Difference { base, run, judgement, .. } = one.difference;
        let (difference, interval) = percents(&one.difference);
        let name = format!("{} p{}", text(&step.step), one.percentile);
        vec![name, time(base), time(run), difference, interval, judged(judgement, "slower", "faster")]
    });
    row.collect()
}

fn failures(comparison: &Comparison) -> Vec<Vec<String>> {
    let share = |share: f64| format!("{:.3} %", share * 100.0);
    let row = comparison.steps.iter().map(|step| {
        let Difference { base, run, judgement, .. } = step.failed;
        let [of_base, of_run] = step.count.map(count);
        let word = judged(judgement, "more often", "less often");
        vec![text(&step.step), share(base), of_base, share(run), of_run, word]
    });
    row.collect()
}
