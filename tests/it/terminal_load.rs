//! An operator loads other numbers into a terminal: what goes on, what begins anew, and when it is refused.

use crate::{draft::Draft, terminal_rig::Rig};
use posfleet::{
    crypto::Tmk,
    iso8583::{BatchNo, De},
    operation::{Entry, Kind, Operation},
    terminal::{Input, LoadError},
};

fn load(rig: &mut Rig) -> Result<(), LoadError> {
    let (id, merchant) = (NEW_TERMINAL.parse().unwrap(), NEW_MERCHANT.parse().unwrap());
    rig.terminal.load(id, merchant, NEW_KEY.parse().unwrap())
}

#[test]
fn the_next_messages_carry_the_new_numbers_under_the_new_key() {
    let mut rig = Rig::signed_in(true);
    let (serial, stan) = (rig.terminal.serial().into_owned(), rig.terminal.next_stan());
    load(&mut rig).unwrap();
    assert_eq!(rig.terminal.id().as_str(), NEW_TERMINAL);
    assert_eq!(
        (serial.as_str(), &*rig.terminal.serial()),
        ("SN10000001", "SN10000001"),
        "it is the same device"
    );
    assert_eq!((rig.terminal.next_stan(), rig.terminal.batch()), (stan, BatchNo::FIRST));
    assert!(!rig.terminal.is_signed_in(), "the keys were those of the old numbers");
    let request = rig.ask(rig.sale(Entry::Keyed));
    let sign_in = Draft::of(&request);
    assert_eq!(sign_in.raw(De::TERMINAL_ID), NEW_TERMINAL.as_bytes());
    assert_eq!(sign_in.raw(De::MERCHANT_ID), NEW_MERCHANT.as_bytes());
    let mut sealed = Vec::new();
    rig.keys.wrap(&NEW_KEY.parse::<Tmk>().unwrap(), &mut sealed).unwrap();
    let step = rig.answer(rig.sign_in_reply(&request).with(De::PRIVATE_62, &sealed));
    let sale = step.one_sent().to_vec();
    assert!(rig.answer(rig.approval(&sale)).is_approved());
    let kept = &rig.terminal.log().at(0).unwrap();
    assert_eq!(kept.batch, BatchNo::FIRST);
}

#[test]
fn the_old_master_key_is_gone() {
    let mut rig = Rig::new(true);
    load(&mut rig).unwrap();
    let request = rig.ask(Operation::management(Kind::SignIn));
    rig.answer(rig.sign_in_reply(&request));
    assert!(!rig.terminal.is_signed_in(), "keys under the old master key do not check");
}

#[test]
fn what_the_old_numbers_owe_comes_first() {
    let mut rig = Rig::signed_in(true);
    rig.ask(rig.sale(Entry::Keyed));
    assert_eq!(load(&mut rig), Err(LoadError::Busy));
    rig.input(Input::PowerCut);
    assert_eq!(load(&mut rig), Err(LoadError::Owes));
    let mut rig = Rig::signed_in(true);
    rig.approve(rig.sale(Entry::Keyed));
    let (id, merchant) = (rig.terminal.id(), rig.terminal.merchant());
    assert_eq!(load(&mut rig), Err(LoadError::NotSettled));
    assert_eq!((rig.terminal.id(), rig.terminal.merchant()), (id, merchant));
    assert!(rig.terminal.is_signed_in(), "a refusal changes nothing");
}

#[test]
fn a_settlement_that_is_not_finished_comes_first() {
    let mut rig = Rig::signed_in(true);
    rig.ask(Operation::management(Kind::Settlement));
    rig.input(Input::PowerCut);
    assert!(rig.terminal.is_settling() && rig.terminal.log().is_empty());
    assert_eq!(load(&mut rig), Err(LoadError::NotSettled));
}

const NEW_TERMINAL: &str = "90000001";
const NEW_MERCHANT: &str = "898900000000001";
const NEW_KEY: &str = "FEDCBA98765432100123456789ABCDEF";
