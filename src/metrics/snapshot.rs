//! What the faces see: the state of a run at one moment, complete and without a way back into it.

use super::{
    AgentRow, CauseView, CodeView, ConnectionCounts, ConnectionsView, Counters, DeviceRow, Heat, PartView,
    Percentiles, Sample, Series, StepView, TraceView, Verdict,
};
use crate::control::Prompt;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// The state of a run at one moment; a new one about four times a second.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// The scenario's name.
    pub name: String,
    /// What the terminals talk to, such as `127.0.0.1:8583` or `embedded host`.
    pub target: String,
    /// The seed of the run.
    pub seed: u64,
    /// Where the run is in its life.
    pub phase: Phase,
    /// Time since the start of the run.
    pub elapsed: Duration,
    /// How long the plan takes, where that is known.
    pub planned_duration: Option<Duration>,
    /// One entry a scenario.
    pub stages: Vec<StageProgress>,
    /// Iterations since the start.
    pub counters: Counters,
    /// The run so far, the oldest first; bounded.
    pub series: Series<Point>,
    /// One entry a step that was recorded.
    pub steps: Vec<StepView>,
    /// Response codes since the start, the most frequent first.
    pub codes: Vec<CodeView>,
    /// What went wrong since the start, the most frequent first; bounded.
    pub causes: Vec<CauseView>,
    /// The latest cases of what was not approved, the oldest first; bounded.
    pub samples: Arc<VecDeque<Sample>>,
    /// Where the time of a step goes, in the order in which it passes.
    pub parts: Vec<PartView>,
    /// The state of the load generator itself.
    pub generator: Generator,
    /// Who makes the load: processes, each followed by its shards.
    pub agents: Vec<AgentRow>,
    /// The fleet.
    pub terminals: TerminalsView,
    /// The messages of the terminal that is looked at.
    pub trace: TraceView,
    /// The devices, in the order of the groups; empty where all terminals are virtual.
    pub devices: Vec<DeviceRow>,
    /// How many devices a bounded snapshot leaves out, none of which is in trouble while there is room for those.
    #[serde(default)]
    pub devices_left_out: u64,
    /// What happened lately, the oldest first; bounded.
    pub events: Arc<VecDeque<EventLine>>,
    /// The thresholds with their present values.
    pub thresholds: Vec<ThresholdView>,
    /// What must hold of the generator, with its present values.
    pub health: Vec<ThresholdView>,
    /// Connections that are open at this moment.
    pub connections: u64,
    /// What became of connections since the start.
    pub connecting: ConnectionsView,
    /// Whether an operator holds the load.
    pub paused: bool,
    /// What the run came to; `None` before it is done.
    #[serde(default)]
    pub outcome: Option<Verdict>,
    /// What people are asked to do at devices, the oldest first.
    pub questions: Vec<Prompt>,
}

impl Snapshot {
    /// What the thresholds say so far.
    pub fn verdict(&self) -> Verdict {
        let is_broken = |all: &[ThresholdView]| all.iter().any(|threshold| threshold.pass == Some(false));
        match () {
            () if is_broken(&self.health) => Verdict::Invalid,
            () if is_broken(&self.thresholds) => Verdict::Fail,
            () => Verdict::Pass,
        }
    }
}

/// Where a run is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Terminals and connections are being made.
    #[default]
    Starting,
    /// Scenarios run.
    Running,
    /// No new iteration starts; those under way may finish.
    Stopping,
    /// The journals are compared with the host's ledger.
    Reconciling,
    /// Everything is written.
    Done,
}

impl Phase {
    /// Its name, for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Reconciling => "reconciling",
            Self::Done => "done",
        }
    }
}

/// Where a scenario is in its plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StageProgress {
    /// The scenario's name.
    pub name: String,
    /// Its executor, as the scenario file calls it.
    pub executor: String,
    /// Whether it waits, runs or is over.
    pub state: State,
    /// The current stage, counted from 1, and how many there are.
    pub stage: (usize, usize),
    /// The planned rate at this moment in iterations per second; `None` for a closed executor.
    pub target_rate: Option<f64>,
    /// Time since the scenario began.
    pub elapsed: Duration,
    /// How long it may take, where that is known.
    pub duration: Option<Duration>,
    /// Its iterations.
    pub counters: Counters,
}

/// Whether a scenario waits, runs or is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// It waits for its start.
    #[default]
    Waiting,
    /// It starts iterations.
    Running,
    /// It starts no more, and some are under way.
    Finishing,
    /// It is over.
    Done,
}

impl State {
    /// Its name, for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Finishing => "finishing",
            Self::Done => "done",
        }
    }
}

/// One interval of the run on a time axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The end of the interval, since the start of the run.
    pub at: Duration,
    /// The length of the interval.
    pub length: Duration,
    /// What became of the iterations in it.
    pub counters: Counters,
    /// Iterations under way at its end.
    pub in_flight: u64,
    /// Response times of all steps that ended in it.
    pub response: Percentiles,
    /// Steps that ended in it.
    pub steps: u64,
    /// Steps among them that timed out or failed.
    pub errors: u64,
    /// Lag of the schedule in it.
    pub lag: Percentiles,
    /// Response codes in it, the most frequent first.
    pub codes: Vec<(String, u64)>,
    /// Response times in it by logarithmic row.
    pub heat: Heat,
    /// What became of connections in it.
    pub connections: ConnectionCounts,
    /// How the load generator was at its end.
    pub vitals: Vitals,
}

/// How a load generator is at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    /// Connections that are open.
    pub connections: u64,
    /// Cores' worth of CPU that it used in the interval before.
    pub cpu_cores: f64,
    /// Resident memory in bytes.
    pub rss_bytes: u64,
}

impl Vitals {
    /// How it was over an interval of this `length` and the `next` one.
    #[must_use]
    pub(super) fn followed_by(self, length: Duration, next: Self, next_length: Duration) -> Self {
        let [time, next_time] = [length, next_length].map(|length| length.as_secs_f64());
        let used = self.cpu_cores * time + next.cpu_cores * next_time;
        Self { cpu_cores: used / (time + next_time).max(f64::MIN_POSITIVE), ..next }
    }
}

impl Point {
    /// Turns a count of this interval into a rate per second.
    pub fn per_second(&self, count: u64) -> f64 {
        if self.length.is_zero() { 0.0 } else { count as f64 / self.length.as_secs_f64() }
    }
}

/// The state of the load generator itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// From the scheduled to the actual start, since the start of the run.
    pub lag: Percentiles,
    /// CPU time this process has used, in seconds.
    pub cpu_seconds: f64,
    /// Cores' worth of CPU this process used lately.
    pub cpu_cores: f64,
    /// Resident memory in bytes, at its largest so far.
    pub max_rss_bytes: u64,
    /// Shards that run the fleet.
    pub shards: usize,
}

/// The fleet at one moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TerminalsView {
    /// How many terminals there are.
    pub count: u64,
    /// How many of them do what.
    pub activity: ActivityCounts,
    /// How many the filter lets pass.
    pub matching: u64,
    /// The place of the first row among them, in the order that was asked for.
    pub first: u64,
    /// The rows that were asked for.
    pub rows: Vec<TerminalRow>,
    /// The terminal that is looked at closely.
    pub selected: Option<TerminalRow>,
}

/// How many terminals are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityCounts {
    /// Not signed in, doing nothing.
    pub signed_out: u64,
    /// Signed in, doing nothing.
    pub idle: u64,
    /// In an iteration.
    pub busy: u64,
    /// Among all: with a reversal that waits to be sent.
    pub reversal_pending: u64,
}

/// One terminal of the fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TerminalRow {
    /// Its number in the fleet.
    pub number: u32,
    /// Terminal id (DE 41).
    pub terminal_id: String,
    /// Merchant id (DE 42).
    pub merchant_id: String,
    /// What it does: `signed out`, `idle`, `busy`, `reversal due`.
    pub state: String,
    /// Whether a connection of it is open.
    pub connected: bool,
    /// The last message type it sent or received, such as `0210`.
    pub last_mti: String,
    /// The last response code, empty before the first.
    pub last_code: String,
    /// Its system trace audit number.
    pub stan: u32,
    /// Its batch number.
    pub batch: u32,
    /// Approved operations.
    pub approved: u64,
    /// Declined operations.
    pub declined: u64,
    /// Time-outs and errors.
    pub failed: u64,
    /// Reversals that were answered.
    pub reversals: u64,
}

/// How grave an event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something failed.
    Error,
}

/// One line of the event log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// When, since the start of the run.
    pub at: Duration,
    /// How grave.
    pub severity: Severity,
    /// What, in one sentence.
    pub text: String,
}

/// A threshold with its present value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThresholdView {
    /// Metric and condition as written in the scenario.
    pub expression: String,
    /// The present value in the unit of the condition, `None` before the first sample.
    pub value: Option<f64>,
    /// Whether it holds, `None` before the first sample; one with a window must have held all along.
    pub pass: Option<bool>,
    /// The limit, in the unit of the condition.
    pub limit: f64,
    /// How far the value is on the good side of the limit.
    pub margin: Option<f64>,
    /// Over which time the value is; `None` is the whole run.
    pub window: Option<Duration>,
    /// When it first did not hold, in measured time, where that decides.
    pub broken_at: Option<Duration>,
    /// Whether the run ends when it does not hold.
    pub aborts: bool,
    /// The latest values, one a second, the oldest first; bounded.
    pub trend: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_reads_back_as_it_was_written() {
        let point = Point { at: Duration::from_millis(1250), steps: 7, ..Point::default() };
        let snapshot = Snapshot {
            name: "day".to_owned(),
            series: [point].into_iter().collect(),
            thresholds: vec![ThresholdView { value: Some(0.5), ..ThresholdView::default() }],
            paused: true,
            ..Snapshot::default()
        };
        let line = serde_json::to_string(&snapshot).expect("finite numbers are JSON");
        let read: Snapshot = serde_json::from_str(&line).expect("what was written");
        assert_eq!(format!("{read:?}"), format!("{snapshot:?}"));
    }
}
