//! Accounts and postings: money only moves, so that the sum of all accounts stays nought.

use crate::{card::Pan, iso8583::MerchantId};

/// One account of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What a card may spend; it starts with the opening balance.
    Card(Pan),
    /// What is set aside of a card by pre-authorizations.
    Hold(Pan),
    /// What a merchant is owed.
    Merchant(MerchantId),
    /// What the acquirer earns.
    Fees,
    /// The other side of payments without a card of ours, such as wallets and banknotes.
    Outside,
    /// Money whose place is not known yet.
    Suspense,
}

/// Minor units that come to an account; negative when they leave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// Minor units.
    pub amount: i64,
}
