//! The frames of the protocols that are known. A frame of one's own is another value of [`Frame`].

use super::{
    checksum::Checksum,
    frame::{Body, Coverage, Frame, LengthField, LengthForm},
    signal,
};
use std::borrow::Cow;

impl Frame {
    /// `STX text ETX LRC`: Concert, Transbank, PAX. The text holds no ETX.
    pub const STX_LRC: Self = Self {
        start: Cow::Borrowed(&[signal::STX]),
        body: Body::Marked,
        end: Cow::Borrowed(&[signal::ETX]),
        check: Checksum::Xor { post: 0 },
        coverage: Coverage { start: false, length: false, end: true },
        tail: Cow::Borrowed(&[]),
        signals: Cow::Borrowed(&[signal::ENQ, signal::ACK, signal::NAK, signal::EOT]),
        max: 1_024,
        refuses_strays: false,
    };

    /// `STX length data ETX LRC`, the length two bytes BCD: the family of Chinese cash-register terminals.
    pub const STX_BCD: Self = Self {
        body: Body::Counted(LengthField { after: 0, form: LengthForm::Bcd(2), is_payload: false, adds: 0 }),
        coverage: Coverage { start: false, length: true, end: true },
        signals: Cow::Borrowed(&[signal::ACK, signal::NAK]),
        max: 9_999,
        ..Self::STX_LRC
    };

    /// `DLE STX apdu DLE ETX CRC`: ZVT on a serial line (PA00P016).
    pub const ZVT_SERIAL: Self = Self {
        start: Cow::Borrowed(&[signal::DLE, signal::STX]),
        body: Body::Stuffed(signal::DLE),
        end: Cow::Borrowed(&[signal::DLE, signal::ETX]),
        check: Checksum::Kermit,
        signals: Cow::Borrowed(&[signal::ACK, signal::NAK]),
        max: 4_096,
        ..Self::STX_LRC
    };

    /// The bare APDU: ZVT on TCP.
    pub const ZVT_TCP: Self = Self {
        start: Cow::Borrowed(&[]),
        body: Body::Counted(LengthField { after: 2, form: LengthForm::Escaped, is_payload: true, adds: 0 }),
        end: Cow::Borrowed(&[]),
        check: Checksum::None,
        signals: Cow::Borrowed(&[]),
        max: 65_540,
        ..Self::STX_LRC
    };

    /// Text that ends when the line is silent: Caisse-AP on TCP.
    pub const SILENCE: Self = Self { body: Body::Silence, max: 4_096, ..Self::ZVT_TCP };

    /// `STX text ETX LRC` over all of it, then exclusive or with 7F: Italian iSelf.
    pub const ISELF: Self = Self {
        check: Checksum::Xor { post: 0x7F },
        coverage: Coverage { start: true, length: false, end: true },
        ..Self::STX_LRC
    };

    /// `55 AA kind ack id length data XOR CC 33`: Wiseasy.
    pub const WISEASY: Self = Self {
        start: Cow::Borrowed(&[0x55, 0xAA]),
        body: Body::Counted(LengthField {
            after: 3,
            form: LengthForm::BigEndian(2),
            is_payload: false,
            adds: 0,
        }),
        end: Cow::Borrowed(&[]),
        coverage: Coverage { start: false, length: true, end: false },
        tail: Cow::Borrowed(&[0xCC, 0x33]),
        signals: Cow::Borrowed(&[]),
        ..Self::STX_LRC
    };

    /// `STX text ETX` and eight check bytes: GHL.
    pub const GHL: Self = Self {
        check: Checksum::XorColumns,
        coverage: Coverage { start: false, length: false, end: false },
        ..Self::STX_LRC
    };
}
