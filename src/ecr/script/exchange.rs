//! Which message asks for a service, and what the answers to it mean.

use super::template::{Message, Slot, Values};
use crate::ecr::{
    frame::Frame,
    policy::LinkPolicy,
    vocabulary::{Answer, Service, Text, Verdict},
};
use std::time::Duration;

/// A protocol as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// How a payload travels.
    pub frame: Frame,
    /// Who acknowledges what, and when.
    pub link: LinkPolicy,
    /// The services that the terminal has.
    pub exchanges: Vec<(Service, Exchange)>,
    /// How the terminal is asked what its last transaction was; without, it cannot be.
    pub last: Option<Exchange>,
    /// What is answered at once by whoever hears it: handshakes.
    pub replies: Vec<(Message, Message)>,
    /// What the terminal says when nothing else is said, and how often.
    pub heartbeat: Option<(Message, Duration)>,
}

/// A message of the register and what may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What asks.
    pub send: Message,
    /// What may come back, the first that fits; nothing when the acknowledgement is the answer.
    pub expect: Vec<Alternative>,
    /// How long the answer may take; every message that says "wait" begins it anew.
    pub within: Duration,
}

/// One of the messages that may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The message.
    pub message: Message,
    /// What it means.
    pub meaning: Meaning,
}

/// What a message means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The terminal is at it.
    Wait,
    /// The end: yes with one of these codes, no with any other.
    Result(Vec<Vec<u8>>),
}

impl Script {
    /// One in which nothing is said.
    pub fn silent() -> Self {
        Self {
            frame: Frame::STX_LRC,
            link: LinkPolicy::BARE,
            exchanges: Vec::new(),
            last: None,
            replies: Vec::new(),
            heartbeat: None,
        }
    }

    /// Whether the end of a service tells terminal id and serial number.
    pub fn tells(&self, service: Service) -> [bool; 2] {
        let tells = |slot| self.exchange(service).is_some_and(|exchange| exchange.tells(slot));
        [tells(Slot::Terminal), tells(Slot::SerialNumber)]
    }

    /// The exchange of a service.
    pub fn exchange(&self, service: Service) -> Option<&Exchange> {
        self.exchanges.iter().find(|(known, _)| *known == service).map(|(_, exchange)| exchange)
    }

    /// What is answered to a payload at once.
    pub fn reply(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let (_, reply) = self.replies.iter().find(|(heard, _)| heard.read(payload).is_some())?;
        Some(reply.write(&Values::default()))
    }
}

impl Exchange {
    /// Whether every end of it tells this value.
    pub fn tells(&self, slot: Slot) -> bool {
        let mut ends = self.expect.iter().filter(|one| matches!(one.meaning, Meaning::Result(_))).peekable();
        ends.peek().is_some() && ends.all(|end| end.message.has(slot))
    }

    /// What a payload means and says.
    pub fn read(&self, payload: &[u8]) -> Option<(&Meaning, Values)> {
        self.expect.iter().find_map(|one| Some((&one.meaning, one.message.read(payload)?)))
    }

    /// The payload that tells the answer to a request with this number; `None` when the acknowledgement is the answer.
    pub fn tell(&self, number: &Text, answer: &Answer) -> Option<Vec<u8>> {
        let end = |one: &&Alternative| matches!(one.meaning, Meaning::Result(_));
        let Alternative { message, meaning } = self.expect.iter().find(end)?;
        let Meaning::Result(approved) = meaning else { return None };
        let mut answer = answer.clone();
        if answer.verdict == Verdict::Approved {
            answer.code = approved.first().map(|code| code.as_slice().into()).unwrap_or_default();
        } else if answer.code.0.is_empty() || approved.contains(&answer.code.0) {
            answer.code = NO.into();
        }
        Some(message.write(&Values::of_answer(number, &answer)))
    }
}

impl Meaning {
    /// The verdict of an end.
    pub fn verdict(&self, values: &Values) -> Option<Verdict> {
        let Self::Result(approved) = self else { return None };
        let is_yes = approved.iter().any(|code| code == values.get(Slot::Code));
        Some(if is_yes { Verdict::Approved } else { Verdict::Declined })
    }
}

/// The code of a refusal that has none.
const NO: &str = "99";
