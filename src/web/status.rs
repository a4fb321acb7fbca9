//! The status of the answer to a refusal.
//!
//! | status | when                                                                      |
//! |--------|---------------------------------------------------------------------------|
//! | 400    | a write without a key                                                     |
//! | 401    | nobody is logged in, or not with that password                            |
//! | 403    | it belongs to somebody else, or the risk is too high                      |
//! | 404    | it does not exist, or nothing of the kind was begun                       |
//! | 409    | it does not fit to what there is: open, bound, unsettled, not ready       |
//! | 422    | what was sent breaks a rule                                               |
//! | 423    | locked for a time                                                         |
//! | 429    | too often, or too soon                                                    |
//! | 503    | not available at the moment                                               |

use crate::portal::Refusal;
use axum::http::StatusCode;

/// The status of the answer to a refusal, as a number.
#[must_use]
pub fn status(refusal: Refusal) -> u16 {
    status_code(refusal).as_u16()
}

pub(super) const fn status_code(refusal: Refusal) -> StatusCode {
    use Refusal as R;
    match refusal {
        R::KeyMissing => StatusCode::BAD_REQUEST,
        R::LoginFailed | R::SessionUnknown | R::SessionExpired => StatusCode::UNAUTHORIZED,
        R::CardForeign | R::DeviceForeign | R::ApplicationForeign | R::RiskTooHigh => StatusCode::FORBIDDEN,
        R::CardUnknown | R::DeviceUnknown | R::ApplicationUnknown | R::ChangeNotBegun | R::UnbindNotBegun => {
            StatusCode::NOT_FOUND
        }
        R::KeyConflict
        | R::CardNotEffective
        | R::CardNotBound
        | R::CardSame
        | R::ChangeOpen
        | R::ChangeUnsettled
        | R::CodeMissing
        | R::CodeNotVerified
        | R::UnbindUnsettled
        | R::UnbindOnlyCard
        | R::TerminalOffline
        | R::BatteryLow
        | R::SecondFactorNeeded
        | R::OutsideHours
        | R::MerchantChangeOpen
        | R::NotRejected
        | R::NotPending
        | R::InstantAlready
        | R::InstantOpen
        | R::InstantWithoutCard
        | R::OrderOpen
        | R::ActivationTooEarly
        | R::ActivatedAlready => StatusCode::CONFLICT,
        R::NameInvalid
        | R::AddressInvalid
        | R::PhoneInvalid
        | R::IdentityInvalid
        | R::MerchantMismatch
        | R::CardLuhn
        | R::CardNotActivated
        | R::CardOtherHolder
        | R::CardIdentity
        | R::CardClass
        | R::CodeWrong
        | R::CodeExpired
        | R::VerificationFailed
        | R::SecondFactorFailed
        | R::DocumentsMissing
        | R::ReasonMissing
        | R::ActivationUnknown => StatusCode::UNPROCESSABLE_ENTITY,
        R::AccountLocked | R::UnbindFrozen => StatusCode::LOCKED,
        R::ChangeTooSoon | R::CodeTooSoon | R::CodeSpent | R::AttemptsSpent | R::CoolingOff => {
            StatusCode::TOO_MANY_REQUESTS
        }
        R::BalanceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}
