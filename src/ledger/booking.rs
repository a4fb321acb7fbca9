//! One transaction in the books.

use super::Postings;
use crate::{
    card::Pan,
    iso8583::{ApprovalCode, MerchantId, ResponseCode, Rrn},
    money::Amount,
    operation::{Kind, Variant},
    reconcile::Key,
};

/// One transaction in the books.
#[derive(Clone, Debug, PartialEq)]
pub struct Booking {
    /// Terminal, batch and STAN.
    pub key: Key,
    /// DE 42.
    pub merchant: MerchantId,
    /// Which transaction.
    pub kind: Kind,
    /// In which circumstances.
    pub variant: Variant,
    /// DE 4; an adjustment replaces it.
    pub amount: Amount,
    /// The tip that is part of the amount.
    pub tip: Amount,
    /// The card, where there was one.
    pub card: Option<Pan>,
    /// DE 37.
    pub rrn: Rrn,
    /// DE 38 of an approval.
    pub approval_code: Option<ApprovalCode>,
    /// The transaction that it is about.
    pub original: Option<Key>,
    /// When, in seconds of the Unix epoch.
    pub at: i64,
    /// Where it stands.
    pub state: State,
    /// How it has moved money so far, all its records together; nothing when it was declined.
    pub postings: Postings,
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The money has moved.
    Captured,
    /// The money had moved, and a later transaction gave it back.
    Voided,
    /// The money had moved, and was moved back; or its reversal came before it.
    Reversed,
    /// A pre-authorization: the money is set aside.
    Held,
    /// A pre-authorization that was voided or completed.
    Closed,
    /// A code was shown, and nobody has paid yet.
    Waiting,
    /// It was declined with this code.
    Declined(ResponseCode),
}
