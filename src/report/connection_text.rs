//! What became of the connections of terminals, as the summary tells it.

use super::figures::{bytes, count, time};
use crate::metrics::{ConnectionSummary, LatencySummary};

/// The lines; what never happened is left out.
pub(super) fn connection_text(found: &ConnectionSummary) -> Vec<String> {
    let asked = [("opened", found.opened), ("refused", found.refused)];
    let ends = [("ended by the host", found.ended), ("reset", found.resets), ("strays", found.strays)];
    let faults = found.faults.iter().map(|(fault, count)| (fault.as_str(), *count));
    let mut lines = vec![
        counts(asked.into_iter().chain(ends)),
        counts([
            ("full handshakes", found.full_handshakes),
            ("resumed handshakes", found.resumed_handshakes),
        ]),
        counts(faults),
        format!("  {} received, {} sent", bytes(found.bytes_in), bytes(found.bytes_out)),
    ];
    let times =
        [("wait", &found.wait_ms), ("connect", &found.connect_ms), ("handshake", &found.handshake_ms)];
    lines.extend(times.into_iter().filter_map(|(what, times)| Some(quantiles(what, times.as_ref()?))));
    lines.retain(|line| !line.is_empty());
    lines
}

fn counts<'w>(counts: impl IntoIterator<Item = (&'w str, u64)>) -> String {
    let told = counts.into_iter().filter(|(_, number)| *number > 0);
    let told: Vec<String> = told.map(|(what, number)| format!("{} {what}", count(number))).collect();
    if told.is_empty() { String::new() } else { format!("  {}", told.join(", ")) }
}

fn quantiles(what: &str, times: &LatencySummary) -> String {
    let [p50, p99, max] = [times.p50, times.p99, times.max].map(time);
    format!("  {what:<10} p50 {p50}   p99 {p99}   max {max}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_happened_is_left_out() {
        let mut found = ConnectionSummary { opened: 1200, refused: 3, bytes_out: 99, ..Default::default() };
        let text = connection_text(&found);
        assert_eq!(text.len(), 2, "{text:#?}");
        assert!(text[0].ends_with(" opened, 3 refused"), "{text:#?}");
        found.resumed_handshakes = 7;
        found.faults = [("reset".to_owned(), 2)].into();
        let text = connection_text(&found);
        assert_eq!((text[1].as_str(), text[2].as_str()), ("  7 resumed handshakes", "  2 reset"));
    }
}
