//! The deadlines of a shard's terminals: one coarse wheel for all, because nearly none is ever reached.

use super::Clock;
use crate::time::Instant;
use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BinaryHeap,
    task::{Context, Waker},
    time::Duration,
};

/// The deadlines of the terminals of one shard, by the terminal's place in it.
///
/// Arming is a store: a terminal is looked at when the oldest deadline it ever armed has passed, and then filed again
/// under the present one. Deadlines are exact to [`Deadlines::TICK`].
#[derive(Debug)]
pub struct Deadlines {
    seats: Vec<Seat>,
    wheel: RefCell<BinaryHeap<Reverse<(Instant, u32)>>>,
}

#[derive(Debug)]
struct Seat {
    deadline: Cell<Instant>,
    filed_under: Cell<Instant>,
    waker: RefCell<Option<Waker>>,
    alarm: Cell<Alarm>,
}

/// Why a wait ended before its event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alarm {
    /// It did not.
    #[default]
    None,
    /// The deadline has passed.
    Deadline,
    /// The run wants the terminal to give up.
    Interrupt,
}

impl Deadlines {
    /// Deadlines for so many terminals.
    pub fn new(terminals: usize) -> Self {
        let seat = || Seat {
            deadline: Cell::new(Instant::NEVER),
            filed_under: Cell::new(Instant::NEVER),
            waker: RefCell::new(None),
            alarm: Cell::new(Alarm::None),
        };
        Self { seats: (0..terminals).map(|_| seat()).collect(), wheel: RefCell::new(BinaryHeap::new()) }
    }

    /// Sets the deadline of a terminal.
    pub fn arm(&self, terminal: u32, deadline: Instant) {
        let Some(seat) = self.seats.get(terminal as usize) else { return };
        seat.deadline.set(deadline);
        if seat.alarm.get() == Alarm::Deadline {
            seat.alarm.set(Alarm::None);
        }
        if deadline < seat.filed_under.get() {
            seat.filed_under.set(deadline);
            self.wheel.borrow_mut().push(Reverse((deadline, terminal)));
        }
    }

    /// The terminal waits no more; forgets whom to wake, because a waker keeps the memory of its task.
    pub fn disarm(&self, terminal: u32) {
        if let Some(seat) = self.seats.get(terminal as usize) {
            seat.deadline.set(Instant::NEVER);
            seat.waker.replace(None);
        }
    }

    /// Whether the terminal's wait is over, remembering who to wake when it is.
    pub fn poll(&self, terminal: u32, context: &Context<'_>) -> Alarm {
        let Some(seat) = self.seats.get(terminal as usize) else { return Alarm::Interrupt };
        let alarm = seat.alarm.get();
        if alarm == Alarm::None {
            let mut waker = seat.waker.borrow_mut();
            if !waker.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
                *waker = Some(context.waker().clone());
            }
        }
        alarm
    }

    /// Tells a terminal to give up what it does.
    pub fn interrupt(&self, terminal: u32) {
        if let Some(seat) = self.seats.get(terminal as usize) {
            seat.ring(Alarm::Interrupt);
        }
    }

    /// Takes an interrupt back, for the next iteration.
    pub fn clear(&self, terminal: u32) {
        if let Some(seat) = self.seats.get(terminal as usize) {
            seat.alarm.set(Alarm::None);
        }
        self.disarm(terminal);
    }

    /// Whether the terminal was told to give up.
    pub fn is_interrupted(&self, terminal: u32) -> bool {
        self.seats.get(terminal as usize).is_none_or(|seat| seat.alarm.get() == Alarm::Interrupt)
    }

    /// Rings for every deadline that has passed, again and again; one task of the shard.
    pub async fn run(&self, clock: Clock) {
        let mut ticks = tokio::time::interval(Self::TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.ring(clock.now());
        }
    }

    fn ring(&self, now: Instant) {
        let mut wheel = self.wheel.borrow_mut();
        while let Some(&Reverse((due, terminal))) = wheel.peek()
            && due <= now
        {
            wheel.pop();
            let Some(seat) = self.seats.get(terminal as usize) else { continue };
            if due != seat.filed_under.get() {
                continue;
            }
            seat.filed_under.set(Instant::NEVER);
            let deadline = seat.deadline.get();
            if deadline <= now {
                seat.ring(Alarm::Deadline);
            } else if deadline != Instant::NEVER {
                seat.filed_under.set(deadline);
                wheel.push(Reverse((deadline, terminal)));
            }
        }
    }

    /// How exact deadlines are.
    pub const TICK: Duration = Duration::from_millis(5);
}

impl Seat {
    fn ring(&self, alarm: Alarm) {
        self.alarm.set(alarm);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
