//! The engine: runs a plan on one shard a core, and yields snapshots while it runs and a summary in the end.
//!
//! Each shard is a thread with a current-thread runtime that owns its share of the terminals, their connections and
//! its histograms; nothing on its hot path is shared. What it recorded goes to the collector in intervals; what it
//! shall do comes back over a watch. The collector is one thread: it merges, judges and hands on to the [`Observer`].

mod case_row;
mod case_seat;
mod cases;
mod clock_watch;
mod collector;
mod control;
mod courses;
mod crew;
mod device;
mod device_card;
mod device_log;
mod device_stage;
mod device_witness;
mod device_words;
mod ending;
mod failures;
mod final_check;
mod gate;
mod iteration;
mod knee;
mod listening;
mod meeting;
mod observer;
mod part;
mod portal_books;
mod portal_findings;
mod portrait;
mod questions;
mod recorder;
mod request;
mod rows;
mod runner;
mod saturation;
mod setting;
mod shard;
mod statement;
mod steering;
mod talk;
mod verdict;
mod way;

pub use control::{Command, Control, Questions, Refusal};
pub use device_stage::inner_terminals;
pub use observer::{Moment, NullObserver, Observer};
pub use portal_books::{AlarmRow, PayoutRow, PortalBooks, alarm_rows, payout_rows, portal_summary};
pub use talk::RunTalk;

use crate::{
    driver::{
        Charter, Clock, Durable, HostServer, HostSide, HttpClient, LedgerWriter, ServeError, StoreError,
        raise_descriptor_limit,
        serial::{CardFeeder, Leases, Locator, Prompts, Recorders, Setup, SimError, Troupe},
        unix_seconds, wall_clock,
    },
    host::Host,
    http::{Failure, Server},
    load::Throttles,
    metrics::{RowWindow, Snapshot, Summary},
    rack::Rack,
    scenario::{Plan, Target},
    time::WallClock,
    web::{Console, WebServer},
};
use collector::{Collector, Start};
use crossbeam::channel;
use gate::Gates;
use knee::Knee;
use shard::{Brief, Shard};
use std::{
    io,
    net::SocketAddr,
    num::NonZero,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::watch;

/// How a plan is run, beyond what the plan says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Shards; `None` is one a core.
    pub shards: Option<NonZero<usize>>,
    /// Where the embedded host listens, when there is one; port 0 takes any.
    pub host_address: SocketAddr,
    /// Where the portal of the embedded host listens, when it has one; port 0 takes any.
    pub portal_address: SocketAddr,
    /// Lets an operator use the console of that portal; without it, there is none.
    pub console: Option<Console>,
    /// A directory for the books of the embedded host, and when they are on disk; `None` keeps them in memory.
    pub ledger: Option<(PathBuf, Durable)>,
    /// How long people have for what they are asked to do at devices; without, nobody is asked.
    pub operator: Option<Duration>,
    /// A directory for the records of the lines of devices, card data hidden; nowhere without.
    pub device_trace: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            shards: None,
            host_address: any,
            portal_address: any,
            console: None,
            ledger: None,
            operator: None,
            device_trace: None,
        }
    }
}

/// Why a plan cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address of a target does not resolve.
    #[error("target {0}: {1}")]
    Target(String, #[source] io::Error),
    /// The embedded host cannot serve.
    #[error("embedded host: {0}")]
    Host(#[from] ServeError),
    /// Its portal cannot serve.
    #[error("portal of the embedded host: {0}")]
    Portal(#[source] ServeError),
    /// The ledger of the embedded host cannot be used.
    #[error(transparent)]
    Ledger(#[from] StoreError),
    /// Terminals of a run are new, and a host that knows their numbers already would refuse them.
    #[error("ledger {}: it holds the books of another run; name a new directory", .0.display())]
    LedgerNotNew(PathBuf),
    /// An HTTP server cannot be asked as the scenario says.
    #[error("server: {0}")]
    Server(#[source] Failure),
    /// The lines of devices cannot be recorded there.
    #[error("record of the devices' lines: {0}")]
    Trace(#[source] io::Error),
    /// The devices of the run cannot be pretended.
    #[error("pretended devices: {0}")]
    Devices(#[source] SimError),
    /// Terminals cannot be connected to a host as the scenario says.
    #[error("target {0}: {1}")]
    Link(String, String),
    /// A thread or its runtime cannot be made.
    #[error("cannot start a shard: {0}")]
    Shard(#[source] io::Error),
}

/// A run under way.
#[derive(Debug)]
pub struct Run {
    /// The state of the run, a new one about four times a second, the last with [`crate::metrics::Phase::Done`].
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The rows of the fleet that the snapshots shall hold.
    pub window: watch::Sender<RowWindow>,
    /// Stops the run.
    pub control: Control,
    /// The clock of the run.
    pub clock: Clock,
    /// What people are asked to do at devices, for whoever can answer.
    pub prompts: Prompts,
    /// Where the portal of the embedded host listens, when it has one.
    pub portal: Option<SocketAddr>,
    collector: JoinHandle<Summary>,
    /// Devices that the run pretends; they play until the run is over.
    pretended: Vec<Troupe>,
}

impl Run {
    /// Waits for the end of the run.
    pub fn join(self) -> Summary {
        let Self { collector, pretended, .. } = self;
        let summary = collector.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        drop(pretended);
        summary
    }
}

/// Starts to run `plan`; `observer` hears of everything as it happens.
///
/// # Errors
/// When the run cannot start: a target does not resolve, or the embedded host cannot listen.
pub fn start(plan: Plan, settings: &Settings, observer: Box<dyn Observer>) -> Result<Run, EngineError> {
    raise_descriptor_limit();
    let plan = Arc::new(plan);
    let (clock, wall) = (Clock::start(), wall_clock());
    let started_at = wall.at(crate::time::Instant::START);
    let (host_side, terminals) = way::embedded_tls(&plan)?.unzip();
    let host = embedded_host(&plan, settings, clock, wall, host_side)?;
    let web = embedded_portal(&plan, settings, host.as_ref(), wall)?;
    let portal = web.as_ref().map(WebServer::address);
    let ways = way::ways(&plan, host.as_ref(), terminals)?;
    let targets: Arc<[SocketAddr]> = ways.iter().map(|way| way.address).collect();
    let servers = servers(&plan, portal);
    // Shards make clients of their own; what is wrong with a certificate shall be known before they start.
    HttpClient::new(clock, &servers).map_err(EngineError::Server)?;
    let shards = settings.shards.map_or_else(cores, NonZero::get);
    let pretended = device_stage::pretend(&plan, &targets, clock).map_err(EngineError::Devices)?;
    let recorders = settings.device_trace.as_deref().map(Recorders::at).transpose();
    let recorders = recorders.map_err(EngineError::Trace)?;
    let setups = setups(&plan, &targets, clock, recorders.as_ref());
    let gates = Arc::new(Gates::new(&plan, shards));
    let throttles = Arc::new(Throttles::new(plan.scenarios.len()));
    let knee = Knee::of(&plan, &throttles);
    let (control, commands) = Control::new(&plan, &gates, clock, &throttles);
    let prompts = settings.operator.map_or_else(Prompts::unattended, |_| Prompts::default());
    let feeder = CardFeeder::new(clock, prompts.clone(), settings.operator.unwrap_or(MACHINES));
    control.show_questions(Arc::new(prompts.clone()));
    let (window, rows) = watch::channel(RowWindow::default());
    let (publish, snapshots) = watch::channel(Arc::new(Snapshot::default()));
    let (deltas, received) = channel::bounded(shards * DELTAS_IN_FLIGHT);
    let (spares, emptied) = channel::bounded(shards * DELTAS_IN_FLIGHT);
    let brief = Brief {
        plan: Arc::clone(&plan),
        ways,
        setups,
        tap: host.as_ref().map(HostServer::tap),
        servers,
        clock,
        shards,
        gates: Arc::clone(&gates),
        throttles: Arc::clone(&throttles),
        meetings: Arc::default(),
        control: control.clone(),
        prompts: prompts.clone(),
        feeder,
        emptied,
    };
    for index in 0..shards {
        let (brief, deltas) = (brief.clone(), deltas.clone());
        let (commands, rows) = (commands.clone(), rows.clone());
        std::thread::Builder::new()
            .name(format!("shard-{index}"))
            .spawn(move || Shard::run(brief, index, deltas, commands, rows))
            .map_err(EngineError::Shard)?;
    }
    drop(deltas);
    let started_at = format!("{started_at}Z");
    let rows = window.subscribe();
    let start = Start {
        plan,
        targets,
        host,
        web,
        clock,
        shards,
        gates,
        throttles: Arc::clone(&throttles),
        knee,
        started_at,
        commands,
        control: control.clone(),
        rows,
        publish,
        spares,
    };
    let collector = std::thread::Builder::new()
        .name("collector".to_owned())
        .spawn(move || Collector::new(start, observer).run(&received))
        .map_err(EngineError::Shard)?;
    Ok(Run { snapshots, window, control, clock, prompts, portal, collector, pretended })
}

/// The host inside this program, where a group has no target of its own.
fn embedded_host(
    plan: &Plan,
    settings: &Settings,
    clock: Clock,
    wall: WallClock,
    tls: Option<HostSide>,
) -> Result<Option<HostServer>, EngineError> {
    if !plan.groups.iter().any(|group| group.target == Target::Embedded) {
        return Ok(None);
    }
    let config = crate::host::Config { clock: wall, ..plan.host.clone() };
    let ledger = match &settings.ledger {
        Some((directory, durable)) => Some(new_ledger(directory, &Charter::of(&config), *durable)?),
        None => None,
    };
    Ok(Some(HostServer::start_over(Host::new(config), settings.host_address, clock, ledger, tls)?))
}

/// The portal of that host over HTTP, where it has one.
fn embedded_portal(
    plan: &Plan,
    settings: &Settings,
    host: Option<&HostServer>,
    wall: WallClock,
) -> Result<Option<WebServer>, EngineError> {
    let Some(host) = host.filter(|_| plan.host.portal.is_some()) else { return Ok(None) };
    let web = WebServer::start(host.counter(), wall, settings.portal_address, settings.console.clone());
    web.map(Some).map_err(EngineError::Portal)
}

fn new_ledger(directory: &Path, charter: &Charter, durable: Durable) -> Result<LedgerWriter, EngineError> {
    let (writer, restored) = LedgerWriter::open(directory, charter, durable, |_| Ok(()))?;
    if restored.records > 0 {
        return Err(EngineError::LedgerNotNew(directory.to_owned()));
    }
    Ok(writer)
}

/// What the devices of each group share; nothing where its terminals are virtual.
fn setups(
    plan: &Plan,
    targets: &[SocketAddr],
    clock: Clock,
    recorders: Option<&Recorders>,
) -> Arc<[Option<Arc<Setup>>]> {
    let setup = |(rack, target): (&Arc<Rack>, &SocketAddr)| {
        Arc::new(Setup {
            clock,
            locator: Locator::new(&rack.sim_folder),
            leases: Leases::of_user(LEASE_OWNER),
            lease_time: LEASE,
            recorders: recorders.cloned(),
            host: Some(target.to_string()),
        })
    };
    let groups = plan.groups.iter().zip(targets);
    groups.map(|(group, target)| group.devices.as_ref().map(|rack| setup((rack, target)))).collect()
}

/// The servers that steps ask; where the portal of the embedded host listens is known only now.
fn servers(plan: &Plan, portal: Option<SocketAddr>) -> Arc<[Server]> {
    let mut servers = plan.servers.clone();
    if let (Some(server), Some(address)) = (servers.first_mut(), portal) {
        (server.host, server.port) = (address.ip().to_string(), address.port());
    }
    servers.into()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Seconds since 1970 when the run began, for file names and logs.
pub fn now_unix_seconds() -> u64 {
    unix_seconds()
}

const DELTAS_IN_FLIGHT: usize = 8;
/// How long programs and robots have to move a card where people are not asked at all.
const MACHINES: Duration = Duration::from_secs(60);
/// The name on the leases of a run.
const LEASE_OWNER: &str = "posfleet run";
/// A run may take a day; the lease ends with its process in any case.
const LEASE: Duration = Duration::from_secs(24 * 3600);
