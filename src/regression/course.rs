//! The machine: one device's way through the cases of one scenario.

use super::{Attempt, CaseResult, Line, Record, Skip, Trouble, Verdict};
use crate::{rack::FailureClass, time::Instant};
use std::num::NonZero;

/// How often, and after what, a case is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Attempts at a case, the first one included.
    pub attempts: NonZero<u32>,
    /// Whether the device is switched off and on before every further attempt.
    pub power_cycles: bool,
    /// How many incidents put a device into quarantine; `None` never does.
    pub quarantine_after: Option<NonZero<u32>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { attempts: NonZero::<u32>::MIN, power_cycles: false, quarantine_after: None }
    }
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Close the line, clear what came over it, open it, and ask who is there.
    Identify,
    /// Switch the device off and on, with proof that its port vanished and came back.
    PowerCycle,
    /// What comes before the cases.
    Setup,
    /// The case of this number, counted from 0.
    Case(usize),
    /// What comes after the cases: once for every setup that was begun, also after a failure.
    Teardown,
    /// Nothing; all results are there.
    Done,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It did what it must.
    Passed,
    /// It could not be tried, and that says nothing about the device.
    Skipped(Skip),
    /// It did not.
    Failed(Trouble),
}

/// One device's way through the cases of one scenario.
///
/// A *block* is a setup, cases until one fails, and a teardown. Whatever fails, the next attempt or case gets a block
/// of its own, so that none inherits the state that another left behind.
#[derive(Clone, Debug)]
pub struct Course {
    policy: Policy,
    record: Record,
    stage: Next,
    /// When the stage began.
    since: Instant,
    /// Results of the cases that have one; the case after them is the next.
    results: Vec<CaseResult>,
    cases: usize,
    /// The attempts at the next case so far.
    attempts: Vec<Attempt>,
    block: Block,
    is_line_in_doubt: bool,
    teardowns: Vec<Trouble>,
}

/// What is to be remembered of the block under way.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    /// Whether its setup was begun and its teardown not.
    is_open: bool,
    has_failed: bool,
}

impl Course {
    /// The way of a device through so many cases, begun `now`; `record` is what speaks against it already.
    pub fn new(policy: Policy, cases: usize, record: Record, now: Instant) -> Self {
        let mut course = Self {
            policy,
            record,
            stage: Next::Identify,
            since: now,
            results: Vec::with_capacity(cases),
            cases,
            attempts: Vec::new(),
            block: Block::default(),
            is_line_in_doubt: true,
            teardowns: Vec::new(),
        };
        course.begin_block();
        course
    }

    /// What is to be done now; the same until [`Course::tell`].
    pub fn next(&self) -> Next {
        self.stage
    }

    /// The number of the attempt that is under way, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.attempts.len() as u32 + 1
    }

    /// Takes what came of [`Course::next`].
    pub fn tell(&mut self, now: Instant, report: Report) {
        self.block.is_open |= self.stage == Next::Setup;
        match (self.stage, report) {
            (Next::Identify, report) if self.block.is_open => self.line_told(report),
            (Next::Identify, Report::Failed(trouble)) => self.failed(now, trouble),
            (Next::Identify, _) => {
                self.is_line_in_doubt = false;
                self.stage = Next::Setup;
            }
            (Next::PowerCycle | Next::Setup | Next::Case(_), Report::Failed(trouble)) => {
                self.failed(now, trouble);
            }
            (Next::PowerCycle, _) => self.stage = Next::Identify,
            // A device that knows no such thing needs none: it opens its day by itself.
            (Next::Setup, Report::Passed | Report::Skipped(Skip::Unsupported(_))) => {
                self.stage = Next::Case(self.results.len());
            }
            (Next::Setup, Report::Skipped(skip)) => {
                self.skip_rest(&skip);
                self.end_block();
            }
            (Next::Case(_), Report::Passed) => self.passed(now),
            (Next::Case(_), Report::Skipped(skip)) => {
                self.skip(skip);
                self.next_case();
            }
            (Next::Teardown, report) => self.torn_down(report),
            (Next::Done, _) => {}
        }
        self.since = now;
    }

    /// Begins nothing more: cases without a result are skipped, and only a teardown that is owed is left.
    pub fn stop(&mut self) {
        self.skip_rest(&Skip::RunEnded);
        self.stage = if self.block.is_open { Next::Teardown } else { Next::Done };
    }

    /// Gives up at once, the teardown included.
    pub fn abort(&mut self) {
        self.block = Block::default();
        self.stop();
    }

    /// The results of the cases that have one; of all of them when [`Next::Done`] is next.
    pub fn results(&self) -> &[CaseResult] {
        &self.results
    }

    /// Failed teardowns of blocks in which nothing else had failed.
    pub fn teardowns(&self) -> &[Trouble] {
        &self.teardowns
    }

    /// What speaks against the device by now.
    pub fn record(&self) -> &Record {
        &self.record
    }

    fn passed(&mut self, now: Instant) {
        let verdict = if self.attempts.is_empty() { Verdict::Passed } else { Verdict::Flaky };
        self.attempts.push(Attempt { trouble: None, took: now.since(self.since) });
        self.settle(verdict);
        self.next_case();
    }

    /// The case under way, or what comes before it, has failed.
    ///
    /// 1. What the scenario asks for cannot be: it will not be another time either.
    /// 2. The device is in quarantine, or there is no attempt left: the case has failed.
    /// 3. What comes before a case failed for good: it would fail for the others too.
    fn failed(&mut self, now: Instant, trouble: Trouble) {
        self.note(&trouble);
        let is_hopeless = trouble.class == FailureClass::Scenario;
        let is_before = !matches!(self.stage, Next::Case(_));
        let why = format!("{}: {}", trouble.step, trouble.reason);
        self.attempts.push(Attempt { trouble: Some(trouble), took: now.since(self.since) });
        let is_last = self.attempts.len() >= self.policy.attempts.get() as usize;
        if is_hopeless || is_last || self.is_in_quarantine() {
            self.fail();
            if is_before && !self.is_in_quarantine() {
                self.skip_rest(&Skip::SetupFailed(why));
            }
        }
        self.block.has_failed = true;
        self.end_block();
    }

    /// The line was looked after between a failure and the teardown.
    fn line_told(&mut self, report: Report) {
        match report {
            Report::Failed(trouble) => self.note(&trouble),
            _ => self.is_line_in_doubt = false,
        }
        self.stage = Next::Teardown;
    }

    fn torn_down(&mut self, report: Report) {
        if let Report::Failed(trouble) = report {
            self.note(&trouble);
            if !self.block.has_failed {
                self.teardowns.push(trouble);
            }
        }
        self.block = Block::default();
        self.begin_block();
    }

    fn note(&mut self, trouble: &Trouble) {
        self.record.note(trouble);
        self.is_line_in_doubt |= trouble.line == Line::InDoubt;
    }

    fn is_in_quarantine(&self) -> bool {
        self.record.quarantine(self.policy.quarantine_after).is_some()
    }

    fn next_case(&mut self) {
        match self.results.len() {
            next if next < self.cases => self.stage = Next::Case(next),
            _ => self.end_block(),
        }
    }

    fn end_block(&mut self) {
        match self.block.is_open {
            true if self.is_line_in_doubt => self.stage = Next::Identify,
            true => self.stage = Next::Teardown,
            false => self.begin_block(),
        }
    }

    fn begin_block(&mut self) {
        if let Some(why) = self.record.quarantine(self.policy.quarantine_after) {
            self.skip_rest(&Skip::Quarantined(why));
        }
        let is_retry = !self.attempts.is_empty();
        self.stage = match () {
            () if self.results.len() == self.cases => Next::Done,
            () if is_retry && self.policy.power_cycles => Next::PowerCycle,
            () if self.is_line_in_doubt => Next::Identify,
            () => Next::Setup,
        };
    }

    fn skip_rest(&mut self, skip: &Skip) {
        while self.results.len() < self.cases {
            self.skip(skip.clone());
        }
    }

    /// Begins the next case not at all, or not again: one that has failed before cannot be skipped any more.
    fn skip(&mut self, skip: Skip) {
        match self.attempts.is_empty() {
            true => self.settle(Verdict::Skipped(skip)),
            false => self.fail(),
        }
    }

    fn fail(&mut self) {
        if let Some(trouble) = gravest(&self.attempts).cloned() {
            self.settle(Verdict::Failed(trouble));
        }
    }

    /// Gives the next case its result.
    fn settle(&mut self, verdict: Verdict) {
        self.results.push(CaseResult { verdict, attempts: std::mem::take(&mut self.attempts) });
    }
}

/// Which of the failures of a case is told: what a device did wrong once is not undone by a cable that broke later.
fn gravest(attempts: &[Attempt]) -> Option<&Trouble> {
    let weight = |class| match class {
        FailureClass::Device => 2,
        FailureClass::Scenario => 1,
        FailureClass::Infrastructure => 0,
    };
    attempts.iter().filter_map(|attempt| attempt.trouble.as_ref()).max_by_key(|trouble| weight(trouble.class))
}
