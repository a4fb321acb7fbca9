//! What one change does to the accounts: six signed amounts, one for each account that a transaction can touch.

use super::{Account, Posting};
use crate::{card::Pan, iso8583::MerchantId};

/// Minor units that come to the accounts of one transaction, negative where they leave; together nought.
///
/// Whose card and which merchant is said by the [`Booking`](super::Booking), so that a record stays small and
/// nothing on the way of a sale is allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Postings {
    /// To [`Account::Card`] of the booking's card.
    pub card: i64,
    /// To [`Account::Hold`] of the booking's card.
    pub hold: i64,
    /// To [`Account::Merchant`] of the booking's merchant.
    pub merchant: i64,
    /// To [`Account::Fees`].
    pub fees: i64,
    /// To [`Account::Outside`].
    pub outside: i64,
    /// To [`Account::Suspense`].
    pub suspense: i64,
}

impl Postings {
    /// No money moves.
    pub const NONE: Self = Self { card: 0, hold: 0, merchant: 0, fees: 0, outside: 0, suspense: 0 };

    /// Nought, for money only moves.
    pub fn sum(&self) -> i64 {
        self.amounts().iter().sum()
    }

    /// Whether no money moves.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The same money the other way.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::from_amounts(self.amounts().map(|amount| -amount))
    }

    /// Both movements as one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let mut amounts = self.amounts();
        amounts.iter_mut().zip(other.amounts()).for_each(|(amount, more)| *amount += more);
        Self::from_amounts(amounts)
    }

    /// The amounts in the order of the fields, as they are stored.
    pub const fn amounts(&self) -> [i64; 6] {
        [self.card, self.hold, self.merchant, self.fees, self.outside, self.suspense]
    }

    /// The postings with these amounts, in the order of [`Self::amounts`].
    pub const fn from_amounts([card, hold, merchant, fees, outside, suspense]: [i64; 6]) -> Self {
        Self { card, hold, merchant, fees, outside, suspense }
    }

    /// The postings with their accounts; those of nought are left out.
    pub fn of(&self, card: Option<Pan>, merchant: MerchantId) -> impl Iterator<Item = Posting> + use<> {
        let accounts = [
            card.map(Account::Card),
            card.map(Account::Hold),
            Some(Account::Merchant(merchant)),
            Some(Account::Fees),
            Some(Account::Outside),
            Some(Account::Suspense),
        ];
        let pairs = accounts.into_iter().zip(self.amounts());
        pairs.filter_map(|(account, amount)| (amount != 0).then_some(Posting { account: account?, amount }))
    }
}
