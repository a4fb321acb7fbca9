//! Device profiles: the shipped ones against the frames of real lines, and everything that can be wrong in one.

use posfleet::{
    ecr::{
        Body, Checksum, Deframer, LengthForm, Piece, Service, Signalling, Verdict,
        script::{Exchange, Message, Script, Slot, Values},
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
        let values = asked(script, service).read(&payload(text)).unwrap();
        let request = values.request(service);
        match service {
            Service::Void => assert_eq!(request.original.unwrap().receipt, 15),
            Service::Sale => {
                assert_eq!((request.amount.minor(), values.get(Slot::Id)), (1_500, &b"ABC123"[..]))
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
    let written = asked(pax, Service::Status).write(&Default::default());
    assert_eq!(written, payload(pax, &frames("pax_poslink")[0]));
    let wiseasy = &shipped("wiseasy").script;
    let said: Vec<Vec<u8>> = frames("wiseasy_55aa").iter().map(|frame| payload(wiseasy, frame)).collect();
    assert_eq!(
        wiseasy.reply(&said[0]).map(|reply| reply.write(&Default::default())).as_ref(),
        Some(&said[1]),
        "a handshake is confirmed"
    );
    let (beat, every) = wiseasy.heartbeat.clone().unwrap();
    assert_eq!((beat.write(&Default::default()), every.as_secs()), (said[2].clone(), 2));
    let first = Values::default().with_number(Slot::Sequence, 1);
    assert_eq!(asked(wiseasy, Service::Status).write(&first), said[3]);
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
    let read = asked(script, Service::Sale).read(b"\x9f\x01\0\x01\x02\x9f\x02\0\x0c000000000110").unwrap();
    assert_eq!(read.request(Service::Sale).amount.minor(), 110);
    // A tag that tells the message from others must be there, and right.
    assert_eq!(asked(script, Service::Sale).read(b"\x9f\x01\0\x01\x03"), None);
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

#[test]
fn everything_that_is_wrong_with_steps_is_told_at_once() {
    let text = "
schema: 1
name: bad
variables: [ amount, session, session ]
frame: { preset: stx-lrc }
messages:
  hello: H
  hi: \"I{session}\"
  sale: \"S{amount}|\"
  line: \"L\"
  done: \"D{code}|\"
exchanges:
  sale:
    steps:
      - { send: hello, within: 1s, expect: [ { message: hi, approved: [ A ] } ] }
      - { prompt: remove the card, powerCycle: true, within: 1s }
      - { send: sale, within: 1s, onTimeout: again, expect: [ { message: line, then: print }, { message: done, then: next, wait: true } ] }
  void: { within: 5s }
  refund: { send: sale, within: 5s, steps: [ { prompt: put the goods back, within: 1m } ] }
  settlement: { send: sale, within: 5s, expect: [ { message: done, then: relay, same: [ amont ] } ] }
";
    let told = complaints(text);
    for expected in [
        "4: the value `amount` is there already",
        "4: the value `session` is there already",
        "16: a step is one of `send`, `prompt`, `powerCycle` and `reconnect`; answers come to `send` only",
        "17: the message has no `{line}`",
        "17: a message either says `wait`, or ends it with the codes that are `approved`, or has `then`",
        "18: an exchange has `send` and `within`, or `steps`",
        "19: `steps` stand alone: `send`, `expect` and `within` are said in them",
        "19: the last step sends the message that asks",
        "20: there is no value `amont`",
        "20: the message has no `{relay}`",
        "20: the host's answer goes back in a `reply` with `{relay}`",
        "20: nothing ends `settlement`: no message has `approved`",
    ] {
        assert!(told.iter().any(|one| one == expected), "{expected} is not among {told:#?}");
    }
    let again = text.replace("prompt: remove the card, powerCycle: true", "prompt: remove the card");
    for expected in [
        "13: step 1 of `sale` must lead to the next: `then: next`",
        "13: without `{id}` in its message, `sale` said again may be done again",
    ] {
        let told = complaints(&again);
        assert!(
            told.iter().any(|one| one.ends_with(expected.split_once(": ").unwrap().1)),
            "{expected}: {told:#?}"
        );
    }
}

fn complaints(text: &str) -> Vec<String> {
    let diagnostics = parse_device_profile(text, "bad.yaml").unwrap_err();
    diagnostics.reports().iter().map(|one| format!("{}: {}", one.line, one.message)).collect()
}

fn shipped(name: &str) -> Profile {
    let (_, text) = SHIPPED_DEVICES.iter().find(|(known, _)| *known == name).unwrap();
    parse_device_profile(text, name).unwrap_or_else(|error| panic!("{error}"))
}

fn exchange(script: &Script, service: Service) -> &Exchange {
    script.exchange(service).unwrap()
}

/// The message that asks for a service.
fn asked(script: &Script, service: Service) -> &Message {
    exchange(script, service).request().unwrap().1
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
