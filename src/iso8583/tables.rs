//! The tables of the shipped specs: one line a data element.

use super::{
    element::{Align, Content, Element, Prefix},
    frame::Framing,
    spec::{BitmapCoding, MacElement, MacForm, MacRule, MtiCoding, Spec},
};
use Content::{AsciiDigits, AsciiTrack, Binary, Digits, HexText, Nibbles, SignedAscii, SignedDigits, Text};

/// The terminal dialect of UnionPay: one bitmap, packed digits, odd digits to the left except in DE 23.
pub(super) fn unionpay() -> Spec {
    let mut spec = Spec::new("unionpay").with_framing(Framing::UNIONPAY).with_all(UNIONPAY);
    spec.mac = Some(MacRule { element: MacElement::LastOfBitmap, form: MacForm::Ascii8 });
    spec
}

/// ISO 8583:1987 in characters.
pub(super) fn iso87_ascii() -> Spec {
    let elements: Vec<_> = ISO87.iter().map(|(number, format)| (*number, format.ascii())).collect();
    let mut spec = Spec::new("iso87-ascii").with_framing(Framing::LENGTH).with_all(&elements);
    (spec.mti, spec.bitmap, spec.second_bitmap) = (MtiCoding::Ascii, BitmapCoding::Hex, true);
    spec.mac = Some(MacRule { element: MacElement::LastOfBitmap, form: MacForm::Raw8 });
    spec
}

/// ISO 8583:1987 with packed digits.
pub(super) fn iso87_binary() -> Spec {
    let elements: Vec<_> = ISO87.iter().map(|(number, format)| (*number, format.binary())).collect();
    let mut spec = Spec::new("iso87-binary").with_framing(Framing::LENGTH).with_all(&elements);
    spec = spec.with_all(&[(55, Element::prefixed(Binary, Prefix::bcd(3, 999)))]);
    spec.second_bitmap = true;
    spec.mac = Some(MacRule { element: MacElement::LastOfBitmap, form: MacForm::Raw8 });
    spec
}

const fn n(length: u16) -> Element {
    Element::fixed(Digits, length)
}

const fn ans(length: u16) -> Element {
    Element::fixed(Text, length)
}

const fn ll(content: Content, max: u32) -> Element {
    Element::prefixed(content, Prefix::bcd(2, max))
}

const fn lll(content: Content, max: u32) -> Element {
    Element::prefixed(content, Prefix::bcd(3, max))
}

const UNIONPAY: &[(u8, Element)] = &[
    (2, ll(Digits, 19)),
    (3, n(6)),
    (4, n(12)),
    (6, n(12)),
    (10, n(8)),
    (11, n(6)),
    (12, n(6)),
    (13, n(4)),
    (14, n(4)),
    (15, n(4)),
    (22, n(3)),
    (23, n(3).align(Align::Right)),
    (25, n(2)),
    (26, n(2)),
    (32, ll(Digits, 11)),
    (35, ll(Nibbles, 37)),
    (36, lll(Nibbles, 104)),
    (37, ans(12)),
    (38, ans(6)),
    (39, ans(2)),
    (41, ans(8)),
    (42, ans(15)),
    (43, ans(40)),
    (44, ll(Text, 25)),
    (46, lll(Text, 999)),
    (47, lll(Text, 999)),
    (48, lll(Digits, 322)),
    (49, ans(3)),
    (51, ans(3)),
    (52, Element::fixed(Binary, 8)),
    (53, n(16)),
    (54, lll(Text, 20)),
    (55, lll(Binary, 255)),
    (57, lll(Text, 100)),
    (58, lll(Binary, 100)),
    (59, lll(Text, 999)),
    (60, lll(Digits, 100)),
    (61, lll(Digits, 29)),
    (62, lll(Binary, 999)),
    (63, lll(Text, 163)),
    (64, Element::fixed(Binary, 8)),
];

/// The format of an element in the standard, before a coding is chosen.
#[derive(Clone, Copy)]
enum Format {
    /// n, fixed.
    N(u16),
    /// n, with a length.
    NVar(u8, u32),
    /// an or ans, fixed.
    A(u16),
    /// an or ans, with a length.
    AVar(u8, u32),
    /// z, with a length.
    Z(u8, u32),
    /// x+n: characters with the sign.
    X(u16),
    /// b: bytes.
    B(u16),
}

impl Format {
    const fn ascii(self) -> Element {
        match self {
            Self::N(length) => Element::fixed(AsciiDigits, length),
            Self::NVar(digits, max) => Element::prefixed(AsciiDigits, Prefix::ascii(digits, max)),
            Self::A(length) => ans(length),
            Self::AVar(digits, max) => Element::prefixed(Text, Prefix::ascii(digits, max)),
            Self::Z(digits, max) => Element::prefixed(AsciiTrack, Prefix::ascii(digits, max)),
            Self::X(length) => Element::fixed(SignedAscii, length),
            Self::B(length) => Element::fixed(HexText, length),
        }
    }

    const fn binary(self) -> Element {
        match self {
            Self::N(length) => n(length).align(Align::Right),
            Self::NVar(digits, max) => Element::prefixed(Digits, Prefix::bcd(digits, max)),
            Self::A(length) => ans(length),
            Self::AVar(digits, max) => Element::prefixed(Text, Prefix::bcd(digits, max)),
            Self::Z(digits, max) => Element::prefixed(Nibbles, Prefix::bcd(digits, max)),
            Self::X(length) => Element::fixed(SignedDigits, length).align(Align::Right),
            Self::B(length) => Element::fixed(Binary, length),
        }
    }
}

use Format::{A, AVar, B, N, NVar, X, Z};

#[rustfmt::skip]
const ISO87: &[(u8, Format)] = &[
    (2, NVar(2, 19)), (3, N(6)), (4, N(12)), (5, N(12)), (6, N(12)), (7, N(10)), (8, N(8)), (9, N(8)),
    (10, N(8)), (11, N(6)), (12, N(6)), (13, N(4)), (14, N(4)), (15, N(4)), (16, N(4)), (17, N(4)), (18, N(4)), (19, N(3)),
    (20, N(3)), (21, N(3)), (22, N(3)), (23, N(3)), (24, N(3)), (25, N(2)), (26, N(2)), (27, N(1)), (28, X(9)), (29, X(9)),
    (30, X(9)), (31, X(9)), (32, NVar(2, 11)), (33, NVar(2, 11)), (34, AVar(2, 28)), (35, Z(2, 37)), (36, AVar(3, 104)),
    (37, A(12)), (38, A(6)), (39, A(2)), (40, A(3)), (41, A(8)), (42, A(15)), (43, A(40)), (44, AVar(2, 25)),
    (45, AVar(2, 76)), (46, AVar(3, 999)), (47, AVar(3, 999)), (48, AVar(3, 999)), (49, A(3)),
    (50, A(3)), (51, A(3)), (52, B(8)), (53, N(16)), (54, AVar(3, 120)), (55, AVar(3, 999)), (56, AVar(3, 999)),
    (57, AVar(3, 999)), (58, AVar(3, 999)), (59, AVar(3, 999)), (60, AVar(3, 999)), (61, AVar(3, 999)),
    (62, AVar(3, 999)), (63, AVar(3, 999)), (64, B(8)), (66, N(1)), (67, N(2)), (68, N(3)), (69, N(3)),
    (70, N(3)), (71, N(4)), (72, N(4)), (73, N(6)), (74, N(10)), (75, N(10)), (76, N(10)), (77, N(10)), (78, N(10)), (79, N(10)),
    (80, N(10)), (81, N(10)), (82, N(12)), (83, N(12)), (84, N(12)), (85, N(12)), (86, N(16)), (87, N(16)), (88, N(16)), (89, N(16)),
    (90, N(42)), (91, A(1)), (92, A(2)), (93, A(5)), (94, A(7)), (95, A(42)), (96, B(8)), (97, X(17)), (98, A(25)), (99, NVar(2, 11)),
    (100, NVar(2, 11)), (101, AVar(2, 17)), (102, AVar(2, 28)), (103, AVar(2, 28)), (104, AVar(3, 100)),
    (105, AVar(3, 999)), (106, AVar(3, 999)), (107, AVar(3, 999)), (108, AVar(3, 999)), (109, AVar(3, 999)),
    (110, AVar(3, 999)), (111, AVar(3, 999)), (112, AVar(3, 999)), (113, AVar(3, 999)), (114, AVar(3, 999)),
    (115, AVar(3, 999)), (116, AVar(3, 999)), (117, AVar(3, 999)), (118, AVar(3, 999)), (119, AVar(3, 999)),
    (120, AVar(3, 999)), (121, AVar(3, 999)), (122, AVar(3, 999)), (123, AVar(3, 999)), (124, AVar(3, 999)),
    (125, AVar(3, 999)), (126, AVar(3, 999)), (127, AVar(3, 999)), (128, B(8)),
];
