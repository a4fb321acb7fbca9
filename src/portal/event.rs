//! What the portal tells the host, to be drained after every call.

use super::{
    Alarm, CardId, Notification, PayoutNo,
    binding::{Pair, SerialNumber},
};
use crate::{card::MaskedPan, iso8583::MerchantId, money::Amount, time::Instant};

/// Something the host acts on or reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// From this instant on, a device has this merchant and terminal number and no other.
    BindingChanged {
        /// When.
        at: Instant,
        /// Which device.
        device: SerialNumber,
        /// Its numbers until now.
        from: Option<Pair>,
        /// Its numbers from now on.
        to: Pair,
    },
    /// Payouts of a merchant go to this card from now on: its terminals fetch their parameters again.
    CardChanged {
        /// When.
        at: Instant,
        /// Whose.
        merchant: MerchantId,
        /// The card; nothing when none is left.
        card: Option<CardId>,
    },
    /// Money was paid to a merchant's card.
    Payout {
        /// When.
        at: Instant,
        /// Number of the payout.
        payout: PayoutNo,
        /// Whose.
        merchant: MerchantId,
        /// To which card.
        card: MaskedPan,
        /// How much.
        amount: Amount,
    },
    /// A merchant was told something.
    Notification {
        /// Who.
        merchant: MerchantId,
        /// What.
        notification: Notification,
    },
    /// A device did not keep to its code.
    Alarm(Alarm),
}
