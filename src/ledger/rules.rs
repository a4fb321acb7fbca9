//! The posting rules: which accounts an approved transaction moves money between, by its effect.

use super::Postings;
use crate::{
    money::Amount,
    operation::{Effect, Kind},
};

/// What an approved transaction is worth to those who take part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// What it moves; negative when an adjustment lowers a sale.
    pub amount: i64,
    /// What the acquirer keeps of it, with the same sign.
    pub fee: i64,
    /// What was set aside for it; a release or completion frees all of it.
    pub held: i64,
    /// Who pays, and is paid back.
    pub payer: Payer,
}

/// Who pays a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payer {
    /// The account of the card.
    Card,
    /// A wallet, banknotes, or the money in a chip.
    Outside,
    /// Nobody known yet: a card that cannot pay for what was approved offline.
    Suspense,
}

impl Payer {
    /// Who has paid for a transaction, to be paid back.
    pub fn of(postings: &Postings) -> Self {
        match postings {
            Postings { suspense: 1.. | ..=-1, .. } => Self::Suspense,
            Postings { outside: 1.. | ..=-1, .. } => Self::Outside,
            _ => Self::Card,
        }
    }
}

impl Charge {
    /// How an approved transaction of this kind moves money.
    ///
    /// | effect   | card          | hold    | merchant          | fees   |
    /// |----------|---------------|---------|-------------------|--------|
    /// | debit    | − amount      |         | + amount − fee    | + fee  |
    /// | credit   | + amount      |         | − (amount − fee)  | − fee  |
    /// | hold     | − amount      | + amount|                   |        |
    /// | release  | + held        | − held  |                   |        |
    /// | complete | + held − amount | − held | + amount − fee   | + fee  |
    /// | adjust   | a debit of the difference ||                 |        |
    ///
    /// Another payer stands in the place of the card. Loads of electronic cash move money out of the books, into the
    /// chip: of the card, of the merchant who took the banknotes, or of an account that is not known.
    pub fn postings(&self, kind: Kind) -> Postings {
        let Self { amount, fee, held, .. } = *self;
        match (kind, kind.form().effect) {
            (Kind::Load, _) => self.paid(-amount, Postings { outside: amount, ..Postings::NONE }),
            (Kind::TransferLoad, _) => Postings { suspense: -amount, outside: amount, ..Postings::NONE },
            (_, Effect::None) => Postings::NONE,
            (_, Effect::Debit | Effect::Adjust) => self.paid(-amount, earned(amount, fee)),
            (_, Effect::Credit) => self.paid(amount, earned(-amount, -fee)),
            (_, Effect::Hold) => Postings { card: -amount, hold: amount, ..Postings::NONE },
            (_, Effect::Release) => Postings { card: held, hold: -held, ..Postings::NONE },
            (_, Effect::Complete) => self.paid(-amount, earned(amount, fee)).plus(Postings {
                card: held,
                hold: -held,
                ..Postings::NONE
            }),
        }
    }

    fn paid(&self, amount: i64, rest: Postings) -> Postings {
        rest.plus(match self.payer {
            Payer::Card => Postings { card: amount, ..Postings::NONE },
            Payer::Outside => Postings { outside: amount, ..Postings::NONE },
            Payer::Suspense => Postings { suspense: amount, ..Postings::NONE },
        })
    }
}

/// What the acquirer keeps of an amount at a rate in hundredths of a percent, rounded half up.
pub fn fee(amount: Amount, basis_points: u32) -> Amount {
    let product = u128::from(amount.minor()) * u128::from(basis_points);
    Amount::from_minor(((product + 5_000) / 10_000) as u64)
}

/// What a void gives back of a transaction: all that it moved, and nothing is set aside again.
pub fn undone(postings: Postings) -> Postings {
    Postings { card: postings.card + postings.hold, hold: 0, ..postings }.negated()
}

fn earned(amount: i64, fee: i64) -> Postings {
    Postings { merchant: amount - fee, fees: fee, ..Postings::NONE }
}
