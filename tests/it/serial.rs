//! The frames of real serial lines: every entry of `tests/data/serial-frames.json`.

use posfleet::{
    ecr::{
        Checksum, Deframer, Frame, FrameError, Link, LinkPolicy, Piece, Role, Service, Verdict, caisse,
        concert, mis, signal, zvt,
    },
    money::Amount,
};
use serde_json::Value;

#[test]
fn every_section_of_the_vectors_is_tested() {
    let vectors = vectors();
    let sections: Vec<&String> = vectors.as_object().unwrap().keys().collect();
    let tested = [
        "_note",
        "allinpay_mis",
        "bcdlen_trap",
        "concert_v2_eplus",
        "concert_v3_caisse_ap",
        "crc",
        "df_tlv_mis",
        "ingenico_iself_it",
        "pax_poslink",
        "transbank",
        "wiseasy_55aa",
        "zvt_serial",
        "zvt_serial_negative",
    ];
    let forgotten: Vec<_> =
        sections.into_iter().filter(|section| !tested.contains(&section.as_str())).collect();
    assert_eq!(forgotten, [""; 0]);
}

#[test]
fn checksums_have_the_values_of_the_catalogue() {
    let check = vectors()["crc"]["zvt"]["check_123456789"].as_str().unwrap().to_owned();
    let sum = Checksum::Kermit.of(b"123456789");
    assert_eq!(format!("0x{:02x}{:02x}", sum[1], sum[0]), check);
}

#[test]
fn zvt_frames_are_cut_built_and_read() {
    for entry in section("zvt_serial") {
        let (frame, apdu, what) =
            (bytes(&entry, "frame"), bytes(&entry, "apdu"), entry["what"].as_str().unwrap());
        assert_eq!(pieces(&Frame::ZVT_SERIAL, &frame), [Piece::Frame(apdu.clone())], "{what}");
        assert_eq!(built(&Frame::ZVT_SERIAL, &apdu), frame, "{what}");
        assert_eq!(pieces(&Frame::ZVT_TCP, &apdu), [Piece::Frame(apdu.clone())], "{what}");
        assert_eq!(frame[frame.len() - 2..], bytes(&entry, "crc_le"), "{what}");
        assert_eq!(zvt::Apdu::parse(&apdu).unwrap().write(), apdu, "{what}");
        let message = zvt::Message::parse(&apdu).unwrap();
        // These say more than is kept.
        let is_cut = matches!(message, zvt::Message::Status(_) | zvt::Message::Completion { .. })
            || matches!(message, zvt::Message::Authorisation { .. } if apdu.contains(&0x44));
        assert!(is_cut || message.write() == apdu, "{what}: {message:?}");
    }
}

#[test]
fn zvt_commands_mean_what_the_vectors_say() {
    let messages: Vec<_> = section("zvt_serial")
        .iter()
        .map(|entry| zvt::Message::parse(&bytes(entry, "apdu")).unwrap())
        .collect();
    let eur = 978;
    for expected in [
        zvt::Message::Registration { password: 123_456, config: 0xDE, currency: Some(eur) },
        zvt::Message::Completion { status: Some(0x10), terminal: Some(52_523_535), version: "".into() },
        zvt::Message::Authorisation { amount: Amount::from_minor(100), currency: eur, id: 1 },
        zvt::Message::Authorisation { amount: Amount::from_minor(1250), currency: eur, id: 0 },
        zvt::Message::Intermediate { code: 0x0A, minutes: None },
        zvt::Message::Aborted(0x6C),
        zvt::Message::PrintLine { attribute: 0, text: "RECEIPT LINE 1".into() },
        zvt::Message::Negative(0x9C),
        zvt::Message::Positive,
    ] {
        assert!(messages.contains(&expected), "{expected:?}");
    }
    let told =
        zvt::Message::Completion { status: Some(0), terminal: Some(52_523_535), version: "2.0.9".into() };
    assert_eq!(zvt::Message::parse(&told.write()).unwrap(), told, "the end of a status enquiry");
    let results: Vec<u8> = messages.iter().filter_map(status).collect();
    assert_eq!(results, [0x6C, 0x00]);
    let block = messages.iter().find_map(|message| match message {
        zvt::Message::PrintBlock(lines) => Some(lines.clone()),
        _ => None,
    });
    assert_eq!(block.unwrap().iter().map(|line| line.0.len()).collect::<Vec<_>>(), [288]);
}

#[test]
fn broken_zvt_frames_are_refused_once() {
    for entry in section("zvt_serial_negative") {
        let frame = bytes(&entry, "frame");
        let found = pieces(&Frame::ZVT_SERIAL, &frame);
        assert!(
            matches!(found[..], [Piece::Bad(FrameError::Check | FrameError::Escape)]),
            "{entry}: {found:?}"
        );
        let mut link = Link::new(Frame::ZVT_SERIAL, LinkPolicy::ZVT, Role::Terminal);
        link.receive(posfleet::time::Instant::START, &frame);
        assert_eq!(std::mem::take(link.outgoing()), [signal::NAK], "{entry}");
        assert_eq!(link.poll(), None);
    }
}

#[test]
fn frames_with_an_lrc_are_cut_and_built() {
    for (name, frame) in [
        ("pax_poslink", Frame::STX_LRC),
        ("transbank", Frame::STX_LRC),
        ("ingenico_iself_it", Frame::ISELF),
        ("allinpay_mis", Frame::STX_BCD),
        ("df_tlv_mis", Frame::STX_BCD),
        ("wiseasy_55aa", Frame::WISEASY),
    ] {
        let entries = section(name);
        assert!(!entries.is_empty());
        for entry in entries {
            carries(&frame, &bytes(&entry, "frame"));
        }
    }
}

#[test]
fn concert_messages_are_read_and_written() {
    let entries = vectors()["concert_v2_eplus"]["frames"].as_array().unwrap().clone();
    for entry in &entries {
        let frame = bytes(entry, "frame");
        assert_eq!(frame.len() as u64, entry["len"].as_u64().unwrap());
        let text = carries(&Frame::STX_LRC, &frame);
        if entry["dir"] == "ecr>tpe" {
            let request = concert::Request::parse(&text).unwrap();
            assert_eq!((request.amount, request.service), (Amount::from_minor(1250), Service::Sale));
            assert_eq!(request.write(), text);
        } else {
            let reply = concert::Reply::parse(&text).unwrap();
            let is_done = entry["what"].as_str().unwrap().contains("accepted");
            assert_eq!(reply.to_answer().verdict == Verdict::Approved, is_done);
            match &reply.report {
                Some(card) => assert_eq!(card.to_string(), "497010******0007"),
                None => assert_eq!(reply.write(), text),
            }
        }
    }
    assert_eq!(entries.len(), 5);
}

#[test]
fn caisse_ap_messages_are_read_and_written() {
    let vectors = vectors();
    let section = &vectors["concert_v3_caisse_ap"];
    let texts =
        section["tcp"].as_array().unwrap().iter().map(|entry| entry["ascii"].as_str().unwrap().as_bytes());
    let mut texts: Vec<Vec<u8>> = texts.map(<[u8]>::to_vec).collect();
    for entry in section["serial"].as_array().unwrap() {
        texts.push(carries(&Frame::STX_LRC, &bytes(entry, "frame")));
    }
    let mut results = Vec::new();
    for text in texts {
        assert_eq!(caisse::Tags::parse(&text).unwrap().write(), text);
        let message = caisse::Message::parse(&text).unwrap();
        assert_eq!((message.action, message.currency), (caisse::Action::DEBIT, 978));
        assert_eq!(caisse::Message::parse(&message.write()).as_ref(), Ok(&message));
        results.push((message.amount.minor(), message.result));
    }
    assert_eq!(
        results,
        [
            (12_345, None),
            (2_500, None),
            (2_500, None),
            (2_500, Some(*b"10")),
            (2_500, Some(*b"01")),
            (2_500, None)
        ]
    );
}

#[test]
fn allinpay_messages_are_read_and_written() {
    let preset = mis::Preset::allinpay();
    let said = said("allinpay_mis", &preset);
    let services: Vec<_> = said.iter().filter_map(request).map(|request| request.service).collect();
    assert_eq!(services, [Service::SignIn, Service::Sale, Service::Refund, Service::Settlement]);
    let refund = said.iter().filter_map(request).nth(2).unwrap();
    let original = refund.original.clone().unwrap();
    assert_eq!((&*original.reference.0, original.date), (&b"925498334778"[..], 911));
    assert!(matches!(&said[4], mis::Message::RelayAnswer(Some(bytes)) if bytes.0 == b"\x00\x04TEST"));
    let mis::Message::Answer { answer, .. } = &said[5] else { panic!("{:?}", said[5]) };
    assert_eq!((answer.verdict, answer.amount.minor(), answer.receipt), (Verdict::Approved, 110, 5));
    assert_eq!(answer.card.to_string(), "622588******0088");
    for (entry, message) in section("allinpay_mis").iter().zip(&said) {
        let payload = carries(&Frame::STX_BCD, &bytes(entry, "frame"));
        let written = preset.write(&mis::Packet { echo: 0, message: message.clone() });
        // The operator of the sale and the merchant of the answer are not said.
        let is_cut = entry["what"].as_str().unwrap().starts_with("sale");
        assert!(is_cut || written == payload, "{entry}");
    }
}

#[test]
fn df_tlv_messages_are_read() {
    let said = said("df_tlv_mis", &mis::Preset::df_tlv());
    let asked: Vec<_> =
        said.iter().filter_map(request).map(|request| (request.service, request.amount.minor())).collect();
    assert_eq!(asked, [(Service::SignIn, 0), (Service::Sale, 20), (Service::Void, 20)]);
    assert_eq!(request(&said[2]).unwrap().original.as_ref().unwrap().receipt, 5);
    let mis::Message::Answer { answer, service, .. } = &said[3] else { panic!("{:?}", said[3]) };
    assert_eq!((*service, answer.verdict, answer.amount.minor()), (Service::Sale, Verdict::Approved, 20));
    assert_eq!((answer.trace, answer.receipt), (65, 5));
    assert_eq!(answer.card.to_string(), "**********84");
}

#[test]
fn lengths_are_decimal_digits() {
    for entry in section("bcdlen_trap") {
        let data = vec![b'A'; entry["data_len"].as_u64().unwrap() as usize];
        let frame = built(&Frame::STX_BCD, &data);
        assert_eq!(frame[1..3], bytes(&entry, "len_bytes"), "{entry}");
        assert_eq!(carries(&Frame::STX_BCD, &frame), data);
    }
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../data/serial-frames.json")).unwrap()
}

fn section(name: &str) -> Vec<Value> {
    vectors()[name].as_array().unwrap().clone()
}

fn bytes(entry: &Value, name: &str) -> Vec<u8> {
    let digits = entry[name].as_str().unwrap().as_bytes();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn pieces(frame: &Frame, bytes: &[u8]) -> Vec<Piece> {
    let mut deframer = Deframer::default();
    deframer.push(bytes);
    std::iter::from_fn(|| deframer.next_piece(frame)).collect()
}

fn built(frame: &Frame, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.build(payload, &mut bytes).unwrap();
    bytes
}

/// The payload of a frame that is built from it again.
fn carries(frame: &Frame, bytes: &[u8]) -> Vec<u8> {
    let found = pieces(frame, bytes);
    let [Piece::Frame(payload)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(built(frame, payload), bytes);
    payload.clone()
}

fn said(name: &str, preset: &mis::Preset) -> Vec<mis::Message> {
    let read = |entry: &Value| {
        let payload = carries(&Frame::STX_BCD, &bytes(entry, "frame"));
        let fields = mis::Fields::parse(preset.coding(), &payload).unwrap();
        let data_len = payload.len() as u64;
        assert_eq!(entry["data_len"].as_u64(), Some(data_len));
        // A length of BER may be longer than it must.
        assert!(fields.write(preset.coding()) == payload || name == "df_tlv_mis");
        preset.parse(&payload).unwrap().message
    };
    section(name).iter().map(read).collect()
}

fn request(message: &mis::Message) -> Option<&posfleet::ecr::Request> {
    match message {
        mis::Message::Request(request) => Some(request),
        _ => None,
    }
}

fn status(message: &zvt::Message) -> Option<u8> {
    match message {
        zvt::Message::Status(status) => Some(status.result),
        _ => None,
    }
}
