//! Cases: names of flows become numbers, and names that results could not tell apart are complained about.

use super::Compiler;
use crate::{
    regression::Policy,
    scenario::{
        file::Scenario as Written,
        node::{Node, Span},
        plan::{Case, Cases},
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
        let setup = self.around(node, "setup", written.setup.as_deref());
        let teardown = self.around(node, "teardown", written.teardown.as_deref());
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
            match self.flow_of(&at, case.flow()) {
                Some(flow) => all.push(Case { name, flow }),
                None => is_whole = false,
            }
        }
        (is_whole && !all.is_empty()).then_some(all)
    }

    /// The flow before or after the cases, if there is one.
    fn around(&mut self, node: &Node, key: &str, name: Option<&str>) -> Option<Option<usize>> {
        match name {
            None => Some(None),
            Some(name) => self.flow_of(&node.at(key), name).map(Some),
        }
    }

    /// The number of the flow that is named at `at`.
    pub(super) fn flow_of(&mut self, at: &Span, name: &str) -> Option<usize> {
        let found = self.file.flows.position(name);
        let may_be_misspelt = self.root.child("flows").is_tainted();
        if found.is_none() && !may_be_misspelt {
            self.unknown(at, "flow", name, self.file.flows.names());
        }
        found
    }
}
