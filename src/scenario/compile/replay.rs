//! The instants of a replay: a CSV file with a column `at`, in seconds on any clock.

use crate::scenario::table::{Row, Table};
use std::time::Duration;

/// The instants that the text of file `name` lists, in order, the first at nought, `speed` times as fast.
///
/// # Errors
/// What is wrong with the file, or the first row that is no time.
pub(super) fn instants(name: &str, text: &str, speed: f64) -> Result<Vec<Duration>, String> {
    let table = Table::read(name, text, &["at"], 1)?;
    let times: Result<Vec<f64>, String> = table.rows().map(time).collect();
    let mut times = times?;
    times.sort_by(f64::total_cmp);
    let first = times.first().copied().unwrap_or_default();
    times.into_iter().map(|time| after((time - first) / speed)).collect()
}

fn time(row: Row<'_>) -> Result<f64, String> {
    let time: Option<f64> = row.get("at").parse().ok().filter(|time: &f64| time.is_finite());
    time.ok_or_else(|| row.complaint("at", "expected seconds, such as 12.5"))
}

fn after(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|_| "the times are too far apart".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_sorted_and_count_from_the_first() {
        let read = |text, speed| instants("a.csv", text, speed);
        let expected = [0, 500, 2000].map(Duration::from_millis);
        assert_eq!(read("at\n104\n100\n101\n", 2.0).as_deref(), Ok(&expected[..]));
        assert!(read("at\nsoon\n", 1.0).is_err_and(|error| error.starts_with("a.csv:2")));
        assert!(read("time\n1\n", 1.0).is_err() && read("at\n", 1.0).is_err());
    }
}
