//! The comparison itself: folded journals on one side, rows one by one on the other.
//!
//! Only what does not agree is kept, so that a statement of any length needs no memory of its own. What no row or no
//! transaction was found for is left to `outcome`.

use super::{Fault, Findings, Line, Mismatch, Outcome, Row, RowState, Standing, Transaction, journal::Key};
use crate::{iso8583::Rrn, operation::Kind};
use std::collections::HashMap;

/// By what the two sides call a transaction the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// Terminal, batch and STAN.
    #[default]
    Number,
    /// The RRN, for statements without batch or STAN.
    Rrn,
}

/// The journals of many terminals, each transaction folded into what is believed of it.
///
/// ```text
/// Journals ── against ─► Comparison ── finish ─► Findings
///    ▲ take                   ▲ row
/// ```
#[derive(Debug, Default)]
pub struct Journals {
    sides: HashMap<Key, Side>,
}

/// Journals to which the rows of a statement are held.
#[derive(Debug)]
pub struct Comparison {
    sides: HashMap<Key, Side>,
    /// Filled when transactions go by their RRN.
    keys: HashMap<Rrn, Key>,
    identity: Identity,
    /// Rows that do not agree with their transaction.
    odd: HashMap<Key, Vec<Row>>,
    /// Standing rows without a transaction.
    strangers: Vec<Row>,
    /// Kinds of transactions that the statement leaves out.
    unlisted: Vec<Kind>,
}

/// A transaction, and whether a row was found that stands and agrees.
#[derive(Clone, Copy, Debug)]
struct Side {
    transaction: Transaction,
    is_booked: bool,
}

impl Journals {
    /// Takes the next line; the lines of one transaction come in the order in which they were written.
    pub fn take(&mut self, line: &Line) {
        let new = || Side { transaction: Transaction::begin(line), is_booked: false };
        let mut is_new = false;
        let side = self.sides.entry(line.key).or_insert_with(|| {
            is_new = true;
            new()
        });
        if !is_new {
            side.transaction.follow(line);
        }
    }

    /// Takes a transaction that is folded already.
    pub fn take_folded(&mut self, transaction: Transaction) {
        self.sides.insert(transaction.key, Side { transaction, is_booked: false });
    }

    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.sides.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sides.is_empty()
    }

    /// What is believed of each transaction, in no order.
    pub fn into_transactions(self) -> impl Iterator<Item = Transaction> {
        self.sides.into_values().map(|side| side.transaction)
    }

    /// Holds them to a statement whose rows name their transactions by `identity`; it has none of the kinds `unlisted`.
    pub fn against(self, identity: Identity, unlisted: &[Kind]) -> Comparison {
        let by_rrn = |side: &Side| side.transaction.rrn.map(|rrn| (rrn, side.transaction.key));
        let keys = match identity {
            Identity::Number => HashMap::new(),
            Identity::Rrn => self.sides.values().filter_map(by_rrn).collect(),
        };
        Comparison {
            sides: self.sides,
            keys,
            identity,
            odd: HashMap::new(),
            strangers: Vec::new(),
            unlisted: unlisted.to_vec(),
        }
    }
}

impl Comparison {
    /// Takes one row of the statement.
    pub fn row(&mut self, row: Row) {
        let key = match self.identity {
            Identity::Number => row.key(),
            Identity::Rrn => row.rrn.and_then(|rrn| self.keys.get(&rrn).copied()),
        };
        let Some((key, side)) = key.and_then(|key| self.sides.get_mut(&key).map(|side| (key, side))) else {
            if row.state.stands() {
                self.strangers.push(row);
            }
            return;
        };
        let stands = row.state.stands();
        if stands && side.transaction.is_other(&row) {
            return self.strangers.push(row);
        }
        if side.transaction.judge(&row).is_err() || stands && side.is_booked {
            self.odd.entry(key).or_default().push(row);
        } else {
            side.is_booked |= stands;
        }
    }

    /// Ends the comparison where all of both sides was taken.
    pub fn finish(self) -> Findings {
        let mut outcome = Outcome::default();
        outcome.add(self);
        outcome.finish()
    }

    /// Hands over what was found.
    pub(super) fn drain(self, outcome: &mut Outcome) {
        let Self { sides, mut odd, strangers, unlisted, .. } = self;
        for (key, side) in sides {
            outcome.transaction(key);
            let rows = odd.remove(&key).unwrap_or_default();
            match side.fault(&rows) {
                Some((Fault::Lost, None)) if unlisted.contains(&side.transaction.kind) => {}
                Some((Fault::Lost, None)) => outcome.lost.push(side.transaction),
                Some((fault, host)) => {
                    outcome.mismatches.push(Mismatch { fault, terminal: Some(side.transaction), host });
                }
                None => {}
            }
        }
        outcome.strangers.extend(strangers);
    }
}

impl Side {
    /// What is wrong, with the row that shows it; `odd` are the rows that did not agree.
    ///
    /// 1. A journal that makes no sense, or books twice, is wrong whatever the host says.
    /// 2. More than one standing row is one too many, whatever they say.
    /// 3. A row that does not agree says what is wrong, unless it does not stand and another one does.
    /// 4. What is believed and has no row is lost.
    fn fault(&self, odd: &[Row]) -> Option<(Fault, Option<Row>)> {
        let last_standing = odd.iter().rev().find(|row| row.state.stands());
        let standing = odd.iter().filter(|row| row.state.stands()).count() + usize::from(self.is_booked);
        let shown = last_standing.or_else(|| odd.last().filter(|_| !self.is_booked)).copied();
        match self.transaction.standing {
            Standing::Contradiction => Some((Fault::Contradiction, shown)),
            Standing::Doubled => Some((Fault::Doubled, shown)),
            _ if standing > 1 => Some((Fault::Doubled, shown)),
            _ => match shown.map(|row| (self.transaction.judge(&row), row)) {
                Some((Err(fault), row)) => Some((fault, Some(row))),
                _ if self.transaction.is_believed() && !self.is_booked => Some((Fault::Lost, None)),
                _ => None,
            },
        }
    }
}

impl Transaction {
    /// Whether a row says the same.
    fn judge(&self, row: &Row) -> Result<(), Fault> {
        match (self.standing, row.state.stands()) {
            (Standing::Stands, false) => Err(Fault::Lost),
            (Standing::Stands | Standing::Stored, true) => self.difference(row).map_or(Ok(()), Err),
            (Standing::Unknown, true) => Err(Fault::ReversalPending),
            (Standing::Undone | Standing::Refused, true) => Err(Fault::NotReversed),
            // A pre-authorization that was voided is closed.
            (Standing::Voided, true) if row.state != RowState::Closed => Err(Fault::VoidIgnored),
            (_, _) => Ok(()),
        }
    }

    /// Whether a row under the same name is another transaction, such as that of a neighbour with the same STAN.
    fn is_other(&self, row: &Row) -> bool {
        let rrn_differs = row.rrn.zip(self.rrn).is_some_and(|(said, believed)| said != believed);
        let card_differs = row.card.zip(self.card).is_some_and(|(said, believed)| !said.agrees(&believed));
        (rrn_differs || card_differs) && self.difference(row).is_some()
    }

    /// The first thing in which a row differs.
    pub(super) fn difference(&self, row: &Row) -> Option<Fault> {
        fn differs<T: PartialEq>(said: Option<T>, believed: T) -> bool {
            said.is_some_and(|said| said != believed)
        }
        match () {
            () if differs(row.terminal, self.key.terminal) => Some(Fault::WrongTerminal),
            () if differs(row.merchant, self.merchant) => Some(Fault::WrongMerchant),
            () if differs(row.batch, self.key.batch) || differs(row.stan, self.key.stan) => {
                Some(Fault::WrongNumber)
            }
            () if differs(row.kind, self.kind) => Some(Fault::Kind),
            () if row.amount != self.amount => Some(Fault::Amount),
            () => None,
        }
    }
}
