//! What a cash register asks of a terminal and what comes of it, in words that all protocols share.

use crate::money::Amount;
use std::{fmt, time::Duration};

/// What a register asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Sign in, or register.
    SignIn,
    /// Take money.
    Sale,
    /// Undo an earlier sale.
    Void,
    /// Give money back.
    Refund,
    /// Close the day or the batch.
    Settlement,
    /// Are you there, and how are you?
    Status,
}

impl Service {
    /// Whether it moves money, so that its fate must be known.
    pub fn moves_money(self) -> bool {
        matches!(self, Self::Sale | Self::Void | Self::Refund)
    }
}

/// One request of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The register's own number, 1 to 999999; a new one for every request. 0 from a register that tells none.
    pub id: u32,
    /// What is asked.
    pub service: Service,
    /// The amount; zero where there is none.
    pub amount: Amount,
    /// The earlier transaction that is meant.
    pub original: Option<Original>,
}

/// How an earlier transaction is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// The terminal's receipt or voucher number.
    pub receipt: u32,
    /// The host's reference, where the terminal told one.
    pub reference: Text,
    /// Month and day, `MMDD`.
    pub date: u16,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub verdict: Verdict,
    /// The amount that was taken or given.
    pub amount: Amount,
    /// The result in the protocol's own code.
    pub code: Text,
    /// The terminal's receipt or voucher number.
    pub receipt: u32,
    /// The terminal's trace number.
    pub trace: u32,
    /// The approval code.
    pub approval: Text,
    /// The host's reference.
    pub reference: Text,
    /// The card, masked.
    pub card: MaskedCard,
    /// What the terminal says about it, in its own character set.
    pub text: Text,
    /// The lines of the receipt.
    pub lines: Vec<Text>,
    /// Who answers: the terminal id (DE 41); empty where the protocol does not tell.
    pub terminal: Text,
    /// The serial number of what answers; empty where the protocol does not tell.
    pub serial_number: Text,
    /// The version of its software; empty where the protocol does not tell.
    pub firmware: Text,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Done.
    Approved,
    /// The terminal, its host or the customer said no.
    Declined,
    /// It is certain that nothing was done: the terminal did not get the request, or has undone it.
    NotDone,
    /// The protocol has no such request.
    Unsupported,
    /// No answer came to a request that moves no money.
    NoAnswer,
    /// The terminal may or may not have done it, and cannot be asked now.
    Unknown,
}

impl Answer {
    /// An answer that says nothing else.
    pub fn bare(verdict: Verdict) -> Self {
        Self {
            verdict,
            amount: Amount::ZERO,
            code: Text::default(),
            receipt: 0,
            trace: 0,
            approval: Text::default(),
            reference: Text::default(),
            card: MaskedCard::default(),
            text: Text::default(),
            lines: Vec::new(),
            terminal: Text::default(),
            serial_number: Text::default(),
            firmware: Text::default(),
        }
    }
}

/// Text in the character set of the terminal; long runs of digits do not print.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Text {
    fn from(text: &[u8]) -> Self {
        Self(text.to_vec())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let runs = self.0.chunk_by(|a, b| is_digit(a) == is_digit(b));
        f.write_str("\"")?;
        for run in runs {
            // A card number has 13 to 19 digits; references have fewer.
            let is_card = run.len() >= 13 && run.iter().all(is_digit);
            let shown =
                if is_card { MaskedCard::new(run).to_string() } else { run.escape_ascii().to_string() };
            f.write_str(&shown)?;
        }
        f.write_str("\"")
    }
}

/// A card number of which the middle is not kept.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MaskedCard(Vec<u8>);

impl MaskedCard {
    /// Keeps the first six and the last four characters of a number, masked or not.
    pub fn new(number: &[u8]) -> Self {
        let count = number.len();
        let shown = |at: usize| if count >= 13 { at < 6 || at + 4 >= count } else { at + 4 >= count };
        let mask = |(at, byte): (usize, &u8)| if shown(at) && byte.is_ascii_digit() { *byte } else { b'*' };
        Self(number.iter().enumerate().map(mask).collect())
    }

    /// The number with asterisks.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for MaskedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for MaskedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Where a terminal wants bytes carried to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host; empty when the register is to know.
    pub host: String,
    /// The port; 0 when the register is to know.
    pub port: u16,
    /// How long to wait for the host.
    pub timeout: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_do_not_print() {
        assert_eq!(format!("{:?}", Text::from("card 6225880123456789 ok")), "\"card 622588******6789 ok\"");
        assert_eq!(MaskedCard::new(b"6225880123456789").to_string(), "622588******6789");
        assert_eq!(MaskedCard::new(b"123456").to_string(), "**3456");
        assert_eq!(format!("{:?}", Text::from("925498334778")), "\"925498334778\"");
    }
}
