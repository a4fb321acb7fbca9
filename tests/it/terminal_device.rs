//! What a terminal tells of the device behind its numbers, and when.

use crate::{draft::Draft, terminal_rig::Rig};
use posfleet::{
    iso8583::{De, Parameters, serial_of_sequence_no},
    operation::{Kind, Operation},
    terminal::FIRMWARE,
};
use std::collections::BTreeMap;

/// The parts of a status upload by their tags.
fn status(rig: &mut Rig) -> BTreeMap<u8, String> {
    let request = Draft::of(&rig.ask(Operation::management(Kind::StatusUpload)));
    let parts = Parameters::reported(request.raw(De::PRIVATE_62)).map(Result::unwrap);
    parts.map(|(part, value)| (part.tag, String::from_utf8_lossy(value).trim().to_owned())).collect()
}

#[test]
fn a_sign_in_names_the_device_where_the_profile_says_so() {
    let mut rig = Rig::with(true, |profile| profile.tells_device = true);
    let request = Draft::of(&rig.ask(Operation::management(Kind::SignIn)));
    assert_eq!(serial_of_sequence_no(request.raw(De::PRIVATE_62)), Some("SN10000001"));
    let mut rig = Rig::new(true);
    let request = Draft::of(&rig.ask(Operation::management(Kind::SignIn)));
    assert_eq!(request.text(De::PRIVATE_62), None);
}

#[test]
fn a_status_tells_battery_firmware_and_serial_number() {
    let mut rig = Rig::with(true, |profile| profile.tells_device = true);
    let told = status(&mut rig);
    let charge: u8 = told[&61].parse().unwrap();
    assert!((30..=100).contains(&charge), "{charge}");
    assert_eq!((told[&62].as_str(), told[&63].as_str()), (FIRMWARE, "SN10000001"));
    let mut rig = Rig::with(true, |profile| (profile.tells_device, profile.battery) = (true, Some(7)));
    assert_eq!(status(&mut rig)[&61], "007");
    assert!(!status(&mut Rig::new(true)).contains_key(&61), "others tell what the dialect has");
}

#[test]
fn a_device_out_of_the_store_tells_its_own_number() {
    let mut rig = Rig::with(true, |profile| profile.tells_device = true);
    rig.terminal.replace_device("N00000000001");
    assert_eq!(status(&mut rig)[&63], "N00000000001");
}
