//! The device behind the numbers: its serial number, firmware and battery, and how it tells them.

use super::{Profile, Terminal};
use crate::iso8583::{Parameter, TerminalId, append_sequence_no};
use std::borrow::Cow;

/// The device behind the numbers of a terminal; most are known by the first of them.
#[derive(Clone, Debug)]
pub(super) struct Device {
    first_id: TerminalId,
    /// Where a device out of the store has taken the place.
    serial: Option<Box<str>>,
}

impl Device {
    pub(super) fn of(first_id: TerminalId) -> Self {
        Self { first_id, serial: None }
    }

    fn serial(&self) -> Cow<'_, str> {
        match &self.serial {
            Some(serial) => Cow::Borrowed(serial),
            None => Cow::Owned(serial_number(self.first_id)),
        }
    }

    /// Between 30 and 100 percent, always the same for the same device.
    fn charge(&self) -> u8 {
        let hash = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        let hash = self.first_id.as_bytes().iter().fold(0x811C_9DC5, hash);
        30 + (hash % 71) as u8
    }
}

impl Terminal {
    /// The serial number of the device; it stays when other numbers are loaded.
    pub fn serial(&self) -> Cow<'_, str> {
        self.device.serial()
    }

    /// Puts a device out of the store in the place of this one, together with numbers of its own.
    pub fn replace_device(&mut self, serial: &str) {
        self.device.serial = Some(serial.into());
    }

    /// DE 62 of a sign-in: nothing where the profile tells nothing.
    pub(super) fn sequence_no(&self, profile: &Profile) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        profile.tells_device.then(|| append_sequence_no(&mut text, &self.serial()))?;
        Some(text)
    }

    /// Adds what the profile tells of the device to a status upload.
    pub(super) fn append_device(&self, profile: &Profile, status: &mut Vec<u8>) {
        if !profile.tells_device {
            return;
        }
        let battery = profile.battery.unwrap_or(self.device.charge()).to_string();
        let serial = self.serial();
        let values = [(BATTERY, battery.as_str()), (VERSION, FIRMWARE), (SERIAL, &serial)];
        for (tag, value) in values {
            let part = Parameter::REPORTED.iter().find(|part| part.tag == tag);
            if let Some(part) = part {
                part.append(status, value.as_bytes());
            }
        }
    }
}

/// The serial number of the device that was made with this terminal number.
#[must_use]
pub fn serial_number(first_id: TerminalId) -> String {
    format!("SN{first_id}")
}

/// The version that every virtual terminal reports.
pub const FIRMWARE: &str = concat!("PF", env!("CARGO_PKG_VERSION"));
/// Tags of a status upload, see [`Parameter::REPORTED`].
const BATTERY: u8 = 61;
const VERSION: u8 = 62;
const SERIAL: u8 = 63;
