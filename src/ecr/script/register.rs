//! What a register says in a protocol that was written down.

use super::{
    exchange::{Action, Alternative, Exchange, Meaning, OnTimeout, Script, Stage},
    memory::Memory,
    values::{Slot, Values},
};
use crate::ecr::{
    link::Notice,
    outbox::{Opaque, RegisterEvent},
    register::{Cue, Dialogue, Purpose, Step, Talk},
    vocabulary::{Address, Answer, Request, Text, Verdict},
};
use std::sync::Arc;

/// The register's side.
#[derive(Debug)]
pub struct Asking {
    script: Arc<Script>,
    purpose: Purpose,
    memory: Memory,
    /// The stage that is under way.
    stage: usize,
    /// How often it was done again.
    again: u8,
    /// Whether the terminal was told anything: before that, nothing can have been done.
    has_spoken: bool,
    relay: Relay,
    lines: Vec<Text>,
}

/// What the terminal wants carried.
#[derive(Debug)]
enum Relay {
    None,
    /// At the host.
    Away(Opaque),
    /// Back. The terminal that asks for the same again has lost the answer: the host must not see it twice.
    Back(Opaque, Opaque),
}

impl Asking {
    /// A register that keeps to this script.
    pub fn new(script: Arc<Script>) -> Self {
        Self {
            script,
            purpose: Purpose::Do,
            memory: Memory::default(),
            stage: 0,
            again: 0,
            has_spoken: false,
            relay: Relay::None,
            lines: Vec::new(),
        }
    }

    fn exchange<'s>(&self, script: &'s Script, request: &Request) -> Option<&'s Exchange> {
        match self.purpose {
            Purpose::Do => script.exchange(request.service),
            Purpose::Find => script.last.as_ref(),
        }
    }

    fn stage<'s>(&self, script: &'s Script, request: &Request) -> Option<&'s Stage> {
        self.exchange(script, request)?.stages.get(self.stage)
    }

    /// Does what the present stage says; after the last one, what was acknowledged is done.
    fn enter(&mut self, request: &Request, talk: &mut Talk<'_>) -> Step {
        let script = Arc::clone(&self.script);
        let Some(stage) = self.stage(&script, request) else {
            return Step::Done(self.told(Verdict::Approved));
        };
        talk.0.wake_after(stage.within);
        match &stage.action {
            Action::Do(deed) => Step::Act(deed.clone()),
            Action::Say(message) => {
                let payload = self.memory.write(message);
                let was_spoken = std::mem::replace(&mut self.has_spoken, true);
                if talk.0.send(&payload) { Step::Going } else { Step::Lost(was_spoken || self.is_finding()) }
            }
        }
    }

    fn go_to_next(&mut self, request: &Request, talk: &mut Talk<'_>) -> Step {
        (self.stage, self.again) = (self.stage + 1, 0);
        self.enter(request, talk)
    }

    fn take(&mut self, request: &Request, payload: &[u8], talk: &mut Talk<'_>) -> Step {
        let script = Arc::clone(&self.script);
        if let Some(reply) = script.reply(payload) {
            let payload = self.memory.write(reply);
            talk.0.send(&payload);
            return Step::Going;
        }
        let Some(stage) = self.stage(&script, request) else { return Step::Going };
        let Some((one, values)) = stage.read(payload) else { return Step::Going };
        let is_repeat = self.memory.hear(&values) && script.drops_repeats;
        let is_other = self.purpose == Purpose::Do && values.id() != 0 && values.id() != request.id;
        if is_repeat || is_other {
            return Step::Going;
        }
        // A refusal moved no money, whatever it says.
        let is_refusal = self.verdict(one, &values) == Some(Verdict::Declined);
        if !is_refusal && one.same.iter().any(|slot| !values.agrees(&self.memory.values, *slot)) {
            // Who contradicts himself may have done anything: what it was is asked.
            return Step::Lost(true);
        }
        talk.0.wake_after(stage.within);
        self.follow(request, one, values, talk)
    }

    /// The verdict of an end; one that has no code of its own goes by the code that was told before it.
    fn verdict(&self, one: &Alternative, values: &Values) -> Option<Verdict> {
        one.meaning.verdict(if one.message.has(Slot::Code) { values } else { &self.memory.told })
    }

    fn follow(&mut self, request: &Request, one: &Alternative, values: Values, talk: &mut Talk<'_>) -> Step {
        if let Some(verdict) = self.verdict(one, &values) {
            let told = values.id();
            self.memory.learn(values, self.script.charset);
            return self.end(request, told, verdict);
        }
        let line = values.find(Slot::Line).map(<[u8]>::to_vec);
        self.memory.learn(values, self.script.charset);
        match one.meaning {
            Meaning::Relay => return self.carry(talk),
            Meaning::Line => self.print(&line.unwrap_or_default(), talk),
            Meaning::Wait | Meaning::Next | Meaning::Result(_) => talk.0.event(RegisterEvent::Progress(0)),
        }
        if let Some(reply) = &one.reply {
            let payload = self.memory.write(reply);
            talk.0.send(&payload);
        }
        if one.meaning == Meaning::Next { self.go_to_next(request, talk) } else { Step::Going }
    }

    fn end(&self, request: &Request, told: u32, verdict: Verdict) -> Step {
        let is_it = !self.is_finding() || told == request.id;
        Step::Done(if is_it { self.told(verdict) } else { Answer::bare(Verdict::NotDone) })
    }

    /// What the terminal has told, and nothing that only the register knew.
    fn told(&self, verdict: Verdict) -> Answer {
        Answer { lines: self.lines.clone(), ..self.memory.told.answer(verdict) }
    }

    fn print(&mut self, line: &[u8], talk: &mut Talk<'_>) {
        let line = Text(self.script.charset.decode(line));
        talk.0.event(RegisterEvent::Line(line.clone()));
        if self.lines.len() < LINES_MAX {
            self.lines.push(line);
        }
    }

    fn carry(&mut self, talk: &mut Talk<'_>) -> Step {
        let values = &self.memory.values;
        let bytes = Opaque(values.get(Slot::Relay).to_vec());
        match &self.relay {
            Relay::Away(away) if *away == bytes => return Step::Going,
            Relay::Back(asked, answer) if *asked == bytes => {
                let answer = answer.clone();
                return self.bring_back(&answer, talk);
            }
            _ => {}
        }
        let host = String::from_utf8_lossy(values.get(Slot::Host)).into_owned();
        let port = u16::try_from(values.number(Slot::Port)).unwrap_or(0);
        let address = Address { host, port, timeout: values.patience() };
        let within = talk.0.timer.map_or(address.timeout, |timer| timer.since(talk.0.now) + address.timeout);
        talk.0.wake_after(within);
        self.relay = Relay::Away(bytes.clone());
        talk.0.event(RegisterEvent::RelayRequest { bytes, address });
        Step::Going
    }

    fn carried(&mut self, answer: Option<&[u8]>, talk: &mut Talk<'_>) -> Step {
        let Relay::Away(asked) = std::mem::replace(&mut self.relay, Relay::None) else { return Step::Going };
        let answer = Opaque(answer.unwrap_or_default().to_vec());
        self.relay = Relay::Back(asked, answer.clone());
        self.bring_back(&answer, talk)
    }

    fn bring_back(&mut self, answer: &Opaque, talk: &mut Talk<'_>) -> Step {
        let script = Arc::clone(&self.script);
        let stages = script.exchanges.iter().flat_map(|(_, exchange)| &exchange.stages);
        let reply = stages.filter_map(|stage| stage.with(&Meaning::Relay)?.reply.as_ref()).next();
        if let Some(reply) = reply {
            let payload = self.memory.write_with(reply, &Values::default().with(Slot::Relay, &answer.0));
            talk.0.send(&payload);
        }
        Step::Going
    }

    /// The acknowledgement is the answer where no other is to come.
    fn delivered(&mut self, request: &Request, talk: &mut Talk<'_>) -> Step {
        let script = Arc::clone(&self.script);
        let is_said = |stage: &Stage| matches!(stage.action, Action::Say(_)) && stage.expect.is_empty();
        let is_all = self.stage(&script, request).is_some_and(is_said);
        if is_all { self.go_to_next(request, talk) } else { Step::Going }
    }

    fn timed_out(&mut self, request: &Request, talk: &mut Talk<'_>) -> Step {
        let script = Arc::clone(&self.script);
        match self.stage(&script, request).map_or(OnTimeout::Lost, |stage| stage.on_timeout) {
            OnTimeout::Again(times) if self.again < times => {
                self.again += 1;
                self.enter(request, talk)
            }
            OnTimeout::Next => self.go_to_next(request, talk),
            OnTimeout::Lost | OnTimeout::Again(_) => Step::Lost(self.has_spoken),
        }
    }

    fn abort(&mut self, talk: &mut Talk<'_>) -> Step {
        let script = Arc::clone(&self.script);
        if let Some(message) = &script.abort {
            let payload = self.memory.write(message);
            talk.0.send(&payload);
        }
        Step::Going
    }

    fn is_finding(&self) -> bool {
        self.purpose == Purpose::Find
    }
}

impl Dialogue for Asking {
    fn begin(&mut self, request: &Request, purpose: Purpose, talk: &mut Talk<'_>) -> Step {
        (self.purpose, self.relay) = (purpose, Relay::None);
        (self.stage, self.again, self.has_spoken) = (0, 0, purpose == Purpose::Find);
        self.lines.clear();
        let script = Arc::clone(&self.script);
        let is_nameless = script.exchange(request.service).is_none_or(|asked| !asked.asks(Slot::Id));
        if purpose == Purpose::Find && is_nameless {
            // Nobody can tell whether the terminal's last transaction is this one.
            return Step::Lost(true);
        }
        if purpose == Purpose::Do {
            self.memory.forget_number();
        }
        self.memory.begin(Values::of_request(request));
        match (self.exchange(&script, request), purpose) {
            (Some(_), _) => self.enter(request, talk),
            (None, Purpose::Do) => Step::Done(Answer::bare(Verdict::Unsupported)),
            (None, Purpose::Find) => Step::Lost(true),
        }
    }

    fn go_on(&mut self, request: &Request, cue: Cue<'_>, talk: &mut Talk<'_>) -> Step {
        match cue {
            Cue::Notice(Notice::Frame(payload)) => self.take(request, &payload, talk),
            Cue::Notice(Notice::Delivered) => self.delivered(request, talk),
            Cue::Notice(Notice::Undelivered { was_sent }) => {
                Step::Lost(was_sent || self.stage > 0 || self.is_finding())
            }
            Cue::Timeout => self.timed_out(request, talk),
            Cue::Closed => Step::Lost(self.has_spoken),
            Cue::RelayAnswer(bytes) => self.carried(bytes, talk),
            Cue::Acted(true) => self.go_to_next(request, talk),
            Cue::Acted(false) => Step::Lost(self.has_spoken),
            Cue::Abort => self.abort(talk),
            Cue::Notice(Notice::Present) => Step::Going,
        }
    }
}

/// No receipt has more lines.
const LINES_MAX: usize = 500;
