//! The metrics that thresholds may be about, by their names.

use super::{Aggregation, ThresholdError};
use crate::metrics::Connections;
#[cfg(doc)]
use crate::metrics::{PortalChecks, PortalSummary, ReconciliationSummary, SettlementSummary};
use std::{fmt, str::FromStr};

/// What a threshold is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricName {
    /// Scheduled start to end of steps.
    ResponseTime,
    /// Send to answer.
    ServiceTime,
    /// Opening connections.
    ConnectTime,
    /// TLS handshakes.
    TlsTime,
    /// Send to the head of the answer, of HTTP steps.
    FirstByteTime,
    /// The terminal and whoever stands before it, of steps on devices.
    DeviceTime,
    /// Bytes on the line, of steps on devices.
    LineTime,
    /// The host of the run, of steps on devices.
    HostTime,
    /// Steps that were approved.
    Approved,
    /// Steps that timed out or could not be done.
    Failed,
    /// Steps that were declined.
    Declined,
    /// Checks that held.
    Checks,
    /// Steps that had no answer in time.
    TimedOut,
    /// Steps that ended, however.
    Steps,
    /// Answers with the code of the selector; without one, answers that had a code.
    Answers,
    /// Iterations that came due while no terminal was free.
    DroppedIterations,
    /// Iterations that began noticeably after they were due.
    LateIterations,
    /// Iterations that ended in an error or a failed check.
    FailedIterations,
    /// Iterations that ran to their end.
    Iterations,
    /// Iterations that began, of those that came due.
    ScheduleAchieved,
    /// Scheduled to actual start.
    ScheduleLag,
    /// Each time that this program stood still for more than two seconds, though it wanted to run.
    Standstill,
    /// A count of the reconciliation, one of [`ReconciliationSummary::COUNTS`] or of [`PortalChecks`].
    Reconciliation(String),
    /// A count of the settlements at the host, one of those that [`SettlementSummary::count`] knows.
    Settlements(String),
    /// A count of the merchant portal, one of [`PortalSummary::COUNTS`].
    Portal(String),
    /// A count or a time of the connections of terminals, one that [`Connections`] knows.
    Connections(String),
}

impl MetricName {
    /// The metrics that exist, as they are written; those of [`MetricName::STEP_METRICS`] take a step before them.
    pub const NAMES: [&str; 77] = [
        "response_time",
        "service_time",
        "connect_time",
        "tls_time",
        "first_byte_time",
        "device_time",
        "line_time",
        "host_time",
        "approved",
        "failed",
        "declined",
        "checks",
        "timed_out",
        "steps",
        "answers",
        "dropped_iterations",
        "late_iterations",
        "failed_iterations",
        "iterations",
        "schedule_achieved",
        "schedule_lag",
        "standstill",
        "reconciliation.mismatches",
        "reconciliation.lost",
        "reconciliation.doubled",
        "reconciliation.amount",
        "reconciliation.not_reversed",
        "reconciliation.reversal_pending",
        "reconciliation.void_ignored",
        "reconciliation.wrong_terminal",
        "reconciliation.wrong_merchant",
        "reconciliation.wrong_number",
        "reconciliation.unknown",
        "reconciliation.kind",
        "reconciliation.contradictory",
        "reconciliation.wrong_card",
        "reconciliation.held",
        "reconciliation.paid_twice",
        "reconciliation.payouts_lost",
        "reconciliation.two_codes",
        "reconciliation.no_code",
        "reconciliation.doubled_applications",
        "reconciliation.portal_other",
        "settlements.balanced",
        "settlements.unbalanced",
        "settlements.closed",
        "settlements.open",
        "settlements.uploaded",
        "settlements.differences",
        "portal.applications",
        "portal.applications_open",
        "portal.applications_done",
        "portal.applications_rejected",
        "portal.card_changes",
        "portal.merchant_changes",
        "portal.instant_settlements",
        "portal.terminal_orders",
        "portal.payouts_ordered",
        "portal.payouts_made",
        "portal.payouts_waiting",
        "portal.payouts_held",
        "portal.payouts_released",
        "portal.payouts_late",
        "portal.short_messages",
        "portal.alarms",
        "portal.refused",
        "connections.opened",
        "connections.refused",
        "connections.ended",
        "connections.resets",
        "connections.full_handshakes",
        "connections.resumed_handshakes",
        "connections.strays",
        "connections.faults",
        "connections.wait",
        "connections.connect",
        "connections.handshake",
    ];
    /// The metrics that exist for each step.
    pub const STEP_METRICS: [&str; 15] = [
        "response_time",
        "service_time",
        "connect_time",
        "tls_time",
        "first_byte_time",
        "device_time",
        "line_time",
        "host_time",
        "approved",
        "failed",
        "declined",
        "checks",
        "timed_out",
        "steps",
        "answers",
    ];

    /// What selectors may say of it.
    pub(super) fn tags(&self) -> &'static [&'static str] {
        match self {
            Self::ConnectTime
            | Self::TlsTime
            | Self::FirstByteTime
            | Self::DeviceTime
            | Self::LineTime
            | Self::HostTime
            | Self::Checks => &["step", "scenario", "group", "flow", "device"],
            Self::DroppedIterations
            | Self::LateIterations
            | Self::FailedIterations
            | Self::Iterations
            | Self::ScheduleAchieved => &["scenario", "group"],
            Self::Connections(_) => &["group", "target"],
            Self::ScheduleLag
            | Self::Standstill
            | Self::Reconciliation(_)
            | Self::Settlements(_)
            | Self::Portal(_) => &[],
            _ => &["step", "scenario", "group", "flow", "device", "code"],
        }
    }

    /// Whether it is known at the end of the run only.
    pub fn is_known_at_the_end(&self) -> bool {
        matches!(self, Self::Reconciliation(_) | Self::Settlements(_) | Self::Portal(_))
    }

    pub(super) fn is_time(&self) -> bool {
        match self {
            Self::Connections(name) => Connections::TIMES.contains(&name.as_str()),
            Self::ResponseTime
            | Self::ServiceTime
            | Self::ConnectTime
            | Self::TlsTime
            | Self::FirstByteTime
            | Self::DeviceTime
            | Self::LineTime
            | Self::HostTime
            | Self::ScheduleLag
            | Self::Standstill => true,
            _ => false,
        }
    }

    pub(super) fn takes(&self, aggregation: Aggregation) -> bool {
        use Aggregation as A;
        match self {
            _ if self.is_time() => !matches!(aggregation, A::Rate | A::PerSecond),
            _ if self.is_known_at_the_end() => matches!(aggregation, A::Count),
            Self::Iterations | Self::Steps => matches!(aggregation, A::Count | A::PerSecond),
            Self::ScheduleAchieved => matches!(aggregation, A::Rate),
            _ => matches!(aggregation, A::Rate | A::Count | A::PerSecond),
        }
    }

    /// The name as it is written, but for counts of the host, which have one of their own.
    fn name(&self) -> &'static str {
        let known = PLAIN.iter().find(|(metric, _)| metric == self);
        known.map_or("", |(_, name)| name)
    }
}

impl FromStr for MetricName {
    type Err = ThresholdError;

    /// Reads a name without step and selector.
    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        if let Some((metric, _)) = PLAIN.iter().find(|(_, name)| *name == text) {
            return Ok(metric.clone());
        }
        let unknown = || ThresholdError::UnknownMetric(text.to_owned());
        let (group, name) =
            text.split_once('.').filter(|_| Self::NAMES.contains(&text)).ok_or_else(unknown)?;
        match group {
            "reconciliation" => Ok(Self::Reconciliation(name.to_owned())),
            "settlements" => Ok(Self::Settlements(name.to_owned())),
            "portal" => Ok(Self::Portal(name.to_owned())),
            "connections" => Ok(Self::Connections(name.to_owned())),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reconciliation(name) => write!(f, "reconciliation.{name}"),
            Self::Settlements(name) => write!(f, "settlements.{name}"),
            Self::Portal(name) => write!(f, "portal.{name}"),
            Self::Connections(name) => write!(f, "connections.{name}"),
            plain => f.write_str(plain.name()),
        }
    }
}

/// The metrics whose names stand alone.
const PLAIN: [(MetricName, &str); 22] = [
    (MetricName::ResponseTime, "response_time"),
    (MetricName::ServiceTime, "service_time"),
    (MetricName::ConnectTime, "connect_time"),
    (MetricName::TlsTime, "tls_time"),
    (MetricName::FirstByteTime, "first_byte_time"),
    (MetricName::DeviceTime, "device_time"),
    (MetricName::LineTime, "line_time"),
    (MetricName::HostTime, "host_time"),
    (MetricName::Approved, "approved"),
    (MetricName::Failed, "failed"),
    (MetricName::Declined, "declined"),
    (MetricName::Checks, "checks"),
    (MetricName::TimedOut, "timed_out"),
    (MetricName::Steps, "steps"),
    (MetricName::Answers, "answers"),
    (MetricName::DroppedIterations, "dropped_iterations"),
    (MetricName::LateIterations, "late_iterations"),
    (MetricName::FailedIterations, "failed_iterations"),
    (MetricName::Iterations, "iterations"),
    (MetricName::ScheduleAchieved, "schedule_achieved"),
    (MetricName::ScheduleLag, "schedule_lag"),
    (MetricName::Standstill, "standstill"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Threshold;

    #[test]
    fn every_plain_name_is_listed_and_reads_back() {
        for (metric, name) in &PLAIN {
            assert!(MetricName::NAMES.contains(name), "{name}");
            assert_eq!((name.parse::<MetricName>().as_ref(), &*metric.to_string()), (Ok(metric), *name));
            assert_eq!(metric.tags().contains(&"step"), MetricName::STEP_METRICS.contains(name), "{name}");
        }
    }

    #[test]
    fn every_count_of_the_reconciliation_is_a_metric_and_no_other() {
        let of_portal = crate::metrics::PortalFault::ALL.map(|(_, name, _)| name);
        let counts = crate::metrics::ReconciliationSummary::COUNTS.map(|(name, _)| name).into_iter();
        let counts: Vec<String> =
            counts.chain(of_portal).map(|name| format!("reconciliation.{name}")).collect();
        let metrics = MetricName::NAMES.into_iter().filter(|name| name.starts_with("reconciliation."));
        assert!(metrics.eq(counts.iter().map(String::as_str)));
        counts.iter().for_each(|name| drop(Threshold::parse(name, "count == 0").expect("a metric")));
        assert!(Threshold::parse("reconciliation.terminals", "count == 0").is_err());
    }

    #[test]
    fn every_metric_of_settlements_is_a_count_of_their_summary() {
        let found = crate::metrics::SettlementSummary::default();
        let names = MetricName::NAMES.into_iter().filter_map(|name| name.strip_prefix("settlements."));
        assert_eq!(names.filter(|name| found.count(name) == Some(0)).count(), 6);
        let parsed = Threshold::parse("settlements.open", "count == 0").expect("a metric");
        assert_eq!(parsed.metric.to_string(), "settlements.open");
        assert!(Threshold::parse("settlements.lost", "count == 0").is_err());
    }

    #[test]
    fn every_metric_of_connections_is_known_to_them() {
        let nothing = Connections::default();
        let names = MetricName::NAMES.into_iter().filter_map(|name| name.strip_prefix("connections."));
        for name in names {
            let metric = MetricName::Connections(name.to_owned());
            assert_eq!(nothing.time(name).is_some(), metric.is_time(), "{name}");
            assert_eq!(nothing.share(name).is_some(), !metric.is_time(), "{name}");
        }
        assert!(Threshold::parse("connections.handshake", "p(99) < 50ms").is_ok());
        assert!(Threshold::parse("connections.refused", "rate < 1%").is_ok());
        assert!(Threshold::parse("connections.connect", "rate < 1%").is_err());
    }

    #[test]
    fn every_metric_of_the_portal_is_a_count_of_its_summary_and_no_other() {
        let counts = crate::metrics::PortalSummary::COUNTS.map(|(name, _)| name);
        assert!(MetricName::NAMES.into_iter().filter_map(|name| name.strip_prefix("portal.")).eq(counts));
        let parsed = Threshold::parse("portal.payouts_late", "count < 5").expect("a metric");
        assert_eq!(parsed.metric.to_string(), "portal.payouts_late");
        assert!(Threshold::parse("portal.merchants", "count > 0").is_err());
        assert!(Threshold::parse("portal.refused", "rate < 1%").is_err());
    }
}
