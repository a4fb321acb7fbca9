//! What is measured, as values: recorders of the shards, merged intervals, snapshots for the faces, the summary.
//!
//! Percentiles come from HDR histograms and from nothing else, and minimum, mean and maximum from the same
//! histograms, so that no two figures can contradict each other.

mod cases;
mod connections;
mod counters;
mod device;
mod interval;
mod judge;
mod knee;
mod latency;
mod portal;
mod snapshot;
mod summary;
mod threshold;

pub use cases::{CaseAttempt, CaseClass, CaseRow, CaseWord, CasesSummary};
pub use connections::{
    ConnectTimes, ConnectionCounts, ConnectionSummary, Connections, ConnectionsView, Fault,
};
pub use counters::Counters;
pub use device::{DeviceLatencies, DeviceRow};
pub use interval::{
    Attempts, Class, CodeCounts, Interval, Latencies, ResponseCodeText, StepId, StepInterval, StepNames,
    WarmUp,
};
pub use judge::{Judge, Scope};
pub use knee::{KneeStage, KneeSummary};
pub use latency::{Bucket, Latency, Percentiles};
pub use portal::{
    ApplicationCounts, Money, PayoutSummary, PortalChecks, PortalCount, PortalFault, PortalFinding,
    PortalSummary,
};
pub use snapshot::{
    ActivityCounts, EventLine, Generator, Phase, Point, RowWindow, Severity, Snapshot, StageProgress, State,
    StepView, TerminalRow, TerminalsView, ThresholdView,
};
pub use summary::{
    AttemptSummary, ControlSummary, Count, DeviceSummary, GeneratorSummary, HostCounts, LagSummary,
    LatencySummary, MismatchSummary, ReconciliationSummary, SettlementSummary, SideSummary, StepSummary,
    Summary, ThresholdSummary, Verdict,
};
pub use threshold::{
    Aggregation, Catalog, Comparison, MetricName, Options, Origin, Selection, Selections, Selector,
    Threshold, ThresholdError, Unit,
};
