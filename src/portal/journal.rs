//! What a portal has taken in, told one by one, and the way back: whoever gives the same inputs to a new portal gets
//! the same portal.
//!
//! | an input is                                       | because it changes                          |
//! |---------------------------------------------------|---------------------------------------------|
//! | a write that was done, refused ones too           | books, codes, attempts, the answer kept      |
//! | a login that changed the count of wrong passwords | the lock-out                                |
//! | a review by hand                                  | the application                             |
//! | what the host told: approved, restated, settled    | payouts, limits, bindings that had waited   |
//! | an alarm                                          | the alarm list                              |
//! | time that passed something that was due           | whatever was due                            |
//!
//! Reads are none: what they draw comes from a stream of their own. Sessions are not kept; merchants log in again. An
//! input carries what the host was asked meanwhile, so that nobody has to ask it again, and where the portal stood
//! after it, so that a portal that comes out otherwise is noticed at once.

use super::{
    Acquirer, Alarm, ApplicationNo, Decision, IdempotencyKey, Owner, Portal, Refusal, Request, Sale,
    TerminalStatus, owner_of,
};
use crate::{
    iso8583::{MerchantId, TerminalId},
    money::Amount,
    reconcile::Key,
    time::Instant,
};
use std::{cell::RefCell, collections::VecDeque};

/// One thing that a portal has taken in.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// When.
    pub at: Instant,
    /// What.
    pub act: Act,
    /// What the host said when it was asked meanwhile, in order.
    pub said: Vec<Said>,
    /// Where the portal stood after it.
    pub after: Mark,
}

/// What was taken in.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Nothing but time, in which something was due.
    Pass,
    /// A write that was not done before under its key.
    Write(Write),
    /// A login that changed the count of wrong passwords.
    Login {
        /// Whose.
        account: MerchantId,
        /// Whether the password was right.
        is_right: bool,
    },
    /// A review by hand.
    Review(ApplicationNo, Decision),
    /// The host has approved a transaction.
    Approved(Sale),
    /// A transaction was undone, wholly or in part.
    Undone(Key, Amount),
    /// What stands of a transaction is something else now; whether its batch is settled.
    Restated(Sale, bool),
    /// A terminal has settled a batch, with the transactions that stand.
    Settled(TerminalId, Vec<Sale>),
    /// A device did not keep to its code.
    Alarm(Alarm),
}

/// A write: a call whose session was looked up already.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Whose session it was; nothing where none is needed.
    pub merchant: Option<MerchantId>,
    /// What the client calls it.
    pub key: IdempotencyKey,
    /// What is asked.
    pub request: Request,
}

/// An answer of the host to a question of the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// What a merchant has sold in batches that are not settled.
    Unsettled(Amount),
    /// Whether a terminal has transactions in its open batch.
    OpenBatch(bool),
    /// What a terminal last told about itself.
    Status(Option<TerminalStatus>),
}

/// Where a portal stands: two that have taken in the same stand at the same mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// How often chance was asked.
    pub draws: u64,
    /// Lines of the history.
    pub lines: u64,
    /// Why the input was refused, if it was.
    pub refusal: Option<Refusal>,
}

/// A portal does not come out as the one that took the input in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the portal does not answer as it did")]
pub struct Diverged;

impl Portal {
    /// The next input that was taken in; it must be durable before anybody hears of what came of it.
    pub fn poll_input(&mut self) -> Option<Input> {
        self.inputs.pop_front()
    }

    /// Takes an input of an earlier life of this portal, in the order in which they were told.
    ///
    /// Its events come again, because the host that follows them has forgotten them too.
    ///
    /// # Errors
    /// [`Diverged`] when the portal was made under other rules, with other merchants, or by another program; it is of
    /// no use then.
    pub fn restore(&mut self, input: &Input) -> Result<(), Diverged> {
        let testimony = Testimony(RefCell::new(input.said.iter().cloned().collect()));
        self.take_in(input.at, &testimony, &input.act);
        let is_same = self.inputs.len() == 1 && self.inputs.front() == Some(input);
        self.inputs.clear();
        if is_same { Ok(()) } else { Err(Diverged) }
    }

    fn take_in(&mut self, at: Instant, testimony: &Testimony, act: &Act) {
        match act {
            Act::Pass => self.timeout(at, testimony),
            Act::Write(write) if write.merchant.is_none_or(|merchant| self.knows(merchant)) => {
                let now = self.advance(at, testimony);
                // It was told when it was made.
                let _ = self.write(now, testimony, write.clone());
            }
            Act::Login { account, is_right } if self.knows(*account) => {
                let now = self.advance(at, testimony);
                let _ = self.try_password(now, *account, *is_right);
            }
            Act::Review(no, decision) => {
                let _ = self.decide(at, testimony, *no, decision.clone());
            }
            Act::Approved(sale) => self.approved(at, testimony, sale),
            Act::Undone(transaction, amount) => self.undone(at, testimony, *transaction, *amount),
            Act::Restated(sale, is_settled) => self.restated(at, testimony, sale, *is_settled),
            Act::Settled(terminal, sales) => self.settled(at, testimony, *terminal, sales),
            Act::Alarm(alarm) => {
                self.advance(at, testimony);
                self.raise(alarm.clone());
            }
            // No merchant is ever forgotten: this one was never here.
            Act::Write(_) | Act::Login { .. } => {}
        }
    }

    fn knows(&self, merchant: MerchantId) -> bool {
        self.books.merchants.contains_key(&merchant)
    }

    /// Enters an input that was just taken in, with what the host said meanwhile.
    pub(super) fn enter(&mut self, act: Act, said: Vec<Said>, refusal: Option<Refusal>) {
        let after = Mark { draws: self.draws, lines: self.books.history.len() as u64, refusal };
        self.inputs.push_back(Input { at: self.now, act, said, after });
    }
}

impl Write {
    /// To whom its key belongs; nothing for a request that somebody must be logged in for, and nobody is.
    pub(super) fn owner(&self) -> Option<Owner> {
        match (&self.request, self.merchant) {
            (Request::Terminal(request), _) => Some(owner_of(request)),
            (_, merchant) => merchant.map(Owner::Merchant),
        }
    }
}

/// The host, with somebody who writes down what it says.
pub(super) struct Witness<'a> {
    acquirer: &'a dyn Acquirer,
    said: RefCell<Vec<Said>>,
}

impl<'a> Witness<'a> {
    pub(super) fn new(acquirer: &'a dyn Acquirer) -> Self {
        Self { acquirer, said: RefCell::default() }
    }

    /// What was said so far.
    pub(super) fn into_said(self) -> Vec<Said> {
        self.said.into_inner()
    }
}

impl Acquirer for Witness<'_> {
    fn unsettled(&self, merchant: MerchantId) -> Amount {
        let amount = self.acquirer.unsettled(merchant);
        self.said.borrow_mut().push(Said::Unsettled(amount));
        amount
    }

    fn has_open_batch(&self, terminal: TerminalId) -> bool {
        let has_one = self.acquirer.has_open_batch(terminal);
        self.said.borrow_mut().push(Said::OpenBatch(has_one));
        has_one
    }

    fn status(&self, terminal: TerminalId) -> Option<TerminalStatus> {
        let status = self.acquirer.status(terminal);
        self.said.borrow_mut().push(Said::Status(status.clone()));
        status
    }

    /// Only reads ask for them, and nothing depends on a read.
    fn transactions(&self, merchant: MerchantId) -> Vec<Sale> {
        self.acquirer.transactions(merchant)
    }
}

/// What the host said in an earlier life, in order; it says nothing of note when it is asked more or other than then.
struct Testimony(RefCell<VecDeque<Said>>);

impl Testimony {
    fn next(&self) -> Option<Said> {
        self.0.borrow_mut().pop_front()
    }
}

impl Acquirer for Testimony {
    fn unsettled(&self, _: MerchantId) -> Amount {
        if let Some(Said::Unsettled(amount)) = self.next() { amount } else { Amount::ZERO }
    }

    fn has_open_batch(&self, _: TerminalId) -> bool {
        matches!(self.next(), Some(Said::OpenBatch(true)))
    }

    fn status(&self, _: TerminalId) -> Option<TerminalStatus> {
        if let Some(Said::Status(status)) = self.next() { status } else { None }
    }

    fn transactions(&self, _: MerchantId) -> Vec<Sale> {
        Vec::new()
    }
}
