//! What a client may ask, one enum an area; somebody else maps them to routes.

use super::{
    ApplicationNo, CardId, IdempotencyKey, MerchantChangeForm, MerchantData, NewCard, Page, Password, Phone,
    Proof, SerialNumber, TerminalForm, Token,
};
use crate::iso8583::MerchantId;

/// A request with what surrounds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The session, where one is needed.
    pub session: Option<Token>,
    /// What the client calls the request; needed when it changes something.
    pub key: Option<IdempotencyKey>,
    /// What is asked.
    pub request: Request,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// 登录; the account is the merchant number.
    Login {
        /// Merchant number.
        account: MerchantId,
        /// Password.
        password: Password,
    },
    /// 退出.
    Logout,
    /// The merchant's own data.
    Merchant(MerchantRequest),
    /// Settlement cards and their change.
    Card(CardRequest),
    /// The unbinding of a settlement card.
    Unbind(UnbindRequest),
    /// The change of the merchant of a device.
    MerchantChange(MerchantChangeRequest),
    /// Instant settlement.
    Instant(InstantRequest),
    /// Terminals that somebody wants.
    Terminal(TerminalRequest),
    /// Money and messages.
    Account(AccountRequest),
}

/// About the merchant's own data (商户信息).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MerchantRequest {
    /// Shows it.
    Show,
    /// Edits it: name, address, contact.
    Edit(MerchantData),
}

/// About settlement cards (收款卡管理).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardRequest {
    /// The bound cards and those on their way, with their states.
    List,
    /// All cards there ever were.
    History,
    /// Sends a new card.
    Begin {
        /// From which page, and so for which card.
        page: Page,
        /// The card.
        new: NewCard,
    },
    /// Asks for a code to the phone on file.
    SendCode,
    /// Verifies it; the answer is the confirmation page.
    Verify(Password),
    /// Shows the confirmation page again.
    Confirmation,
    /// Confirms.
    Confirm,
}

/// About the unbinding of a settlement card (结算卡解绑).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnbindRequest {
    /// Chooses a card.
    Begin(CardId),
    /// Asks for a code to the phone on file.
    SendCode,
    /// Confirms, and proves it.
    Verify(Proof),
    /// Tells the result of a face check.
    FaceCheck {
        /// Whether it has passed.
        has_passed: bool,
    },
}

/// About the change of the merchant of a device (更改商户).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MerchantChangeRequest {
    /// Shows a device.
    Device(SerialNumber),
    /// Applies.
    Apply(Box<MerchantChangeForm>),
    /// Applies again after a rejection.
    Resubmit(ApplicationNo, Box<MerchantChangeForm>),
}

/// About instant settlement (实时到账).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstantRequest {
    /// Applies, with merchant name and number.
    Apply {
        /// Merchant name.
        name: String,
        /// Merchant number.
        number: MerchantId,
    },
}

/// About terminals that somebody wants; asked without a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalRequest {
    /// Applies.
    Apply(Box<TerminalForm>),
    /// Asks how far it is.
    State(ApplicationNo, Phone),
    /// Activates the device.
    Activate {
        /// Serial number.
        device: SerialNumber,
        /// Activation code.
        code: Password,
    },
}

/// About money and messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountRequest {
    /// The state of an application of the merchant's.
    Application(ApplicationNo),
    /// The merchant's devices with their numbers and what they last told about themselves.
    Devices,
    /// Transactions, oldest first.
    Transactions,
    /// What was sold, and what of it was paid.
    Balance,
    /// Payouts, oldest first.
    Payouts,
    /// Messages, oldest first.
    Messages,
}

impl Request {
    /// Whether it changes something, so that it needs a key.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        match self {
            Self::Login { .. } | Self::Logout | Self::Account(_) => false,
            Self::Merchant(request) => matches!(request, MerchantRequest::Edit(_)),
            Self::Card(request) => {
                !matches!(request, CardRequest::List | CardRequest::History | CardRequest::Confirmation)
            }
            Self::Unbind(_) | Self::Instant(_) => true,
            Self::MerchantChange(request) => !matches!(request, MerchantChangeRequest::Device(_)),
            Self::Terminal(request) => !matches!(request, TerminalRequest::State(..)),
        }
    }
}
