//! A screen as files: text for a terminal, and a picture for documents.

use super::{Picture, svg, words::Text};
use super::{state::State, words::Language};
use crate::metrics::Snapshot;
use ratatui::{buffer::Buffer, text::Span};

/// The screen in `buffer`, named after what it shows.
pub(super) fn picture(buffer: &Buffer, state: &State, snapshot: &Snapshot) -> Picture {
    let screen: Text = state.screen.name();
    let screen = screen.say(Language::English).to_lowercase();
    let name = format!("screen-{:05}s-{screen}", snapshot.elapsed.as_secs());
    Picture { name, text: text(buffer), svg: svg(buffer) }
}

/// The characters of a screen, row by row, without the blanks at the ends of rows.
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content().chunks(usize::from(buffer.area.width).max(1)) {
        let mut covered = 0;
        for cell in row {
            if covered == 0 {
                text += cell.symbol();
                covered = Span::raw(cell.symbol()).width();
            }
            // The second cell of a wide character adds nothing.
            covered = covered.saturating_sub(1);
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}
