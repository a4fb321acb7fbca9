//! What a Caisse-AP register says.

use super::message::{Action, Message};
use crate::ecr::{
    link::Notice,
    register::{Cue, Dialogue, Purpose, Step, Talk},
    vocabulary::{Answer, MaskedCard, Request, Service, Text, Verdict},
};
use std::time::Duration;

/// The register's side.
///
/// The protocol has no question for the last transaction. What got no answer is undone by name: a terminal that has
/// it cancels it, one that has not says so. Terminals that know no names leave the request unknown.
#[derive(Debug)]
pub struct Asking {
    protocol: String,
    register: u8,
    currency: u16,
    undoes: bool,
    purpose: Purpose,
}

impl Asking {
    /// A register with its number and a numeric currency code; `undoes` when the terminal knows tags CH and CU.
    pub fn new(register: u8, currency: u16, undoes: bool) -> Self {
        Self { protocol: PROTOCOL.to_owned(), register, currency, undoes, purpose: Purpose::Do }
    }

    fn message(&self, request: &Request) -> Option<Message> {
        let action = match (self.purpose, request.service) {
            (Purpose::Find, _) | (_, Service::Void) => Action::CANCEL,
            (_, Service::Sale) => Action::DEBIT,
            (_, Service::Refund) => Action::CREDIT,
            (_, Service::SignIn | Service::Settlement | Service::Status) => return None,
        };
        let is_undoing = self.purpose == Purpose::Find;
        Some(Message {
            protocol: self.protocol.clone(),
            register: self.register,
            amount: request.amount,
            action,
            currency: self.currency,
            waits: Some(true),
            id: if self.undoes && !is_undoing { request.id } else { 0 },
            undone: is_undoing.then_some(request.id),
            result: None,
            reason: Text::default(),
            card: MaskedCard::default(),
            approval: Text::default(),
        })
    }

    fn take(&self, request: &Request, payload: &[u8]) -> Step {
        let Ok(message) = Message::parse(payload) else { return Step::Going };
        let is_mine = match self.purpose {
            Purpose::Do => message.undone.is_none() && message.id == if self.undoes { request.id } else { 0 },
            Purpose::Find => message.undone == Some(request.id),
        };
        match (message.result, self.purpose) {
            (Some(DONE | NOT_DONE), Purpose::Find) if is_mine => Step::Done(Answer::bare(Verdict::NotDone)),
            (Some(DONE), _) if is_mine => Step::Done(answer(message, Verdict::Approved)),
            (Some(NOT_DONE), _) if is_mine => Step::Done(answer(message, Verdict::Declined)),
            // Taken: the end is still to come.
            _ => Step::Going,
        }
    }
}

impl Dialogue for Asking {
    fn begin(&mut self, request: &Request, purpose: Purpose, talk: &mut Talk<'_>) -> Step {
        self.purpose = purpose;
        if purpose == Purpose::Find && !self.undoes {
            return Step::Lost(true);
        }
        let Some(message) = self.message(request) else {
            return Step::Done(Answer::bare(Verdict::Unsupported));
        };
        talk.0.wake_after(if purpose == Purpose::Do { ANSWER } else { UNDONE });
        if talk.0.send(&message.write()) { Step::Going } else { Step::Lost(false) }
    }

    fn go_on(&mut self, request: &Request, cue: Cue<'_>, _talk: &mut Talk<'_>) -> Step {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => self.take(request, &payload),
            Cue::Notice(Notice::Undelivered { was_sent }) => {
                Step::Lost(was_sent || self.purpose == Purpose::Find)
            }
            Cue::Timeout | Cue::Closed => Step::Lost(true),
            Cue::Abort
            | Cue::Acted(_)
            | Cue::RelayAnswer(_)
            | Cue::Notice(Notice::Delivered | Notice::Present) => Step::Going,
        }
    }
}

fn answer(message: Message, verdict: Verdict) -> Answer {
    let code = if message.reason.0.is_empty() { Text::from(&DONE[..]) } else { message.reason };
    let (amount, card, approval) = (message.amount, message.card, message.approval);
    Answer { amount, code, card, approval, ..Answer::bare(verdict) }
}

/// AE: done.
pub(super) const DONE: [u8; 2] = *b"10";
/// AE: not done.
pub(super) const NOT_DONE: [u8; 2] = *b"01";
/// The identifier of the reference client.
const PROTOCOL: &str = "012345678901";
/// How long a register waits for an answer; the customer is part of it.
const ANSWER: Duration = Duration::from_secs(180);
/// How long it waits for something to be undone.
const UNDONE: Duration = Duration::from_secs(20);
