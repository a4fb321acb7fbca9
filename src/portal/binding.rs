//! One device, one code (一机一码): which merchant and terminal number a device has, and alarms when it shows others.

use super::{Acquirer, Portal, Sale, event::Event, history::Fact, journal::Act};
use crate::{
    iso8583::{MerchantId, ResponseCode, TerminalId},
    time::Instant,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Bound::{Excluded, Unbounded},
};

/// The serial number of a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(pub String);

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The two numbers that every transaction carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
}

/// A transaction that the host is asked to approve, as far as the portal cares.
#[derive(Clone, Debug, PartialEq)]
pub struct Presented {
    /// The device, where the message names it.
    pub device: Option<SerialNumber>,
    /// What it says about itself, and what it wants to sell.
    pub sale: Sale,
}

/// A device that did not keep to its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at: Instant,
    /// The device, where the message named it.
    pub device: Option<SerialNumber>,
    /// What it showed.
    pub shown: Pair,
    /// What is wrong with it.
    pub fault: CodeFault,
}

/// What is wrong with the numbers that a device shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeFault {
    /// 一机多码: the numbers of another device.
    SeveralCodes,
    /// 错码: numbers that belong to no device, or not to each other.
    WrongCode,
    /// Numbers whose binding has ended.
    EndedCode,
}

/// All bindings, and those that have ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bindings {
    pairs: BTreeMap<SerialNumber, Pair>,
    devices: BTreeMap<TerminalId, SerialNumber>,
    merchants: BTreeMap<MerchantId, BTreeSet<SerialNumber>>,
    ended: BTreeMap<TerminalId, MerchantId>,
}

impl Bindings {
    pub(super) fn pair(&self, device: &SerialNumber) -> Option<Pair> {
        self.pairs.get(device).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The devices behind one, in the order of their serial numbers.
    pub(super) fn after(&self, device: Option<SerialNumber>) -> impl Iterator<Item = (&SerialNumber, Pair)> {
        let behind = self.pairs.range((device.map_or(Unbounded, Excluded), Unbounded));
        behind.map(|(device, pair)| (device, *pair))
    }

    pub(super) fn device(&self, terminal: TerminalId) -> Option<&SerialNumber> {
        self.devices.get(&terminal)
    }

    pub(super) fn of_merchant(&self, merchant: MerchantId) -> impl Iterator<Item = (&SerialNumber, Pair)> {
        let devices = self.merchants.get(&merchant).into_iter().flatten();
        devices.filter_map(|device| Some((device, self.pair(device)?)))
    }

    /// Binds a device; returns the numbers that it had.
    fn bind(&mut self, device: &SerialNumber, pair: Pair) -> Option<Pair> {
        let from = self.pairs.insert(device.clone(), pair);
        if let Some(old) = from {
            self.devices.remove(&old.terminal);
            self.merchants.entry(old.merchant).or_default().remove(device);
            self.ended.insert(old.terminal, old.merchant);
        }
        self.devices.insert(pair.terminal, device.clone());
        self.merchants.entry(pair.merchant).or_default().insert(device.clone());
        from
    }

    /// Whether a terminal number is or was in use.
    pub(super) fn is_taken(&self, terminal: TerminalId) -> bool {
        self.devices.contains_key(&terminal) || self.ended.contains_key(&terminal)
    }

    /// What is wrong with what a device shows, and the answer to it.
    fn fault(&self, device: Option<&SerialNumber>, shown: Pair) -> Option<(CodeFault, ResponseCode)> {
        let Some(owner) = self.devices.get(&shown.terminal) else {
            let has_ended = self.ended.get(&shown.terminal) == Some(&shown.merchant);
            let fault = if has_ended { CodeFault::EndedCode } else { CodeFault::WrongCode };
            return Some((fault, ResponseCode::UNKNOWN_TERMINAL));
        };
        if self.pair(owner) != Some(shown) {
            return Some((CodeFault::WrongCode, ResponseCode::INVALID_MERCHANT));
        }
        let is_other = device.is_some_and(|device| device != owner);
        is_other.then_some((CodeFault::SeveralCodes, ResponseCode::UNKNOWN_TERMINAL))
    }
}

impl Portal {
    /// Binds a device to its numbers, from this instant on and instead of those it had.
    pub fn bind(&mut self, at: Instant, device: SerialNumber, pair: Pair) {
        let from = self.books.bindings.bind(&device, pair);
        if let Some(pair) = from {
            self.note(at, Fact::BindingEnded { device: device.clone(), pair });
        }
        self.note(at, Fact::Bound { device: device.clone(), pair });
        self.events.push_back(Event::BindingChanged { at, device, from, to: pair });
    }

    /// Says whether a transaction may go on: its numbers are bound, its terminal has signed in today, and the limits
    /// of its method hold. What does not keep to its code goes to the alarm list.
    ///
    /// # Errors
    /// The response code: 03 or 97, the one of [`super::Rules::sign_in_first`], or 61.
    pub fn admit(
        &mut self,
        now: Instant,
        acquirer: &dyn Acquirer,
        presented: &Presented,
    ) -> Result<(), ResponseCode> {
        let Presented { device, sale } = presented;
        let shown = Pair { terminal: sale.key.terminal, merchant: sale.merchant };
        self.recognize(now, acquirer, device.as_ref(), shown)?;
        let now = self.now;
        if acquirer.status(shown.terminal).is_some_and(|status| !status.is_signed_in) {
            return Err(self.rules.sign_in_first);
        }
        if self.is_over_limit(now, sale) { Err(ResponseCode::OVER_LIMIT) } else { Ok(()) }
    }

    /// Says whether a device may show these numbers; what does not keep to its code goes to the alarm list.
    ///
    /// # Errors
    /// The response code: 03 or 97.
    pub fn recognize(
        &mut self,
        now: Instant,
        acquirer: &dyn Acquirer,
        device: Option<&SerialNumber>,
        shown: Pair,
    ) -> Result<(), ResponseCode> {
        let at = self.advance(now, acquirer);
        match self.books.bindings.fault(device, shown) {
            None => Ok(()),
            Some((fault, answer)) => {
                self.raise(Alarm { at, device: device.cloned(), shown, fault });
                Err(answer)
            }
        }
    }

    /// The devices of a merchant with their numbers.
    pub fn devices(&self, merchant: MerchantId) -> impl Iterator<Item = (&SerialNumber, Pair)> {
        self.books.bindings.of_merchant(merchant)
    }

    /// The alarm list, oldest first.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.iter()
    }

    pub(super) fn raise(&mut self, alarm: Alarm) {
        if self.alarms.len() >= ALARMS_MAX {
            self.alarms.pop_front();
        }
        *self.tally.alarms.entry(alarm.fault).or_default() += 1;
        self.alarms.push_back(alarm.clone());
        self.events.push_back(Event::Alarm(alarm.clone()));
        self.enter(Act::Alarm(alarm), Vec::new(), None);
    }
}

const ALARMS_MAX: usize = 10_000;
