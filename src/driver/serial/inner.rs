//! The virtual terminal inside a pretended one: what a register asks for, it does at a host.

use crate::{
    card::Card,
    ecr::{Answer, MaskedCard, Request, Service, Text, Verdict},
    iso8583::{Rrn, Stan},
    money::Amount,
    operation::{CardUse, End, Entry, Kind, Operation, Original, Outcome, TransactionRef},
    terminal::{Event, Input, Outbox, Output, Profile, Terminal},
    time::Instant,
};
use std::{collections::VecDeque, sync::Arc};

/// A virtual terminal with the cards of its customers.
pub struct Inner {
    id: String,
    terminal: Terminal,
    profile: Arc<Profile>,
    cards: Arc<[Card]>,
    next_card: usize,
    outbox: Outbox,
    deadline: Option<Instant>,
    /// The card of what is under way.
    card: MaskedCard,
}

/// What it wants.
#[expect(clippy::large_enum_variant, reason = "one at a time, and read at once")]
pub(super) enum Wish {
    /// Carry these bytes to the host, and its answer back.
    Carry(Vec<u8>),
    /// Tell the register.
    Tell(Answer),
}

impl Inner {
    /// The terminal with this terminal id (DE 41), whose customers pay with these cards in turn.
    pub fn new(id: String, terminal: Terminal, profile: Arc<Profile>, cards: Arc<[Card]>) -> Self {
        let (outbox, card, first) = (Outbox::default(), MaskedCard::default(), 0);
        Self { id, terminal, profile, cards, next_card: first, outbox, deadline: None, card }
    }

    /// Its terminal id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// When it wants to be woken.
    pub(super) fn due(&self) -> Option<Instant> {
        self.deadline
    }

    /// Does what a register asks for; `None` where a terminal of this kind cannot.
    pub(super) fn ask(&mut self, now: Instant, request: &Request) -> Option<Vec<Wish>> {
        let operation = self.operation(request).filter(|_| self.terminal.is_idle())?;
        Some(self.feed(now, Input::Operation(operation)))
    }

    /// Takes what the host answered; nothing when it did not.
    pub(super) fn hear(&mut self, now: Instant, answer: Option<&[u8]>) -> Vec<Wish> {
        self.feed(now, answer.map_or(Input::Closed, Input::Received))
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Instant) -> Vec<Wish> {
        self.deadline = None;
        self.feed(now, Input::Timeout)
    }

    fn operation(&mut self, request: &Request) -> Option<Operation> {
        self.card = MaskedCard::default();
        match request.service {
            Service::SignIn => Some(Operation::management(Kind::SignIn)),
            Service::Settlement => Some(Operation::management(Kind::Settlement)),
            Service::Sale => {
                let card = Some(self.draw_card()?);
                Some(Operation { amount: request.amount, card, ..Operation::of(Kind::Sale) })
            }
            Service::Void => {
                // Some registers name no transaction: they mean the last one.
                let receipt = request.original.as_ref().map_or(0, |original| original.receipt);
                let original = Stan::new(receipt).map_or(Original::Newest, Original::Stan);
                Some(Operation { original, ..Operation::of(Kind::Void) })
            }
            Service::Refund => {
                let card = Some(self.draw_card()?);
                let original = request.original.as_ref()?;
                let receipt = TransactionRef {
                    batch: self.terminal.batch(),
                    stan: Stan::new(original.receipt),
                    rrn: Rrn::from_bytes(&original.reference.0).ok(),
                    approval_code: None,
                    date: None,
                };
                let refund = Operation::of(Kind::Refund);
                Some(Operation {
                    amount: request.amount,
                    card,
                    original: Original::Receipt(receipt),
                    ..refund
                })
            }
            Service::Status => Some(Operation::management(Kind::Echo)),
        }
    }

    /// The card of the next customer.
    fn draw_card(&mut self) -> Option<CardUse> {
        let card = self.cards.get(self.next_card % self.cards.len().max(1))?.clone();
        self.next_card += 1;
        self.card = MaskedCard::new(card.pan.to_string().as_bytes());
        Some(CardUse { card, entry: Entry::Stripe, pin: false })
    }

    fn feed(&mut self, now: Instant, input: Input<'_>) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.terminal.handle(&self.profile, now, input, &mut self.outbox);
            while let Some(output) = self.outbox.poll() {
                match output {
                    // Every message has a connection of its own, at whoever carries it.
                    Output::Connect => inputs.push_back(Input::Connected),
                    Output::Send(range) => wishes.push(Wish::Carry(self.outbox.bytes(range).to_vec())),
                    Output::Event(Event::Outcome(outcome)) => wishes.push(Wish::Tell(self.told(&outcome))),
                    Output::Wait(deadline) => self.deadline = deadline,
                    Output::Close | Output::Event(_) => {}
                }
            }
        }
        wishes
    }

    fn told(&self, outcome: &Outcome) -> Answer {
        let text = |shown: Option<String>| Text(shown.unwrap_or_default().into_bytes());
        let is_approved = outcome.end == End::Approved;
        let stan = outcome.stan.map_or(0, Stan::number);
        Answer {
            amount: if is_approved { outcome.amount } else { Amount::ZERO },
            code: text(outcome.code.filter(|_| !is_approved).map(|code| code.to_string())),
            receipt: stan,
            trace: stan,
            approval: text(outcome.approval_code.map(|code| code.to_string())),
            reference: text(outcome.rrn.map(|rrn| rrn.to_string())),
            card: self.card.clone(),
            ..Answer::bare(if is_approved { Verdict::Approved } else { Verdict::Declined })
        }
    }
}
