//! What a register says in a protocol that was written down.

use super::{
    exchange::{Exchange, Meaning, Script},
    template::{Slot, Values},
};
use crate::ecr::{
    link::Notice,
    outbox::RegisterEvent,
    register::{Cue, Dialogue, Purpose, Step, Talk},
    vocabulary::{Answer, Request, Verdict},
};
use std::sync::Arc;

/// The register's side.
#[derive(Debug)]
pub struct Asking {
    script: Arc<Script>,
    purpose: Purpose,
}

impl Asking {
    /// A register that keeps to this script.
    pub fn new(script: Arc<Script>) -> Self {
        Self { script, purpose: Purpose::Do }
    }

    fn exchange<'s>(&self, script: &'s Script, request: &Request) -> Option<&'s Exchange> {
        match self.purpose {
            Purpose::Do => script.exchange(request.service),
            Purpose::Find => script.last.as_ref(),
        }
    }

    fn take(&self, request: &Request, payload: &[u8], talk: &mut Talk<'_>) -> Step {
        if let Some(reply) = self.script.reply(payload) {
            talk.0.send(&reply);
            return Step::Going;
        }
        let Some(exchange) = self.exchange(&self.script, request) else { return Step::Going };
        let Some((meaning, values)) = exchange.read(payload) else { return Step::Going };
        let Some(verdict) = meaning.verdict(&values) else {
            debug_assert_eq!(*meaning, Meaning::Wait);
            talk.0.wake_after(exchange.within);
            talk.0.event(RegisterEvent::Progress(0));
            return Step::Going;
        };
        match (self.purpose, values.id()) {
            (Purpose::Do, id) if id != 0 && id != request.id => Step::Going,
            (Purpose::Find, id) if id != request.id => Step::Done(Answer::bare(Verdict::NotDone)),
            _ => Step::Done(values.answer(verdict)),
        }
    }

    /// The acknowledgement is the answer where no other is to come.
    fn delivered(&self, request: &Request) -> Step {
        let is_all = self.exchange(&self.script, request).is_some_and(|exchange| exchange.expect.is_empty());
        if is_all { Step::Done(Answer::bare(Verdict::Approved)) } else { Step::Going }
    }
}

impl Dialogue for Asking {
    fn begin(&mut self, request: &Request, purpose: Purpose, talk: &mut Talk<'_>) -> Step {
        self.purpose = purpose;
        let script = Arc::clone(&self.script);
        let is_nameless = script.exchange(request.service).is_none_or(|asked| !asked.send.has(Slot::Id));
        if purpose == Purpose::Find && is_nameless {
            // Nobody can tell whether the terminal's last transaction is this one.
            return Step::Lost(true);
        }
        match (self.exchange(&script, request), purpose) {
            (Some(exchange), _) => {
                talk.0.wake_after(exchange.within);
                let payload = exchange.send.write(&Values::of_request(request));
                if talk.0.send(&payload) { Step::Going } else { Step::Lost(purpose == Purpose::Find) }
            }
            (None, Purpose::Do) => Step::Done(Answer::bare(Verdict::Unsupported)),
            (None, Purpose::Find) => Step::Lost(true),
        }
    }

    fn go_on(&mut self, request: &Request, cue: Cue<'_>, talk: &mut Talk<'_>) -> Step {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => self.take(request, &payload, talk),
            Cue::Notice(Notice::Delivered) => self.delivered(request),
            Cue::Notice(Notice::Undelivered { was_sent }) => {
                Step::Lost(was_sent || self.purpose == Purpose::Find)
            }
            Cue::Timeout | Cue::Closed => Step::Lost(true),
            // A script has neither.
            Cue::Notice(Notice::Present) | Cue::Abort | Cue::RelayAnswer(_) => Step::Going,
        }
    }
}
