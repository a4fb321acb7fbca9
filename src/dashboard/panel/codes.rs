//! Response codes since the start: which came how often.
//!
//! ```text
//! ╭ Response codes ────────────────────────────╮
//! │ 00 approved            ████████ 97.3 % 25.8k│
//! │ 51 insufficient funds  ▒         1.9 %   512│
//! │ +2 others              ▒        0.80 %   212│
//! ╰─────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, look::Look, text, words::Text};
use crate::metrics::{CodeView, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) {
    let block = text::panel(look.say(Text::ResponseCodes).into(), area, look);
    let inner = block.inner(area);
    let total = snapshot.codes.iter().map(|code| code.count).sum();
    let columns = Columns::of(inner.width.into());
    let line = |code: &CodeView| columns.line(&code.code, &code.meaning, code.count, total, look);
    let mut lines: Vec<Line> = shown(&snapshot.codes, inner.height.into(), look).iter().map(line).collect();
    if lines.is_empty() {
        lines.push(Line::styled(look.say(Text::NoAnswerYet), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// The most frequent codes, and one row for all others where they do not fit.
fn shown(codes: &[CodeView], rows: usize, look: &Look) -> Vec<CodeView> {
    if codes.len() <= rows || rows == 0 {
        return codes.to_vec();
    }
    let (shown, others) = codes.split_at(rows - 1);
    let rest = CodeView {
        code: format!("+{}", others.len()),
        meaning: look.say(Text::Others).to_owned(),
        count: others.iter().map(|code| code.count).sum(),
        ..CodeView::default()
    };
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

    fn line<'a>(&self, code: &str, meaning: &str, count: u64, total: u64, look: &Look) -> Line<'a> {
        let approved = code == APPROVED;
        let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
        let style = if approved { look.theme.ok } else { look.theme.warning };
        Line::from_iter([
            Span::styled(format!(" {} ", text::left(code, 3)), style),
            Span::raw(text::left(meaning, self.meaning)),
            Span::raw(if self.bar > 0 { " " } else { "" }),
            Span::styled(if approved { text::bar(share, self.bar) } else { shaded(share, self.bar) }, style),
            Span::raw(text::right(&format::share(count, total), 8)),
            Span::styled(text::right(&format::count(count), 6), look.theme.dim),
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
