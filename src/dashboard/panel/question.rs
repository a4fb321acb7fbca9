//! The last line while somebody is asked to do something at a device, and nothing else stands there.

use crate::{
    dashboard::{keys::Action, state::State, text, words::Text},
    metrics::Snapshot,
};
use ratatui::{Frame, layout::Rect, text::Line};

/// Draws the oldest open question and how it is answered, if there is one.
pub(in crate::dashboard) fn render(
    frame: &mut Frame,
    area: Rect,
    state: &State,
    snapshot: &Snapshot,
) -> bool {
    let Some(oldest) = snapshot.questions.first() else { return false };
    let more = match snapshot.questions.len() {
        1 => String::new(),
        count => format!(" (+{})", count - 1),
    };
    let key = state.keymap.keys(Action::Answer).next();
    let how = match key {
        Some(key) => format!("[{key} {}]", state.look.say(Text::HintAnswer)),
        None => format!("[posfleet ctl answer {}]", oldest.number),
    };
    let columns = usize::from(area.width);
    let room = columns.saturating_sub(text::width(&more) + text::width(&how) + 5);
    let text = format!(" ? {}{more}  {how}", text::fit(&oldest.text, room));
    frame.render_widget(Line::styled(text::fit(&text, columns), state.look.theme.warning), area);
    true
}
