//! One terminal at large: what is known of it, and what it says and hears, live and without card data.
//!
//! ```text
//! ╭ Terminal 17: 50000018 ───────────────────────────────────────────────╮
//! │ state busy   merchant 898310048160004   STAN 000031   batch 000001   │
//! ╰──────────────────────────────────────────────────────────────────────╯
//! ╭ Messages ────────────────────────────────────────────────────────────╮
//! │ 2:11.402 → 0200  2 622848******0017  3 000000  4 000000012300        │
//! │ 2:11.424 ← 0210  39 00                                               │
//! ╰──────────────────────────────────────────────────────────────────────╯
//! ```

use super::terminals::state_name;
use crate::dashboard::{
    format,
    panel::{
        facts::{self, Fact},
        trace,
    },
    state::State,
    text,
    words::Text,
};
use crate::metrics::{Snapshot, TerminalRow};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame, area: Rect, number: u32, state: &State, snapshot: &Snapshot) {
    let fleet = &snapshot.terminals;
    let known = fleet.selected.iter().chain(&fleet.rows).find(|row| row.number == number);
    let [upper, lower] = Layout::vertical([Constraint::Length(4), Constraint::Fill(1)]).areas(area);
    about(frame, upper, number, known, state);
    trace::render(frame, lower, number, state, snapshot);
}

fn about(frame: &mut Frame, area: Rect, number: u32, row: Option<&TerminalRow>, state: &State) {
    let look = &state.look;
    let id = row.map_or("…", |row| &row.terminal_id);
    let block = text::panel(look.fill(Text::TerminalTitle, &[&number.to_string(), id]).into(), area, look);
    let columns = usize::from(block.inner(area).width);
    let lines = match row {
        Some(row) => {
            [who(row, state), what(row, state)].map(|facts| facts::line(facts, columns, look)).into()
        }
        None => vec![Line::styled(look.say(Text::NotYetKnown), look.theme.dim)],
    };
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn who(row: &TerminalRow, state: &State) -> Vec<Fact> {
    let look = &state.look;
    let connected = look.say(if row.connected { Text::Yes } else { Text::No });
    vec![
        Fact::of(Text::StateWord, state_name(&row.state, look), look),
        Fact::of(Text::MerchantId, row.merchant_id.clone(), look),
        Fact::of(Text::Stan, format!("{:06}", row.stan), look),
        Fact::of(Text::Batch, format!("{:06}", row.batch), look),
        Fact::of(Text::Connected, connected.to_owned(), look),
    ]
}

fn what(row: &TerminalRow, state: &State) -> Vec<Fact> {
    let look = &state.look;
    vec![
        Fact::of(Text::LastMessage, format!("{} {}", row.last_mti, row.last_code), look),
        Fact::of(Text::Approved, format::count(row.approved), look),
        Fact::of(Text::Declined, format::count(row.declined), look),
        Fact::bad(Text::FailedWord, row.failed, look),
        Fact::of(Text::Reversals, format::count(row.reversals), look),
    ]
}
