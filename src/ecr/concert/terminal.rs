//! What a Concert terminal says.

use super::message;
use crate::ecr::{
    link::Notice,
    outbox::TerminalEvent,
    terminal::{Cue, Reply, Serving},
    vocabulary::{Answer, Request, Verdict},
};
use std::time::Duration;

/// The terminal's side.
///
/// It refuses enquiries while a customer is at it and while it has an answer that nobody took; that one it offers
/// again and again. A request with the number of the last one is answered from memory.
#[derive(Debug, Default)]
pub struct Answering {
    last: Option<message::Reply>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Customer(message::Request),
    /// The last answer waits to be taken.
    Offering,
}

impl Answering {
    fn take(&mut self, payload: &[u8], reply: &mut Reply<'_>) {
        let (State::Idle, Ok(asked)) = (&self.state, message::Request::parse(payload)) else { return };
        reply.0.link.set_busy(true);
        if asked.id != 0 && self.last.as_ref().is_some_and(|last| last.id == asked.id) {
            return self.offer(reply);
        }
        let (id, service, amount) = (asked.id, asked.service, asked.amount);
        reply.0.event(TerminalEvent::Asked(Request { id, service, amount, original: None }));
        self.state = State::Customer(asked);
    }

    fn decide(&mut self, answer: &Answer, reply: &mut Reply<'_>) {
        let State::Customer(asked) = std::mem::take(&mut self.state) else { return };
        let is_approved = answer.verdict == Verdict::Approved;
        if is_approved {
            reply.0.event(TerminalEvent::Booked(asked.id));
        }
        self.last = Some(message::Reply {
            register: asked.register,
            result: if is_approved { b'0' } else { b'7' },
            amount: if is_approved { answer.amount } else { asked.amount },
            mode: asked.mode,
            report: asked.wants_report.then(|| answer.card.clone()),
            currency: asked.currency,
            id: asked.id,
        });
        self.offer(reply);
    }

    fn offer(&mut self, reply: &mut Reply<'_>) {
        self.state = State::Offering;
        if let Some(last) = &self.last {
            reply.0.send(&last.write());
        }
    }
}

impl Serving for Answering {
    fn go_on(&mut self, cue: Cue<'_>, reply: &mut Reply<'_>) {
        match (cue, &self.state) {
            (Cue::Notice(Notice::Frame(payload)), _) => self.take(&payload, reply),
            (Cue::Notice(Notice::Delivered), State::Offering) => {
                self.state = State::Idle;
                reply.0.link.set_busy(false);
            }
            (Cue::Notice(Notice::Undelivered { .. }), State::Offering) => reply.0.wake_after(AGAIN),
            (Cue::Connected | Cue::Timeout, State::Offering) => self.offer(reply),
            (Cue::Decide(answer), _) => self.decide(&answer, reply),
            // The rest has no message here: the host is the terminal's own business.
            _ => {}
        }
    }
}

/// How long it waits before it offers an answer again.
const AGAIN: Duration = Duration::from_secs(3);
