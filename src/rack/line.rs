//! The settings of a serial line, and what they make of time.

use std::{fmt, time::Duration};

/// How fast a line is and how a byte looks on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSettings {
    /// Bits per second.
    pub baud: u32,
    /// The bits of a byte.
    pub data: DataBits,
    /// Its check bit.
    pub parity: Parity,
    /// The bits after it.
    pub stop: StopBits,
    /// What is done when the port is opened.
    pub on_open: OnOpen,
}

/// What is done to a port when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnOpen {
    /// How the line "terminal ready" is set; as the system does without.
    pub dtr: Option<bool>,
    /// How the line "request to send" is set; as the system does without.
    pub rts: Option<bool>,
    /// Whether what came before is thrown away.
    pub drains: bool,
}

impl OnOpen {
    /// Bytes that were meant for somebody else are thrown away, and the modem lines left as they are.
    pub const USUAL: Self = Self { dtr: None, rts: None, drains: true };
}

/// The bits of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the numbers say it")]
pub enum DataBits {
    Five = 5,
    Six = 6,
    Seven = 7,
    Eight = 8,
}

/// The check bit of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the standard words")]
pub enum Parity {
    None,
    Odd,
    Even,
}

/// The bits after a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the numbers say it")]
pub enum StopBits {
    One = 1,
    Two = 2,
}

impl LineSettings {
    /// 9600 8N1.
    pub const DEFAULT: Self = Self {
        baud: 9_600,
        data: DataBits::Eight,
        parity: Parity::None,
        stop: StopBits::One,
        on_open: OnOpen::USUAL,
    };

    /// How long a byte is on the line, its start bit included.
    pub fn byte_time(self) -> Duration {
        let check = u32::from(self.parity != Parity::None);
        let bits = 1 + self.data as u32 + check + self.stop as u32;
        Duration::from_secs(1) * bits / self.baud.max(1)
    }
}

impl fmt::Display for LineSettings {
    /// As in `9600 8N1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Odd => 'O',
            Parity::Even => 'E',
        };
        write!(f, "{} {}{parity}{}", self.baud, self.data as u8, self.stop as u8)
    }
}

/// The speeds that serial ports have.
pub const BAUD_RATES: [u32; 15] = [
    300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000,
    921_600, 1_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_of_9600_8n1_takes_ten_bits() {
        assert_eq!(LineSettings::DEFAULT.byte_time(), Duration::from_secs(1) * 10 / 9_600);
        let zvt = LineSettings { stop: StopBits::Two, ..LineSettings::DEFAULT };
        assert_eq!(
            (zvt.byte_time(), zvt.to_string()),
            (Duration::from_secs(1) * 11 / 9_600, "9600 8N2".into())
        );
    }
}
