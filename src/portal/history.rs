//! What has happened in the portal, line by line: what [`super::audit`](super::audit()) checks in the end.

use super::{
    CardId, Matter, PayoutNo, Portal,
    binding::{Pair, SerialNumber},
    review::ApplicationNo,
};
use crate::{iso8583::MerchantId, money::Amount, reconcile::Key, time::Instant};

/// One thing that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Instant,
    /// What.
    pub fact: Fact,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the nouns that their types document")]
pub enum Fact {
    /// A device has these numbers from now on.
    Bound { device: SerialNumber, pair: Pair },
    /// A device has these numbers no longer.
    BindingEnded { device: SerialNumber, pair: Pair },
    /// Payouts go to this card from now on.
    CardEffective { merchant: MerchantId, card: CardId },
    /// Payouts go to this card no longer.
    CardEnded { merchant: MerchantId, card: CardId },
    /// An application was submitted, for the first time or again.
    Submitted { application: ApplicationNo, matter: Matter },
    /// An application is rejected or has taken effect.
    Closed { application: ApplicationNo, matter: Matter },
    /// A payout will be made.
    Ordered { payout: PayoutNo, merchant: MerchantId, due: Instant },
    /// A transaction became part of a payout, with what is left after the fee.
    Cleared { transaction: Key, payout: PayoutNo, net: Amount },
    /// A transaction was undone, wholly or in part, after it was cleared.
    TakenBack { transaction: Key, net: Amount },
    /// More of a cleared transaction became part of a payout: an adjustment raised it, or what undid it was undone.
    Supplemented { transaction: Key, payout: PayoutNo, net: Amount },
    /// The network delays a payout.
    Delayed { payout: PayoutNo, due: Instant },
    /// A payout waits for a card.
    Held { payout: PayoutNo },
    /// A payout waits no longer.
    Released { payout: PayoutNo },
    /// Money was paid, less what had been taken back.
    Paid { payout: PayoutNo, merchant: MerchantId, card: CardId, amount: Amount, recovered: Amount },
}

impl Portal {
    /// All that has happened, oldest first.
    #[must_use]
    pub fn history(&self) -> &[Line] {
        &self.books.history
    }

    pub(super) fn note(&mut self, at: Instant, fact: Fact) {
        self.books.history.push(Line { at, fact });
    }
}
