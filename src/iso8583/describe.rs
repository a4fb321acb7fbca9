//! A message as a table for people: names, values, meanings, sub-elements.

use std::fmt;

use super::{
    code::PosEntryMode,
    de::De,
    dictionary,
    frame::FrameHead,
    mask::Masking,
    message::Message,
    mti::Mti,
    original_data::OriginalData,
    private60::Private60,
    response_code::ResponseCode,
    settlement::{SettlementTotals, Totals},
    transcript::shown,
    value::Value,
};

/// A message described for people; `Display` is the table that `decode` prints.
///
/// ```text
/// 0210  60 00 00 00 06 ...
///   DE 4    amount                000000073700
///   DE 60   private data          22000065000501
///             60.1 kind           22
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Description {
    /// TPDU and header, where there was a frame.
    pub head: Option<FrameHead>,
    /// The message type indicator.
    pub mti: Mti,
    /// One row an element.
    pub rows: Vec<Row>,
}

/// One element of a description.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The element.
    pub de: De,
    /// What it is called.
    pub name: &'static str,
    /// Its value, masked or not.
    pub value: String,
    /// What the value means, where a table knows.
    pub meaning: Option<&'static str>,
    /// Its sub-elements.
    pub parts: Vec<Part>,
}

/// A sub-element of a row.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number and name.
    pub label: &'static str,
    /// Its value, with the meaning where there is one.
    pub value: String,
}

impl Description {
    /// Describes a message.
    #[must_use]
    pub fn of(message: &Message<'_>, head: Option<&FrameHead>, masking: Masking) -> Self {
        let mti = message.mti();
        let rows = message.elements().map(|(de, value)| Row {
            de,
            name: dictionary::name(de),
            value: shown(de, mti, value, masking),
            meaning: meaning(de, value),
            parts: parts(de, mti, value),
        });
        Self { head: head.copied(), mti, rows: rows.collect() }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mti)?;
        if let Some(head) = self.head {
            write!(f, "  TPDU {}  header {}", head.tpdu, head.header)?;
        }
        writeln!(f)?;
        self.rows.iter().try_for_each(|row| row.fmt(f))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<7} {:<27} {}", self.de.to_string(), self.name, self.value)?;
        if let Some(meaning) = self.meaning {
            write!(f, "  ({meaning})")?;
        }
        writeln!(f)?;
        self.parts.iter().try_for_each(|part| writeln!(f, "            {:<25} {}", part.label, part.value))
    }
}

fn meaning(de: De, value: Value<'_>) -> Option<&'static str> {
    match de {
        De::RESPONSE_CODE => Some(ResponseCode::from_bytes(value.text()?).ok()?.meaning()),
        _ => None,
    }
}

fn parts(de: De, mti: Mti, value: Value<'_>) -> Vec<Part> {
    let mut buffer = [0; 64];
    let digits = value.write_to(&mut buffer).unwrap_or_default();
    let parts = match de {
        De::ENTRY_MODE => PosEntryMode::from_digits(digits).ok().map(entry_mode_parts),
        De::SECURITY_CONTROL => security_parts(digits),
        De::PRIVATE_60 => Private60::from_digits(digits).ok().map(private_parts),
        De::ORIGINAL_DATA => OriginalData::from_digits(digits).ok().map(original_parts),
        De::PRIVATE_48 if mti == Mti::SETTLEMENT || mti == Mti::SETTLEMENT.response() => {
            SettlementTotals::from_digits(digits).ok().map(settlement_parts)
        }
        _ => None,
    };
    parts.unwrap_or_default()
}

fn part(label: &'static str, value: impl fmt::Display) -> Part {
    Part { label, value: value.to_string() }
}

fn entry_mode_parts(mode: PosEntryMode) -> Vec<Part> {
    vec![part("22.1 account", mode.account_entry_text()), part("22.2 PIN", mode.pin_entry_text())]
}

fn security_parts(digits: &[u8]) -> Option<Vec<Part>> {
    let [format, cipher, track, ..] = *digits else { return None };
    let format = match format {
        b'0' => "no PIN",
        b'1' => "ANSI X9.8 without PAN",
        b'2' => "ANSI X9.8 with PAN",
        _ => "unknown",
    };
    let cipher = match cipher {
        b'0' => "DES",
        b'3' => "SM4",
        b'6' => "3DES, double length",
        _ => "unknown",
    };
    let track = if track == b'1' { "encrypted" } else { "plain" };
    Some(vec![part("53.1 PIN format", format), part("53.2 cipher", cipher), part("53.3 tracks", track)])
}

fn private_parts(private: Private60) -> Vec<Part> {
    let always = [part("60.1 kind", format!("{:02}", private.kind)), part("60.2 batch", private.batch)];
    let optional = [
        private.management.map(|code| part("60.3 management", format!("{code:03}"))),
        private.read_capability.map(|digit| part("60.4 read capability", digit)),
        private.ic_condition.map(|digit| part("60.5 chip condition", digit)),
        private.partial.map(|digit| part("60.6 partial approval", digit)),
        private.account.map(|code| part("60.7 account", format!("{code:03}"))),
    ];
    always.into_iter().chain(optional.into_iter().flatten()).collect()
}

fn original_parts(original: OriginalData) -> Vec<Part> {
    let stan = original.stan.map_or("000000".to_owned(), |stan| stan.to_string());
    let date = original.date.map(|date| part("61.3 date", date));
    [part("61.1 batch", original.batch), part("61.2 STAN", stan)].into_iter().chain(date).collect()
}

fn settlement_parts(totals: SettlementTotals) -> Vec<Part> {
    let half = |labels: [&'static str; 3], totals: Totals| {
        [
            part(labels[0], format!("{} in {}", totals.debit_amount, totals.debit_count)),
            part(labels[1], format!("{} in {}", totals.credit_amount, totals.credit_count)),
            part(labels[2], format!("{} ({})", totals.verdict.digit(), totals.verdict.meaning())),
        ]
    };
    let domestic = half(["domestic debit", "domestic credit", "domestic verdict"], totals.domestic);
    let foreign = half(["foreign debit", "foreign credit", "foreign verdict"], totals.foreign);
    domestic.into_iter().chain(foreign).collect()
}
