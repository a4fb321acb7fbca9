//! A screen for terminals without UTF-8: every other character becomes one of ASCII that looks like it.

use ratatui::{buffer::Buffer, text::Span};

/// Replaces everything in `buffer` that is not ASCII; no cell moves.
pub(super) fn replace(buffer: &mut Buffer) {
    let mut covered = 0;
    for cell in &mut buffer.content {
        let width = Span::raw(cell.symbol()).width();
        if covered > 0 {
            // The second half of a wide character.
            covered -= 1;
            cell.set_symbol("?");
        } else if !cell.symbol().is_ascii() {
            covered = width.saturating_sub(1);
            let replacement = cell.symbol().chars().next().map_or(' ', like);
            cell.set_char(replacement);
        }
    }
}

/// The character of ASCII that looks most like `character`.
fn like(character: char) -> char {
    match character {
        '─' | '━' | '╌' | '–' | '—' => '-',
        '│' | '┃' | '‖' => '|',
        '╭' | '╮' | '╰' | '╯' | '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┼' | '●' => '+',
        '┈' | '·' | '…' | '▁' | '▂' | '○' | '◌' => '.',
        '▃' | '▄' | '▅' | '▒' | '▍' | '▌' | '▋' | '⇄' => '=',
        '▆' | '▇' | '█' | '▓' | '▊' | '▉' | '■' => '#',
        '░' | '▏' | '▎' => ':',
        '▶' | '▸' | '→' => '>',
        '◂' | '←' => '<',
        '↑' | '▲' => '^',
        '↓' | '▼' => 'v',
        '✔' => 'v',
        '✘' | '×' => 'x',
        '⚠' => '!',
        '±' | 'Σ' => 'S',
        '\u{2800}' => ' ',
        '\u{2801}'..='\u{28ff}' => dots(character as u32 - 0x2800),
        _ => '?',
    }
}

/// A braille pattern by the height of its dots.
fn dots(pattern: u32) -> char {
    const UPPER: u32 = 0b0001_1011;
    const LOWER: u32 = 0b1110_0100;
    match (pattern & UPPER != 0, pattern & LOWER != 0) {
        (true, true) => '*',
        (true, false) => '\'',
        (false, _) => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::{layout::Rect, style::Style};

    #[test]
    fn every_character_becomes_ascii_and_none_moves() {
        let drawn = "╭─ 银联 ─╮│⣀⠉⣿█▂ ✔ é x";
        let width = Span::raw(drawn).width() as u16;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        buffer.set_string(0, 0, drawn, Style::new());
        replace(&mut buffer);
        let shown: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
        assert_eq!(shown, "+- ???? -+|.'*#. v ? x");
    }
}
