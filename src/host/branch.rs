//! The host as its portal sees it: batches, sales, and how the terminals are.

use super::{
    Inquiry,
    outbox::ConnectionId,
    sold::{Sold, keeps_open},
    station::Station,
};
use crate::{
    iso8583::{De, MerchantId, Parameters, TerminalId},
    ledger::Ledger,
    money::Amount,
    portal::{Acquirer, Sale, TerminalStatus},
    time::{Instant, WallClock},
};
use std::{collections::HashMap, time::Duration};

/// The host as its portal sees it.
pub(super) struct Branch<'a> {
    pub(super) stations: &'a HashMap<TerminalId, Station>,
    pub(super) ledger: &'a Ledger,
    pub(super) sold: &'a Sold,
    pub(super) sightings: &'a HashMap<TerminalId, Sighting>,
    pub(super) now: Instant,
    pub(super) clock: WallClock,
    pub(super) online_within: Duration,
}

/// What was last seen and heard of a terminal.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    heard: Instant,
    connection: ConnectionId,
    /// The civil day of its last sign-in, counted from 1970.
    signed_in: Option<i64>,
    battery: Option<u8>,
    firmware: String,
}

impl Sighting {
    pub(super) fn new(heard: Instant, connection: ConnectionId) -> Self {
        Self { heard, connection, signed_in: None, battery: None, firmware: String::new() }
    }

    pub(super) fn again(&mut self, heard: Instant, connection: ConnectionId) {
        (self.heard, self.connection) = (heard, connection);
    }

    pub(super) fn signed_in(&mut self, inquiry: &Inquiry<'_>) {
        self.signed_in = Some(day(inquiry.today.to_unix()));
    }

    pub(super) fn signed_out(&mut self) {
        self.signed_in = None;
    }

    /// Takes what a status upload tells of the device.
    pub(super) fn take_status(&mut self, inquiry: &Inquiry<'_>) {
        let Some(told) = inquiry.message.get(De::PRIVATE_62) else { return };
        for (part, value) in Parameters::reported(told.raw()).map_while(Result::ok) {
            let Ok(text) = std::str::from_utf8(value) else { continue };
            match part.tag {
                BATTERY => self.battery = text.parse().ok().filter(|charge| *charge <= 100),
                FIRMWARE => self.firmware = text.trim_end().to_owned(),
                _ => {}
            }
        }
    }
}

impl Acquirer for Branch<'_> {
    fn unsettled(&self, merchant: MerchantId) -> Amount {
        self.sold.unsettled(merchant)
    }

    fn has_open_batch(&self, terminal: TerminalId) -> bool {
        let station = self.stations.get(&terminal);
        station.is_some_and(|station| self.ledger.of_batch(terminal, station.batch).any(keeps_open))
    }

    fn status(&self, terminal: TerminalId) -> Option<TerminalStatus> {
        let sighting = self.sightings.get(&terminal)?;
        let today = day(self.clock.at(self.now).to_unix());
        Some(TerminalStatus {
            is_online: self.now.since(sighting.heard) <= self.online_within,
            battery: sighting.battery,
            firmware: sighting.firmware.clone(),
            // The host knows connections by number; their addresses are the driver's business.
            address: format!("connection {}", sighting.connection.0),
            is_signed_in: sighting.signed_in == Some(today),
        })
    }

    fn transactions(&self, merchant: MerchantId) -> Vec<Sale> {
        self.sold.of_merchant(self.ledger, merchant)
    }
}

fn day(unix_seconds: i64) -> i64 {
    unix_seconds.div_euclid(86_400)
}

/// Tags of a status upload, see [`crate::iso8583::Parameter::REPORTED`].
const BATTERY: u8 = 61;
const FIRMWARE: u8 = 62;
