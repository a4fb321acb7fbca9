//! Runs beside each other: per step and percentile, what differs, and what chance alone would explain.
//!
//! Each side is one run or several of the same plan. Several are pooled: their histograms are added up, and no value is
//! taken as surer than the runs of its own side agree on.

mod baseline;
mod confidence;
mod markdown;
mod plan;
mod text;

pub use baseline::{BaselineError, baseline_path, save_baseline};
pub use markdown::comparison_markdown;
pub use text::comparison_text;

use super::{
    archive::{Archive, ArchiveError, StepTotals, Tally, Timeline},
    tag,
};
use crate::metrics::Class;
use confidence::{Measured, difference, quantile, share};
pub(super) use plan::plan_differences;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One side held against the other, which is the base; each is one run or several.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The runs that the others are held against.
    pub base: Vec<RunName>,
    /// The others.
    pub run: Vec<RunName>,
    /// What differs from the plan of the first run, beside seed, targets and thresholds; empty when nothing does.
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

    /// Whether the run is surely worse by more than `tolerance`, a fraction of the base: even the near end of the
    /// interval is.
    pub fn is_regression(&self, tolerance: f64) -> bool {
        let is_beyond = |[low, _]: [f64; 2]| low > self.base * tolerance;
        self.judgement == Judgement::Worse && self.interval.is_some_and(is_beyond)
    }
}

impl Comparison {
    /// Where the run is surely worse than the base by more than `tolerance`, a fraction.
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

/// Holds the runs of `run` against those of `base`, at least one each.
///
/// # Errors
/// When the histograms of one of them cannot be read.
pub fn compare(base: &[&Archive], run: &[&Archive]) -> Result<Comparison, ArchiveError> {
    let read = |side: &[&Archive]| -> Result<Vec<Steps>, ArchiveError> {
        side.iter().map(|archive| Ok(Timeline::read(archive, WHOLE_RUN)?.totals.steps)).collect()
    };
    let (of_base, of_run) = (read(base)?, read(run)?);
    let names: BTreeSet<&String> = of_base.iter().chain(&of_run).flat_map(BTreeMap::keys).collect();
    let steps =
        names.into_iter().map(|name| step(name, &[Side::of(name, &of_base), Side::of(name, &of_run)]));
    let steps = steps.collect();
    let first = base.first();
    let differences = |of: &dyn Fn(&Archive, &Archive) -> Vec<String>| -> Vec<String> {
        let all =
            base.iter().chain(run).flat_map(|other| first.map(|first| of(first, other)).unwrap_or_default());
        all.collect::<BTreeSet<String>>().into_iter().collect()
    };
    Ok(Comparison {
        steps,
        plan_differences: differences(&|one, other| {
            plan_differences(one.scenario.as_deref(), other.scenario.as_deref())
        }),
        environment_differences: differences(&environment_differences),
        base: base.iter().map(|archive| RunName::of(archive)).collect(),
        run: run.iter().map(|archive| RunName::of(archive)).collect(),
    })
}

/// The histograms of the steps of one run.
type Steps = BTreeMap<String, StepTotals>;

impl RunName {
    fn of(archive: &Archive) -> Self {
        Self {
            folder: archive.path.display().to_string(),
            scenario: archive.name(),
            started_at: archive.summary.as_ref().map(|summary| summary.started_at.clone()),
        }
    }
}

/// One step of one side: all its runs together, and each.
#[derive(Default)]
struct Side {
    whole: Part,
    runs: Vec<Part>,
}

/// One step of one run, or of several.
#[derive(Default)]
struct Part {
    response: Tally,
    failed: u64,
}

impl Part {
    fn of(step: &StepTotals) -> Self {
        let failed = step.count(Class::TimedOut).saturating_add(step.count(Class::Failed));
        Self { response: step.all(tag::Part::Response), failed }
    }
}

impl Side {
    fn of(name: &str, runs: &[Steps]) -> Self {
        let runs: Vec<Part> = runs.iter().filter_map(|steps| steps.get(name)).map(Part::of).collect();
        let mut whole = Part::default();
        for run in &runs {
            whole.response.merge(&run.response);
            whole.failed = whole.failed.saturating_add(run.failed);
        }
        Self { whole, runs }
    }

    fn measured(&self, measure: &dyn Fn(&Part) -> Measured) -> Measured {
        let of_runs = self.runs.iter().map(|run| measure(run).value);
        measure(&self.whole).no_surer_than(of_runs)
    }
}

fn step(name: &str, sides: &[Side; 2]) -> StepComparison {
    let counts = [sides[0].whole.response.total(), sides[1].whole.response.total()];
    let of = |measure: &dyn Fn(&Part) -> Measured| {
        let found = difference(sides[0].measured(measure), sides[1].measured(measure));
        if counts.contains(&0) {
            Difference { judgement: Judgement::Missing, interval: None, ..found }
        } else {
            found
        }
    };
    let percentile = |percentile: f64| PercentileComparison {
        percentile,
        difference: of(&|part| quantile(&part.response, percentile)),
    };
    StepComparison {
        step: name.to_owned(),
        count: counts,
        response_time_ms: PERCENTILES.map(percentile).into(),
        failed: of(&|part| share(part.failed, part.response.total())),
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
