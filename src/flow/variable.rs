//! The variables that expressions of a flow can name.

use crate::expr::VariableId;

/// The variables that expressions of a flow can name; captured ones follow after them as slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// `iteration`: the number of this iteration in its scenario, counted from 1.
    Iteration,
    /// `terminal.number`: the terminal's number in its group, counted from 0.
    TerminalNumber,
    /// `terminal.id`: DE 41.
    TerminalId,
    /// `terminal.merchant`: DE 42.
    MerchantId,
    /// `terminal.serial`: the serial number of the device, whatever numbers are loaded into it.
    Serial,
    /// `code`: DE 39 of the last answer, or its HTTP status.
    Code,
    /// `outcome`: `approved`, `declined`, `timeout` or `error`.
    Outcome,
    /// `amount`: DE 4 of the last answer.
    Amount,
    /// `stan`: DE 11 of the last operation.
    Stan,
    /// `rrn`: DE 37 of the last answer.
    Rrn,
    /// `approvalCode`: DE 38 of the last answer.
    ApprovalCode,
    /// `date`: DE 13 of the last answer, month and day.
    Date,
    /// `batch`: DE 60.2 of the last operation.
    Batch,
    /// `balance`: the available balance of the last answer.
    Balance,
    /// `serviceTime`: milliseconds from send to answer.
    ServiceTime,
    /// `request.amount`: the amount that was asked for.
    RequestAmount,
    /// `request.tip`: the tip that was asked for.
    RequestTip,
    /// `status`: the status of the last HTTP answer.
    Status,
    /// `body`: the body of the last HTTP answer as text.
    Body,
    /// `host.messages`: the message types that the device of the last step sent to the host of the run, in order.
    HostMessages,
    /// `host.mac`: `ok`, `wrong` or `none`.
    HostMac,
    /// `host.code`: DE 39 of the last answer of the host of the run.
    HostCode,
    /// `host.amount`: DE 4 of what the device sent to the host of the run.
    HostAmount,
    /// `host.time`: milliseconds that the host of the run had requests and had not answered.
    HostTime,
    /// `line.code`: the result in the own code of the device's protocol.
    LineCode,
    /// `line.text`: what the device says about it.
    LineText,
    /// `line.receipt`: the device's receipt or voucher number.
    LineReceipt,
    /// `line.card`: the card that the device tells, masked.
    LineCard,
    /// `line.time`: milliseconds that bytes were on the line.
    LineTime,
    /// `device.time`: milliseconds of the step that neither line nor host took.
    DeviceTime,
    /// `merchant.…`: something of the merchant that the terminal has in the plan.
    Merchant(Particular),
    /// A captured variable.
    Slot(usize),
}

/// What the directory says of a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Particular {
    /// `merchant.name`
    Name,
    /// `merchant.address`
    Address,
    /// `merchant.holder`: the legal holder.
    Holder,
    /// `merchant.identity`: the holder's identity number.
    Identity,
    /// `merchant.phone`: the phone on file.
    Phone,
    /// `merchant.licence`: the number of the business licence.
    Licence,
    /// `merchant.password`: the password of the portal.
    Password,
    /// `merchant.queryPassword`: the password for queries by phone, of every card.
    QueryPassword,
    /// `merchant.bank`: the bank of every card.
    Bank,
    /// `merchant.card`: the first settlement card.
    Card,
    /// `merchant.spareCard`: a card that may become settlement card; they take turns by the terminal's iteration.
    SpareCard,
    /// `merchant.inactiveCard`: a card that was never activated.
    InactiveCard,
    /// `merchant.secondClassCard`: a card of an account of class II.
    SecondClassCard,
}

impl Variable {
    /// The built-in variables by the names that expressions use.
    pub const BUILT_IN: [(&'static str, Self); 43] = [
        ("iteration", Self::Iteration),
        ("terminal.number", Self::TerminalNumber),
        ("terminal.id", Self::TerminalId),
        ("terminal.merchant", Self::MerchantId),
        ("terminal.serial", Self::Serial),
        ("code", Self::Code),
        ("outcome", Self::Outcome),
        ("amount", Self::Amount),
        ("stan", Self::Stan),
        ("rrn", Self::Rrn),
        ("approvalCode", Self::ApprovalCode),
        ("date", Self::Date),
        ("batch", Self::Batch),
        ("balance", Self::Balance),
        ("serviceTime", Self::ServiceTime),
        ("request.amount", Self::RequestAmount),
        ("request.tip", Self::RequestTip),
        ("status", Self::Status),
        ("body", Self::Body),
        ("host.messages", Self::HostMessages),
        ("host.mac", Self::HostMac),
        ("host.code", Self::HostCode),
        ("host.amount", Self::HostAmount),
        ("host.time", Self::HostTime),
        ("line.code", Self::LineCode),
        ("line.text", Self::LineText),
        ("line.receipt", Self::LineReceipt),
        ("line.card", Self::LineCard),
        ("line.time", Self::LineTime),
        ("device.time", Self::DeviceTime),
        ("merchant.name", Self::Merchant(Particular::Name)),
        ("merchant.address", Self::Merchant(Particular::Address)),
        ("merchant.holder", Self::Merchant(Particular::Holder)),
        ("merchant.identity", Self::Merchant(Particular::Identity)),
        ("merchant.phone", Self::Merchant(Particular::Phone)),
        ("merchant.licence", Self::Merchant(Particular::Licence)),
        ("merchant.password", Self::Merchant(Particular::Password)),
        ("merchant.queryPassword", Self::Merchant(Particular::QueryPassword)),
        ("merchant.bank", Self::Merchant(Particular::Bank)),
        ("merchant.card", Self::Merchant(Particular::Card)),
        ("merchant.spareCard", Self::Merchant(Particular::SpareCard)),
        ("merchant.inactiveCard", Self::Merchant(Particular::InactiveCard)),
        ("merchant.secondClassCard", Self::Merchant(Particular::SecondClassCard)),
    ];

    /// The number under which expressions know this variable.
    pub fn id(self) -> VariableId {
        let built_in = Self::BUILT_IN.len() as u16;
        VariableId(match self {
            Self::Slot(slot) => built_in + slot as u16,
            _ => Self::BUILT_IN.iter().position(|(_, known)| *known == self).unwrap_or(0) as u16,
        })
    }

    /// The variable that expressions know under `id`.
    pub fn from_id(id: VariableId) -> Self {
        let index = usize::from(id.0);
        Self::BUILT_IN
            .get(index)
            .map_or(Self::Slot(index.saturating_sub(Self::BUILT_IN.len())), |(_, known)| *known)
    }
}
