//! Whether terminals can do what flows ask of them, by their kind.

use super::Compiler;
use crate::{
    flow::{Action, Flow, Step},
    operation::Entry,
    scenario::{
        acquirer::{KindTraits, traits},
        plan::Scenario,
    },
};
use std::sync::Arc;

impl Compiler<'_> {
    /// Complains about scenarios whose flow asks for something that the terminals of their group cannot do.
    pub(super) fn check_abilities(&mut self, flows: &[Arc<Flow>], scenarios: &[Scenario]) {
        let file = self.file;
        for scenario in scenarios {
            let Some((group, written)) = file.terminals.0.get(scenario.group) else { continue };
            let traits = traits(written.kind);
            let flows = scenario.flows().filter_map(|flow| flows.get(flow));
            let mut steps = flows.flat_map(|flow| flow.all_steps());
            if let Some(lack) = steps.find_map(|step| lack(step, traits)) {
                let at = self.node("scenarios", &scenario.name).at("flow");
                let message = format!("the terminals of `{group}` are {}, which {lack}", written.kind.word());
                self.complain(&at, message);
            }
        }
    }
}

/// What a step needs that terminals of a kind do not have.
fn lack(step: &Step, traits: &KindTraits) -> Option<String> {
    let Action::Operate(template) = &step.action else { return None };
    if !traits.abilities.has(template.kind) {
        return Some(format!("cannot do `{}`", template.kind.name()));
    }
    let taps = template.card.as_ref().is_some_and(|card| card.entry == Entry::Contactless);
    (taps && !traits.contactless).then(|| "read no contactless cards".to_owned())
}
