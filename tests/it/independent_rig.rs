//! What the tests with programs of others share: a lab with pretended terminals, and Python scripts around packages.
//!
//! `.ci/run` installs the packages; where one is missing its test fails.

use crate::program::{Finished, Folder, Running};
use posfleet::{
    driver::{
        Clock,
        serial::{Device, Leases, Locator, Pretended, Setup, Tally},
    },
    ecr::{Request, Service},
    money::Amount,
    rack::Rack,
    scenario::parse_rack,
};
use std::{
    future::Future,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

/// Devices in a folder of their own.
pub struct Lab {
    pub rack: Rack,
    pub setup: Arc<Setup>,
    _folder: Folder,
}

impl Lab {
    /// A lab of one device; `keys` are what its entry in the rack file has besides id and port.
    pub fn of(name: &str, port: &str, keys: &str) -> Self {
        let folder = Folder::new(name);
        let text = format!(
            "schema: 1\nname: {name}\nsimulation: {{ folder: sim, seed: 5 }}\ndevices:\n  - {{ id: a, port: \"{port}\", {keys} }}\n"
        );
        let path = folder.file("rack.yaml", &text);
        let base = path.parent().unwrap();
        let rack = parse_rack(&text, name, base).unwrap();
        let setup = Setup {
            clock: Clock::start(),
            locator: Locator::new(&rack.sim_folder),
            leases: Leases::at(base, "test"),
            lease_time: PATIENCE,
            recorders: None,
            host: None,
        };
        Self { rack, setup: Arc::new(setup), _folder: folder }
    }

    /// Where the pretended terminal is.
    pub fn link(&self) -> PathBuf {
        self.rack.sim_folder.join("a")
    }

    /// The register in front of the device.
    pub fn register(&self) -> Device {
        Device::new(&self.rack.devices[0], &self.setup)
    }

    /// What the pretended terminal did while `work` was done in front of it.
    pub async fn pretend(&self, work: impl Future<Output = ()>) -> Tally {
        let pretended = Pretended::start(&self.rack, self.setup.clock).await.unwrap();
        work.await;
        pretended.finish().await.remove(0).1
    }
}

/// A script of `tests/data/peers` with these arguments, under way.
pub fn script(name: &str, arguments: &[&str]) -> Running {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/peers").join(name);
    Running::start(Command::new("python3").arg(path).args(arguments).stdin(Stdio::null()))
}

/// The lines that a script printed, each a line of JSON, once it has ended well; the runtime goes on meanwhile.
pub async fn told(script: Running) -> Vec<serde_json::Value> {
    let finished = tokio::task::spawn_blocking(|| script.finish()).await.unwrap();
    let Finished { stdout, .. } = finished.exits_with(0);
    stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

pub fn sale(id: u32, minor: u64) -> Request {
    ask(id, Service::Sale, minor)
}

pub fn ask(id: u32, service: Service, minor: u64) -> Request {
    Request { id, service, amount: Amount::from_minor(minor), original: None }
}

pub fn run<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what)
}

/// No request takes longer.
pub const PATIENCE: Duration = Duration::from_secs(60);
