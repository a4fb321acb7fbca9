//! Cards and what stands on them: PAN, expiry, track 2, PIN. Reading them from files is left to `scenario`.

mod expiry;
mod generator;
mod masked;
mod pan;
mod pin;
mod service_code;
mod track2;

use std::fmt;

pub use expiry::Expiry;
pub use generator::{Bin, CardGenerator, CardRange, CardRangeError};
pub use masked::MaskedPan;
pub use pan::{Pan, luhn_digit};
pub use pin::Pin;
pub use service_code::ServiceCode;
use track2::Discretionary;
pub use track2::Track2;

/// A payment card, 46 bytes: a run may hold a hundred thousand.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// The primary account number, DE 2.
    pub pan: Pan,
    /// The month in which the card ends, DE 14.
    pub expiry: Expiry,
    /// The card sequence number (0 to 99), DE 23.
    pub sequence: Option<u8>,
    /// The service code on the track.
    pub service_code: ServiceCode,
    /// The cardholder's PIN, if known.
    pub pin: Option<Pin>,
    discretionary: Discretionary,
}

/// A card as somebody wrote it down, field by field; what is empty takes its value from track 2 or a default.
#[derive(Clone, Copy, Default)]
pub struct CardParts<'a> {
    /// 8 to 19 digits; may be empty if there is a track 2.
    pub pan: &'a str,
    /// Year and month, YYMM; may be empty if there is a track 2.
    pub expiry: &'a str,
    /// 0 to 99, or empty.
    pub sequence: &'a str,
    /// Three digits; empty means that of track 2, else 201 (chip, PIN where possible).
    pub service_code: &'a str,
    /// 4 to 12 digits, or empty.
    pub pin: &'a str,
    /// The whole of track 2 without sentinels, `=` or `D` between its parts, or empty.
    pub track2: &'a str,
}

/// What is wrong with a card. Never holds a PAN, PIN or track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// A PAN of a wrong length.
    #[error("a PAN has 8 to 19 digits, not {0}")]
    PanLength(usize),
    /// A PAN with something other than digits.
    #[error("the PAN has something other than a digit at position {0}")]
    PanDigit(usize),
    /// Not a year and month.
    #[error("an expiry is written YYMM with a month from 01 to 12")]
    Expiry,
    /// Not a card sequence number.
    #[error("a card sequence number is 0 to 99")]
    Sequence,
    /// Not a service code.
    #[error("a service code has three digits")]
    ServiceCode,
    /// Not a PIN.
    #[error("a PIN has 4 to 12 digits")]
    Pin,
    /// Not a track 2.
    #[error("track 2 is PAN, D, YYMM, service code and further digits, at most 37 together")]
    Track2,
    /// The track is of another card.
    #[error("track 2 and the card disagree about the {0}")]
    Disagreement(&'static str),
    /// Neither written out nor on the track.
    #[error("the {0} is missing, and there is no track 2 to take it from")]
    Missing(&'static str),
}

impl Card {
    /// Builds a card from what somebody wrote down.
    ///
    /// The PAN's check digit is not required to be right, since acquirers hand out test cards with wrong ones:
    /// see [`Pan::is_luhn_valid`].
    ///
    /// # Errors
    /// [`CardError`] names the part that is wrong, missing or contradicts the track.
    pub fn from_parts(parts: CardParts<'_>) -> Result<Self, CardError> {
        let track = given(parts.track2, str::parse::<Track2>)?;
        let track = track.as_ref().map(Track2::parts).transpose()?;
        let pan = given(parts.pan, str::parse)?;
        let expiry = given(parts.expiry, str::parse)?;
        let service_code = given(parts.service_code, str::parse)?;
        Ok(Self {
            pan: agreed("PAN", pan, track.as_ref().map(|track| track.pan))?
                .ok_or(CardError::Missing("PAN"))?,
            expiry: agreed("expiry", expiry, track.as_ref().map(|track| track.expiry))?
                .ok_or(CardError::Missing("expiry"))?,
            sequence: given(parts.sequence, sequence)?,
            service_code: agreed(
                "service code",
                service_code,
                track.as_ref().map(|track| track.service_code),
            )?
            .unwrap_or_default(),
            pin: given(parts.pin, str::parse)?,
            discretionary: track.map(|track| track.discretionary).unwrap_or_default(),
        })
    }

    /// The card's track 2.
    pub fn track2(&self) -> Track2 {
        Track2::new(&self.pan, self.expiry, self.service_code, &self.discretionary)
    }
}

/// Parses what is not empty.
fn given<T>(text: &str, parse: impl Fn(&str) -> Result<T, CardError>) -> Result<Option<T>, CardError> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// What both sides say, or what one of them says.
fn agreed<T: PartialEq>(
    name: &'static str,
    card: Option<T>,
    track: Option<T>,
) -> Result<Option<T>, CardError> {
    match (card, track) {
        (Some(card), Some(track)) if card != track => Err(CardError::Disagreement(name)),
        (card, track) => Ok(card.or(track)),
    }
}

fn sequence(text: &str) -> Result<u8, CardError> {
    text.parse().ok().filter(|&number| number <= 99).ok_or(CardError::Sequence)
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card")
            .field("pan", &self.pan)
            .field("expiry", &self.expiry)
            .field("sequence", &self.sequence)
            .field("service_code", &self.service_code)
            .field("pin", &self.pin)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} until {}", self.pan, self.expiry)
    }
}

impl fmt::Debug for CardParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardParts(***)")
    }
}
