//! The kinds of terminal as data: what each can do.

use crate::{
    operation::{Kind, KindSet},
    scenario::words::TerminalKind,
};

/// What the terminals of one kind can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindTraits {
    /// The kind.
    pub kind: TerminalKind,
    /// What it may be asked to do.
    pub abilities: KindSet,
    /// Whether it reads contactless cards.
    pub contactless: bool,
    /// Whether it prints a receipt of what was approved.
    pub prints: bool,
}

/// What the terminals of a kind can do.
pub fn traits(kind: TerminalKind) -> &'static KindTraits {
    TABLE.iter().find(|row| row.kind == kind).unwrap_or(&SMART)
}

/// What the terminals of a kind may be asked to do.
pub fn abilities(kind: TerminalKind) -> KindSet {
    traits(kind).abilities
}

/// One row a kind, see `merchant-flows`: traditional 传统, e-sign 电签, smart 智能.
const TABLE: [KindTraits; 3] = [
    KindTraits {
        kind: TerminalKind::Traditional,
        abilities: KindSet::ALL.without(BY_CODE).without(SIGNATURES),
        contactless: false,
        prints: true,
    },
    KindTraits {
        kind: TerminalKind::ESign,
        abilities: KindSet::ALL.without(BY_CODE),
        contactless: false,
        prints: false,
    },
    SMART,
];

const SMART: KindTraits =
    KindTraits { kind: TerminalKind::Smart, abilities: KindSet::ALL, contactless: true, prints: true };

/// Payments by code, whoever shows it.
const BY_CODE: KindSet =
    KindSet::of(&[Kind::QrSale, Kind::QrOrder, Kind::QrQuery, Kind::QrVoid, Kind::QrRefund]);

/// Signatures that are taken on the screen.
const SIGNATURES: KindSet = KindSet::of(&[Kind::ESignature]);
