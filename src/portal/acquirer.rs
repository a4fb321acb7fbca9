//! What the portal asks the host about: batches, transactions and the state of terminals.

use super::Method;
use crate::{
    iso8583::{MerchantId, Rrn, TerminalId},
    money::Amount,
    reconcile::Key,
};

/// The host around the portal, whose ledger both share.
pub trait Acquirer {
    /// What a merchant has sold in batches that are not settled.
    fn unsettled(&self, merchant: MerchantId) -> Amount;
    /// Whether a terminal has transactions in its open batch.
    fn has_open_batch(&self, terminal: TerminalId) -> bool;
    /// What a terminal last told about itself; nothing when it was never heard of.
    fn status(&self, terminal: TerminalId) -> Option<TerminalStatus>;
    /// What a merchant has sold, oldest first.
    fn transactions(&self, merchant: MerchantId) -> Vec<Sale>;
}

/// What a terminal tells about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalStatus {
    /// Whether it was heard of lately.
    pub is_online: bool,
    /// Charge of the battery in percent, where it has told that.
    pub battery: Option<u8>,
    /// Version of its firmware.
    pub firmware: String,
    /// Address on the network.
    pub address: String,
    /// Whether it has signed in today.
    pub is_signed_in: bool,
}

/// An approved transaction that a merchant is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Terminal, batch and STAN.
    pub key: Key,
    /// DE 42.
    pub merchant: MerchantId,
    /// How it was paid.
    pub method: Method,
    /// DE 4.
    pub amount: Amount,
    /// DE 37, by which a merchant finds it on the receipt.
    pub rrn: Rrn,
    /// When, in seconds of the Unix epoch.
    pub at: i64,
}
