//! How screens look to an operator: colours, language, characters.

use super::{
    theme::Theme,
    words::{Language, Text},
};

/// How screens look to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The colours.
    pub theme: Theme,
    /// The language of the texts.
    pub language: Language,
    /// The characters that the terminal shows.
    pub charset: Charset,
}

/// The characters that a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// All of them.
    #[default]
    Utf8,
    /// Those of ASCII only: bars, lines and signs are drawn with letters and marks.
    Ascii,
}

impl Look {
    /// Every character, English, in these colours.
    pub const fn of(theme: Theme) -> Self {
        Self { theme, language: Language::English, charset: Charset::Utf8 }
    }

    /// `text` in the language of the operator.
    pub(super) fn say(&self, text: Text) -> &'static str {
        text.say(self.language)
    }

    /// `text` with `values` in its gaps, in their order.
    pub(super) fn fill(&self, text: Text, values: &[&str]) -> String {
        let mut filled = self.say(text).to_owned();
        for value in values {
            filled = filled.replacen("{}", value, 1);
        }
        filled
    }
}
