//! The terminals screen: how many do what, and the rows of the fleet that are scrolled to.
//!
//! ```text
//! ╭ Terminals 0 to 13 of 2000 ───────────────────────────────────────────────────╮
//! │ · signed out 3   ░ idle 1955   █ busy 42   ⚠ reversal due 1                   │
//! │ ·░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░█    │
//! │   no terminal state        up STAN   batch  MTI  code  appr  decl  fail  rev │
//! │    0 50000001 busy         ●  000123 000001 0210 00      41     1     0    0 █
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{draw, format, state::State, text, theme::Theme};
use crate::metrics::{Snapshot, TerminalRow};
use ratatui::{
    Frame,
    layout::{Margin, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Paragraph, Scrollbar, ScrollbarOrientation, ScrollbarState},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let theme = &state.theme;
    let fleet = &snapshot.terminals;
    let page = rows(area);
    let count = usize::try_from(fleet.count).unwrap_or(usize::MAX);
    let top = state.top.min(count.saturating_sub(page));
    let bottom = top.saturating_add(page).min(count);
    let block = text::panel(title(top, bottom, count), area, theme);
    let inner = block.inner(area);
    let columns = Columns::of(inner.width.into(), count);
    let mut lines =
        vec![activity(snapshot, inner.width.into(), theme), proportions(snapshot, inner.width.into(), theme)];
    lines.push(Line::styled(columns.heading(), theme.dim));
    lines.extend((top..bottom).map(|number| {
        let row = fleet.rows.iter().find(|row| usize::try_from(row.number) == Ok(number));
        columns.line(number, row, theme)
    }));
    frame.render_widget(Paragraph::new(lines).block(block), area);
    scrollbar(frame, area, top, page, count);
}

/// How many terminals a terminal of size `area` shows at once.
pub(in crate::dashboard) fn page(area: Rect) -> usize {
    rows(draw::body(area))
}

fn rows(area: Rect) -> usize {
    usize::from(area.height).saturating_sub(LINES_ABOVE + 2).max(1)
}

fn title<'a>(top: usize, bottom: usize, count: usize) -> Line<'a> {
    match count {
        0 => Line::raw("Terminals"),
        _ => Line::raw(format!("Terminals {top} to {} of {count}", bottom.saturating_sub(1))),
    }
}

fn activity<'a>(snapshot: &Snapshot, columns: usize, theme: &Theme) -> Line<'a> {
    let counts = &snapshot.terminals.activity;
    let item = |sign: &str, what: &str, count: u64, style: Style| {
        let value = Span::styled(format::count(count), if count == 0 { theme.dim } else { theme.strong });
        Line::from_iter([
            Span::styled(format!("{sign} "), style),
            Span::styled(format!("{what} "), theme.dim),
            value,
        ])
    };
    let due = counts.reversal_pending;
    let due_style = if due == 0 { theme.dim } else { theme.warning };
    let items = [
        item("█", "busy", counts.busy, theme.accent),
        item("▒", "idle", counts.idle, theme.fill),
        item("·", "signed out", counts.signed_out, theme.dim),
        item("⚠", "reversal due", due, due_style),
    ];
    let mut line = Line::raw(" ");
    line.spans.extend(text::items_that_fit(items, columns.saturating_sub(2), 4).spans);
    line
}

/// The fleet as one bar: busy, idle and signed out.
fn proportions<'a>(snapshot: &Snapshot, columns: usize, theme: &Theme) -> Line<'a> {
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
        Span::styled("█".repeat(busy), theme.accent),
        Span::styled("▒".repeat(idle), theme.fill),
        Span::styled("·".repeat(signed_out), theme.dim),
    ])
}

fn scrollbar(frame: &mut Frame, area: Rect, top: usize, page: usize, count: usize) {
    if count > page {
        let track = area.inner(Margin { horizontal: 0, vertical: 1 });
        let bar = Scrollbar::new(ScrollbarOrientation::VerticalRight)
            .begin_symbol(None)
            .end_symbol(None)
            .track_symbol(None)
            .thumb_symbol("█");
        let mut position = ScrollbarState::new(count - page + 1).position(top).viewport_content_length(page);
        frame.render_stateful_widget(bar, track, &mut position);
    }
}

struct Column {
    heading: &'static str,
    width: usize,
    /// Columns of a higher rank are left out first.
    rank: u8,
    is_number: bool,
    value: fn(&TerminalRow) -> String,
}

/// The columns that fit.
struct Columns {
    number: usize,
    gap: usize,
    columns: Vec<&'static Column>,
}

impl Columns {
    fn of(width: usize, count: usize) -> Self {
        let number = count.saturating_sub(1).to_string().len().max(2);
        let used =
            |columns: &[&Column]| 2 + number + columns.iter().map(|column| column.width + 1).sum::<usize>();
        let mut columns: Vec<&Column> = COLUMNS.iter().collect();
        for rank in (0..=RANK_MAX).rev() {
            if used(&columns) > width {
                columns.retain(|column| column.rank != rank);
            }
        }
        let gap = 1 + (width.saturating_sub(used(&columns)) / columns.len().max(1)).min(2);
        Self { number, gap, columns }
    }

    fn heading(&self) -> String {
        self.row(text::right("no", self.number), |column| column.heading.to_owned())
    }

    fn line<'a>(&self, number: usize, row: Option<&TerminalRow>, theme: &Theme) -> Line<'a> {
        let number = text::right(&number.to_string(), self.number);
        let Some(row) = row else { return Line::styled(self.row(number, |_| "…".to_owned()), theme.dim) };
        let line = self.row(number, |column| (column.value)(row));
        Line::styled(line, style(row, theme))
    }

    fn row(&self, number: String, text: impl Fn(&Column) -> String) -> String {
        let mut line = format!(" {number}");
        for column in &self.columns {
            let align = if column.is_number { text::right } else { text::left };
            line += &" ".repeat(self.gap);
            line += &align(&text(column), column.width);
        }
        line
    }
}

fn style(row: &TerminalRow, theme: &Theme) -> Style {
    match row.state.as_str() {
        "reversal due" => theme.warning,
        "busy" => theme.accent,
        "signed out" => theme.dim,
        _ => Style::new(),
    }
}

fn number(value: u64) -> String {
    format::count(value)
}

/// Lines inside the panel above the first row: activity, its bar, the headings.
const LINES_ABOVE: usize = 3;
const RANK_MAX: u8 = 5;

const COLUMNS: &[Column] = &[
    Column { heading: "terminal", width: 8, rank: 0, is_number: false, value: |row| row.terminal_id.clone() },
    Column {
        heading: "merchant",
        width: 15,
        rank: 5,
        is_number: false,
        value: |row| row.merchant_id.clone(),
    },
    Column { heading: "state", width: 12, rank: 0, is_number: false, value: |row| row.state.clone() },
    Column {
        heading: "up",
        width: 2,
        rank: 3,
        is_number: false,
        value: |row| if row.connected { "●" } else { "○" }.to_owned(),
    },
    Column { heading: "STAN", width: 6, rank: 2, is_number: false, value: |row| format!("{:06}", row.stan) },
    Column {
        heading: "batch",
        width: 6,
        rank: 4,
        is_number: false,
        value: |row| format!("{:06}", row.batch),
    },
    Column { heading: "MTI", width: 4, rank: 1, is_number: false, value: |row| row.last_mti.clone() },
    Column { heading: "code", width: 4, rank: 0, is_number: false, value: |row| row.last_code.clone() },
    Column { heading: "appr", width: 5, rank: 0, is_number: true, value: |row| number(row.approved) },
    Column { heading: "decl", width: 5, rank: 0, is_number: true, value: |row| number(row.declined) },
    Column { heading: "fail", width: 5, rank: 0, is_number: true, value: |row| number(row.failed) },
    Column { heading: "rev", width: 4, rank: 2, is_number: true, value: |row| number(row.reversals) },
];
