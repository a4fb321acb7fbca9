//! Where each scenario is in its plan.
//!
//! ```text
//! ╭ Scenarios ───────────────────────────────────────────────────────────────────╮
//! │ ✔ opening  done             ━━━━━━━━━━━━━━━━━━━━  1:02 / 2:00                 │
//! │ ▶ day      running 2/4      ━━━━━━━━────────────  5:12 / 20:00       200.0/s │
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, text, theme::Theme};
use crate::metrics::{Snapshot, StageProgress, State};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, theme: &Theme) {
    let block = text::panel(title(snapshot), area, theme);
    let inner = block.inner(area);
    let scenarios = shown(&snapshot.stages, inner.height.into());
    let columns = Columns::of(&scenarios, inner.width.into());
    let lines: Vec<Line> = scenarios.iter().map(|scenario| line(scenario, &columns, theme)).collect();
    let lines =
        if lines.is_empty() { vec![Line::styled(" none has been planned yet", theme.dim)] } else { lines };
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn title<'a>(snapshot: &Snapshot) -> Line<'a> {
    let over = snapshot.stages.iter().filter(|stage| stage.state == State::Done).count();
    match snapshot.stages.len() {
        0 | 1 => Line::raw("Scenario"),
        all => Line::raw(format!("Scenarios: {over} of {all} done")),
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
    fn of(stages: &[&StageProgress], columns: usize) -> Self {
        let widest = |text: &dyn Fn(&StageProgress) -> String| {
            stages.iter().map(|stage| text::width(&text(stage))).max().unwrap_or_default()
        };
        let name = widest(&|stage| stage.name.clone()).min(columns / 5);
        let executor = if columns < 100 { 0 } else { widest(&|stage| stage.executor.clone()).min(24) };
        let (state, time, rate) = (widest(&state), widest(&time), widest(&rate));
        let gaps = if executor > 0 { 14 } else { 12 };
        let used = gaps + name + executor + state + time + rate;
        Self { name, executor, state, gauge: columns.saturating_sub(used), time, rate }
    }
}

fn line<'a>(stage: &StageProgress, columns: &Columns, theme: &Theme) -> Line<'a> {
    let (sign, style) = sign(stage.state, theme);
    let mut line = Line::from_iter([
        Span::styled(format!(" {sign} "), style),
        Span::styled(text::left(&stage.name, columns.name), theme.strong),
        Span::raw("  "),
        Span::styled(text::left(&stage.executor, columns.executor), theme.dim),
        Span::raw(if columns.executor > 0 { "  " } else { "" }),
        Span::styled(text::left(&state(stage), columns.state), style),
        Span::raw("  "),
    ]);
    line.spans.extend(match share(stage) {
        Some(share) => text::gauge(share, columns.gauge, theme),
        None => [Span::raw(" ".repeat(columns.gauge)), Span::raw("")],
    });
    line.spans.push(Span::raw(format!("  {}  ", text::left(&time(stage), columns.time))));
    line.spans.push(Span::raw(text::right(&rate(stage), columns.rate)));
    line
}

fn sign(state: State, theme: &Theme) -> (&'static str, Style) {
    match state {
        State::Waiting => ("◌", theme.dim),
        State::Running => ("▶", theme.accent),
        State::Finishing => ("■", theme.accent),
        State::Done => ("✔", theme.ok),
    }
}

fn state(stage: &StageProgress) -> String {
    match (stage.state, stage.stage) {
        (State::Waiting, _) => "waiting".to_owned(),
        (State::Running, (_, 0 | 1)) => "running".to_owned(),
        (State::Running, (current, all)) => format!("stage {current}/{all}"),
        (State::Finishing, _) => "finishing".to_owned(),
        (State::Done, _) => "done".to_owned(),
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
