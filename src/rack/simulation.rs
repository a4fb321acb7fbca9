//! How a pretended terminal decides, in place of a customer and a host.

use super::fault::Faults;
use crate::{
    ecr::{Answer, MaskedCard, Request, Service, Text, Verdict},
    money::Amount,
    rng::Rng,
};
use std::{ops::RangeInclusive, time::Duration};

/// How a pretended terminal behaves.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// How long the customer takes.
    pub think: RangeInclusive<Duration>,
    /// The first that fits decides; where none does, the answer is yes.
    pub replies: Vec<Reply>,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// Whether its ISO 8583 messages go through the register's line, where the protocol can carry them.
    pub relays: bool,
    /// The firmware that it tells, where its protocol has a word for that.
    pub firmware: String,
}

/// What is said to some requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// To these amounts.
    pub amounts: RangeInclusive<Amount>,
    /// To this service; to all that move money without one.
    pub service: Option<Service>,
    /// The protocol's own code of the refusal.
    pub code: Text,
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            think: Duration::ZERO..=Duration::ZERO,
            replies: Vec::new(),
            faults: Faults::default(),
            relays: false,
            firmware: String::new(),
        }
    }
}

impl Simulation {
    /// How long the customer takes this time.
    pub fn thought(&self, rng: &mut Rng) -> Duration {
        let nanos = |time: &Duration| crate::time::nanos(*time);
        Duration::from_nanos(rng.between(nanos(self.think.start()), nanos(self.think.end())))
    }

    /// Whether the customer or the terminal says no, whatever a host would say.
    pub fn refuses(&self, request: &Request) -> bool {
        self.refusal(request).is_some()
    }

    fn refusal(&self, request: &Request) -> Option<&Reply> {
        self.replies.iter().find(|reply| reply.is_for(request))
    }

    /// What the terminal says to a request that is its `number`th.
    pub fn decide(&self, request: &Request, number: u32) -> Answer {
        let refusal = self.refusal(request);
        let mut answer = Answer::bare(if refusal.is_some() { Verdict::Declined } else { Verdict::Approved });
        answer.amount = request.amount;
        (answer.receipt, answer.trace) = (number % 10_000, number % 1_000_000);
        if let Some(refusal) = refusal {
            answer.code = refusal.code.clone();
        } else if request.service.moves_money() {
            answer.card = MaskedCard::new(CARD);
            answer.approval = Text(format!("{:06}", number % 1_000_000).into_bytes());
        }
        answer
    }
}

impl Reply {
    fn is_for(&self, request: &Request) -> bool {
        let is_service = self.service.map_or(request.service.moves_money(), |known| known == request.service);
        is_service && self.amounts.contains(&request.amount)
    }
}

/// The card of every pretended sale: the range is one that no issuer has.
const CARD: &[u8] = b"6291000000000006";
