//! Cases on terminals: carries out what their courses say is next, and hands on what came of each case.
//!
//! All terminals of a group are under way at once, each with one case at a time, and nobody else has its seat until
//! its course is over. What is next, and what counts as which result, is for [`crate::regression`].

use super::{
    case_row::{case_row, teardown_row, trouble_of},
    case_seat,
    iteration::{Ticket, Walk, Walker},
    part::Part,
    runner::sleep_until,
    shard::{Seat, Shard},
};
use crate::{
    metrics::{CaseRow, CaseWord, Severity},
    regression::{Course, Next, Report, Skip, Trouble},
    rng::Domain,
    scenario::{Cases, Scenario},
    time::Instant,
};
use std::{pin::pin, rc::Rc, time::Duration};
use tokio::task::spawn_local;

/// Has every terminal of this shard go through the cases of a scenario.
pub(super) async fn run_cases(shard: &Rc<Shard>, part: &Rc<Part>, scenario: &Scenario, begin: Instant) {
    sleep_until(shard, begin).await;
    let end = scenario.load.stop.after.map_or(Instant::NEVER, |after| begin + after);
    for place in shard.seats_of(scenario.group) {
        // Counted before it has its seat, so that the run does not end without its results.
        Part::add(&part.in_flight);
        let (shard, part) = (Rc::clone(shard), Rc::clone(part));
        spawn_local(async move {
            let scenario = &shard.plan.scenarios[usize::from(part.number)];
            if let Some(cases) = &scenario.cases {
                Round { shard: &shard, part: &part, scenario, cases, place, end }.run().await;
            }
            part.remove(&part.in_flight);
        });
    }
    part.wait_for_zero(&part.in_flight).await;
}

/// One terminal's course through the cases of one scenario.
#[derive(Clone, Copy)]
struct Round<'r> {
    shard: &'r Rc<Shard>,
    part: &'r Rc<Part>,
    scenario: &'r Scenario,
    cases: &'r Cases,
    place: usize,
    end: Instant,
}

/// How much of a course was handed on.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    results: usize,
    teardowns: usize,
}

impl Round<'_> {
    async fn run(self) {
        let (shard, place) = (self.shard, self.place);
        while self.seat().is_busy() && !self.is_over() {
            tokio::time::sleep(BUSY_PAUSE).await;
        }
        let has_seat = !self.seat().is_busy();
        if has_seat {
            shard.occupy(place, self.part.number);
            shard.desk.deadlines.clear(place as u32);
        }
        let record = shard.case_records.borrow_mut().remove(&place).unwrap_or_default();
        let mut course = Course::new(self.cases.policy, self.cases.all.len(), record, shard.now());
        self.go(&mut course).await;
        let is_left_out = course.record().quarantine(self.cases.policy.quarantine_after).is_some();
        self.seat().post.iter().for_each(|post| post.quarantine(is_left_out));
        shard.case_records.borrow_mut().insert(place, course.record().clone());
        if has_seat {
            shard.vacate(self.seat());
        }
    }

    async fn go(self, course: &mut Course) {
        let mut told = Told::default();
        loop {
            if self.shard.desk.deadlines.is_interrupted(self.place as u32) {
                course.abort();
            } else if self.is_over() {
                course.stop();
            }
            self.hand_on_new(course, &mut told);
            let next = course.next();
            if next == Next::Done {
                return;
            }
            let report = self.carry_out(next).await;
            self.notice(next, course.attempt(), &report);
            course.tell(self.shard.now(), report);
        }
    }

    /// Hands on what has come of cases since the last time.
    fn hand_on_new(&self, course: &Course, told: &mut Told) {
        let (device, scenario) = (self.device(), self.scenario.name.as_str());
        for (number, result) in course.results().iter().enumerate().skip(told.results) {
            let name = self.cases.all.get(number).map_or("?", |case| &case.name);
            self.hand_on(case_row(&device, scenario, name, result));
        }
        for trouble in course.teardowns().iter().skip(told.teardowns) {
            self.hand_on(teardown_row(&device, scenario, trouble));
        }
        *told = Told { results: course.results().len(), teardowns: course.teardowns().len() };
    }

    async fn carry_out(self, next: Next) -> Report {
        match next {
            Next::Identify => case_seat::identify(self.shard, self.place, self.cases.timeout).await,
            Next::PowerCycle => case_seat::power_cycle(self.shard, self.place, self.cases.timeout).await,
            Next::Setup => self.around(self.cases.setup).await,
            Next::Teardown => self.around(self.cases.teardown).await,
            Next::Case(number) => {
                self.count(true, None);
                let (report, failed) = self.walk(self.cases.all[number].flow).await;
                self.count(false, failed);
                report
            }
            Next::Done => Report::Passed,
        }
    }

    /// What comes before or after the cases, where there is something.
    async fn around(self, flow: Option<usize>) -> Report {
        match flow {
            Some(flow) => self.walk(flow).await.0,
            None => Report::Passed,
        }
    }

    /// Walks through a flow once, for so long at most; says whether the walk failed, unless it was cut short.
    async fn walk(self, flow: usize) -> (Report, Option<bool>) {
        if let Some(lack) = case_seat::lack(self.shard, self.place, flow) {
            return (Report::Skipped(Skip::Unsupported(lack)), Some(false));
        }
        case_seat::forget(self.shard, self.place);
        let (shard, timeout) = (self.shard, self.cases.timeout);
        let fleet = shard.plan.groups[self.scenario.group].identities.len() as u64;
        let ordinal = self.part.next_round(self.place) * fleet + u64::from(self.seat().number);
        let rng = shard.plan.seed.stream(Domain::Iteration, u64::from(self.part.number), ordinal);
        let now = shard.now();
        let ticket = Ticket { ordinal, due: now, rng };
        let mut walker = Walker::new(shard, self.part, self.place, flow, ticket);
        let mut walking = pin!(walker.walk(now));
        let (walked, is_in_time) = tokio::select! {
            walked = &mut walking => (walked, true),
            () = self.overrun(timeout) => {
                shard.desk.deadlines.interrupt(self.place as u32);
                (walking.await, false)
            }
        };
        if !is_in_time {
            shard.desk.deadlines.clear(self.place as u32);
        }
        let failed = if is_in_time { walked.failed } else { Some(true) };
        (self.report(flow, &walked, (!is_in_time).then_some(timeout)), failed)
    }

    /// Is over when a walk has taken longer than it may; what people take to bring a card counts for nobody.
    async fn overrun(self, timeout: Duration) {
        let waited =
            || self.seat().post.as_ref().map_or(Duration::ZERO, |post| post.waited(self.shard.now()));
        let (begin, before) = (self.shard.now(), waited());
        loop {
            let left = (begin + timeout + (waited() - before)).since(self.shard.now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.max(BUSY_PAUSE)).await;
        }
    }

    fn report(self, flow: usize, walk: &Walk, overran: Option<Duration>) -> Report {
        if overran.is_none() && walk.failed.is_none() {
            return Report::Skipped(Skip::RunEnded);
        }
        let has_failed = overran.is_some() || walk.failed == Some(true);
        let trouble = has_failed.then(|| trouble_of(&self.shard.plan, flow, walk.first, overran));
        case_seat::judged(self.shard, self.place, walk.first, trouble, overran.is_some())
    }

    fn seat(&self) -> &Seat {
        &self.shard.seats[self.place]
    }

    fn device(&self) -> String {
        case_seat::name(self.shard, self.seat())
    }

    fn is_over(&self) -> bool {
        self.part.is_over.get() || self.shard.now() >= self.end
    }

    /// Counts a walk through a case as an iteration: its start, or its end unless it was cut short.
    fn count(&self, is_start: bool, failed: Option<bool>) {
        let mut recorder = self.shard.recorder.borrow_mut();
        let Some(counters) = recorder.interval.scenarios.get_mut(usize::from(self.part.number)) else {
            return;
        };
        counters.planned += u64::from(is_start);
        counters.started += u64::from(is_start);
        counters.finished += u64::from(failed.is_some());
        counters.failed += u64::from(failed == Some(true));
    }

    /// Tells of what failed.
    fn notice(&self, next: Next, attempt: u32, report: &Report) {
        let Report::Failed(Trouble { class, step, reason, .. }) = report else { return };
        let what = match next {
            Next::Case(number) => format!("case {}, attempt {attempt}", self.cases.all[number].name),
            Next::Setup => "setup".to_owned(),
            Next::Teardown => "teardown".to_owned(),
            Next::Identify | Next::PowerCycle | Next::Done => "before the next case".to_owned(),
        };
        let device = self.device();
        let text = format!("device {device}: {what}: {} failure in {step}: {reason}", class.word());
        self.shard.recorder.borrow_mut().notice(self.shard.now(), Severity::Warning, text);
    }

    fn hand_on(&self, row: CaseRow) {
        let mut recorder = self.shard.recorder.borrow_mut();
        if row.result == CaseWord::Skipped && row.reason.is_some() {
            let (device, case) = (&row.device, &row.case);
            let text =
                format!("device {device}: case {case} is skipped: {}", row.reason.as_deref().unwrap_or(""));
            recorder.notice(self.shard.now(), Severity::Info, text);
        }
        recorder.cases.push(row);
    }
}

const BUSY_PAUSE: Duration = Duration::from_millis(1);
