//! Settlement and reconciliation: what both sides say, and every transaction on which they do not agree.

use super::run::Run;
use crate::{
    metrics::{MismatchSummary, ReconciliationSummary, SettlementSummary, SideSummary, Summary},
    money::Amount,
    reconcile::Fault,
    report::{
        figures::count,
        portal_text::portal_text,
        text::{plural, plural_of},
    },
};
use maud::{Markup, html};

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let summary = run.archive.summary.as_ref()?;
    let all = summary.reconciliation.map_or(0, |found| found.mismatched_transactions());
    let body = html! {
        @match &summary.reconciliation {
            None => p { "Not done: this run had no ledger of a host to compare with." },
            Some(found) => (agreement(found)),
        }
        @if !run.archive.mismatches.is_empty() { (mismatches(&run.archive.mismatches, all)) }
        @if let Some(found) = &summary.settlements { (settlements(found)) }
        @if let Some(found) = &summary.portal {
            h3 { "Merchant portal" }
            pre { @for line in portal_text(found) { (line) "\n" } }
        }
        @if !summary.portal_findings.is_empty() {
            h3 { "What the final check of the portal found" }
            ul { @for finding in &summary.portal_findings { li { b { (finding.fault) } ": " (finding.meaning) } } }
            @if let Some(more) = more_findings(summary) { p.says { "and " (more) " more in findings.csv" } }
        }
    };
    let says = "What the terminals believe of every transaction, held against what the host has booked.";
    super::section("reconciliation", "Reconciliation", says, &body)
}

fn agreement(found: &ReconciliationSummary) -> Markup {
    let faults = || {
        Fault::ALL
            .into_iter()
            .map(|(fault, _)| (fault, fault.count_in(found)))
            .filter(|(_, number)| *number > 0)
    };
    html! {
        @if found.mismatches == 0 {
            p.big.good { "✓ both sides agree: none lost, none doubled" }
        } @else {
            p.big.bad { "✗ the sides do not agree on " (plural(found.mismatches, "transaction")) }
        }
        p { "Compared " (plural(found.transactions, "transaction")) " of " (plural(found.terminals, "terminal")) "." }
        @if found.mismatches > 0 {
            div.wide { table {
                thead { tr { th { "fault" } th.n { "transactions" } th { "meaning" } } }
                tbody { @for (fault, number) in faults() { tr { th { (fault.name()) } td.n { (count(number)) } td { (fault.text()) } } } }
            } }
        }
    }
}

/// How many findings of the portal are counted and not listed.
fn more_findings(summary: &Summary) -> Option<u64> {
    let all = summary.reconciliation?.portal?.total();
    all.checked_sub(summary.portal_findings.len() as u64).filter(|more| *more > 0)
}

/// Those that were read of `all`, the first at once and the others where one asks for them.
fn mismatches(mismatches: &[MismatchSummary], all: u64) -> Markup {
    let (first, others) = mismatches.split_at(mismatches.len().min(SHOWN));
    html! {
        h3 { "Each mismatch" }
        (table_of(first))
        @if !others.is_empty() {
            details { summary { (plural_of(others.len() as u64, "further mismatch", "further mismatches")) } (table_of(others)) }
        }
        @if all > mismatches.len() as u64 {
            p.says { "These are the first " (count(mismatches.len() as u64)) " of " (count(all)) "; all are in journal/mismatches.csv." }
        }
    }
}

fn table_of(mismatches: &[MismatchSummary]) -> Markup {
    html! {
        div.wide { table {
            thead { tr {
                th { "fault" } th { "side" }
                @for name in ["terminal", "merchant", "batch", "STAN", "kind"] { th { (name) } }
                th.n { "amount" } th { "RRN" } th { "card" } th { "state" }
            } }
            tbody { @for mismatch in mismatches {
                tr { th rowspan="2" title=(mismatch.meaning) { (mismatch.fault) } td { "terminal" } (side(mismatch.terminal.as_ref())) }
                tr.second { td { "host" } (side(mismatch.host.as_ref())) }
            } }
        } }
    }
}

fn side(side: Option<&SideSummary>) -> Markup {
    let Some(side) = side else {
        return html! { td colspan="9" { "says nothing of it" } };
    };
    let texts = [
        side.terminal.as_deref(),
        side.merchant.as_deref(),
        side.batch.as_deref(),
        side.stan.as_deref(),
        side.kind.as_deref(),
    ];
    html! {
        @for text in texts { td { (text.unwrap_or("–")) } }
        td.n { (Amount::from_minor(side.amount_minor)) }
        @for text in [side.rrn.as_deref(), side.card.as_deref()] { td { (text.unwrap_or("–")) } }
        td { (side.state) }
    }
}

fn settlements(found: &SettlementSummary) -> Markup {
    let pairs = [
        ("balanced at once", found.balanced),
        ("unbalanced, uploaded", found.unbalanced),
        ("batches closed", found.closed),
        ("batches open still", found.open),
        ("transactions uploaded", found.uploaded),
        ("uploaded other than booked", found.differences),
    ];
    html! {
        h3 { "Settlement" }
        dl.pairs { @for (name, number) in pairs { dt { (name) } dd { (count(number)) } } }
    }
}

const SHOWN: usize = 25;
