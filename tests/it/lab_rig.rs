//! A lab for tests: a rack in a folder of its own, and registers before its devices.

use crate::program::Folder;
use posfleet::{
    driver::{
        Clock,
        serial::{Device, Leases, Locator, Setup},
    },
    ecr::{Request, Service},
    money::Amount,
    rack::Rack,
    scenario::parse_rack,
};
use std::{future::Future, sync::Arc, time::Duration};

/// A lab of pretended terminals in a folder of its own.
pub struct Lab {
    pub folder: Folder,
    pub rack: Rack,
    pub setup: Arc<Setup>,
}

impl Lab {
    pub fn new(name: &str, text: &str) -> Self {
        Self::beside(name, &[], text)
    }

    /// One whose rack has these files beside it.
    pub fn beside(name: &str, files: &[(&str, &str)], text: &str) -> Self {
        let folder = Folder::new(name);
        for (name, text) in files {
            folder.file(name, text);
        }
        // Programs of the rack may name its own file.
        let text = &text.replace("RACK", &folder.results().with_file_name("rack.yaml").display().to_string());
        let path = folder.file("rack.yaml", text);
        let rack = parse_rack(text, name, path.parent().unwrap()).unwrap();
        let setup = Setup {
            clock: Clock::start(),
            locator: Locator::new(&rack.sim_folder),
            leases: Leases::at(path.parent().unwrap(), "test"),
            lease_time: Duration::from_secs(600),
            recorders: None,
            host: None,
        };
        Self { folder, rack, setup: Arc::new(setup) }
    }

    /// A lab of these devices.
    pub fn of(name: &str, devices: &str) -> Self {
        Self::new(
            name,
            &format!(
                "schema: 1\nname: {name}\nsimulation: {{ folder: sim, seed: 3 }}\ndevices:\n  - {devices}\n"
            ),
        )
    }

    pub fn fresh_setup(&self) -> Setup {
        let Setup { clock, locator, leases, lease_time, .. } = &*self.setup;
        let (clock, lease_time) = (*clock, *lease_time);
        let (locator, leases) = (locator.clone(), leases.clone());
        Setup { clock, locator, leases, lease_time, recorders: None, host: None }
    }

    /// The register before one of its devices.
    pub fn device(&self, id: &str) -> Device {
        let device = self.rack.devices.iter().find(|device| device.id == id).unwrap();
        Device::new(device, &self.setup)
    }
}

pub fn sale(id: u32, minor: u64) -> Request {
    Request { id, service: Service::Sale, amount: Amount::from_minor(minor), original: None }
}

/// Runs a test on the kind of runtime that commands have.
pub fn run<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what)
}

/// No request takes longer.
pub const PATIENCE: Duration = Duration::from_secs(60);
