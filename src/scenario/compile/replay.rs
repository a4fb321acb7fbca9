//! The instants of a replay: a CSV file with a column `at`, in seconds on any clock, or a capture of the network.

use crate::{
    inspect::{Capture, Chunk, cut, is_capture, streams},
    iso8583::Spec,
    scenario::{
        table::{Row, Table},
        text_of,
    },
};
use std::time::Duration;

/// The instants that the file `name` holds, in order, the first at nought, `speed` times as fast.
///
/// # Errors
/// What is wrong with the file, or the first row that is no time.
pub(super) fn instants(
    name: &str,
    bytes: &[u8],
    port: Option<u16>,
    speed: f64,
) -> Result<Vec<Duration>, String> {
    let mut times = match (is_capture(bytes), port) {
        (true, Some(port)) => requests(name, bytes, port)?,
        (true, None) => return Err(format!("`{name}` is a capture: say the `port` of the host in it")),
        (false, Some(_)) => return Err(format!("`port` goes with a capture, and `{name}` is none")),
        (false, None) => rows(name, bytes)?,
    };
    times.sort_by(f64::total_cmp);
    let first = times.first().copied().unwrap_or_default();
    times.into_iter().map(|time| after((time - first) / speed)).collect()
}

fn rows(name: &str, bytes: &[u8]) -> Result<Vec<f64>, String> {
    let text = text_of(bytes.to_vec()).map_err(|error| format!("`{name}`: {error}"))?;
    Table::read(name, &text, &["at"], 1)?.rows().map(time).collect()
}

/// When the first byte of each request towards `port` was captured.
fn requests(name: &str, bytes: &[u8], port: u16) -> Result<Vec<f64>, String> {
    let capture = Capture::read(bytes).map_err(|error| format!("`{name}`: {error}"))?;
    let halves = streams(&capture.segments);
    let towards = halves.iter().filter(|half| half.to.port() == port);
    let times: Vec<f64> = towards.flat_map(|half| &half.chunks).flat_map(of_chunk).collect();
    match times.is_empty() {
        true => Err(format!("`{name}` has no request towards port {port}")),
        false => Ok(times),
    }
}

fn of_chunk(chunk: &Chunk) -> Vec<f64> {
    let cutting = cut(&chunk.bytes, Spec::unionpay());
    let starts = cutting.messages.iter().map(|message| message.start);
    starts.filter_map(|start| chunk.time(start + 1)).map(|nanos| nanos as f64 / 1e9).collect()
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
        let read = |text: &str, speed| instants("a.csv", text.as_bytes(), None, speed);
        let expected = [0, 500, 2000].map(Duration::from_millis);
        assert_eq!(read("at\n104\n100\n101\n", 2.0).as_deref(), Ok(&expected[..]));
        assert!(read("at\nsoon\n", 1.0).is_err_and(|error| error.starts_with("a.csv:2")));
        assert!(read("time\n1\n", 1.0).is_err() && read("at\n", 1.0).is_err());
    }

    #[test]
    fn a_capture_needs_a_port_and_a_table_takes_none() {
        let capture = [0xA1, 0xB2, 0xC3, 0xD4, 0, 0];
        let error = instants("a.pcap", &capture, None, 1.0).expect_err("two ports");
        assert!(error.contains("`port`"), "{error}");
        assert!(instants("a.csv", b"at\n1\n", Some(8583), 1.0).is_err());
        assert!(instants("a.pcap", &capture, Some(8583), 1.0).is_err(), "its header is broken");
    }
}
