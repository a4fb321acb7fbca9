//! Computes the MAC of a message, and holds the one it has against it.

use crate::{
    crypto::{KeyError, MacAlgorithm, MacForm, MacSchedule, Mak},
    iso8583::Message,
    scenario::Acquirer,
};
use serde::Serialize;

/// An algorithm that the command line names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Algorithm(pub(super) MacAlgorithm);

/// A key with the rule that makes MACs of it.
pub(super) struct Rule {
    schedule: MacSchedule,
    form: MacForm,
}

/// What became of the check of a MAC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub(super) enum Verdict {
    /// It is right.
    Ok,
    /// It is wrong.
    Wrong {
        /// What the message has.
        found: String,
        /// What was computed.
        computed: String,
    },
    /// The message has none; what it would be.
    Missing {
        /// What was computed.
        computed: String,
    },
    /// A message of this kind has none.
    None,
}

impl Rule {
    /// The rule of an acquirer with a key, or with another algorithm in its usual form.
    pub(super) fn new(
        key: &Mak,
        acquirer: &Acquirer,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        let profile = acquirer.profile();
        let (algorithm, form) = match algorithm {
            Some(Algorithm(other)) if other != profile.mac => (other, other.usual_form()),
            _ => (profile.mac, profile.mac_form),
        };
        Ok(Self { schedule: MacSchedule::new(key, algorithm, form)?, form })
    }

    /// The MAC of these bytes as it stands in its element.
    pub(super) fn mac(&self, data: &[u8]) -> [u8; 8] {
        self.schedule.mac(data)
    }

    /// Holds the MAC of a message against the computed one.
    pub(super) fn verify(&self, message: &Message<'_>, mac_is_missing: bool) -> Verdict {
        if mac_is_missing {
            return Verdict::Missing { computed: self.text(&self.mac(message.bytes())) };
        }
        let (Some(data), Some(value)) = (message.mac_data(), message.mac()) else { return Verdict::None };
        let mut received = [0; 8];
        let length = value.write_to(&mut received).map_or(0, <[u8]>::len);
        if length > 0 && self.schedule.verify(data, &received) {
            return Verdict::Ok;
        }
        Verdict::Wrong { found: self.text(&received[..length]), computed: self.text(&self.mac(data)) }
    }

    fn text(&self, mac: &[u8]) -> String {
        match self.form {
            MacForm::Ascii8 if mac.iter().all(u8::is_ascii_graphic) => {
                mac.iter().copied().map(char::from).collect()
            }
            _ => mac.iter().map(|byte| format!("{byte:02X}")).collect(),
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ok => f.write_str("MAC ok"),
            Self::Wrong { found, computed } => {
                write!(f, "MAC wrong: the message has {found}, computed {computed}")
            }
            Self::Missing { computed } => write!(f, "MAC missing: computed {computed}"),
            Self::None => f.write_str("no MAC"),
        }
    }
}
