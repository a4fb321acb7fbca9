//! DE 48 for people: totals of a settlement, details and count of a batch upload, and tips.

use super::{money, part};
use crate::iso8583::{
    batch_upload::{BatchDetail, BatchDetails, UploadCount},
    describe::Part,
    mask::{Masking, mask_middle},
    mti::Mti,
    settlement::{SettlementTotals, Totals},
};

/// The parts of the element, none where it is something else.
pub(super) fn parts(mti: Mti, content: &[u8], masking: Masking) -> Option<Vec<Part>> {
    let is = |request: Mti| mti == request || mti == request.response();
    if is(Mti::SETTLEMENT) {
        return SettlementTotals::from_digits(content).ok().map(settlement);
    }
    if is(Mti::BATCH_UPLOAD)
        && let Ok(details) = BatchDetails::from_digits(content)
    {
        return Some(
            details
                .as_slice()
                .iter()
                .enumerate()
                .map(|(place, known)| detail(place, known, masking))
                .collect(),
        );
    }
    if is(Mti::BATCH_UPLOAD)
        && let Ok(UploadCount(count)) = UploadCount::from_digits(content)
    {
        return Some(vec![part("uploaded", format!("{count} transactions"))]);
    }
    let tip: u64 = std::str::from_utf8(content).ok().filter(|digits| digits.len() == 12)?.parse().ok()?;
    Some(vec![part("tip", money(tip))])
}

fn detail(place: usize, detail: &BatchDetail, masking: Masking) -> Part {
    let pan: String = detail.pan().iter().copied().map(char::from).collect();
    let pan = if masking == Masking::Masked { mask_middle(&pan, (6, 4)) } else { pan };
    let card = if detail.foreign { "foreign" } else { "domestic" };
    part(
        format!("detail {}", place + 1),
        format!("STAN {}, {} with the {card} card {pan}", detail.stan, money(detail.amount)),
    )
}

fn settlement(totals: SettlementTotals) -> Vec<Part> {
    let half = |labels: [&'static str; 3], totals: Totals| {
        [
            part(labels[0], format!("{} in {}", totals.debit_amount, totals.debit_count)),
            part(labels[1], format!("{} in {}", totals.credit_amount, totals.credit_count)),
            part(labels[2], format!("{} ({})", totals.verdict.digit(), totals.verdict.meaning())),
        ]
    };
    let domestic = half(["domestic debit", "domestic credit", "domestic verdict"], totals.domestic);
    let foreign = half(["foreign debit", "foreign credit", "foreign verdict"], totals.foreign);
    domestic.into_iter().chain(foreign).collect()
}
