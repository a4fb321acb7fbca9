//! The last line while somebody is asked to do something at a device, and nothing else stands there.

use crate::{
    dashboard::{look::Look, text},
    metrics::Snapshot,
};
use ratatui::{Frame, layout::Rect, text::Line};

/// Draws the oldest open question and how it is answered, if there is one.
pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) -> bool {
    let Some(oldest) = snapshot.questions.first() else { return false };
    let more = match snapshot.questions.len() {
        1 => String::new(),
        count => format!(" (+{})", count - 1),
    };
    let text = format!(" ? {}{more}  [posfleet ctl answer {}]", oldest.text, oldest.number);
    let line = Line::styled(text::fit(&text, usize::from(area.width)), look.theme.warning);
    frame.render_widget(line, area);
    true
}
