//! What the portal answers.

use super::{
    ApplicationNo, MerchantData, Notification, OrderStep, Pair, Payout, Sale, SerialNumber, SettlementCard,
    Stage, Submission, TerminalStatus, Token, UnbindStep,
};
use crate::{card::MaskedPan, money::Amount, time::Instant};

/// The answer to a request that was not refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// It is done, and there is nothing to say.
    Done,
    /// A session was opened.
    Session(Token),
    /// The merchant's data.
    Merchant(MerchantData),
    /// Settlement cards; their numbers print masked.
    Cards(Vec<SettlementCard>),
    /// A code was sent.
    CodeSent {
        /// Until when it is valid.
        until: Instant,
    },
    /// The confirmation page.
    Confirmation {
        /// The card that goes.
        old: Option<MaskedPan>,
        /// The card that comes.
        new: MaskedPan,
    },
    /// The state of an application.
    Application(ApplicationView),
    /// The next step of an unbinding.
    Unbind(UnbindStep),
    /// A device.
    Device(DeviceView),
    /// Devices.
    Devices(Vec<DeviceView>),
    /// A device was activated with these numbers; the host gives it its master key.
    Activated(Pair),
    /// Transactions.
    Transactions(Vec<Sale>),
    /// What was sold, and what of it was paid.
    Balance(BalanceView),
    /// Payouts.
    Payouts(Vec<Payout>),
    /// Messages.
    Messages(Vec<Notification>),
}

/// An application as its owner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationView {
    /// Its number.
    pub no: ApplicationNo,
    /// Where it stands.
    pub stage: Stage,
    /// Every submission with its decision.
    pub submissions: Vec<Submission>,
    /// The numbers that a change of merchant has brought.
    pub assigned: Option<Pair>,
    /// How far an application for a terminal is, and the number of the parcel.
    pub order: Option<OrderView>,
}

/// How far an application for a terminal is.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderView {
    /// The last step that was made.
    pub step: OrderStep,
    /// The number of the parcel, once it is on its way.
    pub tracking: Option<String>,
    /// The device, once it has arrived.
    pub device: Option<SerialNumber>,
}

/// A device as its merchant sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceView {
    /// Serial number.
    pub device: SerialNumber,
    /// Its numbers.
    pub pair: Pair,
    /// What it last told about itself.
    pub status: Option<TerminalStatus>,
}

/// The money of a merchant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BalanceView {
    /// Sold and not settled.
    pub unsettled: Amount,
    /// Cleared, less fees, and not paid.
    pub on_its_way: Amount,
    /// Waiting for a settlement card.
    pub held: Amount,
    /// Paid.
    pub paid: Amount,
    /// Owed by the merchant for what was undone after it was cleared.
    pub owed: Amount,
}
