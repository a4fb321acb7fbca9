//! Numbers of data elements and their names in the standard.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a data element, 2 to 128 (bit 1 announces the second bitmap and is no element).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct De(u8);

impl De {
    /// Returns the data element with this number, `None` outside 2 to 128.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 2 && number <= 128 { Some(Self(number)) } else { None }
    }

    /// Returns the number, 2 to 128.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The position in tables that start with bit 1.
    #[inline(always)]
    pub(super) const fn index(self) -> usize {
        (self.0 as usize - 1) & 127
    }

    pub(super) const fn from_index(index: u32) -> Self {
        Self(index as u8 + 1)
    }
}

impl fmt::Display for De {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DE {}", self.0)
    }
}

impl From<De> for u8 {
    fn from(de: De) -> Self {
        de.0
    }
}

impl TryFrom<u8> for De {
    type Error = NoSuchElement;

    fn try_from(number: u8) -> Result<Self, NoSuchElement> {
        Self::new(number).ok_or(NoSuchElement(number))
    }
}

/// The number is not that of a data element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no data element {0}, they go from 2 to 128")]
pub struct NoSuchElement(u8);

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        impl De {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
        }
    };
}

names! {
    /// Primary account number.
    PAN = 2;
    /// Processing code.
    PROCESSING_CODE = 3;
    /// Amount of the transaction, in minor units.
    AMOUNT = 4;
    /// Amount in the cardholder's billing currency.
    BILLING_AMOUNT = 6;
    /// Date and time of transmission.
    TRANSMISSION_TIME = 7;
    /// Conversion rate of the billing amount.
    BILLING_RATE = 10;
    /// System trace audit number.
    STAN = 11;
    /// Local time, hhmmss.
    LOCAL_TIME = 12;
    /// Local date, MMDD.
    LOCAL_DATE = 13;
    /// Expiry of the card, YYMM.
    EXPIRY = 14;
    /// Settlement date, MMDD.
    SETTLEMENT_DATE = 15;
    /// Point of service entry mode.
    ENTRY_MODE = 22;
    /// Card sequence number.
    CARD_SEQUENCE = 23;
    /// Point of service condition code.
    CONDITION_CODE = 25;
    /// Longest PIN the terminal accepts.
    PIN_CAPTURE = 26;
    /// Acquiring institution.
    ACQUIRER_ID = 32;
    /// Track 2 data.
    TRACK2 = 35;
    /// Track 3 data.
    TRACK3 = 36;
    /// Retrieval reference number.
    RRN = 37;
    /// Approval code.
    APPROVAL_CODE = 38;
    /// Response code.
    RESPONSE_CODE = 39;
    /// Terminal id.
    TERMINAL_ID = 41;
    /// Merchant id.
    MERCHANT_ID = 42;
    /// Name and location of the merchant.
    NAME_LOCATION = 43;
    /// Additional response data.
    ADDITIONAL_RESPONSE = 44;
    /// Track 1 data.
    TRACK1 = 45;
    /// Private data: settlement totals, batch upload.
    PRIVATE_48 = 48;
    /// Currency of the transaction.
    CURRENCY = 49;
    /// Currency of the billing amount.
    BILLING_CURRENCY = 51;
    /// PIN block.
    PIN_BLOCK = 52;
    /// Security control: how PIN and tracks are protected.
    SECURITY_CONTROL = 53;
    /// Additional amounts: the balance.
    BALANCE = 54;
    /// Data of the chip, BER-TLV.
    ICC_DATA = 55;
    /// Electronic purse data.
    PRIVATE_58 = 58;
    /// Private data: payment code, terminal information.
    PRIVATE_59 = 59;
    /// Private data: kind of message, batch, network management code.
    PRIVATE_60 = 60;
    /// Data of the original transaction.
    ORIGINAL_DATA = 61;
    /// Private data: keys, parameters.
    PRIVATE_62 = 62;
    /// Private data: operator, organization, texts.
    PRIVATE_63 = 63;
    /// Message authentication code of a message with one bitmap.
    MAC = 64;
    /// Network management information code.
    NETWORK_CODE = 70;
    /// Original data elements (ISO 8583:1987).
    ORIGINAL_ELEMENTS = 90;
    /// Message authentication code of a message with two bitmaps.
    MAC_128 = 128;
}
