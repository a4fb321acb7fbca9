//! What can be asked of a run while it is under way: its end, and what live control makes of its load.

use super::{
    ending::{Ending, Facts, Limits, Wish},
    gate::Gates,
};
use crate::{
    control::{Order, OrderRecord, Prompt, RateChange, Source},
    driver::Clock,
    load::{Schedule, Throttles},
    metrics::Verdict,
    scenario::Plan,
    time::Instant,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock},
    time::Duration,
};
use tokio::sync::watch;

/// What a run shall do; each is stronger than the one before, and none is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    /// Go on as planned.
    #[default]
    Run,
    /// Start nothing more; what is under way may finish.
    Stop,
    /// Give up what is under way.
    Abort,
    /// Drop every connection and end.
    Close,
}

/// Ends a run, and controls its load; copies control the same run.
#[derive(Clone, Debug)]
pub struct Control(Arc<Desk>);

/// Questions of a run that wait for an operator.
pub trait Questions: Send + Sync + std::fmt::Debug {
    /// Those that are open, the oldest first.
    fn open(&self) -> Vec<Prompt>;

    /// Answers one.
    ///
    /// # Errors
    /// Why it cannot be answered, in a sentence.
    fn answer(&self, number: u64, text: &str) -> Result<(), String>;
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such scenario.
    #[error("there is no scenario `{0}`, but {1}")]
    NoScenario(String, String),
    /// The scenario has no rate, or none at this moment.
    #[error("{0} has no rate at this moment that could be changed")]
    NoRate(String),
    /// The run is ending.
    #[error("the run is ending")]
    Ending,
    /// It gave too many orders to keep.
    #[error("there were too many orders to keep another")]
    TooMany,
}

#[derive(Debug)]
struct Desk {
    plan: Arc<Plan>,
    gates: Arc<Gates>,
    clock: Clock,
    throttles: Arc<Throttles>,
    commands: watch::Sender<Command>,
    board: Mutex<Board>,
    questions: OnceLock<Arc<dyn Questions>>,
}

#[derive(Debug)]
struct Board {
    ending: Ending,
    /// What the rate of each scenario is multiplied by.
    factors: Vec<f64>,
    /// When each pause began and ended.
    pauses: Vec<(Duration, Option<Duration>)>,
    /// Orders that the collector has not yet written down.
    unwritten: Vec<OrderRecord>,
    orders: usize,
}

impl Control {
    pub(super) fn new(
        plan: &Arc<Plan>,
        gates: &Arc<Gates>,
        clock: Clock,
        throttles: &Arc<Throttles>,
    ) -> (Self, watch::Receiver<Command>) {
        let (commands, receiver) = watch::channel(Command::Run);
        let board = Board {
            ending: Ending::new(limits(plan)),
            factors: vec![1.0; plan.scenarios.len()],
            pauses: Vec::new(),
            unwritten: Vec::new(),
            orders: 0,
        };
        let desk = Desk {
            plan: Arc::clone(plan),
            gates: Arc::clone(gates),
            clock,
            throttles: Arc::clone(throttles),
            commands,
            board: Mutex::new(board),
            questions: OnceLock::new(),
        };
        (Self(Arc::new(desk)), receiver)
    }

    /// Asks for `command`, unless something stronger was asked already.
    pub fn send(&self, command: Command) {
        match command {
            Command::Run => {}
            Command::Stop => self.wish(Wish::Stop),
            Command::Abort | Command::Close => self.wish(Wish::Abort),
        }
    }

    /// A signal came: the first one stops the run, the second one aborts it, the third one waits for nothing.
    pub fn signal(&self) {
        self.wish(Wish::Signal);
    }

    /// Carries out an order of an operator, and keeps that it was given.
    ///
    /// # Errors
    /// When it cannot be carried out; nothing is changed then.
    pub fn order(&self, order: &Order, by: Source) -> Result<OrderRecord, Refusal> {
        let now = self.elapsed();
        let mut board = self.board();
        if board.ending.command() > Command::Stop || board.orders >= ORDERS_MAX {
            return Err(if board.orders >= ORDERS_MAX { Refusal::TooMany } else { Refusal::Ending });
        }
        let change = match order {
            Order::Pause => self.pause(&mut board, now),
            Order::Resume => self.resume(&mut board, now),
            Order::Rate { scenario, change } => self.rate(&mut board, scenario.as_deref(), *change, now)?,
            Order::Scenario { name, on } => self.switch(name, *on, now)?,
            Order::Mark { note } => (None, Some(shortened(note))),
            Order::Stop | Order::Abort => (None, None),
        };
        let scenario = match order {
            Order::Rate { scenario, .. } => scenario.clone(),
            Order::Scenario { name, .. } => Some(name.clone()),
            _ => None,
        };
        let at_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let record =
            OrderRecord { at_ms, order: order.word().to_owned(), by, scenario, old: change.0, new: change.1 };
        board.unwritten.push(record.clone());
        board.orders += 1;
        drop(board);
        match order {
            Order::Stop => self.wish(Wish::Stop),
            Order::Abort => self.wish(Wish::Abort),
            _ => {}
        }
        Ok(record)
    }

    /// Whether the load is paused.
    pub fn is_paused(&self) -> bool {
        self.board().pauses.last().is_some_and(|(_, ended)| ended.is_none())
    }

    /// From now on, operators can see and answer these questions; the first desk of questions stays.
    pub fn show_questions(&self, questions: Arc<dyn Questions>) {
        let _ = self.0.questions.set(questions);
    }

    /// Answers a question of the run: `done` or nothing, `refused` with a reason, or `skip`.
    ///
    /// # Errors
    /// Why it cannot be answered, in a sentence.
    pub fn answer(&self, number: u64, text: &str) -> Result<(), String> {
        let none = || Err("this run asks its operator nothing".to_owned());
        self.questions().map_or_else(none, |questions| questions.answer(number, text))
    }

    pub(super) fn questions(&self) -> Option<&dyn Questions> {
        self.0.questions.get().map(|questions| &**questions)
    }

    /// What the rate of scenario `number` is multiplied by at this moment: nought while it is held.
    pub(super) fn factor(&self, number: usize) -> f64 {
        self.0.throttles.factor(number)
    }

    pub(super) fn wish(&self, wish: Wish) {
        let now = self.0.clock.now();
        let mut board = self.board();
        board.ending.wish(wish, now);
        self.announce(&board);
    }

    /// Time goes on; answers whether nobody is waited for any more.
    pub(super) fn tick(&self) -> bool {
        let now = self.0.clock.now();
        let planned = self.planned_end().map(|end| end + self.paused_within(Duration::ZERO, self.elapsed()));
        let mut board = self.board();
        let is_paused = board.pauses.last().is_some_and(|(_, ended)| ended.is_none());
        board.ending.tick(now, planned.filter(|_| !is_paused));
        self.announce(&board);
        board.ending.is_over(now)
    }

    pub(super) fn verdict(&self, facts: Facts) -> (Verdict, u8) {
        self.board().ending.verdict(facts)
    }

    /// Orders that were given since this was asked last.
    pub(super) fn take_orders(&self) -> Vec<OrderRecord> {
        std::mem::take(&mut self.board().unwritten)
    }

    /// How much of the time from `begin` to `end` was paused.
    pub(super) fn paused_within(&self, begin: Duration, end: Duration) -> Duration {
        let overlap = |(from, to): &(Duration, Option<Duration>)| {
            to.unwrap_or(end).min(end).saturating_sub(begin.max(*from))
        };
        self.board().pauses.iter().map(overlap).sum()
    }

    fn pause(&self, board: &mut Board, now: Duration) -> (Option<String>, Option<String>) {
        if board.pauses.last().is_none_or(|(_, ended)| ended.is_some()) {
            board.pauses.push((now, None));
            self.0.throttles.pause(true, now);
        }
        (None, None)
    }

    fn resume(&self, board: &mut Board, now: Duration) -> (Option<String>, Option<String>) {
        let Some((began, ended)) = board.pauses.last_mut().filter(|(_, ended)| ended.is_none()) else {
            return (None, None);
        };
        *ended = Some(now);
        let length = format!("after {:.1} s", now.saturating_sub(*began).as_secs_f64());
        self.0.throttles.pause(false, now);
        (None, Some(length))
    }

    fn rate(
        &self,
        board: &mut Board,
        scenario: Option<&str>,
        change: RateChange,
        now: Duration,
    ) -> Result<(Option<String>, Option<String>), Refusal> {
        let meant = match scenario {
            Some(name) => vec![self.number(name)?],
            None => (0..self.0.plan.scenarios.len()).filter(|number| self.has_rate(*number)).collect(),
        };
        let what = || scenario.unwrap_or("no scenario").to_owned();
        let mut factors = Vec::with_capacity(meant.len());
        for &number in &meant {
            let planned = self.planned_rate(number).ok_or_else(|| Refusal::NoRate(what()))?;
            let factor = match change {
                RateChange::By(percent) => board.factors[number] * (1.0 + percent / 100.0),
                RateChange::To(rate) if planned > 0.0 => rate / planned,
                RateChange::To(_) => continue,
            };
            factors.push((number, factor.clamp(0.0, FACTOR_MAX)));
        }
        if factors.is_empty() {
            return Err(Refusal::NoRate(what()));
        }
        let old = self.rates(board, &factors);
        for &(number, factor) in &factors {
            board.factors[number] = factor;
            self.0.throttles.set_factor(number, factor, now);
        }
        Ok((Some(old), Some(self.rates(board, &factors))))
    }

    /// The present rate of all these scenarios together, as far as pauses do not hold them.
    fn rates(&self, board: &Board, of: &[(usize, f64)]) -> String {
        let rate = |number: usize| self.planned_rate(number).unwrap_or(0.0) * board.factors[number];
        format!("{:.1}/s", of.iter().map(|(number, _)| rate(*number)).sum::<f64>())
    }

    fn switch(
        &self,
        name: &str,
        on: bool,
        now: Duration,
    ) -> Result<(Option<String>, Option<String>), Refusal> {
        let number = self.number(name)?;
        let word = |on| Some(if on { "on" } else { "off" }.to_owned());
        if on && self.0.gates.armed().any(|armed| armed == number) {
            self.0.gates.start(number, self.0.clock.now());
            return Ok((Some("armed".to_owned()), word(true)));
        }
        let was = self.0.throttles.is_enabled(number);
        self.0.throttles.enable(number, on, now);
        Ok((word(was), word(on)))
    }

    fn number(&self, name: &str) -> Result<usize, Refusal> {
        let scenarios = &self.0.plan.scenarios;
        scenarios.iter().position(|scenario| scenario.name == name).ok_or_else(|| {
            let known: Vec<&str> = scenarios.iter().map(|scenario| &*scenario.name).collect();
            Refusal::NoScenario(shortened(name), known.join(", "))
        })
    }

    fn has_rate(&self, number: usize) -> bool {
        self.0
            .plan
            .scenarios
            .get(number)
            .is_some_and(|scenario| matches!(scenario.load.schedule, Schedule::Arrivals { .. }))
    }

    /// The rate of the plan at this moment, for open scenarios; that of the beginning before they began.
    fn planned_rate(&self, number: usize) -> Option<f64> {
        let Schedule::Arrivals { rate, .. } = &self.0.plan.scenarios.get(number)?.load.schedule else {
            return None;
        };
        let now = self.0.clock.now();
        let began = self.0.gates.life(number, now).began;
        Some(rate.value(began.map_or(Duration::ZERO, |began| now.since(began))))
    }

    /// When the last scenario ends by plan at the latest, once all have begun, and where all have an end.
    fn planned_end(&self) -> Option<Instant> {
        let now = self.0.clock.now();
        let end = |(number, scenario): (usize, &crate::scenario::Scenario)| {
            let began = self.0.gates.life(number, now).began?;
            Some(began + scenario.load.stop.after?)
        };
        let ends: Option<Vec<Instant>> = self.0.plan.scenarios.iter().enumerate().map(end).collect();
        ends?.into_iter().max()
    }

    fn announce(&self, board: &Board) {
        let command = board.ending.command();
        self.0.commands.send_if_modified(|present| std::mem::replace(present, command) != command);
    }

    fn elapsed(&self) -> Duration {
        self.0.clock.now().since(Instant::START)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.board.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What is under way may take as long as the most patient scenario lets it, and then reversals are sent.
fn limits(plan: &Plan) -> Limits {
    Limits { stopping: graceful_stop(plan) + reversing_max(plan) + MARGIN, aborting: MARGIN }
}

/// How long terminals may take to send the reversals that they owe in the end: as long again as what was under way,
/// within reason.
pub(super) fn reversing_max(plan: &Plan) -> Duration {
    graceful_stop(plan).clamp(REVERSING.0, REVERSING.1)
}

fn graceful_stop(plan: &Plan) -> Duration {
    plan.scenarios.iter().map(|scenario| scenario.graceful_stop).max().unwrap_or_default()
}

fn shortened(text: &str) -> String {
    let mut end = text.len().min(Order::NOTE_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].chars().filter(|letter| !letter.is_control()).collect()
}

const REVERSING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// What a machine needs to notice that it is time.
const MARGIN: Duration = Duration::from_secs(5);
const FACTOR_MAX: f64 = 1000.0;
/// All of them are in the summary and on the time axis of the report.
const ORDERS_MAX: usize = 10_000;
