//! Pretended terminals: each a terminal's machine at the end of a line that is as slow and as bad as it is told to be.

mod control;
mod fate;
mod terminal;

pub use control::{ControlError, Lever, pull};

use super::{
    inner::Inner,
    lane::{Socket, can_pretend},
    lease::{Lease, LeaseError},
    locate::sim_lease,
};
use crate::{driver::Clock, rack::Rack, rng::Seed};
use fate::{Fate, Plug};
use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use terminal::Terminal;
use tokio::{sync::watch, task::JoinHandle};

/// Terminals that are pretended, until this is dropped.
#[derive(Debug)]
pub struct Pretended {
    terminals: Vec<(String, JoinHandle<Tally>)>,
    plugs: Arc<Plugs>,
    control: JoinHandle<()>,
    /// Nobody else pretends anything in the same folder.
    _lease: Lease,
}

/// The plugs of pretended terminals, by the names of their devices.
#[derive(Debug, Default)]
struct Plugs(BTreeMap<String, watch::Sender<Plug>>);

/// What a pretended terminal did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that reached it.
    pub asked: u32,
    /// Transactions in its books at the end, by the register's number, with how often each was booked.
    pub books: BTreeMap<u32, u32>,
    /// Transactions that it has taken out of its books.
    pub reversed: u32,
    /// What went wrong on purpose.
    pub faults: u64,
}

/// Why terminals cannot be pretended.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The folder of the links cannot be made.
    #[error("cannot make the folder {0}: {1}")]
    Folder(PathBuf, #[source] io::Error),
    /// Somebody pretends terminals there already.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Their thread or its runtime cannot be made.
    #[error("cannot start a thread for pretended terminals: {0}")]
    Thread(#[source] io::Error),
    /// A line cannot be made.
    #[error("{0}: cannot make its line: {1}")]
    Line(String, #[source] io::Error),
}

impl Pretended {
    /// Pretends the devices of a rack that have a `sim:` port, and those with a `tcp:` port on this machine.
    ///
    /// # Errors
    /// When a line cannot be made.
    pub async fn start(rack: &Rack, clock: Clock) -> Result<Self, SimError> {
        Self::start_before(rack, clock, Vec::new(), "").await
    }

    /// The same with virtual terminals inside of the first of them, which do at a host what they are asked for.
    ///
    /// # Errors
    /// When a line cannot be made.
    pub async fn start_before(
        rack: &Rack,
        clock: Clock,
        inner: Vec<Inner>,
        host: &str,
    ) -> Result<Self, SimError> {
        let pretended = rack.devices.iter().filter(|device| device.is_enabled && can_pretend(&device.port));
        let inner = pretended.map(|device| device.id.clone()).zip(inner).collect();
        Self::start_with(rack, clock, inner, host).await
    }

    /// The same with virtual terminals inside of the devices with these names.
    ///
    /// # Errors
    /// When a line cannot be made.
    pub async fn start_with(
        rack: &Rack,
        clock: Clock,
        mut inner: HashMap<String, Inner>,
        host: &str,
    ) -> Result<Self, SimError> {
        fs::create_dir_all(&rack.sim_folder)
            .map_err(|error| SimError::Folder(rack.sim_folder.clone(), error))?;
        let (leases, name) = sim_lease(&rack.sim_folder);
        let lease = leases.take(&name, Duration::MAX)?;
        let listener = control::listen(&rack.sim_folder)
            .map_err(|error| SimError::Line("the control of the simulator".to_owned(), error))?;
        let (mut terminals, mut plugs) = (Vec::new(), Plugs::default());
        for (number, device) in rack.devices.iter().enumerate().filter(|(_, device)| device.is_enabled) {
            let failed = |error| SimError::Line(device.id.clone(), error);
            let Some(socket) = Socket::of(device, &rack.sim_folder).await.map_err(failed)? else { continue };
            let inner = inner.remove(&device.id).map(|inner| (inner, host.to_owned()));
            let terminal = Terminal::new(device, number as u64, Seed(rack.seed), clock, inner);
            let (plug, fate) = watch::channel(Plug::In);
            let task = tokio::spawn(terminal.serve(socket, Fate(fate)));
            terminals.push((device.id.clone(), task));
            plugs.0.insert(device.id.clone(), plug);
        }
        let plugs = Arc::new(plugs);
        let control = tokio::spawn(control::serve(listener, Arc::clone(&plugs)));
        Ok(Self { terminals, plugs, control, _lease: lease })
    }

    /// The names of those that are pretended.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.terminals.iter().map(|(id, _)| id.as_str())
    }

    /// Pulls the plug of a terminal, or puts it in again; `false` when no such terminal is pretended.
    pub fn pull(&self, id: &str, lever: Lever) -> bool {
        self.plugs.pull(id, lever)
    }

    /// Ends them all and tells what each did.
    pub async fn finish(mut self) -> Vec<(String, Tally)> {
        self.plugs.end();
        let mut tallies = Vec::new();
        for (id, task) in std::mem::take(&mut self.terminals) {
            tallies.push((id, task.await.unwrap_or_default()));
        }
        tallies
    }
}

impl Drop for Pretended {
    fn drop(&mut self) {
        self.plugs.end();
        self.control.abort();
    }
}

impl Plugs {
    fn pull(&self, id: &str, lever: Lever) -> bool {
        let plug = if lever == Lever::Plug { Plug::In } else { Plug::Out };
        self.0.get(id).is_some_and(|terminal| terminal.send(plug).is_ok())
    }

    fn end(&self) {
        for plug in self.0.values() {
            plug.send_replace(Plug::Ended);
        }
    }
}

impl Tally {
    /// The transactions in the books.
    pub fn booked(&self) -> usize {
        self.books.len()
    }
}
