//! The task that owns a port: it alone reads and writes; everybody else has two queues.

use super::{port::Port, recorder::Recorder};
use crate::{driver::Clock, rack::Direction, time::Instant};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    time::{Instant as RuntimeInstant, timeout_at},
};

/// What comes from a port.
#[derive(Clone, PartialEq, Eq)]
pub enum Arrival {
    /// Bytes, in any segmentation, and when they were read: whoever is late with them has not heard a silence.
    Bytes(Instant, Vec<u8>),
    /// The port is gone; nothing comes after this.
    HungUp,
}

/// One end of the queues to the task that owns a port. When this is dropped the port closes, as soon as it has taken
/// what was sent: the last thing that is said is often the acknowledgement of an answer.
#[derive(Debug)]
pub struct Wire {
    outgoing: mpsc::Sender<Vec<u8>>,
    arrivals: mpsc::Receiver<Arrival>,
}

impl Wire {
    /// Hands a port to a task of its own on the runtime this is called in.
    pub fn start(port: Box<dyn Port>, recorder: Option<Recorder>, clock: Clock) -> Self {
        let (outgoing, from_us) = mpsc::channel(QUEUE);
        let (to_us, arrivals) = mpsc::channel(QUEUE);
        tokio::spawn(Owner { recorder, clock }.own(port, from_us, to_us));
        Self { outgoing, arrivals }
    }

    /// Sends bytes; `false` when the port is gone or takes nothing any more.
    pub fn send(&self, bytes: &[u8]) -> bool {
        self.outgoing.try_send(bytes.to_vec()).is_ok()
    }

    /// Closes the port and waits until that is done.
    pub async fn close(self) {
        let Self { outgoing, mut arrivals } = self;
        drop(outgoing);
        // The task lets go of its end of the queue last of all.
        let drained = async { while arrivals.recv().await.is_some() {} };
        let _ = tokio::time::timeout(STUCK, drained).await;
    }

    /// What has come already.
    pub fn try_next(&mut self) -> Option<Arrival> {
        self.arrivals.try_recv().ok()
    }

    /// What comes next. Giving up the wait loses nothing.
    pub async fn next(&mut self) -> Arrival {
        self.arrivals.recv().await.unwrap_or(Arrival::HungUp)
    }
}

/// Waits until then, and for what has come meanwhile without anybody having looked: on a machine that was busy
/// elsewhere, the time is over before the first byte is read.
pub(super) async fn silence(until: RuntimeInstant) {
    tokio::time::sleep_until(until).await;
    tokio::task::yield_now().await;
}

/// What the task has beside the port.
struct Owner {
    recorder: Option<Recorder>,
    clock: Clock,
}

impl Owner {
    async fn own(
        mut self,
        port: Box<dyn Port>,
        mut from_us: mpsc::Receiver<Vec<u8>>,
        to_us: mpsc::Sender<Arrival>,
    ) {
        let (mut reader, mut writer) = tokio::io::split(port);
        let mut buffer = [0; READ];
        let mut unsent: Vec<u8> = Vec::new();
        let mut stuck_at = RuntimeInstant::now() + STUCK;
        loop {
            // Reading and writing once lose nothing when the other is ready first.
            tokio::select! {
                read = reader.read(&mut buffer) => match read {
                    // A port that has gone reads as nothing, or fails.
                    Ok(0) | Err(_) => break,
                    Ok(count) => {
                        let bytes = buffer.get(..count).unwrap_or_default();
                        self.record(Direction::In, bytes);
                        if to_us.send(Arrival::Bytes(self.clock.now(), bytes.to_vec())).await.is_err() {
                            return;
                        }
                    }
                },
                written = timeout_at(stuck_at, writer.write(&unsent)), if !unsent.is_empty() => match written {
                    Ok(Ok(count @ 1..)) => {
                        unsent.drain(..count);
                        stuck_at = RuntimeInstant::now() + STUCK;
                    }
                    _ => break,
                },
                bytes = from_us.recv(), if unsent.is_empty() => match bytes {
                    Some(bytes) => {
                        self.record(Direction::Out, &bytes);
                        (unsent, stuck_at) = (bytes, RuntimeInstant::now() + STUCK);
                    }
                    None => return,
                },
            }
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.note(self.clock.now(), "hung up");
        }
        let _ = to_us.send(Arrival::HungUp).await;
    }

    fn record(&mut self, direction: Direction, bytes: &[u8]) {
        if let Some(recorder) = &mut self.recorder {
            recorder.take(self.clock.now(), direction, bytes);
        }
    }
}

/// So many reads or writes wait at most; whoever sends more than is read is made to wait.
const QUEUE: usize = 256;
const READ: usize = 4_096;
/// A line that takes nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(10);
