//! What a request is for, by its type, DE 3, DE 25, DE 60.1 and DE 60.3.

use crate::{
    iso8583::{De, Message, Mti, Private59, Private60},
    operation::{Kind, Variant},
    terminal::SignInForm,
};
use std::sync::LazyLock;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A sign-in; it says which keys it wants.
    SignIn(SignInForm),
    /// A reversal of whatever its STAN says.
    Reversal,
    /// What a script did to a card.
    ScriptResult,
    /// Settlement of a batch, or a message of its upload.
    Batch,
    /// Tables and keys: which there are, one of them, or that all have come.
    Tables,
    /// Anything else.
    Operation(Kind, Variant),
}

impl Purpose {
    /// Whether it finishes what was begun before: a reversal, the result of a script, a settlement.
    pub(super) fn is_leftover(self) -> bool {
        matches!(self, Self::Reversal | Self::ScriptResult | Self::Batch)
    }
}

/// What a request is for; `None` when there is no such request.
pub(super) fn classify(message: &Message<'_>, private60: &Private60) -> Option<Purpose> {
    let network = private60.management.unwrap_or_default();
    match message.mti() {
        Mti::NETWORK => SignInForm::from_network_management(network)
            .map(Purpose::SignIn)
            .or_else(|| is_table(network).then_some(Purpose::Tables)),
        Mti::REVERSAL => Some(Purpose::Reversal),
        Mti::SCRIPT_RESULT => Some(Purpose::ScriptResult),
        Mti::SETTLEMENT | Mti::BATCH_UPLOAD => Some(Purpose::Batch),
        Mti::NETWORK_ADVICE => match operation(management_key(Mti::NETWORK_ADVICE, whole(network))) {
            None => is_table(network).then_some(Purpose::Tables),
            Some((kind, variant)) => Some(Purpose::Operation(kind, variant)),
        },
        mti => {
            let code = u32::try_from(message.number(De::PROCESSING_CODE)?).ok()?;
            let condition = message.number(De::CONDITION_CODE).unwrap_or_default() as u8;
            let (kind, variant) = operation(financial_key(mti, code, condition, private60.kind))?;
            Some(Purpose::Operation(by_code(kind, message), counted(variant, message)))
        }
    }
}

/// The same kind of payment by code, where the message has one: both look the same otherwise.
fn by_code(kind: Kind, message: &Message<'_>) -> Kind {
    let by_code = match kind {
        Kind::Sale => Kind::QrSale,
        Kind::Void => Kind::QrVoid,
        Kind::Refund => Kind::QrRefund,
        other => return other,
    };
    let is_code_read = message.number(De::ENTRY_MODE).is_some_and(|mode| mode / 10 == 3);
    let has_code = || {
        let tags = message.get(De::PRIVATE_59).map(|value| value.raw()).unwrap_or_default();
        [Private59::PAYMENT_CODE, Private59::VOUCHER]
            .iter()
            .any(|tag| Private59::new(tags).find(*tag).is_some())
    };
    if is_code_read || has_code() { by_code } else { kind }
}

/// A plan of instalments with the number of them, two digits in DE 62.
fn counted(variant: Variant, message: &Message<'_>) -> Variant {
    let Variant::Instalments(_) = variant else { return variant };
    let digits = message.get(De::PRIVATE_62).map(|value| value.raw()).unwrap_or_default();
    let digits = digits.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    Variant::Instalments(digits.map_or(0, |digits| (digits[0] - b'0') * 10 + digits[1] - b'0'))
}

/// A signature in parts (801 and on) is looked up as a whole one.
fn whole(network: u16) -> u16 {
    if FIRST_PARTS.contains(&network) { Kind::ESignature.form().network_management } else { network }
}

fn is_table(network: u16) -> bool {
    TABLES.contains(&network) || network == Kind::KeyDownload.form().network_management
}

fn operation(key: u64) -> Option<(Kind, Variant)> {
    let place = OPERATIONS.binary_search_by_key(&key, |(known, ..)| *known).ok()?;
    OPERATIONS.get(place).map(|(_, kind, variant)| (*kind, *variant))
}

fn financial_key(mti: Mti, code: u32, condition: u8, message_kind: u8) -> u64 {
    u64::from(mti.packed()) << 40
        | u64::from(code) << 16
        | u64::from(condition) << 8
        | u64::from(message_kind)
}

fn management_key(mti: Mti, network: u16) -> u64 {
    1 << 63 | u64::from(mti.packed()) << 40 | u64::from(network)
}

/// Every kind in every variant, sorted by what its message looks like; payments by code look like those by card.
static OPERATIONS: LazyLock<Vec<(u64, Kind, Variant)>> = LazyLock::new(|| {
    let variants =
        [Variant::Plain, Variant::MailOrder, Variant::Instalments(0), Variant::Points, Variant::Reservation];
    let all = Kind::ALL.iter().flat_map(|(kind, _)| variants.map(|variant| (*kind, variant)));
    let mut operations: Vec<_> = all
        .filter(|(kind, variant)| variant.applies_to(*kind) && !kind.is_automatic() && !kind.is_download())
        .map(|(kind, variant)| {
            let form = variant.form(kind);
            let condition = form.condition_code.unwrap_or_default();
            let key = match form.processing_code {
                Some(code) => financial_key(form.mti, code, condition, form.message_kind),
                None => management_key(form.mti, form.network_management),
            };
            (key, kind, variant)
        })
        .collect();
    operations.sort_by_key(|(key, kind, _)| (*key, *kind));
    operations.dedup_by_key(|(key, ..)| *key);
    operations
});

const FIRST_PARTS: std::ops::RangeInclusive<u16> = 801..=809;
/// DE 60.3 of all that is downloaded: queries, downloads and their ends.
const TABLES: std::ops::RangeInclusive<u16> = 360..=399;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_in_every_variant_is_found_by_what_it_looks_like() {
        let looks_like = |kind| match kind {
            Kind::QrSale => Kind::Sale,
            Kind::QrVoid => Kind::Void,
            Kind::QrRefund => Kind::Refund,
            other => other,
        };
        for (kind, name) in Kind::ALL {
            for variant in [Variant::Plain, Variant::MailOrder, Variant::Points, Variant::Reservation] {
                let form = variant.form(kind);
                let Some(code) = form.processing_code else { continue };
                if kind.is_automatic() || !variant.applies_to(kind) {
                    continue;
                }
                let key = financial_key(form.mti, code, form.condition_code.unwrap_or(0), form.message_kind);
                assert_eq!(operation(key), Some((looks_like(kind), variant)), "{name} {variant:?}");
            }
        }
        assert_eq!(OPERATIONS.iter().filter(|(_, kind, _)| *kind == Kind::Sale).count(), 5);
        assert_eq!(whole(809), 800);
        assert_eq!(
            operation(management_key(Mti::NETWORK_ADVICE, 401)),
            Some((Kind::CashierSignIn, Variant::Plain))
        );
    }
}
