//! The last line: the keys that do something on this screen.

use crate::dashboard::{
    keys::{Action, BINDINGS, Binding},
    state::{Screen, State},
    text,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State) {
    let hint = |binding: &'static Binding| {
        Line::from_iter([
            Span::styled(binding.hint.0, state.theme.accent),
            Span::raw(" "),
            Span::styled(binding.hint.1, state.theme.dim),
        ])
    };
    let hints = BINDINGS.iter().filter(|binding| matters(binding, state.screen)).map(hint);
    let mut line = Line::raw(" ");
    line.spans.extend(text::items_that_fit(hints, usize::from(area.width).saturating_sub(2), 3).spans);
    frame.render_widget(line, area);
}

fn matters(binding: &Binding, screen: Screen) -> bool {
    binding.keys.first().is_some_and(|(_, action)| match action {
        Action::Show(_) => false,
        Action::Move(_) => screen != Screen::Overview,
        Action::SwitchTime => screen == Screen::Latency,
        _ => true,
    })
}
