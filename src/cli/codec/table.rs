//! A message as a table for people.

use super::{
    mac::Verdict,
    message::{Origin, faults},
};
use crate::{
    inspect::{Cut, Cutting, MAC_MISSING},
    iso8583::{Description, Header, Masking},
};
use std::fmt::Write as _;

/// The table of one message, with where it comes from and what is wrong with it.
pub(super) fn table(
    cut: &Cut<'_>,
    cutting: &Cutting<'_>,
    origin: Option<&Origin>,
    masking: Masking,
    verdict: Option<&Verdict>,
) -> String {
    let mut text = String::new();
    if let Some(origin) = origin {
        let time = origin.time.as_deref().unwrap_or("no time");
        let _ = writeln!(text, "{time}  stream {}  {} > {}", origin.stream, origin.from, origin.to);
    }
    if let Some(message) = &cut.message {
        let shown = cut.head.as_ref().filter(|_| cutting.framing.tpdu && cutting.framing.header);
        let _ = write!(text, "{}", Description::of(message, shown, masking));
    }
    if let Some(head) = cut.head.as_ref() {
        if !(cutting.framing.tpdu && cutting.framing.header) {
            let parts = [
                cutting.framing.tpdu.then(|| format!("TPDU {}", head.tpdu)),
                cutting.framing.header.then(|| format!("header {}", head.header)),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            let _ = writeln!(text, "  {}", parts.join("  "));
        }
        if cutting.framing.header {
            let _ = writeln!(text, "  {}", header(head.header));
        }
    }
    if cut.mac_is_missing {
        let _ = writeln!(text, "  {MAC_MISSING}");
    }
    if let Some(verdict) = verdict {
        let _ = writeln!(text, "  {verdict}");
    }
    for fault in faults(cut) {
        let _ = writeln!(text, "error: {fault}");
    }
    text
}

/// The digits of a header in words.
fn header(header: Header) -> String {
    let digits = header.to_string();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let state = if header.is_test() { "test" } else { "normal" };
    let request = match header.processing_request() {
        0 => "0 (nothing)".to_owned(),
        1 => "1 (parameters)".to_owned(),
        2 => "2 (status)".to_owned(),
        3 => "3 (sign-in)".to_owned(),
        4 => "4 (public keys)".to_owned(),
        5 => "5 (card applications)".to_owned(),
        other => other.to_string(),
    };
    format!(
        "header: class {}, version {}, state {state}, processing request {request}, software {}",
        part(0, 2),
        part(2, 4),
        part(6, 12)
    )
}
