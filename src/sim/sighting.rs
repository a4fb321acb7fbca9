//! What an observer beside a terminal's plug sees of one message.

use super::Direction;
use crate::{
    iso8583::{BatchNo, De, Message, Mti, Private60, ResponseCode, Stan, TerminalId},
    operation::{Kind, Variant},
    reconcile::Key,
    time::Instant,
};

/// One message that left a terminal or reached it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub at: Instant,
    /// Whose plug it was.
    pub terminal: TerminalId,
    /// Which way it went.
    pub direction: Direction,
    /// The message type.
    pub mti: Mti,
    /// DE 11.
    pub stan: Option<Stan>,
    /// DE 60.2.
    pub batch: Option<BatchNo>,
    /// DE 60.1.
    pub message_kind: Option<u8>,
    /// DE 39.
    pub code: Option<ResponseCode>,
    /// What a reversal has in common with its original.
    pub copied: Copied,
}

/// The elements that a reversal copies from its original, besides DE 11.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// DE 3.
    pub processing_code: Option<u64>,
    /// DE 4.
    pub amount: Option<u64>,
    /// DE 41.
    pub terminal: Option<[u8; 8]>,
    /// DE 42.
    pub merchant: Option<[u8; 15]>,
    /// DE 60.
    pub private60: Option<[u8; 13]>,
}

impl Sighting {
    pub(super) fn of(at: Instant, terminal: TerminalId, direction: Direction, message: &Message<'_>) -> Self {
        let code: Option<[u8; 2]> = array(message, De::RESPONSE_CODE);
        Self {
            at,
            terminal,
            direction,
            mti: message.mti(),
            stan: message.number(De::STAN).and_then(|stan| Stan::new(stan as u32)),
            batch: private60(message).map(|private60| private60.batch),
            message_kind: private60(message).map(|private60| private60.kind),
            code: code.and_then(|code| ResponseCode::from_bytes(&code).ok()),
            copied: Copied {
                processing_code: message.number(De::PROCESSING_CODE),
                amount: message.number(De::AMOUNT),
                terminal: array(message, De::TERMINAL_ID),
                merchant: array(message, De::MERCHANT_ID),
                private60: array(message, De::PRIVATE_60),
            },
        }
    }

    /// The kinds of operations whose request it may be; variants and payments by code share messages.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        let (mti, code, message_kind) = (self.mti, self.copied.processing_code, self.message_kind);
        Kind::ALL.into_iter().map(|(kind, _)| kind).filter(move |kind| {
            let (form, reservation) = (kind.form(), Variant::Reservation.form(*kind));
            form.mti == mti
                && form.processing_code.map(u64::from) == code
                && (Some(form.message_kind) == message_kind || Some(reservation.message_kind) == message_kind)
        })
    }

    /// Which transaction it is about.
    pub fn key(&self) -> Option<Key> {
        Some(Key { terminal: self.terminal, batch: self.batch?, stan: self.stan? })
    }
}

fn array<const N: usize>(message: &Message<'_>, de: De) -> Option<[u8; N]> {
    message.get(de)?.array()
}

fn private60(message: &Message<'_>) -> Option<Private60> {
    let mut buffer = [0; 32];
    Private60::from_digits(message.get(De::PRIVATE_60)?.write_to(&mut buffer)?).ok()
}
