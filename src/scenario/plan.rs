//! The effective plan of a run: everything a scenario file says, resolved, checked and ready to run.

use crate::{
    crypto::Tmk,
    flow::{CardFeeder, Flow, Numbers},
    host, http, link,
    load::{Load, Mix, Saturation},
    metrics::{Selections, StepNames, Threshold},
    rack::Rack,
    regression::Policy,
    rng::Seed,
    terminal::Profile,
};
use std::{sync::Arc, time::Duration};

/// The effective plan of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's name.
    pub name: String,
    /// What it is for, in a sentence or two.
    pub description: String,
    /// The root of all chance.
    pub seed: Seed,
    /// The effective scenario as YAML, secrets and PANs masked.
    pub effective: String,
    /// The groups of terminals.
    pub groups: Vec<Group>,
    /// The stocks of cards.
    pub feeders: Vec<CardFeeder>,
    /// The flows.
    pub flows: Vec<Flow>,
    /// The names of all steps whose figures are kept.
    pub steps: StepNames,
    /// The scenarios, in the order of the file.
    pub scenarios: Vec<Scenario>,
    /// The conditions that decide the verdict.
    pub thresholds: Vec<Threshold>,
    /// The conditions on which the validity of the run rests.
    pub health: Vec<Threshold>,
    /// What figures are kept of because thresholds ask for it, beyond those by step.
    pub selections: Selections,
    /// The HTTP servers that steps ask; the first one is the merchant portal of the embedded host, whose address is
    /// known when it runs.
    pub servers: Vec<http::Server>,
    /// What the embedded host is like; it runs where a group has no target of its own.
    pub host: host::Config,
    /// How terminals speak TLS with the embedded host; `None` is plain text.
    pub host_tls: Option<EmbeddedTls>,
    /// Whether the embedded host keeps its books on disk where nothing else is said.
    pub keeps_ledger: bool,
}

impl Plan {
    /// The number of the device with this name among all devices, as selectors of thresholds count them.
    pub fn device_number(&self, id: &str) -> Option<usize> {
        let racks = self.groups.iter().filter_map(|group| group.devices.as_deref());
        device_ids(racks).position(|known| known == id)
    }
}

/// The names of the devices of racks, in their order; one that is there twice counts by its first place.
pub(super) fn device_ids<'r>(racks: impl Iterator<Item = &'r Rack>) -> impl Iterator<Item = &'r str> {
    racks.flat_map(|rack| rack.devices.iter().map(|device| &*device.id))
}

/// A group of terminals that are alike.
#[derive(Clone, Debug)]
pub struct Group {
    /// The name in the scenario file.
    pub name: String,
    /// What they have in common.
    pub profile: Arc<Profile>,
    /// What tells them apart, one entry a terminal.
    pub identities: Arc<[Identity]>,
    /// How they are connected.
    pub link: link::Settings,
    /// What the network between them and their host is like; `None` is the one that there is.
    pub network: Option<Arc<link::Network>>,
    /// What they talk to.
    pub target: Target,
    /// The devices that these terminals are, one an identity and in the same order; `None` where they are virtual.
    pub devices: Option<Arc<Rack>>,
}

/// What tells a terminal apart.
#[derive(Clone, Debug)]
pub struct Identity {
    /// DE 41 and DE 42.
    pub numbers: Numbers,
    /// The master key that was loaded into it.
    pub tmk: Tmk,
}

/// TLS between terminals and the embedded host, whose certificates are made for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedTls {
    /// Whether terminals have certificates too, and nobody comes without.
    pub asks_clients: bool,
    /// Whether sessions are resumed.
    pub resumes: bool,
}

/// What a group of terminals talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The host inside this program.
    Embedded,
    /// A host at this address, `host:port`; the driver resolves it.
    Address(String),
}

/// A flow, who runs it, and when.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The name in the scenario file.
    pub name: String,
    /// Its executor as the scenario file calls it.
    pub executor: &'static str,
    /// The number of its flow in the plan; of the first one where it has a mix or cases.
    pub flow: usize,
    /// Its cases, where its executor has such.
    pub cases: Option<Cases>,
    /// The number of its group of terminals in the plan.
    pub group: usize,
    /// When its iterations start.
    pub load: Load,
    /// When it begins.
    pub start: Start,
    /// How long iterations under way may take to finish after the last start.
    pub graceful_stop: Duration,
    /// What goes with its iterations.
    pub conduct: Conduct,
}

/// What goes with the iterations of a scenario, beyond when they start.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    /// The flows among which each iteration has one by weight; without it all have the flow of the scenario.
    pub mix: Option<Mix>,
    /// How many iterations may be under way at once.
    pub max_in_flight: Option<u64>,
    /// What becomes of an arrival that finds no terminal free, or as many iterations under way as there may be.
    pub saturation: Saturation,
    /// Figures of iterations that come due within this time of its begin are kept apart.
    pub warmup: Duration,
    /// The number of the flow that each terminal which takes part walks through before the first iteration.
    pub setup: Option<usize>,
    /// The number of the flow that it walks through after the last one.
    pub teardown: Option<usize>,
    /// What a rate must keep for a search to go on to a higher one.
    pub keeps: Vec<Threshold>,
}

/// The cases that every terminal of a scenario goes through.
#[derive(Clone, Debug)]
pub struct Cases {
    /// The flow before them.
    pub setup: Option<usize>,
    /// The flow after them.
    pub teardown: Option<usize>,
    /// All of them in their order.
    pub all: Vec<Case>,
    /// How often, and after what, each is tried.
    pub policy: Policy,
    /// How long one attempt may take.
    pub timeout: Duration,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name in results.
    pub name: String,
    /// The number of its flow in the plan.
    pub flow: usize,
}

impl Scenario {
    /// The numbers of all flows that its terminals walk through.
    pub fn flows(&self) -> impl Iterator<Item = usize> {
        let only = std::iter::once(self.flow).filter(|_| self.conduct.mix.is_none() && self.cases.is_none());
        let mixed = self.conduct.mix.iter().flat_map(|mix| mix.shares().map(|(flow, _)| flow));
        let cases = self.cases.iter().flat_map(|cases| {
            let around = [cases.setup, cases.teardown].into_iter().flatten();
            cases.all.iter().map(|case| case.flow).chain(around)
        });
        let around = [self.conduct.setup, self.conduct.teardown].into_iter().flatten();
        only.chain(mixed).chain(cases).chain(around)
    }
}

/// When a scenario begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// So long after the start of the run.
    At(Duration),
    /// So long after the end of the scenario with this number.
    After(usize, Duration),
    /// So long after live control starts it.
    Signal(Duration),
}
