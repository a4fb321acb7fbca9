//! What a request says about money: the amount, the card, the original, the codes.

use super::{Inquiry, station::Station};
use crate::{
    card::{Expiry, Pan, Track2},
    crypto::TrackCipher,
    iso8583::{ApprovalCode, De, Message, OriginalData, Private59, ResponseCode, Rrn, Stan},
    money::Amount,
    operation::{Kind, PaymentCode, Variant},
    reconcile::Key,
};

/// What a request says about money.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) key: Key,
    pub(super) kind: Kind,
    pub(super) variant: Variant,
    pub(super) amount: Amount,
    pub(super) card: Option<Pan>,
    pub(super) expiry: Option<Expiry>,
}

impl Demand {
    /// Reads a request of this kind.
    ///
    /// # Errors
    /// The code that refuses it: 30 without a STAN, 13 without an amount, 14 without a card or code that can be read.
    pub(super) fn read(
        inquiry: &Inquiry<'_>,
        station: &Station,
        kind: Kind,
        variant: Variant,
    ) -> Result<Self, ResponseCode> {
        let message = inquiry.message;
        let stan = stan_of(message).ok_or(ResponseCode::FORMAT_ERROR)?;
        let track = track_of(station, message)?;
        let card = pan_of(message).or(track.as_ref().map(Track2::pan));
        if card.is_none() && kind.takes_card() || kind == Kind::QrSale && !has_payment_code(message) {
            return Err(ResponseCode::INVALID_CARD);
        }
        let keyed = message
            .get(De::EXPIRY)
            .and_then(|value| value.array::<4>())
            .and_then(|text| Expiry::from_ascii(&text).ok());
        let amount = message.number(De::AMOUNT).map(Amount::from_minor);
        if kind.takes_amount() && amount.is_none() {
            return Err(ResponseCode::INVALID_AMOUNT);
        }
        Ok(Self {
            key: Key { terminal: inquiry.terminal, batch: inquiry.open_batch, stan },
            kind,
            variant,
            amount: amount.unwrap_or_default(),
            card: card.filter(|_| kind.takes_card()),
            expiry: keyed.or_else(|| track.map(|track| track.expiry())),
        })
    }
}

/// DE 61.
pub(super) fn original_of(message: &Message<'_>) -> Option<OriginalData> {
    let mut buffer = [0; 40];
    OriginalData::from_digits(message.get(De::ORIGINAL_DATA)?.write_to(&mut buffer)?).ok()
}

/// DE 37.
pub(super) fn rrn_of(message: &Message<'_>) -> Option<Rrn> {
    Rrn::from_bytes(&message.get(De::RRN)?.array::<12>()?).ok()
}

/// DE 38.
pub(super) fn approval_code_of(message: &Message<'_>) -> Option<ApprovalCode> {
    ApprovalCode::from_bytes(&message.get(De::APPROVAL_CODE)?.array::<6>()?).ok()
}

/// DE 48 of a notice: the tip that is part of the amount, twelve digits.
pub(super) fn tip_of(message: &Message<'_>) -> Option<Amount> {
    let mut buffer = [0; 12];
    let digits = message.get(De::PRIVATE_48)?.write_to(&mut buffer).filter(|digits| digits.len() == 12)?;
    let digit = |sum: u64, digit: &u8| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0'));
    digits.iter().try_fold(0, digit).map(Amount::from_minor)
}

/// The PAN of DE 2.
pub(super) fn pan_of(message: &Message<'_>) -> Option<Pan> {
    let mut buffer = [0; 19];
    Pan::from_ascii(message.get(De::PAN)?.write_to(&mut buffer)?).ok()
}

pub(super) fn stan_of(message: &Message<'_>) -> Option<Stan> {
    Stan::new(u32::try_from(message.number(De::STAN)?).ok()?)
}

/// One digit of DE 53.
pub(super) fn security_digit(message: &Message<'_>, index: usize) -> Option<u8> {
    message.get(De::SECURITY_CONTROL)?.array::<16>()?.get(index).copied()
}

/// A tag of DE 59.
pub(super) fn tag_of<'a>(message: &Message<'a>, tag: [u8; 2]) -> Option<&'a [u8]> {
    Private59::new(message.get(De::PRIVATE_59)?.raw()).find(tag)
}

/// Track 2 of a request, decrypted where DE 53 says that it is encrypted.
fn track_of(station: &Station, message: &Message<'_>) -> Result<Option<Track2>, ResponseCode> {
    let Some(value) = message.get(De::TRACK2) else { return Ok(None) };
    let mut buffer = [0; 40];
    let digits = value.write_to(&mut buffer).ok_or(ResponseCode::INVALID_CARD)?;
    if security_digit(message, 2) != Some(b'1') {
        return Track2::from_ascii(digits).map(Some).map_err(|_| ResponseCode::INVALID_CARD);
    }
    let key = station.keys.as_ref().and_then(|keys| keys.tdk.as_ref()).ok_or(ResponseCode::SYSTEM_FAULT)?;
    let mut digits = digits.to_vec();
    TrackCipher::new(key).decrypt(&mut digits).map_err(|_| ResponseCode::INVALID_CARD)?;
    Track2::from_ascii(&digits).map(Some).map_err(|_| ResponseCode::INVALID_CARD)
}

fn has_payment_code(message: &Message<'_>) -> bool {
    tag_of(message, Private59::PAYMENT_CODE).and_then(PaymentCode::from_digits).is_some()
}
