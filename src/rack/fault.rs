//! What goes wrong on a line and in a terminal, drawn from a seed: bytes in, acts out.

use crate::{ecr::signal, rng::Rng};
use std::time::Duration;

/// How often each fault happens, 0 to 1: to a transmission, or (reboot, battery) to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// The transmission is lost.
    pub drop: f64,
    /// One bit is turned.
    pub flip: f64,
    /// It comes in two parts with a pause between.
    pub split: f64,
    /// It comes twice.
    pub double: f64,
    /// An ACK becomes a NAK.
    pub nak: f64,
    /// It comes seconds late.
    pub late_ack: f64,
    /// The terminal says nothing for some seconds.
    pub silence: f64,
    /// The line breaks in the middle of it.
    pub hang_up: f64,
    /// Bytes that mean nothing come first.
    pub garbage: f64,
    /// The terminal starts anew in the middle of a request.
    pub reboot: f64,
    /// The terminal refuses: its battery is low.
    pub battery_low: f64,
}

/// What is to be done to the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Send nothing for so long.
    Pause(Duration),
    /// Break the line for so long.
    HangUp(Duration),
}

/// Does to transmissions what faults say.
#[derive(Clone, Debug)]
pub struct Mangler {
    faults: Faults,
    rng: Rng,
    count: u64,
}

impl Mangler {
    /// One that draws from `rng`.
    pub fn new(faults: Faults, rng: Rng) -> Self {
        Self { faults, rng, count: 0 }
    }

    /// How many faults have happened.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether the terminal starts anew at this request.
    pub fn reboots(&mut self) -> bool {
        self.happens(self.faults.reboot)
    }

    /// Whether the battery is low at this request.
    pub fn is_battery_low(&mut self) -> bool {
        self.happens(self.faults.battery_low)
    }

    /// What becomes of a transmission.
    pub fn transmit(&mut self, bytes: &[u8], acts: &mut Vec<Act>) {
        let faults = self.faults;
        if self.happens(faults.hang_up) {
            acts.push(Act::Send(bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec()));
            return acts.push(Act::HangUp(AWAY));
        }
        if self.happens(faults.silence) {
            return acts.push(Act::Pause(SILENCE));
        }
        if self.happens(faults.drop) {
            return;
        }
        if self.happens(faults.garbage) {
            acts.push(Act::Send(self.garbage()));
        }
        if self.happens(faults.late_ack) {
            acts.push(Act::Pause(Duration::from_millis(self.rng.between(500, 2_500))));
        }
        let mut bytes = bytes.to_vec();
        self.damage(&mut bytes);
        let copy = self.happens(faults.double).then(|| bytes.clone());
        self.split(bytes, acts);
        acts.extend(copy.map(Act::Send));
    }

    fn damage(&mut self, bytes: &mut [u8]) {
        let last = (bytes.len() as u64).saturating_sub(1);
        if self.happens(self.faults.flip)
            && let Some(byte) = bytes.get_mut(self.rng.between(0, last) as usize)
        {
            *byte ^= 1 << self.rng.between(0, 7);
        }
        if let Some(first @ &mut signal::ACK) = bytes.first_mut()
            && self.happens(self.faults.nak)
        {
            *first = signal::NAK;
        }
    }

    fn split(&mut self, bytes: Vec<u8>, acts: &mut Vec<Act>) {
        if bytes.len() < 2 || !self.happens(self.faults.split) {
            return acts.push(Act::Send(bytes));
        }
        let (front, back) = bytes.split_at(self.rng.between(1, bytes.len() as u64 - 1) as usize);
        acts.push(Act::Send(front.to_vec()));
        acts.push(Act::Pause(Duration::from_millis(self.rng.between(1, 300))));
        acts.push(Act::Send(back.to_vec()));
    }

    fn garbage(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.rng.between(1, 32) as usize];
        self.rng.fill(&mut bytes);
        bytes
    }

    fn happens(&mut self, probability: f64) -> bool {
        // Faults that are off draw nothing: switching one on does not move the others of other devices.
        let happens = probability > 0.0 && self.rng.happens(probability);
        self.count += u64::from(happens);
        happens
    }
}

/// How long a broken line stays away.
const AWAY: Duration = Duration::from_millis(400);
/// How long a silent terminal is silent.
const SILENCE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed};

    fn acts(faults: Faults, bytes: &[u8]) -> Vec<Act> {
        let mut acts = Vec::new();
        Mangler::new(faults, Seed(1).stream(Domain::Network, 0, 0)).transmit(bytes, &mut acts);
        acts
    }

    #[test]
    fn a_good_line_changes_nothing() {
        assert_eq!(acts(Faults::default(), b"ABC"), [Act::Send(b"ABC".to_vec())]);
    }

    #[test]
    fn each_fault_does_what_it_says() {
        assert_eq!(acts(Faults { drop: 1.0, ..Faults::default() }, b"ABC"), []);
        let double = acts(Faults { double: 1.0, ..Faults::default() }, b"ABC");
        assert_eq!(double, [Act::Send(b"ABC".to_vec()), Act::Send(b"ABC".to_vec())]);
        let nak = Faults { nak: 1.0, ..Faults::default() };
        assert_eq!(acts(nak, &[signal::ACK]), [Act::Send(vec![signal::NAK])]);
        assert_eq!(acts(nak, b"ABC"), [Act::Send(b"ABC".to_vec())]);
        let hang_up = acts(Faults { hang_up: 1.0, ..Faults::default() }, b"ABCD");
        assert_eq!(hang_up, [Act::Send(b"AB".to_vec()), Act::HangUp(AWAY)]);
        let split = acts(Faults { split: 1.0, ..Faults::default() }, b"ABCD");
        assert!(
            matches!(&split[..], [Act::Send(a), Act::Pause(_), Act::Send(b)] if [&a[..], b].concat() == b"ABCD")
        );
        let flip = acts(Faults { flip: 1.0, ..Faults::default() }, b"A");
        assert!(matches!(&flip[..], [Act::Send(bytes)] if (bytes[0] ^ b'A').count_ones() == 1));
        assert_eq!(acts(Faults { silence: 1.0, ..Faults::default() }, b"A"), [Act::Pause(SILENCE)]);
    }
}
