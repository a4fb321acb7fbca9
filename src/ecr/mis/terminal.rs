//! What a terminal of this family says to its register.

use super::message::{Message, Packet, Preset};
use crate::ecr::{
    link::Notice,
    outbox::{Opaque, TerminalEvent},
    terminal::{Cue, Remembered, Reply, Serving},
    vocabulary::{Answer, Request, Service, Text, Verdict},
};
use std::time::Duration;

/// The terminal's side.
///
/// It takes one request at a time and says nothing to others until it has answered. A request with the number of the
/// last one is answered from memory: the register has lost the answer, or the line doubled the request.
#[derive(Debug)]
pub struct Answering {
    preset: Preset,
    /// The terminal id that every answer tells; empty for none.
    terminal: Text,
    last: Option<Remembered>,
    active: Option<Active>,
}

/// A request that is being done.
#[derive(Debug)]
struct Active {
    request: Request,
    echo: u16,
    is_relaying: bool,
}

impl Answering {
    /// A terminal that speaks this preset.
    pub fn new(preset: Preset) -> Self {
        Self { preset, terminal: Text::default(), last: None, active: None }
    }

    /// The same for a terminal that tells its terminal id (DE 41).
    #[must_use]
    pub fn with_terminal(self, terminal: Text) -> Self {
        Self { terminal, ..self }
    }

    fn say(&self, echo: u16, message: Message, reply: &mut Reply<'_>) {
        // What cannot be said is like an answer that was lost: the register asks again.
        reply.0.send(&self.preset.write(&Packet { echo, message }));
    }

    fn take(&mut self, payload: &[u8], reply: &mut Reply<'_>) {
        let Ok(Packet { echo, message }) = self.preset.parse(payload) else { return };
        match (message, &mut self.active) {
            (Message::RelayAnswer(bytes), Some(active)) if active.is_relaying && active.echo == echo => {
                active.is_relaying = false;
                *reply.0.timer = None;
                reply.0.event(TerminalEvent::RelayAnswer(bytes));
            }
            (Message::Request(request), None) => self.asked(request, echo, reply),
            (Message::Query, None) => self.found(echo, reply),
            _ => {}
        }
    }

    fn asked(&mut self, request: Request, echo: u16, reply: &mut Reply<'_>) {
        let done = self.last.as_ref().filter(|last| request.id != 0 && last.request.id == request.id);
        match (done, request.service) {
            (Some(last), _) => {
                let (service, answer) = (last.request.service, last.answer.clone());
                self.say(echo, Message::Answer { id: request.id, service, answer }, reply);
            }
            (None, Service::Status) => {
                let terminal = self.terminal.clone();
                let answer = Answer { terminal, ..Answer::bare(Verdict::Approved) };
                self.say(echo, Message::Answer { id: request.id, service: Service::Status, answer }, reply);
            }
            (None, _) => {
                reply.0.event(TerminalEvent::Asked(request.clone()));
                self.active = Some(Active { request, echo, is_relaying: false });
            }
        }
    }

    fn found(&self, echo: u16, reply: &mut Reply<'_>) {
        let message = match &self.last {
            Some(last) => Message::Found { id: last.request.id, answer: last.answer.clone() },
            None => Message::Found { id: 0, answer: Answer::bare(Verdict::Declined) },
        };
        self.say(echo, message, reply);
    }

    fn decide(&mut self, answer: Answer, reply: &mut Reply<'_>) {
        let Some(Active { request, echo, .. }) = self.active.take() else { return };
        *reply.0.timer = None;
        let answer = Answer { terminal: self.terminal.clone(), ..answer };
        if answer.verdict == Verdict::Approved && request.service.moves_money() {
            reply.0.event(TerminalEvent::Booked(request.id));
        }
        let (id, service) = (request.id, request.service);
        if service.moves_money() {
            self.last = Some(Remembered { request, answer: answer.clone() });
        }
        self.say(echo, Message::Answer { id, service, answer }, reply);
    }
}

impl Serving for Answering {
    fn go_on(&mut self, cue: Cue<'_>, reply: &mut Reply<'_>) {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => self.take(&payload, reply),
            Cue::Decide(answer) => self.decide(answer, reply),
            Cue::Relay { bytes, address } => {
                let Some(active) = &mut self.active else { return };
                active.is_relaying = true;
                let echo = active.echo;
                reply.0.wake_after(address.timeout + GRACE);
                self.say(echo, Message::RelayRequest { bytes: Opaque(bytes.to_vec()), address }, reply);
            }
            Cue::Timeout => {
                if let Some(active) = self.active.as_mut().filter(|active| active.is_relaying) {
                    active.is_relaying = false;
                    reply.0.event(TerminalEvent::RelayAnswer(None));
                }
            }
            // A register that is gone comes back and asks for the last transaction.
            Cue::Connected | Cue::Closed | Cue::Progress(_) | Cue::Notice(_) => {}
        }
    }
}

/// What a register may need beyond the host's own time.
const GRACE: Duration = Duration::from_secs(2);
