//! What a Caisse-AP terminal says.

use super::{
    message::{Action, Message},
    register::{DONE, NOT_DONE},
};
use crate::ecr::{
    link::Notice,
    outbox::TerminalEvent,
    terminal::{Cue, Reply, Serving},
    vocabulary::{Answer, MaskedCard, Request, Service, Text, Verdict},
};

/// The terminal's side.
///
/// It takes one request at a time. A request with the number of the last one is answered from memory; one that is to
/// be undone is undone whether it is with the customer or in the books.
#[derive(Debug, Default)]
pub struct Answering {
    /// The last request and its answer.
    last: Option<(u32, Message)>,
    active: Option<Message>,
}

impl Answering {
    fn take(&mut self, payload: &[u8], reply: &mut Reply<'_>) {
        let Ok(asked) = Message::parse(payload) else { return };
        match (asked.undone, &self.active) {
            (Some(id), _) => self.undo(id, asked, reply),
            (None, Some(_)) => {}
            (None, None) => self.asked(asked, reply),
        }
    }

    fn asked(&mut self, asked: Message, reply: &mut Reply<'_>) {
        if let Some((_, answer)) = self.last.as_ref().filter(|(id, _)| asked.id != 0 && *id == asked.id) {
            reply.0.send(&answer.write());
            return;
        }
        let service = match asked.action {
            Action::DEBIT => Service::Sale,
            Action::CREDIT => Service::Refund,
            Action::CANCEL => Service::Void,
            _ => return self.say(refusal(asked, FORBIDDEN), reply),
        };
        let (id, amount) = (asked.id, asked.amount);
        reply.0.event(TerminalEvent::Asked(Request { id, service, amount, original: None }));
        self.active = Some(asked);
    }

    fn undo(&mut self, id: u32, asked: Message, reply: &mut Reply<'_>) {
        if self.active.as_ref().is_some_and(|active| active.id == id) {
            self.abandon(reply);
        }
        let last = self.last.take().filter(|(last, _)| *last == id);
        let is_booked = last.is_some_and(|(_, answer)| answer.result == Some(DONE));
        if is_booked {
            reply.0.event(TerminalEvent::Reversed(id));
        }
        // A copy of the request that still comes finds it undone.
        self.last = Some((id, refusal(Message { id, undone: None, ..asked.clone() }, ABANDONED)));
        let answer =
            if is_booked { Message { result: Some(DONE), ..asked } } else { refusal(asked, REFUSED) };
        self.say(answer, reply);
    }

    fn decide(&mut self, answer: Answer, reply: &mut Reply<'_>) {
        let Some(asked) = self.active.take() else { return };
        let said = if answer.verdict == Verdict::Approved {
            reply.0.event(TerminalEvent::Booked(asked.id));
            let (amount, card, approval) = (answer.amount, answer.card, answer.approval);
            Message { result: Some(DONE), amount, card, approval, ..asked }
        } else {
            let reason = if answer.code.0.len() == 2 { answer.code } else { Text::from(REFUSED) };
            Message { result: Some(NOT_DONE), reason, card: MaskedCard::default(), ..asked }
        };
        self.last = Some((said.id, said.clone()));
        self.say(said, reply);
    }

    fn abandon(&mut self, reply: &mut Reply<'_>) {
        if let Some(active) = self.active.take() {
            reply.0.event(TerminalEvent::Abandoned(active.id));
        }
    }

    fn say(&self, message: Message, reply: &mut Reply<'_>) {
        // An answer that cannot be delivered is asked for again, or undone.
        reply.0.send(&message.write());
    }
}

impl Serving for Answering {
    fn go_on(&mut self, cue: Cue<'_>, reply: &mut Reply<'_>) {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => self.take(&payload, reply),
            Cue::Decide(answer) => self.decide(answer, reply),
            Cue::Closed | Cue::Connected => self.abandon(reply),
            Cue::Timeout | Cue::Progress(_) | Cue::Relay { .. } | Cue::Notice(_) => {}
        }
    }
}

fn refusal(asked: Message, reason: &str) -> Message {
    Message { result: Some(NOT_DONE), reason: Text::from(reason), ..asked }
}

/// AF: refused.
const REFUSED: &str = "04";
/// AF: forbidden.
const FORBIDDEN: &str = "05";
/// AF: abandoned.
const ABANDONED: &str = "11";
