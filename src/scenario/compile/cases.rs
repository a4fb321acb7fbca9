//! Cases: names of flows become numbers, and names that results could not tell apart are complained about.

use super::Compiler;
use crate::{
    regression::Policy,
    scenario::{
        node::Node,
        plan::{Case, Cases},
        scenario_keys::Scenario as Written,
        words::Executor,
    },
};
use std::num::NonZero;

impl Compiler<'_> {
    /// The cases of a scenario; `Some(None)` where its executor has none.
    pub(super) fn cases(&mut self, node: &Node, written: &Written) -> Option<Option<Cases>> {
        if written.executor != Executor::Cases {
            return Some(None);
        }
        let all = self.all_cases(node, written);
        let setup = self.flow_beside(node, "setup", written.setup.as_deref());
        let teardown = self.flow_beside(node, "teardown", written.teardown.as_deref());
        let timeout = written.case_timeout.unwrap_or_default().0;
        if timeout.is_zero() && !node.child("caseTimeout").is_bad.get() {
            self.complain(&node.at("caseTimeout"), "`caseTimeout` is more than 0s");
        }
        let retry = written.retry.unwrap_or_default();
        let policy = Policy {
            attempts: NonZero::new(retry.attempts).unwrap_or(NonZero::<u32>::MIN),
            power_cycles: retry.power_cycle,
            quarantine_after: written.quarantine.and_then(|quarantine| NonZero::new(quarantine.after)),
        };
        Some(Some(Cases { setup: setup?, teardown: teardown?, all: all?, policy, timeout }))
    }

    /// Complains about devices that are to be switched off and on, where the rack does not say how.
    pub(super) fn check_power(&mut self, node: &Node, written: &Written, group: Option<usize>) {
        let is_asked = written.retry.is_some_and(|retry| retry.power_cycle && retry.attempts > 1);
        let rack = group.and_then(|group| self.context.racks.get(group)).and_then(Option::as_ref);
        let Some(rack) = rack.filter(|_| is_asked) else { return };
        let at = node.child("retry").at_key("powerCycle");
        for device in rack.devices.iter().filter(|device| device.power.is_none()) {
            let message =
                format!("the rack does not say how the device `{}` is switched off and on", device.id);
            let help = "give it `power` in the rack, or leave it out of the group by `only`";
            self.complain_with_help(&at, message, help);
        }
    }

    fn all_cases(&mut self, node: &Node, written: &Written) -> Option<Vec<Case>> {
        let mut all: Vec<Case> = Vec::new();
        let mut is_whole = true;
        for (index, case) in written.cases.iter().flatten().enumerate() {
            let item = node.child("cases").item(index);
            let at = if item.has("flow") { item.at("flow") } else { item.span.clone() };
            let name = case.name().to_owned();
            if all.iter().any(|known| known.name == name) {
                let help = "give one of them another `name`";
                self.complain_with_help(&item.span, format!("two cases are called `{name}`"), help);
            }
            match self.flow(&at, case.flow()) {
                Some(flow) => all.push(Case { name, flow }),
                None => is_whole = false,
            }
        }
        (is_whole && !all.is_empty()).then_some(all)
    }
}
