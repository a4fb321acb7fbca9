//! What a value is taken from, beside the interval: names, what the host knows, and the time that was measured.

use crate::metrics::{
    Connections, Counters, HostCounts, Interval, Selections, Selector, StepInterval, StepNames, Threshold,
};

/// What a value is taken from, beside the interval.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The names of the interval's steps.
    pub steps: &'a StepNames,
    /// What the interval has figures of beside steps.
    pub selections: &'a Selections,
    /// The names of the interval's scenarios, and of the groups of terminals that run them.
    pub scenarios: &'a [(&'a str, &'a str)],
    /// What the host knows at the end of a run.
    pub host: HostCounts<'a>,
    /// The time that was measured.
    pub seconds: f64,
}

impl<'a> Scope<'a> {
    /// Figures by step and nothing else, of no time.
    pub fn of_steps(steps: &'a StepNames) -> Self {
        Self { steps, selections: &NO_SELECTIONS, scenarios: &[], host: HostCounts::default(), seconds: 0.0 }
    }

    /// The counters of the scenarios that `selector` means.
    pub(super) fn counters(&self, interval: &Interval, selector: &Selector) -> Counters {
        let is_meant = |number: usize| {
            let (scenario, group) = self.scenarios.get(number).copied().unwrap_or_default();
            selector.scenario.as_ref().is_none_or(|wanted| wanted == scenario)
                && selector.group.as_ref().is_none_or(|wanted| wanted == group)
        };
        let mut total = Counters::default();
        let meant = interval.scenarios.iter().enumerate().filter(|(number, _)| is_meant(*number));
        meant.for_each(|(_, counters)| total += *counters);
        total
    }

    /// The connections that `threshold` is about: those of some groups, or all; nothing where no figures are kept.
    pub(super) fn connections<'i>(
        &self,
        interval: &'i Interval,
        threshold: &Threshold,
    ) -> Option<&'i Connections> {
        match self.selections.place_of_link(threshold) {
            None => Some(&interval.connections),
            Some(place) => interval.links.get(place?),
        }
    }

    /// The steps that `threshold` is about: a selection, the one it names, or all; nothing where no figures are kept.
    pub(super) fn steps<'i>(
        &self,
        interval: &'i Interval,
        threshold: &Threshold,
    ) -> Option<Vec<&'i StepInterval>> {
        if let Some(place) = self.selections.place(threshold) {
            return Some(vec![interval.selections.get(place?)?]);
        }
        let is_meant = |name: &str| threshold.selector.step.as_ref().is_none_or(|step| step == name);
        let named = self.steps.iter().zip(&interval.steps).filter(|(name, _)| is_meant(name));
        Some(named.map(|(_, step)| step).collect())
    }
}

static NO_SELECTIONS: Selections = Selections::NONE;
