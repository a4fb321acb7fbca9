//! Thresholds: conditions over metrics of steps that exist.

use super::Compiler;
use crate::{
    expr::nearest,
    metrics::{MetricName, Threshold, ThresholdError},
    scenario::{
        diagnostic::Problem,
        named::Named,
        node::{Node, Span},
    },
};

impl Compiler<'_> {
    pub(super) fn thresholds(&mut self) -> Vec<Threshold> {
        let (file, node) = (self.file, self.root.child("thresholds"));
        self.conditions(node, &file.thresholds)
    }

    /// The conditions by metric that stand below `node`.
    pub(super) fn conditions(&mut self, node: &Node, written: &Named<Vec<String>>) -> Vec<Threshold> {
        let mut thresholds = Vec::new();
        for (metric, conditions) in written.iter() {
            let at_key = node.at_key(metric);
            if let Err(error) = metric.parse::<MetricName>() {
                self.unknown_metric(&at_key, metric, &error);
                continue;
            }
            if conditions.is_empty() {
                self.complain(&at_key, "this threshold has no conditions");
            }
            for (index, condition) in conditions.iter().enumerate() {
                let at = node.child(metric).item(index).span.clone();
                let threshold = Threshold::parse(metric, condition);
                thresholds.extend(self.or_complain(&at, threshold));
            }
            self.step_of(&at_key, metric);
        }
        thresholds
    }

    fn unknown_metric(&mut self, span: &Span, metric: &str, error: &ThresholdError) {
        let of_steps = self
            .steps
            .iter()
            .flat_map(|step| MetricName::STEP_METRICS.iter().map(move |metric| format!("{step}.{metric}")));
        let known: Vec<String> = of_steps.chain(MetricName::NAMES.map(str::to_owned)).collect();
        let near = nearest(metric, known.iter().map(String::as_str));
        let problem = Problem::new(span.clone(), error.to_string());
        self.problems.push(if near.is_empty() {
            let of_steps = MetricName::STEP_METRICS.map(|name| format!("`<step>.{name}`"));
            problem.help(format!("steps have {}; docs/scenarios.md lists all metrics", of_steps.join(", ")))
        } else {
            problem.did_you_mean(&near)
        });
    }

    /// Complains when the metric names a step that no flow has.
    fn step_of(&mut self, span: &Span, metric: &str) {
        let step = metric.parse::<MetricName>().ok().and_then(|name| name.step().map(str::to_owned));
        let Some(step) = step.filter(|step| self.steps.find(step).is_none()) else { return };
        let flows = self.root.child("flows").entries().iter();
        let mut steps = flows.flat_map(|flow| flow.node.child("steps").items());
        let may_be_misspelt = steps.any(|step| step.is_bad.get() || step.is_tainted());
        if !may_be_misspelt {
            let known: Vec<String> = self.steps.iter().map(str::to_owned).collect();
            self.unknown(span, "step", &step, known.iter().map(String::as_str));
        }
    }
}
