//! Signatures travel whole or in parts, with what the receipt said.

use crate::{
    draft::{Draft, numbers},
    terminal_rig::Rig,
};
use posfleet::{
    iso8583::De,
    operation::{End, Entry, Kind, Operation},
};

#[test]
fn a_signature_travels_whole_where_it_fits() {
    let mut rig = Rig::with(true, |profile| profile.signature_part = 65_535);
    rig.sign_in();
    rig.approve(rig.sale(Entry::Keyed));
    let mut parts = Vec::new();
    assert!(upload(&mut rig, &mut parts, b"00") == End::Approved);
    let size: usize = parts.iter().map(|part| part.raw(De::PRIVATE_62).len()).sum();
    let codes: Vec<String> = parts.iter().map(|part| part.text(De::PRIVATE_60).unwrap()).collect();
    if size <= 999 {
        assert_eq!(codes, ["07000001800"]);
    } else {
        assert_eq!(codes, ["07000001801", "07000001802", "07000001803"][..codes.len()]);
    }
}

#[test]
fn parts_count_up_and_are_the_same_every_time() {
    let sizes = |part: u16| {
        let mut rig = Rig::with(true, |profile| profile.signature_part = part);
        rig.sign_in();
        rig.approve(rig.sale(Entry::Keyed));
        let mut parts = Vec::new();
        assert!(upload(&mut rig, &mut parts, b"00") == End::Approved);
        parts
    };
    let (small, large) = (sizes(300), sizes(900));
    let whole = |parts: &[Draft]| {
        parts.iter().flat_map(|part| part.raw(De::PRIVATE_62).to_vec()).collect::<Vec<u8>>()
    };
    assert_eq!(whole(&small), whole(&large), "the picture follows from the transaction");
    assert!(small.len() > 1 && small.len() <= 9);
    for (place, part) in small.iter().enumerate() {
        assert_eq!(part.text(De::PRIVATE_60), Some(format!("0700000180{}", place + 1)));
        assert_eq!(part.text(De::STAN), Some(format!("{:06}", place + 3)));
        assert!(place + 1 == small.len() || part.raw(De::PRIVATE_62).len() == 300);
    }
    let tiny = sizes(1);
    assert!(tiny.len() <= 9, "the codes end at 809");
}

#[test]
fn a_part_says_what_was_signed() {
    let mut rig = Rig::signed_in(true);
    rig.approve(rig.sale(Entry::Keyed));
    let request = rig.ask(Operation::of(Kind::ESignature));
    assert_eq!(numbers(&request), [2, 4, 11, 15, 37, 38, 41, 42, 55, 60, 62]);
    let draft = Draft::of(&request);
    assert_eq!(draft.text(De::AMOUNT).as_deref(), Some("000000001234"));
    assert_eq!(draft.text(De::RRN).as_deref(), Some("123456789012"));
    let tags = draft.raw(De::ICC_DATA);
    assert!(tags.starts_with(&[0xFF, 0x00, 15]) && tags.windows(3).any(|tag| tag == [0xFF, 0x07, 6]));
}

#[test]
fn a_refused_part_ends_the_upload() {
    let mut rig = Rig::with(true, |profile| profile.signature_part = 100);
    rig.sign_in();
    rig.approve(rig.sale(Entry::Keyed));
    let mut parts = Vec::new();
    assert_eq!((upload(&mut rig, &mut parts, b"96"), parts.len()), (End::Declined, 1));
    rig.ask(Operation::of(Kind::ESignature));
    assert_eq!(rig.time_out().outcome().end, End::TimedOut);
    assert!(!rig.terminal.owes(), "a signature is not reversed");
}

fn upload(rig: &mut Rig, parts: &mut Vec<Draft>, code: &[u8]) -> End {
    let mut request = rig.ask(Operation::of(Kind::ESignature));
    loop {
        parts.push(Draft::of(&request));
        let step = rig.answer(Draft::reply_to(&request).with(De::RESPONSE_CODE, code));
        if rig.terminal.is_idle() {
            return step.outcome().end;
        }
        request = step.one_sent().to_vec();
    }
}
