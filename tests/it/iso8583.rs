//! The codec against published messages, and against bytes nobody published.

use std::collections::BTreeMap;

use posfleet::iso8583::{
    BitmapCoding, Content, De, Deframer, Description, Element, Flaw, FrameError, FrameHead, Framing,
    LengthHeader, Masking, Message, Mti, PackError, Packer, Place, Prefix, Spec, Transcript, Value,
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    name: String,
    hex: String,
    dialect: String,
    framing: String,
    decoded: Decoded,
    #[serde(default)]
    spec_override: BTreeMap<De, (String, Size)>,
    #[serde(default)]
    bitmap_encoding: String,
    #[serde(default)]
    mac_absent: bool,
}

#[derive(Deserialize)]
struct Decoded {
    mti: String,
    tpdu: Option<String>,
    header: Option<String>,
    fields: BTreeMap<De, String>,
    #[serde(default)]
    pads: BTreeMap<De, String>,
    len_mismatch: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Size {
    Fixed(u16),
    Prefixed(String, u32),
}

#[test]
fn published_messages_decode_to_what_their_sources_say() {
    for vector in vectors() {
        let (spec, bytes) = (vector.spec(), vector.bytes());
        let (head, body) = vector.open(&spec, &bytes);
        let message = vector.parse(&spec, body);
        assert_eq!(message.mti().to_string(), vector.decoded.mti, "{}", vector.name);
        assert_eq!(vector.decoded.tpdu, spec.framing.tpdu.then(|| head.tpdu.to_string()), "{}", vector.name);
        assert_eq!(
            vector.decoded.header,
            spec.framing.header.then(|| head.header.to_string()),
            "{}",
            vector.name
        );
        let elements: BTreeMap<_, _> = message.elements().map(|(de, value)| (de, text(value))).collect();
        assert_eq!(elements, vector.fields(&spec), "{}", vector.name);
    }
}

#[test]
fn published_messages_encode_to_the_same_bytes() {
    for vector in vectors() {
        let (spec, bytes) = (vector.spec(), vector.bytes());
        let (head, body) = vector.open(&spec, &bytes);
        let message = vector.parse(&spec, body);
        let mut buffer = b"before".to_vec();
        let mut packer = Packer::new(&spec, &mut buffer, &head, message.mti());
        for (de, value) in message.elements() {
            packer.put(de, &logical(value));
        }
        if vector.mac_absent {
            let mut covered = Vec::new();
            packer.finish_with_mac(|data| (covered = data.to_vec(), [0; 8]).1).unwrap();
            assert_eq!(covered, body, "{}", vector.name);
            continue;
        }
        packer.finish().unwrap();
        let start = if vector.decoded.len_mismatch.is_some() { 2 } else { 0 };
        assert_eq!(hex(&buffer[6 + start..]), hex(&bytes[start..]), "{}", vector.name);
    }
}

#[test]
fn published_messages_survive_copying_and_transcripts() {
    for vector in vectors().into_iter().filter(|vector| !vector.mac_absent) {
        let (spec, bytes) = (vector.spec(), vector.bytes());
        let (head, body) = vector.open(&spec, &bytes);
        let message = vector.parse(&spec, body);

        let mut copied = Vec::new();
        let mut packer = Packer::unframed(&spec, &mut copied, message.mti());
        message.numbers().for_each(|de| _ = packer.copy(&message, de));
        packer.finish().unwrap();
        assert_eq!(copied, body, "{}", vector.name);

        let json = serde_json::to_string(&Transcript::of(&message, Some(&head), Masking::Unmasked)).unwrap();
        let mut packed = Vec::new();
        serde_json::from_str::<Transcript>(&json).unwrap().pack_unframed(&spec, &mut packed).unwrap();
        assert_eq!(packed, body, "{}", vector.name);
    }
}

#[test]
fn a_wrong_length_header_is_refused() {
    let vector = vectors().into_iter().find(|vector| vector.decoded.len_mismatch.is_some()).unwrap();
    let error = Framing::UNIONPAY.open(&vector.bytes()).err().unwrap();
    assert_eq!(error, FrameError::LengthMismatch { said: 170, found: 142 });
}

#[test]
fn mac_covers_mti_to_the_byte_before_it() {
    let vector = vector("0200 QR/other request for MAC vector V2");
    let (spec, bytes) = (vector.spec(), vector.bytes());
    let message = Message::parse(&spec, &bytes[13..]).unwrap();
    assert_eq!(message.mac_data().unwrap(), &bytes[13..13 + 108]);
    assert!(message.mac().unwrap().is(b"B3A092AE"));
}

#[test]
fn a_message_that_ends_before_its_mac_needs_the_option() {
    let vector = vectors().into_iter().find(|vector| vector.mac_absent).unwrap();
    let (spec, bytes) = (vector.spec(), vector.bytes());
    let error = Message::parse(&spec, &bytes).unwrap_err();
    assert_eq!((error.place, error.offset), (Place::Element(De::MAC), bytes.len()));
    let message = Message::parse_mac_absent(&spec, &bytes).unwrap();
    assert!(message.mac().is_none() && message.mac_data().is_none());
    let whole = [&bytes[..], b"28C7AFB5"].concat();
    assert_eq!(Message::parse_mac_absent(&spec, &whole).unwrap_err().flaw, Flaw::Trailing { bytes: 8 });
}

#[test]
fn entry_mode_is_left_aligned_and_card_sequence_right() {
    let mut buffer = Vec::new();
    let mut pack = |spec: &Spec| {
        buffer.clear();
        Packer::unframed(spec, &mut buffer, Mti::FINANCIAL)
            .put(De::ENTRY_MODE, b"021")
            .put_number(De::CARD_SEQUENCE, 1)
            .finish()
            .unwrap();
        hex(&buffer[10..])
    };
    assert_eq!(pack(Spec::unionpay()), "02100001");
    assert_eq!(pack(Spec::iso87_binary()), "00210001");
}

#[test]
fn unused_nibbles_are_ignored_when_read() {
    let body = bytes("0200 0000060000000010 021F F001 0003 123F".replace(' ', "").as_str());
    let message = Message::parse(Spec::unionpay(), &body).unwrap();
    assert_eq!(message.number(De::ENTRY_MODE), Some(21));
    assert_eq!(message.number(De::CARD_SEQUENCE), Some(1));
    assert!(message.get(De::PRIVATE_60).unwrap().is(b"123"));
    let clean = bytes("0200000006000000001002100001000312300".strip_suffix('0').unwrap());
    let clean = Message::parse(Spec::unionpay(), &clean).unwrap();
    for de in message.numbers() {
        assert!(message.same(de, &clean), "{de}");
    }
}

#[test]
fn tracks_hold_every_nibble_and_either_separator() {
    let spec = Spec::unionpay();
    for track in ["0123456789ABCDEF", "6212=3012", "6212D3012", "abcdef012345678"] {
        let mut body = Vec::new();
        Packer::unframed(spec, &mut body, Mti::FINANCIAL).put(De::TRACK2, track.as_bytes()).finish().unwrap();
        let value = Message::parse(spec, &body).unwrap().get(De::TRACK2).map(text).unwrap();
        assert_eq!(value, track.replace('=', "D").to_uppercase());
    }
    let error =
        Packer::unframed(spec, &mut Vec::new(), Mti::FINANCIAL).put(De::TRACK2, b"6212^3012").finish();
    assert_eq!(error, Err(PackError::BadCharacter(De::TRACK2)));
}

#[test]
fn values_compare_across_dialects() {
    let (mut packed, mut ascii) = (Vec::new(), Vec::new());
    for (spec, buffer) in [(Spec::unionpay(), &mut packed), (Spec::iso87_ascii(), &mut ascii)] {
        Packer::unframed(spec, buffer, Mti::FINANCIAL)
            .put(De::PAN, b"6212260000000005573")
            .put_number(De::AMOUNT, 12_345)
            .put(De::TRACK2, b"6212=3012")
            .put(De::PIN_BLOCK, &[0xAB; 8])
            .finish()
            .unwrap();
    }
    let packed = Message::parse(Spec::unionpay(), &packed).unwrap();
    let ascii = Message::parse(Spec::iso87_ascii(), &ascii).unwrap();
    for de in packed.numbers() {
        assert!(packed.same(de, &ascii) && ascii.same(de, &packed), "{de}");
        assert!(ascii.get(de).unwrap().is(&logical(packed.get(de).unwrap())), "{de}");
    }
    assert!(!packed.same(De::STAN, &ascii));
    let mut copied = Vec::new();
    let mut packer = Packer::unframed(Spec::iso87_ascii(), &mut copied, Mti::FINANCIAL);
    packed.numbers().for_each(|de| _ = packer.copy(&packed, de));
    packer.finish().unwrap();
    assert_eq!(copied, ascii.bytes());
}

#[test]
fn errors_name_the_element_and_its_place() {
    let cases = [
        ("02", "MTI at byte 0: needs 2 bytes, 1 are left"),
        ("02A00000000000000000", "MTI at byte 0: holds something else than digits"),
        ("02000000", "bitmap at byte 2: needs 8 bytes, 2 are left"),
        ("0200C000000000000000", "bitmap at byte 10: bit 1 is set but the spec has no second bitmap"),
        ("02002000000000000000 0000", "DE 3 at byte 10: needs 3 bytes, 2 are left"),
        ("02002000000000000000 00000A", "DE 3 at byte 10: holds something else than digits"),
        ("02004000000000000000 20", "DE 2 at byte 10: length 20 is over the maximum of 19"),
        ("02004000000000000000 1A", "DE 2 at byte 10: its length is not a number"),
        ("02004000000000000000 0412", "DE 2 at byte 10: needs 3 bytes, 2 are left"),
        ("02000800000000000000", "DE 5 at byte 10: the spec does not define it"),
        ("02000000000000000000 99", "end at byte 10: 1 bytes follow the last element"),
    ];
    for (message, error) in cases {
        let body = bytes(&message.replace(' ', ""));
        assert_eq!(Message::parse(Spec::unionpay(), &body).unwrap_err().to_string(), error);
    }
}

#[test]
fn the_first_error_of_a_packer_is_kept_and_the_buffer_is_as_before() {
    let mut buffer = vec![1, 2, 3];
    let mut pack = |elements: &[(De, &[u8])]| {
        let mut packer = Packer::new(Spec::unionpay(), &mut buffer, &FrameHead::default(), Mti::FINANCIAL);
        elements.iter().for_each(|(de, value)| _ = packer.put(*de, value));
        let error = packer.finish().unwrap_err();
        assert_eq!(buffer, [1, 2, 3]);
        error
    };
    let (stan, pan) = (De::STAN, De::PAN);
    assert_eq!(pack(&[(stan, b"000001"), (pan, b"1")]), PackError::OutOfOrder { de: pan, last: stan });
    assert_eq!(pack(&[(stan, b"000001"), (stan, b"000001")]), PackError::OutOfOrder { de: stan, last: stan });
    assert_eq!(pack(&[(stan, b"1"), (pan, b"x")]), PackError::WrongLength { de: stan, length: 1, fixed: 6 });
    assert_eq!(pack(&[(pan, &[b'1'; 20])]), PackError::TooLong { de: pan, length: 20, max: 19 });
    assert_eq!(pack(&[(pan, b"1234567890123x")]), PackError::BadCharacter(pan));
    assert_eq!(pack(&[(De::TRANSMISSION_TIME, b"0101010101")]), PackError::Undefined(De::TRANSMISSION_TIME));
    assert_eq!(pack(&[(De::NETWORK_CODE, b"301")]), PackError::Undefined(De::NETWORK_CODE));
}

#[test]
fn numbers_must_fit_their_element() {
    for (number, fits) in [(0, true), (999_999, true), (1_000_000, false), (u64::MAX, false)] {
        let mut body = Vec::new();
        let packed = Packer::unframed(Spec::unionpay(), &mut body, Mti::FINANCIAL)
            .put_number(De::STAN, number)
            .finish();
        assert_eq!(packed.is_ok(), fits, "{number}");
        if fits {
            assert_eq!(Message::parse(Spec::unionpay(), &body).unwrap().number(De::STAN), Some(number));
        }
    }
}

#[test]
fn a_second_bitmap_appears_when_it_is_needed() {
    for (spec, size) in
        [(Spec::iso87_ascii(), 4 + 32 + 6 + 3 + 16), (Spec::iso87_binary(), 2 + 16 + 3 + 2 + 8)]
    {
        let mut body = Vec::new();
        let size_packed = Packer::unframed(spec, &mut body, Mti::NETWORK)
            .put_number(De::STAN, 7)
            .put_number(De::NETWORK_CODE, 301)
            .finish_with_mac(|data| [data.len() as u8; 8])
            .unwrap();
        let message = Message::parse(spec, &body).unwrap();
        assert_eq!((size_packed, message.number(De::NETWORK_CODE)), (size, Some(301)));
        assert!(message.mac().unwrap().is(&[message.mac_data().unwrap().len() as u8; 8]));
        assert_eq!(message.numbers().last(), Some(De::MAC_128));
    }
}

#[test]
fn a_description_shows_no_card_data_unless_asked() {
    let (spec, pan, track) = (Spec::unionpay(), "6212260000000005573", "6212260000000005573D30122200012356");
    let mut body = Vec::new();
    Packer::unframed(spec, &mut body, Mti::FINANCIAL)
        .put(De::PAN, pan.as_bytes())
        .put(De::TRACK2, track.as_bytes())
        .put(De::PIN_BLOCK, b"PINBLOCK")
        .put(De::PRIVATE_60, b"22000065000501")
        .put(De::PRIVATE_62, b"KEYS")
        .put(De::PRIVATE_63, format!("card {pan}").as_bytes())
        .finish()
        .unwrap();
    let message = Message::parse(spec, &body).unwrap();
    insta::assert_snapshot!(Description::of(&message, None, Masking::Masked).to_string(), @r"
    0200
      DE 2    primary account number      621226*********5573
      DE 35   track 2                     621226****************************
      DE 52   PIN block                   ****************
      DE 60   private data                22000065000501
                60.1 kind                 22
                60.2 batch                000065
                60.3 management           000
                60.4 read capability      5
                60.5 chip condition       0
                60.6 partial approval     1
      DE 62   private data                ********
      DE 63   private data                card ***************5573
    ");
    let unmasked = Description::of(&message, None, Masking::Unmasked).to_string();
    assert!(unmasked.contains(track) && unmasked.contains("50494E424C4F434B"), "{unmasked}");
    let debug = format!("{message:?} {:?}", message.get(De::PAN));
    assert_eq!(
        debug,
        "Message { mti: Mti(0200), elements: [2, 35, 52, 60, 62, 63] } Some(Value(Digits, 19 long))"
    );
}

#[test]
fn a_description_explains_a_settlement_response() {
    let vector = vector("0510 settlement response");
    let (spec, bytes) = (vector.spec(), vector.bytes());
    let (head, body) = vector.open(&spec, &bytes);
    let description = Description::of(&vector.parse(&spec, body), Some(&head), Masking::Masked);
    insta::assert_snapshot!(description.to_string(), @r"
    0510  TPDU 6000000002  header 603100310030
      DE 11   STAN                        000445
      DE 12   local time                  160803
      DE 13   local date                  0908
      DE 15   settlement date             0908
      DE 37   RRN                         150908836097
      DE 41   terminal id                 00001142
      DE 42   merchant id                 123456789012345
      DE 48   additional data, private    00000000001101100000000000200210000000000000000000000000000001
                domestic debit            11 in 11
                domestic credit           2 in 2
                domestic verdict          1 (balanced)
                foreign debit             0 in 0
                foreign credit            0 in 0
                foreign verdict           1 (balanced)
      DE 49   currency                    156
      DE 60   private data                00000006201
                60.1 kind                 00
                60.2 batch                000006
                60.3 management           201
    ");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for name in Spec::NAMES {
            let spec = Spec::by_name(name).unwrap();
            read_everything(spec, &bytes);
            _ = spec.framing.open(&bytes);
        }
    }

    #[test]
    fn damaged_messages_never_panic(which in 0..37usize, place in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
        let vector = vectors().swap_remove(which);
        let spec = vector.spec();
        let bytes = vector.bytes();
        let (_, body) = vector.open(&spec, &bytes);
        let mut body = body.to_vec();
        let place = place.index(body.len());
        body[place] = byte;
        read_everything(&spec, &body);
        read_everything(&spec, &body[..cut.index(body.len())]);
    }

    #[test]
    fn frames_come_out_of_any_segmentation(sizes in proptest::collection::vec(1..300usize, 0..6), cuts in proptest::collection::vec(1..80usize, 1..40)) {
        let frames: Vec<_> = sizes.iter().enumerate().map(|(index, size)| vec![index as u8; *size]).collect();
        let stream: Vec<u8> = frames.iter().flat_map(|frame| [&(frame.len() as u16).to_be_bytes()[..], frame].concat()).collect();
        let mut deframer = Deframer::new(LengthHeader::BINARY2);
        let (mut rest, mut found, mut cuts) = (&stream[..], Vec::new(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (mut segment, next) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
            while let Some(frame) = deframer.next_frame(&mut segment).unwrap() {
                found.push(frame.to_vec());
            }
            rest = next;
        }
        prop_assert_eq!(found, frames);
        prop_assert_eq!(deframer.pending(), 0);
    }

    #[test]
    fn arbitrary_streams_never_panic(segments in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..20)) {
        let mut deframer = Deframer::new(LengthHeader::BINARY2).limits(0, 60);
        for segment in &segments {
            let mut segment = &segment[..];
            while let Ok(Some(frame)) = deframer.next_frame(&mut segment) {
                prop_assert!(frame.len() <= 60);
            }
        }
    }

    #[test]
    fn what_is_packed_is_parsed(spec in 0..3usize, seeds in proptest::collection::btree_map(2..=128u8, proptest::collection::vec(any::<u8>(), 0..120), 0..40)) {
        let spec = Spec::by_name(Spec::NAMES[spec]).unwrap();
        let values: BTreeMap<De, Vec<u8>> = seeds
            .into_iter()
            .filter_map(|(number, seed)| De::new(number).map(|de| (de, seed)))
            .filter_map(|(de, seed)| spec.element(de).map(|element| (de, valid(element, &seed))))
            .collect();
        let mut frame = Vec::new();
        let head = FrameHead::default();
        let mut packer = Packer::new(spec, &mut frame, &head, Mti::FINANCIAL);
        values.iter().for_each(|(de, value)| _ = packer.put(*de, value));
        packer.finish().unwrap();
        let body = spec.framing.open(&frame).unwrap().body;
        let message = Message::parse(spec, body).unwrap();
        prop_assert_eq!(message.numbers().collect::<Vec<_>>(), values.keys().copied().collect::<Vec<_>>());
        for (de, value) in &values {
            let read = message.get(*de).unwrap();
            prop_assert_eq!(&logical(read), value, "{}", de);
            prop_assert!(read.is(value));
            prop_assert_eq!(read.number(), number(read, value), "{}", de);
        }
    }

    #[test]
    fn transcripts_of_packed_messages_pack_to_the_same(seed in proptest::collection::vec(any::<u8>(), 1..90)) {
        let spec = Spec::unionpay();
        let mut body = Vec::new();
        Packer::unframed(spec, &mut body, Mti::ADVICE)
            .put(De::PRIVATE_62, &seed)
            .put(De::PRIVATE_63, &seed)
            .finish()
            .unwrap();
        let message = Message::parse(spec, &body).unwrap();
        let mut again = Vec::new();
        Transcript::of(&message, None, Masking::Unmasked).pack_unframed(spec, &mut again).unwrap();
        prop_assert_eq!(again, body);
    }
}

fn read_everything(spec: &Spec, bytes: &[u8]) {
    for message in [Message::parse(spec, bytes), Message::parse_mac_absent(spec, bytes)].into_iter().flatten()
    {
        for (de, value) in message.elements() {
            assert_eq!(logical(value).len(), value.len(), "{de}");
            assert!(message.same(de, &message));
            _ = value.number();
        }
        _ = (message.mac_data(), format!("{message:?}"));
        _ = Description::of(&message, None, Masking::Masked).to_string();
    }
}

/// Makes a valid logical value of an element out of arbitrary bytes.
fn valid(element: &Element, seed: &[u8]) -> Vec<u8> {
    let size = match element.length {
        posfleet::iso8583::Length::Fixed(length) => usize::from(length),
        posfleet::iso8583::Length::Prefixed(prefix) => seed.len().min(prefix.max as usize),
    };
    let alphabet: &[u8] = match element.content {
        Content::Digits | Content::AsciiDigits | Content::SignedDigits | Content::SignedAscii => {
            b"0123456789"
        }
        Content::Nibbles => b"0123456789ABCDEF",
        Content::AsciiTrack => b"0123456789D",
        Content::Text => b"abc XYZ09\\*",
        Content::Binary | Content::HexText => &[],
    };
    let byte = |index: usize| seed.get(index % seed.len().max(1)).copied().unwrap_or(index as u8);
    (0..size)
        .map(|index| {
            alphabet.get(usize::from(byte(index)) % alphabet.len().max(1)).copied().unwrap_or(byte(index))
        })
        .collect()
}

/// The number a value should read as.
fn number(value: Value<'_>, logical: &[u8]) -> Option<u64> {
    match value.content() {
        Content::Digits | Content::AsciiDigits | Content::Text if logical.iter().all(u8::is_ascii_digit) => {
            let number = std::str::from_utf8(logical).unwrap().parse().ok()?;
            (value.content() == Content::Digits || logical.len() <= 19).then_some(number)
        }
        _ => None,
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../data/iso8583-messages.json")).unwrap()
}

fn vector(name: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.name == name).unwrap()
}

impl Vector {
    fn spec(&self) -> Spec {
        let ascii = self.dialect.starts_with("iso8583-1987-ascii");
        let base = match self.dialect.as_str() {
            "iso8583-1987-binary" => Spec::iso87_binary(),
            _ if ascii => Spec::iso87_ascii(),
            _ => Spec::unionpay(),
        };
        let framing = match self.framing.as_str() {
            "none" => Framing::NONE,
            "tpdu5+header6" => Framing { length: None, ..Framing::UNIONPAY },
            "len2+tpdu5+header6" => Framing::UNIONPAY,
            other => panic!("framing {other}"),
        };
        let mut spec = base.clone().with_framing(framing);
        for (de, (kind, size)) in &self.spec_override {
            let content = if kind == "raw" { Content::Binary } else { Content::Text };
            spec = spec.with(*de, size.element(content, ascii));
        }
        for (de, _) in self.decoded.pads.iter().filter(|(_, pad)| *pad == "F") {
            let element = spec.element(*de).unwrap().pad_nibble(0xF);
            spec = spec.with(*de, element);
        }
        if self.bitmap_encoding == "binary" {
            spec.bitmap = BitmapCoding::Binary;
        }
        spec
    }

    fn bytes(&self) -> Vec<u8> {
        bytes(&self.hex)
    }

    fn open<'a>(&self, spec: &Spec, bytes: &'a [u8]) -> (FrameHead, &'a [u8]) {
        let frame = match self.decoded.len_mismatch {
            Some(_) => Framing { length: None, ..spec.framing }.open(&bytes[2..]),
            None => spec.framing.open(bytes),
        };
        let frame = frame.unwrap();
        (frame.head, frame.body)
    }

    fn parse<'a>(&self, spec: &'a Spec, body: &'a [u8]) -> Message<'a> {
        let parsed =
            if self.mac_absent { Message::parse_mac_absent(spec, body) } else { Message::parse(spec, body) };
        parsed.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// The expected texts, with separators as the codec writes them.
    fn fields(&self, spec: &Spec) -> BTreeMap<De, String> {
        let track = |de| matches!(spec.element(de).unwrap().content, Content::Nibbles | Content::AsciiTrack);
        let text = |(de, text): (&De, &String)| {
            (*de, if track(*de) { text.replace('=', "D") } else { text.clone() })
        };
        self.decoded.fields.iter().map(text).collect()
    }
}

impl Size {
    fn element(&self, content: Content, ascii: bool) -> Element {
        match self {
            Self::Fixed(length) => Element::fixed(content, *length),
            Self::Prefixed(digits, max) if ascii => {
                Element::prefixed(content, Prefix::ascii(digits.len() as u8, *max))
            }
            Self::Prefixed(digits, max) => Element::prefixed(content, Prefix::bcd(digits.len() as u8, *max)),
        }
    }
}

fn logical(value: Value<'_>) -> Vec<u8> {
    let mut logical = Vec::new();
    value.append_to(&mut logical);
    logical
}

fn text(value: Value<'_>) -> String {
    match value.content() {
        Content::Binary | Content::HexText => hex(&logical(value)),
        _ => String::from_utf8(logical(value)).unwrap(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
