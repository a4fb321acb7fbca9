//! The summary of a run: the values of `summary.json`, whose keys scripts rely on.

use super::{
    Attempts, CasesSummary, Class, ConnectionSummary, Counters, DeviceLatencies, DeviceResult, KneeSummary,
    Latency, Percentiles, PortalChecks, PortalFinding, PortalSummary, StepInterval, WarmUp,
};
use crate::control::OrderRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap};

/// The summary of a run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The version of this schema.
    pub schema: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The seed; the same scenario with the same seed makes the same transactions.
    pub seed: u64,
    /// What the run says about the system under test.
    pub verdict: Verdict,
    /// The exit code of the program.
    pub exit_code: u8,
    /// When the run began, in UTC.
    pub started_at: String,
    /// How long it took, in seconds.
    pub duration_seconds: f64,
    /// What became of the iterations.
    pub counters: Counters,
    /// Every step that was recorded, by name.
    pub steps: BTreeMap<String, StepSummary>,
    /// What went wrong, and how often; empty when nothing did.
    pub causes: BTreeMap<String, u64>,
    /// How the load generator did.
    pub generator: GeneratorSummary,
    /// What became of the connections of terminals; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<ConnectionSummary>,
    /// The thresholds with their values.
    pub thresholds: Vec<ThresholdSummary>,
    /// What cases on devices came to; absent when no scenario had cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cases: Option<CasesSummary>,
    /// What each device came to, in the order of the groups; empty where all terminals are virtual.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceResult>,
    /// Iterations of mixes by their flow; empty where no scenario has a mix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flows: BTreeMap<String, u64>,
    /// What was done before scenarios were warm, which is in no other figure of steps; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<WarmUp>,
    /// What the search for the highest rate came to; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<KneeSummary>,
    /// What operators did with the run while it was under way; absent when they let it be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlSummary>,
    /// What settlements came to at the host; absent when there was no settlement, or no ledger to look into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlements: Option<SettlementSummary>,
    /// What the comparison of journals and ledger found; absent when there was no ledger to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciliation: Option<ReconciliationSummary>,
    /// The first of the transactions on which journals and ledger do not agree, at most [`Summary::MISMATCHES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<MismatchSummary>,
    /// What the merchant portal came to; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<PortalSummary>,
    /// The first of what the final check of the portal found, at most [`Summary::MISMATCHES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub portal_findings: Vec<PortalFinding>,
}

impl Summary {
    /// The version of the schema this program writes.
    pub const SCHEMA: u32 = 1;
    /// How many orders are listed; all of them are in `events.ndjson`.
    pub const ORDERS_MAX: usize = 1000;
    /// How many mismatches are listed; all of them are in the journal's folder.
    pub const MISMATCHES_MAX: usize = 50;
}

/// What operators did with a run while it was under way.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ControlSummary {
    /// How long the load was paused, which no threshold counts, in seconds.
    pub paused_seconds: f64,
    /// The orders, the first ones where there were too many.
    pub orders: Vec<OrderRecord>,
}

/// What a run says about the system under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All thresholds hold.
    Pass,
    /// A threshold does not hold.
    Fail,
    /// Nothing: the measurement itself went wrong.
    Invalid,
}

/// One step of the flows.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepSummary {
    /// How often it ended.
    pub count: u64,
    /// How often it was approved.
    pub approved: u64,
    /// How often it was declined.
    pub declined: u64,
    /// How often no answer came in time.
    pub timeouts: u64,
    /// How often it could not be done.
    pub errors: u64,
    /// Response codes and how often they came.
    pub codes: BTreeMap<String, u64>,
    /// Checks that held.
    pub checks_passed: u64,
    /// Checks that did not hold.
    pub checks_failed: u64,
    /// From the scheduled start to the end, in milliseconds.
    pub response_time_ms: LatencySummary,
    /// From the send to the answer, in milliseconds.
    pub service_time_ms: LatencySummary,
    /// What its HTTP requests came to; absent where it sent none.
    #[serde(flatten)]
    pub attempts: Option<AttemptSummary>,
    /// Where its time went on devices; absent where no device did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<DeviceSummary>,
}

/// Where the time of a step on devices went, in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeviceSummary {
    /// How often a device did it.
    pub count: u64,
    /// The terminals and whoever stands before them.
    pub device_ms: LatencySummary,
    /// Bytes on the lines, both ways.
    pub line_ms: LatencySummary,
    /// The host of the run, from each request to its answer.
    pub host_ms: LatencySummary,
}

impl From<&DeviceLatencies> for DeviceSummary {
    fn from(times: &DeviceLatencies) -> Self {
        Self {
            count: times.device.count(),
            device_ms: times.device.percentiles(),
            line_ms: times.line.percentiles(),
            host_ms: times.host.percentiles(),
        }
    }
}

/// What the HTTP requests of a step came to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AttemptSummary {
    /// Requests that were sent.
    pub attempts: u64,
    /// Requests that were followed by another one because they failed.
    pub retries: u64,
    /// Opening connections, in milliseconds; absent where none was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<LatencySummary>,
    /// TLS handshakes, in milliseconds; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ms: Option<LatencySummary>,
    /// From the send to the head of the answer, in milliseconds; absent where there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<LatencySummary>,
}

impl From<&StepInterval> for StepSummary {
    fn from(step: &StepInterval) -> Self {
        let all = step.all();
        Self {
            count: step.total(),
            approved: step.count(Class::Approved),
            declined: step.count(Class::Declined),
            timeouts: step.count(Class::TimedOut),
            errors: step.count(Class::Failed),
            codes: step.codes.sorted().into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
            checks_passed: step.checks_passed,
            checks_failed: step.checks_failed,
            response_time_ms: all.response.percentiles(),
            service_time_ms: all.service.percentiles(),
            attempts: step.attempts.as_deref().map(AttemptSummary::from),
            devices: step
                .devices
                .as_deref()
                .filter(|times| !times.device.is_empty())
                .map(DeviceSummary::from),
        }
    }
}

impl From<&Attempts> for AttemptSummary {
    fn from(attempts: &Attempts) -> Self {
        let times = |latency: &Latency| (!latency.is_empty()).then(|| latency.percentiles());
        Self {
            attempts: attempts.count,
            retries: attempts.retried,
            connect_ms: times(&attempts.connect),
            tls_ms: times(&attempts.tls),
            first_byte_ms: times(&attempts.first_byte),
        }
    }
}

/// A distribution, in milliseconds.
pub type LatencySummary = Percentiles;

/// How the load generator itself did.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GeneratorSummary {
    /// From the scheduled to the actual start of iterations, in milliseconds.
    pub schedule_lag_ms: LagSummary,
    /// CPU time of this process, the embedded host included, in seconds.
    pub cpu_seconds: f64,
    /// The largest resident memory of this process, in bytes.
    pub max_rss_bytes: u64,
    /// Terminals of the fleet.
    pub terminals: u64,
    /// Shards that ran the fleet.
    pub shards: usize,
    /// What must hold of it, so that the run says something about the target.
    #[serde(default)]
    pub health: Vec<ThresholdSummary>,
}

/// The lag of the schedule, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct LagSummary {
    /// Half are not longer.
    pub p50: f64,
    /// 99 % are not longer.
    pub p99: f64,
    /// 99.9 % are not longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl From<Percentiles> for LagSummary {
    fn from(lag: Percentiles) -> Self {
        Self { p50: lag.p50, p99: lag.p99, p999: lag.p999, max: lag.max }
    }
}

/// A threshold and whether it held.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdSummary {
    /// Metric and condition as written in the scenario.
    pub expression: String,
    /// The value at the end, in the unit of the condition, or that of the worst window; `null` when there was no
    /// sample, or too few.
    pub value: Option<f64>,
    /// Whether the condition holds.
    pub pass: bool,
    /// When it first did not hold, where that decides, in seconds of measured time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_at_seconds: Option<f64>,
}

/// What the comparison of the terminals' journals with the host's ledger found, and the final check of the portal.
///
/// Everything in `mismatches` is counted in one of the counts after it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReconciliationSummary {
    /// Terminals that were compared.
    pub terminals: u64,
    /// Transactions that were compared.
    pub transactions: u64,
    /// Transactions on which the two sides do not agree, and findings in the portal.
    pub mismatches: u64,
    /// Among them: the terminal believes in it, the host does not have it.
    pub lost: u64,
    /// Among them: it is booked more than once.
    pub doubled: u64,
    /// Among them: the amounts differ.
    pub amount: u64,
    /// Among them: the host has captured it, the terminal believes that it did not happen.
    pub not_reversed: u64,
    /// Among them: the terminal still owes its reversal, and the host has captured it.
    pub reversal_pending: u64,
    /// Among them: the terminal has voided it, the host has not.
    pub void_ignored: u64,
    /// Among them: the host has it under another terminal.
    pub wrong_terminal: u64,
    /// Among them: the host has it under another merchant.
    pub wrong_merchant: u64,
    /// Among them: the host has it under another batch or STAN.
    pub wrong_number: u64,
    /// Among them: the host has captured it, no terminal knows it.
    pub unknown: u64,
    /// Among them: the kinds of transaction differ.
    pub kind: u64,
    /// Among them: the terminal's journal contradicts itself.
    pub contradictory: u64,
    /// Among them: the findings in the portal; absent where there was none.
    #[serde(flatten)]
    pub portal: Option<PortalChecks>,
}

impl ReconciliationSummary {
    /// The counts that thresholds may be about, by their names; those of [`PortalChecks`] come after them.
    pub const COUNTS: [(&'static str, Count); 13] = [
        ("mismatches", |found| found.mismatches),
        ("lost", |found| found.lost),
        ("doubled", |found| found.doubled),
        ("amount", |found| found.amount),
        ("not_reversed", |found| found.not_reversed),
        ("reversal_pending", |found| found.reversal_pending),
        ("void_ignored", |found| found.void_ignored),
        ("wrong_terminal", |found| found.wrong_terminal),
        ("wrong_merchant", |found| found.wrong_merchant),
        ("wrong_number", |found| found.wrong_number),
        ("unknown", |found| found.unknown),
        ("kind", |found| found.kind),
        ("contradictory", |found| found.contradictory),
    ];

    /// The count of that name; one of the portal only where there was a portal.
    pub fn count(&self, name: &str) -> Option<u64> {
        let known = Self::COUNTS.iter().find(|(known, _)| *known == name);
        known.map(|(_, count)| count(self)).or_else(|| self.portal?.count(name))
    }

    /// Adds what the final check of a portal found.
    pub fn add_portal(&mut self, found: PortalChecks) {
        self.mismatches += found.total();
        self.portal = Some(found);
    }

    /// How many of the mismatches are transactions.
    pub fn mismatched_transactions(&self) -> u64 {
        self.mismatches.saturating_sub(self.portal.map_or(0, |found| found.total()))
    }
}

/// What settlements came to at the host inside this program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettlementSummary {
    /// Batches whose totals agreed when they were first compared.
    pub balanced: u64,
    /// Batches whose totals did not, so that they had to be uploaded.
    pub unbalanced: u64,
    /// Batches that were closed.
    pub closed: u64,
    /// Batches whose settlement began and that are open still.
    pub open: u64,
    /// Transactions that were uploaded.
    pub uploaded: u64,
    /// Uploaded transactions that differ from the books, and booked ones that were not uploaded.
    pub differences: u64,
}

impl SettlementSummary {
    /// The count of that name, as thresholds call it.
    pub fn count(&self, name: &str) -> Option<u64> {
        Some(match name {
            "balanced" => self.balanced,
            "unbalanced" => self.unbalanced,
            "closed" => self.closed,
            "open" => self.open,
            "uploaded" => self.uploaded,
            "differences" => self.differences,
            _ => return None,
        })
    }
}

/// What the host inside this program knows at the end of a run; nothing of a host elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostCounts<'a> {
    /// What the comparison of journals and ledger found.
    pub reconciliation: Option<&'a ReconciliationSummary>,
    /// What settlements came to.
    pub settlements: Option<&'a SettlementSummary>,
    /// What the merchant portal came to.
    pub portal: Option<&'a PortalSummary>,
}

/// One count out of a summary.
pub type Count = fn(&ReconciliationSummary) -> u64;

/// One transaction on which the two sides do not agree, with what both say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MismatchSummary {
    /// What is wrong, in a word.
    pub fault: Cow<'static, str>,
    /// What is wrong, in a sentence.
    pub meaning: Cow<'static, str>,
    /// What the terminal says; absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<SideSummary>,
    /// What the host says; absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<SideSummary>,
}

/// What one side says of a transaction; what it does not say is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideSummary {
    /// DE 41.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// DE 42.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// DE 60.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// DE 11.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stan: Option<String>,
    /// Which transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Cow<'static, str>>,
    /// DE 4, in the smallest unit.
    pub amount_minor: u64,
    /// DE 37.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrn: Option<String>,
    /// The masked card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// What the terminal believes, or where it stands with the host.
    pub state: Cow<'static, str>,
}
