//! Who is logged in, and the lock-out after wrong passwords.

use super::{Refusal, rules::SessionRules, secret::Password};
use crate::{iso8583::MerchantId, rng::Rng, time::Instant};
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

/// What a client shows with every request of a session; it prints masked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u128);

impl Token {
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

/// The one session of an account, and its wrong passwords in a row.
#[derive(Clone, Debug, Default)]
struct Account {
    session: Option<(Token, Instant)>,
    wrong: u32,
    locked_until: Option<Instant>,
}

/// All sessions. A newer one of an account ends the older.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    accounts: BTreeMap<MerchantId, Account>,
    tokens: BTreeMap<Token, MerchantId>,
}

impl Sessions {
    /// Opens a session when the password is right, and counts when it is not.
    ///
    /// # Errors
    /// [`Refusal::AccountLocked`], also for a right password; [`Refusal::LoginFailed`].
    pub(super) fn login(
        &mut self,
        now: Instant,
        rules: &SessionRules,
        attempt: Attempt<'_>,
        rng: &mut Rng,
    ) -> Result<Token, Refusal> {
        let account = self.accounts.entry(attempt.merchant).or_default();
        if account.locked_until.is_some_and(|until| now < until) {
            return Err(Refusal::AccountLocked);
        }
        if attempt.told != attempt.right {
            return Err(account.count_wrong(now, rules));
        }
        let token = Token(u128::from(rng.bits()) << 64 | u128::from(rng.bits()));
        let before =
            std::mem::replace(account, Account { session: Some((token, now)), ..Account::default() });
        before.session.map(|(old, _)| self.tokens.remove(&old));
        self.tokens.insert(token, attempt.merchant);
        Ok(token)
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
        let account = self.accounts.get_mut(&merchant).ok_or(Refusal::SessionUnknown)?;
        let (token, seen) = account.session.as_mut().ok_or(Refusal::SessionUnknown)?;
        if now.since(*seen) > rules.idle {
            self.tokens.remove(token);
            account.session = None;
            return Err(Refusal::SessionExpired);
        }
        *seen = now;
        Ok(merchant)
    }

    pub(super) fn logout(&mut self, merchant: MerchantId) {
        let session = self.accounts.get_mut(&merchant).and_then(|account| account.session.take());
        session.map(|(token, _)| self.tokens.remove(&token));
    }
}

impl Account {
    fn count_wrong(&mut self, now: Instant, rules: &SessionRules) -> Refusal {
        self.wrong += 1;
        if self.wrong < rules.wrong_passwords {
            return Refusal::LoginFailed;
        }
        self.wrong = 0;
        self.locked_until = Some(now + rules.locked_for);
        Refusal::AccountLocked
    }
}

/// A try to log in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    pub(super) merchant: MerchantId,
    pub(super) told: &'a Password,
    pub(super) right: &'a Password,
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
