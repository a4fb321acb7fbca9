//! The last line: the keys that do something on this screen.

use crate::dashboard::{
    keys::{ROWS, Row},
    state::State,
    text,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State) {
    let look = &state.look;
    let hint = |row: &'static Row| {
        let key = state.keymap.first(row)?;
        let what = Span::styled(look.say(row.hint(state.mode)), look.theme.dim);
        Some(Line::from_iter([Span::styled(key, look.theme.accent), Span::raw(" "), what]))
    };
    let shown = ROWS.iter().filter(|row| row.is_in(state.mode) && row.screens.contains(&state.screen));
    let hints = shown.filter_map(hint);
    let mut line = Line::raw(" ");
    line.spans.extend(text::items_that_fit(hints, usize::from(area.width).saturating_sub(2), 3).spans);
    frame.render_widget(line, area);
}
