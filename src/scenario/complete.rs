//! Says aloud what a scenario file leaves unsaid, so that the effective scenario shows it.

use super::{
    duration::Time,
    file::{Feeder, File, Flow, Generate},
    http_keys::HttpKeys,
    operation_keys::OperationKeys,
    overlay::Overrides,
    scenario_keys::{Scenario, Stage},
    step::Step,
    text::Percentage,
    words::Executor,
};
use crate::{load::Stage as Shape, operation::Kind};

/// Fills in the seed, the built-in flow, the default feeder, and what scenarios and groups leave to be guessed.
pub(super) fn complete(file: &mut File, overrides: &Overrides, fallback_seed: u64) {
    file.seed = overrides.seed.or(file.seed).or(Some(fallback_seed));
    let wants_sign_in =
        file.scenarios.iter().any(|(_, scenario)| scenario.flows().any(|flow| flow == SIGN_IN));
    if wants_sign_in && file.flows.find(SIGN_IN).is_none() {
        let steps = Step::bare(SIGN_IN).into_iter().collect();
        file.flows.0.push((SIGN_IN.to_owned(), Flow { steps, on_interrupt: Vec::new() }));
    }
    for flow in file.flows.things_mut() {
        for step in flow.steps.iter_mut().chain(&mut flow.on_interrupt) {
            step.operations.iter_mut().for_each(|(kind, keys)| fill_operation(*kind, keys));
            fill_request(&mut step.request);
        }
    }
    if file.feeders.is_empty() && takes_cards(file) {
        let feeder = Feeder { generate: Some(Generate::default()), ..Feeder::default() };
        file.feeders.0.push((CARDS.to_owned(), feeder));
    }
    let mut hosts = file.targets.iter().filter(|(_, target)| target.url.is_none()).map(|(name, _)| name);
    let only_target = hosts.next().map(str::to_owned).filter(|_| hosts.next().is_none());
    for group in file.terminals.things_mut() {
        group.target = group.target.take().or_else(|| only_target.clone());
    }
    let only_group = file.terminals.names().next().filter(|_| file.terminals.len() == 1).map(str::to_owned);
    for scenario in file.scenarios.things_mut() {
        scenario.group = scenario.group.take().or_else(|| only_group.clone());
        fill(scenario);
    }
}

fn takes_cards(file: &File) -> bool {
    let steps = file.flows.iter().flat_map(|(_, flow)| flow.steps.iter().chain(&flow.on_interrupt));
    steps.flat_map(|step| &step.operations).any(|(_, keys)| keys.card.is_some())
}

/// Fills in the card, and the code of a payer. What is about an earlier transaction may take the card of that one.
fn fill_operation(kind: Kind, keys: &mut OperationKeys) {
    if kind.takes_card() && kind.originals().is_empty() {
        keys.card.get_or_insert_with(|| "${ cards.next }".to_owned());
    }
    if keys.card.is_some() {
        keys.entry.get_or_insert_default();
        keys.pin.get_or_insert(false);
    }
    if kind == Kind::QrSale {
        keys.code.get_or_insert_with(|| "${ paymentCode() }".to_owned());
    }
}

/// Fills in the times of a request.
fn fill_request(keys: &mut HttpKeys) {
    if keys.http.is_some() {
        keys.timeout.get_or_insert(Time::from_secs(10));
    }
    if keys.until.is_some() {
        keys.every.get_or_insert(Time::from_secs(1));
    }
}

/// Fills in the settings that the scenario's executor takes.
fn fill(scenario: &mut Scenario) {
    match scenario.executor {
        Executor::ConstantArrivalRate | Executor::RampingArrivalRate => {
            scenario.time_unit = scenario.time_unit.or(Some(Time::from_secs(1)));
            scenario.arrival = scenario.arrival.or_else(|| Some(Default::default()));
            if scenario.executor == Executor::RampingArrivalRate {
                scenario.start_rate = scenario.start_rate.or(Some(0.0));
                fill_stages(scenario);
            }
        }
        Executor::Search => {
            scenario.time_unit = scenario.time_unit.or(Some(Time::from_secs(1)));
            scenario.arrival = scenario.arrival.or_else(|| Some(Default::default()));
            scenario.growth = scenario.growth.or(Some(2.0));
            scenario.precision = scenario.precision.or(Some(Percentage(0.02)));
            scenario.settle = scenario.settle.or(Some(Time::from_secs(1)));
            scenario.measure = scenario.measure.or(Some(Time::from_secs(5)));
            scenario.hold = scenario.hold.or(scenario.measure.map(|time| time.scaled(2.0)));
            scenario.max_duration = scenario.max_duration.or(Some(Time::from_secs(3600)));
        }
        Executor::ConstantTerminals => {}
        Executor::PerTerminalIterations => {
            scenario.iterations = scenario.iterations.or(Some(1));
            scenario.within = scenario.within.or(Some(Time::from_secs(0)));
            scenario.max_duration = scenario.max_duration.or(Some(Time::from_secs(600)));
        }
        Executor::RampingTerminals => scenario.start_terminals = scenario.start_terminals.or(Some(0)),
        Executor::SharedIterations => {
            scenario.max_duration = scenario.max_duration.or(Some(Time::from_secs(600)));
        }
        Executor::AtOnce => {}
        Executor::Replay => scenario.speed = scenario.speed.or(Some(1.0)),
        Executor::Cases => {
            scenario.retry = scenario.retry.or_else(|| Some(Default::default()));
            scenario.case_timeout = scenario.case_timeout.or(Some(Time::from_secs(60)));
            scenario.max_duration = scenario.max_duration.or(Some(Time::from_secs(3600)));
        }
    }
}

/// Puts the stages of a profile in its place, where it has all that they need.
fn fill_stages(scenario: &mut Scenario) {
    let (Some(profile), None) = (scenario.profile, &scenario.stages) else { return };
    let (Some(rate), Some(duration)) = (scenario.rate, scenario.duration) else { return };
    let stages = profile.shape().stages(rate, duration.0).into_iter();
    let stage = |stage: Shape| Stage { duration: Time(stage.duration), target: stage.target, jump: false };
    scenario.stages = Some(stages.map(stage).collect());
    (scenario.profile, scenario.rate, scenario.duration) = (None, None, None);
}

/// The flow that exists without being written.
pub(super) const SIGN_IN: &str = "sign-in";
/// The feeder that exists without being written.
pub(super) const CARDS: &str = "cards";
