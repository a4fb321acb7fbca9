//! Whether terminals can do what flows ask of them, by their kind.

use super::Compiler;
use crate::{
    flow::{Action, Flow, Step},
    operation::{Entry, Kind},
    rack::{Device, Rack, service_of},
    scenario::{
        acquirer::{KindTraits, traits},
        plan::Scenario,
        step::LOAD,
    },
};

impl Compiler<'_> {
    /// Complains about scenarios whose flow asks for something that the terminals of their group cannot do.
    pub(super) fn check_abilities(&mut self, flows: &[Flow], scenarios: &[Scenario]) {
        let file = self.file;
        for scenario in scenarios {
            let Some((group, written)) = file.terminals.0.get(scenario.group) else { continue };
            if let Some(rack) = self.context.racks.get(scenario.group).and_then(Option::as_ref) {
                // A case that a device cannot do is skipped on that device.
                let walked = scenario.flows().filter(|_| scenario.cases.is_none());
                for flow in walked.filter_map(|flow| flows.get(flow)) {
                    self.check_devices(flow, &scenario.name, rack);
                }
                continue;
            }
            let traits = traits(written.kind);
            let walked = scenario.flows().filter_map(|flow| flows.get(flow));
            let mut steps = walked.flat_map(|flow| flow.all_steps());
            if let Some(lack) = steps.find_map(|step| lack(step, traits)) {
                let key = if scenario.cases.is_some() { "cases" } else { "flow" };
                let at = self.node("scenarios", &scenario.name).at(key);
                let message = format!("the terminals of `{group}` are {}, which {lack}", written.kind.word());
                self.complain(&at, message);
            }
        }
    }

    /// Complains about the first step of a flow that each device's protocol has no request for.
    fn check_devices(&mut self, flow: &Flow, scenario: &str, rack: &Rack) {
        let at = self.node("scenarios", scenario).at("flow");
        for device in &rack.devices {
            let lacks = |step: &Step| match &step.action {
                Action::Operate(template) if !offers(device, template.kind) => Some(template.kind.name()),
                Action::Load(_) => Some(LOAD),
                _ => None,
            };
            if let Some(kind) = flow.steps.iter().find_map(lacks) {
                let name = device.speaker.name();
                let message =
                    format!("the device `{}` speaks `{name}`, which has no request for `{kind}`", device.id);
                let help = format!("leave the device out by `only`, or `{kind}` out of `{}`", flow.name);
                self.complain_with_help(&at, message, help);
            }
        }
    }
}

fn offers(device: &Device, kind: Kind) -> bool {
    service_of(kind).is_some_and(|service| device.speaker.offers(service))
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
