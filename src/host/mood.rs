//! The host's moods: which rule a request meets.

use super::{
    Host,
    classify::{Purpose, classify},
    demand::pan_of,
    outbox::{ConnectionId, Outbox, Output},
    rule::{Action, Match, REFUSALS},
};
use crate::{
    iso8583::{De, Message, Mti, ResponseCode},
    money::Amount,
    operation::Kind,
    rng::Rng,
    time::Instant,
};
use std::{
    cmp::{Ordering, Reverse},
    time::Duration,
};

/// An answer that waits for its time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Delayed {
    pub(super) due: Instant,
    /// Keeps answers of one instant in their order.
    pub(super) number: u64,
    pub(super) connection: ConnectionId,
    pub(super) bytes: Vec<u8>,
    /// How often they are sent.
    pub(super) copies: u8,
    /// Whether the connection is closed after them.
    pub(super) closes: bool,
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

impl Delayed {
    /// Sends it now.
    pub(super) fn send(&self, out: &mut Outbox) {
        for _ in 0..if self.bytes.is_empty() { 0 } else { self.copies } {
            out.send(self.connection, &self.bytes);
        }
        if self.closes {
            out.push(Output::Close(self.connection));
        }
    }
}

impl Action {
    /// The action without the delay around it.
    pub(super) fn besides_delay(&self) -> &Self {
        match self {
            Self::Late(_, then) => then.besides_delay(),
            other => other,
        }
    }

    /// Whether the host never sees the request.
    pub(super) fn loses_the_request(&self) -> bool {
        *self.besides_delay() == Self::DropRequest
    }

    /// The code of an answer that is given without any work.
    pub(super) fn refusal(&self, rng: &mut Rng) -> Option<ResponseCode> {
        match self.besides_delay() {
            Self::Respond(code) => Some(*code),
            Self::Decline => REFUSALS.get(rng.between(0, REFUSALS.len() as u64 - 1) as usize).copied(),
            _ => None,
        }
    }
}

/// How often the conditions of a rule have held so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// Requests that fitted, chance and limits aside.
    fitted: u64,
    /// Requests that it was applied to.
    applied: u64,
}

impl Host {
    /// What the first rule that fits says about a request.
    pub(super) fn mood(&mut self, now: Instant, message: &Message<'_>) -> Option<Action> {
        if self.config.rules.is_empty() {
            return None;
        }
        self.counts.resize_with(self.config.rules.len(), Count::default);
        let (rng, since) = (&mut self.rng, now.since(Instant::START));
        for (rule, count) in self.config.rules.iter().zip(&mut self.counts) {
            if rule.when.fits(message, since) && rule.when.lets(count, rng) {
                return Some(rule.action.clone());
            }
        }
        None
    }
}

impl Match {
    /// Whether a request, so long after the host has opened, is one of those the rule is about.
    fn fits(&self, message: &Message<'_>, since: Duration) -> bool {
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
            && self.window.as_ref().is_none_or(|window| window.contains(&since))
            && self.kind.is_none_or(|kind| kind_of(message) == Some(kind))
            && self.card_prefix.as_ref().is_none_or(|prefix| has_card_prefix(message, prefix.as_bytes()))
            && self.elements.iter().all(|(de, pattern)| pattern.fits(message.get(*de)))
    }

    /// Whether its counts and its chance let a request that fits be one of those.
    fn lets(&self, count: &mut Count, rng: &mut Rng) -> bool {
        count.fitted += 1;
        let is_its_turn = self.every.is_none_or(|every| count.fitted.is_multiple_of(every))
            && self.first.is_none_or(|first| count.applied < first)
            && self.probability.is_none_or(|probability| rng.happens(probability));
        count.applied += u64::from(is_its_turn);
        is_its_turn
    }
}

/// Which operation a request is.
fn kind_of(message: &Message<'_>) -> Option<Kind> {
    Some(match classify(message, &super::private60_of(message)?)? {
        Purpose::SignIn(_) => Kind::SignIn,
        Purpose::Reversal => Kind::Reversal,
        Purpose::ScriptResult => Kind::ScriptResult,
        Purpose::Batch if message.mti() == Mti::BATCH_UPLOAD => Kind::BatchUpload,
        Purpose::Batch => Kind::Settlement,
        Purpose::Tables => table_of(message)?,
        Purpose::Operation(kind, _) => kind,
    })
}

/// Which download a message is part of: the question and the end have numbers near that of the page.
fn table_of(message: &Message<'_>) -> Option<Kind> {
    let network = super::private60_of(message)?.management?;
    let downloads = Kind::ALL.into_iter().map(|(kind, _)| kind).filter(|kind| kind.is_download());
    let number = |kind: &Kind| kind.form().network_management;
    downloads.filter(|kind| number(kind) / 10 == network / 10 && number(kind) <= network).max_by_key(number)
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
