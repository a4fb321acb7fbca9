//! The last line while something waits for the operator, or while the run's answer to a request stands.

use crate::dashboard::state::{Prompt, Purpose, State};
use crate::dashboard::{text, words::Text};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// Draws the line, if there is anything to say.
pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State) -> bool {
    let look = &state.look;
    let columns = usize::from(area.width);
    let line = match (&state.prompt, &state.notice) {
        (Some(Prompt::Line(purpose, typed)), _) => {
            let label = label(*purpose, columns, state);
            let label = label.as_str();
            let room = columns.saturating_sub(text::width(label) + 5);
            Line::from_iter([
                Span::styled(format!(" {label} "), look.theme.accent),
                Span::raw(end_of(typed, room)),
                Span::styled("█", look.theme.accent),
            ])
        }
        (Some(Prompt::Question(question)), _) => {
            let question = format!(" {} {} ", look.say(question.name()), look.say(Text::YesOrNo));
            Line::styled(text::fit(&question, columns), look.theme.badge)
        }
        (None, Some(Ok(done))) => {
            Line::styled(text::fit_words(&format!(" ✔ {done}"), columns), look.theme.ok)
        }
        (None, Some(Err(why))) => {
            Line::styled(text::fit_words(&format!(" ✘ {why}"), columns), look.theme.error)
        }
        (None, None) => return false,
    };
    frame.render_widget(line, area);
    true
}

/// What the line is for; an answer stands behind its question.
fn label(purpose: Purpose, columns: usize, state: &State) -> String {
    let name = state.look.say(purpose.name());
    let Purpose::Answer(number) = purpose else { return name.to_owned() };
    let room = columns.saturating_sub(text::width(name) + ANSWER_MIN);
    let question = state.question(number).map_or("", |question| &question.text);
    format!("{}  {name}", text::fit(question, room))
}

/// The end of what is typed, which is where the cursor stands.
fn end_of(typed: &str, columns: usize) -> String {
    let mut shown = typed;
    while text::width(shown) > columns {
        let mut rest = shown.chars();
        if rest.next().is_none() {
            break;
        }
        shown = rest.as_str();
    }
    shown.to_owned()
}

/// The columns that an answer has at least.
const ANSWER_MIN: usize = 16;
