//! Rack files: the inventory of a lab, read and checked whole before the first port is opened.

mod file;
mod groups;
mod line;
mod profile;
mod profile_file;
mod profile_frame;
mod profile_steps;
mod shelf;
mod unique;

pub use profile::{SHIPPED_DEVICES, device_profile_schema, parse_device_profile};

pub(super) use file::Port;
pub(super) use groups::{Racks, of_groups};

use super::{
    Pass, decode,
    diagnostic::{Diagnostics, Problem},
    load,
    node::Node,
    overlay::Sources,
    read_file, schema, shape,
    text::MoneyRange,
    undecodable,
};
use crate::{
    ecr::Text,
    money::Amount,
    rack::{
        CardSource, DataBits, Device, Expected, Faults, LineSettings, Power, Protocol, Rack, Reply, Selector,
        Simulation, Speaker, http_address, is_name,
    },
};
use file::File;
use profile::service;
use serde_json::Value as Json;
use shelf::Shelf;
use std::{path::Path, time::Duration};

/// Reads the rack file at `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_rack(path: &Path) -> Result<Rack, Diagnostics> {
    let (name, text) = read_file(path)?;
    parse_rack(&text, &name, path.parent().unwrap_or(Path::new(".")))
}

/// Reads the rack `text`, called `name` in messages, which stands in `folder`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse_rack(text: &str, name: &str, folder: &Path) -> Result<Rack, Diagnostics> {
    let mut pass = Pass { sources: Sources::new(name, text), problems: Vec::new() };
    let rack = read(0, text, folder, &mut pass.sources, &mut pass.problems);
    pass.result(rack)
}

/// Reads the rack of text number `source`, which stands in `folder`; everything wrong with it is added to `problems`.
fn read(
    source: usize,
    text: &str,
    folder: &Path,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> Option<Rack> {
    let root = load::parse(source, text).map_err(|problem| problems.push(*problem)).ok()?;
    let mut found = shape::check(&root, &rack_schema());
    let unread = |error| {
        if found.is_empty() {
            found.push(undecodable(error))
        }
    };
    let file = decode::decode::<File>(&root).map_err(unread).ok();
    problems.append(&mut found);
    let mut shelf = Shelf::new(folder, sources);
    Some(rack(file?, &root, folder, &mut shelf, problems))
}

/// The JSON Schema (draft 2020-12) of rack files.
pub fn rack_schema() -> Json {
    schema::of::<File>()
}

fn rack(file: File, root: &Node, folder: &Path, shelf: &mut Shelf<'_>, problems: &mut Vec<Problem>) -> Rack {
    let place = root.child("devices");
    let read = |(at, one)| device(one, place.item(at), shelf, problems);
    let devices: Vec<Device> = file.devices.into_iter().enumerate().filter_map(read).collect();
    unique::check(place, problems);
    let sim_folder = match file.simulation.folder {
        Some(named) => folder.join(named),
        None => std::env::temp_dir().join(format!("posfleet-{}", file_name(&file.name))),
    };
    Rack { name: file.name, sim_folder, seed: file.simulation.seed, devices }
}

/// A name as a part of a path.
fn file_name(name: &str) -> String {
    name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect()
}

fn device(
    file: file::Device,
    node: &Node,
    shelf: &mut Shelf<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Device> {
    if !is_name(&file.id) {
        let message = "an id has letters, digits, `-`, `_` and `.`, and begins with a letter or digit";
        problems.push(Problem::new(node.at("id"), message));
    }
    let speaker = speaker(&file, node, shelf, problems)?;
    let port = file.port.0;
    let line = line::settings(&file.line, speaker.line(), node, problems);
    check_line(line, &speaker, &port, node, problems);
    check_identity(&file.expect, &speaker, node, problems);
    Some(Device {
        id: file.id,
        is_enabled: file.enabled,
        speaker,
        port,
        line,
        expected: Expected { terminal: file.expect.terminal, serial_number: file.expect.serial_number },
        features: file.features,
        power: file.power.map(power),
        cards: cards(file.cards, node, problems),
        labels: file.labels.0,
        notes: file.notes,
        simulation: simulation(file.simulate),
    })
}

/// A speaker and its settings, or the complaint about its name.
fn speaker(
    file: &file::Device,
    node: &Node,
    shelf: &mut Shelf<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Speaker> {
    let speaker = match Protocol::from_name(&file.driver) {
        Some(protocol) => Speaker::new(protocol),
        None => Speaker::scripted(shelf.profile(&file.driver, &node.at("driver"), problems)?),
    };
    Some(Speaker {
        is_tcp: !file.port.0.is_serial(),
        register: file.register.unwrap_or(speaker.register),
        currency: file.currency.unwrap_or(speaker.currency),
        password: file.password.unwrap_or(speaker.password),
        ..speaker
    })
}

fn check_line(
    line: LineSettings,
    speaker: &Speaker,
    port: &Selector,
    node: &Node,
    problems: &mut Vec<Problem>,
) {
    let (place, name) = (node.child("line"), speaker.name());
    if !port.is_serial() && !speaker.protocol.has_tcp() {
        problems.push(Problem::new(node.at("port"), format!("`{name}` is spoken on serial lines only")));
    }
    if !port.is_serial() && node.has("line") {
        problems.push(Problem::new(place.span.clone(), "a network address has no line to be set"));
    }
    let fits = match line.data {
        DataBits::Eight => true,
        DataBits::Seven => speaker.protocol.is_text() || speaker.protocol == Protocol::Scripted,
        _ => false,
    };
    if !fits {
        problems
            .push(Problem::new(place.at("bits"), format!("`{name}` needs 8 bits: its bytes have any value")));
    }
}

/// What a protocol does not tell cannot be expected.
fn check_identity(expect: &file::Expect, speaker: &Speaker, node: &Node, problems: &mut Vec<Problem>) {
    let [tells_terminal, tells_serial] = speaker.tells();
    let place = node.child("expect");
    let mut untold = |key: &str, what: &str| {
        let message = format!("terminals that speak `{}` do not tell their {what}", speaker.name());
        problems.push(Problem::new(place.at(key), message));
    };
    if expect.terminal.is_some() && !tells_terminal {
        untold("terminal", "terminal id");
    }
    if expect.serial_number.is_some() && !tells_serial {
        untold("serialNumber", "serial number");
    }
    let is_digits = |id: &String| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_digit());
    if speaker.protocol == Protocol::Zvt && expect.terminal.as_ref().is_some_and(|id| !is_digits(id)) {
        problems.push(Problem::new(place.at("terminal"), "a terminal id of ZVT has eight digits"));
    }
}

fn power(file: file::Power) -> Power {
    Power { off: file.off, on: file.on, within: file.within.map_or(POWER_WITHIN, Duration::from) }
}

fn cards(file: file::Cards, node: &Node, problems: &mut Vec<Problem>) -> CardSource {
    let named = [file.operator, !file.command.is_empty(), file.robot.is_some()];
    if named.iter().filter(|is_named| **is_named).count() > 1 {
        let message = "cards come from an operator, a command or a robot: from one of them";
        problems.push(Problem::new(node.at_key("cards"), message));
    }
    match file.robot {
        Some(robot) => {
            if http_address(&robot).is_none() {
                let message = "a robot is asked at an `http://` address";
                problems.push(Problem::new(node.child("cards").at("robot"), message));
            }
            CardSource::Robot(robot)
        }
        None if !file.command.is_empty() => CardSource::Command(file.command),
        None if file.operator => CardSource::Operator,
        None => CardSource::Nobody,
    }
}

fn simulation(file: file::Simulate) -> Simulation {
    let think =
        file.think.map_or(Duration::ZERO..=Duration::ZERO, |range| range.min.into()..=range.max.into());
    Simulation {
        think,
        replies: file.refuse.into_iter().map(reply).collect(),
        faults: faults(&file.faults),
        relays: file.relay,
        firmware: file.firmware,
    }
}

fn reply(file: file::Refuse) -> Reply {
    let all = MoneyRange(Amount::ZERO..=Amount::MAX);
    Reply {
        amounts: file.amount.unwrap_or(all).0,
        service: file.service.map(service),
        code: Text(file.code.unwrap_or_default().into_bytes()),
    }
}

fn faults(file: &file::Faults) -> Faults {
    let often =
        |percentage: Option<super::text::Percentage>| percentage.map_or(0.0, |percentage| percentage.0);
    Faults {
        drop: often(file.drop),
        flip: often(file.flip),
        split: often(file.split),
        double: often(file.double),
        nak: often(file.nak),
        late_ack: often(file.late_ack),
        silence: often(file.silence),
        hang_up: often(file.hang_up),
        garbage: often(file.garbage),
        reboot: often(file.reboot),
        battery_low: often(file.battery_low),
    }
}

const POWER_WITHIN: Duration = Duration::from_secs(30);
