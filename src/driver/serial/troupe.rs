//! Pretended terminals on a thread of their own: for runs that bring the devices they need.

use super::{
    inner::Inner,
    pretended::{Pretended, SimError},
};
use crate::{driver::Clock, rack::Rack};
use std::{collections::HashMap, io, sync::mpsc, thread::JoinHandle};
use tokio::sync::oneshot;

/// Pretended terminals that play until this is dropped.
#[derive(Debug)]
pub struct Troupe {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Troupe {
    /// Pretends the devices of a rack, as [`Pretended::start_with`] does.
    ///
    /// # Errors
    /// When a line cannot be made, or somebody pretends terminals in the same folder already.
    pub fn start(
        rack: Rack,
        clock: Clock,
        inner: HashMap<String, Inner>,
        host: String,
    ) -> Result<Self, SimError> {
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::sync_channel(1);
        let play = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(SimError::Thread(error)))),
            };
            runtime.block_on(async {
                match Pretended::start_with(&rack, clock, inner, &host).await {
                    Ok(pretended) => {
                        let _ = ready.send(Ok(()));
                        // A sender that is gone wants no more either.
                        let _ = stopped.await;
                        pretended.finish().await;
                    }
                    Err(error) => drop(ready.send(Err(error))),
                }
            });
        };
        let thread = std::thread::Builder::new().name("devices".to_owned()).spawn(play);
        let thread = thread.map_err(SimError::Thread)?;
        started.recv().unwrap_or_else(|_| Err(SimError::Thread(io::ErrorKind::BrokenPipe.into())))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Troupe {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A thread that panicked has nothing left to give back.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
