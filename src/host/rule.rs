//! The rules of a host's moods: which requests each is about, and what happens to them.

use super::delay::Delay;
use crate::{
    iso8583::{Content, De, Mti, ProcessingCode, ResponseCode, TerminalId, Value},
    money::Amount,
    operation::Kind,
};
use std::{
    ops::{Range, RangeInclusive},
    time::Duration,
};

/// A mood of the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which requests it is about.
    pub when: Match,
    /// What the host does with them.
    pub action: Action,
}

/// Which requests a rule is about; what is `None` or empty fits all, and everything that is said must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    /// The message type.
    pub mti: Option<Mti>,
    /// DE 3.
    pub processing_code: Option<ProcessingCode>,
    /// Which operation; a reversal is `Kind::Reversal`, whatever it reverses.
    pub kind: Option<Kind>,
    /// DE 4 within these bounds.
    pub amount: Option<RangeInclusive<Amount>>,
    /// DE 2 (or the PAN in DE 35) begins with these digits.
    pub card_prefix: Option<String>,
    /// DE 41.
    pub terminal: Option<TerminalId>,
    /// What other elements hold.
    pub elements: Vec<(De, Pattern)>,
    /// Requests that come so long after the host has opened, the end not included.
    pub window: Option<Range<Duration>>,
    /// Every so manieth of the requests that fit up to here: 3 is the third, the sixth, and so on.
    pub every: Option<u64>,
    /// Only so many of them, by chance; `None` is all of them.
    pub probability: Option<f64>,
    /// No more than so many altogether.
    pub first: Option<u64>,
}

/// What an element of a request must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// It is there, or it is not.
    Present(bool),
    /// A number within these bounds.
    Number(RangeInclusive<u64>),
    /// A text in which each `*` stands for any characters; binary elements are hexadecimal digits.
    Text(String),
}

/// What a host does with a request instead of, or besides, its work.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Answers with this code and does nothing else.
    Respond(ResponseCode),
    /// Answers with one of the usual refusals, by chance, and does nothing else.
    Decline,
    /// Does its work and answers later.
    Delay(Delay),
    /// Does what else it says, later.
    Late(Delay, Box<Action>),
    /// Does nothing: the request is lost on its way in.
    DropRequest,
    /// Does its work, and the answer is lost on its way out.
    DropResponse,
    /// Does its work and closes the connection instead of answering.
    Close,
    /// Does its work and answers twice.
    Duplicate,
    /// Does its work and answers with a wrong MAC.
    WrongMac,
    /// Does its work and sends bytes that are no message.
    Garbage,
    /// Does its work and sends the first half of the answer.
    HalfFrame,
    /// Does its work and announces a longer frame than any that exists.
    Oversized,
    /// Does its work and answers to another terminal's question first.
    Stray,
    /// Does its work and answers with a few bits turned.
    Corrupt,
    /// Does its work and goes down before it answers: all connections and work keys are lost, the books are not. It
    /// takes no connection for so long.
    Restart(Duration),
}

/// The refusals of [`Action::Decline`]: not honoured, insufficient funds, expired, wrong PIN, over limit, and so on.
pub(super) const REFUSALS: [ResponseCode; 6] = [
    ResponseCode::NOT_HONOURED,
    ResponseCode::INSUFFICIENT_FUNDS,
    ResponseCode::EXPIRED_CARD,
    ResponseCode::WRONG_PIN,
    ResponseCode::OVER_LIMIT,
    ResponseCode::INVALID_CARD,
];

impl Pattern {
    /// Whether an element fits; `None` is one that is not there.
    pub(super) fn fits(&self, value: Option<Value<'_>>) -> bool {
        match (self, value) {
            (Self::Present(wanted), value) => value.is_some() == *wanted,
            (_, None) => false,
            (Self::Number(range), Some(value)) => {
                value.number().is_some_and(|number| range.contains(&number))
            }
            (Self::Text(pattern), Some(value)) => {
                let mut logical = Vec::with_capacity(value.len());
                value.append_to(&mut logical);
                match value.content() {
                    Content::Binary | Content::HexText => glob(pattern.as_bytes(), &hexadecimal(&logical)),
                    Content::Digits | Content::AsciiDigits if !pattern.contains('*') => {
                        without_zeros(pattern.as_bytes()) == without_zeros(&logical)
                    }
                    _ => glob(pattern.as_bytes(), &logical),
                }
            }
        }
    }
}

/// Digits without the zeros in front, so that 17 is STAN 000017.
fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

/// Whether `text` fits `pattern`, in which each `*` stands for any characters.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where the last star was, and what it has taken: there the search goes on when the rest does not fit.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(wanted) if Some(wanted) == text.get(place) => (at, place) = (at + 1, place + 1),
            _ => match &mut star {
                Some((after, taken)) => {
                    *taken += 1;
                    (at, place) = (*after + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == b'*')
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_characters() {
        let fits = |pattern: &str, text: &str| glob(pattern.as_bytes(), text.as_bytes());
        for (pattern, text) in [
            ("1000*", "10000017"),
            ("*17", "10000017"),
            ("1*0*7", "10000017"),
            ("*", ""),
            ("a", "a"),
            ("a**", "a"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("1000*", "20000017"), ("*18", "10000017"), ("", "a"), ("a", ""), ("a*b", "acc")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
