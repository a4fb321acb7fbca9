//! Random numbers that are the same on every machine and in every version for the same seed.
//!
//! A run has one [`Seed`]; everything that needs chance derives a stream of its own from it by what it is
//! ("terminal 17, iteration 4"), so that no stream depends on what other streams drew before.

use rand::{Rng as _, RngExt as _, SeedableRng, rngs::Xoshiro256PlusPlus};

/// The root of all chance in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream that belongs to `index` and `round` of the things of one `domain`.
    pub fn stream(self, domain: Domain, index: u64, round: u64) -> Rng {
        let mixed = [domain as u64, index, round].iter().fold(self.0, |state, part| mix(state ^ mix(*part)));
        Rng(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }
}

/// What a stream of random numbers is for; streams of different domains are unrelated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Domain {
    /// Arrival instants of a scenario.
    Arrivals = 1,
    /// The values an iteration draws.
    Iteration = 2,
    /// Test cards.
    Cards = 3,
    /// Keys of terminals and hosts.
    Keys = 4,
    /// What the simulated host decides by chance.
    Host = 5,
    /// What a simulated network does to a message.
    Network = 6,
    /// Properties of the fleet: serial numbers, start offsets.
    Fleet = 7,
    /// What the merchant portal decides by chance.
    Portal = 8,
    /// Merchants and their holders.
    Directory = 9,
}

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number of `low..=high`, `low` when the range is empty.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        if low >= high { low } else { self.0.random_range(low..=high) }
    }

    /// A number of `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Whether a thing of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number of the exponential distribution with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// Fills `bytes` with chance.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

/// Spreads every bit of `value` over all bits (the finalizer of SplitMix64).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_stable_and_unrelated() {
        let first = |domain, index, round| Seed(7).stream(domain, index, round).bits();
        assert_eq!(first(Domain::Iteration, 3, 4), first(Domain::Iteration, 3, 4));
        assert_ne!(first(Domain::Iteration, 3, 4), first(Domain::Iteration, 4, 3));
        assert_ne!(first(Domain::Iteration, 3, 4), first(Domain::Cards, 3, 4));
    }

    #[test]
    fn between_keeps_its_bounds() {
        let mut rng = Seed(1).stream(Domain::Fleet, 0, 0);
        let drawn: Vec<u64> = (0..1000).map(|_| rng.between(3, 5)).collect();
        assert!(drawn.iter().all(|n| (3..=5).contains(n)) && (3..=5).all(|n| drawn.contains(&n)));
        assert_eq!(rng.between(9, 2), 9);
    }

    #[test]
    fn exponential_has_mean_one() {
        let mut rng = Seed(2).stream(Domain::Arrivals, 0, 0);
        let mean = (0..10_000).map(|_| rng.exponential()).sum::<f64>() / 10_000.0;
        assert!((0.95..1.05).contains(&mean), "{mean}");
    }
}
