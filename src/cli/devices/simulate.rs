//! `posfleet devices simulate`: pretends the terminals of a rack until a signal comes; `plug` and `unplug` pull at them.

use super::{PlugArguments, SimulateArguments, failed, load, runtime};
use crate::{
    cli::{
        Exit, Format, print,
        scenario::{load_plain, tell},
    },
    driver::{
        Clock, raise_descriptor_limit,
        serial::{Inner, Lever, Pretended, pull},
    },
    rack::Rack,
    terminal::Terminal,
};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Pretends terminals until a signal comes.
pub(super) fn simulate(arguments: &SimulateArguments) -> Result<Exit, Exit> {
    let mut rack = load(&arguments.rack)?;
    rack.seed = arguments.seed.unwrap_or(rack.seed);
    raise_descriptor_limit();
    let inner = arguments.scenario.as_deref().map(virtual_terminals).transpose()?.unwrap_or_default();
    runtime()?.block_on(serve(&rack, inner, &arguments.host))
}

/// The terminals of a scenario's groups, each with the cards of the host.
fn virtual_terminals(path: &std::path::Path) -> Result<Vec<Inner>, Exit> {
    let plan = load_plain(path).map_err(|diagnostics| {
        tell(&diagnostics, Format::Human);
        Exit::BadConfiguration
    })?;
    let cards = plan.host.cards;
    let terminals = plan.groups.iter().flat_map(|group| group.identities.iter().map(move |one| (group, one)));
    let inner = terminals.map(|(group, one)| {
        let terminal = Terminal::new(one.terminal, one.merchant, one.tmk.clone(), &group.profile, false);
        Inner::new(one.terminal.to_string(), terminal, Arc::clone(&group.profile), Arc::clone(&cards))
    });
    Ok(inner.collect())
}

async fn serve(rack: &Rack, inner: Vec<Inner>, host: &str) -> Result<Exit, Exit> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let pretended = Pretended::start_before(rack, Clock::start(), inner, host).await.map_err(failed)?;
    let count = pretended.ids().count();
    eprintln!("devices: {count} terminals pretended in {}; Ctrl-C stops", rack.sim_folder.display());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    for (id, tally) in pretended.finish().await {
        let (booked, reversed) = (tally.booked(), tally.reversed);
        eprintln!(
            "{id}: {} requests, {booked} booked, {reversed} reversed, {} faults",
            tally.asked, tally.faults
        );
    }
    Ok(Exit::Pass)
}

/// Has a running simulator pull the plug of a terminal, or put it in again.
pub(super) fn lever(arguments: &PlugArguments, lever: Lever) -> Result<Exit, Exit> {
    let rack = load(&arguments.rack)?;
    runtime()?.block_on(pull(&rack.sim_folder, &arguments.device, lever)).map_err(failed)?;
    let state = if lever == Lever::Plug { "plugged in" } else { "unplugged" };
    print(&format!("{:16} {state}", arguments.device));
    Ok(Exit::Pass)
}
