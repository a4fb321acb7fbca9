//! Bars: what a bench holds its figures against, said on lines of their own that `benches/all` gathers.

use std::ops::{Bound, RangeBounds};

/// Says whether a figure keeps its bar: `..=1.5` is at most, `0.98..` at least.
pub fn bar(what: &str, value: f64, range: impl RangeBounds<f64>) {
    let verdict = if range.contains(&value) { "met" } else { "missed" };
    let bound = match (range.start_bound(), range.end_bound()) {
        (Bound::Included(least), _) => format!("at least {least:.3}"),
        (_, Bound::Included(most)) => format!("at most {most:.3}"),
        _ => "no bound".to_owned(),
    };
    println!("BAR {verdict:6} {what}: {value:.3} ({bound})");
}
