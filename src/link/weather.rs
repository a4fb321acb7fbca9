//! The network of one connection as a machine: what goes in at one end comes out at the other, later, in pieces, or not.
//!
//! It knows no socket and no clock. Whoever has them hands in what is to be sent ([`Weather::send`]) and what was
//! received ([`Weather::hear`]), and takes out what is due ([`Weather::outgoing`], [`Weather::incoming`]).

use super::Network;
use crate::{
    metrics::Fault,
    rng::Rng,
    time::{Instant, nanos},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// The network of one connection.
#[derive(Debug)]
pub struct Weather {
    network: Arc<Network>,
    rng: Rng,
    up: Lane,
    down: Lane,
    /// Bytes that pass before the connection is reset.
    left: Option<u64>,
    /// Nothing gets through before this, and then the connection breaks.
    silent_until: Option<Instant>,
    faults: [u64; Fault::ALL.len()],
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// These bytes, which arrive at once.
    Bytes(Vec<u8>),
    /// Nothing follows: the sending half closes.
    End,
    /// The connection is reset.
    Reset,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    items: VecDeque<(Instant, Item)>,
    /// When the last bit that was sent has left.
    free: Instant,
    /// When the last item arrives: nothing overtakes.
    last: Instant,
}

impl Weather {
    /// The network of a new connection; all its chance comes from `rng`.
    #[must_use]
    pub fn new(network: Arc<Network>, mut rng: Rng) -> Self {
        let left = draw_reset(&network, &mut rng);
        let (up, down) = (Lane::default(), Lane::default());
        Self { network, rng, up, down, left, silent_until: None, faults: Default::default() }
    }

    /// From now on the network is another one; what is under way stays so.
    pub fn change(&mut self, network: &Arc<Network>, mut rng: Rng) {
        if !Arc::ptr_eq(&self.network, network) {
            self.left = draw_reset(network, &mut rng);
            self.network = Arc::clone(network);
            self.rng = rng;
        }
    }

    /// Takes what is sent: one request, as a rule.
    pub fn send(&mut self, now: Instant, bytes: &[u8]) {
        if self.silent_until.is_some() {
            return;
        }
        let is_lost = self.fall_silent(now);
        if is_lost {
            return;
        }
        let (network, rng) = (Arc::clone(&self.network), &mut self.rng);
        let stall = network.stall.filter(|stall| rng.happens(stall.probability));
        let half_closes = rng.happens(network.half_close);
        let (first, second) = match stall {
            Some(_) => bytes.split_at(bytes.len() / 2),
            None => (bytes, &[][..]),
        };
        self.pass(Direction::Up, now, first);
        if let Some(stall) = stall {
            self.count(Fault::Stall);
            self.up.free = self.up.free.max(now) + stall.lasts;
            self.pass(Direction::Up, now, second);
        }
        if half_closes {
            self.count(Fault::HalfClose);
            self.up.push(Instant::START, Item::End);
        }
    }

    /// Takes what was received.
    pub fn hear(&mut self, now: Instant, bytes: &[u8]) {
        if self.silent_until.is_none() {
            self.pass(Direction::Down, now, bytes);
        }
    }

    /// Takes that nothing more will be received.
    pub fn hear_end(&mut self) {
        if self.silent_until.is_none() {
            self.down.push(Instant::START, Item::End);
        }
    }

    /// What is to go to the socket by now.
    pub fn outgoing(&mut self, now: Instant) -> Option<Item> {
        self.up.take(now)
    }

    /// Takes back the end of what was to go and did not.
    pub fn put_back(&mut self, now: Instant, rest: Vec<u8>) {
        self.up.items.push_front((now, Item::Bytes(rest)));
    }

    /// What arrives by now.
    pub fn incoming(&mut self, now: Instant) -> Option<Item> {
        if self.silent_until.is_some_and(|until| until <= now) {
            return Some(Item::Reset);
        }
        self.down.take(now)
    }

    /// Takes back the end of what arrived and was not wanted yet.
    pub fn unread(&mut self, now: Instant, rest: Vec<u8>) {
        self.down.items.push_front((now, Item::Bytes(rest)));
    }

    /// Whether something arrives by now.
    #[must_use]
    pub fn has_incoming(&self, now: Instant) -> bool {
        self.down.due() <= now || self.silent_until.is_some_and(|until| until <= now)
    }

    /// When something is due next; [`Instant::NEVER`] when nothing is under way.
    #[must_use]
    pub fn due(&self) -> Instant {
        let silence = self.silent_until.unwrap_or(Instant::NEVER);
        self.up.due().min(self.down.due()).min(silence)
    }

    /// Takes how many faults of each kind there were since this was asked.
    pub fn take_faults(&mut self) -> [u64; Fault::ALL.len()] {
        std::mem::take(&mut self.faults)
    }

    /// Whether a request is lost because nothing gets through from here on; its answer may be what is lost instead.
    fn fall_silent(&mut self, now: Instant) -> bool {
        let Some(silence) = self.network.silence else { return false };
        if !self.rng.happens(silence.probability) {
            return false;
        }
        self.count(Fault::Silence);
        self.silent_until = Some(now + silence.lasts);
        let is_lost = self.rng.happens(0.5);
        if !is_lost {
            // The request is the last thing that gets through.
            return false;
        }
        true
    }

    /// Sends bytes one way, with whatever happens to them.
    fn pass(&mut self, direction: Direction, now: Instant, bytes: &[u8]) {
        let allowed = self.left.map_or(bytes.len(), |left| bytes.len().min(left as usize));
        let is_reset = self.left.is_some() && allowed < bytes.len();
        self.left = self.left.map(|left| left - allowed as u64);
        let bytes = bytes.get(..allowed).unwrap_or_default();
        let network = Arc::clone(&self.network);
        let lane = match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        };
        let begun = lane.free.max(now);
        lane.free = begun + network.time_for(bytes.len());
        let arrival = lane.free + network.delay(&mut self.rng);
        let size = network.chunk.unwrap_or(bytes.len()).max(1);
        bytes.chunks(size).for_each(|chunk| lane.push(arrival, Item::Bytes(chunk.to_vec())));
        if is_reset {
            lane.push(arrival, Item::Reset);
        }
        if arrival > begun {
            self.count(Fault::Delay);
        }
        if bytes.len() > size {
            self.count(Fault::Chunk);
        }
        if is_reset {
            self.count(Fault::Reset);
        }
    }

    fn count(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
    }
}

/// After how many bytes a connection is reset, if it is.
fn draw_reset(network: &Network, rng: &mut Rng) -> Option<u64> {
    let reset = network.reset.as_ref()?;
    let after = rng.between(*reset.after.start(), *reset.after.end());
    rng.happens(reset.probability).then_some(after)
}

#[derive(Clone, Copy, Debug)]
enum Direction {
    Up,
    Down,
}

impl Lane {
    fn push(&mut self, arrival: Instant, item: Item) {
        self.last = self.last.max(arrival);
        self.items.push_back((self.last, item));
    }

    fn take(&mut self, now: Instant) -> Option<Item> {
        (self.due() <= now).then(|| self.items.pop_front()).flatten().map(|(_, item)| item)
    }

    fn due(&self) -> Instant {
        self.items.front().map_or(Instant::NEVER, |(due, _)| *due)
    }
}

impl Network {
    /// How long so many bytes take to leave.
    fn time_for(&self, bytes: usize) -> Duration {
        self.bandwidth
            .map_or(Duration::ZERO, |bits| Duration::from_secs_f64(bytes as f64 * 8.0 / bits.max(1.0)))
    }

    /// How long one thing is on its way.
    fn delay(&self, rng: &mut Rng) -> Duration {
        if self.jitter.is_zero() {
            return self.latency;
        }
        let (latency, jitter) = (nanos(self.latency), nanos(self.jitter));
        Duration::from_nanos(rng.between(latency.saturating_sub(jitter), latency.saturating_add(jitter)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        link::{Pause, Reset},
        rng::{Domain, Seed},
    };

    fn weather(network: Network) -> Weather {
        Weather::new(Arc::new(network), Seed(5).stream(Domain::Network, 0, 0))
    }

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    fn bytes(item: Option<Item>) -> Vec<u8> {
        match item {
            Some(Item::Bytes(bytes)) => bytes,
            other => panic!("{other:?} instead of bytes"),
        }
    }

    fn faults(weather: &mut Weather) -> Vec<(&'static str, u64)> {
        let counts = weather.take_faults();
        Fault::ALL
            .iter()
            .map(|fault| (fault.name(), counts[*fault as usize]))
            .filter(|(_, n)| *n > 0)
            .collect()
    }

    #[test]
    fn the_network_that_there_is_changes_nothing() {
        let mut weather = weather(Network::default());
        weather.send(at(1), b"request");
        assert_eq!(bytes(weather.outgoing(at(1))), b"request");
        weather.hear(at(2), b"answer");
        weather.hear_end();
        assert_eq!(bytes(weather.incoming(at(2))), b"answer");
        assert_eq!((weather.incoming(at(2)), weather.due()), (Some(Item::End), Instant::NEVER));
        assert!(faults(&mut weather).is_empty());
    }

    #[test]
    fn latency_and_bandwidth_add_up_and_nothing_overtakes() {
        let network =
            Network { latency: Duration::from_millis(20), bandwidth: Some(8_000.0), ..Network::default() };
        let mut weather = weather(network);
        weather.send(at(0), &[1; 10]);
        weather.send(at(0), &[2; 5]);
        assert_eq!((weather.outgoing(at(29)), weather.due()), (None, at(30)));
        assert_eq!(bytes(weather.outgoing(at(30))), [1; 10]);
        assert_eq!((weather.outgoing(at(34)), weather.due()), (None, at(35)));
        assert_eq!(bytes(weather.outgoing(at(35))), [2; 5]);
        assert_eq!(faults(&mut weather), [("delay", 2)]);
    }

    #[test]
    fn jitter_keeps_the_order() {
        let network = Network {
            latency: Duration::from_millis(20),
            jitter: Duration::from_millis(20),
            ..Network::default()
        };
        let mut weather = weather(network);
        (0..100u8).for_each(|byte| weather.hear(at(u64::from(byte)), &[byte]));
        let mut heard = Vec::new();
        for now in 0..200 {
            while let Some(item) = weather.incoming(at(now)) {
                heard.extend(bytes(Some(item)));
            }
        }
        assert_eq!(heard, (0..100).collect::<Vec<u8>>());
    }

    #[test]
    fn chunks_are_as_large_as_they_may_be() {
        let mut weather = weather(Network { chunk: Some(7), ..Network::default() });
        weather.send(at(0), &[9; 16]);
        let sizes: Vec<usize> =
            std::iter::from_fn(|| weather.outgoing(at(0))).map(|item| bytes(Some(item)).len()).collect();
        assert_eq!((sizes, faults(&mut weather)), (vec![7, 7, 2], vec![("chunk", 1)]));
    }

    #[test]
    fn a_connection_is_reset_after_its_bytes_both_ways_together() {
        let reset = Some(Reset { probability: 1.0, after: 10..=10 });
        let mut weather = weather(Network { reset, ..Network::default() });
        weather.send(at(0), &[1; 6]);
        assert_eq!(bytes(weather.outgoing(at(0))).len(), 6);
        weather.hear(at(0), &[2; 6]);
        assert_eq!(bytes(weather.incoming(at(0))).len(), 4);
        assert_eq!(weather.incoming(at(0)), Some(Item::Reset));
        assert_eq!(faults(&mut weather), [("reset", 1)]);
    }

    #[test]
    fn a_stall_parts_a_request_and_a_half_close_follows_it() {
        let stall = Some(Pause { probability: 1.0, lasts: Duration::from_millis(50) });
        let mut weather = weather(Network { stall, half_close: 1.0, ..Network::default() });
        weather.send(at(0), &[1; 10]);
        assert_eq!(bytes(weather.outgoing(at(0))).len(), 5);
        assert_eq!(weather.outgoing(at(49)), None);
        assert_eq!(bytes(weather.outgoing(at(50))).len(), 5);
        assert_eq!(weather.outgoing(at(50)), Some(Item::End));
        assert_eq!(faults(&mut weather), [("half-close", 1), ("stall", 1)]);
    }

    #[test]
    fn silence_swallows_request_or_answer_and_ends_in_a_reset() {
        let silence = Some(Pause { probability: 1.0, lasts: Duration::from_millis(50) });
        let network = Arc::new(Network { silence, ..Network::default() });
        let mut arrived = 0;
        for round in 0..100 {
            let mut weather = Weather::new(Arc::clone(&network), Seed(5).stream(Domain::Network, 0, round));
            weather.send(at(0), b"request");
            arrived += u32::from(weather.outgoing(at(0)).is_some());
            weather.hear(at(10), b"answer");
            assert_eq!((weather.incoming(at(49)), weather.due()), (None, at(50)));
            assert_eq!(weather.incoming(at(50)), Some(Item::Reset));
            assert_eq!(faults(&mut weather), [("silence", 1)]);
        }
        assert!((30..70).contains(&arrived), "{arrived} of 100 requests arrived");
    }
}
