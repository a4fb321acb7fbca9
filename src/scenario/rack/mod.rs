//! Rack files: the inventory of a lab, read and checked whole before the first port is opened.

mod file;
mod unique;

pub(super) use file::Port;

use super::{
    Pass, decode,
    diagnostic::{Diagnostics, Problem},
    node::Node,
    overlay::Sources,
    read_file, schema, shape,
    text::MoneyRange,
    undecodable,
};
use crate::{
    ecr::{Service, Text},
    expr::nearest,
    money::Amount,
    rack::{
        BAUD_RATES, CardSource, DataBits, Device, Expected, Faults, LineSettings, Parity, Power, Protocol,
        Rack, Reply, Selector, Simulation, Speaker, StopBits, is_name,
    },
};
use file::{File, ParityWord, ServiceWord};
use serde_json::Value as Json;
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
    let rack = pass.parse(0).and_then(|root| {
        pass.problems.extend(shape::check(&root, &rack_schema()));
        let decoded = decode::decode::<File>(&root);
        let unread = |error| {
            if pass.problems.is_empty() {
                pass.problems.push(undecodable(error))
            }
        };
        let file = decoded.map_err(unread).ok()?;
        Some(rack(file, &root, folder, &mut pass.problems))
    });
    pass.result(rack)
}

/// The JSON Schema (draft 2020-12) of rack files.
pub fn rack_schema() -> Json {
    schema::of::<File>()
}

fn rack(file: File, root: &Node, folder: &Path, problems: &mut Vec<Problem>) -> Rack {
    let place = root.child("devices");
    let read = |(at, one)| device(one, place.item(at), problems);
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

fn device(file: file::Device, node: &Node, problems: &mut Vec<Problem>) -> Option<Device> {
    let Some(protocol) = Protocol::from_name(&file.driver) else {
        problems.push(unknown_driver(&file.driver, node));
        return None;
    };
    if !is_name(&file.id) {
        let message = "an id has letters, digits, `-`, `_` and `.`, and begins with a letter or digit";
        problems.push(Problem::new(node.at("id"), message));
    }
    let port = file.port.0;
    if !port.is_serial() && !protocol.has_tcp() {
        let message = format!("`{}` is spoken on serial lines only", protocol.name());
        problems.push(Problem::new(node.at("port"), message));
    }
    let line = line(&file.line, protocol, &port, node, problems);
    check_identity(&file.expect, protocol, node, problems);
    let speaker = Speaker {
        is_tcp: !port.is_serial(),
        register: file.register.unwrap_or(1),
        currency: file.currency.unwrap_or(156),
        password: file.password.unwrap_or(0),
        ..Speaker::new(protocol)
    };
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

fn unknown_driver(name: &str, node: &Node) -> Problem {
    let known = || Protocol::ALL.iter().map(|(_, known)| *known);
    let problem = Problem::new(node.at("driver"), format!("unknown driver `{name}`"));
    match nearest(name, known()) {
        near if near.is_empty() => {
            problem.help(format!("the drivers are {}", known().collect::<Vec<_>>().join(", ")))
        }
        near => problem.did_you_mean(&near),
    }
}

fn line(
    file: &file::Line,
    protocol: Protocol,
    port: &Selector,
    node: &Node,
    problems: &mut Vec<Problem>,
) -> LineSettings {
    let own = protocol.line();
    let place = node.child("line");
    let mut complain = |key: &str, message: String| problems.push(Problem::new(place.at(key), message));
    if !port.is_serial() && node.has("line") {
        complain("", "a network address has no line to be set".to_owned());
    }
    let baud = file.baud.unwrap_or(own.baud);
    if !BAUD_RATES.contains(&baud) {
        complain("baud", format!("no serial port has {baud} baud; the nearest is {}", nearest_baud(baud)));
    }
    let data = file.bits.map_or(Some(own.data), data_bits).unwrap_or_else(|| {
        complain("bits", "a byte has 5, 6, 7 or 8 bits".to_owned());
        own.data
    });
    if data != DataBits::Eight && !(protocol.is_text() && data == DataBits::Seven) {
        complain("bits", format!("`{}` needs 8 bits: its bytes have any value", protocol.name()));
    }
    let stop = file.stop.map_or(Some(own.stop), stop_bits).unwrap_or_else(|| {
        complain("stop", "there are 1 or 2 stop bits".to_owned());
        own.stop
    });
    LineSettings { baud, data, parity: file.parity.map_or(own.parity, parity), stop }
}

fn nearest_baud(baud: u32) -> u32 {
    BAUD_RATES.into_iter().min_by_key(|known| known.abs_diff(baud)).unwrap_or(LineSettings::DEFAULT.baud)
}

fn data_bits(bits: u32) -> Option<DataBits> {
    [DataBits::Five, DataBits::Six, DataBits::Seven, DataBits::Eight]
        .into_iter()
        .find(|known| *known as u32 == bits)
}

fn stop_bits(bits: u32) -> Option<StopBits> {
    [StopBits::One, StopBits::Two].into_iter().find(|known| *known as u32 == bits)
}

fn parity(word: ParityWord) -> Parity {
    match word {
        ParityWord::None => Parity::None,
        ParityWord::Odd => Parity::Odd,
        ParityWord::Even => Parity::Even,
    }
}

/// What a protocol does not tell cannot be expected.
fn check_identity(expect: &file::Expect, protocol: Protocol, node: &Node, problems: &mut Vec<Problem>) {
    let place = node.child("expect");
    let mut untold = |key: &str, what: &str| {
        let message = format!("terminals that speak `{}` do not tell their {what}", protocol.name());
        problems.push(Problem::new(place.at(key), message));
    };
    if expect.terminal.is_some() && !protocol.tells_terminal() {
        untold("terminal", "terminal id");
    }
    if expect.serial_number.is_some() {
        untold("serialNumber", "serial number");
    }
    let is_digits = |id: &String| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_digit());
    if protocol == Protocol::Zvt && expect.terminal.as_ref().is_some_and(|id| !is_digits(id)) {
        problems.push(Problem::new(place.at("terminal"), "a terminal id of ZVT has eight digits"));
    }
}

fn power(file: file::Power) -> Power {
    Power { off: file.off, on: file.on, within: file.within.map_or(POWER_WITHIN, Duration::from) }
}

fn cards(file: file::Cards, node: &Node, problems: &mut Vec<Problem>) -> CardSource {
    match (file.command, file.robot) {
        (command, None) if command.is_empty() => CardSource::Operator,
        (command, None) => CardSource::Command(command),
        (command, Some(robot)) if command.is_empty() => {
            if !robot.starts_with("http://") && !robot.starts_with("https://") {
                problems.push(Problem::new(
                    node.child("cards").at("robot"),
                    "a robot is asked at an `http://` address",
                ));
            }
            CardSource::Robot(robot)
        }
        _ => {
            problems.push(Problem::new(
                node.at_key("cards"),
                "cards come from a command or from a robot, not from both",
            ));
            CardSource::Operator
        }
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

fn service(word: ServiceWord) -> Service {
    match word {
        ServiceWord::Sale => Service::Sale,
        ServiceWord::Void => Service::Void,
        ServiceWord::Refund => Service::Refund,
        ServiceWord::SignIn => Service::SignIn,
        ServiceWord::Settlement => Service::Settlement,
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
