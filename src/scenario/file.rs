//! The file format: what a scenario file may say, and what it means to say nothing.
//!
//! Doc comments become the descriptions of the JSON Schema, so they speak to the writer of a file. What the texts
//! mean, and whether names exist, is left to `compile`.

use super::{
    acquirer::{KeySchemeWord, Notices, Order, Settlement},
    condition::Condition,
    connection::{Connection, TargetTls},
    duration::Time,
    host::Host,
    named::Named,
    network::Network,
    scenario_keys::Scenario,
    step::Step,
    text::{Currency, Header, Money, Tpdu},
    words::{CardOrder, Keys, Mac, MacFormName, PinBlock, SpecName, TerminalKind},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A scenario file of posfleet.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File {
    /// The version of the file format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub schema: u32,
    /// The name of the scenario; it names the results folder too.
    pub name: String,
    /// What the scenario is for, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The root of all chance; the same seed gives the same run. Without it every run draws its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Values that `${ name }` stands for, in the whole file; `--set name=value` changes them.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub variables: Named<Scalar>,
    /// What is different in a place, chosen by `--env`.
    #[serde(default, skip_serializing)]
    #[expect(dead_code, reason = "the chosen one is laid over the tree of nodes before the file is decoded")]
    pub environments: Named<Environment>,
    /// The hosts and HTTP servers under test; without hosts the one inside this program answers.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub targets: Named<Target>,
    /// The groups of terminals.
    pub terminals: Named<Group>,
    /// The stocks of cards; without any there is one called `cards` with 1,000 generated cards.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub feeders: Named<Feeder>,
    /// What a terminal does in one iteration; a flow `sign-in` of one step exists without being written.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub flows: Named<Flow>,
    /// Which terminals run which flow, when and how often.
    pub scenarios: Named<Scenario>,
    /// Conditions over metrics that decide the verdict: `"sale.response_time": ["p(99) < 800ms"]`.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub thresholds: Named<Vec<Condition>>,
    /// Conditions that make the run invalid where they do not hold, since it then says nothing about the target. Those on
    /// `schedule_achieved`, `schedule_lag` and `standstill` exist without being written; an empty list is none.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub health: Named<Vec<Condition>>,
    /// What the host inside this program is like.
    #[serde(default)]
    pub host: Host,
}

/// A text, a number or a boolean.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// true or false
    Bool(bool),
    /// a number
    Number(f64),
    /// a text
    Text(String),
}

/// What is different in a place.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Environment {
    /// Targets that are added or changed.
    #[serde(default)]
    pub targets: Named<Target>,
    /// Variables that are added or changed.
    #[serde(default)]
    pub variables: Named<Scalar>,
}

/// A host under test, which has an `address`, or an HTTP server, which has a `url`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Target {
    /// Where a host listens: `host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where an HTTP server listens, and what comes in front of every path: `https://portal.example:8443/api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A PEM file with the certificates of those who may have signed the server's; nobody else is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// A PEM file with the client's certificates, where the server asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// A PEM file with the key of `clientCertificate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<String>,
    /// The name that the server's certificate must have; that of `url` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Whether TLS sessions are resumed; true without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumption: Option<bool>,
    /// The most connections that each shard keeps open to it; 64 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub connections: Option<u32>,
    /// How long an idle connection is kept; 60s without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Time>,
    /// How terminals speak TLS with the host at `address`; plain text without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TargetTls>,
    /// What the network between terminals and the host at `address` is like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// A group of terminals that are alike.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// How many there are; with `file`, that many of its rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// A CSV file with the columns terminal_id and merchant_id, and tmk if each has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A rack file: the terminals are its devices on their ports, in place of `count` virtual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<String>,
    /// Takes only the devices that have all of this: `id`, `feature`, `driver`, or a label of the rack with its value.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub only: Named<String>,
    /// What kind of terminal they are.
    #[serde(default)]
    pub kind: TerminalKind,
    /// The target they talk to; may be left out when there is no more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// When they connect, and from where.
    #[serde(default)]
    pub connection: Connection,
    /// What the network between them and their host is like; that of their target without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// DE 41; a run of `#` becomes the terminal's number.
    #[serde(default = "default_terminal_id")]
    pub terminal_id: String,
    /// DE 42; a run of `#` becomes the terminal's number.
    #[serde(default = "default_merchant_id")]
    pub merchant_id: String,
    /// The terminal master key of all of them in hexadecimal digits; without it each gets its own from the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmk: Option<String>,
    /// The base derivation key of `keyScheme: dukpt-tdes` and `dukpt-aes`, 32 hexadecimal digits; each terminal's
    /// initial key follows from it and from DE 41.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bdk: Option<String>,
    /// The acquirer: a shipped profile, or the path of a profile file; what the group says itself wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The dialect of the messages; without it that of the profile, or unionpay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<SpecName>,
    /// Which work keys a sign-in asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// How the MAC is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// How the MAC is written into DE 64; without it as the algorithm usually does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_form: Option<MacFormName>,
    /// Whether every answer that carries a MAC is verified, and not only approvals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_every_mac: Option<bool>,
    /// How the PIN becomes DE 52.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_block: Option<PinBlock>,
    /// Whether tracks are encrypted; needs `keys: double-des-track` or `sm4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypt_tracks: Option<bool>,
    /// DE 49, three digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The operator in DE 63.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 99))]
    pub operator: Option<u8>,
    /// Whether a terminal signs in by itself when it has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_sign_in: Option<bool>,
    /// How long it waits for a connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<Time>,
    /// How long it waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_timeout: Option<Time>,
    /// How it reverses what it does not know the fate of.
    #[serde(default)]
    pub reversal: Reversal,
    /// The TPDU of requests, ten hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpdu: Option<Tpdu>,
    /// The header of requests, twelve hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// What keys PINs and messages are protected with; session keys without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_scheme: Option<KeySchemeWord>,
    /// How many transactions its log holds before it must settle; 300 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9999))]
    pub log_capacity: Option<u16>,
    /// When it tells the host what it did offline; before the next transaction without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notices: Option<Notices>,
    /// What follows a settlement.
    #[serde(default)]
    pub settlement: Settlement,
    /// Up to this amount a contactless card needs no PIN; 0 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contactless_limit: Option<Money>,
    /// The longest part of a signature, in bytes; 900 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 999))]
    pub signature_part: Option<u16>,
    /// How it waits for a payer who scans the code that it shows.
    #[serde(default)]
    pub order: Order,
    /// Whether it fetches card applications and public keys as soon as it is signed in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub first_downloads: bool,
    /// Whether what it prints is kept in the results, in `receipts.txt`; false without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<bool>,
    /// Whether it tells its serial number, firmware and battery; without it where the host of the run has a portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells_device: Option<bool>,
    /// What its battery holds, in percent; every terminal has a charge of its own, 30 or more, without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub battery: Option<u8>,
}

/// What a terminal does when it does not know whether a sale was booked.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Reversal {
    /// How often the reversal is sent again when it is not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resend: Option<u32>,
    /// Whether it is kept when all of them stay unanswered, and sent before the next transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<bool>,
    /// Whether it is sent at once, and not only before the next transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_once: Option<bool>,
    /// Whether the answer 94 (duplicate) is reversed too: a network that doubles requests may have lost the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_duplicate: Option<bool>,
}

/// A stock of cards.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Feeder {
    /// Test cards made out of the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generate: Option<Generate>,
    /// A CSV file with the columns pan, expiry, sequence, service_code, pin and track2; all but pan may be missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// In which order the cards are drawn.
    #[serde(default)]
    pub order: CardOrder,
}

/// Which test cards to make.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Generate {
    /// How many.
    pub count: u32,
    /// The beginnings of their numbers, 6 to 12 digits each, used in turn.
    pub bins: Vec<String>,
    /// The digits of a number, 13 to 19.
    pub pan_length: u8,
    /// The digits of a PIN, 4 to 12.
    pub pin_length: u8,
}

/// What a terminal does in one iteration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flow {
    /// The steps, one after the other.
    #[schemars(length(min = 1))]
    pub steps: Vec<Step>,
    /// What follows where an iteration is cut short; it has the last fifth of `gracefulStop`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_interrupt: Vec<Step>,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Text as written: whether `0200` is a number is decided where it is used.
        let text = String::deserialize(deserializer)?;
        let is_plain = !text.starts_with('0') || text == "0" || text.starts_with("0.");
        Ok(match (text.as_str(), text.parse::<f64>()) {
            ("true", _) => Self::Bool(true),
            ("false", _) => Self::Bool(false),
            (_, Ok(number)) if number.is_finite() && is_plain => Self::Number(number),
            _ => Self::Text(text),
        })
    }
}

impl Default for Generate {
    fn default() -> Self {
        Self {
            count: 1000,
            bins: ["621799", "622848", "625002"].map(str::to_owned).to_vec(),
            pan_length: 16,
            pin_length: 6,
        }
    }
}

/// What is left out where it is not set.
pub(super) fn is_false(value: &bool) -> bool {
    !*value
}

fn default_terminal_id() -> String {
    "########".to_owned()
}

fn default_merchant_id() -> String {
    "898############".to_owned()
}
