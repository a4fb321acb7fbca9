//! The screen of errors and codes: which codes came when, and what went wrong without one; opened, single cases.
//!
//! ```text
//! ╭ Response codes over time, whole run ─────────────────────────────────────────╮
//! │   code                     course              count   share  first     last │
//! │ ▸ 00 approved              ▁▂▄▆████████        24.9k  97.5 %   0:01     2:13 │
//! │   51 insufficient funds    ▁▁▁▂▂▂▁▂▂▂▁           402   1.6 %   0:03     2:13 │
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ╭ Without a code: 26 time-outs, 6 errors ──────────────────────────────────────╮
//! │   ⚠ sale: the target did not answer in time        26      0:41      2:09    │
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::{Extent, samples};
use crate::dashboard::{
    Mode, format,
    panel::{
        spark::spark,
        table::{Column, Table},
        timeline::Timeline,
    },
    state::State,
    text,
    words::Text,
};
use crate::metrics::{CauseView, CodeView, Point, Severity, Snapshot};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::Line,
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let selected = state.list().selected;
    let cause = || snapshot.causes.get(selected.checked_sub(snapshot.codes.len())?);
    if state.is_open {
        return samples::draw(frame, area, snapshot.codes.get(selected), cause(), state, snapshot);
    }
    let [upper, lower] = Layout::vertical(heights(area, snapshot)).areas(area);
    codes(frame, upper, state, snapshot);
    causes(frame, lower, state, snapshot);
}

/// Codes and below them causes are one list.
pub(super) fn extent(_: &State, _: Rect, snapshot: &Snapshot) -> Extent {
    let rows = snapshot.codes.len() + snapshot.causes.len();
    Extent { rows, page: rows.max(1) }
}

/// What both lists need, where there is room for it; each at least a third.
fn heights(area: Rect, snapshot: &Snapshot) -> [Constraint; 2] {
    let wanted = |rows: usize| u16::try_from(rows.max(1) + 3).unwrap_or(u16::MAX);
    let (codes, causes) = (wanted(snapshot.codes.len()), wanted(snapshot.causes.len()));
    let upper = codes.min(area.height.saturating_sub(causes).max(area.height / 2));
    [Constraint::Length(upper), Constraint::Fill(1)]
}

fn codes(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let title = format!("{}, {}", look.say(Text::CodesOverTime), look.say(state.span.name()));
    let block = text::panel(title.into(), area, look);
    let inner = block.inner(area);
    let columns = usize::from(inner.width);
    let course = columns.saturating_sub(NAME + BESIDE_COURSE);
    let total: u64 = snapshot.codes.iter().map(|code| code.count).sum();
    let timeline = Timeline::of(&snapshot.series, state.span).columns(course);
    let rows = usize::from(inner.height).saturating_sub(1);
    let selected = state.list().selected;
    let first = (selected.min(snapshot.codes.len().saturating_sub(1)) + 1).saturating_sub(rows.max(1));
    let mut lines = vec![Line::styled(heading(course, state), look.theme.dim)];
    for (index, code) in snapshot.codes.iter().enumerate().skip(first).take(rows) {
        let style = match () {
            () if index == selected => look.theme.accent.add_modifier(Modifier::BOLD),
            () if code.code == APPROVED => look.theme.ok,
            () => look.theme.warning,
        };
        lines.push(Line::styled(code_line(code, index == selected, total, &timeline), style));
    }
    if snapshot.codes.is_empty() {
        lines.push(Line::styled(look.say(Text::NoAnswerYet), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn heading(course: usize, state: &State) -> String {
    let look = &state.look;
    let name = text::left(look.say(Text::Code), NAME);
    let course = text::left(look.say(Text::Course), course);
    let counts = [(Text::Count, 7), (Text::Share, 8), (Text::First, 9), (Text::Last, 9)];
    let counts = counts.map(|(heading, width)| text::right(look.say(heading), width));
    format!("   {name} {course}{}", counts.concat())
}

fn code_line(code: &CodeView, is_selected: bool, total: u64, columns: &[Vec<&Point>]) -> String {
    let mark = if is_selected { " ▸ " } else { "   " };
    let name = text::left(&format!("{} {}", text::left(&code.code, 3), code.meaning), NAME);
    let course: Vec<f64> = columns.iter().map(|points| rate_of(&code.code, points)).collect();
    let course = text::left(&spark(&course, columns.len()), columns.len());
    let (count, share) = (format::count(code.count), format::share(code.count, total));
    let (first, last) = (format::clock(code.first), format::clock(code.last));
    format!("{mark}{name} {course}{count:>7}{share:>8}{first:>9}{last:>9}")
}

/// How often a code came in a column of the time axis.
fn rate_of(code: &str, points: &[&Point]) -> f64 {
    let counts = points.iter().flat_map(|point| &point.codes).filter(|(known, _)| known == code);
    let count: u64 = counts.map(|(_, count)| count).sum();
    count as f64 / points.len().max(1) as f64
}

fn causes(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let (timeouts, errors) =
        snapshot.steps.iter().fold((0, 0), |(late, bad), step| (late + step.timeouts, bad + step.errors));
    let title = look.fill(Text::WithoutCode, &[&format::count(timeouts), &format::count(errors)]);
    let block = text::panel(title.into(), area, look);
    let inner = block.inner(area);
    let longest = snapshot.causes.iter().map(|cause| text::width(&cause.text) + 2).max().unwrap_or(0);
    let table = Table::of(CAUSES, inner.width.into(), longest);
    let rows = usize::from(inner.height).saturating_sub(1);
    let selected = state.list().selected.checked_sub(snapshot.codes.len());
    let first = selected.map_or(0, |selected| (selected + 1).saturating_sub(rows.max(1)));
    let mut lines = vec![Line::styled(table.heading(look), look.theme.dim)];
    for (index, cause) in snapshot.causes.iter().enumerate().skip(first).take(rows) {
        let is_selected = Some(index) == selected;
        let style = match cause.severity {
            _ if is_selected => look.theme.accent.add_modifier(Modifier::BOLD),
            Severity::Info => Style::new(),
            Severity::Warning => look.theme.warning,
            Severity::Error => look.theme.error,
        };
        lines.push(Line::styled(table.line(cause, is_selected, look), style));
    }
    if snapshot.causes.is_empty() {
        lines.push(Line::styled(nothing_wrong(state), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn nothing_wrong(state: &State) -> &'static str {
    state.look.say(if state.mode == Mode::Replay { Text::NotTold } else { Text::NothingWrong })
}

fn signed(cause: &CauseView) -> String {
    let sign = match cause.severity {
        Severity::Info => "·",
        Severity::Warning => "⚠",
        Severity::Error => "✘",
    };
    format!("{sign} {}", cause.text)
}

const APPROVED: &str = "00";
/// The columns of a code and its meaning.
const NAME: usize = 24;
/// The columns of everything else but the course.
const BESIDE_COURSE: usize = 3 + 1 + 7 + 8 + 9 + 9;

const CAUSES: &[Column<CauseView>] = &[
    Column::text(Text::Cause, 30, 0, |cause, _| signed(cause)),
    Column::number(Text::Count, 6, 0, |cause, _| format::count(cause.count)),
    Column::number(Text::First, 8, 1, |cause, _| format::clock(cause.first)),
    Column::number(Text::Last, 8, 0, |cause, _| format::clock(cause.last)),
];
