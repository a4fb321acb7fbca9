//! An operation under way: all that a terminal needs only while it is not idle.

use super::{
    Profile,
    exchange::{Exchange, Expectation},
    transaction::{Number, Transaction},
    transfer::Transfer,
};
use crate::{
    crypto::{MacSchedule, Mak},
    iso8583::Stan,
    money::Amount,
    operation::{Kind, Operation},
    time::Instant,
};

/// An operation under way.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) operation: Operation,
    /// What it is as a transaction, fixed when its turn comes; gone once log, reversal or journal have it.
    pub(super) transaction: Option<Transaction>,
    /// Whether its outcome has been told; what follows is the reversal of it, or what the host asked for.
    pub(super) told: bool,
    /// Whether its reversal follows at once.
    pub(super) reverses: bool,
    pub(super) exchange: Exchange,
    /// What the answer to the message under way must repeat.
    pub(super) expected: Option<Expectation>,
    /// Sends of a reversal that this trigger still allows.
    pub(super) attempts_left: u32,
    /// Sign-ins that this operation still allows.
    pub(super) sign_ins_left: u32,
    /// Whether a stored notice stayed unanswered, so that all of them wait for another time.
    pub(super) skips_notices: bool,
    /// Whether a question about an order from before stayed unanswered.
    pub(super) skips_orders: bool,
    /// What the header of an answer asked for.
    pub(super) requested: Option<Kind>,
    /// The order that the host has taken.
    pub(super) order: Option<Number>,
    /// When it is asked about for the last time.
    pub(super) ask_until: Instant,
    pub(super) is_last_question: bool,
    /// Whether nothing is under way until the deadline, when the next question is due.
    pub(super) is_pausing: bool,
    /// The table that is under way.
    pub(super) transfer: Option<Box<Transfer>>,
    /// How many parts of a signature the host has.
    pub(super) parts_done: u16,
    pub(super) stan: Option<Stan>,
    pub(super) sent_at: Option<Instant>,
    pub(super) deadline: Instant,
    /// Where the connection is kept, the terminal keeps it for the next operation.
    pub(super) mac: Option<Box<MacSchedule>>,
    /// The MAC key of the answer, where it is another than that of the request.
    pub(super) answer_key: Option<Mak>,
}

impl Active {
    /// An operation of which nothing is done yet.
    pub(super) fn new(profile: &Profile, operation: Operation, mac: Option<Box<MacSchedule>>) -> Self {
        Self {
            operation,
            transaction: None,
            told: false,
            reverses: false,
            exchange: Exchange::Operation,
            expected: None,
            attempts_left: profile.reversal.resend + 1,
            sign_ins_left: 1,
            skips_notices: false,
            skips_orders: false,
            requested: None,
            order: None,
            ask_until: Instant::NEVER,
            is_last_question: false,
            is_pausing: false,
            transfer: None,
            parts_done: 0,
            stan: None,
            sent_at: None,
            deadline: Instant::NEVER,
            mac,
            answer_key: None,
        }
    }

    /// Notes what the header of an answer asks for, to be done when the operation is over.
    ///
    /// 1. The profile says what each digit means, and what its terminals may do.
    /// 2. What was done because it was asked for may not ask again: a host that always asks would never let go.
    /// 3. Nobody signs in again because of a sign-in.
    pub(super) fn hear_request(&mut self, profile: &Profile, request: u8) {
        let is_sign_in = self.exchange == Exchange::SignIn || self.operation.kind == Kind::SignIn;
        let means = profile.processing_requests.get(usize::from(request)).copied().flatten();
        let heard = means
            .filter(|kind| profile.abilities.has(*kind) && !self.told)
            .filter(|kind| !(is_sign_in && *kind == Kind::SignIn));
        self.requested = heard.or(self.requested);
    }

    /// The amount that its request says, else the one that was asked for.
    pub(super) fn amount(&self) -> Amount {
        self.transaction.as_ref().map_or(self.operation.amount, |transaction| transaction.amount)
    }
}
