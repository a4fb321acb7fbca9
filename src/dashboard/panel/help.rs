//! The help, drawn over the screen from the table of keys.
//!
//! ```text
//! ╭ Keys ──────────────────────────────────────────────╮
//! │  1–9            screens                            │
//! │  Tab Shift-Tab  next screen, previous screen       │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{
    keys::{ROWS, Row},
    look::Look,
    state::State,
    text,
    words::Text,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State) {
    let look = &state.look;
    let mut lines: Vec<Line> =
        ROWS.iter().filter(|row| row.is_in(state.mode)).map(|row| key(row, state)).collect();
    let room = usize::from(area.height).saturating_sub(2);
    if room > lines.len() + WORDS.len() {
        lines.push(Line::default());
        lines
            .extend(WORDS.iter().map(|(word, meaning)| explained(look.say(*word), look.say(*meaning), look)));
    }
    // Where it is too low for one column there are two.
    if lines.len() > room {
        lines = in_two_columns(&lines, usize::from(area.width).saturating_sub(2) / 2);
    }
    let width = lines.iter().map(Line::width).max().unwrap_or_default() as u16 + 3;
    let popup = area.centered(width.min(area.width).into(), (lines.len() as u16 + 2).min(area.height).into());
    frame.render_widget(Clear, popup);
    let block = text::panel(look.say(Text::Keys).into(), popup, look).border_style(look.theme.accent);
    frame.render_widget(Paragraph::new(lines).block(block), popup);
}

fn key<'a>(row: &Row, state: &State) -> Line<'a> {
    explained(&state.keymap.label(row), state.look.say(row.what(state.mode)), &state.look)
}

fn explained<'a>(word: &str, meaning: &'static str, look: &Look) -> Line<'a> {
    let word = format!(" {} ", text::left(word, WORD_COLUMNS));
    Line::from_iter([Span::styled(word, look.theme.accent), Span::raw(meaning)])
}

fn in_two_columns<'a>(lines: &[Line<'a>], columns: usize) -> Vec<Line<'a>> {
    let (left, right) = lines.split_at(lines.len().div_ceil(2));
    let pair = |index: usize| {
        let mut line = cut(&left[index], columns);
        let gap = columns.saturating_sub(line.width());
        line.spans.push(Span::raw(" ".repeat(gap)));
        line.spans.extend(right.get(index).map(|right| cut(right, columns).spans).unwrap_or_default());
        line
    };
    (0..left.len()).map(pair).collect()
}

/// The line in so many columns; its second part is what gives way.
fn cut<'a>(line: &Line<'a>, columns: usize) -> Line<'a> {
    let mut cut = line.clone();
    let before = cut.spans.first().map_or(0, Span::width);
    if let Some(meaning) = cut.spans.get_mut(1) {
        *meaning = Span::styled(
            text::fit_words(&meaning.content, columns.saturating_sub(before + 1)),
            meaning.style,
        );
    }
    cut
}

/// The words of the screens that are not obvious.
const WORDS: &[(Text, Text)] = &[
    (Text::PlannedWord, Text::PlannedMeans),
    (Text::Late, Text::LateMeans),
    (Text::Dropped, Text::DroppedMeans),
    (Text::ErrorsWord, Text::ErrorsMean),
    (Text::LagWord, Text::LagMeans),
];

const WORD_COLUMNS: usize = 13;
