//! Response codes since the start: which came how often.
//!
//! ```text
//! ╭ Response codes ────────────────────────────╮
//! │ 00 approved            ████████ 97.3 % 25.8k│
//! │ 51 insufficient funds  ▒         1.9 %   512│
//! │ +2 others              ▒        0.80 %   212│
//! ╰─────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, text, theme::Theme};
use crate::metrics::Snapshot;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, theme: &Theme) {
    let block = text::panel("Response codes".into(), area, theme);
    let inner = block.inner(area);
    let total = snapshot.codes.iter().map(|(_, _, count)| count).sum();
    let columns = Columns::of(inner.width.into());
    let line =
        |(code, meaning, count): &(String, String, u64)| columns.line(code, meaning, *count, total, theme);
    let mut lines: Vec<Line> = shown(&snapshot.codes, inner.height.into()).iter().map(line).collect();
    if lines.is_empty() {
        lines.push(Line::styled(" no answer yet", theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// The most frequent codes, and one row for all others where they do not fit.
fn shown(codes: &[(String, String, u64)], rows: usize) -> Vec<(String, String, u64)> {
    if codes.len() <= rows || rows == 0 {
        return codes.to_vec();
    }
    let (shown, others) = codes.split_at(rows - 1);
    let count = others.iter().map(|(_, _, count)| count).sum();
    let rest = (format!("+{}", others.len()), "others".to_owned(), count);
    shown.iter().cloned().chain([rest]).collect()
}

struct Columns {
    meaning: usize,
    bar: usize,
}

impl Columns {
    fn of(columns: usize) -> Self {
        let rest = columns.saturating_sub(20);
        let bar = if rest < 24 { 0 } else { (rest - 16) * 3 / 5 };
        Self { meaning: rest.saturating_sub(bar + usize::from(bar > 0)), bar }
    }

    fn line<'a>(&self, code: &str, meaning: &str, count: u64, total: u64, theme: &Theme) -> Line<'a> {
        let approved = code == APPROVED;
        let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
        let style = if approved { theme.ok } else { theme.warning };
        Line::from_iter([
            Span::styled(format!(" {} ", text::left(code, 3)), style),
            Span::raw(text::left(meaning, self.meaning)),
            Span::raw(if self.bar > 0 { " " } else { "" }),
            Span::styled(if approved { text::bar(share, self.bar) } else { shaded(share, self.bar) }, style),
            Span::raw(text::right(&format::share(count, total), 8)),
            Span::styled(text::right(&format::count(count), 6), theme.dim),
        ])
    }
}

/// A bar that differs from that of approvals without colour, too.
fn shaded(share: f64, columns: usize) -> String {
    let least = usize::from(share > 0.0).min(columns);
    let filled = ((share.clamp(0.0, 1.0) * columns as f64).round() as usize).max(least);
    text::left(&"▒".repeat(filled), columns)
}

const APPROVED: &str = "00";
