//! What a ZVT terminal says: it answers a command, is master until its completion, and books before it.

use super::{
    apdu::Apdu,
    message::{ABORTED, Message, Status},
    register::{NOT_POSSIBLE, NOT_REGISTERED, WAIT},
};
use crate::ecr::{
    bcd,
    link::Notice,
    outbox::TerminalEvent,
    terminal::{Cue, Remembered, Reply, Serving},
    vocabulary::{Answer, Original, Request, Service, Text, Verdict},
};
use crate::money::Amount;
use std::{collections::VecDeque, time::Duration};

/// The terminal's side.
///
/// It books when the register has taken the status information and every line, right before the completion; a register
/// that takes less has its transaction reversed (PA00P015, chapter 2.2.6). What is booked can be asked for with 06 20.
#[derive(Debug)]
pub struct Answering {
    is_registered: bool,
    /// The terminal id it tells when it has completed; none of its own is told.
    terminal: Option<u32>,
    /// The version of its software; empty where it tells none.
    firmware: Text,
    last: Option<Remembered>,
    state: State,
}

#[derive(Debug)]
enum State {
    Idle,
    /// The customer is at it.
    Customer(Request),
    /// The terminal is master and tells.
    Telling(Box<Tale>),
}

/// What is left to be told.
#[derive(Debug)]
struct Tale {
    steps: VecDeque<Step>,
    /// What was told last and is not yet answered.
    told: Message,
    /// What is approved and not yet booked.
    pending: Option<Remembered>,
    /// How often the register may say that it is not ready.
    waits_left: u8,
    is_waiting: bool,
}

#[derive(Debug)]
enum Step {
    Say(Message),
    Book,
}

impl Default for Answering {
    fn default() -> Self {
        let (last, state, firmware) = (None, State::Idle, Text::default());
        Self { is_registered: false, terminal: None, firmware, last, state }
    }
}

impl Answering {
    /// The same for a terminal that tells this terminal id, of up to eight digits.
    #[must_use]
    pub fn with_terminal(self, id: u32) -> Self {
        Self { terminal: Some(id % 100_000_000), ..self }
    }

    /// The same for a terminal that tells this version of its software.
    #[must_use]
    pub fn with_firmware(self, version: &str) -> Self {
        Self { firmware: version.into(), ..self }
    }

    fn take(&mut self, message: Message, reply: &mut Reply<'_>) {
        match (message, &mut self.state) {
            (Message::Positive, State::Telling(tale)) if !tale.is_waiting => self.tell(reply),
            (Message::Negative(WAIT), State::Telling(tale)) if tale.waits_left > 0 => {
                (tale.waits_left, tale.is_waiting) = (tale.waits_left - 1, true);
                reply.0.wake_after(STATUS_AGAIN);
            }
            (Message::Negative(_), State::Telling(_)) => self.reverse(reply),
            (Message::Positive | Message::Negative(_), _) => {}
            (Message::Abort, _) => self.abort(reply),
            (command, State::Customer(request)) => {
                // The line has doubled the command that is being done.
                let is_doubled = asked(&command).is_some_and(|again| again == *request);
                if !is_doubled {
                    say(&Message::Negative(WAIT), reply);
                }
            }
            (command, State::Telling(tale)) => {
                // A register that commands has given up to listen.
                let is_open = tale.pending.is_some();
                self.drop_tale(reply);
                if is_open { say(&Message::Negative(WAIT), reply) } else { self.command(command, reply) }
            }
            (command, State::Idle) => self.command(command, reply),
        }
    }

    fn command(&mut self, command: Message, reply: &mut Reply<'_>) {
        let needs_registration = !matches!(
            command,
            Message::Registration { .. } | Message::StatusEnquiry { .. } | Message::LogOff | Message::Abort
        );
        if needs_registration && !self.is_registered {
            return say(&Message::Negative(NOT_REGISTERED), reply);
        }
        match &command {
            Message::Registration { .. } => {
                self.is_registered = true;
                self.complete(reply);
            }
            Message::LogOff => say(&Message::Positive, reply),
            Message::StatusEnquiry { .. } => self.complete(reply),
            Message::RepeatReceipt { .. } => match self.last.clone() {
                Some(last) => self.repeat(&last, reply),
                None => {
                    say(&Message::Positive, reply);
                    self.begin(VecDeque::from([Step::Say(Message::Aborted(ABORTED))]), None, reply);
                }
            },
            Message::Other(apdu) => self.keep_house(apdu, reply),
            _ => match asked(&command) {
                Some(request) => self.asked(request, reply),
                None => say(&Message::Negative(NOT_POSSIBLE), reply),
            },
        }
    }

    /// Does what concerns the terminal alone.
    fn keep_house(&mut self, command: &Apdu, reply: &mut Reply<'_>) {
        match (command.control, &*command.data) {
            (0x061B, [_, _, _, 0x29, id @ ..]) => {
                self.terminal = bcd::unpack(id).map(|id| (id % 100_000_000) as u32).or(self.terminal);
                self.complete(reply);
            }
            // The enquiry for open pre-authorizations: there are none (PA00P015, chapter 2.10.1).
            (0x0623, [0x87, 0xFF, 0xFF, ..]) => {
                say(&Message::Positive, reply);
                let none = Message::Other(Apdu::new(0x061E, vec![PRE_AUTHORIZATION, 0x87, 0xFF, 0xFF]));
                self.begin(VecDeque::from([Step::Say(none)]), None, reply);
            }
            (control, _) if HOUSEKEEPING.contains(&control) => self.complete(reply),
            _ => say(&Message::Negative(NOT_POSSIBLE), reply),
        }
    }

    fn asked(&mut self, request: Request, reply: &mut Reply<'_>) {
        let is_last = |last: &&Remembered| request.id != 0 && last.request.id == request.id;
        if let Some(last) = self.last.as_ref().filter(is_last).cloned() {
            return self.repeat(&last, reply);
        }
        say(&Message::Positive, reply);
        reply.0.event(TerminalEvent::Asked(request.clone()));
        self.state = State::Customer(request);
    }

    fn complete(&mut self, reply: &mut Reply<'_>) {
        say(&Message::Positive, reply);
        let version = self.firmware.clone();
        let completion = Message::Completion { status: Some(0), terminal: self.terminal, version };
        self.begin(VecDeque::from([Step::Say(completion)]), None, reply);
    }

    /// Tells once more what is in the books.
    fn repeat(&mut self, last: &Remembered, reply: &mut Reply<'_>) {
        say(&Message::Positive, reply);
        let status = Message::Status(Box::new(Status::of(last.request.id, &last.answer)));
        let end = Message::Completion { status: None, terminal: None, version: Text::default() };
        self.begin(VecDeque::from([Step::Say(status), Step::Say(end)]), None, reply);
    }

    fn decide(&mut self, answer: Answer, reply: &mut Reply<'_>) {
        let State::Customer(request) = std::mem::replace(&mut self.state, State::Idle) else { return };
        let is_approved = answer.verdict == Verdict::Approved;
        let status = Status::of(request.id, &answer);
        let result = status.result;
        let mut steps = VecDeque::new();
        if request.service.moves_money() {
            steps.push_back(Step::Say(Message::Status(Box::new(status))));
        }
        if !is_approved {
            steps.push_back(Step::Say(Message::Aborted(result)));
            return self.begin(steps, None, reply);
        }
        let line = |text: &_| Step::Say(Message::PrintLine { attribute: 0, text: Clone::clone(text) });
        steps.extend(answer.lines.iter().map(line));
        steps.extend([
            Step::Book,
            Step::Say(Message::Completion { status: None, terminal: None, version: Text::default() }),
        ]);
        let pending = request.service.moves_money().then_some(Remembered { request, answer });
        self.begin(steps, pending, reply);
    }

    fn begin(&mut self, steps: VecDeque<Step>, pending: Option<Remembered>, reply: &mut Reply<'_>) {
        let told = Message::Positive;
        self.state =
            State::Telling(Box::new(Tale { steps, told, pending, waits_left: WAITS_MAX, is_waiting: false }));
        self.tell(reply);
    }

    /// Says the next thing, or is done.
    fn tell(&mut self, reply: &mut Reply<'_>) {
        *reply.0.timer = None;
        let State::Telling(tale) = &mut self.state else { return };
        loop {
            match tale.steps.pop_front() {
                Some(Step::Book) => {
                    if let Some(booked) = tale.pending.take() {
                        reply.0.event(TerminalEvent::Booked(booked.request.id));
                        self.last = Some(booked);
                    }
                }
                Some(Step::Say(message)) => {
                    say(&message, reply);
                    tale.told = message;
                    reply.0.wake_after(T3 + T2_ALL);
                    return;
                }
                None => break,
            }
        }
        self.state = State::Idle;
    }

    fn timeout(&mut self, reply: &mut Reply<'_>) {
        match &mut self.state {
            State::Telling(tale) if tale.is_waiting => {
                tale.is_waiting = false;
                let told = tale.told.clone();
                say(&told, reply);
                reply.0.wake_after(T3 + T2_ALL);
            }
            State::Telling(_) => self.reverse(reply),
            _ => {}
        }
    }

    /// The register did not take what it must: what is not booked is undone, and the register told.
    fn reverse(&mut self, reply: &mut Reply<'_>) {
        if matches!(self.state, State::Telling(_)) && self.drop_tale(reply) {
            self.begin(VecDeque::from([Step::Say(Message::Aborted(ABORTED))]), None, reply);
        }
    }

    /// Stops telling; whether something was undone by it.
    fn drop_tale(&mut self, reply: &mut Reply<'_>) -> bool {
        *reply.0.timer = None;
        reply.0.link.give_up();
        let State::Telling(tale) = std::mem::replace(&mut self.state, State::Idle) else { return false };
        let undone = tale.pending.map(|pending| pending.request.id);
        if let Some(id) = undone {
            reply.0.event(TerminalEvent::Reversed(id));
        }
        undone.is_some()
    }

    fn abort(&mut self, reply: &mut Reply<'_>) {
        say(&Message::Positive, reply);
        if let State::Customer(request) = &self.state {
            reply.0.event(TerminalEvent::Abandoned(request.id));
            self.begin(VecDeque::from([Step::Say(Message::Aborted(ABORTED))]), None, reply);
        }
    }

    fn closed(&mut self, reply: &mut Reply<'_>) {
        self.is_registered = false;
        if let State::Customer(request) = &self.state {
            reply.0.event(TerminalEvent::Abandoned(request.id));
            self.state = State::Idle;
        }
        self.drop_tale(reply);
    }
}

impl Serving for Answering {
    fn go_on(&mut self, cue: Cue<'_>, reply: &mut Reply<'_>) {
        match cue {
            Cue::Connected | Cue::Closed => self.closed(reply),
            Cue::Notice(Notice::Frame(payload)) => match Message::parse(&payload) {
                Ok(message) => self.take(message, reply),
                Err(_) => say(&Message::Negative(NOT_POSSIBLE), reply),
            },
            Cue::Notice(Notice::Undelivered { .. }) => self.reverse(reply),
            Cue::Timeout => self.timeout(reply),
            Cue::Decide(answer) => self.decide(answer, reply),
            Cue::Progress(code) => {
                if matches!(self.state, State::Customer(_)) {
                    say(&Message::Intermediate { code, minutes: None }, reply);
                }
            }
            // Its own line to the host is the terminal's business in this protocol.
            Cue::Relay { .. } | Cue::Notice(Notice::Delivered | Notice::Present) => {}
        }
    }
}

/// What a command asks in common words.
fn asked(command: &Message) -> Option<Request> {
    let none = Amount::ZERO;
    let (id, service, amount, receipt) = match command {
        Message::Authorisation { amount, id, .. } => (*id, Service::Sale, *amount, None),
        Message::Refund { amount, id, .. } => (*id, Service::Refund, *amount, None),
        Message::Reversal { receipt, id, .. } => (*id, Service::Void, none, Some(*receipt)),
        Message::EndOfDay { .. } => (0, Service::Settlement, none, None),
        _ => return None,
    };
    let original = receipt.map(|receipt| Original { receipt, ..Original::default() });
    Some(Request { id, service, amount, original })
}

fn say(message: &Message, reply: &mut Reply<'_>) {
    reply.0.send(&message.write());
}

const T3: Duration = Duration::from_secs(5);
/// What is said may be sent three times before its acknowledgement.
const T2_ALL: Duration = Duration::from_secs(15);
/// After 84-9C the status information is said again.
const STATUS_AGAIN: Duration = Duration::from_secs(2);
/// So often; then the sale is undone.
const WAITS_MAX: u8 = 10;
/// Reset, print configuration, diagnosis, self-test, set clock, initialisation, language: done at once.
const HOUSEKEEPING: [u16; 7] = [0x0618, 0x061A, 0x0670, 0x0679, 0x0691, 0x0693, 0x0830];
/// Result B8: error with a pre-authorization.
const PRE_AUTHORIZATION: u8 = 0xB8;
