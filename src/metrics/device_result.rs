//! What one device came to in a run: an entry of `devices` in `summary.json`.

use super::DeviceRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one device came to in a run; a text that it did not tell is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceResult {
    /// Its name in the lab.
    pub id: String,
    /// The group of the scenario that it belongs to.
    pub group: String,
    /// What it speaks.
    pub driver: String,
    /// Where it is plugged in.
    pub port: String,
    /// The terminal id that it told or that is expected of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub terminal_id: String,
    /// The firmware that it told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub firmware: String,
    /// The serial number that it told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub serial_number: String,
    /// Exchanges that ended.
    pub exchanges: u64,
    /// Exchanges that the device or the lab could not do.
    pub errors: u64,
    /// The last of these errors.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_error: String,
    /// How often its port was opened.
    pub opened: u64,
    /// How often its port hung up.
    pub hung_up: u64,
    /// Whether it was left out in the end for its errors.
    pub quarantined: bool,
    /// Time of all exchanges that the terminal and whoever stands before it took, in seconds.
    pub device_seconds: f64,
    /// Time of all exchanges that bytes were on the line, in seconds.
    pub line_seconds: f64,
    /// Time of all exchanges that the host of the run took, in seconds.
    pub host_seconds: f64,
}

impl From<&DeviceRow> for DeviceResult {
    fn from(row: &DeviceRow) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            group: row.group,
            driver: row.driver,
            port: row.port,
            terminal_id: row.terminal_id,
            firmware: row.firmware,
            serial_number: row.serial_number,
            exchanges: row.exchanges,
            errors: row.errors,
            last_error: row.last_error,
            opened: row.opened.0.into(),
            hung_up: row.opened.1.into(),
            quarantined: row.quarantined,
            device_seconds: row.times.device.as_secs_f64(),
            line_seconds: row.times.line.as_secs_f64(),
            host_seconds: row.times.host.as_secs_f64(),
        }
    }
}

impl DeviceResult {
    /// Whether another run had the same device in the same place.
    pub fn is_same(&self, other: &Self) -> bool {
        self.names() == other.names()
    }

    fn names(&self) -> [&str; 6] {
        [&self.id, &self.group, &self.driver, &self.port, &self.terminal_id, &self.serial_number]
    }

    /// Adds what the same device came to in another run, which was later.
    pub fn merge(&mut self, later: &Self) {
        self.exchanges += later.exchanges;
        self.errors += later.errors;
        self.opened += later.opened;
        self.hung_up += later.hung_up;
        self.quarantined |= later.quarantined;
        self.device_seconds += later.device_seconds;
        self.line_seconds += later.line_seconds;
        self.host_seconds += later.host_seconds;
        for (mine, theirs) in
            [(&mut self.firmware, &later.firmware), (&mut self.last_error, &later.last_error)]
        {
            if !theirs.is_empty() {
                mine.clone_from(theirs);
            }
        }
    }
}
