//! What is left of a simulated run, and whether it fits together. It knows the rules, not the machines.

use super::{Direction, Sighting};
use crate::{
    card::Pan,
    iso8583::{Mti, ResponseCode, TerminalId},
    ledger::{Booking, State},
    money::Amount,
    operation::{Effect, Kind, Side},
    reconcile::{Belief, Entry, Identity, Journals, Key, Line, Mismatch, Row, Standing},
    time::Instant,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is left of a simulated run: three witnesses that know nothing of each other.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The terminals' journals, in order.
    pub journal: Vec<Entry>,
    /// The host's statement.
    pub bookings: Vec<Booking>,
    /// What came to every account of a card less what left it, in minor units.
    pub accounts: BTreeMap<Pan, CardAccounts>,
    /// Every message at the terminals' plugs, in order.
    pub sightings: Vec<Sighting>,
    /// The terminals that still owe a reversal, a notice or the rest of a settlement.
    pub owing: Vec<TerminalId>,
    /// How often each kind was approved, asked for or not.
    pub done: BTreeMap<Kind, u64>,
    /// What was counted.
    pub report: Report,
}

/// What came to the two accounts of a card less what left them, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CardAccounts {
    /// What it may spend, less the opening balance.
    pub free: i64,
    /// What is set aside.
    pub held: i64,
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
    /// Requests at the counter of the portal that were granted.
    pub granted: u64,
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
    /// A terminal still owes something after the network was healed.
    #[error("terminal {0} still owes a reversal, a notice or the rest of a settlement")]
    Owing(TerminalId),
    /// A terminal and the host do not agree on a transaction.
    #[error("{}", .0.told())]
    Mismatch(Mismatch),
    /// The totals of a terminal are not those of the host.
    #[error("terminal {terminal} believes in {believed} minor units, the host has {captured}")]
    Totals {
        /// Which terminal.
        terminal: TerminalId,
        /// Debits less credits that it believes in, in minor units.
        believed: i64,
        /// Debits less credits that the host has of it, in minor units.
        captured: i64,
    },
    /// A booking moved other money than its amount.
    #[error("{} {key:?} of {amount} is {state:?} and moved {moved} minor units", .kind.name())]
    Moved {
        /// Which transaction.
        key: Key,
        /// What it is.
        kind: Kind,
        /// What it says.
        amount: Amount,
        /// Where it stands.
        state: State,
        /// What merchant and acquirer got.
        moved: i64,
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
    /// The accounts of a card do not hold what its bookings moved.
    #[error("card {card} holds {found:?} instead of {expected:?}")]
    Accounts {
        /// Which card.
        card: Pan,
        /// The sum of its bookings.
        expected: CardAccounts,
        /// What they hold.
        found: CardAccounts,
    },
}

impl Evidence {
    /// Checks that everything fits together.
    ///
    /// 1. The run came to rest and no terminal owes anything.
    /// 2. Terminals and host agree on every transaction, and on the totals.
    /// 3. No STAN was used twice; a reversal repeats its original and goes before the next online transaction.
    /// 4. Every request was answered, or reversed until that was answered, unless the terminal gave up.
    /// 5. Every booking moved its amount while it stands and nothing when it does not, and accounts hold their sum.
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
        violations.extend(self.movements());
        violations.extend(self.accounts());
        if violations.is_empty() { Ok(self.report) } else { Err(violations) }
    }

    fn mismatches(&self) -> impl Iterator<Item = Violation> {
        let mut comparison = self.journals().against(Identity::Number, &[]);
        self.bookings.iter().for_each(|booking| comparison.row(Row::from(booking)));
        comparison.finish().mismatches.into_iter().map(Violation::Mismatch)
    }

    fn journals(&self) -> Journals {
        let mut journals = Journals::default();
        self.journal.iter().for_each(|entry| journals.take(&Line::from(entry)));
        journals
    }

    fn totals(&self) -> impl Iterator<Item = Violation> {
        let mut totals: BTreeMap<TerminalId, (i64, i64)> = BTreeMap::new();
        for transaction in self.journals().into_transactions() {
            if matches!(transaction.standing, Standing::Stands | Standing::Voided) {
                let total = totals.entry(transaction.key.terminal).or_default();
                total.0 += signed(transaction.kind, transaction.amount);
            }
        }
        for booking in &self.bookings {
            if matches!(booking.state, State::Captured | State::Voided) {
                totals.entry(booking.key.terminal).or_default().1 += signed(booking.kind, booking.amount);
            }
        }
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

    /// What a merchant and the acquirer get is what the transaction says.
    fn movements(&self) -> impl Iterator<Item = Violation> + '_ {
        let is_wrong = |booking: &&Booking| {
            let stands = matches!(booking.state, State::Captured | State::Voided);
            let expected = if stands { signed(booking.kind, booking.amount) } else { 0 };
            booking.postings.sum() != 0 || booking.postings.merchant + booking.postings.fees != expected
        };
        self.bookings.iter().filter(is_wrong).map(|booking| {
            let Booking { key, kind, amount, state, .. } = *booking;
            let moved = booking.postings.merchant + booking.postings.fees;
            Violation::Moved { key, kind, amount, state, moved }
        })
    }

    fn accounts(&self) -> impl Iterator<Item = Violation> + '_ {
        let mut sums: BTreeMap<Pan, CardAccounts> = BTreeMap::new();
        for booking in &self.bookings {
            if let Some(card) = booking.card {
                let sum = sums.entry(card).or_default();
                (sum.free, sum.held) = (sum.free + booking.postings.card, sum.held + booking.postings.hold);
            }
        }
        self.accounts.iter().filter_map(move |(card, found)| {
            let expected = sums.get(card).copied().unwrap_or_default();
            let (card, found) = (*card, *found);
            (expected != found).then_some(Violation::Accounts { card, expected, found })
        })
    }
}

/// What a merchant gets by a transaction that stands, in minor units.
fn signed(kind: Kind, amount: Amount) -> i64 {
    let minor = amount.minor() as i64;
    match kind.form().effect {
        Effect::Debit | Effect::Complete => minor,
        Effect::Credit => -minor,
        Effect::None | Effect::Hold | Effect::Release | Effect::Adjust => 0,
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
        if !sighting.kinds().any(|kind| kind.is_financial() && !kind.is_automatic()) {
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
