//! The bar at the right border of a list that is longer than its panel.

use crate::dashboard::state::List;
use ratatui::{
    Frame,
    layout::{Margin, Rect},
    widgets::{Scrollbar, ScrollbarOrientation, ScrollbarState},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, list: &List, page: usize, rows: usize) {
    if rows <= page || area.height < 3 {
        return;
    }
    let track = area.inner(Margin { horizontal: 0, vertical: 1 });
    let bar = Scrollbar::new(ScrollbarOrientation::VerticalRight)
        .begin_symbol(None)
        .end_symbol(None)
        .track_symbol(None)
        .thumb_symbol("█");
    let mut position = ScrollbarState::new(rows - page + 1).position(list.top).viewport_content_length(page);
    frame.render_stateful_widget(bar, track, &mut position);
}
