//! A key as people write it: `q`, `ctrl-c`, `shift-tab`, `space`, `pgup`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::{fmt, str::FromStr};

/// A key, and whether the control key is held with it. Shift is part of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Press {
    code: KeyCode,
    control: bool,
}

impl From<&KeyEvent> for Press {
    fn from(event: &KeyEvent) -> Self {
        Self { code: event.code, control: event.modifiers.contains(KeyModifiers::CONTROL) }
    }
}

impl FromStr for Press {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (control, key) = match text.strip_prefix("ctrl-") {
            Some(key) => (true, key),
            None => (false, text),
        };
        let named = NAMES.iter().find(|(name, ..)| *name == key).map(|(_, _, code)| *code);
        let mut letters = key.chars();
        let single = match (letters.next(), letters.next()) {
            (Some(letter), None) if !letter.is_control() && letter != ' ' => Some(KeyCode::Char(letter)),
            _ => None,
        };
        named.or(single).map(|code| Self { code, control }).ok_or(())
    }
}

/// As help shows it, short: `^C` is too terse for newcomers, `Ctrl-C` is not.
impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.control {
            f.write_str("Ctrl-")?;
        }
        let named = NAMES.iter().find(|(.., code)| *code == self.code);
        match (named, self.code) {
            (Some((_, shown, _)), _) => f.write_str(shown),
            (None, KeyCode::Char(letter)) if self.control => write!(f, "{}", letter.to_ascii_uppercase()),
            (None, KeyCode::Char(letter)) => write!(f, "{letter}"),
            (None, _) => f.write_str("?"),
        }
    }
}

/// Keys with a name: as it is written in a file, as help shows it, and what the terminal sends.
const NAMES: [(&str, &str, KeyCode); 15] = [
    ("space", "Space", KeyCode::Char(' ')),
    ("enter", "Enter", KeyCode::Enter),
    ("esc", "Esc", KeyCode::Esc),
    ("tab", "Tab", KeyCode::Tab),
    ("shift-tab", "Shift-Tab", KeyCode::BackTab),
    ("up", "↑", KeyCode::Up),
    ("down", "↓", KeyCode::Down),
    ("left", "←", KeyCode::Left),
    ("right", "→", KeyCode::Right),
    ("pgup", "PgUp", KeyCode::PageUp),
    ("pgdn", "PgDn", KeyCode::PageDown),
    ("home", "Home", KeyCode::Home),
    ("end", "End", KeyCode::End),
    ("insert", "Ins", KeyCode::Insert),
    ("delete", "Del", KeyCode::Delete),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_shown() {
        let cases = [("q", "q"), ("G", "G"), ("ctrl-c", "Ctrl-C"), ("shift-tab", "Shift-Tab"), ("up", "↑")];
        for (written, shown) in cases {
            let press: Press = written.parse().expect(written);
            assert_eq!(press.to_string(), shown);
        }
        for wrong in ["", "qq", "ctrl-", "alt-x", " ", "f99"] {
            assert!(wrong.parse::<Press>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_control_key_matters_and_shift_does_not() {
        let press = |code, modifiers| Press::from(&KeyEvent::new(code, modifiers));
        let written = |text: &str| text.parse::<Press>().expect(text);
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), written("ctrl-c"));
        assert_ne!(press(KeyCode::Char('c'), KeyModifiers::NONE), written("ctrl-c"));
        assert_eq!(press(KeyCode::Char('G'), KeyModifiers::SHIFT), written("G"));
    }
}
