//! What the operator may choose between on several screens: which time, which chart, which part of the run.

use crate::dashboard::words::Text;
use std::time::Duration;

/// Which time of a step is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::dashboard) enum TimeKind {
    /// From the scheduled start.
    #[default]
    Response,
    /// From the send.
    Service,
    /// Where the time goes.
    Parts,
}

impl TimeKind {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Response => Self::Service,
            Self::Service => Self::Parts,
            Self::Parts => Self::Response,
        }
    }
}

/// Which picture a distribution has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::dashboard) enum ChartKind {
    /// One bar a bucket.
    #[default]
    Histogram,
    /// Time × logarithm of the latency.
    Heatmap,
    /// Latency by percentile.
    Curve,
}

impl ChartKind {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Histogram => Self::Heatmap,
            Self::Heatmap => Self::Curve,
            Self::Curve => Self::Histogram,
        }
    }
}

/// Which part of the run the time axes show, up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::dashboard) enum Span {
    TenSeconds,
    Minute,
    FiveMinutes,
    /// All of it.
    #[default]
    Run,
}

impl Span {
    const ALL: [Self; 4] = [Self::TenSeconds, Self::Minute, Self::FiveMinutes, Self::Run];

    pub(super) fn wider(self) -> Self {
        Self::ALL.get(self as usize + 1).copied().unwrap_or(self)
    }

    pub(super) fn narrower(self) -> Self {
        (self as usize).checked_sub(1).and_then(|place| Self::ALL.get(place).copied()).unwrap_or(self)
    }

    /// Its length; `None` is the whole run.
    pub(in crate::dashboard) fn length(self) -> Option<Duration> {
        let seconds = match self {
            Self::TenSeconds => 10,
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::Run => return None,
        };
        Some(Duration::from_secs(seconds))
    }

    pub(in crate::dashboard) fn name(self) -> Text {
        match self {
            Self::TenSeconds => Text::LastTenSeconds,
            Self::Minute => Text::LastMinute,
            Self::FiveMinutes => Text::LastFiveMinutes,
            Self::Run => Text::WholeRun,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_end_at_both_ends() {
        assert_eq!(Span::Run.wider(), Span::Run);
        assert_eq!(Span::Run.narrower().narrower().narrower().narrower(), Span::TenSeconds);
        assert_eq!(Span::TenSeconds.wider(), Span::Minute);
    }
}
