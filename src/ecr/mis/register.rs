//! What a register says to a terminal of this family.

use super::message::{Message, Packet, Preset};
use crate::ecr::{
    link::Notice,
    outbox::{Opaque, RegisterEvent},
    register::{Cue, Dialogue, Purpose, Step, Talk},
    vocabulary::{Answer, Request, Verdict},
};
use std::time::Duration;

/// The register's side.
#[derive(Debug)]
pub struct Asking {
    preset: Preset,
    purpose: Purpose,
    relay: Relay,
}

/// What the terminal wants carried.
#[derive(Debug)]
enum Relay {
    None,
    /// At the host.
    Away(Opaque),
    /// Back. The terminal that asks for the same again has lost the answer: the host must not see it twice.
    Back(Opaque, Option<Opaque>),
}

impl Asking {
    /// A register that speaks this preset.
    pub fn new(preset: Preset) -> Self {
        Self { preset, purpose: Purpose::Do, relay: Relay::None }
    }

    fn say(&self, id: u32, message: Message, talk: &mut Talk<'_>) -> Step {
        let payload = self.preset.write(&Packet { echo: self.preset.echo(id), message });
        if talk.0.send(&payload) { Step::Going } else { Step::Lost(false) }
    }

    fn take(&mut self, request: &Request, payload: &[u8], talk: &mut Talk<'_>) -> Step {
        let Ok(Packet { echo, message }) = self.preset.parse(payload) else { return Step::Going };
        if echo != self.preset.echo(request.id) {
            return Step::Going;
        }
        match message {
            Message::Answer { id, service, answer } if service == request.service => {
                if id == 0 || id == request.id { Step::Done(answer) } else { Step::Going }
            }
            Message::Found { id, answer } if self.purpose == Purpose::Find => {
                let is_it = id == request.id;
                Step::Done(if is_it { answer } else { Answer::bare(Verdict::NotDone) })
            }
            Message::RelayRequest { bytes, address } => {
                talk.0.wake_after(address.timeout + ANSWER);
                self.carry(request, bytes, address, talk)
            }
            _ => Step::Going,
        }
    }

    fn carry(
        &mut self,
        request: &Request,
        bytes: Opaque,
        address: crate::ecr::vocabulary::Address,
        talk: &mut Talk<'_>,
    ) -> Step {
        match &self.relay {
            Relay::Away(away) if *away == bytes => Step::Going,
            Relay::Back(asked, Some(answer)) if *asked == bytes => {
                self.say(request.id, Message::RelayAnswer(Some(answer.clone())), talk)
            }
            _ => {
                self.relay = Relay::Away(bytes.clone());
                talk.0.event(RegisterEvent::RelayRequest { bytes, address });
                Step::Going
            }
        }
    }

    fn carried(&mut self, request: &Request, answer: Option<&[u8]>, talk: &mut Talk<'_>) -> Step {
        let Relay::Away(asked) = std::mem::replace(&mut self.relay, Relay::None) else { return Step::Going };
        let answer = answer.map(|bytes| Opaque(bytes.to_vec()));
        self.relay = Relay::Back(asked, answer.clone());
        talk.0.wake_after(ANSWER);
        self.say(request.id, Message::RelayAnswer(answer), talk)
    }
}

impl Dialogue for Asking {
    fn begin(&mut self, request: &Request, purpose: Purpose, talk: &mut Talk<'_>) -> Step {
        self.purpose = purpose;
        self.relay = Relay::None;
        let (message, patience) = match purpose {
            Purpose::Do => (Message::Request(request.clone()), ANSWER),
            Purpose::Find => (Message::Query, FOUND),
        };
        talk.0.wake_after(patience);
        self.say(request.id, message, talk)
    }

    fn go_on(&mut self, request: &Request, cue: Cue<'_>, talk: &mut Talk<'_>) -> Step {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => self.take(request, &payload, talk),
            Cue::Notice(Notice::Undelivered { .. }) | Cue::Timeout | Cue::Closed => Step::Lost(true),
            Cue::RelayAnswer(answer) => self.carried(request, answer, talk),
            // The family has no abort: the customer does that at the terminal.
            Cue::Notice(Notice::Delivered | Notice::Present) | Cue::Abort | Cue::Acted(_) => Step::Going,
        }
    }
}

/// How long a register waits for an answer; the customer is part of it.
const ANSWER: Duration = Duration::from_secs(60);
/// How long it waits for the terminal's last transaction.
const FOUND: Duration = Duration::from_secs(10);
