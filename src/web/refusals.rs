//! Which refusals each operation knows, besides those that all of its kind know.

use crate::portal::Refusal::{self, *};

/// The refusals of an operation, by its name in the document.
pub(super) fn refusals(operation: &str) -> &'static [&'static [Refusal]] {
    let found = TABLE.iter().find(|(name, _)| *name == operation);
    found.map_or(&[], |(_, refusals)| refusals)
}

/// What may be wrong with a merchant's data.
const DATA: &[Refusal] = &[NameInvalid, AddressInvalid, PhoneInvalid];
/// What may be wrong with a card that shall become a settlement card.
const CARD: &[Refusal] =
    &[CardLuhn, CardNotActivated, CardOtherHolder, CardIdentity, CardClass, NameInvalid, PhoneInvalid];
/// Why a change of card may not be begun, nor confirmed.
const CHANGE: &[Refusal] =
    &[ChangeOpen, ChangeTooSoon, ChangeUnsettled, CardSame, CardUnknown, CardForeign, CardNotEffective];
/// What may be wrong with a code.
const CODE: &[Refusal] = &[CodeMissing, CodeWrong, CodeExpired, CodeSpent];
/// Why a card may not be unbound.
const UNBIND: &[Refusal] = &[
    CardUnknown,
    CardForeign,
    CardNotBound,
    UnbindUnsettled,
    UnbindOnlyCard,
    TerminalOffline,
    BatteryLow,
    UnbindFrozen,
    AttemptsSpent,
    OutsideHours,
    CoolingOff,
    ChangeOpen,
];
/// What may be wrong with a form for a change of merchant.
const FORM: &[Refusal] = &[
    DeviceUnknown,
    DeviceForeign,
    MerchantMismatch,
    IdentityInvalid,
    ReasonMissing,
    DocumentsMissing,
    MerchantChangeOpen,
];

const TABLE: &[(&str, &[&[Refusal]])] = &[
    ("log_in", &[&[LoginFailed, AccountLocked]]),
    ("edit_merchant", &[DATA]),
    ("begin_card_change", &[CHANGE, CARD]),
    ("send_card_change_code", &[&[ChangeNotBegun, CodeTooSoon]]),
    ("verify_card_change", &[&[ChangeNotBegun, CardNotEffective, CardUnknown, CardForeign], CODE]),
    ("show_card_change", &[&[ChangeNotBegun, CodeNotVerified, CardNotEffective, CardUnknown, CardForeign]]),
    ("confirm_card_change", &[&[ChangeNotBegun, CodeNotVerified], CHANGE, CARD]),
    ("begin_unbinding", &[UNBIND]),
    ("send_unbinding_code", &[&[UnbindNotBegun, CodeTooSoon]]),
    ("verify_unbinding", &[&[UnbindNotBegun, VerificationFailed, RiskTooHigh], CODE, UNBIND]),
    ("check_face", &[&[UnbindNotBegun, SecondFactorNeeded, SecondFactorFailed], UNBIND]),
    ("show_device", &[&[DeviceUnknown, DeviceForeign]]),
    ("apply_for_merchant_change", &[FORM, DATA]),
    ("resubmit_merchant_change", &[&[ApplicationUnknown, ApplicationForeign, NotRejected], FORM, DATA]),
    ("apply_for_instant_settlement", &[&[MerchantMismatch, InstantAlready, InstantOpen, InstantWithoutCard]]),
    ("show_application", &[&[ApplicationUnknown, ApplicationForeign]]),
    ("show_balance", &[&[BalanceUnavailable]]),
    ("order_terminal", &[&[IdentityInvalid, OrderOpen], DATA, CARD]),
    ("show_terminal_order", &[&[ApplicationUnknown, ApplicationForeign]]),
    ("activate_terminal", &[&[ActivationUnknown, ActivationTooEarly, ActivatedAlready]]),
    ("show_inbox", &[&[PhoneInvalid]]),
];
