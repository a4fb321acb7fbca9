//! Where the shards meet: a scenario begins at one instant for all of them, and is over when all of them are done.

use crate::{scenario::Plan, scenario::Start, time::Instant};
use std::sync::{
    Mutex,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
use tokio::sync::watch;

/// The gates of all scenarios of a run.
#[derive(Debug)]
pub(super) struct Gates(Vec<Gate>);

/// The gate of one scenario.
#[derive(Debug)]
struct Gate {
    start: Start,
    began: Mutex<Option<Instant>>,
    shards_left: AtomicUsize,
    /// Iterations that shards have taken of those that all terminals share.
    taken: AtomicU64,
    /// Iterations under way, where there is a limit to them.
    in_flight: AtomicU64,
    /// When live control started it, where it waits for that.
    signal: watch::Sender<Option<Instant>>,
    /// How many shards have still to set up, and whether one could not.
    setting_up: Mutex<SettingUp>,
    set_up: watch::Sender<Option<Result<Instant, SetupFailed>>>,
    ended: watch::Sender<Option<Instant>>,
}

#[derive(Clone, Copy, Debug)]
struct SettingUp {
    shards_left: usize,
    has_failed: bool,
}

/// A terminal could not be set up, so that the scenario does not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetupFailed;

/// When a scenario began and ended, as far as it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) began: Option<Instant>,
    pub(super) ended: Option<Instant>,
}

impl Gates {
    pub(super) fn new(plan: &Plan, shards: usize) -> Self {
        let gate = |start| Gate {
            start,
            began: Mutex::new(None),
            shards_left: AtomicUsize::new(shards),
            taken: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            signal: watch::channel(None).0,
            setting_up: Mutex::new(SettingUp { shards_left: shards, has_failed: false }),
            set_up: watch::channel(None).0,
            ended: watch::channel(None).0,
        };
        Self(plan.scenarios.iter().map(|scenario| gate(scenario.start)).collect())
    }

    /// Waits until it is known when scenario `number` begins, and returns that instant.
    pub(super) async fn begin(&self, number: usize) -> Instant {
        let Some(gate) = self.0.get(number) else { return Instant::START };
        let begin = match gate.start {
            Start::At(after) => Instant::START + after,
            Start::After(other, delay) => self.ended(other).await + delay,
            Start::Signal(delay) => first(&gate.signal).await.unwrap_or(Instant::NEVER) + delay,
        };
        gate.begin_at(begin);
        begin
    }

    /// Scenarios that wait for live control to start them.
    pub(super) fn armed(&self) -> impl Iterator<Item = usize> {
        let gates = self.0.iter().enumerate();
        let is_armed = |gate: &Gate| matches!(gate.start, Start::Signal(_)) && gate.signal.borrow().is_none();
        gates.filter(move |(_, gate)| is_armed(gate)).map(|(number, _)| number)
    }

    /// Starts scenario `number` at `now`; whether it waited for that.
    pub(super) fn start(&self, number: usize, now: Instant) -> bool {
        let Some(gate) = self.0.get(number).filter(|gate| matches!(gate.start, Start::Signal(_))) else {
            return false;
        };
        gate.signal.send_if_modified(|signal| signal.is_none().then(|| *signal = Some(now)).is_some())
    }

    /// One shard has set up its terminals for scenario `number`, or could not; waits for the others.
    ///
    /// # Errors
    /// When any shard could not.
    pub(super) async fn set_up(
        &self,
        number: usize,
        is_set_up: bool,
        now: Instant,
    ) -> Result<Instant, SetupFailed> {
        let Some(gate) = self.0.get(number) else { return Err(SetupFailed) };
        {
            let mut state = gate.setting_up.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            state.has_failed |= !is_set_up;
            state.shards_left = state.shards_left.saturating_sub(1);
            if state.shards_left == 0 {
                gate.set_up.send_replace(Some(if state.has_failed { Err(SetupFailed) } else { Ok(now) }));
            }
        }
        let begin = first(&gate.set_up).await.unwrap_or(Err(SetupFailed))?;
        *gate.began.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(begin);
        Ok(begin)
    }

    /// Counts one more iteration of scenario `number` under way, unless there are `most` already.
    pub(super) fn enter(&self, number: usize, most: u64) -> bool {
        let Some(gate) = self.0.get(number) else { return false };
        let more = |count| (count < most).then_some(count + 1);
        gate.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Counts one less.
    pub(super) fn leave(&self, number: usize) {
        if let Some(gate) = self.0.get(number) {
            gate.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Takes the next of the iterations that the terminals of scenario `number` share; `None` when `count` are taken.
    pub(super) fn take(&self, number: usize, count: u64) -> Option<u64> {
        let next = self.0.get(number)?.taken.fetch_add(1, Ordering::Relaxed);
        (next < count).then_some(next)
    }

    /// One shard is done with scenario `number`.
    pub(super) fn shard_ended(&self, number: usize, now: Instant) {
        let Some(gate) = self.0.get(number) else { return };
        if gate.shards_left.fetch_sub(1, Ordering::AcqRel) == 1 {
            gate.ended.send_replace(Some(now));
        }
    }

    /// When scenario `number` began and ended, as far as it has by now.
    pub(super) fn life(&self, number: usize, now: Instant) -> Life {
        let Some(gate) = self.0.get(number) else { return Life::default() };
        let began = *gate.began.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Life { began: began.filter(|began| *began <= now), ended: *gate.ended.borrow() }
    }

    async fn ended(&self, number: usize) -> Instant {
        let Some(gate) = self.0.get(number) else { return Instant::START };
        first(&gate.ended).await.unwrap_or(Instant::START)
    }
}

impl Gate {
    fn begin_at(&self, instant: Instant) {
        self.began.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(instant);
    }
}

/// Waits for the first value.
async fn first<T: Copy>(sender: &watch::Sender<Option<T>>) -> Option<T> {
    let mut values = sender.subscribe();
    values.wait_for(Option::is_some).await.ok().and_then(|value| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gates(start: Start, shards: usize) -> Gates {
        let text = "schema: 1\nname: t\nterminals: { a: { count: 1 } }\n\
                    scenarios: { s: { flow: sign-in, executor: at-once } }\n";
        let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let mut plan = crate::scenario::load(text, "t", &Default::default(), 1, &no_files).expect("a scenario");
        plan.scenarios[0].start = start;
        Gates::new(&plan, shards)
    }

    #[test]
    fn what_is_armed_begins_when_it_is_started_and_only_once() {
        let gates = gates(Start::Signal(std::time::Duration::from_secs(1)), 1);
        assert_eq!(gates.armed().collect::<Vec<_>>(), [0]);
        assert!(gates.start(0, Instant::from_nanos(5)) && !gates.start(0, Instant::from_nanos(9)));
        assert_eq!(gates.armed().count(), 0);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(gates.begin(0)), Instant::from_nanos(1_000_000_005));
    }

    #[test]
    fn one_shard_that_cannot_set_up_keeps_all_from_beginning() {
        let gates = gates(Start::At(std::time::Duration::ZERO), 2);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let both = async {
            let set_up = |is_set_up| gates.set_up(0, is_set_up, Instant::START);
            tokio::join!(set_up(true), set_up(false))
        };
        assert_eq!(runtime.block_on(both), (Err(SetupFailed), Err(SetupFailed)));
    }

    #[test]
    fn no_more_iterations_enter_than_there_may_be() {
        let gates = gates(Start::At(std::time::Duration::ZERO), 1);
        assert_eq!([(); 3].map(|()| gates.enter(0, 2)), [true, true, false]);
        gates.leave(0);
        assert!(gates.enter(0, 2));
    }
}
