//! `posfleet host`: the simulated acquirer on its own, for terminals that run elsewhere.

use super::{Exit, complain, scenario};
use crate::{
    driver::{Clock, HostServer, raise_descriptor_limit, wall_clock},
    host::{Config, Host},
    scenario::Plan,
};
use clap::Args;
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

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
}

pub(super) fn host(arguments: &HostArguments) -> ExitCode {
    let config = match config(arguments) {
        Ok(config) => config,
        Err(exit) => return exit.into(),
    };
    raise_descriptor_limit();
    let terminals = config.terminals.len();
    let server = match HostServer::start(Host::new(config), arguments.listen, Clock::start()) {
        Ok(server) => server,
        Err(error) => {
            complain(error);
            return Exit::Failed.into();
        }
    };
    eprintln!("host: listening on {}, {terminals} terminals known; Ctrl-C stops", server.address());
    run(super::rules::watch(&server, arguments.rules.as_deref()));
    let host = server.stop();
    let tally = host.tally();
    eprintln!(
        "host: {} requests, {} unreadable, {} under a rule, {} captured",
        tally.requests,
        tally.unreadable,
        tally.ruled,
        host.ledger().captured().count()
    );
    Exit::Pass.into()
}

/// What the host knows, from the scenario or by default.
fn config(arguments: &HostArguments) -> Result<Config, Exit> {
    let plan = match &arguments.scenario {
        Some(path) => scenario::load_plain(path),
        None => {
            let no_files = |_: &str| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
            crate::scenario::load(DEFAULT_FLEET, "default fleet", &Default::default(), 0, &no_files)
        }
    };
    let Plan { host, .. } = plan.map_err(bad)?;
    let rules = match &arguments.rules {
        Some(path) => crate::scenario::load_rules(path).map_err(bad)?,
        None => host.rules.clone(),
    };
    Ok(Config { clock: wall_clock(), rules, ..host })
}

fn bad(diagnostics: crate::scenario::Diagnostics) -> Exit {
    scenario::tell(&diagnostics, super::Format::Human);
    Exit::BadConfiguration
}

/// Serves until a signal to stop, or for ever when there are no signals.
fn run(watching: impl Future<Output = ()>) {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a current-thread runtime needs a few descriptors only");
    runtime.block_on(async {
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = watching => {}
        }
    });
}

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
