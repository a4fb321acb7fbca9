//! The first two lines: what runs against what, where in its plan it is, and what it says so far.
//!
//! ```text
//!  posfleet  trading-hour → 127.0.0.1:8583    1 Overview  2  3  4  5  6  7  8  9
//!  ▶ running  2:13 / 10:00  ━━━━━━━────────────────────  22 %   seed 42   ✔ pass
//! ```

use crate::dashboard::{
    format,
    look::Look,
    state::{Quit, Screen, State},
    text,
    words::Text,
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
    let look = &state.look;
    let tabs = tabs(state, columns);
    let room = columns.saturating_sub(tabs.width() + 1);
    let mut line = Line::from_iter([
        Span::raw(" "),
        Span::styled("posfleet", look.theme.accent.add_modifier(Modifier::BOLD)),
    ]);
    let name = text::fit(&snapshot.name, room.saturating_sub(line.width() + 2));
    line.spans.extend([Span::raw("  "), Span::styled(name, look.theme.strong)]);
    let room_for_target = room.saturating_sub(line.width() + 3);
    if !snapshot.target.is_empty() && room_for_target >= SHORTEST_TARGET {
        line.spans.push(Span::styled(" → ", look.theme.dim));
        line.spans.push(Span::raw(text::fit(&snapshot.target, room_for_target)));
    }
    text::at_both_ends(line, tabs, columns)
}

/// The screens; only the one that is shown by name where there is no room for all names.
fn tabs<'a>(state: &State, columns: usize) -> Line<'a> {
    let has_room = columns >= NAMED_TABS;
    let tab = |(index, screen): (usize, Screen)| {
        let shown = screen == state.screen;
        let name =
            if shown || has_room { format!(" {}", state.look.say(screen.name())) } else { String::new() };
        let style = if shown {
            state.look.theme.accent.add_modifier(Modifier::BOLD | Modifier::REVERSED)
        } else {
            state.look.theme.dim
        };
        Span::styled(format!(" {}{name} ", index + 1), style)
    };
    Screen::ALL.into_iter().enumerate().map(tab).collect()
}

fn progress<'a>(state: &State, snapshot: &Snapshot, columns: usize) -> Line<'a> {
    let look = &state.look;
    let clock = format::clock_of(snapshot.elapsed, snapshot.planned_duration);
    let mut left =
        Line::from_iter([Span::raw(" "), phase(state, snapshot), Span::raw("  "), Span::raw(clock)]);
    let facts = [
        if state.frozen {
            Line::styled(format!(" {} ", look.say(Text::Frozen)), look.theme.badge)
        } else {
            Line::default()
        },
        verdict(snapshot, look),
        Line::from_iter([
            Span::styled(format!("{} ", look.say(Text::Seed)), look.theme.dim),
            Span::raw(snapshot.seed.to_string()),
        ]),
    ];
    let facts = text::items_that_fit(facts, columns.saturating_sub(left.width() + 4), 3);
    if let Some(planned) = snapshot.planned_duration.filter(|planned| !planned.is_zero()) {
        let share = (snapshot.elapsed.as_secs_f64() / planned.as_secs_f64()).min(1.0);
        let room = columns.saturating_sub(left.width() + facts.width() + 13);
        if room >= SHORTEST_GAUGE {
            left.spans.push(Span::raw("  "));
            left.spans.extend(text::gauge(share, room, look));
            left.spans.push(Span::raw(format!("  {:.0} %", (share * 100.0).floor())));
        }
    }
    let mut right = facts;
    right.spans.push(Span::raw(" "));
    text::at_both_ends(left, right, columns)
}

fn phase<'a>(state: &State, snapshot: &Snapshot) -> Span<'a> {
    let look = &state.look;
    match (state.quit, snapshot.phase) {
        _ if state.is_gone => Span::styled(format!("✘ {}", look.say(Text::Gone)), look.theme.error),
        (Quit::No, Phase::Running) if snapshot.paused => {
            Span::styled(format!("‖ {}", look.say(Text::Paused)), look.theme.warning)
        }
        (Quit::Asked, Phase::Starting | Phase::Running | Phase::Stopping) => {
            Span::styled(format!("■ {}", look.say(Text::StoppingAgainAborts)), look.theme.warning)
        }
        (Quit::Aborted, _) => Span::styled(format!("■ {}", look.say(Text::Aborting)), look.theme.error),
        (_, Phase::Starting) => Span::styled(format!("◌ {}", look.say(Text::Starting)), look.theme.strong),
        (_, Phase::Running) => Span::styled(format!("▶ {}", look.say(Text::Running)), look.theme.strong),
        (_, Phase::Stopping) => Span::styled(format!("■ {}", look.say(Text::Finishing)), look.theme.strong),
        (_, Phase::Reconciling) => {
            Span::styled(format!("⇄ {}", look.say(Text::Reconciling)), look.theme.strong)
        }
        (_, Phase::Done) => Span::styled(format!("✔ {}", look.say(Text::DoneWord)), look.theme.strong),
    }
}

fn verdict<'a>(snapshot: &Snapshot, look: &Look) -> Line<'a> {
    let all = snapshot.thresholds.len();
    let broken = snapshot.thresholds.iter().filter(|threshold| threshold.pass == Some(false)).count();
    if let Some(outcome) = snapshot.outcome {
        return final_verdict(outcome, look);
    }
    match snapshot.verdict() {
        Verdict::Invalid => Line::styled(format!("✘ {}", look.say(Text::GeneratorNotWell)), look.theme.error),
        _ if all == 0 => Line::styled(look.say(Text::NoThresholds), look.theme.dim),
        Verdict::Pass => Line::styled(format!("✔ {}", look.say(Text::PassSoFar)), look.theme.ok),
        Verdict::Fail => Line::styled(
            format!("✘ {}", look.fill(Text::FailOf, &[&broken.to_string(), &all.to_string()])),
            look.theme.error,
        ),
    }
}

fn final_verdict<'a>(outcome: Verdict, look: &Look) -> Line<'a> {
    let (text, style) = match outcome {
        Verdict::Pass => (format!("✔ {}", look.say(Text::VerdictPass)), look.theme.ok),
        Verdict::Fail => (format!("✘ {}", look.say(Text::VerdictFail)), look.theme.error),
        Verdict::Invalid => (format!("✘ {}", look.say(Text::VerdictInvalid)), look.theme.error),
    };
    Line::styled(text, style)
}

/// From this width on all screens are named.
const NAMED_TABS: usize = 150;
const SHORTEST_TARGET: usize = 10;
const SHORTEST_GAUGE: usize = 8;
