//! Pretended terminals of a run: devices at `sim:` ports that nobody else pretends, each with a virtual terminal inside.

use crate::{
    driver::{
        Clock,
        serial::{Inner, SimError, Troupe},
    },
    rack::{Rack, Selector},
    scenario::{Group, Plan},
    terminal::Terminal,
};
use std::{collections::HashMap, net::SocketAddr, path::PathBuf, sync::Arc};

/// The virtual terminals that the devices of a plan have inside when they are pretended, by the names of the devices.
pub fn inner_terminals(plan: &Plan) -> HashMap<String, Inner> {
    plan.groups.iter().flat_map(|group| of_group(plan, group)).collect()
}

fn of_group<'p>(plan: &'p Plan, group: &'p Group) -> impl Iterator<Item = (String, Inner)> + 'p {
    let devices = group.devices.iter().flat_map(|rack| &rack.devices).zip(group.identities.iter());
    devices.map(|(device, one)| {
        let terminal =
            Terminal::new(one.numbers.terminal, one.numbers.merchant, one.tmk.clone(), &group.profile, false);
        let id = device.expected.terminal.clone().unwrap_or_else(|| one.numbers.terminal.to_string());
        let cards = Arc::clone(&plan.host.cards);
        (device.id.clone(), Inner::new(id, terminal, Arc::clone(&group.profile), cards))
    })
}

/// Pretends the devices of a plan at `sim:` ports; those that another process pretends already are left to it.
pub(super) fn pretend(plan: &Plan, targets: &[SocketAddr], clock: Clock) -> Result<Vec<Troupe>, SimError> {
    let mut troupes = Vec::new();
    for (host, (rack, inner)) in stages(plan, targets) {
        match Troupe::start(rack, clock, inner, host) {
            Ok(troupe) => troupes.push(troupe),
            Err(SimError::Lease(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(troupes)
}

type Stage = (String, (Rack, HashMap<String, Inner>));

/// One stage a folder of links: groups may share a rack.
fn stages(plan: &Plan, targets: &[SocketAddr]) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for (group, target) in plan.groups.iter().zip(targets) {
        let Some(rack) = &group.devices else { continue };
        let played = rack.devices.iter().filter(|device| matches!(device.port, Selector::Sim(_)));
        let played: Vec<_> = played.cloned().collect();
        if played.is_empty() {
            continue;
        }
        let folder: PathBuf = rack.sim_folder.clone();
        let known = stages.iter_mut().find(|(_, (other, _))| other.sim_folder == folder);
        match known {
            Some((_, (other, inner))) => {
                other.devices.extend(played);
                inner.extend(of_group(plan, group));
            }
            None => {
                let rack = Rack { devices: played, ..Rack::clone(rack) };
                stages.push((target.to_string(), (rack, of_group(plan, group).collect())));
            }
        }
    }
    stages
}
