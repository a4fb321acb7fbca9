//! The collector's last word: the summary of the run, its verdict and the exit code.

use super::{
    collector::{Collector, scenario_names, scope},
    control::Command,
    knee::Knee,
};
use crate::{
    driver::usage,
    metrics::{
        CaseClass, CasesSummary, ConnectionSummary, GeneratorSummary, HostCounts, Interval, MismatchSummary,
        StepSummary, Summary, ThresholdSummary, Verdict, WarmUp,
    },
    reconcile::Findings,
    scenario::Plan,
};
use std::{collections::BTreeMap, sync::Arc};

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
            flows: mixed(&plan, &self.total),
            warmup: Some(self.total.warmup).filter(|warmup| *warmup != WarmUp::default()),
            knee: self.start.knee.as_ref().map(Knee::summary),
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

    /// What the run says, and the exit code of the program.
    ///
    /// 1. A step that could not be carried out is the scenario's fault: 107.
    /// 2. A run whose results or ledger could not be kept, or that was aborted by hand, says nothing: 110.
    /// 3. A run whose generator was not well says nothing: 110.
    /// 4. A signal is reported as such (105), and so is the end by a threshold or by a scenario that must not be
    ///    saturated (108).
    /// 5. A threshold that does not hold, a search that found no rate, or a case that failed by its device's fault: 99.
    /// 6. Cases that failed by the lab's fault only say nothing about the devices: 107.
    /// 7. Else 0.
    pub(super) fn verdict(
        &self,
        thresholds: &[ThresholdSummary],
        health: &[ThresholdSummary],
    ) -> (Verdict, u8) {
        let hold = |judged: &[ThresholdSummary]| judged.iter().all(|threshold| threshold.pass);
        let gravest = self.cases.gravest();
        // A search that finds no rate is what a threshold is that does not hold.
        let has_found = self.start.knee.as_ref().is_none_or(|knee| knee.summary().rate.is_some());
        let all_hold = has_found && hold(thresholds) && gravest != Some(CaseClass::Device);
        let judged = if all_hold { Verdict::Pass } else { Verdict::Fail };
        match *self.start.commands.borrow() {
            _ if self.broken => (Verdict::Invalid, EXIT_BROKEN),
            _ if self.has_lost => (Verdict::Invalid, EXIT_INVALID),
            Command::Abort => (Verdict::Invalid, EXIT_SIGNAL),
            _ if !hold(health) => (Verdict::Invalid, EXIT_INVALID),
            Command::StopByThreshold => (judged, EXIT_ABORTED),
            Command::StopBySignal => (judged, EXIT_SIGNAL),
            _ if !all_hold => (judged, EXIT_THRESHOLD),
            _ if gravest.is_some() => (Verdict::Invalid, EXIT_BROKEN),
            _ => (judged, 0),
        }
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

const EXIT_THRESHOLD: u8 = 99;
const EXIT_SIGNAL: u8 = 105;
const EXIT_BROKEN: u8 = 107;
const EXIT_ABORTED: u8 = 108;
const EXIT_INVALID: u8 = 110;
