//! What a report of the whole portal asks for: all merchants, applications and payouts, whoever they belong to.

use super::{ApplicationNo, CardId, Matter, Payout, Portal, Stage};
use crate::{card::MaskedPan, iso8583::MerchantId};

impl Portal {
    /// How many merchants there are.
    #[must_use]
    pub fn merchant_count(&self) -> usize {
        self.books.merchants.len()
    }

    /// All applications, oldest first, with their matter and where they stand.
    pub fn applications(&self) -> impl Iterator<Item = (ApplicationNo, &Matter, &Stage)> {
        let all = self.books.applications.iter();
        all.map(|(no, application)| (*no, &application.matter, &application.stage))
    }

    /// All payouts, oldest first.
    pub fn all_payouts(&self) -> impl Iterator<Item = &Payout> {
        self.books.payouts.all()
    }

    /// A settlement card of a merchant as lists show it, also one that is bound no longer.
    #[must_use]
    pub fn settlement_card(&self, merchant: MerchantId, card: CardId) -> Option<MaskedPan> {
        let wallet = &self.books.merchants.get(&merchant)?.wallet;
        wallet.card(card).map(|card| card.masked())
    }
}
