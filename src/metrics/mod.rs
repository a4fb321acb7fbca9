//! What is measured, as values: recorders of the shards, merged intervals, snapshots for the faces, the summary.
//!
//! Percentiles come from HDR histograms and from nothing else, and minimum, mean and maximum from the same
//! histograms, so that no two figures can contradict each other.

mod agent;
mod blocks;
mod cases;
mod connections;
mod counters;
mod device;
mod device_result;
mod failure;
mod frame;
mod interval;
mod judge;
mod knee;
mod latency;
mod portal;
mod row_window;
mod series;
mod snapshot;
mod step_view;
mod summary;
mod threshold;
mod trace;

pub use agent::{AgentKind, AgentRow};
pub use cases::{CaseAttempt, CaseClass, CaseRow, CaseWord, CasesSummary};
pub use connections::{
    ConnectTimes, ConnectionCounts, ConnectionSummary, Connections, ConnectionsView, Fault,
};
pub use counters::Counters;
pub use device::{DeviceLatencies, DeviceRow, TimeSplit};
pub use device_result::DeviceResult;
pub use failure::{CauseView, CodeView, Sample};
pub use frame::Frame;
pub use interval::{
    Attempts, Class, CodeCounts, Interval, Latencies, ResponseCodeText, StepId, StepInterval, StepNames,
    WarmUp,
};
pub use judge::{Judge, Scope};
pub use knee::{KneeLimit, KneeStage, KneeSummary};
pub use latency::{Bucket, Heat, Latency, Percentiles};
pub use portal::{
    ApplicationCounts, Money, PayoutSummary, PortalChecks, PortalCount, PortalFault, PortalFinding,
    PortalSummary,
};
pub use row_window::{RowKey, RowOrder, RowWindow};
pub use series::{Second, Series};
pub use snapshot::{
    ActivityCounts, EventLine, Generator, Phase, Point, Severity, Snapshot, StageProgress, State,
    TerminalRow, TerminalsView, ThresholdView, Vitals,
};
pub use step_view::{PartView, StepPoint, StepView, TimePart};
pub use summary::{
    AttemptSummary, ControlSummary, Count, DeviceSummary, GeneratorSummary, HostCounts, LagSummary,
    LatencySummary, MismatchSummary, ReconciliationSummary, SettlementSummary, SideSummary, StepSummary,
    Summary, ThresholdSummary, Verdict,
};
pub use threshold::{
    Aggregation, Catalog, Comparison, MetricName, Options, Origin, Selection, Selections, Selector,
    Threshold, ThresholdError, Unit,
};
pub use trace::{TraceLine, TraceView, Way};
