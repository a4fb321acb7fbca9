//! Why a text is not a threshold.

/// Why a text is not a threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// There is no metric of that name.
    #[error("unknown metric `{0}`")]
    UnknownMetric(String),
    /// There is no aggregation of that name.
    #[error("unknown aggregation `{0}`, expected p(N), avg, med, min, max, count, rate, ratio or per_second")]
    UnknownAggregation(String),
    /// The metric has no such aggregation.
    #[error("`{metric}` has no `{aggregation}`")]
    DoesNotFit {
        /// The metric.
        metric: String,
        /// The aggregation.
        aggregation: String,
    },
    /// The metric is missing before the condition.
    #[error("expected a metric and a condition such as `failed: rate < 0.1%`")]
    NoMetric,
    /// The comparison is missing or unknown.
    #[error("expected a condition such as `p(99) < 800ms`")]
    NoComparison,
    /// The value is not a number with a unit that fits the metric.
    #[error("`{0}` is not a value that fits here, expected for example 800ms, 1.5s, 0.1% or 0")]
    Value(String),
    /// What follows the value is none of the options.
    #[error("`{0}` is no option of a condition, expected `over 10s`, `min 100` or `abort after 30s`")]
    Option(String),
    /// What stands in braces is not a selector.
    #[error(
        "`{0}` is no selector, expected step, scenario, group, flow, device, code or target, such as {{scenario:day}}"
    )]
    Selector(String),
    /// The step is named before the metric and in the braces.
    #[error("the metric names two steps")]
    TwoSteps,
    /// The metric is not known by what the selector names.
    #[error("`{0}` is not counted by `{1}`")]
    NotSelectable(String, &'static str),
    /// The metric has no value before the end, so that there are no windows of it.
    #[error("`{0}` is known at the end of the run only: it has no window and aborts nothing")]
    KnownAtTheEnd(String),
}
