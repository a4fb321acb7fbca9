//! A few facts in a row, each a word and its value.

use crate::dashboard::{look::Look, text, words::Text};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

/// One fact: what it is, its value, and how the value looks.
pub(in crate::dashboard) struct Fact {
    pub(in crate::dashboard) what: Text,
    pub(in crate::dashboard) value: String,
    pub(in crate::dashboard) style: Style,
}

impl Fact {
    /// A fact that is just so.
    pub(in crate::dashboard) fn of(what: Text, value: String, look: &Look) -> Self {
        Self { what, value, style: look.theme.strong }
    }

    /// A count that should be zero.
    pub(in crate::dashboard) fn bad(what: Text, count: u64, look: &Look) -> Self {
        let style = if count == 0 { look.theme.dim } else { look.theme.warning };
        Self { what, value: crate::dashboard::format::count(count), style }
    }
}

/// The facts that fit into `columns` columns, the most important first.
pub(in crate::dashboard) fn line<'a>(
    facts: impl IntoIterator<Item = Fact>,
    columns: usize,
    look: &Look,
) -> Line<'a> {
    let item = |fact: Fact| {
        Line::from_iter([
            Span::styled(format!("{} ", look.say(fact.what)), look.theme.dim),
            Span::styled(fact.value, fact.style),
        ])
    };
    let mut line = Line::raw(" ");
    line.spans.extend(text::items_that_fit(facts.into_iter().map(item), columns.saturating_sub(2), 3).spans);
    line
}
