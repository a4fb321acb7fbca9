//! The racks that groups of a scenario name, with the devices that each group takes.

use super::{
    super::{Read, diagnostic::Problem, file::File, file::Group, node::Node, overlay::Sources},
    read as read_rack,
};
use crate::rack::{Device, Rack};
use std::{path::Path, sync::Arc};

/// What the groups of a scenario take of racks, one entry a group; nothing where its terminals are virtual.
pub(in crate::scenario) type Racks = Vec<Option<Arc<Rack>>>;

/// Reads the racks that groups name.
pub(in crate::scenario) fn of_groups(
    file: &File,
    root: &Node,
    sources: &mut Sources,
    read: Read<'_>,
    problems: &mut Vec<Problem>,
) -> Racks {
    let mut known: Vec<(String, Option<Rack>)> = Vec::new();
    let mut taken: Vec<(String, String)> = Vec::new();
    let mut racks = Racks::new();
    for (name, group) in file.terminals.iter() {
        let node = root.child("terminals").child(name);
        let Some(path) = &group.devices else {
            if node.has("only") {
                problems.push(Problem::new(node.at_key("only"), "`only` goes with `devices`"));
            }
            racks.push(None);
            continue;
        };
        if !known.iter().any(|(other, _)| other == path) {
            known.push((path.clone(), of_path(path, node, sources, read, problems)));
        }
        let whole = known.iter().find(|(other, _)| other == path).and_then(|(_, rack)| rack.as_ref());
        let rack = whole.map(|rack| part(rack, group, node, problems));
        for device in rack.iter().flat_map(|rack| &rack.devices) {
            let one = (path.clone(), device.id.clone());
            if taken.contains(&one) {
                let message = format!("the device `{}` is in another group already", device.id);
                problems.push(Problem::new(node.at("devices"), message));
            }
            taken.push(one);
        }
        racks.push(rack.map(Arc::new));
    }
    racks
}

fn of_path(
    path: &str,
    node: &Node,
    sources: &mut Sources,
    read: Read<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Rack> {
    let complaint = |error| Problem::new(node.at("devices"), format!("cannot read `{path}`: {error}"));
    let text = read(path)
        .and_then(crate::scenario::text_of)
        .map_err(|error| problems.push(complaint(error)))
        .ok()?;
    let beside = sources.all.first().and_then(|scenario| Path::new(&scenario.name).parent());
    let whole = beside.unwrap_or(Path::new("")).join(path);
    let folder = whole.parent().unwrap_or(Path::new("."));
    let source = sources.option(path, text.clone()).source;
    read_rack(source, &text, folder, sources, problems)
}

/// The devices of a rack that a group takes: those that are switched on and have all that it names.
fn part(rack: &Rack, group: &Group, node: &Node, problems: &mut Vec<Problem>) -> Rack {
    let has_all = |device: &&Device| group.only.iter().all(|(key, value)| has(device, key, value));
    let devices: Vec<Device> =
        rack.devices.iter().filter(|device| device.is_enabled).filter(has_all).cloned().collect();
    if devices.is_empty() {
        let key = if node.has("only") { "only" } else { "devices" };
        let message = format!("the rack `{}` has no device that is switched on and has this", rack.name);
        problems.push(Problem::new(node.at_key(key), message));
    }
    Rack { devices, ..rack.clone() }
}

fn has(device: &Device, key: &str, value: &str) -> bool {
    match key {
        "id" => device.id == value,
        "driver" => device.speaker.name() == value,
        "feature" => device.features.iter().any(|feature| feature == value),
        label => device.labels.iter().any(|(known, said)| known == label && said == value),
    }
}
