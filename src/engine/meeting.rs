//! Where terminals of all shards wait for each other: the last one of as many as are wanted lets all of them go on.

use crate::flow::Meeting;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};
use tokio::sync::watch;

/// All rendezvous of a run; one is there from when the first terminal comes to it.
#[derive(Debug, Default)]
pub(super) struct Meetings(Mutex<HashMap<u32, Room>>);

#[derive(Debug)]
struct Room {
    waiting: u32,
    /// How many parties have gone on.
    parties: watch::Sender<u64>,
}

impl Meetings {
    /// Waits until the terminals are complete. Whoever gives up waiting before drops the future, and is not counted any
    /// more.
    pub(super) async fn wait(&self, meeting: Meeting) {
        let Some(mut seat) = self.enter(meeting) else { return };
        let own = seat.party;
        let gone = seat.parties.wait_for(|party| *party > own).await.is_ok();
        seat.is_gone = gone;
    }

    /// Takes a place; `None` where that completes the party.
    fn enter(&self, meeting: Meeting) -> Option<Place<'_>> {
        let mut rooms = self.lock();
        let room =
            rooms.entry(meeting.number).or_insert_with(|| Room { waiting: 0, parties: watch::channel(0).0 });
        room.waiting += 1;
        if room.waiting >= meeting.terminals {
            room.waiting = 0;
            room.parties.send_modify(|party| *party += 1);
            return None;
        }
        let party = *room.parties.borrow();
        let parties = room.parties.subscribe();
        Some(Place { meetings: self, number: meeting.number, party, parties, is_gone: false })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Room>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The place of one that waits.
struct Place<'m> {
    meetings: &'m Meetings,
    number: u32,
    party: u64,
    parties: watch::Receiver<u64>,
    is_gone: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.is_gone {
            return;
        }
        let mut rooms = self.meetings.lock();
        if let Some(room) = rooms.get_mut(&self.number)
            && *room.parties.borrow() == self.party
        {
            room.waiting = room.waiting.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const THREE: Meeting = Meeting { number: 1, terminals: 3, timeout: Duration::from_secs(1) };

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
    }

    #[test]
    fn the_last_one_lets_all_go_on_and_the_next_party_waits_anew() {
        let meetings = Meetings::default();
        block_on(async { tokio::join!(meetings.wait(THREE), meetings.wait(THREE), meetings.wait(THREE)) });
        assert!(meetings.enter(THREE).is_some());
    }

    #[test]
    fn who_gives_up_is_not_counted_any_more() {
        let meetings = Meetings::default();
        let first = meetings.enter(THREE).expect("the first waits");
        drop(meetings.enter(THREE));
        let third = meetings.enter(THREE);
        assert!(third.is_some(), "two wait, not three");
        assert!(meetings.enter(THREE).is_none());
        drop((first, third));
        assert!(meetings.enter(THREE).is_some_and(|place| place.party == 1));
        assert_eq!(meetings.lock()[&1].waiting, 0, "those who have gone are not counted twice");
    }
}
