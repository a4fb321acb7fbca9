//! `posfleet host`: the simulated acquirer on its own, for terminals that run elsewhere.

use super::{Exit, complain, portal, scenario};
use crate::{
    driver::{
        Charter, Clock, Durable, HostServer, HostSide, LedgerFile, LedgerWriter, Restored, ServeError,
        StoreError, TlsError, make_certificates, raise_descriptor_limit, secret,
    },
    host::{Config, Host},
    link::HostTls,
    scenario::{EmbeddedTls, Plan},
    time::WallClock,
    web::{Console, WebServer},
};
use clap::Args;
use std::{io, net::SocketAddr, path::PathBuf, process::ExitCode};
use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};

#[derive(Debug, Args)]
pub(super) struct HostArguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8583")]
    listen: SocketAddr,
    /// Takes terminals, keys, cards and the host's rules from this scenario; without it, the default fleet of 10,000
    /// terminals and 1,000 cards is known.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Takes the rules from this file instead: a list, as below `host.rules` of a scenario. They are read again
    /// whenever the file changes, and on SIGHUP; a list with mistakes is reported, and the rules in force stay.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Keeps the books in this directory, and goes on with what is in it; without it, they end with the host.
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// When the books are on disk: `always` before an answer leaves, or every so often, as in `interval:100ms`.
    #[arg(long, value_name = "WHEN", default_value_t, requires = "ledger")]
    durable: Durable,
    /// Speaks TLS: a PEM file with the host's certificates.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// A PEM file with the key of `--tls-cert`.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Takes only terminals with a certificate that one of these has signed.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// Where the merchant portal listens, when the scenario has one [default: 127.0.0.1:8580].
    #[arg(long, value_name = "ADDR", requires = "scenario")]
    portal: Option<SocketAddr>,
    /// Lets the portal listen on an address that other machines reach.
    #[arg(long, requires = "portal")]
    portal_public: bool,
}

pub(super) fn host(arguments: &HostArguments) -> ExitCode {
    let address = arguments.portal.unwrap_or(portal::DEFAULT);
    if let Err(error) = portal::check(address, arguments.portal_public) {
        complain(error);
        return Exit::BadConfiguration.into();
    }
    let (config, tls) = match config(arguments) {
        Ok(config) => config,
        Err(exit) => return exit.into(),
    };
    raise_descriptor_limit();
    match serve(config, tls, arguments, address) {
        Ok(()) => Exit::Pass.into(),
        Err(error) => {
            complain(error);
            Exit::Failed.into()
        }
    }
}

/// Serves until a signal comes, or the ledger fails.
fn serve(
    config: Config,
    tls: Option<EmbeddedTls>,
    arguments: &HostArguments,
    portal: SocketAddr,
) -> Result<(), HostError> {
    let tls = host_side(arguments, tls)?;
    let (terminals, has_portal) = (config.terminals.len(), config.portal.is_some());
    let directory = arguments.ledger.as_deref();
    let file = directory.map(|directory| LedgerFile::open(directory, &Charter::of(&config))).transpose()?;
    let clock = file.as_ref().map_or_else(|| Ok(Clock::start()), LedgerFile::clock)?;
    let mut host = Host::new(Config { clock: clock.wall(), ..config });
    let ledger = file.map(|file| restore(&mut host, file, arguments.durable)).transpose()?;
    let signals = Signals::listen()?;
    let server = HostServer::start_over(host, arguments.listen, clock, ledger, tls)?;
    eprintln!("host: listening on {}, {terminals} terminals known; Ctrl-C stops", server.address());
    let web = if has_portal { Some(open_portal(&server, clock.wall(), portal)?) } else { None };
    let watching = super::rules::watch(&server, arguments.rules.as_deref());
    signals.wait(async {
        tokio::select! {
            () = server.ended() => {}
            () = watching => {}
        }
    });
    if let Some(web) = web {
        web.stop();
    }
    let (host, kept) = server.finish();
    let tally = host.tally();
    eprintln!(
        "host: {} requests, {} unreadable, {} under a rule, {} captured",
        tally.requests,
        tally.unreadable,
        tally.ruled,
        host.ledger().captured().count()
    );
    Ok(kept?)
}

/// Why the host could not serve, or not go on.
#[derive(Debug, thiserror::Error)]
enum HostError {
    #[error(transparent)]
    Ledger(#[from] StoreError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("portal: {0}")]
    Portal(#[source] ServeError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("{CERTIFIED}")]
    Certified,
    #[error("{}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot listen to signals: {0}")]
    Signals(#[from] io::Error),
}

/// Serves the merchant portal of the host, and the console behind a token of this start.
fn open_portal(server: &HostServer, wall: WallClock, address: SocketAddr) -> Result<WebServer, HostError> {
    let console = Console { token: secret() };
    let web = WebServer::start(server.counter(), wall, address, Some(console.clone()));
    let web = web.map_err(HostError::Portal)?;
    eprintln!("host: portal at http://{}, described at /openapi.json", web.address());
    eprintln!("host: console at {}", console.url(web.address()));
    Ok(web)
}

/// The host's side of TLS, where it has one: with the certificates that the command names, else with one that is made
/// for this start, as the scenario wants it.
fn host_side(arguments: &HostArguments, wanted: Option<EmbeddedTls>) -> Result<Option<HostSide>, HostError> {
    let read = |path: &PathBuf| {
        let failed = |source| HostError::File { path: path.clone(), source };
        std::fs::read_to_string(path).map_err(failed)
    };
    let (Some(certificates), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) else {
        return match wanted {
            None => Ok(None),
            Some(EmbeddedTls { asks_clients: true, .. }) => Err(HostError::Certified),
            Some(EmbeddedTls { asks_clients: false, resumes }) => {
                eprintln!("host: speaks TLS with a certificate of this start, which nobody vouches for");
                Ok(Some(HostSide::new(&make_certificates(false, resumes)?.0)?))
            }
        };
    };
    let clients = arguments.tls_client_ca.as_ref().map(read).transpose()?;
    let tls = HostTls { certificates: read(certificates)?, key: read(key)?, clients };
    Ok(Some(HostSide::new(&tls)?))
}

/// Gives the host the books of its earlier lives, and their portal.
fn restore(host: &mut Host, file: LedgerFile, durable: Durable) -> Result<LedgerWriter, StoreError> {
    let directory = file.path().with_file_name("");
    let (writer, restored) = LedgerWriter::resume(file, durable, |entry| entry.restore(host))?;
    let Restored { records, took } = restored;
    eprintln!(
        "host: {records} records restored from {} in {} ms, durable {durable}",
        directory.display(),
        took.as_millis()
    );
    Ok(writer)
}

/// What the host knows, and how it speaks TLS, from the scenario or by default.
fn config(arguments: &HostArguments) -> Result<(Config, Option<EmbeddedTls>), Exit> {
    let plan = match &arguments.scenario {
        Some(path) => scenario::load_plain(path),
        None => {
            let no_files = |_: &str| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
            crate::scenario::load(DEFAULT_FLEET, "default fleet", &Default::default(), 0, &no_files)
        }
    };
    let Plan { host, host_tls, .. } = plan.map_err(bad)?;
    let rules = match &arguments.rules {
        Some(path) => crate::scenario::load_rules(path).map_err(bad)?,
        None => host.rules.clone(),
    };
    Ok((Config { rules, ..host }, host_tls))
}

fn bad(diagnostics: crate::scenario::Diagnostics) -> Exit {
    scenario::tell(&diagnostics, super::Format::Human);
    Exit::BadConfiguration
}

/// The signals that end a host; none is missed from the moment this is made.
struct Signals {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let guard = runtime.enter();
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        drop(guard);
        Ok(Self { runtime, interrupt, terminate })
    }

    /// Waits for a signal, or for something else that ends the host.
    fn wait(mut self, other: impl Future<Output = ()>) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                () = other => {}
            }
        });
    }
}

const CERTIFIED: &str = "the scenario wants certificates of terminals, and those that are made for a run leave no program: \
give `--tls-cert`, `--tls-key` and `--tls-client-ca`";
/// What a host knows that is told nothing: the fleet that scenarios have by default.
const DEFAULT_FLEET: &str = "\
schema: 1
name: default-fleet
seed: 0
terminals:
  fleet: { count: 10000 }
feeders:
  cards: { generate: { count: 1000 } }
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations, iterations: 1 }
";
