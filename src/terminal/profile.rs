//! What all terminals of a kind have in common: dialect, keys, time-outs, and the rules for reversals.

use super::{customs::Customs, icc::ChipPolicy, key_scheme::KeyScheme};
use crate::{
    crypto::{MacAlgorithm, MacForm, PinFormat},
    iso8583::{Header, Spec, Tpdu},
    money::Amount,
    operation::{Kind, KindSet},
};
use std::time::Duration;

/// What all terminals of a kind have in common.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The name in the scenario file.
    pub name: String,
    /// The dialect of the messages.
    pub spec: &'static Spec,
    /// The TPDU of requests.
    pub tpdu: Tpdu,
    /// The six-byte header of requests.
    pub header: Header,
    /// How the MAC is computed.
    pub mac: MacAlgorithm,
    /// How the MAC is written into DE 64.
    pub mac_form: MacForm,
    /// Whether every answer that carries a MAC is verified, and not only approvals (chapter 10): else a DE 39 that was
    /// damaged on the way turns an approval into a refusal, and what the host has booked stays booked.
    pub checks_every_mac: bool,
    /// Which work keys a sign-in asks for.
    pub sign_in: SignInForm,
    /// How the PIN becomes DE 52.
    pub pin_format: PinFormat,
    /// Whether tracks are encrypted with the TDK.
    pub encrypt_tracks: bool,
    /// DE 49.
    pub currency: [u8; 3],
    /// The year that a terminal's own clock shows; sign-in responses bring only day and time.
    pub year: u16,
    /// The operator of DE 63, two digits.
    pub operator: u8,
    /// Whether a terminal signs in by itself when it has to (not signed in, or told to by 77, 99 or A0).
    pub auto_sign_in: bool,
    /// How long it waits for a connection.
    pub connect_timeout: Duration,
    /// How long it waits for an answer.
    pub response_timeout: Duration,
    /// How it reverses what it does not know the fate of.
    pub reversal: ReversalPolicy,
    /// What its terminals may do.
    pub abilities: KindSet,
    /// How many transactions its log holds; a full log is settled before anything else.
    pub log_capacity: u16,
    /// When it tells the host what it did offline.
    pub notices: NoticePolicy,
    /// What follows a settlement.
    pub settlement: SettlementPolicy,
    /// Up to this amount a contactless card needs no PIN, and none is sent.
    pub contactless_limit: Amount,
    /// The longest part of a signature, in bytes.
    pub signature_part: u16,
    /// How it waits for a payer who scans the code that it shows.
    pub order: OrderPolicy,
    /// What the digits 0 to 9 of the processing request in the header ask for; a sign-in, a download or an upload.
    pub processing_requests: [Option<Kind>; 10],
    /// Whether it downloads applications and public keys by itself as long as it has none.
    pub first_downloads: bool,
    /// What keys it protects PINs and messages with.
    pub key_scheme: KeyScheme,
    /// Whether it prints a receipt of what was approved.
    pub prints: bool,
    /// What its acquirer does differently from others of the dialect.
    pub customs: Customs,
    /// What it has to do with chip cards.
    pub chip: ChipPolicy,
    /// Whether it tells its serial number, firmware and battery: in DE 62 of sign-ins and status uploads.
    pub tells_device: bool,
    /// What its battery holds in percent; without it every terminal has a charge of its own, 30 or more.
    pub battery: Option<u8>,
}

/// When a terminal tells the host what it did offline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoticePolicy {
    /// Before the next online transaction, and before a settlement.
    #[default]
    BeforeNext,
    /// Before a settlement.
    AtSettlement,
}

/// What follows a settlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettlementPolicy {
    /// Whether it signs out.
    pub sign_out: bool,
    /// Whether the end message of a batch upload is sent although nothing had to be uploaded.
    pub always_end: bool,
}

/// How a terminal waits for a payer who scans the code that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderPolicy {
    /// From one question to the next.
    pub poll_every: Duration,
    /// After this it asks no more.
    pub give_up_after: Duration,
}

/// Which work keys a sign-in asks for (DE 60.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignInForm {
    /// 001: single-length PIK and MAK.
    SingleDes,
    /// 003: double-length PIK, and MAK.
    #[default]
    DoubleDes,
    /// 004: as before, and a track key.
    DoubleDesWithTrackKey,
    /// 006: SM4 keys.
    Sm4,
}

impl SignInForm {
    /// All forms with their names in scenario files.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::SingleDes, "single-des"),
        (Self::DoubleDes, "double-des"),
        (Self::DoubleDesWithTrackKey, "double-des-track"),
        (Self::Sm4, "sm4"),
    ];

    /// DE 60.3.
    pub const fn network_management(self) -> u16 {
        match self {
            Self::SingleDes => 1,
            Self::DoubleDes => 3,
            Self::DoubleDesWithTrackKey => 4,
            Self::Sm4 => 6,
        }
    }

    /// The form that DE 60.3 asks for.
    pub fn from_network_management(code: u16) -> Option<Self> {
        Self::ALL.iter().map(|(form, _)| *form).find(|form| form.network_management() == code)
    }
}

/// How a terminal reverses what it does not know the fate of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversalPolicy {
    /// How often a reversal is sent again within one trigger, after the first time.
    pub resend: u32,
    /// Whether the record is kept when all of them stay unanswered, and sent before the next online transaction.
    pub keep: bool,
    /// Whether it is sent at once when the fate becomes unknown, and not only before the next transaction.
    pub at_once: bool,
    /// Whether 94 (duplicate) to a request that was sent once counts as an unknown fate: a network that doubles
    /// requests may have lost the approval. Without it 94 is a refusal.
    pub on_duplicate: bool,
}

impl Default for ReversalPolicy {
    fn default() -> Self {
        Self { resend: 3, keep: true, at_once: true, on_duplicate: false }
    }
}

impl Default for OrderPolicy {
    fn default() -> Self {
        Self { poll_every: Duration::from_secs(3), give_up_after: Duration::from_secs(60) }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: "unionpay".to_owned(),
            spec: Spec::unionpay(),
            tpdu: Tpdu([0x60, 0x00, 0x03, 0x00, 0x00]),
            header: Header([0x60, 0x31, 0x00, 0x31, 0x00, 0x01]),
            mac: MacAlgorithm::UnionPayEcb,
            mac_form: MacForm::Ascii8,
            checks_every_mac: false,
            sign_in: SignInForm::default(),
            pin_format: PinFormat::default(),
            encrypt_tracks: false,
            currency: *b"156",
            year: 2026,
            operator: 1,
            auto_sign_in: true,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(30),
            reversal: ReversalPolicy::default(),
            abilities: KindSet::ALL,
            log_capacity: 300,
            notices: NoticePolicy::default(),
            settlement: SettlementPolicy::default(),
            contactless_limit: Amount::ZERO,
            signature_part: 900,
            order: OrderPolicy::default(),
            processing_requests: PROCESSING_REQUESTS,
            first_downloads: false,
            key_scheme: KeyScheme::default(),
            prints: false,
            customs: Customs::default(),
            chip: ChipPolicy::default(),
            tells_device: false,
            battery: None,
        }
    }
}

/// What the processing request of the header asks for in most versions of the dialect.
const PROCESSING_REQUESTS: [Option<Kind>; 10] = [
    None,
    Some(Kind::ParameterDownload),
    Some(Kind::StatusUpload),
    Some(Kind::SignIn),
    Some(Kind::CapkDownload),
    Some(Kind::AidDownload),
    None,
    Some(Kind::BinBlacklistDownload),
    None,
    Some(Kind::ContactlessDownload),
];
