//! Who is logged in, and the lock-out after wrong passwords.

use super::{Refusal, rules::SessionRules};
use crate::{iso8583::MerchantId, rng::Rng, time::Instant};
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

/// What a client shows with every request of a session; it prints masked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u128);

impl Token {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        Self(u128::from(rng.bits()) << 64 | u128::from(rng.bits()))
    }

    /// The token as 32 hexadecimal digits, unmasked.
    #[must_use]
    pub fn to_text(self) -> String {
        let mut text = String::with_capacity(32);
        write!(text, "{:032x}", self.0).expect("a string takes everything");
        text
    }

    /// The token of such a text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u128::from_str_radix(text, 16).ok().filter(|_| is_hex).map(Self)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// The wrong passwords in a row of an account, and the lock after too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lock {
    wrong: u32,
    until: Option<Instant>,
}

/// All sessions. A newer one of an account ends the older.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    /// Each account's token, and when it was last shown.
    accounts: BTreeMap<MerchantId, (Token, Instant)>,
    tokens: BTreeMap<Token, MerchantId>,
}

impl Sessions {
    pub(super) fn open(&mut self, now: Instant, merchant: MerchantId, token: Token) {
        self.logout(merchant);
        self.accounts.insert(merchant, (token, now));
        self.tokens.insert(token, merchant);
    }

    /// The merchant of a session, which stays alive by that.
    ///
    /// # Errors
    /// [`Refusal::SessionUnknown`] or [`Refusal::SessionExpired`].
    pub(super) fn touch(
        &mut self,
        now: Instant,
        rules: &SessionRules,
        token: Option<Token>,
    ) -> Result<MerchantId, Refusal> {
        let known = token.and_then(|token| self.tokens.get(&token).copied());
        let merchant = known.ok_or(Refusal::SessionUnknown)?;
        let (_, seen) = self.accounts.get_mut(&merchant).ok_or(Refusal::SessionUnknown)?;
        if now.since(*seen) > rules.idle {
            self.logout(merchant);
            return Err(Refusal::SessionExpired);
        }
        *seen = now;
        Ok(merchant)
    }

    pub(super) fn logout(&mut self, merchant: MerchantId) {
        let session = self.accounts.remove(&merchant);
        session.map(|(token, _)| self.tokens.remove(&token));
    }
}

impl Lock {
    /// Counts a password when it is wrong, and forgets the wrong ones when it is right.
    ///
    /// # Errors
    /// [`Refusal::AccountLocked`], also for a right password; [`Refusal::LoginFailed`].
    pub(super) fn attempt(
        &mut self,
        now: Instant,
        rules: &SessionRules,
        is_right: bool,
    ) -> Result<(), Refusal> {
        if self.until.is_some_and(|until| now < until) {
            return Err(Refusal::AccountLocked);
        }
        if is_right {
            *self = Self::default();
            return Ok(());
        }
        self.wrong += 1;
        if self.wrong < rules.wrong_passwords {
            return Err(Refusal::LoginFailed);
        }
        *self = Self { wrong: 0, until: Some(now + rules.locked_for) };
        Err(Refusal::AccountLocked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let token = Token(0xABC);
        assert_eq!(Token::from_text(&token.to_text()), Some(token));
        assert_eq!((Token::from_text("abc"), Token::from_text(&"+".repeat(32))), (None, None));
        assert_eq!(format!("{token:?}"), "Token(***)");
    }
}
