//! The answers of a host that wait for the ledger, in the order in which the host gave them.
//!
//! Every answer waits for every record made before it, not only for its own: an answer may tell of what the request of
//! another connection did, as a repeated request, a balance or a delayed answer does. So answers leave in one order,
//! and an answer after which no machine failure can undo what it says is the only kind that leaves.

use crate::host::ConnectionId;
use std::collections::VecDeque;

/// What waits for the ledger.
#[derive(Debug, Default)]
pub(super) struct Held {
    recorded: u64,
    durable: u64,
    waiting: VecDeque<Waiting>,
    /// The bytes of all that waits, behind `sent` bytes that have gone out.
    bytes: Vec<u8>,
    sent: usize,
}

/// What a connection gets when its turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due<'a> {
    /// Send these bytes.
    Send(&'a [u8]),
    /// Close the connection.
    Close,
}

#[derive(Debug)]
struct Waiting {
    /// So many records must be durable.
    records: u64,
    connection: ConnectionId,
    /// Bytes to send; `None` closes the connection.
    bytes: Option<usize>,
}

impl Held {
    /// A record was made.
    pub(super) fn record(&mut self) {
        self.recorded += 1;
    }

    /// How many records were made.
    pub(super) fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Whether what comes now must wait.
    pub(super) fn holds(&self) -> bool {
        self.recorded > self.durable
    }

    /// Takes what is for a connection until everything recorded by now is durable.
    pub(super) fn hold(&mut self, connection: ConnectionId, due: Due<'_>) {
        let bytes = match due {
            Due::Send(bytes) => {
                self.bytes.extend_from_slice(bytes);
                Some(bytes.len())
            }
            Due::Close => None,
        };
        self.waiting.push_back(Waiting { records: self.recorded, connection, bytes });
    }

    /// So many records are durable: hands out what waited for them.
    pub(super) fn release(&mut self, durable: u64, mut each: impl FnMut(ConnectionId, Due<'_>)) {
        self.durable = durable;
        while let Some(next) = self.waiting.pop_front_if(|next| next.records <= durable) {
            match next.bytes {
                Some(count) => {
                    let end = self.sent + count;
                    each(next.connection, Due::Send(self.bytes.get(self.sent..end).unwrap_or_default()));
                    self.sent = end;
                }
                None => each(next.connection, Due::Close),
            }
        }
        self.forget_what_was_sent();
    }

    /// Moves the rest to the front when it is the smaller part, so that each byte moves at most once on average.
    fn forget_what_was_sent(&mut self) {
        if self.sent * 2 >= self.bytes.len() {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConnectionId = ConnectionId(1);
    const B: ConnectionId = ConnectionId(2);

    fn released(held: &mut Held, durable: u64) -> Vec<(ConnectionId, String)> {
        let mut all = Vec::new();
        held.release(durable, |connection, due| {
            let text = match due {
                Due::Send(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Due::Close => "close".to_owned(),
            };
            all.push((connection, text));
        });
        all
    }

    #[test]
    fn an_answer_leaves_with_the_last_record_before_it_and_in_order() {
        let mut held = Held::default();
        assert!(!held.holds(), "without records nothing waits");
        held.record();
        held.hold(A, Due::Send(b"first"));
        held.hold(B, Due::Send(b"echo"));
        held.record();
        held.record();
        held.hold(A, Due::Send(b"third"));
        held.hold(A, Due::Close);
        assert_eq!(released(&mut held, 0), []);
        assert_eq!(released(&mut held, 1), [(A, "first".to_owned()), (B, "echo".to_owned())]);
        assert_eq!(released(&mut held, 2), []);
        assert!(held.holds());
        assert_eq!(released(&mut held, 3), [(A, "third".to_owned()), (A, "close".to_owned())]);
        assert!(!held.holds() && held.bytes.is_empty());
    }

    #[test]
    fn bytes_that_have_gone_out_are_forgotten_while_others_wait() {
        let mut held = Held::default();
        for round in 0..1000 {
            held.record();
            held.hold(A, Due::Send(format!("{round:04}").as_bytes()));
            let due = released(&mut held, round);
            assert_eq!(due.len(), usize::from(round > 0));
            assert!(held.bytes.len() <= 12, "{}", held.bytes.len());
        }
        assert_eq!(released(&mut held, 1000), [(A, "0999".to_owned())]);
    }
}
