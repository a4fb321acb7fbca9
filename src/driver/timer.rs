//! A timer that is exact to some tens of microseconds, for arrivals; the runtime's own is a wheel of milliseconds.

use super::Clock;
use crate::time::Instant;
use nix::sys::{
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, RawFd},
    time::Duration,
};
use tokio::io::{Interest, unix::AsyncFd};

/// A timer of the kernel, awaited through the runtime.
#[derive(Debug)]
pub struct Timer {
    descriptor: AsyncFd<Descriptor>,
    clock: Clock,
    woke_at: Instant,
}

/// The kernel's timer in the form that the runtime takes.
#[derive(Debug)]
struct Descriptor(TimerFd);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Timer {
    /// A timer of the runtime this is called in.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn new(clock: Clock) -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; the descriptor is owned and outlives the registration"
        )]
        let descriptor = AsyncFd::with_interest(Descriptor(timer), Interest::READABLE)?;
        Ok(Self { descriptor, clock, woke_at: Instant::START })
    }

    /// Waits until `due`, but wakes at most every [`Timer::GAP`]: what comes due in between is released together.
    ///
    /// # Errors
    /// When the kernel refuses the timer.
    pub async fn wait_until(&mut self, due: Instant) -> io::Result<Instant> {
        let due = due.max(self.woke_at + Self::GAP);
        // When arrivals are behind, the work they started must get its turn all the same.
        tokio::task::yield_now().await;
        loop {
            let now = self.clock.now();
            if now >= due {
                self.woke_at = now;
                return Ok(now);
            }
            let spec = TimeSpec::from_duration(due.since(now));
            self.descriptor.get_ref().0.set(Expiration::OneShot(spec), TimerSetTimeFlags::empty())?;
            let mut guard = self.descriptor.readable().await?;
            guard.clear_ready();
            // Reading resets the timer; where another reset came first there is nothing to read.
            let _ = guard.get_inner().0.wait();
        }
    }

    /// The least time between two wakes.
    pub const GAP: Duration = Duration::from_micros(200);
}
