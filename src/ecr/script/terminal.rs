//! What a terminal says in a protocol that was written down.

use super::{
    exchange::{Alternative, Exchange, Meaning, Script},
    memory::Memory,
    template::Message,
    values::{Slot, Values},
};
use crate::ecr::{
    link::Notice,
    outbox::{Opaque, TerminalEvent},
    terminal::{Cue, Remembered, Reply, Serving},
    vocabulary::{Address, Answer, Request, Service, Text, Verdict},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// The terminal's side.
///
/// It takes one request at a time. A request with the number of the last one is answered from memory. A number is given
/// back as it came: registers of others have letters in it.
#[derive(Debug)]
pub struct Answering {
    script: Arc<Script>,
    terminal: Text,
    firmware: Text,
    memory: Memory,
    /// What it did last, with the number of the request as it came.
    last: Option<(Text, Remembered)>,
    phase: Phase,
    /// Numbers what the terminal makes up.
    count: u32,
}

/// Where in an exchange a terminal is.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a terminal has one")]
enum Phase {
    Idle,
    /// It has heard what comes before the request of some services: so many messages.
    Begun(usize),
    /// Somebody decides about a request.
    Active {
        request: Request,
        is_relaying: bool,
    },
    /// It prints, and then tells the answer.
    Printing {
        request: Request,
        answer: Answer,
        lines: VecDeque<Text>,
    },
}

impl Answering {
    /// A terminal that keeps to this script and tells this terminal id.
    pub fn new(script: Arc<Script>, terminal: Text) -> Self {
        let (memory, firmware) = (Memory::default(), Text::default());
        Self { script, terminal, firmware, memory, last: None, phase: Phase::Idle, count: 0 }
    }

    /// The same that tells this firmware, where a message has a place for it.
    #[must_use]
    pub fn with_firmware(self, firmware: &str) -> Self {
        Self { firmware: firmware.into(), ..self }
    }

    fn take(&mut self, payload: &[u8], reply: &mut Reply<'_>) {
        let script = Arc::clone(&self.script);
        if let Some(message) = script.reply(payload) {
            return self.say(message, &Values::default(), reply);
        }
        match &self.phase {
            Phase::Active { request, is_relaying: true } => {
                let service = request.service;
                self.hear_relay(&script, service, payload, reply);
            }
            Phase::Active { .. } => {}
            Phase::Printing { .. } if self.is_printed(&script, payload) => self.print(reply),
            Phase::Begun(heard) => {
                let heard = *heard;
                if !self.hear(&script, heard, payload, reply) && !self.hear(&script, 0, payload, reply) {
                    self.answer_query(&script, payload, reply);
                }
            }
            Phase::Idle | Phase::Printing { .. } => {
                if !self.hear(&script, 0, payload, reply) {
                    self.answer_query(&script, payload, reply);
                }
            }
        }
    }

    /// Hears a message of a register that has said `before` of an exchange; whether there is such a message.
    fn hear(&mut self, script: &Script, before: usize, payload: &[u8], reply: &mut Reply<'_>) -> bool {
        let found = script.exchanges.iter().find_map(|(service, exchange)| {
            let (stage, message) = exchange.said().nth(before)?;
            Some((*service, exchange, stage, message.read(payload)?))
        });
        let Some((service, exchange, stage, values)) = found else { return false };
        if self.memory.hear(&values) && script.drops_repeats {
            return true;
        }
        if before == 0 {
            self.memory.begin(Values::default());
        }
        self.memory.learn(values, script.charset);
        if exchange.said().count() > before + 1 {
            self.phase = Phase::Begun(before + 1);
            let next = exchange.stages.get(stage).and_then(|stage| stage.with(&Meaning::Next));
            self.make_up(script.own);
            next.into_iter().for_each(|next| self.say(&next.message, &Values::default(), reply));
        } else {
            self.asked(self.memory.values.request(service), reply);
        }
        true
    }

    /// A value that only the terminal knows is a number of its own.
    fn make_up(&mut self, own: u8) {
        self.count += 1;
        for slot in (0..own).map(Slot::Own) {
            if self.memory.values.find(slot).is_none() {
                let values = std::mem::take(&mut self.memory.values);
                self.memory.values = values.with(slot, format!("{:06}", self.count % 1_000_000).as_bytes());
            }
        }
    }

    fn asked(&mut self, request: Request, reply: &mut Reply<'_>) {
        self.phase = Phase::Idle;
        let number = self.memory.values.get(Slot::Id);
        let is_none = number.iter().all(|byte| matches!(byte, b'0' | b' '));
        let done = self.last.as_ref().filter(|(last, _)| !is_none && last.0 == number);
        if let Some((_, last)) = done.cloned() {
            return self.tell(&last.request, &last.answer, reply);
        }
        if request.service == Service::Status {
            return self.tell(&request, &Answer::bare(Verdict::Approved), reply);
        }
        reply.0.event(TerminalEvent::Asked(request.clone()));
        self.phase = Phase::Active { request, is_relaying: false };
    }

    fn answer_query(&mut self, script: &Script, payload: &[u8], reply: &mut Reply<'_>) {
        let Some(exchange) = &script.last else { return };
        let Some(values) = exchange.request().and_then(|(_, message)| message.read(payload)) else { return };
        if self.memory.hear(&values) && script.drops_repeats {
            return;
        }
        self.memory.begin(values);
        let (number, answer) = match &self.last {
            Some((number, last)) => (number.clone(), last.answer.clone()),
            None => (Text::from("0"), Answer::bare(Verdict::Declined)),
        };
        self.memory.values = std::mem::take(&mut self.memory.values).with(Slot::Id, &number.0);
        self.tell_in(exchange, &answer, reply);
    }

    fn decide(&mut self, answer: Answer, reply: &mut Reply<'_>) {
        let Phase::Active { request, .. } = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
        let moves_money = request.service.moves_money();
        if answer.verdict == Verdict::Approved && moves_money {
            reply.0.event(TerminalEvent::Booked(request.id));
        }
        if moves_money {
            let number = self.memory.values.get(Slot::Id).into();
            self.last = Some((number, Remembered { request: request.clone(), answer: answer.clone() }));
        }
        let lines = answer.lines.iter().cloned().collect();
        self.phase = Phase::Printing { request, answer, lines };
        self.print(reply);
    }

    /// Has the next line printed, or all of them where nobody answers to a line; then tells the answer.
    fn print(&mut self, reply: &mut Reply<'_>) {
        let script = Arc::clone(&self.script);
        while let Phase::Printing { request, lines, .. } = &mut self.phase {
            let printer = script.exchange(request.service).and_then(printer);
            let Some((printer, line)) = printer.and_then(|printer| Some((printer, lines.pop_front()?)))
            else {
                break;
            };
            let line = Values::default().with(Slot::Line, &script.charset.encode(&line.0));
            self.say(&printer.message, &line, reply);
            if printer.reply.is_some() {
                return;
            }
        }
        if let Phase::Printing { request, answer, .. } = std::mem::replace(&mut self.phase, Phase::Idle) {
            self.tell(&request, &answer, reply);
        }
    }

    fn is_printed(&self, script: &Script, payload: &[u8]) -> bool {
        let Phase::Printing { request, .. } = &self.phase else { return false };
        let answer = script.exchange(request.service).and_then(printer).and_then(|one| one.reply.as_ref());
        answer.is_some_and(|answer| answer.read(payload).is_some())
    }

    fn relay(&mut self, bytes: &[u8], address: &Address, reply: &mut Reply<'_>) {
        let script = Arc::clone(&self.script);
        let Phase::Active { request, is_relaying } = &mut self.phase else { return };
        let Some(carrier) = script.exchange(request.service).and_then(carrier) else { return };
        *is_relaying = true;
        let values = Values::default()
            .with(Slot::Relay, bytes)
            .with(Slot::Host, address.host.as_bytes())
            .with_number(Slot::Port, u64::from(address.port))
            .with_number(Slot::Patience, address.timeout.as_secs());
        self.say(&carrier.message, &values, reply);
        reply.0.wake_after(address.timeout + GRACE);
    }

    fn hear_relay(&mut self, script: &Script, service: Service, payload: &[u8], reply: &mut Reply<'_>) {
        let answer = script.exchange(service).and_then(carrier).and_then(|one| one.reply.as_ref());
        let Some(values) = answer.and_then(|answer| answer.read(payload)) else { return };
        if self.memory.hear(&values) && script.drops_repeats {
            return;
        }
        let bytes = Some(values.get(Slot::Relay)).filter(|bytes| !bytes.is_empty());
        self.relayed(bytes.map(|bytes| Opaque(bytes.to_vec())), reply);
    }

    fn relayed(&mut self, answer: Option<Opaque>, reply: &mut Reply<'_>) {
        let Phase::Active { is_relaying, .. } = &mut self.phase else { return };
        *is_relaying = false;
        *reply.0.timer = None;
        reply.0.event(TerminalEvent::RelayAnswer(answer));
        self.beat(reply);
    }

    fn tell(&mut self, request: &Request, answer: &Answer, reply: &mut Reply<'_>) {
        let script = Arc::clone(&self.script);
        if let Some(exchange) = script.exchange(request.service) {
            self.tell_in(exchange, answer, reply);
        }
    }

    fn tell_in(&mut self, exchange: &Exchange, answer: &Answer, reply: &mut Reply<'_>) {
        let (terminal, firmware) = (self.terminal.clone(), self.firmware.clone());
        let answer = Answer { terminal, firmware, ..answer.clone() };
        if let Some((values, message)) = exchange.told(&self.memory.values, &answer, self.script.charset) {
            let payload = self.memory.write_with(message, &values);
            reply.0.send(&payload);
        }
    }

    fn say(&mut self, message: &Message, values: &Values, reply: &mut Reply<'_>) {
        let payload = self.memory.write_with(message, values);
        reply.0.send(&payload);
    }

    fn beat(&mut self, reply: &mut Reply<'_>) {
        let script = Arc::clone(&self.script);
        if let Some((message, every)) = &script.heartbeat {
            self.say(message, &Values::default(), reply);
            reply.0.wake_after(*every);
        }
    }

    fn timed_out(&mut self, reply: &mut Reply<'_>) {
        match self.phase {
            Phase::Active { is_relaying: true, .. } => self.relayed(None, reply),
            _ => self.beat(reply),
        }
    }
}

impl Serving for Answering {
    fn go_on(&mut self, cue: Cue<'_>, reply: &mut Reply<'_>) {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => self.take(&payload, reply),
            Cue::Decide(answer) => self.decide(answer, reply),
            Cue::Relay { bytes, address } => self.relay(bytes, &address, reply),
            Cue::Connected => {
                self.memory.forget_number();
                self.beat(reply);
            }
            Cue::Timeout => self.timed_out(reply),
            // A register that is gone comes back and asks for the last transaction.
            Cue::Closed | Cue::Progress(_) | Cue::Notice(_) => {}
        }
    }
}

/// What has a line printed.
fn printer(exchange: &Exchange) -> Option<&Alternative> {
    exchange.stages.last()?.with(&Meaning::Line)
}

/// What has bytes carried.
fn carrier(exchange: &Exchange) -> Option<&Alternative> {
    exchange.stages.last()?.with(&Meaning::Relay)
}

/// What a register may need beyond the host's own time.
const GRACE: Duration = Duration::from_secs(2);
