//! What the portal of the host inside the program leaves behind: its figures for the summary, and its books as rows.

use crate::{
    card::MaskedPan,
    iso8583::MerchantId,
    iso8583::TerminalId,
    metrics::{ApplicationCounts, Money, PayoutSummary, PortalFinding, PortalSummary},
    money::Amount,
    portal::{Alarm, CodeFault, Fact, Matter, Payout, PayoutNo, PayoutState, Portal, SerialNumber, Stage},
    time::Instant,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

/// The books of a portal when a run is over.
#[expect(missing_debug_implementations, reason = "its rows are made as they are read")]
pub struct PortalBooks<'a> {
    /// Every payout, oldest first.
    pub payouts: &'a mut dyn Iterator<Item = PayoutRow>,
    /// The newest alarms, oldest first.
    pub alarms: &'a mut dyn Iterator<Item = AlarmRow>,
    /// Everything that the final check found.
    pub findings: &'a [PortalFinding],
}

/// A payout as results list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutRow {
    /// Its number.
    pub payout: PayoutNo,
    /// Whose.
    pub merchant: MerchantId,
    /// The card that it went to, masked.
    pub card: Option<MaskedPan>,
    /// What was sold.
    pub gross: Amount,
    /// What the acquirer kept.
    pub fee: Amount,
    /// What was paid.
    pub amount: Option<Amount>,
    /// What was kept for sales that had been undone.
    pub recovered: Option<Amount>,
    /// When it was ordered.
    pub ordered_at: Option<Instant>,
    /// When it was made.
    pub paid_at: Option<Instant>,
    /// Where it stands: `ordered`, `held` or `paid`.
    pub state: &'static str,
}

/// An alarm as results list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRow {
    /// When.
    pub at: Instant,
    /// The device, where the message named it.
    pub device: Option<SerialNumber>,
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
    /// What was wrong with them: `several-codes`, `wrong-code` or `ended-code`.
    pub fault: &'static str,
}

/// What a portal came to.
#[must_use]
pub fn portal_summary(portal: &Portal) -> PortalSummary {
    let tally = portal.tally();
    let mut applications: BTreeMap<Cow<'static, str>, ApplicationCounts> = BTreeMap::new();
    for (_, matter, stage) in portal.applications() {
        *stage_count(applications.entry(matter_name(matter).into()).or_default(), stage) += 1;
    }
    PortalSummary {
        merchants: portal.merchant_count() as u64,
        applications,
        payouts: payout_summary(portal),
        short_messages: tally.short_messages,
        alarms: tally.alarms.iter().map(|(fault, count)| (fault_name(*fault).into(), *count)).collect(),
        refused: tally.refused.iter().map(|(refusal, count)| (refusal.code().into(), *count)).collect(),
    }
}

/// Every payout of a portal as a row.
pub fn payout_rows(portal: &Portal) -> impl Iterator<Item = PayoutRow> + '_ {
    let ordered = portal.history().iter().filter_map(|line| match line.fact {
        Fact::Ordered { payout, .. } => Some((payout, line.at)),
        _ => None,
    });
    let ordered: HashMap<PayoutNo, Instant> = ordered.collect();
    portal.all_payouts().map(move |payout| payout_row(portal, payout, ordered.get(&payout.no).copied()))
}

/// The alarms of a portal as rows.
pub fn alarm_rows(portal: &Portal) -> impl Iterator<Item = AlarmRow> + '_ {
    portal.alarms().map(|Alarm { at, device, shown, fault }| AlarmRow {
        at: *at,
        device: device.clone(),
        terminal: shown.terminal,
        merchant: shown.merchant,
        fault: fault_name(*fault),
    })
}

fn payout_row(portal: &Portal, payout: &Payout, ordered_at: Option<Instant>) -> PayoutRow {
    let Payout { no, merchant, gross, fee, ref state, .. } = *payout;
    let blank = PayoutRow {
        payout: no,
        merchant,
        card: None,
        gross,
        fee,
        amount: None,
        recovered: None,
        ordered_at,
        paid_at: None,
        state: "ordered",
    };
    match *state {
        PayoutState::Ordered(_) => blank,
        PayoutState::Held => PayoutRow { state: "held", ..blank },
        PayoutState::Paid { at, card, amount, recovered } => PayoutRow {
            card: portal.settlement_card(merchant, card),
            amount: Some(amount),
            recovered: Some(recovered),
            paid_at: Some(at),
            state: "paid",
            ..blank
        },
    }
}

fn payout_summary(portal: &Portal) -> PayoutSummary {
    let mut found = PayoutSummary::default();
    let mut worth: HashMap<PayoutNo, u64> = HashMap::new();
    for payout in portal.all_payouts() {
        let net = (payout.gross - payout.fee).minor();
        worth.insert(payout.no, net);
        found.ordered.add(net);
        found.gross_minor += payout.gross.minor();
        found.fees_minor += payout.fee.minor();
        match payout.state {
            PayoutState::Ordered(_) => found.waiting.add(net),
            PayoutState::Held => {}
            PayoutState::Paid { amount, recovered, .. } => {
                found.made.add(amount.minor());
                found.recovered_minor += recovered.minor();
            }
        }
    }
    for line in portal.history() {
        if let Some((count, payout)) = passing(&mut found, &line.fact) {
            count.add(worth.get(&payout).copied().unwrap_or_default());
        }
    }
    found
}

/// The count of what happens to payouts on their way, for those who are interested in more than how they ended.
fn passing<'f>(found: &'f mut PayoutSummary, fact: &Fact) -> Option<(&'f mut Money, PayoutNo)> {
    match *fact {
        Fact::Held { payout } => Some((&mut found.held, payout)),
        Fact::Released { payout } => Some((&mut found.released, payout)),
        Fact::Delayed { payout, .. } => Some((&mut found.late, payout)),
        _ => None,
    }
}

fn stage_count<'c>(counts: &'c mut ApplicationCounts, stage: &Stage) -> &'c mut u64 {
    match stage {
        Stage::Received => &mut counts.received,
        Stage::Pending => &mut counts.pending,
        Stage::Approved => &mut counts.approved,
        Stage::Done => &mut counts.done,
        Stage::Rejected(_) => &mut counts.rejected,
    }
}

fn matter_name(matter: &Matter) -> &'static str {
    match matter {
        Matter::Card(_) => "card-change",
        Matter::Merchant(_) => "merchant-change",
        Matter::Instant(_) => "instant-settlement",
        Matter::Terminal(_) => "terminal-order",
    }
}

fn fault_name(fault: CodeFault) -> &'static str {
    match fault {
        CodeFault::SeveralCodes => "several-codes",
        CodeFault::WrongCode => "wrong-code",
        CodeFault::EndedCode => "ended-code",
    }
}
