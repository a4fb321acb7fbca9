//! What goes with the iterations of a scenario: mixes, limits, warm-up, setup and teardown, and what a search keeps.

use super::Compiler;
use crate::{
    load::{Mix, Saturation},
    metrics::Threshold,
    scenario::{
        node::Node,
        plan::Conduct,
        scenario_keys::{MixPart, Scenario as Written},
        words::{Executor, OnSaturation},
    },
};

impl Compiler<'_> {
    pub(super) fn conduct(&mut self, node: &Node, written: &Written) -> Option<Conduct> {
        if written.executor != Executor::Cases {
            self.one_of_flow_and_mix(node, written);
        }
        let mix = match &written.mix {
            Some(parts) => Some(self.mix(node.child("mix"), parts)?),
            None => None,
        };
        if written.max_in_flight == Some(0) {
            self.complain(&node.at("maxInFlight"), "one iteration is under way at least");
        }
        // Of cases they belong to each attempt.
        let is_around_all = |_: &&str| written.executor != Executor::Cases;
        let setup = written.setup.as_deref().filter(is_around_all);
        let teardown = written.teardown.as_deref().filter(is_around_all);
        let setup = self.flow_beside(node, "setup", setup)?;
        let teardown = self.flow_beside(node, "teardown", teardown)?;
        Some(Conduct {
            mix,
            max_in_flight: written.max_in_flight,
            saturation: match written.on_saturation.unwrap_or_default() {
                OnSaturation::Drop => Saturation::Drop,
                OnSaturation::Queue => Saturation::Queue,
                OnSaturation::Abort => Saturation::Abort,
            },
            warmup: written.warmup.unwrap_or_default().0,
            setup,
            teardown,
            keeps: self.keeps(node, written),
        })
    }

    fn one_of_flow_and_mix(&mut self, node: &Node, written: &Written) {
        match (&written.flow, &written.mix) {
            (Some(_), Some(_)) => {
                self.complain(&node.at_key("mix"), "a scenario has a `flow` or a `mix`, not both");
            }
            (None, None) if !node.is_tainted() => {
                self.complain(&node.span, "the key `flow` is missing");
            }
            _ => {}
        }
    }

    fn mix(&mut self, node: &Node, parts: &[MixPart]) -> Option<Mix> {
        let mut flows = Vec::new();
        for (index, MixPart { flow, weight }) in parts.iter().enumerate() {
            let node = node.item(index);
            if *weight <= 0.0 || !weight.is_finite() {
                self.complain(&node.at("weight"), "a weight is more than 0");
            }
            flows.push((self.flow(&node.at("flow"), flow)?, *weight));
        }
        Some(Mix::new(flows))
    }

    /// The flow that `key` names, if it names one; `None` when there is none of that name.
    pub(super) fn flow_beside(
        &mut self,
        node: &Node,
        key: &str,
        name: Option<&str>,
    ) -> Option<Option<usize>> {
        match name {
            Some(name) => self.flow(&node.at(key), name).map(Some),
            None => Some(None),
        }
    }

    /// What a search keeps; there is one search at most, for two would spoil each other's figures.
    fn keeps(&mut self, node: &Node, written: &Written) -> Vec<Threshold> {
        if written.executor != Executor::Search {
            return Vec::new();
        }
        let searches = self.file.scenarios.iter().filter(|(_, other)| other.executor == Executor::Search);
        if searches.count() > 1 {
            self.complain(
                &node.at("executor"),
                "a run has one `search` at most: two would disturb each other",
            );
        }
        self.conditions(node.child("keeps"), &written.keeps)
    }
}
