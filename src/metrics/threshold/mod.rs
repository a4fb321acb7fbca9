//! Thresholds: conditions over metrics, in the expression form that k6 made known. Values come from the judge.
//!
//! ```text
//! metric     = [ step "." ] name [ "{" tag ":" text { "," tag ":" text } "}" ]
//! tag        = "step" | "scenario" | "group" | "flow" | "device" | "code"
//! condition  = aggregation op value { option }
//! aggregation= "p(" number ")" | "avg" | "med" | "min" | "max" | "count" | "rate" | "ratio" | "per_second"
//! op         = "<" | "<=" | ">" | ">=" | "==" | "!="
//! value      = number [ "us" | "ms" | "s" | "m" | "%" ]     a bare number of a time is in milliseconds
//! option     = "over" time | "min" number | "abort" [ "after" time ]
//! ```

mod aggregation;
mod error;
mod metric;
mod options;
mod selector;
mod value;

pub use aggregation::{Aggregation, Comparison, Unit};
pub use error::ThresholdError;
pub use metric::MetricName;
pub use options::Options;
pub use selector::{Catalog, Origin, Selection, Selections, Selector};

use value::parse_value;

/// One condition over one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What is measured.
    pub metric: MetricName,
    /// Of which steps, scenarios or codes.
    pub selector: Selector,
    /// How its samples become one value.
    pub aggregation: Aggregation,
    /// How the value is compared.
    pub comparison: Comparison,
    /// With what: milliseconds for times, a fraction for rates, else a count.
    pub limit: f64,
    /// Over which time, from how many samples on, and what a broken one does to the run.
    pub options: Options,
    /// Metric, condition and options as written: [`Threshold::parse_whole`] reads it back.
    pub expression: String,
}

impl Threshold {
    /// Reads the condition `text` over `metric`.
    ///
    /// # Errors
    /// Says what is wrong with the name or the condition.
    pub fn parse(metric: &str, text: &str) -> Result<Self, ThresholdError> {
        let (name, selector) = selector::parse_metric(metric)?;
        let at = text.find(['<', '>', '=', '!']).ok_or(ThresholdError::NoComparison)?;
        let (aggregation, rest) = text.split_at(at);
        let operator = if rest[1..].starts_with('=') { &rest[..2] } else { &rest[..1] };
        let aggregation: Aggregation = aggregation.trim().parse()?;
        if !name.takes(aggregation) {
            let (metric, aggregation) = (name.to_string(), aggregation.to_string());
            return Err(ThresholdError::DoesNotFit { metric, aggregation });
        }
        let after = rest[operator.len()..].trim_start();
        let (value, options) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
        let (value, options) = value::with_unit_apart(value, options);
        let condition = text[..text.len() - options.len()].trim_end();
        let threshold = Self {
            limit: parse_value(&value, aggregation.unit(&name))?,
            comparison: operator.parse()?,
            expression: format!("{metric}: {condition}"),
            metric: name,
            selector,
            aggregation,
            options: Options::default(),
        };
        threshold.with(Options::parse(options)?)
    }

    /// What the name of a metric selects.
    ///
    /// # Errors
    /// Says what is wrong with the name.
    pub fn selector_of(metric: &str) -> Result<Selector, ThresholdError> {
        selector::parse_metric(metric).map(|(_, selector)| selector)
    }

    /// Reads `metric: condition`, as the command line and `summary.json` write it.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse_whole(text: &str) -> Result<Self, ThresholdError> {
        let (metric, condition) = text.split_once(": ").ok_or(ThresholdError::NoMetric)?;
        Self::parse(metric.trim(), condition)
    }

    /// The same with these options.
    ///
    /// # Errors
    /// When the metric has no value before the end of a run, and the options ask for one.
    pub fn with(self, options: Options) -> Result<Self, ThresholdError> {
        if self.metric.is_known_at_the_end() && (options.window.is_some() || options.abort_after.is_some()) {
            return Err(ThresholdError::KnownAtTheEnd(self.metric.to_string()));
        }
        let written = self.expression.len() - self.options.to_string().len();
        let expression = format!("{}{options}", &self.expression[..written]);
        Ok(Self { options, expression, ..self })
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

    /// How far `value` is on the good side of the limit, in the unit of the limit; negative where it is broken.
    pub fn margin(&self, value: f64) -> f64 {
        match self.comparison {
            Comparison::Less | Comparison::AtMost => self.limit - value,
            Comparison::Greater | Comparison::AtLeast => value - self.limit,
            Comparison::Equal => -(value - self.limit).abs(),
            Comparison::NotEqual => (value - self.limit).abs(),
        }
    }

    /// Whether the figures of a whole run tell its value, those by step and those that selectors ask for: it has no
    /// window, and asks for nothing that is counted in passing.
    pub fn is_told_by_totals(&self) -> bool {
        let is_counted_in_passing = match self.metric {
            MetricName::Answers | MetricName::Checks => self.selector.asks_for_origin(),
            MetricName::Connections(_)
            | MetricName::Iterations
            | MetricName::FailedIterations
            | MetricName::LateIterations
            | MetricName::DroppedIterations
            | MetricName::ScheduleAchieved => self.selector != Selector::default(),
            _ => false,
        };
        self.options.window.is_none() && !is_counted_in_passing
    }

    /// What its value is counted in.
    pub fn unit(&self) -> Unit {
        self.aggregation.unit(&self.metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn reads_the_forms_k6_made_known() {
        let threshold = Threshold::parse("sale.response_time", "p(99) < 800ms").expect("valid");
        assert_eq!(threshold.metric, MetricName::ResponseTime);
        assert_eq!(threshold.selector.step.as_deref(), Some("sale"));
        assert_eq!(threshold.aggregation, Aggregation::Percentile(99.0));
        assert!(threshold.holds(799.9) && !threshold.holds(800.0));
        let rate = Threshold::parse("sale.failed", "rate<0.1%").expect("valid");
        assert!(rate.holds(0.0009) && !rate.holds(0.001));
        let count = Threshold::parse("reconciliation.mismatches", "count == 0").expect("valid");
        assert!(count.holds(0.0) && !count.holds(1.0));
        assert_eq!(Threshold::parse("schedule_lag", "p(99.9)<=1.5s").expect("valid").limit, 1500.0);
    }

    #[test]
    fn what_is_written_with_options_reads_back_the_same() {
        for (metric, text, expected) in [
            ("failed", "rate < 1 %", "failed: rate < 1 %"),
            ("failed", "ratio<1% over 10s", "failed: ratio<1% over 10s"),
            ("a.b", "count < 1", ""),
            (
                "sale.response_time",
                "p(99.9) < 1.5s min 100 over 1m",
                "sale.response_time: p(99.9) < 1.5s over 1m min 100",
            ),
            (
                "iterations{scenario:day}",
                "per_second >= 95 abort",
                "iterations{scenario:day}: per_second >= 95 abort",
            ),
            (
                "failed{code:05, group:shop}",
                "count < 9 abort after 90s",
                "failed{code:05, group:shop}: count < 9 abort after 90s",
            ),
        ] {
            let read = Threshold::parse(metric, text);
            assert_eq!(read.is_ok(), !expected.is_empty(), "{metric}: {text}: {read:?}");
            let Ok(threshold) = read else { continue };
            assert_eq!(threshold.expression, expected);
            assert_eq!(Threshold::parse_whole(&threshold.expression).as_ref(), Ok(&threshold));
            let window = Options { window: Some(Duration::from_secs(5)), ..Options::default() };
            let other = threshold.with(window).expect("it is known all along");
            assert!(
                other.expression.ends_with(" over 5s") && !other.expression.contains("abort"),
                "{other:?}"
            );
        }
    }

    #[test]
    fn margins_are_positive_where_the_condition_holds_with_room() {
        let margin = |text, value| Threshold::parse("failed", text).expect("valid").margin(value);
        assert!((margin("rate < 10%", 0.04) - 0.06).abs() < 1e-9);
        assert!(margin("rate >= 10%", 0.04) < 0.0);
        assert_eq!((margin("count == 0", 3.0), margin("count != 0", 3.0)), (-3.0, 3.0));
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
        assert!(error("failed", "rate < 1% over soon").contains("over 10s"));
        assert!(error("failed", "rate < 1% over 0s").contains("over 10s"));
        assert!(error("failed", "rate < 1% twice").contains("`twice`"));
        assert!(error("failed{colour:red}", "rate < 1%").contains("`colour`"));
        assert!(error("failed{code:00", "rate < 1%").contains("}"));
        assert!(error("sale.failed{step:echo}", "rate < 1%").contains("two steps"));
        assert!(error("schedule_lag{code:00}", "max < 1s").contains("schedule_lag"));
        assert!(error("portal.alarms", "count < 1 over 10s").contains("end of the run"));
    }
}
