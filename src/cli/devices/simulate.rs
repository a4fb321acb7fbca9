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
    engine::inner_terminals,
    rack::Rack,
    terminal::Terminal,
};
use std::{collections::HashMap, path::Path, sync::Arc};
use tokio::signal::unix::{SignalKind, signal};

/// Pretends terminals until a signal comes.
pub(super) fn simulate(arguments: &SimulateArguments) -> Result<Exit, Exit> {
    let mut rack = load(&arguments.rack)?;
    rack.seed = arguments.seed.unwrap_or(rack.seed);
    raise_descriptor_limit();
    let inside = |path| virtual_terminals(path, &rack);
    let inner = arguments.scenario.as_deref().map(inside).transpose()?.unwrap_or_default();
    runtime()?.block_on(serve(&rack, inner, &arguments.host))
}

/// The terminals of a scenario by the names of the devices that have them inside, each with the cards of the host.
///
/// A scenario that names the devices says which is which; terminals that are virtual there go into the first devices
/// that have none.
fn virtual_terminals(path: &Path, rack: &Rack) -> Result<HashMap<String, Inner>, Exit> {
    let plan = load_plain(path).map_err(|diagnostics| {
        tell(&diagnostics, Format::Human);
        Exit::BadConfiguration
    })?;
    let mut inner = inner_terminals(&plan);
    let virtual_ones = plan.groups.iter().filter(|group| group.devices.is_none());
    let mut others = virtual_ones.flat_map(|group| group.identities.iter().map(move |one| (group, one)));
    for device in rack.devices.iter().filter(|device| device.is_enabled) {
        if !inner.contains_key(&device.id)
            && let Some((group, one)) = others.next()
        {
            let terminal = Terminal::new(
                one.numbers.terminal,
                one.numbers.merchant,
                one.tmk.clone(),
                &group.profile,
                false,
            );
            let (profile, cards) = (Arc::clone(&group.profile), Arc::clone(&plan.host.cards));
            inner.insert(
                device.id.clone(),
                Inner::new(one.numbers.terminal.to_string(), terminal, profile, cards),
            );
        }
    }
    Ok(inner)
}

async fn serve(rack: &Rack, inner: HashMap<String, Inner>, host: &str) -> Result<Exit, Exit> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let pretended = Pretended::start_with(rack, Clock::start(), inner, host).await.map_err(failed)?;
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
