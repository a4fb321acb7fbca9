//! Which messages ask for a service, stage by stage, and what the answers to each mean.

use super::{
    charset::Charset,
    secrets::Secrets,
    template::Message,
    values::{Slot, Values},
};
use crate::ecr::{
    frame::Frame,
    outbox::Deed,
    policy::LinkPolicy,
    vocabulary::{Answer, Service, Verdict},
};
use std::{sync::Arc, time::Duration};

/// A protocol as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// How a payload travels.
    pub frame: Frame,
    /// Who acknowledges what, and when.
    pub link: LinkPolicy,
    /// In which characters people are told something.
    pub charset: Charset,
    /// How many values of its own the protocol has.
    pub own: u8,
    /// Whether a message with the number of the last one heard is a repeat of it, and heard once.
    pub drops_repeats: bool,
    /// The services that the terminal has.
    pub exchanges: Vec<(Service, Exchange)>,
    /// How the terminal is asked what its last transaction was; without, it cannot be.
    pub last: Option<Exchange>,
    /// What tells the terminal to give up what it does.
    pub abort: Option<Message>,
    /// What is answered at once by whoever hears it: handshakes.
    pub replies: Vec<(Message, Message)>,
    /// What the terminal says when nothing else is said, and how often.
    pub heartbeat: Option<(Message, Duration)>,
    /// What of its messages no record may show.
    pub secrets: Arc<Secrets>,
}

/// What is done for a service, one stage after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The stages; at least one of them says something.
    pub stages: Vec<Stage>,
}

/// One thing that the register does, and what may come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What it does.
    pub action: Action,
    /// What may come back, the first that fits; nothing when the acknowledgement is the answer.
    pub expect: Vec<Alternative>,
    /// How long that may take; every message that is not the end begins it anew.
    pub within: Duration,
    /// What silence means.
    pub on_timeout: OnTimeout,
}

/// What a register does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Says this.
    Say(Message),
    /// Has this done outside of the line.
    Do(Deed),
}

/// What silence means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTimeout {
    /// That the answer is lost.
    Lost,
    /// That the stage is to be done again, so often at most.
    Again(u8),
    /// Nothing: the next stage follows.
    Next,
}

/// One of the messages that may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The message.
    pub message: Message,
    /// What it means.
    pub meaning: Meaning,
    /// What is said to it.
    pub reply: Option<Message>,
    /// The values that must be those that were told before: what contradicts them, but for a refusal, is no answer.
    pub same: Vec<Slot>,
}

/// What a message means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The terminal is at it.
    Wait,
    /// A line of the receipt is to be printed, and more may come.
    Line,
    /// Bytes are to be carried to the host; the reply carries its answer back.
    Relay,
    /// The next stage follows.
    Next,
    /// The end: yes with one of these codes, no with any other.
    Result(Vec<Vec<u8>>),
}

impl Script {
    /// One in which nothing is said.
    pub fn silent() -> Self {
        Self {
            frame: Frame::STX_LRC,
            link: LinkPolicy::BARE,
            charset: Charset::Bytes,
            own: 0,
            drops_repeats: false,
            exchanges: Vec::new(),
            last: None,
            abort: None,
            replies: Vec::new(),
            heartbeat: None,
            secrets: Arc::default(),
        }
    }

    /// Whether the end of a service tells terminal id and serial number.
    pub fn tells(&self, service: Service) -> [bool; 2] {
        let tells = |slot| self.exchange(service).is_some_and(|exchange| exchange.tells(slot));
        [tells(Slot::Terminal), tells(Slot::SerialNumber)]
    }

    /// Whether the register carries bytes to a host.
    pub fn relays(&self) -> bool {
        let mut stages = self.exchanges.iter().flat_map(|(_, exchange)| &exchange.stages);
        stages.any(|stage| stage.with(&Meaning::Relay).is_some())
    }

    /// The exchange of a service.
    pub fn exchange(&self, service: Service) -> Option<&Exchange> {
        self.exchanges.iter().find(|(known, _)| *known == service).map(|(_, exchange)| exchange)
    }

    /// What is answered to a payload at once.
    pub fn reply(&self, payload: &[u8]) -> Option<&Message> {
        let (_, reply) = self.replies.iter().find(|(heard, _)| heard.read(payload).is_some())?;
        Some(reply)
    }
}

impl Exchange {
    /// Whether every end of it tells this value.
    pub fn tells(&self, slot: Slot) -> bool {
        let is_end = |one: &&Alternative| matches!(one.meaning, Meaning::Result(_));
        let all = self.stages.iter().flat_map(|stage| &stage.expect);
        let mut ends = all.filter(is_end).peekable();
        ends.peek().is_some() && ends.all(|end| end.message.has(slot))
    }

    /// What the register says, stage by stage.
    pub fn said(&self) -> impl Iterator<Item = (usize, &Message)> {
        self.stages.iter().enumerate().filter_map(|(at, stage)| match &stage.action {
            Action::Say(message) => Some((at, message)),
            Action::Do(_) => None,
        })
    }

    /// Whether the terminal is told this value.
    pub fn asks(&self, slot: Slot) -> bool {
        self.said().any(|(_, message)| message.has(slot))
    }

    /// The last message that the register says, after which the terminal decides, and the stage that says it.
    pub fn request(&self) -> Option<(&Stage, &Message)> {
        let (at, message) = self.said().last()?;
        Some((self.stages.get(at)?, message))
    }

    /// What a payload means and says after the request.
    pub fn read(&self, payload: &[u8]) -> Option<(&Meaning, Values)> {
        let (one, values) = self.stages.last()?.read(payload)?;
        Some((&one.meaning, values))
    }

    /// The message that tells an answer with its values; `None` when the acknowledgement is the answer.
    pub(super) fn told(
        &self,
        values: &Values,
        answer: &Answer,
        charset: Charset,
    ) -> Option<(Values, &Message)> {
        let (message, approved) = self.stages.last()?.expect.iter().find_map(|one| match &one.meaning {
            Meaning::Result(approved) => Some((&one.message, approved)),
            _ => None,
        })?;
        let mut answer = answer.clone();
        answer.text.0 = charset.encode(&answer.text.0);
        if answer.verdict == Verdict::Approved {
            answer.code = approved.first().map(|code| code.as_slice().into()).unwrap_or_default();
        } else if answer.code.0.is_empty() || approved.contains(&answer.code.0) {
            answer.code = NO.into();
        }
        Some((Values::of_answer(values.get(Slot::Id), &answer), message))
    }
}

impl Stage {
    /// The first alternative that a payload is, and its values.
    pub(super) fn read(&self, payload: &[u8]) -> Option<(&Alternative, Values)> {
        self.expect.iter().find_map(|one| Some((one, one.message.read(payload)?)))
    }

    /// The first alternative with this meaning.
    pub fn with(&self, meaning: &Meaning) -> Option<&Alternative> {
        self.expect.iter().find(|one| one.meaning == *meaning)
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
