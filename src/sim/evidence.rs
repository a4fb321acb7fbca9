//! What is left of a simulated run, and whether it fits together. It knows the rules, not the machines.

use super::{Direction, Sighting};
use crate::{
    card::Pan,
    iso8583::{Mti, ResponseCode, TerminalId},
    money::Amount,
    operation::{Kind, Side},
    reconcile::{Belief, Entry, Identity, Journals, Key, Line, Mismatch, Row},
    time::Instant,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is left of a simulated run: three witnesses that know nothing of each other.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The terminals' journals, in order.
    pub journal: Vec<Entry>,
    /// What stands in the host's books: transaction, amount and card.
    pub captured: Vec<(Key, Amount, Option<Pan>)>,
    /// What every account holds.
    pub balances: BTreeMap<Pan, Amount>,
    /// What every account held at the start.
    pub opening_balance: Amount,
    /// Every message at the terminals' plugs, in order.
    pub sightings: Vec<Sighting>,
    /// The terminals that still owe a reversal.
    pub owing: Vec<TerminalId>,
    /// What was counted.
    pub report: Report,
}

/// What a simulated run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Operations that were approved.
    pub approved: u64,
    /// Operations that were declined.
    pub declined: u64,
    /// Operations without an answer in time.
    pub timed_out: u64,
    /// Operations that failed in another way.
    pub failed: u64,
    /// Sign-ins and reversals that terminals did of their own accord, whatever came of them.
    pub automatic: u64,
    /// Messages that were no answer to what was asked.
    pub strays: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Events taken.
    pub events: u64,
    /// When the last one happened.
    pub ended: Instant,
    /// Whether everything came to rest within the limits.
    pub is_complete: bool,
}

/// One thing that does not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The run did not come to rest.
    #[error("the run did not come to rest within its limits")]
    Incomplete,
    /// A terminal still owes a reversal after the network was healed.
    #[error("terminal {0} still owes a reversal")]
    Owing(TerminalId),
    /// A terminal and the host do not agree on a transaction.
    #[error("{}", .0.told())]
    Mismatch(Mismatch),
    /// The totals of a terminal are not those of the host.
    #[error("terminal {terminal} believes in {believed}, the host has {captured}")]
    Totals {
        /// Which terminal.
        terminal: TerminalId,
        /// What it believes.
        believed: Amount,
        /// What the host has of it.
        captured: Amount,
    },
    /// Two requests had the same number.
    #[error("STAN used twice: {0:?}")]
    StanReused(Key),
    /// A reversal of something that was never sent.
    #[error("reversal without an original: {0:?}")]
    NoOriginal(Key),
    /// A reversal that does not repeat its original.
    #[error("reversal differs from its original: {0:?}")]
    Altered(Key),
    /// An online transaction was sent while another's fate was unknown.
    #[error("sent before the reversal of {0:?}")]
    Overtaken(Key),
    /// A request whose fate was unknown was never answered, nor was its reversal.
    #[error("neither answered nor reversed: {0:?}")]
    Unresolved(Key),
    /// An account does not hold what it should.
    #[error("card {card} holds {found} instead of {expected}")]
    Balance {
        /// Which card.
        card: Pan,
        /// Opening balance less what was captured.
        expected: Amount,
        /// What it holds.
        found: Amount,
    },
}

impl Evidence {
    /// Checks that everything fits together.
    ///
    /// 1. The run came to rest and no terminal owes a reversal.
    /// 2. Terminals and host agree on every transaction, and on the totals.
    /// 3. No STAN was used twice; a reversal repeats its original and goes before the next online transaction.
    /// 4. Every request was answered, or reversed until that was answered, unless the terminal gave up.
    /// 5. Every account holds what it held less what was captured from it.
    ///
    /// # Errors
    /// Everything that does not fit.
    pub fn verify(&self) -> Result<Report, Vec<Violation>> {
        let mut violations = Vec::new();
        if !self.report.is_complete {
            violations.push(Violation::Incomplete);
        }
        violations.extend(self.owing.iter().copied().map(Violation::Owing));
        violations.extend(self.mismatches());
        violations.extend(self.totals());
        violations.extend(self.wire());
        violations.extend(self.accounts());
        if violations.is_empty() { Ok(self.report) } else { Err(violations) }
    }

    fn mismatches(&self) -> impl Iterator<Item = Violation> {
        let mut journals = Journals::default();
        self.journal.iter().for_each(|entry| journals.take(&Line::from(entry)));
        let mut comparison = journals.against(Identity::Number, &[]);
        self.captured.iter().for_each(|(key, amount, _)| comparison.row(Row::captured(*key, *amount)));
        comparison.finish().mismatches.into_iter().map(Violation::Mismatch)
    }

    fn totals(&self) -> impl Iterator<Item = Violation> {
        let last: BTreeMap<Key, &Entry> = self.journal.iter().map(|entry| (entry.key(), entry)).collect();
        let approved = last.values().filter(|entry| entry.belief == Belief::Approved);
        let mut totals: BTreeMap<TerminalId, (Amount, Amount)> = BTreeMap::new();
        approved.for_each(|entry| totals.entry(entry.terminal).or_default().0 += entry.amount);
        self.captured
            .iter()
            .for_each(|(key, amount, _)| totals.entry(key.terminal).or_default().1 += *amount);
        let different = totals.into_iter().filter(|(_, (believed, captured))| believed != captured);
        different.map(|(terminal, (believed, captured))| Violation::Totals { terminal, believed, captured })
    }

    /// What an observer of the wire objects to.
    fn wire(&self) -> Vec<Violation> {
        let given_up = |entry: &&Entry| entry.belief == Belief::ReversalAbandoned;
        let mut observer = Observer {
            abandoned: self.journal.iter().filter(given_up).map(Entry::key).collect(),
            ..Observer::default()
        };
        for sighting in &self.sightings {
            if let Some(key) = sighting.key() {
                observer.see(sighting, key);
            }
        }
        let unresolved = observer.unresolved.into_values().map(Violation::Unresolved);
        observer.violations.into_iter().chain(unresolved).collect()
    }

    fn accounts(&self) -> impl Iterator<Item = Violation> + '_ {
        let mut taken: BTreeMap<Pan, Amount> = BTreeMap::new();
        for (_, amount, card) in &self.captured {
            if let Some(card) = card {
                *taken.entry(*card).or_default() += *amount;
            }
        }
        self.balances.iter().filter_map(move |(card, found)| {
            let expected = self.opening_balance - taken.get(card).copied().unwrap_or_default();
            let (card, found) = (*card, *found);
            (expected != found).then_some(Violation::Balance { card, expected, found })
        })
    }
}

/// Follows the messages of all terminals.
#[derive(Debug, Default)]
struct Observer<'a> {
    abandoned: BTreeSet<Key>,
    requests: BTreeMap<Key, &'a Sighting>,
    /// Per terminal the reversible request that was neither answered nor reversed yet.
    unresolved: BTreeMap<TerminalId, Key>,
    violations: Vec<Violation>,
}

impl<'a> Observer<'a> {
    fn see(&mut self, sighting: &'a Sighting, key: Key) {
        match (sighting.direction, sighting.mti) {
            (Direction::ToHost, Mti::REVERSAL) => self.see_reversal(sighting, key),
            // Uploads repeat the numbers of what they upload.
            (Direction::ToHost, Mti::BATCH_UPLOAD) => {}
            (Direction::ToHost, _) if sighting.message_kind == Some(SIGNATURE) => {}
            (Direction::ToHost, _) => self.see_request(sighting, key),
            (Direction::ToTerminal, mti) => {
                let answers = [Mti::AUTHORIZATION, Mti::FINANCIAL].map(Mti::response).contains(&mti);
                let settles =
                    answers || mti == Mti::REVERSAL.response() && sighting.code.is_some_and(settles);
                if settles && self.unresolved.get(&key.terminal).is_some_and(|open| open.stan == key.stan) {
                    self.unresolved.remove(&key.terminal);
                }
            }
        }
    }

    fn see_request(&mut self, sighting: &'a Sighting, key: Key) {
        if let Some(earlier) = self.requests.insert(key, sighting)
            && !is_repeat_of_a_notice(earlier, sighting)
        {
            self.violations.push(Violation::StanReused(key));
        }
        if !sighting.kinds().any(|kind| kind.form().has_mac && !kind.is_automatic()) {
            return;
        }
        if let Some(open) = self.unresolved.remove(&key.terminal)
            && !self.abandoned.contains(&open)
        {
            self.violations.push(Violation::Overtaken(open));
        }
        if sighting.kinds().any(|kind| kind.form().reversible) {
            self.unresolved.insert(key.terminal, key);
        }
    }

    fn see_reversal(&mut self, sighting: &Sighting, key: Key) {
        match self.requests.get(&key) {
            None => self.violations.push(Violation::NoOriginal(key)),
            Some(original) if original.copied != sighting.copied => {
                self.violations.push(Violation::Altered(key));
            }
            Some(_) => {}
        }
    }
}

/// Whether a reversal answered so is done: approved, or nothing to reverse.
fn settles(code: ResponseCode) -> bool {
    code.is_approval()
        || [ResponseCode::INVALID_TRANSACTION, ResponseCode::ORIGINAL_NOT_FOUND].contains(&code)
}

/// Whether a terminal told the host the same thing again because it was not answered.
fn is_repeat_of_a_notice(earlier: &Sighting, later: &Sighting) -> bool {
    let may_repeat = |kind: Kind| !kind.form().reversible && kind.form().side != Side::None;
    (earlier.mti, &earlier.copied) == (later.mti, &later.copied)
        && (later.mti == Mti::SETTLEMENT || later.kinds().any(may_repeat))
}

/// DE 60.1 of the parts of a signature, which carry the number of what was signed.
const SIGNATURE: u8 = 7;
