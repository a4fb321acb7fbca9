//! Text in a given number of columns: cut with an ellipsis, padded, drawn as a bar or a gauge, or left out.

use super::look::Look;
use ratatui::{
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, BorderType},
};

/// How many columns `text` takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// `text` in at most `columns` columns; what was cut is marked with `…`.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut fitted = String::new();
    for character in text.chars() {
        fitted.push(character);
        if width(&fitted) >= columns {
            fitted.pop();
            break;
        }
    }
    if columns > 0 {
        fitted.truncate(fitted.trim_end().len());
        fitted.push('…');
    }
    fitted
}

/// A sentence in at most `columns` columns, cut between words where there is a word to end with.
pub fn fit_words(text: &str, columns: usize) -> String {
    let fitted = fit(text, columns);
    let (Some(cut), true) = (fitted.strip_suffix('…'), width(text) > columns) else { return fitted };
    let ends_a_word = text.get(cut.len()..).is_none_or(|rest| rest.starts_with(' '));
    match cut.rfind(' ').filter(|space| !ends_a_word && *space * 2 > cut.len()) {
        Some(space) => format!("{}…", cut.get(..space).unwrap_or(cut).trim_end_matches([' ', ',', ':', ';'])),
        None => fitted,
    }
}

/// `text` in lines of at most `columns` columns, broken between words where there is a word to end with.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let mut rest = word;
        if rest.trim().is_empty() && lines.last().is_some_and(String::is_empty) {
            continue;
        }
        let used = lines.last().map_or(0, |line| width(line));
        if used > 0 && used + width(word.trim_end()) > columns {
            lines.push(String::new());
            if rest.trim().is_empty() {
                continue;
            }
        }
        while width(rest.trim_end()) > columns.max(1) {
            let cut =
                rest.char_indices().map(|(at, _)| at).take_while(|at| width(&rest[..*at]) <= columns.max(1));
            let cut =
                cut.last().filter(|at| *at > 0).unwrap_or(rest.chars().next().map_or(1, char::len_utf8));
            let (now, later) = rest.split_at(cut);
            lines.last_mut().into_iter().for_each(|line| line.push_str(now));
            lines.push(String::new());
            rest = later;
        }
        lines.last_mut().into_iter().for_each(|line| line.push_str(rest));
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// `text` in exactly `columns` columns, at the left.
pub fn left(text: &str, columns: usize) -> String {
    let text = fit(text, columns);
    let padding = columns.saturating_sub(width(&text));
    text + &" ".repeat(padding)
}

/// `text` in exactly `columns` columns, at the right.
pub fn right(text: &str, columns: usize) -> String {
    let text = fit(text, columns);
    " ".repeat(columns.saturating_sub(width(&text))) + &text
}

/// The items in order, each where there is still room for it, with `gap` columns between them.
///
/// The most important items come first; one that does not fit is left out whole, never cut.
pub fn items_that_fit<'a>(items: impl IntoIterator<Item = Line<'a>>, columns: usize, gap: usize) -> Line<'a> {
    let mut line = Line::default();
    for item in items {
        let gap = if line.spans.is_empty() { 0 } else { gap };
        if item.width() > 0 && line.width() + gap + item.width() <= columns {
            line.spans.push(Span::raw(" ".repeat(gap)));
            line.spans.extend(item.spans.into_iter().map(|span| span.patch_style(item.style)));
        }
    }
    line
}

/// `first` at the left and, where both fit, `second` at the right.
pub fn at_both_ends<'a>(first: Line<'a>, second: Line<'a>, columns: usize) -> Line<'a> {
    let mut line = first;
    if let Some(gap) = columns.checked_sub(line.width() + second.width()).filter(|gap| *gap > 0) {
        line.spans.push(Span::raw(" ".repeat(gap)));
        line.spans.extend(second.spans);
    }
    line
}

/// A bar of `share` (0 to 1) of `columns` columns in steps of an eighth; never empty when `share` is not 0.
pub fn bar(share: f64, columns: usize) -> String {
    let most = columns * 8;
    let eighths = (share.clamp(0.0, 1.0) * most as f64).round() as usize;
    let eighths = if share > 0.0 { eighths.clamp(1, most.max(1)) } else { 0 };
    let rest = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
    left(&("█".repeat(eighths / 8) + rest), columns)
}

/// How much of a plan is done: a heavy line for what is behind, a light one for what is ahead.
pub fn gauge<'a>(share: f64, columns: usize, look: &Look) -> [Span<'a>; 2] {
    let done = (share.clamp(0.0, 1.0) * columns as f64).floor() as usize;
    [
        Span::styled("━".repeat(done), look.theme.accent),
        Span::styled("─".repeat(columns - done), look.theme.dim),
    ]
}

/// The frame of a panel; `title` is cut to the width of `area`.
pub fn panel<'a>(title: Line<'a>, area: Rect, look: &Look) -> Block<'a> {
    let columns = usize::from(area.width).saturating_sub(4);
    let title = if title.width() <= columns {
        title.style(look.theme.title)
    } else {
        Line::styled(fit(&title.to_string(), columns), look.theme.title)
    };
    let mut padded = Line::raw(" ");
    padded.spans.extend(title.spans.into_iter().map(|span| span.patch_style(title.style)));
    padded.spans.push(Span::raw(" "));
    Block::bordered().border_type(BorderType::Rounded).border_style(look.theme.dim).title(padded)
}

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitting_counts_columns_and_not_characters() {
        assert_eq!(fit("trading-hour", 12), "trading-hour");
        assert_eq!(fit("trading-hour", 8), "trading…");
        assert_eq!(fit("银联终端", 8), "银联终端");
        assert_eq!(fit("银联终端", 7), "银联终…");
        assert_eq!(fit("银联终端", 6), "银联…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(left("银联终端", 6), "银联… ");
        assert_eq!(right("7", 3), "  7");
    }

    #[test]
    fn sentences_are_cut_between_words() {
        assert_eq!(fit_words("no answer within 30 s", 30), "no answer within 30 s");
        assert_eq!(fit_words("no answer within 30 s", 14), "no answer…");
        assert_eq!(fit_words("no answer within 30 s", 10), "no answer…");
        assert_eq!(fit_words("no answer within 30 s", 6), "no an…");
        assert_eq!(fit_words("stage 2 of 4: 200/s", 16), "stage 2 of 4…");
        assert_eq!(fit_words("银联终端没有应答", 7), "银联终…");
        assert_eq!(fit_words("abc", 0), "");
    }

    #[test]
    fn long_texts_go_on_in_the_next_line() {
        assert_eq!(
            wrap("0200  2 622848******0017  3 000000", 20),
            ["0200  2", "622848******0017  3", "000000"]
        );
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("银联终端", 3), ["银", "联", "终", "端"]);
        assert!(wrap("", 10).is_empty() && wrap("ab", 0).len() == 2);
    }

    #[test]
    fn a_bar_of_something_is_never_empty() {
        assert_eq!(bar(0.0, 4), "    ");
        assert_eq!(bar(0.000_1, 4), "▏   ");
        assert_eq!(bar(0.5, 4), "██  ");
        assert_eq!(bar(0.55, 4), "██▎ ");
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(1.0, 0), "");
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let items = || ["abc", "defgh", "ij"].map(Line::from);
        assert_eq!(items_that_fit(items(), 20, 2).to_string(), "abc  defgh  ij");
        assert_eq!(items_that_fit(items(), 8, 2).to_string(), "abc  ij");
        assert_eq!(at_both_ends("ab".into(), "cd".into(), 5).to_string(), "ab cd");
        assert_eq!(at_both_ends("ab".into(), "cd".into(), 4).to_string(), "ab");
    }
}
