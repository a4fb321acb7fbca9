//! The circumstances of a transaction that change its condition code and nothing else of its course.

use super::{Kind, MessageForm};

/// The circumstances that make a transaction a mail order, an instalment plan and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Variant {
    /// None of them.
    #[default]
    Plain,
    /// Mail or telephone order 订购: the card is keyed and not there.
    MailOrder,
    /// Paid in so many instalments 分期.
    Instalments(u8),
    /// Paid with points 积分.
    Points,
    /// Reserved without a card 预约.
    Reservation,
}

impl Variant {
    /// Whether this variant of `kind` exists.
    pub const fn applies_to(self, kind: Kind) -> bool {
        use Kind::*;
        match self {
            Self::Plain => true,
            // An addition has a condition code of its own, 60; with 18 it would be a second pre-authorization.
            Self::MailOrder => {
                matches!(kind, Sale | Void | Refund | PreAuth | PreAuthVoid | Completion | CompletionVoid)
            }
            Self::Instalments(_) | Self::Reservation => matches!(kind, Sale | Void),
            Self::Points => matches!(kind, Sale | Void | Balance),
        }
    }

    /// The form of `kind` in these circumstances.
    pub const fn form(self, kind: Kind) -> MessageForm {
        let form = kind.form();
        let (condition, message_kind) = match (self, kind) {
            (Self::Plain, _) => return form,
            (Self::MailOrder, Kind::Sale | Kind::Void | Kind::Refund) => (8, form.message_kind),
            (Self::MailOrder, _) => (18, form.message_kind),
            (Self::Instalments(_), _) => (64, form.message_kind),
            (Self::Points, Kind::Balance) => (65, 3),
            (Self::Points, _) => (65, form.message_kind),
            (Self::Reservation, Kind::Sale) => (67, 54),
            (Self::Reservation, _) => (67, 53),
        };
        MessageForm { condition_code: Some(condition), message_kind, ..form }
    }
}
