//! The first two lines: what runs against what, where in its plan it is, and what it says so far.
//!
//! ```text
//!  posfleet  trading-hour → 127.0.0.1:8583     1 Overview  2 Latency  3 Terminals
//!  ▶ running  2:13 / 10:00  ━━━━━━━────────────────────  22 %   seed 42   ✔ pass
//! ```

use crate::dashboard::{
    format,
    state::{Asking, Quit, Screen, State},
    text,
    theme::Theme,
};
use crate::metrics::{Phase, Snapshot, Verdict};
use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let columns = usize::from(area.width);
    let [first, second] = [0, 1].map(|row| Rect { y: area.y + row, height: 1, ..area });
    frame.render_widget(title(state, snapshot, columns), first);
    frame.render_widget(progress(state, snapshot, columns), second);
}

fn title<'a>(state: &State, snapshot: &Snapshot, columns: usize) -> Line<'a> {
    let theme = &state.theme;
    let tabs = tabs(state);
    let room = columns.saturating_sub(tabs.width() + 1);
    let mut line = Line::from_iter([
        Span::raw(" "),
        Span::styled("posfleet", theme.accent.add_modifier(Modifier::BOLD)),
    ]);
    let name = text::fit(&snapshot.name, room.saturating_sub(line.width() + 2));
    line.spans.extend([Span::raw("  "), Span::styled(name, theme.strong)]);
    let room_for_target = room.saturating_sub(line.width() + 3);
    if !snapshot.target.is_empty() && room_for_target >= SHORTEST_TARGET {
        line.spans.push(Span::styled(" → ", theme.dim));
        line.spans.push(Span::raw(text::fit(&snapshot.target, room_for_target)));
    }
    text::at_both_ends(line, tabs, columns)
}

fn tabs<'a>(state: &State) -> Line<'a> {
    let tab = |(index, screen): (usize, Screen)| {
        let shown = screen == state.screen;
        let style = if shown {
            state.theme.accent.add_modifier(Modifier::BOLD | Modifier::REVERSED)
        } else {
            state.theme.dim
        };
        Span::styled(format!(" {} {} ", index + 1, screen.name()), style)
    };
    Screen::ALL.into_iter().enumerate().map(tab).collect()
}

fn progress<'a>(state: &State, snapshot: &Snapshot, columns: usize) -> Line<'a> {
    let theme = &state.theme;
    let clock = format::clock_of(snapshot.elapsed, snapshot.planned_duration);
    let mut left =
        Line::from_iter([Span::raw(" "), phase(state, snapshot), Span::raw("  "), Span::raw(clock)]);
    let facts = [
        if state.frozen { Line::styled(" FROZEN ", theme.badge) } else { Line::default() },
        verdict(snapshot, theme),
        Line::from_iter([Span::styled("seed ", theme.dim), Span::raw(snapshot.seed.to_string())]),
    ];
    let facts = text::items_that_fit(facts, columns.saturating_sub(left.width() + 4), 3);
    if let Some(planned) = snapshot.planned_duration.filter(|planned| !planned.is_zero()) {
        let share = (snapshot.elapsed.as_secs_f64() / planned.as_secs_f64()).min(1.0);
        let room = columns.saturating_sub(left.width() + facts.width() + 13);
        if room >= SHORTEST_GAUGE {
            left.spans.push(Span::raw("  "));
            left.spans.extend(text::gauge(share, room, theme));
            left.spans.push(Span::raw(format!("  {:.0} %", (share * 100.0).floor())));
        }
    }
    let mut right = facts;
    right.spans.push(Span::raw(" "));
    text::at_both_ends(left, right, columns)
}

fn phase<'a>(state: &State, snapshot: &Snapshot) -> Span<'a> {
    let theme = &state.theme;
    match &state.asking {
        Asking::Nothing => {}
        Asking::Pause if snapshot.paused => return Span::styled("go on? p", theme.warning),
        Asking::Pause => return Span::styled("pause the load? p", theme.warning),
        Asking::Abort => return Span::styled("abort the run? X", theme.error),
        Asking::Note(note) => return Span::styled(format!("note: {note}_"), theme.warning),
    }
    match (state.quit, snapshot.phase) {
        (Quit::No, Phase::Running) if snapshot.paused => Span::styled("‖ paused", theme.warning),
        (Quit::Asked, Phase::Starting | Phase::Running | Phase::Stopping) => {
            Span::styled("■ stopping…, q again aborts", theme.warning)
        }
        (Quit::Aborted, _) => Span::styled("■ aborting…", theme.error),
        (_, Phase::Starting) => Span::styled("◌ starting", theme.strong),
        (_, Phase::Running) => Span::styled("▶ running", theme.strong),
        (_, Phase::Stopping) => Span::styled("■ finishing", theme.strong),
        (_, Phase::Reconciling) => Span::styled("⇄ reconciling", theme.strong),
        (_, Phase::Done) => Span::styled("✔ done", theme.strong),
    }
}

fn verdict<'a>(snapshot: &Snapshot, theme: &Theme) -> Line<'a> {
    let all = snapshot.thresholds.len();
    let broken = snapshot.thresholds.iter().filter(|threshold| threshold.pass == Some(false)).count();
    match snapshot.verdict() {
        Verdict::Pass if all == 0 => Line::styled("no thresholds", theme.dim),
        Verdict::Pass => Line::styled("✔ pass so far", theme.ok),
        Verdict::Invalid => Line::styled("✘ generator not well", theme.error),
        Verdict::Fail => Line::styled(format!("✘ fail: {broken} of {all}"), theme.error),
    }
}

const SHORTEST_TARGET: usize = 10;
const SHORTEST_GAUGE: usize = 8;
