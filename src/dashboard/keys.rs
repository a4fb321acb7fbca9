//! The one table of keys: what is pressed, what it is for, and what it does; help is drawn from it.

use super::state::{Motion, Screen};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Shows a screen.
    Show(Screen),
    /// Shows the screen so many places further.
    Turn(isize),
    /// Moves through the list of the screen.
    Move(Motion),
    /// Switches between response time and service time.
    SwitchTime,
    /// Freezes the picture, or lets it go on.
    Freeze,
    /// Shows or hides the help.
    Help,
    /// Hides the help.
    Back,
    /// Asks for a stop, and at the second time for an abort.
    Quit,
    /// Asks for a stop.
    Stop,
    /// Asks for an abort, once it is confirmed.
    Abort,
    /// Pauses the load or lets it go on, once it is confirmed.
    Pause,
    /// Makes the load so many percent faster, or slower.
    Rate(i8),
    /// Puts a note on the time axis.
    Mark,
}

/// One row of the table.
#[derive(Debug)]
pub struct Binding {
    /// The keys as people read them.
    pub label: &'static str,
    /// What they are for.
    pub what: &'static str,
    /// One key and what it is for, in the fewest words, for the last line of the screen.
    pub hint: (&'static str, &'static str),
    /// What each key does.
    pub keys: &'static [(Press, Action)],
}

/// A key, and whether the control key is held with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    code: KeyCode,
    control: bool,
}

/// What `event` does, if anything.
pub fn action(event: &KeyEvent) -> Option<Action> {
    let press = Press { code: event.code, control: event.modifiers.contains(KeyModifiers::CONTROL) };
    BINDINGS.iter().flat_map(|binding| binding.keys).find(|(key, _)| *key == press).map(|(_, action)| *action)
}

const fn key(code: KeyCode) -> Press {
    Press { code, control: false }
}

const fn char(character: char) -> Press {
    key(KeyCode::Char(character))
}

/// All keys, the most important first.
pub const BINDINGS: &[Binding] = &[
    Binding {
        label: "q Ctrl-C",
        what: "stop gracefully; a second time: abort",
        hint: ("q", "stop"),
        keys: &[(char('q'), Action::Quit), (Press { code: KeyCode::Char('c'), control: true }, Action::Quit)],
    },
    Binding {
        label: "?",
        what: "this help; Esc closes it",
        hint: ("?", "help"),
        keys: &[(char('?'), Action::Help), (key(KeyCode::Esc), Action::Back)],
    },
    Binding {
        label: "Space",
        what: "freeze the picture; the run goes on",
        hint: ("Space", "freeze"),
        keys: &[(char(' '), Action::Freeze)],
    },
    Binding {
        label: "p",
        what: "pause the load or let it go on (asks)",
        hint: ("p", "pause"),
        keys: &[(char('p'), Action::Pause)],
    },
    Binding {
        label: "] [ } {",
        what: "load +5 %, -5 %, +25 %, -25 %",
        hint: ("] [", "rate"),
        keys: &[
            (char(']'), Action::Rate(5)),
            (char('['), Action::Rate(-5)),
            (char('}'), Action::Rate(25)),
            (char('{'), Action::Rate(-25)),
        ],
    },
    Binding {
        label: "x X m",
        what: "stop; abort (asks); put a note on the time axis",
        hint: ("m", "mark"),
        keys: &[(char('x'), Action::Stop), (char('X'), Action::Abort), (char('m'), Action::Mark)],
    },
    Binding {
        label: "1 2 3",
        what: "show Overview, Latency, Terminals",
        hint: ("1", "overview"),
        keys: &[
            (char('1'), Action::Show(Screen::Overview)),
            (char('2'), Action::Show(Screen::Latency)),
            (char('3'), Action::Show(Screen::Terminals)),
        ],
    },
    Binding {
        label: "Tab Shift-Tab",
        what: "next screen, previous screen",
        hint: ("Tab", "next screen"),
        keys: &[(key(KeyCode::Tab), Action::Turn(1)), (key(KeyCode::BackTab), Action::Turn(-1))],
    },
    Binding {
        label: "o",
        what: "response time or service time",
        hint: ("o", "response/service time"),
        keys: &[(char('o'), Action::SwitchTime)],
    },
    Binding {
        label: "↑ ↓ k j",
        what: "select a step, scroll the terminals",
        hint: ("↑↓", "move"),
        keys: &[
            (key(KeyCode::Up), Action::Move(Motion::Up)),
            (key(KeyCode::Down), Action::Move(Motion::Down)),
            (char('k'), Action::Move(Motion::Up)),
            (char('j'), Action::Move(Motion::Down)),
        ],
    },
    Binding {
        label: "PgUp PgDn",
        what: "a page up, a page down",
        hint: ("PgUp/PgDn", "page"),
        keys: &[
            (key(KeyCode::PageUp), Action::Move(Motion::PageUp)),
            (key(KeyCode::PageDown), Action::Move(Motion::PageDown)),
        ],
    },
    Binding {
        label: "Home End g G",
        what: "to the first, to the last",
        hint: ("Home/End", "first/last"),
        keys: &[
            (key(KeyCode::Home), Action::Move(Motion::First)),
            (key(KeyCode::End), Action::Move(Motion::Last)),
            (char('g'), Action::Move(Motion::First)),
            (char('G'), Action::Move(Motion::Last)),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_in_the_table_twice() {
        let keys: Vec<Press> =
            BINDINGS.iter().flat_map(|binding| binding.keys).map(|(press, _)| *press).collect();
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "{key:?}");
        }
    }

    #[test]
    fn the_control_key_matters_and_shift_does_not() {
        let press = |code, modifiers| action(&KeyEvent::new(code, modifiers));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Quit));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(press(KeyCode::Char('q'), KeyModifiers::CONTROL), None);
        assert_eq!(press(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Action::Move(Motion::Last)));
    }
}
