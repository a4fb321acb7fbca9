//! The terminals screen: how many do what, and the rows of the fleet; opened, one terminal and what it says.
//!
//! ```text
//! ╭ Terminals 0 to 13 of 2000, by number ────────────────────────────────────────╮
//! │ █ busy 42   ▒ idle 1955   · signed out 3   ⚠ reversal due 1                   │
//! │ █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒·    │
//! │   no   terminal state        up STAN   batch  MTI  code  appr  decl  fail rev │
//! │ ▸    0 50000001 busy         ●  000123 000001 0210 00      41     1     0   0 █
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::{Extent, device_detail, terminal_detail};
use crate::dashboard::{
    format,
    look::Look,
    panel::{
        devices, scroll,
        table::{Column, Table},
    },
    state::State,
    text,
    words::Text,
};
use crate::metrics::{RowKey, RowWindow, Snapshot, TerminalRow};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let device = |number| snapshot.devices.iter().find(|device| device.number == number);
    match (state.terminal, state.terminal.and_then(device)) {
        (_, Some(device)) => device_detail::draw(frame, area, device, state, snapshot),
        (Some(number), None) => terminal_detail::draw(frame, area, number, state, snapshot),
        (None, None) => {
            let [upper, lower] = areas(area, snapshot);
            table(frame, upper, state, snapshot);
            if lower.height > 0 {
                devices::render(frame, lower, state, snapshot);
            }
        }
    }
}

pub(super) fn extent(state: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    let [upper, _] = areas(area, snapshot);
    Extent { rows: count(state, snapshot), page: page(upper) }
}

pub(super) fn device_extent(state: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    let [_, lower] = areas(area, snapshot);
    devices::extent(lower, state, snapshot)
}

/// Terminals, and below them the devices of a lab; these get up to half of the height.
fn areas(area: Rect, snapshot: &Snapshot) -> [Rect; 2] {
    let height = devices::wanted(snapshot).min(area.height / 2);
    Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area)
}

/// The rows that can be scrolled to.
fn count(state: &State, snapshot: &Snapshot) -> usize {
    let fleet = &snapshot.terminals;
    let is_plain = state.window().is_plain();
    let rows = if is_plain { fleet.count } else { fleet.matching.min(RowWindow::SORTED_MAX.into()) };
    usize::try_from(rows).unwrap_or(usize::MAX)
}

fn page(area: Rect) -> usize {
    usize::from(area.height).saturating_sub(LINES_ABOVE + 2).max(1)
}

fn table(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let (list, page, count) = (state.list(), page(area), count(state, snapshot));
    let top = list.top.min(count.saturating_sub(page));
    let bottom = top.saturating_add(page).min(count);
    let block = text::panel(title(top, bottom, count, state, snapshot).into(), area, look);
    let inner = block.inner(area);
    let digits = snapshot.terminals.count.saturating_sub(1).to_string().len();
    let table = Table::of(COLUMNS, inner.width.into(), digits);
    let columns = usize::from(inner.width);
    let mut lines = vec![activity(snapshot, columns, look), proportions(snapshot, columns, look)];
    lines.push(Line::styled(table.heading(look), look.theme.dim));
    lines.extend((top..bottom).map(|place| {
        let is_selected = place == list.selected && !state.is_among_devices;
        match row_at(place, state, snapshot) {
            Some(row) => Line::styled(table.line(row, is_selected, look), style(row, is_selected, look)),
            None => Line::styled(table.unknown(&unknown(place, state), is_selected), look.theme.dim),
        }
    }));
    if count == 0 {
        lines.push(Line::styled(look.say(Text::NoTerminal), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
    scroll::render(frame, area, list, page, count);
}

/// The row at a place of the order, when the snapshot has it.
fn row_at<'s>(place: usize, state: &State, snapshot: &'s Snapshot) -> Option<&'s TerminalRow> {
    let rows = &snapshot.terminals.rows;
    if state.window().is_plain() {
        return rows.iter().find(|row| usize::try_from(row.number) == Ok(place));
    }
    let first = usize::try_from(snapshot.terminals.first).ok()?;
    rows.get(place.checked_sub(first)?)
}

/// In the order of the fleet the number is known before the row is.
fn unknown(place: usize, state: &State) -> String {
    if state.window().is_plain() { place.to_string() } else { "…".to_owned() }
}

fn title(top: usize, bottom: usize, count: usize, state: &State, snapshot: &Snapshot) -> String {
    let look = &state.look;
    if snapshot.terminals.count == 0 {
        return look.say(Text::Terminals).to_owned();
    }
    let last = bottom.saturating_sub(1).to_string();
    let mut title = look.fill(Text::TerminalsRange, &[&top.to_string(), &last, &count.to_string()]);
    if state.order != Default::default() {
        let sign = if state.order.is_inverted { " ▲" } else { " ▼" };
        title = title + ", " + look.say(key_name(state.order.key)) + sign;
    }
    if !state.filter.is_empty() {
        title = title + ", /" + &state.filter;
    }
    title
}

fn key_name(key: RowKey) -> Text {
    match key {
        RowKey::Number => Text::ByNumber,
        RowKey::State => Text::ByState,
        RowKey::Code => Text::ByCode,
        RowKey::Approved => Text::ByApproved,
        RowKey::Declined => Text::ByDeclined,
        RowKey::Failed => Text::ByFailed,
        RowKey::Reversals => Text::ByReversals,
    }
}

fn activity<'a>(snapshot: &Snapshot, columns: usize, look: &Look) -> Line<'a> {
    let counts = &snapshot.terminals.activity;
    let item = |sign: &str, what: Text, count: u64, style: Style| {
        let value =
            Span::styled(format::count(count), if count == 0 { look.theme.dim } else { look.theme.strong });
        Line::from_iter([
            Span::styled(format!("{sign} "), style),
            Span::styled(format!("{} ", look.say(what)), look.theme.dim),
            value,
        ])
    };
    let due = counts.reversal_pending;
    let due_style = if due == 0 { look.theme.dim } else { look.theme.warning };
    let items = [
        item("█", Text::Busy, counts.busy, look.theme.accent),
        item("▒", Text::Idle, counts.idle, look.theme.fill),
        item("·", Text::SignedOut, counts.signed_out, look.theme.dim),
        item("⚠", Text::ReversalDue, due, due_style),
    ];
    let mut line = Line::raw(" ");
    line.spans.extend(text::items_that_fit(items, columns.saturating_sub(2), 4).spans);
    line
}

/// The fleet as one bar: busy, idle and signed out.
fn proportions<'a>(snapshot: &Snapshot, columns: usize, look: &Look) -> Line<'a> {
    let counts = &snapshot.terminals.activity;
    let all = counts.busy.saturating_add(counts.idle).saturating_add(counts.signed_out);
    let columns = columns.saturating_sub(2);
    let part = |count: u64| {
        let share = if all == 0 { 0.0 } else { count as f64 / all as f64 };
        ((share * columns as f64).round() as usize).max(usize::from(count > 0))
    };
    let busy = part(counts.busy).min(columns);
    let signed_out = part(counts.signed_out).min(columns - busy);
    let idle = if counts.idle > 0 { columns - busy - signed_out } else { 0 };
    Line::from_iter([
        Span::raw(" "),
        Span::styled("█".repeat(busy), look.theme.accent),
        Span::styled("▒".repeat(idle), look.theme.fill),
        Span::styled("·".repeat(signed_out), look.theme.dim),
    ])
}

/// The name of a terminal's state in the operator's language.
pub(super) fn state_name(state: &str, look: &Look) -> String {
    let known = match state {
        "busy" => Text::Busy,
        "idle" => Text::Idle,
        "signed out" => Text::SignedOut,
        "reversal due" => Text::ReversalDue,
        other => return other.to_owned(),
    };
    look.say(known).to_owned()
}

fn style(row: &TerminalRow, is_selected: bool, look: &Look) -> Style {
    let style = match row.state.as_str() {
        "reversal due" => look.theme.warning,
        "busy" => look.theme.accent,
        "signed out" => look.theme.dim,
        _ => Style::new(),
    };
    if is_selected { style.add_modifier(Modifier::BOLD) } else { style }
}

/// Lines inside the panel above the first row: activity, its bar, the headings.
const LINES_ABOVE: usize = 3;

const COLUMNS: &[Column<TerminalRow>] = &[
    Column::number(Text::Number, 3, 0, |row, _| row.number.to_string()),
    Column::text(Text::TerminalId, 8, 0, |row, _| row.terminal_id.clone()),
    Column::text(Text::MerchantId, 15, 5, |row, _| row.merchant_id.clone()),
    Column::text(Text::StateWord, 12, 0, |row, look| state_name(&row.state, look)),
    Column::text(Text::Up, 2, 3, |row, _| if row.connected { "●" } else { "○" }.to_owned()),
    Column::text(Text::Stan, 6, 2, |row, _| format!("{:06}", row.stan)),
    Column::text(Text::Batch, 6, 4, |row, _| format!("{:06}", row.batch)),
    Column::text(Text::Mti, 4, 1, |row, _| row.last_mti.clone()),
    Column::text(Text::Code, 4, 0, |row, _| row.last_code.clone()),
    Column::number(Text::ApprovedShort, 4, 0, |row, _| format::count(row.approved)),
    Column::number(Text::DeclinedShort, 4, 0, |row, _| format::count(row.declined)),
    Column::number(Text::FailedShort, 4, 0, |row, _| format::count(row.failed)),
    Column::number(Text::ReversalsShort, 4, 2, |row, _| format::count(row.reversals)),
];
