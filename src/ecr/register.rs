//! The cash register's machine: opens the line, asks, and finds out what became of a request that got no answer.
//! What is said on the line is for the [`Dialogue`] of each protocol.

use super::{
    link::{Link, Notice},
    outbox::{Deed, Desk, Outbox, Output, RegisterEvent, RegisterInput},
    vocabulary::{Answer, Request, Verdict},
};
use crate::time::Instant;
use std::time::Duration;

/// How long a register tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the line to open.
    pub connect: Duration,
    /// Before it asks what became of a request, and between two such questions.
    pub pause: Duration,
    /// How often it asks before it says that it does not know.
    pub tries: u8,
    /// Whether it opens the line anew before it asks: for lines that cannot be drained.
    pub reconnects: bool,
}

/// What one protocol says for a register.
pub trait Dialogue {
    /// Begins to ask, on an open line.
    #[doc(hidden)]
    fn begin(&mut self, request: &Request, purpose: Purpose, talk: &mut Talk<'_>) -> Step;
    /// Goes on.
    #[doc(hidden)]
    fn go_on(&mut self, request: &Request, cue: Cue<'_>, talk: &mut Talk<'_>) -> Step;
}

impl<D: Dialogue + ?Sized> Dialogue for Box<D> {
    fn begin(&mut self, request: &Request, purpose: Purpose, talk: &mut Talk<'_>) -> Step {
        (**self).begin(request, purpose, talk)
    }

    fn go_on(&mut self, request: &Request, cue: Cue<'_>, talk: &mut Talk<'_>) -> Step {
        (**self).go_on(request, cue, talk)
    }
}

/// Why a request is on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be done.
    Do,
    /// To learn what became of it.
    Find,
}

/// What makes a dialogue go on.
#[derive(Debug)]
pub enum Cue<'a> {
    /// The link says so.
    Notice(Notice),
    /// The timer has passed.
    Timeout,
    /// The request is to be given up.
    Abort,
    /// The host's answer to what was relayed.
    RelayAnswer(Option<&'a [u8]>),
    /// What was to be done outside of the line is done, or is not.
    Acted(bool),
    /// The line is gone.
    Closed,
}

/// How far a dialogue is.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and the answer is what it is made for")]
pub enum Step {
    /// Not at its end.
    Going,
    /// It goes on when this is done.
    Act(Deed),
    /// The end.
    Done(Answer),
    /// No answer; `true` when the terminal may have the request all the same.
    Lost(bool),
}

/// What a dialogue works with.
pub struct Talk<'a>(pub(super) Desk<'a, RegisterEvent>);

/// A cash register.
///
/// | phase | ask | connected | closed | timeout | dialogue done | dialogue lost |
/// |---|---|---|---|---|---|---|
/// | idle | connect or talk | – | – | – | – | – |
/// | connecting | – | talk | as lost | as lost | – | – |
/// | talking | – | – | as lost | to the dialogue | answered, idle | not sent: answered; money: pausing; else no answer |
/// | pausing | – | – | – | connect or talk | answered, idle | – |
/// | unsure | – | – | – | – | answered, idle | – |
#[derive(Debug)]
pub struct Register<D> {
    dialogue: D,
    link: Link,
    patience: Patience,
    is_open: bool,
    timer: Option<Instant>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Idle,
    Connecting(Work),
    Talking(Work),
    Pausing(Work),
    Unsure(Request),
}

/// A request and why it is on the line.
#[derive(Debug)]
struct Work {
    request: Request,
    purpose: Purpose,
    tries: u8,
}

impl<D: Dialogue> Register<D> {
    /// An idle register whose line is not open.
    pub fn new(dialogue: D, link: Link, patience: Patience) -> Self {
        Self { dialogue, link, patience, is_open: false, timer: None, phase: Phase::Idle }
    }

    /// Whether it takes a request.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }

    /// Takes one input; afterwards the outbox is to be polled to its wait.
    pub fn handle(&mut self, now: Instant, input: RegisterInput<'_>, outbox: &mut Outbox<RegisterEvent>) {
        match input {
            RegisterInput::Ask(request) => {
                if self.is_idle() {
                    self.start(now, Work { request, purpose: Purpose::Do, tries: 0 }, outbox);
                }
            }
            RegisterInput::Recover => self.recover(now, outbox),
            RegisterInput::Abort => self.cue(now, Cue::Abort, outbox),
            RegisterInput::RelayAnswer(bytes) => self.cue(now, Cue::RelayAnswer(bytes), outbox),
            RegisterInput::Acted(is_done) => self.acted(now, is_done, outbox),
            RegisterInput::Connected => self.connected(now, outbox),
            RegisterInput::Received(bytes) => {
                self.link.receive(now, bytes);
                self.notices(now, outbox);
            }
            RegisterInput::Closed => self.closed(now, outbox),
            RegisterInput::Timeout => self.timeout(now, outbox),
        }
        self.desk(now, outbox).close();
    }

    fn recover(&mut self, now: Instant, outbox: &mut Outbox<RegisterEvent>) {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Unsure(request) => {
                self.start(now, Work { request, purpose: Purpose::Find, tries: 1 }, outbox)
            }
            other => self.phase = other,
        }
    }

    fn start(&mut self, now: Instant, work: Work, outbox: &mut Outbox<RegisterEvent>) {
        self.link.give_up();
        if work.purpose == Purpose::Find && self.patience.reconnects && self.is_open {
            self.hang_up(now, outbox);
        }
        if self.is_open {
            return self.talk(now, work, outbox);
        }
        self.timer = Some(now + self.patience.connect);
        self.phase = Phase::Connecting(work);
        outbox.push(Output::Connect);
    }

    fn connected(&mut self, now: Instant, outbox: &mut Outbox<RegisterEvent>) {
        self.link.reset();
        self.is_open = true;
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Connecting(work) => self.talk(now, work, outbox),
            // The line was closed for a deed, and is open again.
            Phase::Talking(work) => {
                self.phase = Phase::Talking(work);
                self.cue(now, Cue::Acted(true), outbox);
            }
            other => self.phase = other,
        }
    }

    /// Begins a deed; those that need the line closed close it.
    fn act(&mut self, now: Instant, deed: Deed, outbox: &mut Outbox<RegisterEvent>) {
        if matches!(deed, Deed::PowerCycle | Deed::Reconnect) {
            self.hang_up(now, outbox);
        }
        match deed {
            Deed::Reconnect => outbox.push(Output::Connect),
            deed => outbox.push(Output::Event(RegisterEvent::Wanted(deed))),
        }
    }

    fn acted(&mut self, now: Instant, is_done: bool, outbox: &mut Outbox<RegisterEvent>) {
        let is_waiting = matches!(self.phase, Phase::Talking(_));
        if is_waiting && is_done && !self.is_open {
            self.timer = Some(now + self.patience.connect);
            outbox.push(Output::Connect);
        } else {
            self.cue(now, Cue::Acted(is_done), outbox);
        }
    }

    fn talk(&mut self, now: Instant, work: Work, outbox: &mut Outbox<RegisterEvent>) {
        self.timer = None;
        let mut talk = Talk(Desk { now, link: &mut self.link, timer: &mut self.timer, outbox });
        let step = self.dialogue.begin(&work.request, work.purpose, &mut talk);
        self.phase = Phase::Talking(work);
        self.apply(now, step, outbox);
    }

    fn closed(&mut self, now: Instant, outbox: &mut Outbox<RegisterEvent>) {
        self.is_open = false;
        self.link.reset();
        match &self.phase {
            Phase::Connecting(_) => self.apply(now, Step::Lost(false), outbox),
            _ => self.cue(now, Cue::Closed, outbox),
        }
    }

    fn timeout(&mut self, now: Instant, outbox: &mut Outbox<RegisterEvent>) {
        self.link.timeout(now);
        self.notices(now, outbox);
        if self.timer.is_none_or(|timer| timer > now) {
            return;
        }
        self.timer = None;
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Pausing(work) => self.start(now, work, outbox),
            Phase::Connecting(work) => {
                self.phase = Phase::Connecting(work);
                outbox.push(Output::Close);
                self.apply(now, Step::Lost(false), outbox);
            }
            other => {
                self.phase = other;
                self.cue(now, Cue::Timeout, outbox);
            }
        }
    }

    fn notices(&mut self, now: Instant, outbox: &mut Outbox<RegisterEvent>) {
        while let Some(notice) = self.desk(now, outbox).notice() {
            self.cue(now, Cue::Notice(notice), outbox);
        }
    }

    /// Hands a cue to the dialogue when there is a request that it may be about.
    fn cue(&mut self, now: Instant, cue: Cue<'_>, outbox: &mut Outbox<RegisterEvent>) {
        let (request, mut kept) = match &self.phase {
            Phase::Talking(work) => (&work.request, None),
            // The pause and the doubt have their own timer, or none.
            Phase::Pausing(work) => (&work.request, Some(self.timer)),
            Phase::Unsure(request) => (request, Some(None)),
            Phase::Idle | Phase::Connecting(_) => return,
        };
        let timer = kept.as_mut().unwrap_or(&mut self.timer);
        let mut talk = Talk(Desk { now, link: &mut self.link, timer, outbox });
        let step = self.dialogue.go_on(request, cue, &mut talk);
        self.apply(now, step, outbox);
    }

    fn apply(&mut self, now: Instant, step: Step, outbox: &mut Outbox<RegisterEvent>) {
        let may_have_it = match step {
            Step::Going => return,
            Step::Act(deed) => return self.act(now, deed, outbox),
            Step::Done(answer) => return self.answered(answer, outbox),
            Step::Lost(may_have_it) => may_have_it,
        };
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Connecting(work) | Phase::Talking(work) => self.lost(now, work, may_have_it, outbox),
            // Nothing was asked: it is as unknown as before.
            other => self.phase = other,
        }
    }

    fn lost(&mut self, now: Instant, work: Work, may_have_it: bool, outbox: &mut Outbox<RegisterEvent>) {
        let Work { request, purpose, tries } = work;
        let verdict = match purpose {
            Purpose::Do if !request.service.moves_money() => Some(Verdict::NoAnswer),
            Purpose::Do if !may_have_it => Some(Verdict::NotDone),
            Purpose::Find if tries >= self.patience.tries => Some(Verdict::Unknown),
            _ => None,
        };
        self.timer = None;
        let Some(verdict) = verdict else {
            self.link.give_up();
            self.timer = Some(now + self.patience.pause);
            self.phase = Phase::Pausing(Work { request, purpose: Purpose::Find, tries: tries + 1 });
            return;
        };
        let id = request.id;
        if verdict == Verdict::Unknown {
            self.phase = Phase::Unsure(request);
        }
        outbox.push(Output::Event(RegisterEvent::Answered { id, answer: Answer::bare(verdict) }));
    }

    fn answered(&mut self, answer: Answer, outbox: &mut Outbox<RegisterEvent>) {
        let id = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Talking(work) | Phase::Pausing(work) | Phase::Connecting(work) => work.request.id,
            Phase::Unsure(request) => request.id,
            Phase::Idle => return,
        };
        self.timer = None;
        outbox.push(Output::Event(RegisterEvent::Answered { id, answer }));
    }

    fn hang_up(&mut self, now: Instant, outbox: &mut Outbox<RegisterEvent>) {
        self.desk(now, outbox).flush();
        self.link.reset();
        self.is_open = false;
        outbox.push(Output::Close);
    }

    fn desk<'a>(
        &'a mut self,
        now: Instant,
        outbox: &'a mut Outbox<RegisterEvent>,
    ) -> Desk<'a, RegisterEvent> {
        Desk { now, link: &mut self.link, timer: &mut self.timer, outbox }
    }
}
