//! What the simulator does to a pretended terminal from outside: pulls its plug, puts it in again, ends it all.

use super::super::lane::Socket;
use std::time::Duration;
use tokio::sync::watch;

/// What is to become of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plug {
    /// Its line is there.
    In,
    /// Its line is not there.
    Out,
    /// It is all over.
    Ended,
}

/// A terminal's own view of that.
pub(super) struct Fate(pub(super) watch::Receiver<Plug>);

impl Fate {
    /// Waits until the terminal is plugged in, its socket away meanwhile; `false` when it is all over.
    pub(super) async fn is_plugged_in(&mut self, socket: &mut Socket) -> bool {
        loop {
            let plug = *self.0.borrow_and_update();
            match plug {
                Plug::In => return true,
                Plug::Ended => return false,
                Plug::Out => {
                    socket.shut();
                    self.changes().await;
                }
            }
        }
    }

    /// Waits for a change; a simulator that is gone is the last one.
    pub(super) async fn changes(&mut self) {
        if self.0.changed().await.is_err() {
            // Whoever dropped it did not wait for tallies: nobody hears what is done after this.
            std::future::pending::<()>().await;
        }
    }

    /// Waits for so long, or for a change.
    pub(super) async fn wait(&mut self, time: Duration) {
        if time.is_zero() {
            return;
        }
        let mut changed = self.0.clone();
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            _ = changed.changed() => {}
        }
    }
}
