//! Chip data: BER-TLV against published messages and random bytes.

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

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(value).collect()
}
