//! Scenarios: executors become loads, names become numbers.

use super::{Compiler, replay};
use crate::{
    load::{Load, Search, Spacing},
    scenario::{
        node::{Node, Span},
        plan::{Group, Scenario, Start},
        scale,
        scenario_keys::Scenario as Written,
        words::{Arrival, Executor},
    },
};
use std::time::Duration;

impl<'c> Compiler<'c> {
    pub(super) fn scenarios(&mut self, groups: &[Group]) -> Vec<Scenario> {
        let fleets: Vec<u64> = groups.iter().map(|group| group.identities.len() as u64).collect();
        if self.file.scenarios.is_empty() {
            self.complain(&self.root.at_key("scenarios"), "there is no scenario");
        }
        self.filter();
        let running = self.running();
        let mut scenarios = Vec::new();
        let file = self.file;
        for (name, written) in file.scenarios.iter() {
            let node = self.node("scenarios", name);
            let scenario = self.scenario(name, node, written, (&running, &fleets));
            if running.contains(&name) {
                scenarios.extend(scenario);
            }
        }
        scenarios
    }

    /// The names of the scenarios that run, in the order of the self.file.
    fn running(&self) -> Vec<&'c str> {
        let wanted = &self.context.overrides.scenarios;
        let names = self.file.scenarios.names();
        names.filter(|name| wanted.is_empty() || wanted.iter().any(|one| one == name)).collect()
    }

    fn filter(&mut self) {
        for name in &self.context.overrides.scenarios {
            if self.file.scenarios.find(name).is_none() {
                // Options of the command line that change nothing in the tree have no source of their own.
                let at = self.root.at_key("scenarios");
                self.unknown(&at, "scenario", name, self.file.scenarios.names());
            }
        }
    }

    fn scenario(
        &mut self,
        name: &str,
        node: &Node,
        written: &Written,
        (running, fleets): (&[&str], &[u64]),
    ) -> Option<Scenario> {
        self.settings(node, written.executor);
        let cases = self.cases(node, written);
        let conduct = self.conduct(node, written);
        let mixed = conduct.as_ref().and_then(|conduct| conduct.mix.as_ref()?.shares().next());
        let flow = match (&cases, &written.flow, mixed) {
            (Some(Some(cases)), ..) => cases.all.first().map(|case| case.flow),
            (_, Some(name), _) => self.flow(&node.at("flow"), name),
            (_, None, first) => first.map(|(flow, _)| flow),
        };
        let group = self.group(node, written.group.as_deref());
        self.check_power(node, written, group);
        let start = self.start(name, node, written, running);
        let load =
            self.load(node, written, group.and_then(|group| fleets.get(group)).copied().unwrap_or_default());
        Some(Scenario {
            name: name.to_owned(),
            executor: written.executor.word(),
            flow: flow?,
            cases: cases?,
            group: group?,
            load: load?,
            start,
            graceful_stop: written.graceful_stop.0,
            conduct: conduct?,
        })
    }

    /// Complains about settings that the executor does not take, and about those that it misses.
    fn settings(&mut self, node: &Node, executor: Executor) {
        for &(key, takers) in SETTINGS {
            if node.has(key) && !takers.contains(&executor) && !node.child(key).is_bad.get() {
                let takers: Vec<&str> = takers.iter().map(|taker| taker.word()).collect();
                let message = format!("`{}` takes no `{key}`", executor.word());
                self.complain_with_help(
                    &node.at_key(key),
                    message,
                    format!("`{key}` belongs to {}", takers.join(", ")),
                );
            }
        }
        for (needing, key) in NEEDED {
            if needing == executor && !node.has(key) && !node.is_tainted() {
                self.complain(&node.span, format!("`{}` needs `{key}`", executor.word()));
            }
        }
        if executor == Executor::RampingArrivalRate && !node.is_tainted() {
            self.shape_of_rate(node);
        }
    }

    /// A rate that changes has stages, or a profile of a rate and a duration.
    fn shape_of_rate(&mut self, node: &Node) {
        if !node.has("profile") {
            if !node.has("stages") {
                self.complain(&node.span, "`ramping-arrival-rate` needs `stages`");
            }
            for key in ["rate", "duration"].into_iter().filter(|key| node.has(key)) {
                let help = "`rate` and `duration` of a rate that changes go with a `profile`";
                let message = format!("`ramping-arrival-rate` takes no `{key}`");
                self.complain_with_help(&node.at_key(key), message, help);
            }
            return;
        }
        for key in ["rate", "duration"].into_iter().filter(|key| !node.has(key)) {
            self.complain(&node.at("profile"), format!("a profile needs `{key}`"));
        }
        for key in ["stages", "startRate"].into_iter().filter(|key| node.has(key)) {
            self.complain(&node.at_key(key), format!("a profile has no `{key}` beside it"));
        }
    }

    pub(super) fn flow(&mut self, span: &Span, name: &str) -> Option<usize> {
        let found = self.file.flows.position(name);
        let may_be_misspelt = self.root.child("flows").is_tainted();
        if found.is_none() && !may_be_misspelt {
            self.unknown(span, "flow", name, self.file.flows.names());
        }
        found
    }

    fn group(&mut self, node: &Node, name: Option<&str>) -> Option<usize> {
        let groups = &self.file.terminals;
        let Some(name) = name else {
            if groups.len() > 1 && !node.is_tainted() {
                let names: Vec<&str> = groups.names().collect();
                self.complain(&node.span, format!("the scenario needs a `group`: {}", names.join(" or ")));
            }
            return None;
        };
        let found = groups.position(name);
        if found.is_none() && !self.root.child("terminals").is_tainted() {
            self.unknown(&node.at("group"), "group", name, groups.names());
        }
        found
    }

    fn start(&mut self, name: &str, node: &Node, written: &Written, running: &[&str]) -> Start {
        let at = written.start_time.0;
        let Some(before) = written.start_after.as_deref() else { return Start::At(at) };
        if before == SIGNAL && self.file.scenarios.find(SIGNAL).is_none() {
            return Start::Signal(at);
        }
        if self.file.scenarios.find(before).is_none() {
            if !self.root.child("scenarios").is_tainted() {
                self.unknown(&node.at("startAfter"), "scenario", before, self.file.scenarios.names());
            }
        } else if let Some(cycle) = self.cycle(name) {
            self.complain(
                &node.at("startAfter"),
                format!("the scenarios wait for each other: {}", cycle.join(" → ")),
            );
        }
        running
            .iter()
            .position(|known| *known == before)
            .map_or(Start::At(at), |index| Start::After(index, at))
    }

    /// The scenarios from `name` to itself along `startAfter`, told of the first one of the file alone.
    fn cycle(&self, name: &str) -> Option<Vec<String>> {
        let mut chain = vec![name];
        while chain.len() <= self.file.scenarios.len() {
            let last = chain.last().and_then(|last| self.file.scenarios.find(last))?;
            let before = last.start_after.as_deref()?;
            chain.push(before);
            if before == name {
                let first = self.file.scenarios.names().find(|known| chain.contains(known))?;
                return (first == name).then(|| chain.into_iter().map(str::to_owned).collect());
            }
        }
        None
    }

    fn load(&mut self, node: &Node, written: &Written, fleet: u64) -> Option<Load> {
        self.bounds(node, written);
        let spacing = match written.arrival.unwrap_or_default() {
            Arrival::Poisson => Spacing::Poisson,
            Arrival::Uniform => Spacing::Uniform,
        };
        let unit = written.time_unit.unwrap_or_default().0.as_secs_f64();
        match written.executor {
            Executor::ConstantArrivalRate => {
                Some(Load::constant_arrival_rate(written.rate? / unit, written.duration?.0, spacing))
            }
            Executor::RampingArrivalRate => {
                let stages = scale::stages(written);
                Some(Load::ramping_arrival_rate(written.start_rate? / unit, &stages, spacing))
            }
            Executor::ConstantTerminals => {
                Some(Load::constant_terminals(written.terminals.unwrap_or(u32::MAX), written.duration?.0))
            }
            Executor::RampingTerminals => {
                Some(Load::ramping_terminals(written.start_terminals?, &scale::stages(written)))
            }
            Executor::SharedIterations => Some(Load::shared_iterations(
                written.iterations?,
                written.terminals.unwrap_or(u32::MAX),
                written.max_duration?.0,
            )),
            Executor::AtOnce => Some(Load::at_once(written.iterations.unwrap_or(fleet))),
            Executor::Replay => {
                let at = node.at("file");
                let name = written.file.as_deref()?;
                let bytes = self.read_bytes(&at, name)?;
                let instants = replay::instants(name, &bytes, written.port, written.speed?);
                self.or_complain(&at, instants).map(Load::replay)
            }
            Executor::Cases => {
                let count = written.cases.as_ref()?.len() as u64;
                Some(Load::per_terminal_iterations(count, Duration::ZERO, written.max_duration?.0))
            }
            Executor::Search => {
                let rate = |rate: Option<f64>| rate.map(|rate| rate / unit);
                let search = Search {
                    start: rate(written.start_rate)?,
                    max: rate(written.max_rate).unwrap_or(HIGHEST_RATE),
                    growth: written.growth?,
                    precision: written.precision?.0,
                    settle: written.settle?.0,
                    measure: written.measure?.0,
                    hold: written.hold?.0,
                    max_duration: written.max_duration?.0,
                };
                Some(Load::search(search, spacing))
            }
            Executor::PerTerminalIterations => Some(Load::per_terminal_iterations(
                written.iterations?,
                written.within?.0,
                written.max_duration?.0,
            )),
        }
    }

    /// Complains about numbers that mean no load or an impossible one.
    fn bounds(&mut self, node: &Node, written: &Written) {
        let times = [
            ("duration", written.duration),
            ("timeUnit", written.time_unit),
            ("maxDuration", written.max_duration),
            ("measure", written.measure),
            ("hold", written.hold.filter(|_| node.has("hold"))),
        ];
        for (key, _) in
            times.into_iter().filter(|(_, time)| time.is_some_and(|time| time.0 == Duration::ZERO))
        {
            self.complain(&node.at(key), format!("`{key}` is more than 0s"));
        }
        self.search_bounds(node, written);
        if written.speed.is_some_and(|speed| speed <= 0.0) {
            self.complain(&node.at("speed"), "`speed` is more than 0");
        }
        if written
            .iterations
            .is_some_and(|count| count > MAX_ITERATIONS && written.executor == Executor::AtOnce)
        {
            self.complain(
                &node.at("iterations"),
                format!("at most {MAX_ITERATIONS} iterations begin at once"),
            );
        }
        if written.rate.is_some_and(|rate| rate <= 0.0) {
            self.complain(&node.at("rate"), "a rate is more than 0");
        }
        if written.start_rate.is_some_and(|rate| rate < 0.0) {
            self.complain(&node.at("startRate"), "a rate is not negative");
        }
        if written.iterations == Some(0) {
            self.complain(&node.at("iterations"), "there is one iteration at least");
        }
        if written.terminals == Some(0) {
            self.complain(&node.at("terminals"), "one terminal takes part at least");
        }
        self.stages(node, written);
    }

    fn search_bounds(&mut self, node: &Node, written: &Written) {
        if written.executor != Executor::Search {
            return;
        }
        if written.start_rate.is_some_and(|rate| rate <= 0.0) {
            self.complain(&node.at("startRate"), "a search begins with a rate of more than 0");
        }
        if written.growth.is_some_and(|growth| !(1.05..=10.0).contains(&growth)) {
            self.complain(&node.at("growth"), "`growth` is between 1.05 and 10");
        }
        if written.precision.is_some_and(|precision| !(0.001..=0.5).contains(&precision.0)) {
            self.complain(&node.at("precision"), "`precision` is between 0.1% and 50%");
        }
        if written.max_rate.zip(written.start_rate).is_some_and(|(max, start)| max < start) {
            self.complain(&node.at("maxRate"), "`maxRate` is not below `startRate`");
        }
    }

    fn stages(&mut self, node: &Node, written: &Written) {
        let Some(stages) = written.stages.as_ref().filter(|stages| !stages.is_empty()) else { return };
        let is_ramp = written.executor == Executor::RampingTerminals;
        let complaint =
            if is_ramp { "a number of terminals is not negative" } else { "a rate is not negative" };
        let bad: Vec<usize> = (0..stages.len()).filter(|index| stages[*index].target < 0.0).collect();
        for index in &bad {
            self.complain(&node.child("stages").item(*index).at("target"), complaint);
        }
        if bad.is_empty()
            && !node.is_tainted()
            && scale::curve(written).is_some_and(|curve| curve.area() <= 0.0)
        {
            self.complain(&node.at_key("stages"), "these stages start no iteration");
        }
    }
}

/// The executors whose arrivals do not wait for the target.
const OPEN: &[Executor] = &[
    Executor::ConstantArrivalRate,
    Executor::RampingArrivalRate,
    Executor::AtOnce,
    Executor::Replay,
    Executor::Search,
];
const OF_RATES: &[Executor] =
    &[Executor::ConstantArrivalRate, Executor::RampingArrivalRate, Executor::Search];
const ONLY_SEARCH: &[Executor] = &[Executor::Search];

/// Which executors take which setting.
const SETTINGS: &[(&str, &[Executor])] = &[
    ("rate", &[Executor::ConstantArrivalRate, Executor::RampingArrivalRate]),
    ("startRate", &[Executor::RampingArrivalRate, Executor::Search]),
    ("startTerminals", &[Executor::RampingTerminals]),
    ("profile", &[Executor::RampingArrivalRate]),
    ("stages", &[Executor::RampingArrivalRate, Executor::RampingTerminals]),
    ("file", &[Executor::Replay]),
    ("port", &[Executor::Replay]),
    ("speed", &[Executor::Replay]),
    ("timeUnit", OF_RATES),
    ("arrival", OF_RATES),
    ("duration", &[Executor::ConstantArrivalRate, Executor::ConstantTerminals, Executor::RampingArrivalRate]),
    ("terminals", &[Executor::ConstantTerminals, Executor::SharedIterations]),
    ("iterations", &[Executor::PerTerminalIterations, Executor::SharedIterations, Executor::AtOnce]),
    ("within", &[Executor::PerTerminalIterations]),
    (
        "maxDuration",
        &[Executor::PerTerminalIterations, Executor::SharedIterations, Executor::Search, Executor::Cases],
    ),
    ("maxInFlight", OPEN),
    ("onSaturation", OPEN),
    ("maxRate", ONLY_SEARCH),
    ("growth", ONLY_SEARCH),
    ("precision", ONLY_SEARCH),
    ("settle", ONLY_SEARCH),
    ("measure", ONLY_SEARCH),
    ("hold", ONLY_SEARCH),
    ("keeps", ONLY_SEARCH),
    ("flow", WALKERS),
    ("mix", WALKERS),
    ("warmup", WALKERS),
    ("cases", ONLY_CASES),
    ("retry", ONLY_CASES),
    ("quarantine", ONLY_CASES),
    ("caseTimeout", ONLY_CASES),
];

const ONLY_CASES: &[Executor] = &[Executor::Cases];

/// The executors whose terminals walk through one flow, or one of a mix.
const WALKERS: &[Executor] = &[
    Executor::ConstantArrivalRate,
    Executor::RampingArrivalRate,
    Executor::ConstantTerminals,
    Executor::PerTerminalIterations,
    Executor::RampingTerminals,
    Executor::SharedIterations,
    Executor::AtOnce,
    Executor::Replay,
    Executor::Search,
];

/// The settings that an executor cannot do without.
const NEEDED: [(Executor, &str); 9] = [
    (Executor::ConstantArrivalRate, "rate"),
    (Executor::ConstantArrivalRate, "duration"),
    (Executor::ConstantTerminals, "duration"),
    (Executor::RampingTerminals, "stages"),
    (Executor::SharedIterations, "iterations"),
    (Executor::Replay, "file"),
    (Executor::Cases, "cases"),
    (Executor::Search, "startRate"),
    (Executor::Search, "keeps"),
];

/// What `startAfter` says of a scenario that live control starts.
const SIGNAL: &str = "signal";
/// The rate of a search that says none.
const HIGHEST_RATE: f64 = 1e6;
/// Iterations that one instant can hold.
const MAX_ITERATIONS: u64 = 1_000_000;
