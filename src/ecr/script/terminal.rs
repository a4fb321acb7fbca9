//! What a terminal says in a protocol that was written down.

use super::{
    exchange::Script,
    template::{Slot, Values},
};
use crate::ecr::{
    link::Notice,
    outbox::TerminalEvent,
    terminal::{Cue, Remembered, Reply, Serving},
    vocabulary::{Answer, Request, Service, Text, Verdict},
};
use std::sync::Arc;

/// The terminal's side.
///
/// It takes one request at a time. A request with the number of the last one is answered from memory. A number is given
/// back as it came: registers of others have letters in it.
#[derive(Debug)]
pub struct Answering {
    script: Arc<Script>,
    terminal: Text,
    last: Option<(Text, Remembered)>,
    active: Option<(Text, Request)>,
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
            .find_map(|(service, exchange)| Some((exchange.send.read(payload)?, *service)));
        match asked {
            Some((values, service)) => {
                self.asked(values.get(Slot::Id).into(), values.request(service), reply);
            }
            None if script.last.as_ref().is_some_and(|last| last.send.read(payload).is_some()) => {
                self.found(reply)
            }
            None => {}
        }
    }

    fn asked(&mut self, number: Text, request: Request, reply: &mut Reply<'_>) {
        let is_none = number.0.iter().all(|byte| matches!(byte, b'0' | b' '));
        let done = self.last.as_ref().filter(|(last, _)| !is_none && *last == number);
        if let Some((number, last)) = done.cloned() {
            return self.tell(&number, last.request.service, &last.answer, reply);
        }
        if request.service == Service::Status {
            return self.tell(&number, Service::Status, &Answer::bare(Verdict::Approved), reply);
        }
        reply.0.event(TerminalEvent::Asked(request.clone()));
        self.active = Some((number, request));
    }

    fn found(&self, reply: &mut Reply<'_>) {
        let Some(exchange) = &self.script.last else { return };
        let payload = match &self.last {
            Some((number, last)) => exchange.tell(number, &self.signed(&last.answer)),
            None => exchange.tell(&Text::from("0"), &self.signed(&Answer::bare(Verdict::Declined))),
        };
        if let Some(payload) = payload {
            reply.0.send(&payload);
        }
    }

    fn decide(&mut self, answer: Answer, reply: &mut Reply<'_>) {
        let Some((number, request)) = self.active.take() else { return };
        let moves_money = request.service.moves_money();
        if answer.verdict == Verdict::Approved && moves_money {
            reply.0.event(TerminalEvent::Booked(request.id));
        }
        self.tell(&number, request.service, &answer, reply);
        if moves_money {
            self.last = Some((number, Remembered { request, answer }));
        }
    }

    fn tell(&self, number: &Text, service: Service, answer: &Answer, reply: &mut Reply<'_>) {
        let answer = self.signed(answer);
        let payload = self.script.exchange(service).and_then(|exchange| exchange.tell(number, &answer));
        if let Some(payload) = payload {
            reply.0.send(&payload);
        }
    }

    /// The answer with the terminal id of this terminal.
    fn signed(&self, answer: &Answer) -> Answer {
        Answer { terminal: self.terminal.clone(), ..answer.clone() }
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
