//! The keys of a group's terminals: the master key that is written, one that is made up, or the initial key that
//! follows from a base derivation key.

use super::Compiler;
use crate::{
    crypto::{Algorithm, Key, Tmk},
    iso8583::TerminalId,
    rng::{Domain, Seed},
    scenario::{
        acquirer::{KeySchemeWord, Settings},
        file::Group,
        node::Node,
        words::Keys,
    },
    terminal::KeyScheme,
};

/// Where the keys of a group come from.
pub(super) struct KeySource {
    scheme: KeyScheme,
    wants_sm4: bool,
    /// The key that all terminals share.
    shared: Option<Tmk>,
    /// What initial keys are derived from.
    base: Option<Key>,
}

impl Compiler<'_> {
    /// The source of a group's keys; what does not go together is complained about.
    pub(super) fn key_source(&mut self, node: &Node, group: &Group, settings: &Settings) -> KeySource {
        let mut source = KeySource {
            scheme: settings.key_scheme.unwrap_or_default().into(),
            wants_sm4: settings.keys == Some(Keys::Sm4),
            shared: None,
            base: None,
        };
        source.shared = group.tmk.as_ref().and_then(|text| {
            let key = text.parse::<Tmk>();
            self.or_complain(&node.at("tmk"), key)
        });
        if source.shared.as_ref().is_some_and(|tmk| !source.takes(tmk)) {
            self.complain(&node.at("tmk"), source.misfit());
        }
        source.base = self.base_key(node, group, settings.key_scheme.unwrap_or_default());
        if source.scheme.is_derived() && source.wants_sm4 {
            let at = if node.has("keys") { node.at("keys") } else { node.at("keyScheme") };
            self.complain(&at, "SM4 keys come with a sign-in; derived keys are of triple DES or AES");
        }
        source
    }

    /// The base derivation key: the one that is written, or the published test key of the standard.
    fn base_key(&mut self, node: &Node, group: &Group, scheme: KeySchemeWord) -> Option<Key> {
        let at = node.at("bdk");
        let is_session = scheme == KeySchemeWord::Session;
        match &group.bdk {
            Some(_) if is_session => {
                let help = "write `keyScheme: dukpt-tdes` or `keyScheme: dukpt-aes`";
                self.complain_with_help(&node.at_key("bdk"), "nothing is derived from a session key", help);
                None
            }
            Some(_) if group.tmk.is_some() => {
                let message = "`tmk` is an initial key already; a group has one of `tmk` and `bdk`";
                self.complain(&node.at_key("bdk"), message);
                None
            }
            Some(text) => {
                let digits = text.strip_prefix(AES).filter(|_| scheme == KeySchemeWord::DukptAes);
                let digits = digits.unwrap_or(text);
                let fits = digits.len() == BASE_DIGITS && !digits.contains(':');
                let key = if fits { named(scheme, digits).parse().ok() } else { None };
                self.or_complain(&at, key.ok_or("a base derivation key has 32 hexadecimal digits"))
            }
            None if is_session => None,
            None => {
                let is_foreign = self.file.targets.iter().any(|(_, target)| target.url.is_none());
                if is_foreign && group.tmk.is_none() && group.file.is_none() {
                    let help =
                        "write `bdk: …`, or the initial key of each terminal into the column tmk of `file`";
                    let message = "a host of yours derives keys from a base key of its own";
                    self.complain_with_help(&node.at("keyScheme"), message, help);
                }
                let published = if scheme == KeySchemeWord::DukptAes { TEST_BDK_AES } else { TEST_BDK_TDES };
                named(scheme, published).parse().ok()
            }
        }
    }
}

impl KeySource {
    /// The key of terminal `number`, counted through all groups.
    pub(super) fn key(&self, number: u32, terminal: TerminalId) -> Tmk {
        let derived = || self.base.as_ref().and_then(|base| self.scheme.initial_key(base, terminal));
        self.shared.clone().or_else(derived).unwrap_or_else(|| made_up(number, self.wants_sm4))
    }

    /// Whether a key that is written can be a terminal's.
    pub(super) fn takes(&self, key: &Tmk) -> bool {
        match self.scheme {
            KeyScheme::DukptTdes => key.algorithm() == Algorithm::Tdes,
            KeyScheme::DukptAes => key.algorithm() == Algorithm::Aes,
            KeyScheme::Session if self.wants_sm4 => key.algorithm() == Algorithm::Sm4,
            KeyScheme::Session => !matches!(key.algorithm(), Algorithm::Sm4 | Algorithm::Aes),
        }
    }

    /// What is wrong with a key that it does not take.
    pub(super) fn misfit(&self) -> &'static str {
        match self.scheme {
            KeyScheme::Session => {
                "the TMK does not fit `keys`: SM4 keys travel under `sm4:…`, DES keys under a DES key"
            }
            KeyScheme::DukptTdes => "under `keyScheme: dukpt-tdes` this is the initial key, 32 digits",
            KeyScheme::DukptAes => {
                "under `keyScheme: dukpt-aes` this is the initial key, `aes:` and 32 digits"
            }
        }
    }
}

/// The test key of terminal `number`, the same in every scenario, so that a host elsewhere can know it.
fn made_up(number: u32, is_sm4: bool) -> Tmk {
    let mut rng = Seed(0).stream(Domain::Keys, u64::from(number), 0);
    Tmk(Key::random(if is_sm4 { Algorithm::Sm4 } else { Algorithm::Tdes }, || rng.bits()))
}

fn named(scheme: KeySchemeWord, digits: &str) -> String {
    let cipher = if scheme == KeySchemeWord::DukptAes { AES } else { "" };
    format!("{cipher}{digits}")
}

const AES: &str = "aes:";
const BASE_DIGITS: usize = 32;
/// The base derivation keys of the examples in ANSI X9.24-1 and X9.24-3.
const TEST_BDK_TDES: &str = "0123456789ABCDEFFEDCBA9876543210";
const TEST_BDK_AES: &str = "FEDCBA9876543210F1F1F1F1F1F1F1F1";
