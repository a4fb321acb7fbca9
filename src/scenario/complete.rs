//! Says aloud what a scenario file leaves unsaid, so that the effective scenario shows it.

use super::{
    duration::Time,
    file::{Feeder, File, Flow, Generate, Scenario},
    overlay::Overrides,
    step::Step,
    words::Executor,
};

/// Fills in the seed, the built-in flow, the default feeder, and what scenarios and groups leave to be guessed.
pub(super) fn complete(file: &mut File, overrides: &Overrides, fallback_seed: u64) {
    file.seed = overrides.seed.or(file.seed).or(Some(fallback_seed));
    let wants_sign_in = file.scenarios.iter().any(|(_, scenario)| scenario.flow == SIGN_IN);
    if wants_sign_in && file.flows.find(SIGN_IN).is_none() {
        let steps = Step::bare(SIGN_IN).into_iter().collect();
        file.flows.0.push((SIGN_IN.to_owned(), Flow { steps }));
    }
    if file.feeders.is_empty() && takes_cards(file) {
        let feeder = Feeder { generate: Some(Generate::default()), ..Feeder::default() };
        file.feeders.0.push((CARDS.to_owned(), feeder));
    }
    let only_target = file.targets.names().next().filter(|_| file.targets.len() == 1).map(str::to_owned);
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
    let mut steps = file.flows.iter().flat_map(|(_, flow)| &flow.steps);
    steps.any(|step| step.0.sale.is_some() || step.0.balance.is_some())
}

/// Fills in the settings that the scenario's executor takes.
fn fill(scenario: &mut Scenario) {
    match scenario.executor {
        Executor::ConstantArrivalRate | Executor::RampingArrivalRate => {
            scenario.time_unit = scenario.time_unit.or(Some(Time::from_secs(1)));
            scenario.arrival = scenario.arrival.or_else(|| Some(Default::default()));
            if scenario.executor == Executor::RampingArrivalRate {
                scenario.start_rate = scenario.start_rate.or(Some(0.0));
            }
        }
        Executor::ConstantTerminals => {}
        Executor::PerTerminalIterations => {
            scenario.iterations = scenario.iterations.or(Some(1));
            scenario.within = scenario.within.or(Some(Time::from_secs(0)));
            scenario.max_duration = scenario.max_duration.or(Some(Time::from_secs(600)));
        }
    }
}

/// The flow that exists without being written.
pub(super) const SIGN_IN: &str = "sign-in";
/// The feeder that exists without being written.
pub(super) const CARDS: &str = "cards";
