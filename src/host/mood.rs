//! The host's moods: which rule a request meets.

use super::{Action, Host, config::Match, demand::pan_of, outbox::ConnectionId};
use crate::{
    iso8583::{De, Message},
    money::Amount,
    rng::Rng,
    time::Instant,
};
use std::cmp::{Ordering, Reverse};

/// An answer that waits for its time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Delayed {
    pub(super) due: Instant,
    /// Keeps answers of one instant in their order.
    pub(super) number: u64,
    pub(super) connection: ConnectionId,
    pub(super) bytes: Vec<u8>,
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> Ordering {
        (Reverse(self.due), Reverse(self.number)).cmp(&(Reverse(other.due), Reverse(other.number)))
    }
}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Host {
    /// What the first rule that fits says about a request.
    pub(super) fn mood(&mut self, message: &Message<'_>) -> Option<Action> {
        let rng = &mut self.rng;
        let rule = self.config.rules.iter().find(|rule| rule.when.fits(message, rng))?;
        Some(rule.action.clone())
    }
}

impl Match {
    /// Whether a request is one of those the rule is about; chance is asked last.
    fn fits(&self, message: &Message<'_>, rng: &mut Rng) -> bool {
        self.mti.is_none_or(|mti| mti == message.mti())
            && self
                .processing_code
                .is_none_or(|code| message.number(De::PROCESSING_CODE) == Some(code.number().into()))
            && self.amount.as_ref().is_none_or(|range| {
                message.number(De::AMOUNT).is_some_and(|minor| range.contains(&Amount::from_minor(minor)))
            })
            && self
                .terminal
                .is_none_or(|id| message.get(De::TERMINAL_ID).is_some_and(|value| value.is(id.as_bytes())))
            && self.card_prefix.as_ref().is_none_or(|prefix| has_card_prefix(message, prefix.as_bytes()))
            && self.probability.is_none_or(|probability| rng.happens(probability))
    }
}

/// Whether the PAN in DE 2, or in front of DE 35, begins so.
fn has_card_prefix(message: &Message<'_>, prefix: &[u8]) -> bool {
    if let Some(pan) = pan_of(message) {
        return pan.as_bytes().starts_with(prefix);
    }
    let mut buffer = [0; 40];
    let track = message
        .get(De::TRACK2)
        .and_then(|value| value.write_to(&mut buffer).map(|digits| digits.starts_with(prefix)));
    track.unwrap_or(false)
}
