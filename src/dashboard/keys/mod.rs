//! Which key does what: the table of usual keys, and what a file of keys changes of it.

mod action;
mod file;
mod press;
mod table;

pub(super) use action::Action;
pub use file::{KeymapError, Place};
pub(super) use table::{ROWS, Row};

use crossterm::event::KeyEvent;
use press::Press;

/// Which key does what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap(Vec<(Press, Action)>);

impl Default for Keymap {
    /// The usual keys.
    fn default() -> Self {
        let press = |key: &&str| key.parse().expect("the keys of the table are keys");
        let actions = ROWS.iter().flat_map(|row| row.actions);
        let keys = actions.flat_map(|(action, keys)| keys.iter().map(move |key| (press(key), *action)));
        Self(keys.collect())
    }
}

impl Keymap {
    /// The usual keys but for those that `text` changes: YAML with the names of actions and their keys.
    ///
    /// ```yaml
    /// freeze: f
    /// quit: [ctrl-q, ctrl-c]
    /// ```
    ///
    /// # Errors
    /// When a name or a key is none, or a key would do two things; with the place in `text`.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        file::parse(text)
    }

    /// The names of everything that a key can do.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Action::NAMES.iter().map(|(name, _)| *name)
    }

    /// What `event` does, if anything.
    pub(super) fn action(&self, event: &KeyEvent) -> Option<Action> {
        let press = Press::from(event);
        self.0.iter().find(|(key, _)| *key == press).map(|(_, action)| *action)
    }

    /// The keys of one row of the table as help shows them.
    pub(super) fn label(&self, row: &Row) -> String {
        let shown: Vec<String> = row.actions.iter().flat_map(|(action, _)| self.keys(*action)).collect();
        let is_one_to_nine =
            shown.len() == 9 && shown.iter().zip('1'..='9').all(|(key, digit)| *key == digit.to_string());
        if is_one_to_nine { "1–9".to_owned() } else { shown.join(" ") }
    }

    /// The first key of a row, for hints.
    pub(super) fn first(&self, row: &Row) -> Option<String> {
        row.actions.first().and_then(|(action, _)| self.keys(*action).next())
    }

    /// The keys of one action as help shows them.
    pub(super) fn keys(&self, action: Action) -> impl Iterator<Item = String> {
        self.0.iter().filter(move |(_, known)| *known == action).map(|(press, _)| press.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_in_the_table_twice() {
        let Keymap(keys) = Keymap::default();
        for (index, (key, _)) in keys.iter().enumerate() {
            assert!(keys[..index].iter().all(|(other, _)| other != key), "{key}");
        }
    }

    #[test]
    fn every_action_has_one_name_and_a_place_in_the_table() {
        for (index, (name, action)) in Action::NAMES.iter().enumerate() {
            let before = &Action::NAMES[..index];
            assert!(before.iter().all(|(other, known)| other != name && known != action), "{name}");
            let is_there = |row: &Row| row.actions.iter().any(|(known, _)| known == action);
            assert_eq!(ROWS.iter().filter(|row| is_there(row)).count(), 1, "{name}");
            assert_eq!((Action::named(name), action.name()), (Some(*action), *name));
        }
        let listed: usize = ROWS.iter().map(|row| row.actions.len()).sum();
        assert_eq!(listed, Action::NAMES.len());
    }
}
