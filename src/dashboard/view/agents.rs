//! The agents screen: who makes the load, and what it costs them. A run on one machine has one agent.
//!
//! ```text
//! ╭ Agents ──────────────────────────────────────────────────────────────────────────────╮
//! │   agent         share  terminals  started  lag p99   CPU     RSS  descriptors   age  │
//! │ ▸ this process  100 %       2000    26.6k  1.24 ms  1.42  84.2MB  2031/20000    0 s  │
//! │     shard 0      50 %       1000    13.3k  1.10 ms  0.70                        0 s  │
//! ╰──────────────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::Extent;
use crate::dashboard::{
    format,
    look::Look,
    panel::{
        scroll,
        table::{Column, Table},
    },
    state::State,
    text,
    words::Text,
};
use crate::metrics::{AgentKind, AgentRow, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::Line,
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let block = text::panel(look.say(Text::AgentsTitle).into(), area, look);
    let inner = block.inner(area);
    let fleet: u64 = processes(snapshot).map(|agent| agent.terminals).sum();
    let rows: Vec<Row> = snapshot.agents.iter().map(|agent| Row { agent: agent.clone(), fleet }).collect();
    let longest = rows.iter().map(|row| text::width(&name(row))).max().unwrap_or(0);
    let table = Table::of(COLUMNS, inner.width.into(), longest);
    let list = state.list();
    let mut lines = vec![Line::styled(table.heading(look), look.theme.dim)];
    for (index, row) in rows.iter().enumerate().skip(list.top).take(page(area)) {
        let is_selected = index == list.selected;
        lines.push(Line::styled(table.line(row, is_selected, look), style(row, is_selected, look)));
    }
    if rows.is_empty() {
        lines.push(Line::styled(look.say(Text::NotYetKnown), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
    scroll::render(frame, area, list, page(area), rows.len());
}

pub(super) fn extent(_: &State, area: Rect, snapshot: &Snapshot) -> Extent {
    Extent { rows: snapshot.agents.len(), page: page(area) }
}

fn page(area: Rect) -> usize {
    usize::from(area.height).saturating_sub(3).max(1)
}

fn processes(snapshot: &Snapshot) -> impl Iterator<Item = &AgentRow> {
    snapshot.agents.iter().filter(|agent| agent.kind == AgentKind::Process)
}

/// An agent, and how many terminals all agents have.
struct Row {
    agent: AgentRow,
    fleet: u64,
}

/// Shards stand below their process.
fn name(row: &Row) -> String {
    let indent = if row.agent.kind == AgentKind::Shard { "  " } else { "" };
    format!("{indent}{}", row.agent.name)
}

fn style(row: &Row, is_selected: bool, look: &Look) -> Style {
    let style = match () {
        () if row.agent.lag.p99 > LAG_P99_MS_MAX || row.agent.age.as_secs() >= OLD_SECONDS => {
            look.theme.warning
        }
        () if row.agent.kind == AgentKind::Process => look.theme.strong,
        () => Style::new(),
    };
    if is_selected { style.patch(look.theme.accent).add_modifier(Modifier::BOLD) } else { style }
}

/// A sign where the agent is late, so that it does not take a colour to see it.
fn lag(row: &Row) -> String {
    let sign = if row.agent.lag.p99 > LAG_P99_MS_MAX { "⚠ " } else { "" };
    format!("{sign}{}", format::time(row.agent.lag.p99))
}

fn descriptors(row: &Row) -> String {
    let shown = |(open, most): (u64, u64)| format!("{}/{}", format::count(open), format::count(most));
    row.agent.descriptors.map(shown).unwrap_or_default()
}

const COLUMNS: &[Column<Row>] = &[
    Column::text(Text::Agent, 12, 0, |row, _| name(row)),
    Column::number(Text::ShareOfTerminals, 7, 0, |row, _| format::share(row.agent.terminals, row.fleet)),
    Column::number(Text::TerminalsWord, 9, 4, |row, _| format::count(row.agent.terminals)),
    Column::number(Text::StartedWord, 7, 2, |row, _| format::count(row.agent.started)),
    Column::number(Text::LagP50, 8, 3, |row, _| format::time(row.agent.lag.p50)),
    Column::number(Text::LagP99, 10, 0, |row, _| lag(row)),
    Column::number(Text::Cpu, 5, 0, |row, _| format!("{:.2}", row.agent.cpu_cores.max(0.0))),
    Column::number(Text::Rss, 7, 0, |row, _| row.agent.rss_bytes.map(format::bytes).unwrap_or_default()),
    Column::number(Text::Descriptors, 12, 1, |row, _| descriptors(row)),
    Column::number(Text::OpenConnections, 6, 3, |row, _| format::count(row.agent.connections)),
    Column::number(Text::Age, 5, 1, |row, _| format!("{:.1} s", row.agent.age.as_secs_f64())),
];

/// Beyond this the agent makes a visible part of the response times.
const LAG_P99_MS_MAX: f64 = 10.0;
const OLD_SECONDS: u64 = 3;
