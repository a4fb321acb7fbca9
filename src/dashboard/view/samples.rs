//! The latest cases of one code or one cause, the newest first.
//!
//! ```text
//! ╭ Samples: 51 insufficient funds ──────────────────────────────────────────────╮
//! │  2:12.883 50000017 sale      51  STAN 000031  123.00  RRN 261122000031       │
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, state::State, text, words::Text};
use crate::metrics::{CauseView, CodeView, Sample, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(super) fn draw(
    frame: &mut Frame,
    area: Rect,
    code: Option<&CodeView>,
    cause: Option<&CauseView>,
    state: &State,
    snapshot: &Snapshot,
) {
    let look = &state.look;
    let subject = match (code, cause) {
        (Some(code), _) => format!("{} {}", code.code, code.meaning),
        (None, Some(cause)) => cause.text.clone(),
        (None, None) => String::new(),
    };
    let block = text::panel(look.fill(Text::Samples, &[&subject]).into(), area, look);
    let inner = block.inner(area);
    let belongs = |sample: &&Sample| match (code, cause) {
        (Some(code), _) => sample.code == code.code,
        (None, Some(cause)) => sample.cause == cause.text,
        (None, None) => false,
    };
    let cases = snapshot.samples.iter().rev().filter(belongs).take(inner.height.into());
    let mut lines: Vec<Line> = cases.map(|case| line(case, inner.width.into(), state)).collect();
    if lines.is_empty() {
        lines.push(Line::styled(state.nothing(Text::NoSamples), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn line<'a>(case: &Sample, columns: usize, state: &State) -> Line<'a> {
    let theme = &state.look.theme;
    let at = format!(" {:>5}.{:03} ", format::clock(case.at), case.at.subsec_millis());
    let who = format!("{} {} ", text::left(&case.terminal, 8), text::left(&case.step, 12));
    let code = if case.code.is_empty() { "–" } else { &case.code };
    let head = text::width(&at) + text::width(&who) + 5;
    Line::from_iter([
        Span::styled(at, theme.dim),
        Span::styled(who, theme.strong),
        Span::styled(text::left(code, 4), theme.warning),
        Span::raw(text::fit(&case.details, columns.saturating_sub(head))),
    ])
}
