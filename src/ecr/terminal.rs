//! The terminal's machine at the end of a line: hands cues to the [`Service`] of each protocol, and remembers.

use super::{
    link::{Link, Notice},
    outbox::{Desk, Outbox, TerminalEvent, TerminalInput},
    vocabulary::{Address, Answer, Request},
};
use crate::time::Instant;

/// What one protocol says for a terminal.
pub trait Serving {
    /// Goes on.
    #[doc(hidden)]
    fn go_on(&mut self, cue: Cue<'_>, reply: &mut Reply<'_>);
}

impl<S: Serving + ?Sized> Serving for Box<S> {
    fn go_on(&mut self, cue: Cue<'_>, reply: &mut Reply<'_>) {
        (**self).go_on(cue, reply);
    }
}

/// What makes a terminal go on.
#[derive(Debug)]
pub enum Cue<'a> {
    /// A register has opened the line.
    Connected,
    /// The link says so.
    Notice(Notice),
    /// The timer has passed.
    Timeout,
    /// The line is gone.
    Closed,
    /// What came of the request.
    Decide(Answer),
    /// How far it is.
    Progress(u8),
    /// Have bytes carried to a host.
    Relay { bytes: &'a [u8], address: Address },
}

/// What a serving terminal works with.
pub struct Reply<'a>(pub(super) Desk<'a, TerminalEvent>);

/// A payment terminal as a cash register sees it.
#[derive(Debug)]
pub struct Terminal<S> {
    serving: S,
    link: Link,
    timer: Option<Instant>,
}

impl<S: Serving> Terminal<S> {
    /// An idle terminal.
    pub fn new(serving: S, link: Link) -> Self {
        Self { serving, link, timer: None }
    }

    /// Takes one input; afterwards the outbox is to be polled to its wait.
    pub fn handle(&mut self, now: Instant, input: TerminalInput<'_>, outbox: &mut Outbox<TerminalEvent>) {
        match input {
            TerminalInput::Connected => {
                self.link.reset();
                self.cue(now, Cue::Connected, outbox);
            }
            TerminalInput::Closed => {
                self.link.reset();
                self.cue(now, Cue::Closed, outbox);
            }
            TerminalInput::Received(bytes) => self.link.receive(now, bytes),
            TerminalInput::Timeout => self.timeout(now, outbox),
            TerminalInput::Decide(answer) => self.cue(now, Cue::Decide(answer), outbox),
            TerminalInput::Progress(code) => self.cue(now, Cue::Progress(code), outbox),
            TerminalInput::Relay { bytes, address } => self.cue(now, Cue::Relay { bytes, address }, outbox),
        }
        while let Some(notice) = self.desk(now, outbox).notice() {
            self.cue(now, Cue::Notice(notice), outbox);
        }
        self.desk(now, outbox).close();
    }

    fn timeout(&mut self, now: Instant, outbox: &mut Outbox<TerminalEvent>) {
        self.link.timeout(now);
        while let Some(notice) = self.desk(now, outbox).notice() {
            self.cue(now, Cue::Notice(notice), outbox);
        }
        if self.timer.is_some_and(|timer| timer <= now) {
            self.timer = None;
            self.cue(now, Cue::Timeout, outbox);
        }
    }

    fn cue(&mut self, now: Instant, cue: Cue<'_>, outbox: &mut Outbox<TerminalEvent>) {
        let mut reply = Reply(Desk { now, link: &mut self.link, timer: &mut self.timer, outbox });
        self.serving.go_on(cue, &mut reply);
    }

    fn desk<'a>(
        &'a mut self,
        now: Instant,
        outbox: &'a mut Outbox<TerminalEvent>,
    ) -> Desk<'a, TerminalEvent> {
        Desk { now, link: &mut self.link, timer: &mut self.timer, outbox }
    }
}

/// A transaction that a terminal remembers, so that it is neither done twice nor forgotten.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    /// What was asked.
    pub request: Request,
    /// What came of it.
    pub answer: Answer,
}
