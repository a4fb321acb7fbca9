//! The kinds of operations and the message that each one is: one table for terminals and hosts.

use crate::iso8583::Mti;

/// Which transaction or management message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Sign-in 签到: brings the work keys and the batch number.
    SignIn,
    /// Sign-out 签退.
    SignOut,
    /// Echo test 回响测试.
    Echo,
    /// Balance inquiry 余额查询.
    Balance,
    /// Sale 消费.
    Sale,
    /// Reversal 冲正 of an earlier operation; terminals send it of their own accord.
    Reversal,
}

/// How the message of a [`Kind`] looks on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageForm {
    /// The request's message type.
    pub mti: Mti,
    /// DE 3; `None` where the message has none.
    pub processing_code: Option<u32>,
    /// DE 25; `None` where the message has none.
    pub condition_code: Option<u8>,
    /// DE 60.1.
    pub message_kind: u8,
    /// DE 60.3; a sign-in's depends on the profile.
    pub network_management: u16,
    /// Whether it carries a system trace audit number and uses it up.
    pub has_stan: bool,
    /// Whether it carries a MAC, and its answer too.
    pub has_mac: bool,
    /// Whether it is reversed when its fate is unknown.
    pub reversible: bool,
    /// Whether it may be done without being signed in.
    pub before_sign_in: bool,
}

impl Kind {
    /// All kinds with their names in scenario files and results.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::SignIn, "sign-in"),
        (Self::SignOut, "sign-out"),
        (Self::Echo, "echo"),
        (Self::Balance, "balance"),
        (Self::Sale, "sale"),
        (Self::Reversal, "reversal"),
    ];

    /// The name in scenario files and results.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("?", |(_, name)| name)
    }

    /// Whether the operation needs a card.
    pub fn takes_card(self) -> bool {
        matches!(self, Self::Balance | Self::Sale)
    }

    /// Whether the operation needs an amount.
    pub fn takes_amount(self) -> bool {
        matches!(self, Self::Sale)
    }

    /// How the message looks on the wire; a reversal takes all but the message type from its original.
    pub const fn form(self) -> MessageForm {
        match self {
            Self::SignIn => management(Mti::NETWORK, 1, true, true),
            Self::SignOut => management(Mti::NETWORK_ADVICE, 2, true, false),
            Self::Echo => management(Mti::NETWORK_ADVICE, 301, false, true),
            Self::Balance => MessageForm { reversible: false, message_kind: 1, ..financial(310_000) },
            Self::Sale => financial(0),
            Self::Reversal => MessageForm { mti: Mti::REVERSAL, reversible: false, ..financial(0) },
        }
    }
}

const fn management(mti: Mti, network_management: u16, has_stan: bool, before_sign_in: bool) -> MessageForm {
    MessageForm {
        mti,
        processing_code: None,
        condition_code: None,
        message_kind: 0,
        network_management,
        has_stan,
        has_mac: false,
        reversible: false,
        before_sign_in,
    }
}

const fn financial(processing_code: u32) -> MessageForm {
    MessageForm {
        mti: Mti::FINANCIAL,
        processing_code: Some(processing_code),
        condition_code: Some(0),
        message_kind: 22,
        network_management: 0,
        has_stan: true,
        has_mac: true,
        reversible: true,
        before_sign_in: false,
    }
}
