//! Which terminals of a shard a face wants to see: its part of a window over the fleet.

use super::shard::{Seat, Shard};
use crate::{
    metrics::{RowKey, RowWindow, TerminalRow},
    terminal::Terminal,
};
use std::cmp::Reverse;

/// The rows of one shard that belong to a window, or might.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// In no order that matters: the collector puts those of all shards in order.
    pub(super) rows: Vec<TerminalRow>,
    /// How many terminals of the shard the filter lets pass.
    pub(super) matching: u64,
    /// The terminal that is looked at closely, when it is one of this shard's.
    pub(super) selected: Option<TerminalRow>,
}

impl Shard {
    /// The rows that `window` is about.
    pub(super) fn rows(&self, window: &RowWindow) -> Rows {
        let (rows, matching) = match window.is_plain() {
            true => (self.plain_rows(window), self.seats.len() as u64),
            false => self.sorted_rows(window),
        };
        let selected = self.selected_place(window).and_then(|place| self.row_at(place));
        Rows { rows, matching, selected }
    }

    /// The seat of the terminal that is looked at closely.
    pub(super) fn selected_place(&self, window: &RowWindow) -> Option<usize> {
        let wanted = window.selected?;
        self.seats.iter().position(|seat| self.fleet_number(seat) == wanted)
    }

    fn plain_rows(&self, window: &RowWindow) -> Vec<TerminalRow> {
        let is_wanted = |number: u32| window.first <= number && number - window.first < window.count;
        let wanted = self.seats.iter().filter(|seat| is_wanted(self.fleet_number(seat)));
        wanted.map(|seat| self.row(seat)).collect()
    }

    /// Those that come first in the order, down to the end of the window: any of them may be in it.
    fn sorted_rows(&self, window: &RowWindow) -> (Vec<TerminalRow>, u64) {
        let filter = window.filter.to_lowercase();
        let mut keys: Vec<((u64, u32), usize)> = self
            .seats
            .iter()
            .enumerate()
            .filter(|(_, seat)| filter.is_empty() || passes(&self.row(seat), &filter))
            .map(|(place, seat)| ((key(seat, window), self.fleet_number(seat)), place))
            .collect();
        let matching = keys.len() as u64;
        let depth = window.first.saturating_add(window.count).min(RowWindow::SORTED_MAX) as usize;
        if depth < keys.len() {
            keys.select_nth_unstable(depth);
            keys.truncate(depth);
        }
        (keys.into_iter().filter_map(|(_, place)| self.row_at(place)).collect(), matching)
    }

    fn row_at(&self, place: usize) -> Option<TerminalRow> {
        self.seats.get(place).map(|seat| self.row(seat))
    }

    fn row(&self, seat: &Seat) -> TerminalRow {
        row(self.fleet_number(seat), &seat.terminal.borrow(), seat.is_busy())
    }
}

/// Puts the rows of all shards in the order of `window`, and cuts out what it wants.
pub(super) fn arranged(mut rows: Vec<TerminalRow>, window: &RowWindow) -> Vec<TerminalRow> {
    rows.sort_by_key(|row| (row_key(row, window), row.number));
    let before = if window.is_plain() { 0 } else { window.first as usize };
    rows.into_iter().skip(before).take(window.count as usize).collect()
}

/// Whether a text of the row holds `filter`, which is in lower case.
fn passes(row: &TerminalRow, filter: &str) -> bool {
    let texts = [&row.terminal_id, &row.merchant_id, &row.state, &row.last_mti, &row.last_code];
    texts.into_iter().any(|text| text.to_lowercase().contains(filter))
}

/// What decides the place of a terminal, the lowest first.
fn key(seat: &Seat, window: &RowWindow) -> u64 {
    let terminal = seat.terminal.borrow();
    let record = terminal.record();
    let code = record.last_code.map_or([0; 2], |code| *code.as_bytes());
    let ascending = match window.order.key {
        RowKey::Number => 0,
        RowKey::State => state_rank(state(&terminal, seat.is_busy())),
        RowKey::Code => code_rank(code),
        RowKey::Approved => most_first(record.approved.into()),
        RowKey::Declined => most_first(record.declined.into()),
        RowKey::Failed => most_first(record.failed.into()),
        RowKey::Reversals => most_first(record.reversed.into()),
    };
    turned(ascending, window)
}

/// The same of a row.
fn row_key(row: &TerminalRow, window: &RowWindow) -> u64 {
    let code = row.last_code.as_bytes().first_chunk().copied().unwrap_or_default();
    let ascending = match window.order.key {
        RowKey::Number => 0,
        RowKey::State => state_rank(&row.state),
        RowKey::Code => code_rank(code),
        RowKey::Approved => most_first(row.approved),
        RowKey::Declined => most_first(row.declined),
        RowKey::Failed => most_first(row.failed),
        RowKey::Reversals => most_first(row.reversals),
    };
    turned(ascending, window)
}

fn turned(ascending: u64, window: &RowWindow) -> u64 {
    if window.order.is_inverted { most_first(ascending) } else { ascending }
}

fn most_first(count: u64) -> u64 {
    Reverse(count).0.wrapping_neg().wrapping_sub(1)
}

/// Codes by their characters; approvals and terminals without any come last.
fn code_rank(code: [u8; 2]) -> u64 {
    match &code {
        [0, 0] => u64::MAX,
        b"00" => u64::MAX - 1,
        [first, second] => u64::from(*first) << 8 | u64::from(*second),
    }
}

fn state_rank(state: &str) -> u64 {
    STATES.iter().position(|known| *known == state).unwrap_or(STATES.len()) as u64
}

fn state(terminal: &Terminal, is_busy: bool) -> &'static str {
    let [due, busy, idle, signed_out] = STATES;
    match () {
        () if is_busy => busy,
        () if terminal.has_pending_reversal() => due,
        () if terminal.is_signed_in() => idle,
        () => signed_out,
    }
}

fn row(number: u32, terminal: &Terminal, is_busy: bool) -> TerminalRow {
    let record = terminal.record();
    TerminalRow {
        number,
        terminal_id: terminal.id().to_string(),
        merchant_id: terminal.merchant().to_string(),
        state: state(terminal, is_busy).to_owned(),
        connected: terminal.is_connected(),
        last_mti: record.last_mti.map(|mti| mti.to_string()).unwrap_or_default(),
        last_code: record.last_code.map(|code| code.to_string()).unwrap_or_default(),
        stan: terminal.next_stan().number(),
        batch: terminal.batch().number(),
        approved: record.approved.into(),
        declined: record.declined.into(),
        failed: record.failed.into(),
        reversals: record.reversed.into(),
    }
}

/// What a terminal may do, in the order in which an operator cares.
const STATES: [&str; 4] = ["reversal due", "busy", "idle", "signed out"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::RowOrder;

    fn rows() -> Vec<TerminalRow> {
        let row = |(number, state, code, failed): (u32, &str, &str, u64)| TerminalRow {
            number,
            state: state.into(),
            last_code: code.into(),
            failed,
            ..TerminalRow::default()
        };
        [(3, "idle", "51", 2), (1, "busy", "00", 0), (2, "reversal due", "", 7), (0, "signed out", "91", 2)]
            .map(row)
            .into()
    }

    fn numbers(window: &RowWindow) -> Vec<u32> {
        arranged(rows(), window).iter().map(|row| row.number).collect()
    }

    #[test]
    fn each_order_puts_first_what_an_operator_looks_for() {
        let order = |key, is_inverted| {
            numbers(&RowWindow { order: RowOrder { key, is_inverted }, ..RowWindow::of(0, 9) })
        };
        assert_eq!(order(RowKey::Number, false), [0, 1, 2, 3]);
        assert_eq!(order(RowKey::State, false), [2, 1, 3, 0]);
        assert_eq!(order(RowKey::State, true), [0, 3, 1, 2]);
        assert_eq!(order(RowKey::Code, false), [3, 0, 1, 2]);
        assert_eq!(order(RowKey::Failed, false), [2, 0, 3, 1]);
        assert_eq!(order(RowKey::Failed, true), [1, 0, 3, 2]);
    }

    #[test]
    fn a_window_into_an_order_skips_what_stands_before_it() {
        let order = RowOrder { key: RowKey::Failed, is_inverted: false };
        assert_eq!(numbers(&RowWindow { order, ..RowWindow::of(1, 2) }), [0, 3]);
    }

    #[test]
    fn a_filter_looks_into_every_text_whatever_its_case() {
        let row = &rows()[2];
        assert!(passes(row, "reversal") && passes(&rows()[0], "51") && !passes(row, "51"));
    }
}
