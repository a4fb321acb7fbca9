//! What a terminal says in a protocol that was written down.

use super::{exchange::Script, template::Values};
use crate::ecr::{
    link::Notice,
    outbox::TerminalEvent,
    terminal::{Cue, Remembered, Reply, Serving},
    vocabulary::{Answer, Request, Service, Text, Verdict},
};
use std::sync::Arc;

/// The terminal's side.
///
/// It takes one request at a time. A request with the number of the last one is answered from memory.
#[derive(Debug)]
pub struct Answering {
    script: Arc<Script>,
    terminal: Text,
    last: Option<Remembered>,
    active: Option<Request>,
}

impl Answering {
    /// A terminal that keeps to this script and tells this terminal id.
    pub fn new(script: Arc<Script>, terminal: Text) -> Self {
        Self { script, terminal, last: None, active: None }
    }

    fn take(&mut self, payload: &[u8], reply: &mut Reply<'_>) {
        let script = Arc::clone(&self.script);
        if let Some(answer) = script.reply(payload) {
            reply.0.send(&answer);
            return;
        }
        if self.active.is_some() {
            return;
        }
        let asked = script
            .exchanges
            .iter()
            .find_map(|(service, exchange)| Some(exchange.send.read(payload)?.request(*service)));
        match asked {
            Some(request) => self.asked(request, reply),
            None if script.last.as_ref().is_some_and(|last| last.send.read(payload).is_some()) => {
                self.found(reply)
            }
            None => {}
        }
    }

    fn asked(&mut self, request: Request, reply: &mut Reply<'_>) {
        let done = self.last.as_ref().filter(|last| request.id != 0 && last.request.id == request.id);
        if let Some(last) = done.cloned() {
            return self.tell(&last.request, &last.answer, reply);
        }
        if request.service == Service::Status {
            return self.tell(&request, &Answer::bare(Verdict::Approved), reply);
        }
        reply.0.event(TerminalEvent::Asked(request.clone()));
        self.active = Some(request);
    }

    fn found(&self, reply: &mut Reply<'_>) {
        let Some(exchange) = &self.script.last else { return };
        let nothing = Answer::bare(Verdict::Declined);
        let (id, answer) = self.last.as_ref().map_or((0, &nothing), |last| (last.request.id, &last.answer));
        if let Some(payload) = exchange.tell(id, answer) {
            reply.0.send(&payload);
        }
    }

    fn decide(&mut self, answer: Answer, reply: &mut Reply<'_>) {
        let Some(request) = self.active.take() else { return };
        let moves_money = request.service.moves_money();
        if answer.verdict == Verdict::Approved && moves_money {
            reply.0.event(TerminalEvent::Booked(request.id));
        }
        self.tell(&request, &answer, reply);
        if moves_money {
            self.last = Some(Remembered { request, answer });
        }
    }

    fn tell(&self, request: &Request, answer: &Answer, reply: &mut Reply<'_>) {
        let answer = Answer { terminal: self.terminal.clone(), ..answer.clone() };
        let payload =
            self.script.exchange(request.service).and_then(|exchange| exchange.tell(request.id, &answer));
        if let Some(payload) = payload {
            reply.0.send(&payload);
        }
    }

    fn beat(&self, reply: &mut Reply<'_>) {
        if let Some((message, every)) = &self.script.heartbeat {
            reply.0.send(&message.write(&Values::default()));
            reply.0.wake_after(*every);
        }
    }
}

impl Serving for Answering {
    fn go_on(&mut self, cue: Cue<'_>, reply: &mut Reply<'_>) {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => self.take(&payload, reply),
            Cue::Decide(answer) => self.decide(answer, reply),
            Cue::Connected | Cue::Timeout => self.beat(reply),
            // A register that is gone comes back and asks for the last transaction.
            Cue::Closed | Cue::Progress(_) | Cue::Relay { .. } | Cue::Notice(_) => {}
        }
    }
}
