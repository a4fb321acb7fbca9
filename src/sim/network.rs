//! What a simulated network does to a message: rules judge it, and the verdict says when it arrives, if it does.
//!
//! Connections, order and time are the world's; a network only judges.

use crate::{
    iso8583::{De, Message, Mti, TerminalId},
    rng::Rng,
    time::nanos,
};
use std::{ops::RangeInclusive, time::Duration};

/// A network between terminals and a host.
///
/// Over one connection messages arrive in the order in which they were sent, unless a rule holds one back. TCP would
/// lose and double none; faults of proxies and switches are meant, which handle whole messages.
#[derive(Clone, Debug)]
pub struct Network {
    /// How long every message is on its way.
    pub latency: RangeInclusive<Duration>,
    /// How probable it is that a connection is refused.
    pub refuse: f64,
    /// The rules; every one that fits a message takes effect.
    pub rules: Vec<Rule>,
}

/// A fault, and which messages it befalls; what is `None` fits all.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The direction.
    pub direction: Option<Direction>,
    /// The message type.
    pub mti: Option<Mti>,
    /// DE 41.
    pub terminal: Option<TerminalId>,
    /// Which of the messages that fit so far, counted from 1 over the whole run.
    pub nth: Option<RangeInclusive<u64>>,
    /// How probable it is then.
    pub probability: f64,
    /// What happens.
    pub fault: Fault,
    /// How many messages have fitted so far.
    seen: u64,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a terminal.
    ToHost,
    /// From the host.
    ToTerminal,
}

/// What a network does to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It takes longer; what is sent later waits for it.
    Slow(RangeInclusive<Duration>),
    /// It is held back, and what is sent later overtakes it.
    Hold(RangeInclusive<Duration>),
    /// It never arrives.
    Lose,
    /// It arrives twice.
    Duplicate,
    /// It never arrives, and its connection breaks.
    Reset,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrives so often, after this time.
    Deliver {
        /// The time on its way.
        after: Duration,
        /// Whether what is sent later may overtake it.
        overtaken: bool,
        /// How often it arrives.
        copies: u8,
    },
    /// It never arrives.
    Lose,
    /// It never arrives, and its connection breaks.
    Reset,
}

impl Default for Network {
    /// A network without faults: 5 to 40 ms.
    fn default() -> Self {
        Self { latency: Duration::from_millis(5)..=Duration::from_millis(40), refuse: 0.0, rules: Vec::new() }
    }
}

impl Rule {
    /// A fault of every message.
    pub fn always(fault: Fault) -> Self {
        Self { direction: None, mti: None, terminal: None, nth: None, probability: 1.0, fault, seen: 0 }
    }

    /// A fault of messages by chance.
    pub fn sometimes(probability: f64, fault: Fault) -> Self {
        Self { probability, ..Self::always(fault) }
    }

    /// The same for one type of message only.
    #[must_use]
    pub fn of(self, mti: Mti) -> Self {
        Self { mti: Some(mti), ..self }
    }

    /// The same in one direction only.
    #[must_use]
    pub fn going(self, direction: Direction) -> Self {
        Self { direction: Some(direction), ..self }
    }

    /// The same for the `nth` such message only, counted from 1.
    #[must_use]
    pub fn nth(self, nth: u64) -> Self {
        Self { nth: Some(nth..=nth), ..self }
    }

    /// Whether the rule befalls a message; chance is asked last.
    fn befalls(&mut self, direction: Direction, message: Option<&Message<'_>>, rng: &mut Rng) -> bool {
        let is_of = |mti: Mti| message.is_some_and(|message| message.mti() == mti);
        let names = |id: TerminalId| {
            let terminal = message.and_then(|message| message.get(De::TERMINAL_ID));
            terminal.is_some_and(|value| value.is(id.as_bytes()))
        };
        let fits = self.direction.is_none_or(|wanted| wanted == direction)
            && self.mti.is_none_or(is_of)
            && self.terminal.is_none_or(names);
        if !fits {
            return false;
        }
        self.seen += 1;
        self.nth.as_ref().is_none_or(|nth| nth.contains(&self.seen)) && rng.happens(self.probability)
    }
}

impl Network {
    /// A network with these rules.
    pub fn with_rules(rules: Vec<Rule>) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Judges one message; `None` stands for bytes that are none.
    pub fn judge(&mut self, direction: Direction, message: Option<&Message<'_>>, rng: &mut Rng) -> Verdict {
        let mut after = draw(&self.latency, rng);
        let (mut overtaken, mut copies) = (false, 1);
        for rule in &mut self.rules {
            if !rule.befalls(direction, message, rng) {
                continue;
            }
            match &rule.fault {
                Fault::Slow(by) => after += draw(by, rng),
                Fault::Hold(by) => (after, overtaken) = (after + draw(by, rng), true),
                Fault::Duplicate => copies = 2,
                Fault::Lose => return Verdict::Lose,
                Fault::Reset => return Verdict::Reset,
            }
        }
        Verdict::Deliver { after, overtaken, copies }
    }

    /// How long it takes to connect, `None` when the connection is refused.
    pub fn connect(&self, rng: &mut Rng) -> Option<Duration> {
        let after = draw(&self.latency, rng);
        (!rng.happens(self.refuse)).then_some(after)
    }

    /// From now on nothing happens to any message.
    pub fn heal(&mut self) {
        self.rules.clear();
        self.refuse = 0.0;
    }
}

/// A time drawn evenly from a range.
pub(super) fn draw(range: &RangeInclusive<Duration>, rng: &mut Rng) -> Duration {
    Duration::from_nanos(rng.between(nanos(*range.start()), nanos(*range.end())))
}
