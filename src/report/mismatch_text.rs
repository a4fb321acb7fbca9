//! Mismatches as people read them: what is wrong, and below it both sides beside each other.
//!
//! ```text
//!   amount: the amounts differ
//!     terminal  10000001 000001/000042 sale 12.50 622202******7890 RRN 123456789012 merchant 898… approved
//!     host      10000001 000001/000042 sale 13.50 622202******7890 RRN 123456789012 merchant 898… captured
//! ```

use super::{figures::count, text::plural};
use crate::{
    metrics::{MismatchSummary, ReconciliationSummary, SideSummary},
    money::Amount,
    reconcile::Fault,
};

/// What a reconciliation found, as people read it; `mismatches` are those that are shown.
pub fn findings_text(found: &ReconciliationSummary, mismatches: &[MismatchSummary]) -> String {
    let compared = format!(
        "compared {} of {}",
        plural(found.transactions, "transaction"),
        plural(found.terminals, "terminal")
    );
    if found.mismatches == 0 {
        return format!("{compared}: both sides agree");
    }
    let mut lines =
        vec![format!("{compared}: the sides do not agree on {}", plural(found.mismatches, "transaction"))];
    lines.extend(counts_text(found).into_iter().map(|line| format!("  {line}")));
    for mismatch in mismatches {
        lines.push(String::new());
        lines.extend(mismatch_text(mismatch));
    }
    let more = found.mismatches.saturating_sub(mismatches.len() as u64);
    if more > 0 {
        lines.push(format!("\nand {} more; --all shows them", count(more)));
    }
    lines.join("\n")
}

/// The counts of a reconciliation, a line each, those of nothing left out.
pub(super) fn counts_text(found: &ReconciliationSummary) -> Vec<String> {
    let meanings = Fault::ALL.map(|(fault, _)| (fault, fault.count_in(found)));
    let found = meanings.into_iter().filter(|(_, number)| *number > 0);
    found.map(|(fault, number)| format!("{} {}: {}", count(number), fault.name(), fault.text())).collect()
}

/// One mismatch in three lines.
pub(super) fn mismatch_text(mismatch: &MismatchSummary) -> [String; 3] {
    let side = |side: &Option<SideSummary>| side.as_ref().map_or_else(|| "–".to_owned(), side_text);
    [
        format!("{}: {}", mismatch.fault, mismatch.meaning),
        format!("  terminal  {}", side(&mismatch.terminal)),
        format!("  host      {}", side(&mismatch.host)),
    ]
}

fn side_text(side: &SideSummary) -> String {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
    let mut words = vec![known(&side.terminal), format!("{}/{}", known(&side.batch), known(&side.stan))];
    words.extend(side.kind.as_deref().map(str::to_owned));
    words.push(Amount::from_minor(side.amount_minor).to_string());
    words.extend(side.card.clone());
    words.extend(side.rrn.as_ref().map(|rrn| format!("RRN {rrn}")));
    words.extend(side.merchant.as_ref().map(|merchant| format!("merchant {merchant}")));
    words.push(side.state.clone().into_owned());
    words.join(" ")
}
