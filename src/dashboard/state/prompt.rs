//! A line that the operator types, or a question that waits for an answer; while there is one, keys are for it.

use crate::dashboard::words::Text;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What waits for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dashboard) enum Prompt {
    /// A line of text.
    Line(Purpose, String),
    /// Yes or no.
    Question(Question),
}

/// What a line of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dashboard) enum Purpose {
    /// A note on the time axis of the run.
    Mark,
    /// Only rows with this text.
    Filter,
    /// Only lines with this text.
    Search,
    /// The answer to the question of the run with this number.
    Answer(u64),
}

/// What is asked before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dashboard) enum Question {
    Pause,
    Stop,
    Abort,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// It goes on.
    More(Prompt),
    /// The operator does not want it after all.
    Given,
    /// The line is complete.
    Line(Purpose, String),
    /// The answer is yes.
    Yes(Question),
}

impl Prompt {
    /// Takes one key.
    pub(super) fn on_key(self, key: &KeyEvent) -> Typed {
        match self {
            Self::Question(question) => match key.code {
                KeyCode::Char('y' | 'Y' | 'j' | 'J') | KeyCode::Enter => Typed::Yes(question),
                _ => Typed::Given,
            },
            Self::Line(purpose, text) => typed(purpose, text, key),
        }
    }
}

fn typed(purpose: Purpose, mut text: String, key: &KeyEvent) -> Typed {
    match key.code {
        KeyCode::Esc => return Typed::Given,
        KeyCode::Enter => return Typed::Line(purpose, text.trim().to_owned()),
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => text.clear(),
        KeyCode::Char(letter)
            if !key.modifiers.contains(KeyModifiers::CONTROL)
                && text.chars().count() < LINE_MAX
                && !letter.is_control() =>
        {
            text.push(letter);
        }
        _ => {}
    }
    Typed::More(Prompt::Line(purpose, text))
}

impl Purpose {
    pub(in crate::dashboard) fn name(self) -> Text {
        match self {
            Self::Mark => Text::MarkPrompt,
            Self::Filter => Text::FilterPrompt,
            Self::Search => Text::SearchPrompt,
            Self::Answer(_) => Text::AnswerPrompt,
        }
    }
}

impl Question {
    pub(in crate::dashboard) fn name(self) -> Text {
        match self {
            Self::Pause => Text::PauseQuestion,
            Self::Stop => Text::StopQuestion,
            Self::Abort => Text::AbortQuestion,
        }
    }
}

/// A mark is a note, not a report.
const LINE_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(keys: &[KeyCode]) -> Typed {
        let mut prompt = Prompt::Line(Purpose::Mark, String::new());
        for key in keys {
            match prompt.on_key(&(*key).into()) {
                Typed::More(more) => prompt = more,
                other => return other,
            }
        }
        Typed::More(prompt)
    }

    #[test]
    fn a_line_is_typed_corrected_and_completed() {
        use KeyCode::{Backspace, Char, Enter, Esc};
        let keys = [Char('a'), Char('银'), Char('x'), Backspace, Enter];
        assert_eq!(type_in(&keys), Typed::Line(Purpose::Mark, "a银".to_owned()));
        assert_eq!(type_in(&[Char('a'), Esc]), Typed::Given);
        let endless = vec![Char('a'); 2 * LINE_MAX];
        assert_eq!(type_in(&endless), Typed::More(Prompt::Line(Purpose::Mark, "a".repeat(LINE_MAX))));
    }

    #[test]
    fn only_a_clear_yes_is_one() {
        let answer = |key: KeyCode| Prompt::Question(Question::Abort).on_key(&key.into());
        assert_eq!(answer(KeyCode::Char('y')), Typed::Yes(Question::Abort));
        assert_eq!(answer(KeyCode::Enter), Typed::Yes(Question::Abort));
        assert_eq!(answer(KeyCode::Char('n')), Typed::Given);
        assert_eq!(answer(KeyCode::Esc), Typed::Given);
    }
}
