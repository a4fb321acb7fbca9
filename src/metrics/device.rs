//! What is measured of devices: where the time of their steps went, and a row of each for the faces.

use super::Latency;
use serde::{Deserialize, Serialize};
use std::{ops::AddAssign, time::Duration};

/// Where the time of the steps on devices went.
#[derive(Clone, Debug, Default)]
pub struct DeviceLatencies {
    /// The terminal and whoever stands before it.
    pub device: Latency,
    /// Bytes on the line, both ways.
    pub line: Latency,
    /// The host of the run, from each request to its answer.
    pub host: Latency,
}

impl DeviceLatencies {
    /// Records one step.
    pub fn record(&mut self, device: Duration, line: Duration, host: Duration) {
        self.device.record(device);
        self.line.record(line);
        self.host.record(host);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.device.merge(&other.device);
        self.line.merge(&other.line);
        self.host.merge(&other.host);
    }

    pub(super) fn clear(&mut self) {
        [&mut self.device, &mut self.line, &mut self.host].into_iter().for_each(Latency::clear);
    }
}

/// One device at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Its number in the fleet, by which it is selected.
    pub number: u32,
    /// Its name in the lab.
    pub id: String,
    /// The group of the scenario that it belongs to.
    pub group: String,
    /// What it speaks.
    pub driver: String,
    /// Where it is plugged in.
    pub port: String,
    /// What it does: `closed`, `open`, `busy`, `quarantined`.
    pub state: String,
    /// The terminal id that it told or that is expected of it.
    pub terminal_id: String,
    /// The firmware that it told; empty where it tells none.
    pub firmware: String,
    /// The serial number that it told; empty where it tells none.
    pub serial_number: String,
    /// What was asked of it last and what came of it, such as `sale approved`.
    pub last_exchange: String,
    /// When that was over, since the start of the run.
    pub last_at: Option<Duration>,
    /// Exchanges that ended.
    pub exchanges: u64,
    /// Exchanges that the device or the lab could not do.
    pub errors: u64,
    /// The last of these errors.
    pub last_error: String,
    /// How often its port was opened, and how often it hung up.
    pub opened: (u32, u32),
    /// Whether it is left out for its errors.
    pub quarantined: bool,
    /// Where the time of its exchanges went, all together.
    #[serde(default)]
    pub times: TimeSplit,
}

/// Where time on a device went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSplit {
    /// The terminal and whoever stands before it.
    pub device: Duration,
    /// Bytes on the line, both ways.
    pub line: Duration,
    /// The host of the run, from each request to its answer.
    pub host: Duration,
}

impl AddAssign for TimeSplit {
    fn add_assign(&mut self, other: Self) {
        self.device += other.device;
        self.line += other.line;
        self.host += other.host;
    }
}
