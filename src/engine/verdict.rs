//! The collector's last word: the summary of the run, its verdict and the exit code.

use super::{
    collector::{Collector, scenario_names, scope},
    ending::Facts,
    knee::Knee,
};
use crate::{
    driver::usage,
    metrics::{
        CaseClass, CasesSummary, ConnectionSummary, ControlSummary, DeviceResult, GeneratorSummary,
        HostCounts, Interval, MismatchSummary, StepSummary, Summary, ThresholdSummary, Verdict, WarmUp,
    },
    reconcile::Findings,
    scenario::Plan,
    time::Instant,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

impl Collector {
    /// Sums the run up.
    pub(super) fn summary(&mut self, findings: Option<&Findings>) -> Summary {
        let (settlements, portal) = (self.settlements, self.portal.take());
        let plan = Arc::clone(&self.start.plan);
        let reconciliation = findings.map(|findings| findings.summary);
        let host = HostCounts {
            reconciliation: reconciliation.as_ref(),
            settlements: settlements.as_ref(),
            portal: portal.as_ref(),
        };
        let scenarios = scenario_names(&plan);
        let scope = scope(&plan, &scenarios, host);
        let (thresholds, health) =
            (self.judge.finish(&self.total, &scope), self.health.finish(&self.total, &scope));
        let (verdict, exit_code) = self.verdict(&thresholds, &health);
        let usage = usage();
        Summary {
            schema: Summary::SCHEMA,
            scenario: plan.name.clone(),
            seed: plan.seed.0,
            verdict,
            exit_code,
            started_at: self.start.started_at.clone(),
            duration_seconds: self.start.clock.now().as_secs_f64(),
            counters: self.total.counters(),
            steps: step_summaries(&plan, &self.total),
            causes: self.causes.clone(),
            generator: GeneratorSummary {
                schedule_lag_ms: self.total.lag.percentiles().into(),
                cpu_seconds: usage.cpu.as_secs_f64(),
                max_rss_bytes: usage.max_rss_bytes,
                terminals: plan.groups.iter().map(|group| group.identities.len() as u64).sum(),
                shards: self.start.shards,
                health,
            },
            connections: connections(&self.total),
            thresholds,
            cases: self.cases_summary(),
            devices: self.devices().iter().map(DeviceResult::from).collect(),
            flows: mixed(&plan, &self.total),
            warmup: Some(self.total.warmup).filter(|warmup| *warmup != WarmUp::default()),
            knee: self.start.knee.as_ref().map(Knee::summary),
            control: self.control_summary(),
            settlements,
            reconciliation,
            mismatches: findings.map(listed).unwrap_or_default(),
            portal,
            portal_findings: std::mem::take(&mut self.portal_findings),
        }
    }

    /// The cases of the run, device by device; `None` where no scenario has any.
    fn cases_summary(&mut self) -> Option<CasesSummary> {
        self.cases.sort();
        self.start.plan.scenarios.iter().any(|scenario| scenario.cases.is_some()).then(|| self.cases.clone())
    }

    /// What operators did with the run; nothing where they let it be.
    fn control_summary(&mut self) -> Option<ControlSummary> {
        let elapsed = self.start.clock.now().since(Instant::START);
        let paused_seconds = self.start.control.paused_within(Duration::ZERO, elapsed).as_secs_f64();
        let orders = std::mem::take(&mut self.orders);
        (!orders.is_empty()).then_some(ControlSummary { paused_seconds, orders })
    }

    /// What the run says, and the exit code of the program; the machine of its end decides.
    pub(super) fn verdict(
        &self,
        thresholds: &[ThresholdSummary],
        health: &[ThresholdSummary],
    ) -> (Verdict, u8) {
        let hold = |judged: &[ThresholdSummary]| judged.iter().all(|threshold| threshold.pass);
        let gravest = self.cases.gravest();
        // A search that finds no rate is what a threshold is that does not hold.
        let has_found = self.start.knee.as_ref().is_none_or(|knee| knee.summary().rate.is_some());
        self.start.control.verdict(Facts {
            is_broken: self.broken,
            has_lost: self.has_lost,
            is_healthy: hold(health),
            all_hold: has_found && hold(thresholds) && gravest != Some(CaseClass::Device),
            lab_failed: gravest.is_some(),
        })
    }
}

/// The first mismatches, for people.
fn listed(findings: &Findings) -> Vec<MismatchSummary> {
    findings.mismatches.iter().take(Summary::MISMATCHES_MAX).map(MismatchSummary::from).collect()
}

/// Iterations of mixes by the name of their flow.
fn mixed(plan: &Plan, total: &Interval) -> BTreeMap<String, u64> {
    let counted = plan.flows.iter().zip(&total.mixed).filter(|(_, count)| **count > 0);
    counted.map(|(flow, count)| (flow.name.to_string(), *count)).collect()
}

fn connections(total: &Interval) -> Option<ConnectionSummary> {
    (!total.connections.is_empty()).then(|| (&total.connections).into())
}

fn step_summaries(plan: &Plan, total: &Interval) -> BTreeMap<String, StepSummary> {
    let recorded = plan.steps.iter().zip(&total.steps).filter(|(_, step)| step.total() > 0);
    recorded.map(|(name, step)| (name.to_owned(), step.into())).collect()
}
