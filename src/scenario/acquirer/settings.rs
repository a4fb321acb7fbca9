//! What a profile file says of terminals: the keys that groups of a scenario have too, and those that only profiles
//! have. All may be left out; what is written nearer to the terminals wins.

use super::{
    mac_messages::MacMessages,
    words::{KeySchemeWord, Notices, PinLength, Request},
};
use crate::{
    crypto::{MacAlgorithm, MacForm, PanBinding, PinFormat, PinLengthCode},
    iso8583::{ResponseCode, Spec},
    operation::{Kind, KindSet},
    scenario::{
        duration::Time,
        file::Reversal,
        named::Named,
        text::{Currency, Header, Money, Tpdu},
        words::{Keys, Mac, MacFormName, PinBlock},
    },
    terminal::{
        Customs, OrderPolicy, Profile, ReversalPolicy, ReversalReasons, SettlementPolicy, SignInForm,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What terminals do.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Which work keys a sign-in asks for.
    pub keys: Option<Keys>,
    /// How the MAC is computed.
    pub mac: Option<Mac>,
    /// How the MAC is written into its element; without it as the algorithm usually does.
    pub mac_form: Option<MacFormName>,
    /// Whether every answer that carries a MAC is verified, and not only approvals.
    pub check_every_mac: Option<bool>,
    /// Which messages have a MAC, and their answers too: financial, all, none, or a list of operations and message types.
    pub mac_messages: Option<MacMessages>,
    /// How the PIN becomes DE 52.
    pub pin_block: Option<PinBlock>,
    /// How a PIN of ten digits and more announces its length.
    pub pin_length: Option<PinLength>,
    /// Whether tracks are encrypted; needs `keys: double-des-track` or `sm4`.
    pub encrypt_tracks: Option<bool>,
    /// What keys PINs and messages are protected with.
    pub key_scheme: Option<KeySchemeWord>,
    /// DE 49, three digits.
    pub currency: Option<Currency>,
    /// The operator in DE 63.
    #[schemars(range(max = 99))]
    pub operator: Option<u8>,
    /// Whether a terminal signs in by itself when it has to.
    pub auto_sign_in: Option<bool>,
    /// How long it waits for a connection.
    pub connect_timeout: Option<Time>,
    /// How long it waits for an answer.
    pub response_timeout: Option<Time>,
    /// How it reverses what it does not know the fate of.
    pub reversal: Reversal,
    /// What reversals say in DE 39.
    pub reversal_reasons: Reasons,
    /// The TPDU of requests, ten hexadecimal digits.
    pub tpdu: Option<Tpdu>,
    /// The header of requests, twelve hexadecimal digits.
    pub header: Option<Header>,
    /// What the digits of the processing request in the header ask for; others keep their meaning.
    pub processing_requests: Named<Request>,
    /// DE 60.3 of operations that say it differently, by their names.
    #[schemars(schema_with = "codes_schema")]
    pub codes: Named<u16>,
    /// How many digits DE 60 of a financial message has: 8, 11, 13, 14 or 17.
    pub financial_60: Option<u8>,
    /// When it tells the host what it did offline.
    pub notices: Option<Notices>,
    /// What follows a settlement.
    pub settlement: Settlement,
    /// How many transactions its log holds before it must settle.
    #[schemars(range(min = 1))]
    pub log_capacity: Option<u16>,
    /// Up to this amount a contactless card needs no PIN.
    pub contactless_limit: Option<Money>,
    /// The longest part of a signature, in bytes.
    #[schemars(range(min = 1, max = 999))]
    pub signature_part: Option<u16>,
    /// How it waits for a payer who scans the code that it shows.
    pub order: Order,
}

/// What reversals say in DE 39, two characters each.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Reasons {
    /// There was no answer.
    pub no_answer: Option<String>,
    /// The answer's MAC was wrong.
    pub wrong_mac: Option<String>,
    /// Anything else.
    pub other: Option<String>,
}

/// What follows a settlement.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settlement {
    /// Whether the terminal signs out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_out: Option<bool>,
    /// Whether the end message of a batch upload is sent although nothing had to be uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always_end: Option<bool>,
}

/// How a terminal waits for a payer who scans the code that it shows.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Order {
    /// From one question to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_every: Option<Time>,
    /// After this it asks no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub give_up_after: Option<Time>,
}

impl Settings {
    /// These settings, and those of `below` where nothing is said here.
    ///
    /// An algorithm of the MAC that is said here without its form has its usual form.
    pub(in crate::scenario) fn or(self, below: &Self) -> Self {
        let below = below.clone();
        let mac_form = if self.mac.is_some() { self.mac_form } else { self.mac_form.or(below.mac_form) };
        Self {
            keys: self.keys.or(below.keys),
            mac: self.mac.or(below.mac),
            mac_form,
            check_every_mac: self.check_every_mac.or(below.check_every_mac),
            pin_block: self.pin_block.or(below.pin_block),
            pin_length: self.pin_length.or(below.pin_length),
            encrypt_tracks: self.encrypt_tracks.or(below.encrypt_tracks),
            currency: self.currency.or(below.currency),
            operator: self.operator.or(below.operator),
            auto_sign_in: self.auto_sign_in.or(below.auto_sign_in),
            connect_timeout: self.connect_timeout.or(below.connect_timeout),
            response_timeout: self.response_timeout.or(below.response_timeout),
            reversal: Reversal {
                resend: self.reversal.resend.or(below.reversal.resend),
                keep: self.reversal.keep.or(below.reversal.keep),
                at_once: self.reversal.at_once.or(below.reversal.at_once),
                on_duplicate: self.reversal.on_duplicate.or(below.reversal.on_duplicate),
            },
            tpdu: self.tpdu.or(below.tpdu),
            header: self.header.or(below.header),
            key_scheme: self.key_scheme.or(below.key_scheme),
            log_capacity: self.log_capacity.or(below.log_capacity),
            notices: self.notices.or(below.notices),
            settlement: Settlement {
                sign_out: self.settlement.sign_out.or(below.settlement.sign_out),
                always_end: self.settlement.always_end.or(below.settlement.always_end),
            },
            contactless_limit: self.contactless_limit.or(below.contactless_limit),
            signature_part: self.signature_part.or(below.signature_part),
            order: Order {
                poll_every: self.order.poll_every.or(below.order.poll_every),
                give_up_after: self.order.give_up_after.or(below.order.give_up_after),
            },
            // The rest belongs to profiles alone.
            ..below
        }
    }

    /// The algorithm of the MAC and its form.
    pub(in crate::scenario) fn mac(&self) -> (MacAlgorithm, MacForm) {
        let algorithm = self.mac.unwrap_or_default().into();
        (algorithm, self.mac_form.map_or(MacAlgorithm::usual_form(algorithm), MacForm::from))
    }

    /// The profile of terminals with these settings.
    pub(in crate::scenario) fn profile(&self, name: &str, spec: &'static Spec) -> Profile {
        let default = Profile::default();
        let (mac, mac_form) = self.mac();
        Profile {
            name: name.to_owned(),
            spec,
            tpdu: self.tpdu.map_or(default.tpdu, |tpdu| tpdu.0),
            header: self.header.map_or(default.header, |header| header.0),
            mac,
            mac_form,
            checks_every_mac: self.check_every_mac.unwrap_or(default.checks_every_mac),
            sign_in: self.keys.map_or(default.sign_in, SignInForm::from),
            pin_format: self.pin_format(),
            encrypt_tracks: self.encrypt_tracks.unwrap_or(default.encrypt_tracks),
            currency: self.currency.map_or(default.currency, |currency| currency.0),
            operator: self.operator.unwrap_or(default.operator),
            auto_sign_in: self.auto_sign_in.unwrap_or(default.auto_sign_in),
            connect_timeout: self.connect_timeout.map_or(default.connect_timeout, |time| time.0),
            response_timeout: self.response_timeout.map_or(default.response_timeout, |time| time.0),
            reversal: self.reversal_policy(),
            log_capacity: self.log_capacity.unwrap_or(default.log_capacity),
            notices: self.notices.map_or(default.notices, Into::into),
            settlement: SettlementPolicy {
                sign_out: self.settlement.sign_out.unwrap_or(default.settlement.sign_out),
                always_end: self.settlement.always_end.unwrap_or(default.settlement.always_end),
            },
            contactless_limit: self.contactless_limit.map_or(default.contactless_limit, |money| money.0),
            signature_part: self.signature_part.unwrap_or(default.signature_part),
            order: self.order_policy(),
            processing_requests: self.requests(default.processing_requests),
            key_scheme: self.key_scheme.map_or(default.key_scheme, Into::into),
            customs: self.customs(spec),
            ..default
        }
    }

    fn pin_format(&self) -> PinFormat {
        PinFormat {
            pan: match self.pin_block.unwrap_or_default() {
                PinBlock::WithPan => PanBinding::WithPan,
                PinBlock::WithoutPan => PanBinding::WithoutPan,
            },
            length: match self.pin_length.unwrap_or_default() {
                PinLength::Nibble => PinLengthCode::Nibble,
                PinLength::Decimal => PinLengthCode::Decimal,
            },
        }
    }

    fn reversal_policy(&self) -> ReversalPolicy {
        let default = ReversalPolicy::default();
        ReversalPolicy {
            resend: self.reversal.resend.unwrap_or(default.resend),
            keep: self.reversal.keep.unwrap_or(default.keep),
            at_once: self.reversal.at_once.unwrap_or(default.at_once),
            on_duplicate: self.reversal.on_duplicate.unwrap_or(default.on_duplicate),
        }
    }

    fn order_policy(&self) -> OrderPolicy {
        let default = OrderPolicy::default();
        OrderPolicy {
            poll_every: self.order.poll_every.map_or(default.poll_every, |time| time.0),
            give_up_after: self.order.give_up_after.map_or(default.give_up_after, |time| time.0),
        }
    }

    fn requests(&self, mut table: [Option<Kind>; 10]) -> [Option<Kind>; 10] {
        for (digit, request) in self.processing_requests.iter() {
            let entry = digit.parse::<usize>().ok().and_then(|digit| table.get_mut(digit));
            if let Some(entry) = entry {
                *entry = request.kind();
            }
        }
        table
    }

    fn customs(&self, spec: &Spec) -> Customs {
        let default = Customs::default();
        let reason = |text: &Option<String>, usual: ResponseCode| {
            text.as_ref().and_then(|text| text.parse().ok()).unwrap_or(usual)
        };
        let codes = self.codes.iter().filter_map(|(name, code)| Some((Kind::from_name(name)?, *code)));
        let mut customs = codes.fold(default, |customs, (kind, code)| customs.with_code(kind, code));
        customs.financial_60 = self.financial_60.unwrap_or(default.financial_60);
        if spec.mac.is_none() {
            customs = customs.with_macs(KindSet::EMPTY);
        } else if let Some(messages) = &self.mac_messages {
            customs = customs.with_macs(messages.kinds());
        }
        customs.reasons = ReversalReasons {
            no_answer: reason(&self.reversal_reasons.no_answer, default.reasons.no_answer),
            wrong_mac: reason(&self.reversal_reasons.wrong_mac, default.reasons.wrong_mac),
            other: reason(&self.reversal_reasons.other, default.reasons.other),
        };
        customs
    }
}

fn codes_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "additionalProperties": { "type": "integer", "minimum": 0, "maximum": 999 },
    })
}

impl From<Keys> for SignInForm {
    fn from(word: Keys) -> Self {
        match word {
            Keys::SingleDes => Self::SingleDes,
            Keys::DoubleDes => Self::DoubleDes,
            Keys::DoubleDesTrack => Self::DoubleDesWithTrackKey,
            Keys::Sm4 => Self::Sm4,
        }
    }
}

impl From<Mac> for MacAlgorithm {
    fn from(word: Mac) -> Self {
        match word {
            Mac::UnionpayEcb => Self::UnionPayEcb,
            Mac::X99 => Self::X99,
            Mac::X919 => Self::X919,
            Mac::Pboc => Self::Pboc,
            Mac::Sm4Cbc => Self::Sm4Cbc,
        }
    }
}

impl From<MacFormName> for MacForm {
    fn from(word: MacFormName) -> Self {
        match word {
            MacFormName::Ascii8 => Self::Ascii8,
            MacFormName::Raw4 => Self::Raw4,
            MacFormName::Raw8 => Self::Raw8,
        }
    }
}

impl From<MacForm> for MacFormName {
    fn from(form: MacForm) -> Self {
        match form {
            MacForm::Ascii8 => Self::Ascii8,
            MacForm::Raw4 => Self::Raw4,
            MacForm::Raw8 => Self::Raw8,
        }
    }
}
