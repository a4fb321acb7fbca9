//! Thresholds: conditions over metrics, in the expression form that k6 made known.
//!
//! ```text
//! metric     = [ step "." ] name                     sale.response_time, dropped_iterations
//! condition  = aggregation op value
//! aggregation= "p(" number ")" | "avg" | "med" | "min" | "max" | "count" | "rate"
//! op         = "<" | "<=" | ">" | ">=" | "==" | "!="
//! value      = number [ "us" | "ms" | "s" | "%" ]    a bare number of a time is in milliseconds
//! ```

#[cfg(doc)]
use super::{PortalChecks, PortalSummary, ReconciliationSummary, SettlementSummary};
use std::{fmt, str::FromStr};

/// One condition over one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What is measured.
    pub metric: MetricName,
    /// How its samples become one value.
    pub aggregation: Aggregation,
    /// How the value is compared.
    pub comparison: Comparison,
    /// With what: milliseconds for times, a fraction for rates, else a count.
    pub limit: f64,
    /// Metric and condition as written.
    pub expression: String,
}

impl Threshold {
    /// Reads the condition `text` over `metric`.
    ///
    /// # Errors
    /// Says what is wrong with the name or the condition.
    pub fn parse(metric: &str, text: &str) -> Result<Self, ThresholdError> {
        let name: MetricName = metric.parse()?;
        let at = text.find(['<', '>', '=', '!']).ok_or(ThresholdError::NoComparison)?;
        let (aggregation, rest) = text.split_at(at);
        let operator = if rest[1..].starts_with('=') { &rest[..2] } else { &rest[..1] };
        let aggregation: Aggregation = aggregation.trim().parse()?;
        if !name.takes(aggregation) {
            return Err(ThresholdError::DoesNotFit {
                metric: name.to_string(),
                aggregation: aggregation.to_string(),
            });
        }
        Ok(Self {
            limit: parse_value(rest[operator.len()..].trim(), name.is_time())?,
            comparison: operator.parse()?,
            expression: format!("{metric}: {text}"),
            metric: name,
            aggregation,
        })
    }

    /// Whether `value` satisfies the condition.
    pub fn holds(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::Less => value < self.limit,
            Comparison::AtMost => value <= self.limit,
            Comparison::Greater => value > self.limit,
            Comparison::AtLeast => value >= self.limit,
            Comparison::Equal => value == self.limit,
            Comparison::NotEqual => value != self.limit,
        }
    }
}

/// What a threshold is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricName {
    /// Scheduled start to end, of one step or of all.
    ResponseTime(Option<String>),
    /// Send to answer, of one step or of all.
    ServiceTime(Option<String>),
    /// Opening connections, of one step or of all.
    ConnectTime(Option<String>),
    /// TLS handshakes, of one step or of all.
    TlsTime(Option<String>),
    /// Send to the head of the answer, of one HTTP step or of all.
    FirstByteTime(Option<String>),
    /// Steps that timed out or could not be done, of one step or of all.
    Failed(Option<String>),
    /// Steps that were approved, of one step or of all.
    Approved(Option<String>),
    /// Steps that were declined, of one step or of all.
    Declined(Option<String>),
    /// Checks that held, of one step or of all.
    Checks(Option<String>),
    /// Iterations that came due while no terminal was free.
    DroppedIterations,
    /// Iterations that ran to their end.
    Iterations,
    /// Scheduled to actual start.
    ScheduleLag,
    /// A count of the reconciliation, one of [`ReconciliationSummary::COUNTS`] or of [`PortalChecks`].
    Reconciliation(String),
    /// A count of the settlements at the host, one of those that [`SettlementSummary::count`] knows.
    Settlements(String),
    /// A count of the merchant portal, one of [`PortalSummary::COUNTS`].
    Portal(String),
}

impl MetricName {
    /// The metrics that exist, as they are written; those of [`MetricName::STEP_METRICS`] take a step before them.
    pub const NAMES: [&str; 56] = [
        "response_time",
        "service_time",
        "connect_time",
        "tls_time",
        "first_byte_time",
        "approved",
        "failed",
        "declined",
        "checks",
        "dropped_iterations",
        "iterations",
        "schedule_lag",
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
    ];
    /// The metrics that exist for each step.
    pub const STEP_METRICS: [&str; 9] = [
        "response_time",
        "service_time",
        "connect_time",
        "tls_time",
        "first_byte_time",
        "approved",
        "failed",
        "declined",
        "checks",
    ];

    /// The step this metric is about, if it names one.
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::ResponseTime(step)
            | Self::ServiceTime(step)
            | Self::ConnectTime(step)
            | Self::TlsTime(step)
            | Self::FirstByteTime(step)
            | Self::Approved(step)
            | Self::Failed(step)
            | Self::Declined(step)
            | Self::Checks(step) => step.as_deref(),
            _ => None,
        }
    }

    fn is_time(&self) -> bool {
        matches!(
            self,
            Self::ResponseTime(_)
                | Self::ServiceTime(_)
                | Self::ConnectTime(_)
                | Self::TlsTime(_)
                | Self::FirstByteTime(_)
                | Self::ScheduleLag
        )
    }

    fn takes(&self, aggregation: Aggregation) -> bool {
        use Aggregation as A;
        match self {
            _ if self.is_time() => !matches!(aggregation, A::Rate),
            Self::DroppedIterations
            | Self::Approved(_)
            | Self::Failed(_)
            | Self::Declined(_)
            | Self::Checks(_) => {
                matches!(aggregation, A::Rate | A::Count)
            }
            _ => matches!(aggregation, A::Count),
        }
    }
}

impl FromStr for MetricName {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let (step, name) = match text.rsplit_once('.') {
            Some((step, name)) => (Some(step.to_owned()), name),
            None => (None, text),
        };
        match (name, step) {
            ("response_time", step) => Ok(Self::ResponseTime(step)),
            ("service_time", step) => Ok(Self::ServiceTime(step)),
            ("connect_time", step) => Ok(Self::ConnectTime(step)),
            ("tls_time", step) => Ok(Self::TlsTime(step)),
            ("first_byte_time", step) => Ok(Self::FirstByteTime(step)),
            ("approved", step) => Ok(Self::Approved(step)),
            ("failed", step) => Ok(Self::Failed(step)),
            ("declined", step) => Ok(Self::Declined(step)),
            ("checks", step) => Ok(Self::Checks(step)),
            ("dropped_iterations", None) => Ok(Self::DroppedIterations),
            ("iterations", None) => Ok(Self::Iterations),
            ("schedule_lag", None) => Ok(Self::ScheduleLag),
            (_, Some(group)) if group == "reconciliation" && Self::NAMES.contains(&text) => {
                Ok(Self::Reconciliation(name.to_owned()))
            }
            (_, Some(group)) if group == "settlements" && Self::NAMES.contains(&text) => {
                Ok(Self::Settlements(name.to_owned()))
            }
            (_, Some(group)) if group == "portal" && Self::NAMES.contains(&text) => {
                Ok(Self::Portal(name.to_owned()))
            }
            _ => Err(ThresholdError::UnknownMetric(text.to_owned())),
        }
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = self.step() {
            write!(f, "{step}.")?;
        }
        match self {
            Self::ResponseTime(_) => f.write_str("response_time"),
            Self::ServiceTime(_) => f.write_str("service_time"),
            Self::ConnectTime(_) => f.write_str("connect_time"),
            Self::TlsTime(_) => f.write_str("tls_time"),
            Self::FirstByteTime(_) => f.write_str("first_byte_time"),
            Self::Approved(_) => f.write_str("approved"),
            Self::Failed(_) => f.write_str("failed"),
            Self::Declined(_) => f.write_str("declined"),
            Self::Checks(_) => f.write_str("checks"),
            Self::DroppedIterations => f.write_str("dropped_iterations"),
            Self::Iterations => f.write_str("iterations"),
            Self::ScheduleLag => f.write_str("schedule_lag"),
            Self::Reconciliation(name) => write!(f, "reconciliation.{name}"),
            Self::Settlements(name) => write!(f, "settlements.{name}"),
            Self::Portal(name) => write!(f, "portal.{name}"),
        }
    }
}

/// How the samples of a metric become one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregation {
    /// The value that so many percent do not exceed.
    Percentile(f64),
    /// The mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// How many there are.
    Count,
    /// Which fraction of all it is.
    Rate,
}

impl FromStr for Aggregation {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        match text {
            "avg" | "mean" => Ok(Self::Mean),
            "med" => Ok(Self::Percentile(50.0)),
            "min" => Ok(Self::Min),
            "max" => Ok(Self::Max),
            "count" => Ok(Self::Count),
            "rate" => Ok(Self::Rate),
            _ => percentile(text).ok_or_else(|| ThresholdError::UnknownAggregation(text.to_owned())),
        }
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percentile) => write!(f, "p({percentile})"),
            Self::Mean => f.write_str("avg"),
            Self::Min => f.write_str("min"),
            Self::Max => f.write_str("max"),
            Self::Count => f.write_str("count"),
            Self::Rate => f.write_str("rate"),
        }
    }
}

fn percentile(text: &str) -> Option<Aggregation> {
    let number: f64 = text.strip_prefix("p(")?.strip_suffix(')')?.trim().parse().ok()?;
    (0.0..=100.0).contains(&number).then_some(Aggregation::Percentile(number))
}

/// How a value is compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl FromStr for Comparison {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        match text {
            "<" => Ok(Self::Less),
            "<=" => Ok(Self::AtMost),
            ">" => Ok(Self::Greater),
            ">=" => Ok(Self::AtLeast),
            "==" => Ok(Self::Equal),
            "!=" => Ok(Self::NotEqual),
            _ => Err(ThresholdError::NoComparison),
        }
    }
}

/// Why a text is not a threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// There is no metric of that name.
    #[error("unknown metric `{0}`")]
    UnknownMetric(String),
    /// There is no aggregation of that name.
    #[error("unknown aggregation `{0}`, expected p(N), avg, med, min, max, count or rate")]
    UnknownAggregation(String),
    /// The metric has no such aggregation.
    #[error("`{metric}` has no `{aggregation}`")]
    DoesNotFit {
        /// The metric.
        metric: String,
        /// The aggregation.
        aggregation: String,
    },
    /// The comparison is missing or unknown.
    #[error("expected a condition such as `p(99) < 800ms`")]
    NoComparison,
    /// The value is not a number with a unit that fits the metric.
    #[error("`{0}` is not a value that fits here, expected for example 800ms, 1.5s, 0.1% or 0")]
    Value(String),
}

/// A number with its unit, as milliseconds, a fraction or a count.
fn parse_value(text: &str, is_time: bool) -> Result<f64, ThresholdError> {
    let at = text.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let factor = match (unit, is_time) {
        ("us", true) => 0.001,
        ("ms" | "", true) => 1.0,
        ("s", true) => 1000.0,
        ("m", true) => 60_000.0,
        ("%", false) => 0.01,
        ("", false) => 1.0,
        _ => return Err(ThresholdError::Value(text.to_owned())),
    };
    let number: f64 = number.trim().parse().map_err(|_| ThresholdError::Value(text.to_owned()))?;
    if number.is_finite() { Ok(number * factor) } else { Err(ThresholdError::Value(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_k6_made_known() {
        let threshold = Threshold::parse("sale.response_time", "p(99) < 800ms").expect("valid");
        assert_eq!(threshold.metric, MetricName::ResponseTime(Some("sale".into())));
        assert_eq!(threshold.aggregation, Aggregation::Percentile(99.0));
        assert!(threshold.holds(799.9) && !threshold.holds(800.0));
        let rate = Threshold::parse("sale.failed", "rate<0.1%").expect("valid");
        assert!(rate.holds(0.0009) && !rate.holds(0.001));
        let count = Threshold::parse("reconciliation.mismatches", "count == 0").expect("valid");
        assert!(count.holds(0.0) && !count.holds(1.0));
        assert_eq!(Threshold::parse("schedule_lag", "p(99.9)<=1.5s").expect("valid").limit, 1500.0);
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
    fn every_metric_of_the_portal_is_a_count_of_its_summary_and_no_other() {
        let counts = crate::metrics::PortalSummary::COUNTS.map(|(name, _)| name);
        assert!(MetricName::NAMES.into_iter().filter_map(|name| name.strip_prefix("portal.")).eq(counts));
        let parsed = Threshold::parse("portal.payouts_late", "count < 5").expect("a metric");
        assert_eq!(parsed.metric.to_string(), "portal.payouts_late");
        assert!(Threshold::parse("portal.merchants", "count > 0").is_err());
        assert!(Threshold::parse("portal.refused", "rate < 1%").is_err());
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |metric, text| Threshold::parse(metric, text).expect_err("invalid").to_string();
        assert_eq!(error("sale.latency", "p(99) < 1"), "unknown metric `sale.latency`");
        assert!(error("failed", "p(99) < 1").contains("has no `p(99)`"));
        assert!(error("response_time", "p(101) < 1ms").contains("unknown aggregation"));
        assert!(error("response_time", "p(99) 1ms").contains("expected a condition"));
        assert!(error("response_time", "p(99) < 5%").contains("not a value"));
        assert!(error("failed", "rate < ").contains("not a value"));
        assert!(
            error("failed", "rate =").contains("expected a condition")
                || error("failed", "rate =").contains("not")
        );
    }
}
