//! Device profiles: the shipped ones against the frames of real lines, and everything that can be wrong in one.

use posfleet::{
    ecr::{
        Body, Checksum, Deframer, LengthForm, Piece, Service, Signalling, Verdict,
        script::{Exchange, Script, Slot},
    },
    rack::Profile,
    scenario::{SHIPPED_DEVICES, parse_device_profile, validate_file},
};
use serde_json::Value;
use std::path::Path;

#[test]
fn every_shipped_profile_is_valid_and_its_file_is_known_for_what_it_is() {
    for (name, _) in SHIPPED_DEVICES {
        assert_eq!(shipped(name).name, name);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/devices/{name}.yaml"));
        assert_eq!(validate_file(&path, 0).unwrap().to_string(), format!("device profile {name}"));
    }
}

#[test]
fn the_frames_of_the_profiles_carry_those_of_real_lines() {
    for (section, name) in [
        ("transbank", "transbank"),
        ("pax_poslink", "pax"),
        ("wiseasy_55aa", "wiseasy"),
        ("ingenico_iself_it", "iself"),
    ] {
        let script = &shipped(name).script;
        for payload in frames(section).iter().map(|frame| payload(script, frame)) {
            assert!(!payload.is_empty());
        }
    }
}

#[test]
fn transbank_says_what_its_documents_say() {
    let script = &shipped("transbank").script;
    let frames = frames("transbank");
    let payload = |text: &str| {
        let found = frames
            .iter()
            .map(|frame| payload(script, frame))
            .find(|payload| payload.starts_with(text.as_bytes()));
        found.unwrap_or_else(|| panic!("no frame with {text}"))
    };
    for (service, text) in [
        (Service::Status, "0100"),
        (Service::Settlement, "0500||"),
        (Service::Void, "1200|15|"),
        (Service::Sale, "0200|1500|ABC123|||0|"),
    ] {
        let asked = exchange(script, service).send.read(&payload(text)).unwrap();
        let request = asked.request(service);
        match service {
            Service::Void => assert_eq!(request.original.unwrap().receipt, 15),
            Service::Sale => {
                assert_eq!((request.amount.minor(), asked.get(Slot::Id)), (1_500, &b"ABC123"[..]))
            }
            _ => assert_eq!((request.amount.minor(), request.original), (0, None)),
        }
    }
    let (meaning, values) = exchange(script, Service::Sale).read(&payload("0210|")).unwrap();
    let answer = values.answer(meaning.verdict(&values).unwrap());
    let told = (
        answer.verdict,
        answer.amount.minor(),
        answer.receipt,
        &answer.terminal.0[..],
        &answer.approval.0[..],
    );
    assert_eq!(told, (Verdict::Approved, 1_500, 1, &b"75001087"[..], &b"XZ123456"[..]));
    let (meaning, values) = exchange(script, Service::SignIn).read(&payload("0810|")).unwrap();
    assert_eq!(
        (meaning.verdict(&values), values.get(Slot::Terminal)),
        (Some(Verdict::Approved), &b"75001087"[..])
    );
}

#[test]
fn pax_and_wiseasy_begin_as_real_ones_do() {
    let pax = &shipped("pax").script;
    let written = exchange(pax, Service::Status).send.write(&Default::default());
    assert_eq!(written, payload(pax, &frames("pax_poslink")[0]));
    let wiseasy = &shipped("wiseasy").script;
    let said: Vec<Vec<u8>> = frames("wiseasy_55aa").iter().map(|frame| payload(wiseasy, frame)).collect();
    assert_eq!(wiseasy.reply(&said[0]).as_ref(), Some(&said[1]), "a handshake is confirmed");
    let (beat, every) = wiseasy.heartbeat.clone().unwrap();
    assert_eq!((beat.write(&Default::default()), every.as_secs()), (said[2].clone(), 2));
    assert_eq!(exchange(wiseasy, Service::Status).send.write(&Default::default()), said[3]);
}

/// A lab writes its own terminal's frame and messages without a preset.
#[test]
fn a_terminal_of_ones_own_is_described_whole() {
    let profile = parse_device_profile(
        "
schema: 1
name: own
line: { baud: 19200, bits: 8, parity: even, stop: 1 }
frame:
  start: \"02\"
  length: { form: ascii, bytes: 3 }
  end: \"03\"
  check: { kind: xor, post: \"7f\", covers: [ start, length, end ] }
  signals: \"0615\"
  max: 500
link: { acknowledge: terminal, timeout: 1s, repeats: 1 }
messages:
  sale: { tags: flat, fields: { 9F01: \"\\x02\", 9F02: \"{amount:12}\", 9FFF: \"{id:6}\" } }
  done: { tags: flat, fields: { 9F14: \"{code}\", 9F02: \"{amount:12}\", 9FFF: \"{id:6}\" } }
exchanges:
  sale: { send: sale, within: 60s, expect: [ { message: done, approved: [ \"00\", Y1 ] } ] }
",
        "own.yaml",
    )
    .unwrap();
    let script = &profile.script;
    assert_eq!(
        (profile.line.to_string().as_str(), script.link.signalling),
        ("19200 8E1", Signalling::ByTerminal)
    );
    assert!(matches!(script.frame.body, Body::Counted(field) if field.form == LengthForm::Ascii(3)));
    assert_eq!(
        (script.frame.check, &*script.frame.signals),
        (Checksum::Xor { post: 0x7F }, &[0x06, 0x15][..])
    );
    let read =
        exchange(script, Service::Sale).send.read(b"\x9f\x01\0\x01\x02\x9f\x02\0\x0c000000000110").unwrap();
    assert_eq!(read.request(Service::Sale).amount.minor(), 110);
    // A tag that tells the message from others must be there, and right.
    assert_eq!(exchange(script, Service::Sale).send.read(b"\x9f\x01\0\x01\x03"), None);
    let mut frame = Vec::new();
    script.frame.build(b"A", &mut frame).unwrap();
    assert_eq!(frame, [2, b'0', b'0', b'1', b'A', 3, 2 ^ b'0' ^ b'0' ^ b'1' ^ b'A' ^ 3 ^ 0x7F]);
}

#[test]
fn everything_that_is_wrong_with_a_profile_is_told_at_once() {
    let text = "
schema: 1
name: bad
frame: { start: \"2\", check: { kind: xor } }
messages:
  sale: \"0200|{amout}\"
  half: \"{amount\"
  done: \"0210|{code}\"
exchanges:
  sale: { send: sale, within: 60s, expect: [ { message: done } ] }
  sail: { send: dune, within: 60s }
last: { send: done, within: 5s, expect: [ { message: done, approved: [ \"00\" ] } ] }
";
    let diagnostics = parse_device_profile(text, "bad.yaml").unwrap_err();
    let told: Vec<String> =
        diagnostics.reports().iter().map(|one| format!("{}: {}", one.line, one.message)).collect();
    for expected in [
        "4: expected pairs of hexadecimal digits",
        "4: a frame ends by its length, by its end bytes, or by the escape and one byte more",
        "6: there is no value `amout`",
        "7: a `{` has no `}`; a brace of the message itself is `{{`",
        "10: a message either says `wait`, or ends it with the codes that are `approved`",
        "11: unknown service `sail`",
        "11: there is no message `dune`",
        "12: without `{id}` in every answer here, the last transaction may be anybody's",
    ] {
        assert!(told.iter().any(|one| one == expected), "{expected} is not among {told:#?}");
    }
}

fn shipped(name: &str) -> Profile {
    let (_, text) = SHIPPED_DEVICES.iter().find(|(known, _)| *known == name).unwrap();
    parse_device_profile(text, name).unwrap_or_else(|error| panic!("{error}"))
}

fn exchange(script: &Script, service: Service) -> &Exchange {
    script.exchange(service).unwrap()
}

/// The frames of a section of the vectors.
fn frames(section: &str) -> Vec<Vec<u8>> {
    let vectors: Value = serde_json::from_str(include_str!("../data/serial-frames.json")).unwrap();
    let bytes = |entry: &Value| {
        let digits = entry["frame"].as_str().unwrap();
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    };
    vectors[section].as_array().unwrap().iter().map(bytes).collect()
}

/// The payload of a frame that is built from it again.
fn payload(script: &Script, frame: &[u8]) -> Vec<u8> {
    let mut deframer = Deframer::default();
    deframer.push(frame);
    let Some(Piece::Frame(payload)) = deframer.next_piece(&script.frame) else {
        panic!("{frame:02x?} is no frame")
    };
    let mut built = Vec::new();
    script.frame.build(&payload, &mut built).unwrap();
    assert_eq!(built, frame);
    payload
}
