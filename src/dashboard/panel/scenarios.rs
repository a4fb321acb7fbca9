//! Where each scenario is in its plan.
//!
//! ```text
//! ╭ Scenarios ───────────────────────────────────────────────────────────────────╮
//! │ ✔ opening  done             ━━━━━━━━━━━━━━━━━━━━  1:02 / 2:00                 │
//! │ ▶ day      running 2/4      ━━━━━━━━────────────  5:12 / 20:00       200.0/s │
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, look::Look, state::State as Chosen, text, words::Text};
use crate::metrics::{Snapshot, StageProgress, State};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, chosen: &Chosen, snapshot: &Snapshot) {
    let look = &chosen.look;
    let block = text::panel(title(snapshot, look), area, look);
    let inner = block.inner(area);
    let scenarios = shown(&snapshot.stages, inner.height.into());
    let columns = Columns::of(&scenarios, inner.width.into(), look);
    let selected = snapshot.stages.get(chosen.list().selected).filter(|_| snapshot.stages.len() > 1);
    let is_selected = |stage: &StageProgress| selected.is_some_and(|known| known.name == stage.name);
    let lines: Vec<Line> =
        scenarios.iter().map(|scenario| line(scenario, is_selected(scenario), &columns, look)).collect();
    let lines = if lines.is_empty() {
        vec![Line::styled(chosen.nothing(Text::NoScenarioYet), look.theme.dim)]
    } else {
        lines
    };
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn title<'a>(snapshot: &Snapshot, look: &Look) -> Line<'a> {
    let over = snapshot.stages.iter().filter(|stage| stage.state == State::Done).count();
    match snapshot.stages.len() {
        0 | 1 => Line::raw(look.say(Text::Scenario)),
        all => Line::raw(look.fill(Text::ScenariosDone, &[&over.to_string(), &all.to_string()])),
    }
}

/// The scenarios in their order; where not all fit, those that run before those that wait before those that are over.
fn shown(stages: &[StageProgress], rows: usize) -> Vec<&StageProgress> {
    let mut stages: Vec<&StageProgress> = stages.iter().collect();
    if stages.len() > rows {
        stages.sort_by_key(|stage| match stage.state {
            State::Running | State::Finishing => 0,
            State::Waiting => 1,
            State::Done => 2,
        });
        stages.truncate(rows);
    }
    stages
}

struct Columns {
    name: usize,
    executor: usize,
    state: usize,
    gauge: usize,
    time: usize,
    rate: usize,
}

impl Columns {
    fn of(stages: &[&StageProgress], columns: usize, look: &Look) -> Self {
        let widest = |text: &dyn Fn(&StageProgress) -> String| {
            stages.iter().map(|stage| text::width(&text(stage))).max().unwrap_or_default()
        };
        let name = widest(&|stage| stage.name.clone()).min(columns / 5);
        let executor = if columns < 100 { 0 } else { widest(&|stage| stage.executor.clone()).min(24) };
        let (state, time, rate) = (widest(&|stage| state(stage, look)), widest(&time), widest(&rate));
        let gaps = if executor > 0 { 14 } else { 12 };
        let used = gaps + name + executor + state + time + rate;
        Self { name, executor, state, gauge: columns.saturating_sub(used), time, rate }
    }
}

fn line<'a>(stage: &StageProgress, is_selected: bool, columns: &Columns, look: &Look) -> Line<'a> {
    let (sign, style) = sign(stage.state, look);
    let mut line = Line::from_iter([
        Span::styled(format!("{}{sign} ", if is_selected { "▸" } else { " " }), style),
        Span::styled(text::left(&stage.name, columns.name), look.theme.strong),
        Span::raw("  "),
        Span::styled(text::left(&stage.executor, columns.executor), look.theme.dim),
        Span::raw(if columns.executor > 0 { "  " } else { "" }),
        Span::styled(text::left(&state(stage, look), columns.state), style),
        Span::raw("  "),
    ]);
    line.spans.extend(match share(stage) {
        Some(share) => text::gauge(share, columns.gauge, look),
        None => [Span::raw(" ".repeat(columns.gauge)), Span::raw("")],
    });
    line.spans.push(Span::raw(format!("  {}  ", text::left(&time(stage), columns.time))));
    line.spans.push(Span::raw(text::right(&rate(stage), columns.rate)));
    line
}

fn sign(state: State, look: &Look) -> (&'static str, Style) {
    match state {
        State::Waiting => ("◌", look.theme.dim),
        State::Running => ("▶", look.theme.accent),
        State::Finishing => ("■", look.theme.accent),
        State::Done => ("✔", look.theme.ok),
    }
}

fn state(stage: &StageProgress, look: &Look) -> String {
    match (stage.state, stage.stage) {
        (State::Waiting, _) => look.say(Text::Waiting).to_owned(),
        (State::Running, (_, 0 | 1)) => look.say(Text::Running).to_owned(),
        (State::Running, (current, all)) => {
            look.fill(Text::StageOf, &[&current.to_string(), &all.to_string()])
        }
        (State::Finishing, _) => look.say(Text::Finishing).to_owned(),
        (State::Done, _) => look.say(Text::DoneWord).to_owned(),
    }
}

fn time(stage: &StageProgress) -> String {
    format::clock_of(stage.elapsed, stage.duration)
}

fn rate(stage: &StageProgress) -> String {
    match stage.target_rate.filter(|_| stage.state == State::Running) {
        Some(rate) => format!("{}/s", format::rate(rate)),
        None => String::new(),
    }
}

fn share(stage: &StageProgress) -> Option<f64> {
    match (stage.state, stage.duration) {
        (State::Done | State::Finishing, _) => Some(1.0),
        (_, Some(duration)) if !duration.is_zero() => {
            Some(stage.elapsed.as_secs_f64() / duration.as_secs_f64())
        }
        _ => None,
    }
}
