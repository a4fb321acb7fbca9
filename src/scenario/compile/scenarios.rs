//! Scenarios: executors become loads, names become numbers.

use super::Compiler;
use crate::{
    load::{Load, Spacing},
    scenario::{
        file::Scenario as Written,
        node::Node,
        plan::{Scenario, Start},
        scale,
        words::{Arrival, Executor},
    },
};
use std::time::Duration;

impl<'c> Compiler<'c> {
    pub(super) fn scenarios(&mut self) -> Vec<Scenario> {
        if self.file.scenarios.is_empty() {
            self.complain(&self.root.at_key("scenarios"), "there is no scenario");
        }
        self.filter();
        let running = self.running();
        let mut scenarios = Vec::new();
        let file = self.file;
        for (name, written) in file.scenarios.iter() {
            let node = self.node("scenarios", name);
            let scenario = self.scenario(name, node, written, &running);
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

    fn scenario(&mut self, name: &str, node: &Node, written: &Written, running: &[&str]) -> Option<Scenario> {
        self.settings(node, written.executor);
        let flow = self.flow(node, &written.flow);
        let group = self.group(node, written.group.as_deref());
        let start = self.start(name, node, written, running);
        let load = self.load(node, written);
        Some(Scenario {
            name: name.to_owned(),
            executor: written.executor.word(),
            flow: flow?,
            group: group?,
            load: load?,
            start,
            graceful_stop: written.graceful_stop.0,
        })
    }

    /// Complains about settings that the executor does not take, and about those that it misses.
    fn settings(&mut self, node: &Node, executor: Executor) {
        for (key, takers) in SETTINGS {
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
    }

    fn flow(&mut self, node: &Node, name: &str) -> Option<usize> {
        let found = self.file.flows.position(name);
        let may_be_misspelt = self.root.child("flows").is_tainted();
        if found.is_none() && !may_be_misspelt {
            self.unknown(&node.at("flow"), "flow", name, self.file.flows.names());
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

    fn load(&mut self, node: &Node, written: &Written) -> Option<Load> {
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
        ];
        for (key, _) in
            times.into_iter().filter(|(_, time)| time.is_some_and(|time| time.0 == Duration::ZERO))
        {
            self.complain(&node.at(key), format!("`{key}` is more than 0s"));
        }
        if written.rate.is_some_and(|rate| rate <= 0.0) {
            self.complain(&node.at("rate"), "a rate is more than 0");
        }
        if written.start_rate.is_some_and(|rate| rate < 0.0) {
            self.complain(&node.at("startRate"), "a rate is not negative");
        }
        if written.iterations == Some(0) {
            self.complain(&node.at("iterations"), "a terminal runs one iteration at least");
        }
        if written.terminals == Some(0) {
            self.complain(&node.at("terminals"), "one terminal takes part at least");
        }
        let mut is_right = true;
        for (index, stage) in written.stages.iter().flatten().enumerate() {
            if stage.target < 0.0 {
                is_right = false;
                self.complain(&node.child("stages").item(index).at("target"), "a rate is not negative");
            }
        }
        let is_empty = scale::curve(written).is_some_and(|curve| curve.area() <= 0.0);
        let has_stages = written.stages.as_ref().is_some_and(|stages| !stages.is_empty());
        if is_empty && is_right && has_stages && !node.is_tainted() {
            self.complain(&node.at_key("stages"), "these stages start no iteration");
        }
    }
}

/// Which executors take which setting.
const SETTINGS: [(&str, &[Executor]); 10] = [
    ("rate", &[Executor::ConstantArrivalRate]),
    ("startRate", &[Executor::RampingArrivalRate]),
    ("stages", &[Executor::RampingArrivalRate]),
    ("timeUnit", &[Executor::ConstantArrivalRate, Executor::RampingArrivalRate]),
    ("arrival", &[Executor::ConstantArrivalRate, Executor::RampingArrivalRate]),
    ("duration", &[Executor::ConstantArrivalRate, Executor::ConstantTerminals]),
    ("terminals", &[Executor::ConstantTerminals]),
    ("iterations", &[Executor::PerTerminalIterations]),
    ("within", &[Executor::PerTerminalIterations]),
    ("maxDuration", &[Executor::PerTerminalIterations]),
];

/// The settings that an executor cannot do without.
const NEEDED: [(Executor, &str); 4] = [
    (Executor::ConstantArrivalRate, "rate"),
    (Executor::ConstantArrivalRate, "duration"),
    (Executor::RampingArrivalRate, "stages"),
    (Executor::ConstantTerminals, "duration"),
];
