//! What a Concert register says.

use super::message;
use crate::ecr::{
    link::Notice,
    register::{Cue, Dialogue, Purpose, Step, Talk},
    vocabulary::{Answer, Request, Service, Verdict},
};
use std::time::Duration;

/// The register's side.
///
/// The protocol has no question for the last transaction. A terminal refuses enquiries while it has an answer that
/// nobody took, and offers it again: so a terminal that takes an enquiry has nothing, and one that refuses will tell.
#[derive(Debug)]
pub struct Asking {
    register: u8,
    currency: u16,
    purpose: Purpose,
    /// How often the terminal has still to take an enquiry.
    proofs_left: u8,
}

impl Asking {
    /// A register with its number and a numeric currency code.
    pub fn new(register: u8, currency: u16) -> Self {
        Self { register, currency, purpose: Purpose::Do, proofs_left: 0 }
    }

    fn message(&self, request: &Request) -> message::Request {
        message::Request {
            register: self.register,
            amount: request.amount,
            wants_report: true,
            mode: b'1',
            service: request.service,
            currency: self.currency,
            id: request.id,
            waits: true,
            forces_authorisation: false,
        }
    }

    fn take(&self, request: &Request, payload: &[u8]) -> Step {
        match message::Reply::parse(payload) {
            Ok(reply) if reply.id == request.id || reply.id == 0 => Step::Done(reply.to_answer()),
            _ => Step::Going,
        }
    }

    /// One bit makes another signal an ACK: one alone proves nothing.
    fn prove(&mut self, talk: &mut Talk<'_>) -> Step {
        self.proofs_left = self.proofs_left.saturating_sub(1);
        if self.proofs_left == 0 {
            return Step::Done(Answer::bare(Verdict::NotDone));
        }
        talk.0.link.enquire(talk.0.now);
        talk.0.flush();
        Step::Going
    }
}

impl Dialogue for Asking {
    fn begin(&mut self, request: &Request, purpose: Purpose, talk: &mut Talk<'_>) -> Step {
        (self.purpose, self.proofs_left) = (purpose, PROOFS);
        let is_question = purpose == Purpose::Find || request.service == Service::Status;
        if is_question {
            talk.0.link.enquire(talk.0.now);
            talk.0.flush();
            talk.0.wake_after(OFFER);
            return Step::Going;
        }
        if !request.service.moves_money() {
            return Step::Done(Answer::bare(Verdict::Unsupported));
        }
        talk.0.wake_after(ANSWER);
        if talk.0.send(&self.message(request).write()) { Step::Going } else { Step::Lost(false) }
    }

    fn go_on(&mut self, request: &Request, cue: Cue<'_>, talk: &mut Talk<'_>) -> Step {
        let is_status = request.service == Service::Status;
        match (cue, self.purpose) {
            (Cue::Notice(Notice::Frame(payload)), _) if !is_status => self.take(request, &payload),
            (Cue::Notice(Notice::Present), Purpose::Do) if is_status => {
                Step::Done(Answer::bare(Verdict::Approved))
            }
            (Cue::Notice(Notice::Present), Purpose::Find) => self.prove(talk),
            (Cue::Notice(Notice::Undelivered { was_sent }), Purpose::Do) => Step::Lost(was_sent),
            (Cue::Notice(Notice::Delivered), Purpose::Do) => {
                talk.0.wake_after(ANSWER);
                Step::Going
            }
            (Cue::Timeout | Cue::Closed, _) => Step::Lost(true),
            // Refused: the terminal is busy, or is about to offer its answer.
            _ => Step::Going,
        }
    }
}

/// How long a register waits for an answer; the customer is part of it.
const ANSWER: Duration = Duration::from_secs(120);
/// How long it waits for an answer that was offered before.
const OFFER: Duration = Duration::from_secs(30);
/// So many enquiries in a row must be taken before the terminal has nothing to tell.
const PROOFS: u8 = 3;
