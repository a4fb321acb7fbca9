//! Runs beside each other: per step and percentile, what differs, and what chance alone would explain.

mod baseline;
mod confidence;
mod plan;
mod text;

pub use baseline::{BaselineError, baseline_path, save_baseline};
pub use text::comparison_text;

use super::{
    archive::{Archive, ArchiveError, Tally, Timeline},
    tag::Part,
};
use crate::metrics::Class;
use confidence::{Measured, difference, quantile, share};
pub(super) use plan::plan_differences;
use serde::Serialize;

/// One run held against another, which is the base.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The run that the other is held against.
    pub base: RunName,
    /// The other.
    pub run: RunName,
    /// What differs in their plans, beside seed, targets and thresholds; empty when nothing does.
    pub plan_differences: Vec<String>,
    /// What differs in what they ran on.
    pub environment_differences: Vec<String>,
    /// Every step that one of them has, by name.
    pub steps: Vec<StepComparison>,
}

/// Which run it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunName {
    /// Its folder.
    pub folder: String,
    /// Its scenario.
    pub scenario: String,
    /// When it began, in UTC; absent when it did not end.
    pub started_at: Option<String>,
}

/// One step of both runs.
#[derive(Clone, Debug, Serialize)]
pub struct StepComparison {
    /// Its name.
    pub step: String,
    /// How often it ended in the base and in the run; 0 when the run does not have it.
    pub count: [u64; 2],
    /// Response times in milliseconds, one entry a percentile.
    pub response_time_ms: Vec<PercentileComparison>,
    /// Time-outs and errors among all.
    pub failed: Difference,
}

/// One percentile of both runs.
#[derive(Clone, Debug, Serialize)]
pub struct PercentileComparison {
    /// Which, such as 99.
    pub percentile: f64,
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
}

/// A value of both runs, and what differs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The value of the base.
    pub base: f64,
    /// The value of the run.
    pub run: f64,
    /// The run's value less that of the base.
    pub difference: f64,
    /// Where the true difference lies in 95 of 100 cases; absent when there are too few samples to say.
    pub interval: Option<[f64; 2]>,
    /// What to think of it.
    pub judgement: Judgement,
}

/// What to think of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Chance alone explains it.
    Same,
    /// The run is slower, or fails more often.
    Worse,
    /// The run is faster, or fails less often.
    Better,
    /// There are too few samples to say.
    TooFew,
    /// Only one of the runs has the step.
    Missing,
}

impl Difference {
    /// The difference in percent of the base; nothing when that is zero.
    pub fn percent(&self) -> Option<f64> {
        (self.base > 0.0).then(|| self.difference / self.base * 100.0)
    }

    /// Whether the run is worse by more than `tolerance`, a fraction of the base, and not by chance.
    pub fn is_regression(&self, tolerance: f64) -> bool {
        self.judgement == Judgement::Worse && self.difference > self.base * tolerance
    }
}

impl Comparison {
    /// Where the run is worse than the base by more than `tolerance`, a fraction, and not by chance.
    ///
    /// A step that the run does not have any more is a regression as well.
    pub fn regressions(&self, tolerance: f64) -> Vec<String> {
        let mut found = Vec::new();
        for step in &self.steps {
            if step.count[0] > 0 && step.count[1] == 0 {
                found.push(format!("{}: it did not occur", step.step));
            }
            let worse = step.response_time_ms.iter().filter(|one| one.difference.is_regression(tolerance));
            found.extend(worse.map(|one| format!("{}: response time p{}", step.step, one.percentile)));
            if step.failed.is_regression(tolerance) {
                found.push(format!("{}: share of failures", step.step));
            }
        }
        found
    }
}

/// Holds `run` against `base`.
///
/// # Errors
/// When the histograms of one of them cannot be read.
pub fn compare(base: &Archive, run: &Archive) -> Result<Comparison, ArchiveError> {
    let totals = |archive: &Archive| Timeline::read(&archive.log(), WHOLE_RUN).map(|read| read.totals.steps);
    let (of_base, of_run) = (totals(base)?, totals(run)?);
    let names: std::collections::BTreeSet<&String> = of_base.keys().chain(of_run.keys()).collect();
    let steps = names.into_iter().map(|name| {
        let side =
            |steps: &std::collections::BTreeMap<String, _>| steps.get(name).map(Side::of).unwrap_or_default();
        step(name, &[side(&of_base), side(&of_run)])
    });
    Ok(Comparison {
        steps: steps.collect(),
        plan_differences: plan_differences(base.scenario.as_deref(), run.scenario.as_deref()),
        environment_differences: environment_differences(base, run),
        base: RunName::of(base),
        run: RunName::of(run),
    })
}

impl RunName {
    fn of(archive: &Archive) -> Self {
        Self {
            folder: archive.path.display().to_string(),
            scenario: archive.name(),
            started_at: archive.summary.as_ref().map(|summary| summary.started_at.clone()),
        }
    }
}

/// One step of one run.
#[derive(Default)]
struct Side {
    response: Tally,
    failed: u64,
}

impl Side {
    fn of(step: &super::archive::StepTotals) -> Self {
        let failed = step.count(Class::TimedOut).saturating_add(step.count(Class::Failed));
        Self { response: step.all(Part::Response), failed }
    }
}

fn step(name: &str, sides: &[Side; 2]) -> StepComparison {
    let counts = [sides[0].response.total(), sides[1].response.total()];
    let of = |measure: &dyn Fn(&Side) -> Measured| {
        let found = difference(measure(&sides[0]), measure(&sides[1]));
        if counts.contains(&0) {
            Difference { judgement: Judgement::Missing, interval: None, ..found }
        } else {
            found
        }
    };
    let percentile = |percentile: f64| PercentileComparison {
        percentile,
        difference: of(&|side| quantile(&side.response, percentile)),
    };
    StepComparison {
        step: name.to_owned(),
        count: counts,
        response_time_ms: PERCENTILES.map(percentile).into(),
        failed: of(&|side| share(side.failed, side.response.total())),
    }
}

fn environment_differences(base: &Archive, run: &Archive) -> Vec<String> {
    let (Some(base), Some(run)) = (&base.environment, &run.environment) else { return Vec::new() };
    let build = |environment: &super::Environment| if environment.debug_build { "debug" } else { "release" };
    let pairs = [
        ("posfleet", base.version.clone(), run.version.clone()),
        ("build", build(base).to_owned(), build(run).to_owned()),
        ("system", base.system.clone(), run.system.clone()),
        ("processors", base.processors.to_string(), run.processors.to_string()),
        ("processor", base.processor.clone(), run.processor.clone()),
    ];
    let differ = pairs.into_iter().filter(|(_, base, run)| base != run);
    differ.map(|(name, base, run)| format!("{name}: {base} / {run}")).collect()
}

/// What is compared of each step.
const PERCENTILES: [f64; 4] = [50.0, 90.0, 99.0, 99.9];
/// Seconds of one column that holds any run.
const WHOLE_RUN: f64 = 1e12;
