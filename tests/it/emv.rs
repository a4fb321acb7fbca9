//! Chip data: BER-TLV against published messages and random bytes, cryptograms against published values.

use posfleet::card::Pan;
use posfleet::emv::{
    CardKey, CardKeyDerivation, ChipError, CollectError, CryptogramKind, CryptogramVersion, Issuer,
    IssuerData, IssuerKey, SessionKey, Terms, TestCard,
};
use posfleet::iso8583::{
    DataObject, EmvTag, IccData, Tag, Tlv, TlvError, TlvFlaw, append_template, append_tlv,
};
use proptest::prelude::*;

/// DE 55 of the chip sale that `iso8583-messages.json` holds.
const DE55: &str = "9F26083D6C7EBC47F92D4D9F2701809F101307010103A02002010A010000000000D327F59C9F370421DCE2B19F36\
    0200269505008004E0009A031709049C01009F02060000000000025F2A02015682027C009F1A0201569F03060000000000009F3303E0\
    F9C89F34030203009F3501229F1E0837353532303534378408A0000003330101019F090200309F410400000013";

#[test]
fn the_chip_data_of_a_published_sale_is_read_and_written_back() {
    let bytes = unhex(DE55);
    let objects: Vec<DataObject<'_>> = Tlv::new(&bytes).collect::<Result<_, _>>().unwrap();
    assert_eq!(objects.len(), 20);
    assert_eq!((objects[0].tag, objects[0].offset), (Tag::CRYPTOGRAM, 0));
    assert_eq!((objects[4].tag, objects[4].offset), (Tag::TRANSACTION_COUNTER, 44));
    assert_eq!(Tlv::new(&bytes).find(Tag::SERIAL_NUMBER), Some(&b"75520547"[..]));
    assert_eq!(Tlv::new(&bytes).find(Tag::PAN), None);
    assert!(objects.iter().all(|object| EmvTag::of(object.tag).is_some()));

    let (mut long, mut short) = (Vec::new(), IccData::new());
    for object in objects {
        append_tlv(&mut long, object.tag, object.value);
        assert!(short.push(object.tag, object.value));
    }
    assert_eq!(long, bytes);
    assert_eq!(short.as_bytes(), bytes);
}

#[test]
fn templates_are_walked_with_their_places() {
    let mut bytes = vec![0, 0];
    append_template(&mut bytes, Tag::SCRIPT_2, |inside| {
        append_tlv(inside, Tag::SCRIPT_ID, &[0, 0, 0, 1]);
        inside.push(0);
        append_tlv(inside, Tag::SCRIPT_COMMAND, &[0x84, 0x24, 0, 0, 4]);
    });
    append_tlv(&mut bytes, Tag::ISSUER_AUTHENTICATION, &[7; 10]);
    let mut seen = Vec::new();
    Tlv::new(&bytes).visit(&mut |depth, object| seen.push((depth, object.tag, object.offset))).unwrap();
    let expected = [
        (0, Tag::SCRIPT_2, 2),
        (1, Tag::SCRIPT_ID, 4),
        (1, Tag::SCRIPT_COMMAND, 12),
        (0, Tag::ISSUER_AUTHENTICATION, 19),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn broken_chip_data_is_an_error_with_its_place() {
    let cases = [
        ("9F", 0, TlvFlaw::CutOff),
        ("95", 0, TlvFlaw::CutOff),
        ("9A0317090400009F26", 7, TlvFlaw::CutOff),
        ("9A0317090495050000", 5, TlvFlaw::ShortValue { length: 5, left: 2 }),
        ("9A80", 0, TlvFlaw::BadLength),
        ("9A85000000000100", 0, TlvFlaw::BadLength),
        ("9A8201", 0, TlvFlaw::CutOff),
        ("9A84FFFFFFFF00", 0, TlvFlaw::ShortValue { length: 0xFFFF_FFFF, left: 1 }),
        ("9F8182838401", 0, TlvFlaw::LongTag),
    ];
    for (text, offset, flaw) in cases {
        let bytes = unhex(text);
        let mut walk = Tlv::new(&bytes);
        let error = walk.by_ref().find_map(Result::err);
        assert_eq!(error, Some(TlvError { offset, flaw }), "{text}");
        assert!(walk.next().is_none(), "an error ends the walk");
    }
    let inside = unhex("71049A031709");
    let error = Tlv::new(&inside).visit(&mut |_, _| {}).unwrap_err();
    assert_eq!(error, TlvError { offset: 2, flaw: TlvFlaw::ShortValue { length: 3, left: 2 } });
    assert_eq!(error.to_string(), "byte 2: a value of 3 bytes is announced, 2 are left");
}

#[test]
fn nesting_has_a_bound() {
    let nested = |depth: usize| {
        (0..depth).fold(vec![], |inner, _| {
            let mut outer = Vec::new();
            append_template(&mut outer, Tag::SCRIPT_1, |to| to.extend_from_slice(&inner));
            outer
        })
    };
    let visit = |depth| Tlv::new(&nested(depth)).visit(&mut |_, _| {});
    assert_eq!(visit(8), Ok(()));
    assert_eq!(visit(9).unwrap_err().flaw, TlvFlaw::TooDeep);
    assert_eq!(visit(40).unwrap_err().flaw, TlvFlaw::TooDeep);
}

/// Data objects with tags of every length, some of them templates around others.
#[derive(Clone, Debug)]
enum Node {
    Leaf(Tag, Vec<u8>),
    Template(Tag, Vec<Node>),
}

impl Node {
    fn append(&self, to: &mut Vec<u8>) {
        match self {
            Self::Leaf(tag, value) => append_tlv(to, *tag, value),
            Self::Template(tag, inside) => {
                append_template(to, *tag, |to| inside.iter().for_each(|node| node.append(to)));
            }
        }
    }

    fn read(level: Tlv<'_>) -> Vec<Self> {
        let read = |object: DataObject<'_>| match object.children() {
            Some(children) => Self::Template(object.tag, Self::read(children)),
            None => Self::Leaf(object.tag, object.value.to_vec()),
        };
        level.map(|object| read(object.unwrap())).collect()
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Leaf(tag, value), Self::Leaf(other, other_value)) => tag == other && value == other_value,
            (Self::Template(tag, inside), Self::Template(other, other_inside)) => {
                let same = |(one, other): (&Self, &Self)| one.is_same(other);
                tag == other
                    && inside.len() == other_inside.len()
                    && inside.iter().zip(other_inside).all(same)
            }
            _ => false,
        }
    }
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..300);
    let tags = |constructed| {
        any::<u32>().prop_filter_map("a tag", move |bits| {
            let short = [bits, bits >> 8, bits >> 16, bits >> 24];
            let tag = short.into_iter().find_map(Tag::new)?;
            (tag.is_constructed() == constructed).then_some(tag)
        })
    };
    let leaf = (tags(false), bytes).prop_map(|(tag, value)| Node::Leaf(tag, value));
    let node = leaf.prop_recursive(4, 24, 4, move |inside| {
        (tags(true), proptest::collection::vec(inside, 0..4))
            .prop_map(|(tag, inside)| Node::Template(tag, inside))
    });
    proptest::collection::vec(node, 0..5)
}

proptest! {
    #[test]
    fn what_is_built_is_read_back(nodes in nodes()) {
        let mut bytes = Vec::new();
        nodes.iter().for_each(|node| node.append(&mut bytes));
        let read = Node::read(Tlv::new(&bytes));
        prop_assert_eq!(read.len(), nodes.len());
        prop_assert!(read.iter().zip(&nodes).all(|(read, built)| read.is_same(built)));
    }

    #[test]
    fn random_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut covered = 0;
        let outcome = Tlv::new(&bytes).visit(&mut |_, object| covered = object.offset);
        prop_assert!(covered <= bytes.len());
        prop_assert!(outcome.is_ok() || outcome.is_err_and(|error| error.offset < bytes.len()));
    }
}

/// "Calculation and example of ARQC and ARPC of financial IC cards" (cnblogs.com/1024Planet/p/6256545.html): a PBOC card
/// with an issuer key made for testing, its DE 55, and what the issuer computed.
#[test]
fn a_published_transaction_of_a_pboc_card() {
    let issuer = issuer_key("F0C34A8124CEE0A91A0B034AA97D6EAC");
    let de55 = unhex(
        "9F26085D016C91005E7CC29F2701809F101307000103A04002010A010000001000D1F611529F37041E78EEBC9F36020240\
         950500800460009A031407019C01009F02060000000000015F2A02015682027D009F1A0201569F0306000000000000",
    );
    let (terms, arqc, issuer_data) = Terms::collect(&de55).unwrap();
    let version = issuer_data.version().unwrap();
    assert_eq!((version, issuer_data.key_index()), (CryptogramVersion::UnionPay, 0));
    let card = issuer.card_key(&pan("6228000100001"), 1, CardKeyDerivation::OptionA);
    let key = version.session_key(&card, terms.counter);
    assert_eq!(version.cryptogram(&key, &terms, &issuer_data), arqc);
    assert_eq!(hex(&arqc), "5D016C91005E7CC2");
    assert_eq!(hex(&key.response_cryptogram(arqc, *b"01")), "21415243527CE78F");
}

/// "Calculation of ARQC and ARPC in online transactions of PBOC" (shuzhiduo.com/A/l1dyep1Vde): from the card's key on.
#[test]
fn a_published_cryptogram_under_a_pboc_card_key() {
    let card = CardKey::new(&unhex("0D2E3CB0BC1F9E03AED58F663A2F9679").try_into().unwrap());
    let data = unhex("0000000012340000000000340156D86004A800015612051601010101017C00000E03A4B904");
    assert_eq!(hex(&card.pboc_session_key(0x000E).cryptogram(&data)), "F294D7022FA9B058");
}

/// knovichikhin/pyemv, tests/test_kd_hsm.py and tests/test_ac_hsm.py (values checked there against an HSM): card key by
/// option A or B, common session key, cryptogram with padding 2.
#[test]
fn published_cryptograms_under_common_session_keys() {
    let cases = [
        (CardKeyDerivation::OptionA, "12345678901234567", 45, "19C1FBC83EBDC0D5"),
        (CardKeyDerivation::OptionA, "12345678901234567", 0, "8698A7319324FD93"),
        (CardKeyDerivation::OptionA, "9901234567890123", 45, "4B46013359B7A58B"),
        (CardKeyDerivation::OptionB, "1234567890123456", 0, "0CE77D211CB5459A"),
        (CardKeyDerivation::OptionB, "12345678901234567", 45, "5760EE07B4FA65D1"),
        (CardKeyDerivation::OptionB, "12345678901234567", 0, "0BAA251EA8989442"),
        (CardKeyDerivation::OptionB, "123456789012345679", 0, "DC95BCE3EBBE0296"),
    ];
    for (derivation, number, sequence, cryptogram) in cases {
        let card = issuer_key(ISSUER).card_key(&pan(number), sequence, derivation);
        let key = card.common_session_key([0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56]);
        let data = unhex("0123456789ABCDEF0123456789ABCDEF");
        assert_eq!(hex(&key.cryptogram(&data)), cryptogram, "{number} {sequence}");
    }
}

/// The same source: SHA-1 of this number has too few decimal digits, so that letters become digits.
#[test]
fn a_published_card_key_with_too_few_digits_in_its_hash() {
    let card = issuer_key(ISSUER).card_key(&pan("000000000000000005"), 23, CardKeyDerivation::OptionB);
    let key = card.common_session_key([0x00, 0x1C, 0, 0, 0, 0, 0, 0]);
    let data = unhex("0000000040000000000000000124800004800001241911050152BF45851800001C06011203A0B800");
    assert_eq!(hex(&key.cryptogram(&data)), "8CAD6F2489C640B1");
}

/// The same source, `test_derive_common_sk`: the answer of method 1 under the session key.
#[test]
fn a_published_answer_of_an_issuer() {
    let card = issuer_key(ISSUER).card_key(&pan("12345678901234567"), 45, CardKeyDerivation::OptionA);
    let key: SessionKey = card.common_session_key([0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56]);
    let arqc = unhex("19C1FBC83EBDC0D5").try_into().unwrap();
    assert_eq!(hex(&key.response_cryptogram(arqc, [0, 0])), "C3620580668E5B65");
}

/// knovichikhin/pyemv, tests/test_cvn_hsm.py, version 18: the cryptogram covers the whole of 9F10.
#[test]
fn a_published_transaction_of_version_18() {
    let terms = Terms {
        amount: [0, 0, 0, 0, 0x40, 0],
        country: [0x01, 0x24],
        verification_results: [0x80, 0x00, 0x04, 0x80, 0x00],
        currency: [0x01, 0x24],
        date: [0x19, 0x11, 0x05],
        transaction_type: [0x01],
        unpredictable: [0x52, 0xBF, 0x45, 0x85],
        interchange_profile: [0x18, 0x00],
        counter: [0x00, 0x1C],
        ..Terms::default()
    };
    let issuer_data = IssuerData::from_bytes(&unhex("06011203A0B800")).unwrap();
    let version = issuer_data.version().unwrap();
    assert_eq!(version, CryptogramVersion::Common);
    let card = issuer_key(ISSUER).card_key(&pan("1234567890123456"), 0, version.card_key_derivation());
    let key = version.session_key(&card, terms.counter);
    assert_eq!(hex(&version.cryptogram(&key, &terms, &issuer_data)), "7A788EA6B8A3E733");
}

#[test]
fn the_issuer_verifies_its_cards_and_they_verify_its_answer() {
    for (version, name) in CryptogramVersion::ALL {
        let (card, terms) = (test_card(version), terms(7));
        let issuer = Issuer::new(IssuerKey::test());
        for kind in [CryptogramKind::Online, CryptogramKind::Approved, CryptogramKind::Declined] {
            let de55 = chip_data(&card, kind, &terms);
            issuer.verify(&pan(CARD), 1, &de55).unwrap_or_else(|error| panic!("{name} {kind:?}: {error}"));
        }
        let verified =
            issuer.verify(&pan(CARD), 1, &chip_data(&card, CryptogramKind::Online, &terms)).unwrap();
        let arqc = card.generate(CryptogramKind::Online, &terms).cryptogram;
        let accepts = |counter, arqc, answer: &[u8]| card.accepts([0, counter], arqc, answer);
        let answer = verified.authentication(*b"00");
        assert_eq!(&answer[8..], b"00");
        assert!(accepts(7, arqc, &answer), "{name}");
        assert!(!accepts(8, arqc, &answer) && !accepts(7, [0; 8], &answer), "{name}: of another transaction");
        for bit in 0..80 {
            let mut wrong = answer;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!accepts(7, arqc, &wrong), "{name}: bit {bit}");
        }
        assert!(!accepts(7, arqc, &answer[..9]) && !accepts(7, arqc, &[]), "{name}");
    }
}

#[test]
fn a_cryptogram_holds_for_its_card_and_its_data_only() {
    let issuer = Issuer::new(IssuerKey::test());
    let de55 = chip_data(&test_card(CryptogramVersion::UnionPay), CryptogramKind::Online, &terms(7));
    assert_eq!(issuer.verify(&pan(CARD), 2, &de55).unwrap_err(), ChipError::Cryptogram);
    assert_eq!(issuer.verify(&pan("6212345000000019"), 1, &de55).unwrap_err(), ChipError::Cryptogram);
    for place in 0..de55.len() {
        let mut wrong = de55.clone();
        wrong[place] ^= 1;
        let verified = issuer.verify(&pan(CARD), 1, &wrong).is_ok();
        // 9F27 and the algorithm in 9F10 are not covered.
        assert_eq!(verified, NOT_COVERED.contains(&place), "byte {place}");
    }
    for length in 0..de55.len() {
        assert!(issuer.verify(&pan(CARD), 1, &de55[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn strangers_and_what_is_missing_are_told_apart() {
    let issuer = Issuer::new(IssuerKey::test());
    let real = unhex(DE55);
    assert_eq!(issuer.verify(&pan(CARD), 0, &real).unwrap_err(), ChipError::Stranger(Some(1)));
    let without_amount = &real[..real.len() - 60];
    let error = issuer.verify(&pan(CARD), 0, without_amount).unwrap_err();
    assert!(matches!(error, ChipError::Data(CollectError::Broken(_))), "{error}");
    let foreign = unhex("9F2701809C0100");
    assert_eq!(issuer.verify(&pan(CARD), 0, &foreign).unwrap_err(), ChipError::Stranger(None));
    let short = unhex("9F2701809F100807F10103A00000019C0100");
    let missing = ChipError::Data(CollectError::Missing(Tag::AMOUNT));
    assert_eq!(issuer.verify(&pan(CARD), 0, &short).unwrap_err(), missing);
}

fn chip_data(card: &TestCard, kind: CryptogramKind, terms: &Terms) -> Vec<u8> {
    let generated = card.generate(kind, terms);
    let mut data = IccData::new();
    let objects: [(Tag, &[u8]); 13] = [
        (Tag::CRYPTOGRAM, &generated.cryptogram),
        (Tag::CRYPTOGRAM_INFORMATION, &[generated.information]),
        (Tag::ISSUER_DATA, generated.issuer_data.as_bytes()),
        (Tag::UNPREDICTABLE_NUMBER, &terms.unpredictable),
        (Tag::TRANSACTION_COUNTER, &terms.counter),
        (Tag::VERIFICATION_RESULTS, &terms.verification_results),
        (Tag::DATE, &terms.date),
        (Tag::TRANSACTION_TYPE, &terms.transaction_type),
        (Tag::AMOUNT, &terms.amount),
        (Tag::CURRENCY, &terms.currency),
        (Tag::INTERCHANGE_PROFILE, &terms.interchange_profile),
        (Tag::COUNTRY, &terms.country),
        (Tag::AMOUNT_OTHER, &terms.amount_other),
    ];
    assert!(objects.into_iter().all(|(tag, value)| data.push(tag, value)));
    data.as_bytes().to_vec()
}

fn test_card(version: CryptogramVersion) -> TestCard {
    TestCard::new(&IssuerKey::test(), &pan(CARD), 1, version)
}

fn terms(counter: u8) -> Terms {
    Terms {
        amount: [0, 0, 0, 0, 0x12, 0x34],
        country: [0x01, 0x56],
        currency: [0x01, 0x56],
        date: [0x26, 0x11, 0x22],
        unpredictable: [1, 2, 3, 4],
        interchange_profile: [0x7C, 0x00],
        counter: [0, counter],
        ..Terms::default()
    }
}

fn issuer_key(digits: &str) -> IssuerKey {
    IssuerKey::new(&digits.parse().unwrap()).unwrap()
}

fn pan(digits: &str) -> Pan {
    digits.parse().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

const ISSUER: &str = "0123456789ABCDEFFEDCBA9876543210";
const CARD: &str = "6212345000000001";
/// The places in [`chip_data`] of what no cryptogram covers: the value of 9F27, and length and algorithm in 9F10.
const NOT_COVERED: [usize; 3] = [14, 18, 25];

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(value).collect()
}
