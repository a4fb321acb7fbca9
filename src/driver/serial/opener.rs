//! Gets a device's port: where it is now, whose it is, and a wire to it.

use super::{
    device::Setup,
    lease::{Lease, LeaseError},
    locate::Place,
    port,
    trouble::DeviceError,
    wire::Wire,
};
use crate::rack;
use std::{sync::Arc, time::Duration};

/// What it takes to open a port.
pub(super) struct Opener {
    setup: Arc<Setup>,
    device: Arc<rack::Device>,
    since: tokio::time::Instant,
}

/// A wire and the lease of its port.
pub(super) type Opened = (Wire, (String, Lease));

/// A wire, or why there is none and the lease that is kept all the same.
pub(super) type Attempt = Result<Opened, (DeviceError, Option<(String, Lease)>)>;

impl Opener {
    /// One for this device.
    pub(super) fn new(device: &Arc<rack::Device>, setup: &Arc<Setup>) -> Self {
        let (device, setup) = (Arc::clone(device), Arc::clone(setup));
        Self { setup, device, since: tokio::time::Instant::now() }
    }

    /// Opens the port as soon as it is there; whoever waits for it says when that is too long.
    pub(super) async fn reopen(self, mut lease: Option<(String, Lease)>) -> Result<Opened, DeviceError> {
        let mut pause = PAUSE_FIRST;
        loop {
            match self.open(lease.take()).await {
                Ok(opened) => return Ok(opened),
                Err((DeviceError::Lease(error), _)) => return Err(error.into()),
                Err((error, _)) if self.since.elapsed() >= REOPEN => return Err(error),
                Err((_, kept)) => lease = kept,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_LAST);
        }
    }

    /// The lease of the port, which is not opened.
    pub(super) fn hold(&self, lease: Option<(String, Lease)>) -> Result<(String, Lease), DeviceError> {
        let place = self.setup.locator.locate(&self.device.port)?;
        Ok(self.leased(&place, lease)?)
    }

    /// Opens the port once.
    pub(super) async fn open(&self, lease: Option<(String, Lease)>) -> Attempt {
        let place = match self.setup.locator.locate(&self.device.port) {
            Ok(place) => place,
            Err(error) => return Err((error.into(), lease)),
        };
        let lease = self.leased(&place, lease).map_err(|error| (error.into(), None))?;
        let port = match port::open(&place, self.device.line).await {
            Ok(port) => port,
            Err(error) => return Err((error.into(), Some(lease))),
        };
        let recorder = self.setup.recorders.as_ref().map(|recorders| recorders.of(&self.device)).transpose();
        match recorder {
            Ok(recorder) => Ok((Wire::start(port, recorder, self.setup.clock), lease)),
            Err(error) => Err((DeviceError::Record(error), Some(lease))),
        }
    }

    /// The lease of a place; a replugged device may have another name, and then needs another.
    fn leased(&self, place: &Place, lease: Option<(String, Lease)>) -> Result<(String, Lease), LeaseError> {
        let name = place.lease_name();
        match lease {
            Some((known, lease)) if known == name => Ok((known, lease)),
            _ => {
                let lease = self.setup.leases.take(&name, self.setup.lease_time)?;
                Ok((name, lease))
            }
        }
    }
}

/// The first pause between two attempts to open a port; each is twice as long as the one before.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_LAST: Duration = Duration::from_millis(500);
/// No port is waited for longer. The register's own patience is longer: it hears why, and asks again.
const REOPEN: Duration = Duration::from_secs(4);
