//! The control characters of serial lines.

/// Start of text.
pub const STX: u8 = 0x02;
/// End of text.
pub const ETX: u8 = 0x03;
/// End of transmission: the line is free.
pub const EOT: u8 = 0x04;
/// Enquiry: are you there, and may I send?
pub const ENQ: u8 = 0x05;
/// Understood.
pub const ACK: u8 = 0x06;
/// Data link escape.
pub const DLE: u8 = 0x10;
/// Not understood, or not now.
pub const NAK: u8 = 0x15;
