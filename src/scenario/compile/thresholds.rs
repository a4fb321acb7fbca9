//! Thresholds: conditions over metrics of steps, scenarios, groups and flows that exist; and those on the generator's
//! health that exist without being written.

use super::{Compiler, Context};
use crate::{
    expr::nearest,
    metrics::{Catalog, MetricName, Selections, Selector, Threshold, ThresholdError},
    rack::Rack,
    scenario::{
        condition::Condition,
        diagnostic::Problem,
        named::Named,
        node::{Node, Span},
        plan::device_ids,
    },
};
use std::time::Duration;

impl Compiler<'_> {
    /// The conditions that decide the verdict.
    pub(super) fn thresholds(&mut self) -> Vec<Threshold> {
        let (file, node) = (self.file, self.root.child("thresholds"));
        for (metric, conditions) in file.thresholds.iter() {
            if conditions.is_empty() {
                self.complain(&node.at_key(metric), "this threshold has no conditions");
            }
        }
        self.conditions(node, &file.thresholds)
    }

    /// The conditions on which the validity of the run rests: those that are written, and the usual ones of the rest.
    pub(super) fn health(&mut self) -> Vec<Threshold> {
        let file = self.file;
        let usual = HEALTH.iter().filter(|(metric, _)| file.health.find(metric).is_none());
        let usual = usual.map(|(metric, text)| Threshold::parse(metric, text));
        let mut health: Vec<Threshold> =
            usual.map(|threshold| threshold.expect("what exists without being written is valid")).collect();
        health.extend(self.conditions(self.root.child("health"), &file.health));
        health
    }

    /// What figures must be kept of for `thresholds`, beyond those by step.
    pub(super) fn selections<'t>(&self, thresholds: impl Iterator<Item = &'t Threshold>) -> Selections {
        let (scenarios, groups): (Vec<&str>, Vec<&str>) =
            (self.file.scenarios.names().collect(), self.file.terminals.names().collect());
        let flows: Vec<&str> = self.file.flows.names().collect();
        let targets: Vec<Option<&str>> =
            self.file.terminals.iter().map(|(_, group)| group.target.as_deref()).collect();
        let devices: Vec<&str> = device_ids(racks(self.context)).collect();
        let names = Catalog {
            steps: &self.steps,
            scenarios: &scenarios,
            groups: &groups,
            targets: &targets,
            flows: &flows,
            devices: &devices,
        };
        Selections::of(thresholds, &names)
    }

    /// The conditions by metric that stand below `node`.
    pub(super) fn conditions(&mut self, node: &Node, written: &Named<Vec<Condition>>) -> Vec<Threshold> {
        let mut thresholds = Vec::new();
        for (metric, conditions) in written.iter() {
            let at_key = node.at_key(metric);
            let selector = match Threshold::selector_of(metric) {
                Ok(selector) => selector,
                Err(ThresholdError::UnknownMetric(_)) => {
                    self.unknown_metric(&at_key, metric);
                    continue;
                }
                Err(error) => {
                    self.complain(&at_key, error.to_string());
                    continue;
                }
            };
            for (index, condition) in conditions.iter().enumerate() {
                let item = node.child(metric).item(index);
                let at = item.entry("threshold").map_or(&item.span, |entry| &entry.node.span).clone();
                let threshold = condition.threshold(metric);
                thresholds.extend(self.or_complain(&at, threshold));
                self.window_of(item, condition);
            }
            self.check_names(&at_key, &selector);
        }
        thresholds
    }

    /// Complains about windows that no figures exist for.
    fn window_of(&mut self, item: &Node, condition: &Condition) {
        let Condition::Full(full) = condition else { return };
        let is_wrong =
            |time: Duration| !(Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&time);
        if full.window.is_some_and(|window| is_wrong(window.0)) {
            self.complain(&item.at("window"), "figures come once a second: a window is from 1s to 24h");
        }
        if full.delay_abort_eval.is_some() && full.abort_on_fail.is_none() {
            let help = "add `abortOnFail: true`, or leave it out";
            self.complain_with_help(
                &item.at("delayAbortEval"),
                "a delay without `abortOnFail` delays nothing",
                help,
            );
        }
    }

    fn unknown_metric(&mut self, span: &Span, metric: &str) {
        let of_steps = self
            .steps
            .iter()
            .flat_map(|step| MetricName::STEP_METRICS.iter().map(move |metric| format!("{step}.{metric}")));
        let known: Vec<String> = of_steps.chain(MetricName::NAMES.map(str::to_owned)).collect();
        let near = nearest(metric, known.iter().map(String::as_str));
        let problem = Problem::new(span.clone(), format!("unknown metric `{metric}`"));
        self.problems.push(if near.is_empty() {
            let of_steps = MetricName::STEP_METRICS.map(|name| format!("`<step>.{name}`"));
            problem.help(format!("steps have {}; docs/scenarios.md lists all metrics", of_steps.join(", ")))
        } else {
            problem.did_you_mean(&near)
        });
    }

    /// Complains where a selector names what the scenario does not have.
    fn check_names(&mut self, span: &Span, selector: &Selector) {
        if let Some(step) = &selector.step {
            self.check_step(span, step);
        }
        let file = self.file;
        let lists: [(&str, &Option<String>, Vec<&str>); 5] = [
            ("scenario", &selector.scenario, file.scenarios.names().collect()),
            ("group of terminals", &selector.group, file.terminals.names().collect()),
            ("flow", &selector.flow, file.flows.names().collect()),
            ("device", &selector.device, device_ids(racks(self.context)).collect()),
            ("target", &selector.target, file.targets.names().collect()),
        ];
        for (what, name, known) in lists {
            if let Some(name) = name.as_deref().filter(|name| !known.contains(name)) {
                self.unknown(span, what, name, known.into_iter());
            }
        }
    }

    /// Complains when no flow has the step.
    fn check_step(&mut self, span: &Span, step: &str) {
        if self.steps.find(step).is_some() {
            return;
        }
        let flows = self.root.child("flows").entries().iter();
        let mut steps = flows.flat_map(|flow| flow.node.child("steps").items());
        let may_be_misspelt = steps.any(|step| step.is_bad.get() || step.is_tainted());
        if !may_be_misspelt {
            let known: Vec<String> = self.steps.iter().map(str::to_owned).collect();
            self.unknown(span, "step", step, known.iter().map(String::as_str));
        }
    }
}

/// The racks that groups of terminals take their devices from.
fn racks<'c>(context: &'c Context<'_>) -> impl Iterator<Item = &'c Rack> {
    context.racks.iter().flatten().map(|rack| &**rack)
}

/// What must hold of the generator, where the scenario says nothing else.
const HEALTH: [(&str, &str); 3] = [
    ("schedule_achieved", "rate >= 99% min 1000"),
    ("schedule_lag", "p(99) < 250ms min 1000"),
    ("standstill", "count == 0"),
];
