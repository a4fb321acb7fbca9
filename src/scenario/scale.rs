//! Stretches the load of a scenario file in time and height, as `--duration` and `--rate` ask.

use super::{
    diagnostic::Problem,
    duration::Time,
    file::File,
    overlay::{Overrides, Sources},
    scenario_keys::{self, Scenario},
    words::Executor,
};
use crate::load::{Curve, Stage};
use std::time::Duration;

/// Applies `--duration` and `--rate`.
pub(super) fn scale(
    file: &mut File,
    overrides: &Overrides,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) {
    if let Some(wanted) = overrides.duration {
        let total = timeline(file).iter().map(|(_, end)| *end).max().unwrap_or_default();
        let factor = wanted.as_secs_f64() / total.as_secs_f64();
        if factor.is_finite() && factor > 0.0 {
            file.scenarios.things_mut().for_each(|scenario| stretch(scenario, factor));
        } else {
            let span = sources.option("--duration", Time(wanted).to_string());
            let message = if wanted.is_zero() {
                "a run takes some time"
            } else {
                "the scenarios take no time that could be scaled"
            };
            problems.push(Problem::new(span, message));
        }
    }
    if let Some(wanted) = overrides.rate {
        let factor = wanted / peak(file);
        if factor.is_finite() && factor > 0.0 {
            file.scenarios.things_mut().for_each(|scenario| raise(scenario, factor));
        } else {
            let span = sources.option("--rate", wanted.to_string());
            let message = if wanted > 0.0 {
                "no scenario has a rate that could be scaled"
            } else {
                "a rate is more than 0"
            };
            problems.push(Problem::new(span, message));
        }
    }
}

/// When each scenario begins and ends, as far as that is known before the run.
pub(super) fn timeline(file: &File) -> Vec<(Duration, Duration)> {
    let mut times = vec![(Duration::ZERO, Duration::ZERO); file.scenarios.len()];
    // Each round settles the scenarios one link further down the chains of `startAfter`; a cycle stops growing.
    for _ in 0..=file.scenarios.len() {
        for (index, (_, scenario)) in file.scenarios.iter().enumerate() {
            let before = scenario.start_after.as_deref().and_then(|name| file.scenarios.position(name));
            let origin = before.and_then(|before| times.get(before)).map_or(Duration::ZERO, |(_, end)| *end);
            let begin = origin.saturating_add(scenario.start_time.0);
            times[index] = (begin, begin.saturating_add(own_time(scenario)));
        }
    }
    times
}

/// How long a scenario starts iterations.
fn own_time(scenario: &Scenario) -> Duration {
    let time = |time: Option<Time>| time.unwrap_or_default().0;
    match scenario.executor {
        Executor::ConstantArrivalRate | Executor::ConstantTerminals => time(scenario.duration),
        Executor::RampingArrivalRate | Executor::RampingTerminals => scenario
            .stages
            .iter()
            .flatten()
            .map(|stage| stage.duration.0)
            .fold(Duration::ZERO, Duration::saturating_add),
        Executor::PerTerminalIterations => time(scenario.within),
        // How long they take is known when the host has answered, or the file was read.
        Executor::SharedIterations
        | Executor::AtOnce
        | Executor::Replay
        | Executor::Search
        | Executor::Cases => Duration::ZERO,
    }
}

fn stretch(scenario: &mut Scenario, factor: f64) {
    scenario.start_time = scenario.start_time.scaled(factor);
    for time in [&mut scenario.duration, &mut scenario.within].into_iter().flatten() {
        *time = time.scaled(factor);
    }
    for stage in scenario.stages.iter_mut().flatten() {
        stage.duration = stage.duration.scaled(factor);
    }
}

fn raise(scenario: &mut Scenario, factor: f64) {
    for rate in [&mut scenario.rate, &mut scenario.start_rate].into_iter().flatten() {
        *rate *= factor;
    }
    let stages = scenario.stages.iter_mut().flatten();
    for stage in stages.filter(|_| scenario.executor == Executor::RampingArrivalRate) {
        stage.target *= factor;
    }
}

/// Iterations per second of all scenarios together at their highest moment; straight lines have it at one of their ends.
fn peak(file: &File) -> f64 {
    let scenarios = file.scenarios.iter().zip(timeline(file));
    let lines: Vec<Line> = scenarios
        .filter(|((_, scenario), _)| scenario.executor != Executor::RampingTerminals)
        .filter_map(|((_, scenario), (begin, _))| Some((begin.as_secs_f64(), curve(scenario)?)))
        .flat_map(|(begin, curve)| curve.lines().map(|line| Line::new(begin, line)).collect::<Vec<_>>())
        .collect();
    let before = |moment: f64| lines.iter().filter(move |line| line.begin < moment && moment <= line.end);
    let after = |moment: f64| lines.iter().filter(move |line| line.begin <= moment && moment < line.end);
    let moments = lines.iter().flat_map(|line| [line.begin, line.end]);
    let rates = moments.map(|moment| {
        let left: f64 = before(moment).map(|line| line.value(moment)).sum();
        let right: f64 = after(moment).map(|line| line.value(moment)).sum();
        left.max(right)
    });
    rates.fold(0.0, f64::max)
}

/// A straight line of a rate on the time line of the run, in seconds.
struct Line {
    begin: f64,
    end: f64,
    from: f64,
    to: f64,
}

impl Line {
    fn new(origin: f64, (begin, length, from, to): (f64, f64, f64, f64)) -> Self {
        Self { begin: origin + begin, end: origin + begin + length, from, to }
    }

    fn value(&self, moment: f64) -> f64 {
        let part = (moment - self.begin) / (self.end - self.begin);
        self.from * (1.0 - part) + self.to * part
    }
}

/// The rate of an arrival-rate scenario over its own time, or the number of terminals of one that ramps.
pub(super) fn curve(scenario: &Scenario) -> Option<Curve> {
    let unit = scenario.time_unit.unwrap_or(Time::from_secs(1)).0.as_secs_f64();
    match scenario.executor {
        Executor::ConstantArrivalRate => {
            let rate = scenario.rate? / unit;
            Some(Curve::new(rate, &[Stage { duration: scenario.duration?.0, target: rate }]))
        }
        Executor::RampingArrivalRate => {
            let stages = stages(scenario);
            Some(Curve::new(scenario.start_rate.unwrap_or(0.0) / unit, &stages))
        }
        Executor::RampingTerminals => {
            Some(Curve::new(f64::from(scenario.start_terminals.unwrap_or(0)), &stages(scenario)))
        }
        _ => None,
    }
}

/// The stages in iterations per second, or in terminals.
pub(super) fn stages(scenario: &Scenario) -> Vec<Stage> {
    let unit = scenario.time_unit.unwrap_or(Time::from_secs(1)).0.as_secs_f64();
    let jump = |stage: &scenario_keys::Stage| stage.jump.then_some(Duration::ZERO);
    let stages = scenario.stages.iter().flatten().flat_map(|stage| {
        let durations = jump(stage).into_iter().chain([stage.duration.0]);
        durations.map(|duration| Stage { duration, target: stage.target / unit })
    });
    stages.collect()
}
