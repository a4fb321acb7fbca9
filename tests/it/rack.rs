//! Rack files: what a good one says, and everything that is wrong with a bad one at once.

use posfleet::{
    rack::{CardSource, Protocol, Rack, Selector},
    scenario::{parse_rack, validate_file},
};
use std::path::Path;

#[test]
fn the_rack_of_the_tests_is_read_whole() {
    let rack = parse_rack(include_str!("../data/rack-8.yaml"), "rack-8.yaml", Path::new("/lab")).unwrap();
    assert_eq!((rack.name.as_str(), rack.seed, rack.devices.len()), ("eight", 8, 8));
    assert_eq!(rack.sim_folder, Path::new("/lab/sim"));
    let lines: Vec<String> = rack.devices.iter().map(|device| device.line.to_string()).collect();
    assert_eq!(lines[..3], ["115200 8N1", "9600 8N1", "115200 8N1"]);
    assert_eq!(lines[4..], ["115200 8N2", "9600 8N2", "115200 7E1", "115200 7E1"]);
    let first = &rack.devices[0];
    assert_eq!(first.speaker.protocol, Protocol::AllinPay);
    assert_eq!(first.expected.terminal.as_deref(), Some("10000001"));
    assert_eq!(first.features, ["contactless", "printer"]);
    assert_eq!(first.labels, [("rack".to_owned(), "2".to_owned()), ("slot".to_owned(), "1".to_owned())]);
    assert_eq!(first.cards, CardSource::Nobody);
}

#[test]
fn a_rack_is_a_file_that_validate_knows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rack-8.yaml");
    assert_eq!(validate_file(&path, 0).unwrap().to_string(), "rack eight");
}

#[test]
fn real_ports_power_and_cards_are_read() {
    let rack = read(
        "
  - id: a
    driver: allinpay
    port: usb:0403:6001:A50285BI
    power: { off: [ uhubctl, -a, off ], on: [ uhubctl, -a, on ], within: 20s }
    cards: { command: [ card-mux, --slot ] }
  - { id: b, driver: zvt, port: \"tcp:192.0.2.7:20007\", cards: { robot: \"http://robot/\" } }
  - { id: c, driver: concert, port: \"location:1-1.4\", enabled: false, cards: { operator: true } }",
    )
    .unwrap();
    let [a, b, c] = &rack.devices[..] else { panic!("{rack:?}") };
    assert!(matches!(&a.port, Selector::Usb { vendor: 0x0403, product: 0x6001, serial: Some(_) }));
    let power = a.power.as_ref().unwrap();
    assert_eq!((power.off.join(" "), power.within.as_secs()), ("uhubctl -a off".to_owned(), 20));
    assert_eq!(a.cards, CardSource::Command(vec!["card-mux".to_owned(), "--slot".to_owned()]));
    assert!(b.speaker.is_tcp && b.cards == CardSource::Robot("http://robot/".to_owned()));
    assert!(!c.is_enabled && c.cards == CardSource::Operator);
}

/// All at once, each with its line.
#[test]
fn everything_that_is_wrong_is_told_before_a_port_is_opened() {
    let told = complaints(
        "
  - { id: a, driver: alinpay, port: sim:a }
  - { id: b, driver: zvt, port: sim:b, line: { baud: 9601, bits: 7, stop: 3 } }
  - { id: b, driver: concert, port: \"sim:B\", expect: { terminal: \"1\", serialNumber: X } }
  - { id: d/e, driver: df-tlv, port: \"tcp:host:1\", line: { bits: 9 } }
  - { id: f, driver: zvt, port: com1, expect: { terminal: abc } }
  - { id: g, driver: zvt, port: sim:g, expect: { terminal: abc } }
  - { id: h, driver: zvt, port: sim:h, cards: { command: [ x ], robot: \"ftp://r\" }, simulate: { faults: { drop: 120% } } }
  - { id: i, driver: zvt, port: sim:i, colour: red }",
    );
    insta::assert_snapshot!(told.join("\n"), @"
    4: unknown driver `alinpay`
    5: no serial port has 9601 baud; the nearest is 9600
    5: `zvt` needs 8 bits: its bytes have any value
    5: there are 1 or 2 stop bits
    6: the id `b` is there twice
    6: the port `sim:B` is there twice
    6: terminals that speak `concert` do not tell their terminal id
    6: terminals that speak `concert` do not tell their serial number
    7: an id has letters, digits, `-`, `_` and `.`, and begins with a letter or digit
    7: `df-tlv` is spoken on serial lines only
    7: a network address has no line to be set
    7: a byte has 5, 6, 7 or 8 bits
    8: expected a path below /dev, `usb:VID:PID[:SERIAL]`, `location:BUS-PORT`, `tcp:HOST:PORT` or `sim:NAME`
    9: a terminal id of ZVT has eight digits
    9: the terminal id `abc` is there twice
    10: cards come from an operator, a command or a robot: from one of them
    10: a robot is asked at an `http://` address
    10: expected a percentage such as 5%, from 0% to 100%
    11: unknown key `colour`
    ");
}

#[test]
fn a_rack_without_devices_is_none() {
    assert_eq!(complaints(" []"), ["3: this list is empty"]);
}

fn read(devices: &str) -> Result<Rack, posfleet::scenario::Diagnostics> {
    parse_rack(&format!("schema: 1\nname: lab\ndevices:{devices}\n"), "rack.yaml", Path::new("/lab"))
}

fn complaints(devices: &str) -> Vec<String> {
    let diagnostics = read(devices).unwrap_err();
    diagnostics.reports().iter().map(|report| format!("{}: {}", report.line, report.message)).collect()
}
