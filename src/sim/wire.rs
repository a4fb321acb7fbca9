//! The connections between terminals and host, and what is under way on them. When it arrives the network decides.

use super::{
    Direction, Network, Verdict,
    network::draw,
    queue::{Event, Queue},
};
use crate::{
    host::{ConnectionId, Host, Session},
    iso8583::Message,
    rng::Rng,
    time::Instant,
};
use std::collections::HashMap;

/// All connections of a world.
#[derive(Debug)]
pub(super) struct Wire {
    network: Network,
    rng: Rng,
    connections: HashMap<ConnectionId, Connection>,
    opened: u64,
    /// Before this the host takes no connection.
    down_until: Instant,
}

/// One connection; messages that are under way outlive its ends.
#[derive(Debug)]
struct Connection {
    seat: usize,
    session: Session,
    host_is_there: bool,
    terminal_is_there: bool,
    under_way: u32,
    /// When the last message arrives that others may not overtake, by direction.
    last: [Instant; 2],
}

impl Wire {
    pub(super) fn new(network: Network, rng: Rng) -> Self {
        Self { network, rng, connections: HashMap::new(), opened: 0, down_until: Instant::START }
    }

    /// From now on nothing happens to any message.
    pub(super) fn heal(&mut self) {
        self.network.heal();
    }

    /// A terminal asks for a connection.
    pub(super) fn connect(
        &mut self,
        now: Instant,
        seat: usize,
        host: &Host,
        queue: &mut Queue,
    ) -> ConnectionId {
        self.opened += 1;
        let id = ConnectionId(self.opened);
        let connection = Connection {
            seat,
            session: Session::new(id, host),
            host_is_there: true,
            terminal_is_there: true,
            under_way: 0,
            last: [now; 2],
        };
        self.connections.insert(id, connection);
        match self.network.connect(&mut self.rng) {
            Some(after) if now < self.down_until => queue.push(now + after, Event::Closed(id)),
            Some(after) => queue.push(now + after, Event::Connected(id)),
            None => queue.push(now, Event::Closed(id)),
        }
        id
    }

    /// Lets the network judge a message, and schedules what it decides.
    pub(super) fn transmit(
        &mut self,
        now: Instant,
        id: ConnectionId,
        direction: Direction,
        message: Option<&Message<'_>>,
        bytes: &[u8],
        queue: &mut Queue,
    ) {
        let verdict = self.network.judge(direction, message, &mut self.rng);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        match verdict {
            Verdict::Lose => {}
            Verdict::Reset => self.end(now, id, queue),
            Verdict::Deliver { after, overtaken, copies } => {
                let at = connection.arrival(now + after, direction, overtaken);
                for _ in 0..copies {
                    connection.under_way += 1;
                    queue.push(at, arrival(id, direction, bytes.to_vec()));
                }
            }
        }
    }

    /// A message has arrived at the host; the session, if the host's end is still there.
    pub(super) fn at_host(&mut self, id: ConnectionId) -> Option<&mut Session> {
        let connection = self.connections.get_mut(&id)?;
        connection.under_way -= 1;
        connection.host_is_there.then_some(&mut connection.session)
    }

    /// A message has arrived at a terminal; which, if its end is still there.
    pub(super) fn at_terminal(&mut self, id: ConnectionId) -> Option<usize> {
        self.connections.get_mut(&id)?.under_way -= 1;
        self.seat(id)
    }

    /// The terminal that still has this connection.
    pub(super) fn seat(&self, id: ConnectionId) -> Option<usize> {
        let connection = self.connections.get(&id)?;
        connection.terminal_is_there.then_some(connection.seat)
    }

    /// The host's end is gone; the terminal learns of it after what is under way to it.
    pub(super) fn end(&mut self, now: Instant, id: ConnectionId, queue: &mut Queue) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.host_is_there = false;
        let after = draw(&self.network.latency, &mut self.rng);
        let at = (now + after).max(connection.last[Direction::ToTerminal as usize]);
        queue.push(at, Event::Closed(id));
    }

    /// The host's ends of all connections are gone, and it takes no other before `until`.
    pub(super) fn end_all(&mut self, now: Instant, until: Instant, queue: &mut Queue) {
        self.down_until = until;
        let mut there: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.host_is_there)
            .map(|(id, _)| *id)
            .collect();
        // The order of the map differs from run to run, the trace must not.
        there.sort_unstable();
        there.into_iter().for_each(|id| self.end(now, id, queue));
    }

    /// The terminal's end is gone.
    pub(super) fn leave(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.terminal_is_there = false;
        }
        self.forget(id);
    }

    /// Drops a connection that the terminal has left and over which nothing is under way.
    pub(super) fn forget(&mut self, id: ConnectionId) {
        let is_over = |connection: &Connection| !connection.terminal_is_there && connection.under_way == 0;
        if self.connections.get(&id).is_some_and(is_over) {
            self.connections.remove(&id);
        }
    }

    /// Where a message of this many bytes is cut in two on its way.
    pub(super) fn cut(&mut self, length: usize) -> usize {
        self.rng.between(0, length as u64) as usize
    }
}

impl Connection {
    /// When a message arrives: not before those that it may not overtake.
    fn arrival(&mut self, at: Instant, direction: Direction, overtaken: bool) -> Instant {
        if overtaken {
            return at;
        }
        let last = &mut self.last[direction as usize];
        *last = at.max(*last);
        *last
    }
}

fn arrival(id: ConnectionId, direction: Direction, bytes: Vec<u8>) -> Event {
    match direction {
        Direction::ToHost => Event::ToHost(id, bytes),
        Direction::ToTerminal => Event::ToTerminal(id, bytes),
    }
}
