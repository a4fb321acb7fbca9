//! The merchant portal as people read it at the end of a run.
//!
//! ```text
//!   10,000 merchants, 20,400 short messages
//!   card-change             10,000 applied: 9,950 in effect, 40 rejected, 10 open
//!   payouts                 51,200 ordered for 1,234,567.00: 51,100 made, 90 waiting, 10 held
//!                           20 held, 10 released, 512 late
//!   alarms                  3 wrong-code
//!   12 requests refused
//!     3101  8 ×  a change is open already
//! ```

use super::{figures::count, text::plural};
use crate::{
    metrics::{ApplicationCounts, Money, PayoutSummary, PortalChecks, PortalFinding, PortalSummary},
    money::Amount,
    portal::Refusal,
};

/// What a portal came to.
pub(super) fn portal_text(found: &PortalSummary) -> Vec<String> {
    let messages = plural(found.short_messages, "short message");
    let mut lines = vec![format!("{}, {messages}", plural(found.merchants, "merchant"))];
    lines.extend(found.applications.iter().map(|(matter, counts)| row(matter, &application_text(*counts))));
    lines.extend(payout_text(&found.payouts));
    if !found.alarms.is_empty() {
        let alarms = found.alarms.iter().map(|(fault, number)| format!("{} {fault}", count(*number)));
        lines.push(row("alarms", &alarms.collect::<Vec<_>>().join(", ")));
    }
    lines.extend(refusal_text(found));
    lines
}

/// What the final check of a portal found, the first findings after the counts.
pub(super) fn checks_text(checks: &PortalChecks, findings: &[PortalFinding]) -> Vec<String> {
    let counts = checks.counts().filter(|(number, ..)| *number > 0);
    let counts = counts.map(|(number, name, meaning)| format!("{} {name}: {meaning}", count(number)));
    counts.chain(findings.iter().map(|finding| format!("  {}", finding.meaning))).collect()
}

fn application_text(counts: ApplicationCounts) -> String {
    format!(
        "{} applied: {} in effect, {} rejected, {} open",
        count(counts.all()),
        count(counts.done),
        count(counts.rejected),
        count(counts.open())
    )
}

fn payout_text(found: &PayoutSummary) -> Vec<String> {
    let PayoutSummary { ordered, made, waiting, held, released, late, .. } = *found;
    if ordered.count == 0 {
        return vec![row("payouts", "none ordered")];
    }
    let worth = Amount::from_minor(found.ordered.amount_minor);
    let kept = Amount::from_minor(found.fees_minor);
    let paid = Amount::from_minor(made.amount_minor);
    let mut lines = vec![
        row("payouts", &format!("{} ordered for {worth}, after fees of {kept}", count(ordered.count))),
        row("", &format!("{} made with {paid}, {} waiting", count(made.count), count(waiting.count))),
    ];
    let on_the_way = [(held, "held"), (released, "released"), (late, "late")];
    let some: Vec<String> = on_the_way.iter().filter_map(|(money, word)| some_text(*money, word)).collect();
    lines.extend((!some.is_empty()).then(|| row("", &some.join(", "))));
    lines
}

fn some_text(money: Money, word: &str) -> Option<String> {
    (money.count > 0).then(|| format!("{} {word}", count(money.count)))
}

/// How many requests were refused, and below it why, the most frequent first.
fn refusal_text(found: &PortalSummary) -> Vec<String> {
    let all: u64 = found.refused.values().sum();
    if all == 0 {
        return Vec::new();
    }
    let mut refused: Vec<(&str, u64)> =
        found.refused.iter().map(|(code, number)| (&**code, *number)).collect();
    refused.sort_by_key(|(code, number)| (std::cmp::Reverse(*number), *code));
    let mut lines = vec![format!("{} refused", plural(all, "request"))];
    lines.extend(refused.iter().take(REFUSALS_SHOWN).map(|(code, number)| {
        let meaning = Refusal::ALL.iter().find(|refusal| refusal.code() == *code);
        format!("  {code}  {:>9} ×  {}", count(*number), meaning.map_or("", |refusal| refusal.english()))
    }));
    if let Some(more) = refused.len().checked_sub(REFUSALS_SHOWN).filter(|more| *more > 0) {
        lines.push(format!("  and {} more in summary.json", plural(more as u64, "code")));
    }
    lines
}

fn row(name: &str, text: &str) -> String {
    format!("{name:<NAME_WIDTH$}{text}")
}

const NAME_WIDTH: usize = 20;
const REFUSALS_SHOWN: usize = 8;
