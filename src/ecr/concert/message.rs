//! The two messages in their columns.

use crate::{
    ecr::vocabulary::{Answer, MaskedCard, Service, Text, Verdict},
    money::Amount,
};

/// What a register asks: 34 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The register's number, 0 to 99.
    pub register: u8,
    /// The amount, up to eight digits.
    pub amount: Amount,
    /// Whether the answer is to have the report.
    pub wants_report: bool,
    /// `1` card, `C` cheque, `U` UnionPay, and others.
    pub mode: u8,
    /// Debit, credit, refund.
    pub service: Service,
    /// ISO 4217, numeric.
    pub currency: u16,
    /// The register's number of the request in the private column; 0 leaves it blank.
    pub id: u32,
    /// Whether the answer is to wait for the end of the transaction (`A010`) or not (`A011`).
    pub waits: bool,
    /// Whether the host must be asked (`B011`).
    pub forces_authorisation: bool,
}

/// What a terminal answers: 25 characters, or 80 with the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The register's number.
    pub register: u8,
    /// `0` done, `7` refused, `9` not verified.
    pub result: u8,
    /// The amount.
    pub amount: Amount,
    /// As in the request.
    pub mode: u8,
    /// The card that the report begins with, masked; `None` without a report.
    pub report: Option<MaskedCard>,
    /// As in the request.
    pub currency: u16,
    /// As in the request.
    pub id: u32,
}

/// Why a text is no message of Concert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// It has another number of characters.
    #[error("the message has {0} characters")]
    Size(usize),
    /// A column has a character that it cannot.
    #[error("the column at character {0} is wrong")]
    Column(usize),
}

impl Request {
    /// The text; an amount of more than eight digits loses the highest.
    pub fn write(&self) -> Vec<u8> {
        let kind = KINDS.iter().find(|(service, _)| *service == self.service).map_or('0', |(_, kind)| *kind);
        let mut text = format!("{:02}{}", self.register % 100, amount(self.amount)).into_bytes();
        text.extend([if self.wants_report { b'1' } else { b'0' }, self.mode, kind as u8]);
        text.extend(format!("{:03}{}", self.currency % 1_000, private(self.id)).into_bytes());
        text.extend(if self.waits { b"A010" } else { b"A011" });
        text.extend(if self.forces_authorisation { b"B011" } else { b"B010" });
        text
    }

    /// Takes a text apart; the two last columns are missing in the older E.
    ///
    /// # Errors
    /// When it is no request.
    pub fn parse(text: &[u8]) -> Result<Self, ColumnError> {
        if text.len() != 34 && text.len() != 26 {
            return Err(ColumnError::Size(text.len()));
        }
        let at = |at: usize| text.get(at).copied().unwrap_or(b' ');
        let kind = KINDS.iter().find(|(_, kind)| *kind as u8 == at(12)).map(|(service, _)| *service);
        Ok(Self {
            register: number(text, 0, 2)? as u8,
            amount: Amount::from_minor(number(text, 2, 10)?),
            wants_report: at(10) == b'1',
            mode: at(11),
            service: kind.ok_or(ColumnError::Column(12))?,
            currency: number(text, 13, 16)? as u16,
            id: id(text.get(16..26).unwrap_or_default()),
            waits: at(29) != b'1',
            forces_authorisation: at(33) == b'1',
        })
    }
}

impl Reply {
    /// The text.
    pub fn write(&self) -> Vec<u8> {
        let mut text = format!("{:02}{}", self.register % 100, char::from(self.result)).into_bytes();
        text.extend(amount(self.amount).into_bytes());
        text.push(self.mode);
        if let Some(card) = &self.report {
            let blank = std::iter::repeat(&b' ');
            text.extend(card.as_bytes().iter().chain(blank).take(REPORT));
        }
        text.extend(format!("{:03}{}", self.currency % 1_000, private(self.id)).into_bytes());
        text
    }

    /// Takes a text apart.
    ///
    /// # Errors
    /// When it is no answer.
    pub fn parse(text: &[u8]) -> Result<Self, ColumnError> {
        let report = match text.len() {
            25 => None,
            80 => {
                let report = text.get(12..12 + REPORT).unwrap_or_default();
                let end = report.iter().position(|byte| *byte == b' ').unwrap_or(REPORT).min(CARD_MAX);
                Some(MaskedCard::new(report.get(..end).unwrap_or_default()))
            }
            size => return Err(ColumnError::Size(size)),
        };
        let after = text.len() - 13;
        Ok(Self {
            register: number(text, 0, 2)? as u8,
            result: text.get(2).copied().filter(u8::is_ascii_digit).ok_or(ColumnError::Column(2))?,
            amount: Amount::from_minor(number(text, 3, 11)?),
            mode: text.get(11).copied().unwrap_or(b' '),
            report,
            currency: number(text, after, after + 3)? as u16,
            id: id(text.get(after + 3..).unwrap_or_default()),
        })
    }

    /// The answer in common words.
    pub fn to_answer(&self) -> Answer {
        let verdict = if self.result == b'0' { Verdict::Approved } else { Verdict::Declined };
        let card = self.report.clone().unwrap_or_default();
        Answer { amount: self.amount, code: Text(vec![self.result]), card, ..Answer::bare(verdict) }
    }
}

fn amount(amount: Amount) -> String {
    format!("{:08}", amount.minor() % 100_000_000)
}

fn private(id: u32) -> String {
    if id == 0 { " ".repeat(10) } else { format!("{id:010}") }
}

fn id(text: &[u8]) -> u32 {
    std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn number(text: &[u8], from: usize, to: usize) -> Result<u64, ColumnError> {
    let digits = text.get(from..to).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let digits = digits.ok_or(ColumnError::Column(from))?;
    Ok(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

const KINDS: [(Service, char); 3] = [(Service::Sale, '0'), (Service::Refund, '1'), (Service::Void, '2')];
const REPORT: usize = 55;
const CARD_MAX: usize = 19;
