//! Cards for the devices of a run: which one a step needs, who has it put in and taken out, and how long that took.

use super::{
    case_seat::device,
    device::Failed,
    shard::{Seat, Shard},
};
use crate::{
    card::Card,
    metrics::Severity,
    operation::Operation,
    rack::{CardSource, Device},
    time::Instant,
};
use std::{cell::Cell, time::Duration};

/// How long cards were waited for at one device.
#[derive(Debug, Default)]
pub(super) struct Waits {
    ended: Cell<Duration>,
    since: Cell<Option<Instant>>,
}

impl Waits {
    /// The time that is over, and that of the wait under way.
    pub(super) fn so_far(&self, now: Instant) -> Duration {
        self.ended.get() + self.since.get().map_or(Duration::ZERO, |since| now.since(since))
    }
}

/// Has the card of an operation put into the terminal; whether there was one to put in.
pub(super) async fn present(shard: &Shard, seat: &Seat, operation: &Operation) -> Result<bool, Failed> {
    let (Some(device), Some(shown)) = (device(shard, seat), &operation.card) else { return Ok(false) };
    if device.cards == CardSource::Nobody {
        return Ok(false);
    }
    let _counted_until_the_end = Waiting::begin(shard, seat);
    let presented = shard.feeder.present(device, &name(shard, &shown.card)).await;
    presented.map(|()| true).map_err(|absent| Failed::without_card(&absent))
}

/// Has the card taken out by whoever put it in; people take theirs when the terminal says so.
pub(super) async fn remove(shard: &Shard, seat: &Seat) {
    let is_machine = |device: &&Device| matches!(device.cards, CardSource::Command(_) | CardSource::Robot(_));
    let Some(device) = device(shard, seat).filter(is_machine) else { return };
    let _counted_until_the_end = Waiting::begin(shard, seat);
    if let Err(absent) = shard.feeder.remove(device).await {
        let text = format!("device {}: the card was not taken out: {absent}", device.id);
        shard.recorder.borrow_mut().notice(shard.now(), Severity::Error, text);
    }
}

/// What the lab calls a card: its number in its feeder, counted from 1, or what may be shown of its number.
fn name(shard: &Shard, card: &Card) -> String {
    let place = |cards: &[Card]| cards.iter().position(|one| one.pan == card.pan);
    let found = shard.plan.feeders.iter().find_map(|feeder| place(&feeder.cards));
    found.map_or_else(|| card.pan.to_string(), |place| (place + 1).to_string())
}

/// A wait under way, however it ends.
struct Waiting<'s> {
    shard: &'s Shard,
    seat: &'s Seat,
}

impl<'s> Waiting<'s> {
    fn begin(shard: &'s Shard, seat: &'s Seat) -> Self {
        seat.post.iter().for_each(|post| post.waits.since.set(Some(shard.now())));
        Self { shard, seat }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(post) = &self.seat.post {
            post.waits.ended.set(post.waits.so_far(self.shard.now()));
            post.waits.since.set(None);
        }
    }
}
