//! The keys under which a request stands: those of the sign-in, or derived for this one message; and the PIN under them.

use super::{
    Config, Host,
    demand::{security_digit, tag_of},
    station::Station,
};
use crate::{
    card::{Pan, Pin},
    crypto::{Iso4PinKey, MacSchedule, PanBinding, PinBlockError, WorkKeys},
    iso8583::{De, Message, Private59, TerminalId},
    terminal::is_iso4,
};

/// The expanded MAC keys of a message.
#[derive(Default)]
pub(super) struct MacKeys {
    /// For the request, and for the answer where nothing else is said.
    pub(super) request: Option<MacSchedule>,
    /// For the answer, where its key is another.
    pub(super) answer: Option<MacSchedule>,
    /// The counter of the derived key.
    counter: Option<u32>,
}

impl Host {
    /// The MAC keys of a message; none for one under no key, from an unknown terminal, or under a key that was used.
    pub(super) fn mac_keys(&mut self, terminal: Option<TerminalId>, message: &Message<'_>) -> MacKeys {
        let station = terminal.and_then(|terminal| Some((terminal, self.stations.get_mut(&terminal)?)));
        let Some((terminal, station)) = station else { return MacKeys::default() };
        if self.config.key_scheme.is_derived() {
            return derived(&self.config, terminal, station, message).unwrap_or_default();
        }
        if message.mac().is_none() {
            return MacKeys::default();
        }
        MacKeys { request: station.mac_schedule(&self.config), ..MacKeys::default() }
    }

    /// Notes the counter of a message that is not refused for its MAC: no message at or below it is taken any more.
    pub(super) fn use_up(&mut self, terminal: Option<TerminalId>, keys: &MacKeys) {
        let station = terminal.and_then(|terminal| self.stations.get_mut(&terminal));
        if let Some((station, counter)) = station.zip(keys.counter) {
            station.key_counter = counter;
        }
    }
}

/// Derives the keys that the key serial number of the MAC, else of the PIN, names, if its counter is a later one.
fn derived(
    config: &Config,
    terminal: TerminalId,
    station: &mut Station,
    message: &Message<'_>,
) -> Option<MacKeys> {
    let [pin, mac, track] = Private59::KSN;
    let names: &[_] = if message.mac().is_some() { &[mac] } else { &[pin, track] };
    let serial = names.iter().find_map(|tag| tag_of(message, *tag))?;
    let counter = config.key_scheme.counter_of(serial, terminal)?;
    if counter <= station.key_counter {
        return None;
    }
    let keys = config.key_scheme.message_keys(station.initial_key(), terminal, counter)?;
    let schedule = |mak| MacSchedule::new(mak, config.mac, config.mac_form).ok();
    let found = MacKeys {
        request: schedule(&keys.request.mak),
        answer: schedule(&keys.answer),
        counter: Some(counter),
    };
    station.keys = Some(keys.request);
    Some(found)
}

/// Whether a request has a PIN.
pub(super) fn has_pin(message: &Message<'_>) -> bool {
    message.has(De::PIN_BLOCK) || tag_of(message, Private59::PIN_BLOCK).is_some()
}

/// The PIN of a request, in DE 52 or, where it takes 16 bytes, in DE 59; `None` when there is none.
pub(super) fn entered_pin(
    keys: &WorkKeys,
    message: &Message<'_>,
    card: &Pan,
) -> Option<Result<Pin, PinBlockError>> {
    let short = message.get(De::PIN_BLOCK).map(|block| block.raw());
    let mut buffer = [0; 16];
    let block = match short {
        Some(block) => block,
        None => long_block(tag_of(message, Private59::PIN_BLOCK)?, &mut buffer),
    };
    if is_iso4(&keys.pik) {
        return Some(Iso4PinKey::new(&keys.pik).ok()?.decrypt(block, card));
    }
    let binding = match security_digit(message, 0) {
        Some(b'1') => PanBinding::WithoutPan,
        _ => PanBinding::WithPan,
    };
    Some(keys.pik.decrypt_pin(block, card, binding))
}

/// The bytes of 32 hexadecimal digits; none of anything else, which is no PIN block.
fn long_block<'a>(digits: &[u8], buffer: &'a mut [u8; 16]) -> &'a [u8] {
    let value = |digit: u8| char::from(digit).to_digit(16);
    if digits.len() != 2 * buffer.len() {
        return &[];
    }
    for (byte, [high, low]) in buffer.iter_mut().zip(digits.as_chunks::<2>().0) {
        let Some((high, low)) = value(*high).zip(value(*low)) else { return &[] };
        *byte = (high << 4 | low) as u8;
    }
    buffer
}
