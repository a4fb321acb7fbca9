//! What a ZVT register says: it commands, then the terminal is master until its completion or abort.

use super::message::{Message, terminal_id};
use crate::ecr::{
    link::Notice,
    outbox::RegisterEvent,
    register::{Cue, Dialogue, Purpose, Step, Talk},
    vocabulary::{Answer, Request, Service, Text, Verdict},
};
use std::time::Duration;

/// The register's side.
#[derive(Debug)]
pub struct Asking {
    password: u32,
    config: u8,
    currency: u16,
    /// How often it says that the goods are not out yet.
    goods_wait: u8,
    is_registered: bool,
    purpose: Purpose,
    phase: Phase,
    t4: Duration,
    status: Option<(u32, Answer)>,
    lines: Vec<Text>,
    /// Who completed the last command.
    terminal: Text,
    /// What the terminal told of its software last.
    firmware: Text,
    goods_left: u8,
}

/// Who is master, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody of anything that is still of interest.
    Over,
    /// The register, until the terminal has answered its registration.
    Registering,
    /// The terminal, until the registration is complete.
    Registered,
    /// The register, until the terminal has answered its command.
    Commanding,
    /// The terminal, until the completion.
    Serving,
}

impl Asking {
    /// A register with the terminal's password and a numeric currency code (978).
    pub fn new(password: u32, currency: u16) -> Self {
        Self {
            password,
            config: CONFIG,
            currency,
            goods_wait: 0,
            is_registered: false,
            purpose: Purpose::Do,
            phase: Phase::Over,
            t4: T4,
            status: None,
            lines: Vec::new(),
            terminal: Text::default(),
            firmware: Text::default(),
            goods_left: 0,
        }
    }

    /// The same for a machine that gives out goods: it answers so many status informations with 84-9C first.
    #[must_use]
    pub fn with_goods_wait(self, times: u8) -> Self {
        Self { goods_wait: times, ..self }
    }

    fn command(&mut self, request: &Request, talk: &mut Talk<'_>) -> Step {
        let Some(message) = self.message(request) else {
            return Step::Done(Answer::bare(Verdict::Unsupported));
        };
        self.phase = Phase::Commanding;
        self.status = None;
        self.lines.clear();
        talk.0.wake_after(T3 + T2_ALL);
        if talk.0.send(&message.write()) { Step::Going } else { self.lose(false) }
    }

    fn message(&self, request: &Request) -> Option<Message> {
        let (password, currency, id) = (self.password, self.currency, request.id);
        let message = match (self.purpose, request.service) {
            (Purpose::Find, _) => Message::RepeatReceipt { password },
            (_, Service::SignIn) => {
                Message::Registration { password, config: self.config, currency: Some(currency) }
            }
            (_, Service::Sale) => Message::Authorisation { amount: request.amount, currency, id },
            (_, Service::Refund) => Message::Refund { password, amount: request.amount, currency, id },
            (_, Service::Void) => {
                Message::Reversal { password, receipt: request.original.as_ref()?.receipt, id }
            }
            (_, Service::Settlement) => Message::EndOfDay { password },
            (_, Service::Status) => Message::StatusEnquiry { password: None },
        };
        Some(message)
    }

    fn take(&mut self, request: &Request, message: Message, talk: &mut Talk<'_>) -> Step {
        match message {
            Message::Positive => self.accepted(talk),
            Message::Negative(code) => self.rejected(request, code, talk),
            Message::Status(status) => {
                let is_held =
                    self.phase == Phase::Serving && self.purpose == Purpose::Do && status.result == 0;
                if is_held && self.goods_left > 0 {
                    self.goods_left -= 1;
                    return self.reply(&Message::Negative(WAIT), talk);
                }
                if self.phase == Phase::Serving {
                    self.status = Some((status.id, status.answer));
                }
                self.reply(&Message::Positive, talk)
            }
            Message::Intermediate { code, minutes } => {
                if let Some(minutes) = minutes {
                    self.t4 = Duration::from_secs(u64::from(minutes) * 60);
                }
                talk.0.event(RegisterEvent::Progress(code));
                self.reply(&Message::Positive, talk)
            }
            Message::PrintLine { text, .. } => self.print(vec![text], talk),
            Message::PrintBlock(lines) => self.print(lines, talk),
            Message::Completion { terminal, version, .. } => {
                self.firmware = version;
                self.terminal = terminal.map(terminal_id).unwrap_or_default();
                self.completed(request, talk)
            }
            Message::Aborted(code) => self.aborted(code, talk),
            _ => self.reply(&Message::Negative(NOT_POSSIBLE), talk),
        }
    }

    fn accepted(&mut self, talk: &mut Talk<'_>) -> Step {
        self.phase = match self.phase {
            Phase::Registering => Phase::Registered,
            Phase::Commanding => Phase::Serving,
            _ => return Step::Going,
        };
        talk.0.wake_after(self.t4);
        Step::Going
    }

    fn rejected(&mut self, request: &Request, code: u8, talk: &mut Talk<'_>) -> Step {
        match (self.phase, code) {
            (Phase::Registering, _) => self.lose(false),
            (Phase::Commanding, NOT_REGISTERED) if self.is_registered => {
                self.is_registered = false;
                self.begin(request, self.purpose, talk)
            }
            (Phase::Commanding, WAIT) => self.lose(self.purpose == Purpose::Find),
            (Phase::Commanding, _) if self.purpose == Purpose::Find => self.lose(true),
            (Phase::Commanding, _) => {
                self.phase = Phase::Over;
                Step::Done(self.refusal(code))
            }
            _ => Step::Going,
        }
    }

    fn completed(&mut self, request: &Request, talk: &mut Talk<'_>) -> Step {
        self.reply(&Message::Positive, talk);
        match self.phase {
            Phase::Registered => {
                self.is_registered = true;
                if request.service == Service::SignIn {
                    let terminal = self.terminal.clone();
                    return self.finish(Answer { terminal, ..Answer::bare(Verdict::Approved) });
                }
                self.command(request, talk)
            }
            Phase::Serving => self.served(request),
            _ => Step::Going,
        }
    }

    fn served(&mut self, request: &Request) -> Step {
        let lines = std::mem::take(&mut self.lines);
        match (self.purpose, self.status.take()) {
            (Purpose::Find, Some((id, answer))) if id == request.id => {
                self.finish(Answer { lines, ..answer })
            }
            (Purpose::Find, Some(_)) => self.finish(Answer::bare(Verdict::NotDone)),
            (Purpose::Find, None) => self.lose(true),
            // A terminal that knows no sequence numbers tells none.
            (Purpose::Do, Some((id, _))) if id != 0 && id != request.id => self.lose(true),
            (Purpose::Do, Some((_, answer))) => self.finish(Answer { lines, ..answer }),
            // Money without a status information is money without an amount: ask.
            (Purpose::Do, None) if request.service.moves_money() => self.lose(true),
            (Purpose::Do, None) => {
                let (terminal, firmware) = (self.terminal.clone(), self.firmware.clone());
                self.finish(Answer { lines, terminal, firmware, ..Answer::bare(Verdict::Approved) })
            }
        }
    }

    fn aborted(&mut self, code: u8, talk: &mut Talk<'_>) -> Step {
        self.reply(&Message::Positive, talk);
        match self.phase {
            Phase::Registered => self.lose(false),
            Phase::Serving => self.finish(self.refusal(code)),
            _ => Step::Going,
        }
    }

    fn refusal(&self, code: u8) -> Answer {
        // What the terminal cannot repeat it does not have.
        let verdict = if self.purpose == Purpose::Find { Verdict::NotDone } else { Verdict::Declined };
        Answer { code: Text(vec![code]), ..Answer::bare(verdict) }
    }

    fn print(&mut self, lines: Vec<Text>, talk: &mut Talk<'_>) -> Step {
        for line in lines {
            talk.0.event(RegisterEvent::Line(line.clone()));
            if self.lines.len() < LINES_MAX {
                self.lines.push(line);
            }
        }
        self.reply(&Message::Positive, talk)
    }

    fn reply(&mut self, message: &Message, talk: &mut Talk<'_>) -> Step {
        if matches!(self.phase, Phase::Serving | Phase::Registered) {
            talk.0.wake_after(self.t4);
        }
        talk.0.send(&message.write());
        Step::Going
    }

    fn finish(&mut self, answer: Answer) -> Step {
        self.phase = Phase::Over;
        Step::Done(answer)
    }

    fn lose(&mut self, may_have_it: bool) -> Step {
        self.phase = Phase::Over;
        Step::Lost(may_have_it)
    }
}

impl Dialogue for Asking {
    fn begin(&mut self, request: &Request, purpose: Purpose, talk: &mut Talk<'_>) -> Step {
        (self.purpose, self.t4, self.goods_left) = (purpose, T4, self.goods_wait);
        if self.is_registered && request.service != Service::SignIn {
            return self.command(request, talk);
        }
        self.phase = Phase::Registering;
        talk.0.wake_after(T3 + T2_ALL);
        let (password, config, currency) = (self.password, self.config, Some(self.currency));
        let registration = Message::Registration { password, config, currency };
        if talk.0.send(&registration.write()) { Step::Going } else { self.lose(false) }
    }

    fn go_on(&mut self, request: &Request, cue: Cue<'_>, talk: &mut Talk<'_>) -> Step {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => match Message::parse(&payload) {
                Ok(message) => self.take(request, message, talk),
                Err(_) => self.reply(&Message::Negative(NOT_POSSIBLE), talk),
            },
            Cue::Closed => {
                self.is_registered = false;
                self.lose(matches!(self.phase, Phase::Commanding | Phase::Serving))
            }
            Cue::Timeout | Cue::Notice(Notice::Undelivered { .. }) => {
                self.lose(matches!(self.phase, Phase::Commanding | Phase::Serving))
            }
            Cue::Abort if self.phase == Phase::Serving => {
                talk.0.send(&Message::Abort.write());
                Step::Going
            }
            Cue::Abort
            | Cue::Acted(_)
            | Cue::RelayAnswer(_)
            | Cue::Notice(Notice::Delivered | Notice::Present) => Step::Going,
        }
    }
}

/// Payment receipts, administrative receipts, intermediate status, print lines.
const CONFIG: u8 = 0x8E;
const T3: Duration = Duration::from_secs(5);
/// A command may be sent three times before its acknowledgement.
const T2_ALL: Duration = Duration::from_secs(15);
const T4: Duration = Duration::from_secs(180);
/// 84-9C.
pub(super) const WAIT: u8 = 0x9C;
/// 84-6B.
pub(super) const NOT_REGISTERED: u8 = 0x6B;
/// 84-83.
pub(super) const NOT_POSSIBLE: u8 = 0x83;
const LINES_MAX: usize = 500;
