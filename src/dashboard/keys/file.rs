//! A file of keys: names of actions and their keys, held against the table before any of it counts.

use super::{Keymap, action::Action, press::Press};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};
use std::fmt;

/// Why a file of keys is not taken; every variant but the first begins with its place as line and column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// It is not YAML, or not names with keys.
    #[error("{0}")]
    Malformed(String),
    /// There is no such action.
    #[error("{place}: there is no action `{name}`{}", .like.map(|like| format!("; did you mean `{like}`?")).unwrap_or_default())]
    Action {
        /// Line and column.
        place: Place,
        /// What was written.
        name: String,
        /// The action that is called most alike.
        like: Option<&'static str>,
    },
    /// An action is given keys twice.
    #[error("{place}: `{name}` has keys already")]
    Twice {
        /// Line and column.
        place: Place,
        /// The action.
        name: String,
    },
    /// That is no key.
    #[error(
        "{place}: `{key}` is no key; write a character, or a name such as space, enter, pgup, ctrl-c, shift-tab"
    )]
    Key {
        /// Line and column.
        place: Place,
        /// What was written.
        key: String,
    },
    /// A key would do two things.
    #[error("{place}: `{key}` is the key of `{holder}` already; give that another one")]
    Taken {
        /// Line and column.
        place: Place,
        /// The key.
        key: String,
        /// What it does.
        holder: &'static str,
    },
    /// Nobody could leave the screen any more.
    #[error("{place}: `{name}` needs a key")]
    Missing {
        /// Line and column.
        place: Place,
        /// The action.
        name: String,
    },
}

/// A place in a file of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: u64,
    /// Counted from 1.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

pub(super) fn parse(text: &str) -> Result<Keymap, KeymapError> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        // The bare letters y and n are keys here, and no truths.
        strict_booleans: true,
        budget: serde_saphyr::budget! { max_depth: 4 },
    };
    let Entries(entries) =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| malformed(&error))?;
    let mut changed: Vec<(Action, Press, Place)> = Vec::new();
    let mut named: Vec<Action> = Vec::new();
    for (name, keys) in entries {
        let action = action(&name, &named)?;
        named.push(action);
        if keys.is_empty() && action == Action::Quit {
            return Err(KeymapError::Missing { place: name.referenced.into(), name: name.value });
        }
        for (key, place) in keys {
            let press = key.parse().map_err(|()| KeymapError::Key { place, key })?;
            changed.push((action, press, place));
        }
    }
    merged(&named, changed)
}

/// The usual keys of all actions that are not `named`, and those that are `changed`.
fn merged(named: &[Action], changed: Vec<(Action, Press, Place)>) -> Result<Keymap, KeymapError> {
    let Keymap(mut keys) = Keymap::default();
    keys.retain(|(_, action)| !named.contains(action));
    for (action, key, place) in changed {
        if let Some((_, holder)) = keys.iter().find(|(press, _)| *press == key) {
            return Err(KeymapError::Taken { place, key: key.to_string(), holder: holder.name() });
        }
        keys.push((key, action));
    }
    Ok(Keymap(keys))
}

fn action(name: &Spanned<String>, named: &[Action]) -> Result<Action, KeymapError> {
    let place = name.referenced.into();
    let Some(action) = Action::named(&name.value) else {
        return Err(KeymapError::Action { place, name: name.value.clone(), like: most_alike(&name.value) });
    };
    if named.contains(&action) {
        return Err(KeymapError::Twice { place, name: name.value.clone() });
    }
    Ok(action)
}

/// The action that shares the longest beginning with `name`, when that says anything.
fn most_alike(name: &str) -> Option<&'static str> {
    let shared =
        |known: &str| known.chars().zip(name.chars()).take_while(|(one, other)| one == other).count();
    let names = Action::NAMES.iter().map(|(known, _)| *known);
    names.max_by_key(|known| shared(known)).filter(|known| shared(known) >= 3)
}

fn malformed(error: &serde_saphyr::Error) -> KeymapError {
    let place = error.location().map(|location| format!("{}: ", Place::from(location))).unwrap_or_default();
    let rendered = error.without_snippet().render();
    let line = rendered.lines().next().unwrap_or("this is not YAML");
    let line = line.split(" at line ").next().unwrap_or(line);
    KeymapError::Malformed(format!("{place}{line}"))
}

/// The entries of the file, in their order.
struct Entries(Vec<Entry>);

/// The name of an action, and its keys with their places.
type Entry = (Spanned<String>, Vec<(String, Place)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names of actions with their keys")
    }

    /// An empty file changes nothing.
    fn visit_unit<E>(self) -> Result<Entries, E> {
        Ok(Entries(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, Keys(keys))) = map.next_entry()? {
            entries.push((name, keys));
        }
        Ok(Entries(entries))
    }
}

/// One key, or several; none for an action that shall have no key.
struct Keys(Vec<(String, Place)>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let one_or_many: Spanned<OneOrMany> = Spanned::deserialize(deserializer)?;
        let place = one_or_many.referenced.into();
        Ok(Self(match one_or_many.value {
            OneOrMany::One(key) => vec![(key, place)],
            OneOrMany::Many(keys) => keys.into_iter().map(|key| (key.value, key.referenced.into())).collect(),
        }))
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key or a list of keys")
    }

    fn visit_u64<E>(self, digit: u64) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(digit.to_string()))
    }

    fn visit_i64<E>(self, digit: i64) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(digit.to_string()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(value.to_string()))
    }

    fn visit_str<E>(self, key: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(key.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
        let mut keys = Vec::new();
        while let Some(key) = items.next_element()? {
            keys.push(key);
        }
        Ok(OneOrMany::Many(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyCode;

    fn refused(text: &str) -> String {
        Keymap::parse(text).expect_err(text).to_string()
    }

    fn action_of(keymap: &Keymap, key: char) -> Option<Action> {
        keymap.action(&KeyCode::Char(key).into())
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        assert_eq!(Keymap::parse(""), Ok(Keymap::default()));
        let keymap = Keymap::parse("freeze: f\nquit: [Z, ctrl-c]\nlog: Y\n").expect("it is one");
        assert_eq!(action_of(&keymap, 'f'), Some(Action::Freeze));
        assert_eq!(action_of(&keymap, ' '), None);
        assert_eq!(action_of(&keymap, 'Z'), Some(Action::Quit));
        assert_eq!(action_of(&keymap, 'q'), None);
        assert_eq!(action_of(&keymap, 'Y'), Action::named("log"));
        assert_eq!(action_of(&keymap, 'm'), Some(Action::Mark));
    }

    #[test]
    fn keys_can_change_places() {
        let keymap = Keymap::parse("sort: i\ninvert: s\n").expect("it is one");
        assert_eq!(action_of(&keymap, 'i'), Some(Action::Sort));
        assert_eq!(action_of(&keymap, 's'), Some(Action::Invert));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert_eq!(
            refused("freeze: f\nfreze: g\n"),
            "2:1: there is no action `freze`; did you mean `freeze`?"
        );
        assert_eq!(refused("wobble: g\n"), "1:1: there is no action `wobble`");
        assert_eq!(
            refused("freeze: [f, hyper-g]\n"),
            "1:13: `hyper-g` is no key; write a character, or a name such as space, enter, pgup, ctrl-c, shift-tab"
        );
        assert_eq!(refused("freeze: s\n"), "1:9: `s` is the key of `sort` already; give that another one");
        assert_eq!(
            refused("freeze: f\nmark: f\n"),
            "2:7: `f` is the key of `freeze` already; give that another one"
        );
        assert_eq!(refused("quit: []\n"), "1:1: `quit` needs a key");
        assert!(
            refused("freeze: f\nfreeze: g\n").starts_with("2:1: "),
            "{}",
            refused("freeze: f\nfreeze: g\n")
        );
        assert!(refused("- freeze\n").contains("names of actions"), "{}", refused("- freeze\n"));
        assert!(refused("freeze: {a: b}\n").contains("a key or a list of keys"));
    }
}
