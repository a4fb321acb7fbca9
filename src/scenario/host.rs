//! The host section of the file format: what a scenario may say of the host inside this program.
//!
//! Doc comments become the descriptions of the JSON Schema, so they speak to the writer of a file. What the texts
//! mean is left to `compile`.

use super::{
    acquirer::Request,
    connection::RunTls,
    duration::{Time, TimeRange},
    portal::Portal,
    rule::Rule,
    text::{Money, Percentage},
    words::{Bug, Closing, LedgerPlace, MacKey, UnknownCards},
};
use crate::money::Amount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the host inside this program is like.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Host {
    /// What every account holds at the start.
    pub opening_balance: Money,
    /// The largest sale; beyond it the answer is 61.
    pub sale_limit: Money,
    /// What it makes of cards that no feeder holds.
    pub unknown_cards: UnknownCards,
    /// How long the MAC key is that it hands out.
    pub mac_key: MacKey,
    /// What it keeps of every payment.
    pub fees: Percentage,
    /// The most that a completion may be, in percent of what was set aside.
    #[schemars(range(min = 1, max = 1000))]
    pub completion_percent: u32,
    /// The most that a tip may add, in percent of the sale.
    #[schemars(range(max = 1000))]
    pub tip_percent: u32,
    /// What becomes of orders that wait for a payer to scan their code.
    pub orders: Orders,
    /// How it settles.
    pub settlement: Closure,
    /// What it has for terminals to download.
    pub tables: Tables,
    /// How it treats chip cards.
    pub chip: Chip,
    /// The merchant portal; without it there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<Portal>,
    /// Speaks TLS with the terminals; plain text without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<RunTls>,
    /// Where it keeps its books.
    pub ledger: LedgerPlace,
    /// How many requests a second it can serve, one after the other; without it it serves each at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<f64>,
    /// What it gets wrong on purpose, for the reconciliation to find.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bug: Option<Bug>,
    /// Its moods; the first rule that fits a request decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// What becomes of orders that wait for a payer to scan their code.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Orders {
    /// How long payers take.
    pub pays_after: TimeRange,
    /// The share of orders that the payer closes instead.
    pub closed: Percentage,
    /// The share of orders that nobody pays.
    pub expired: Percentage,
    /// How long an order that nobody pays can be asked about.
    pub expires_after: Time,
}

/// How the host settles.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Closure {
    /// When a batch that balances is closed.
    pub closing: Closing,
    /// The share of batches whose totals it gets wrong on purpose, so that they are uploaded.
    pub unbalanced: Percentage,
    /// Terminals whose totals it always gets wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terminals: Vec<String>,
}

/// What the host has for terminals to download.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Tables {
    /// The most items on one page of the list of applications or keys.
    #[schemars(range(min = 1, max = 99))]
    pub page_items: u32,
    /// The most bytes on one page of any other table.
    #[schemars(range(min = 16, max = 990))]
    pub page_bytes: u32,
    /// Whether terminals get new master keys when they ask.
    pub renews_keys: bool,
    /// What it asks each terminal to do, once, by the processing request in the header of answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Demand>,
}

/// Something that the host asks each terminal to do.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Demand {
    /// The digit in the header.
    #[schemars(range(min = 1, max = 9))]
    pub digit: u8,
    /// What it asks for.
    pub kind: Request,
}

/// How the host treats chip cards.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Chip {
    /// The share of approvals that bring a script for the card.
    pub scripts: Percentage,
    /// The share of answers whose cryptogram is wrong, so that the card declines and the terminal reverses.
    pub wrong_answers: Percentage,
    /// Whether the stripe of a chip card is refused with 45 unless the chip could not be read.
    pub refuses_fallback: bool,
    /// The answer to a cryptogram that does not hold, two letters or digits.
    pub refusal: String,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            opening_balance: Money(Amount::from_minor(10_000_000)),
            sale_limit: Money(Amount::from_minor(5_000_000)),
            unknown_cards: UnknownCards::default(),
            mac_key: MacKey::default(),
            fees: Percentage(0.006),
            completion_percent: 115,
            tip_percent: 20,
            orders: Orders::default(),
            settlement: Closure::default(),
            tables: Tables::default(),
            chip: Chip::default(),
            portal: None,
            tls: None,
            ledger: LedgerPlace::default(),
            capacity: None,
            bug: None,
            rules: Vec::new(),
        }
    }
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            pays_after: TimeRange { min: Time::default(), max: Time::from_secs(6) },
            closed: Percentage(0.0),
            expired: Percentage(0.0),
            expires_after: Time::from_secs(120),
        }
    }
}

impl Default for Closure {
    fn default() -> Self {
        Self { closing: Closing::default(), unbalanced: Percentage(0.0), terminals: Vec::new() }
    }
}

impl Default for Tables {
    fn default() -> Self {
        Self { page_items: 5, page_bytes: 480, renews_keys: true, requests: Vec::new() }
    }
}

impl Default for Chip {
    fn default() -> Self {
        Self {
            scripts: Percentage(0.0),
            wrong_answers: Percentage(0.0),
            refuses_fallback: true,
            refusal: "05".to_owned(),
        }
    }
}
