//! How sure one can be of a percentile, of a share, and of a difference.
//!
//! A percentile of *n* samples lies between two of them whose ranks follow from the binomial distribution: the order
//! statistics of rank *np* ± *z*·√(*np*(1−*p*)). That needs no assumption about the shape of the distribution. For a
//! share it is Wilson's interval. The interval of a difference is put together from those of both values (Zou and
//! Donner's MOVER, which for shares is Newcombe's method):
//!
//! ```text
//! low  = d − √((b − b_low)² + (a_high − a)²)        d = b − a
//! high = d + √((b_high − b)² + (a − a_low)²)
//! ```

use super::{Difference, Judgement};
use crate::report::archive::Tally;

/// A value, and where the true one lies in 95 of 100 cases; nothing when there are too few samples to say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) value: f64,
    pub(super) interval: Option<(f64, f64)>,
}

impl Measured {
    /// Never takes a value as surer than several runs agree on: the interval holds the values of all of them.
    ///
    /// The intervals of one run take its answers as independent, which those of a slow second are not; the runs of a
    /// side show how much that is.
    pub(super) fn no_surer_than(self, runs: impl Iterator<Item = f64>) -> Self {
        let wide = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        Self { interval: self.interval.map(|interval| runs.fold(interval, wide)), ..self }
    }
}

/// A percentile in milliseconds.
pub(super) fn quantile(tally: &Tally, percentile: f64) -> Measured {
    let (n, p) = (tally.total() as f64, percentile / 100.0);
    let value = tally.at_rank_ms(((n * p).ceil() as u64).max(1));
    let spread = Z * (n * p * (1.0 - p)).sqrt();
    let (low, high) = ((n * p - spread).floor(), (n * p + spread).ceil() + 1.0);
    let is_known = low >= 1.0 && high <= n;
    let interval = is_known.then(|| (tally.at_rank_ms(low as u64), tally.at_rank_ms(high as u64)));
    Measured { value, interval }
}

/// A share of so many, from 0 to 1.
pub(super) fn share(part: u64, whole: u64) -> Measured {
    if whole == 0 {
        return Measured { value: 0.0, interval: None };
    }
    let (n, p, z2) = (whole as f64, part as f64 / whole as f64, Z * Z);
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let spread = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // Rounding must not put the value itself outside.
    Measured { value: p, interval: Some(((middle - spread).clamp(0.0, p), (middle + spread).clamp(p, 1.0))) }
}

/// What differs between two values, of which less is better.
pub(super) fn difference(base: Measured, run: Measured) -> Difference {
    let difference = run.value - base.value;
    let interval = base.interval.zip(run.interval).map(|((base_low, base_high), (run_low, run_high))| {
        let below = (run.value - run_low).hypot(base_high - base.value);
        let above = (run_high - run.value).hypot(base.value - base_low);
        [difference - below, difference + above]
    });
    let judgement = match interval {
        None => Judgement::TooFew,
        Some([low, _]) if low > 0.0 => Judgement::Worse,
        Some([_, high]) if high < 0.0 => Judgement::Better,
        Some(_) => Judgement::Same,
    };
    Difference { base: base.value, run: run.value, difference, interval, judgement }
}

/// 95 of 100 cases of a normal distribution lie within so many deviations.
const Z: f64 = 1.959_963_985;

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(samples: impl IntoIterator<Item = usize>) -> Tally {
        let mut tally = Tally::default();
        samples.into_iter().for_each(|place| tally.add(place, 1));
        tally
    }

    #[test]
    fn the_interval_of_a_percentile_lies_at_the_ranks_of_the_binomial() {
        // Values 1 to 1,000 µs, each once: ranks are values. 500 ± 1.96 × 15.81 = 469.01 … 530.99.
        let median = quantile(&tally(1..=1_000), 50.0);
        assert_eq!(median, Measured { value: 0.5, interval: Some((0.469, 0.532)) });
        // 990 ± 1.96 × 3.146 = 983.83 … 996.17.
        let p99 = quantile(&tally(1..=1_000), 99.0);
        assert_eq!(p99, Measured { value: 0.99, interval: Some((0.983, 0.998)) });
        assert_eq!(quantile(&tally(1..=1_000), 99.9).interval, None, "one sample above says nothing");
        assert_eq!(quantile(&tally([]), 50.0), Measured { value: 0.0, interval: None });
    }

    #[test]
    fn the_interval_of_a_share_is_wilsons() {
        let Measured { value, interval: Some((low, high)) } = share(10, 100) else { panic!("known") };
        assert_eq!(value, 0.1);
        assert!((low - 0.05523).abs() < 1e-5 && (high - 0.17437).abs() < 1e-5, "{low} {high}");
        let none = share(0, 100).interval.expect("known");
        assert!(none.0 == 0.0 && (none.1 - 0.03699).abs() < 1e-5, "{none:?}");
        assert_eq!(share(7, 7).interval.expect("known").1, 1.0);
        assert_eq!(share(0, 0).interval, None);
    }

    #[test]
    fn runs_that_differ_make_a_value_less_sure() {
        let whole = quantile(&tally(1..=1_000), 50.0);
        assert_eq!(whole.no_surer_than([0.5].into_iter()), whole, "one run says nothing of others");
        let pooled = whole.no_surer_than([0.3, 0.52, 0.9].into_iter());
        assert_eq!(pooled, Measured { value: 0.5, interval: Some((0.3, 0.9)) });
        let unknown = Measured { value: 1.0, interval: None };
        assert_eq!(unknown.no_surer_than([0.3, 0.9].into_iter()), unknown);
    }

    #[test]
    fn a_difference_is_judged_by_its_interval() {
        let measured = |value, low, high| Measured { value, interval: Some((low, high)) };
        let found = difference(measured(10.0, 7.0, 13.0), measured(20.0, 16.0, 24.0));
        assert_eq!((found.interval, found.judgement), (Some([5.0, 15.0]), Judgement::Worse));
        let back = difference(measured(20.0, 16.0, 24.0), measured(10.0, 7.0, 13.0));
        assert_eq!((back.interval, back.judgement), (Some([-15.0, -5.0]), Judgement::Better));
        let close = difference(measured(10.0, 7.0, 13.0), measured(12.0, 8.0, 16.0));
        assert_eq!(close.judgement, Judgement::Same);
        let unknown = difference(Measured { value: 1.0, interval: None }, measured(9.0, 8.0, 10.0));
        assert_eq!((unknown.interval, unknown.judgement), (None, Judgement::TooFew));
    }
}
