//! Codes by SMS: one a minute, valid for a minute, five tries, good for one purpose.

use super::{Password, Refusal, rules::SmsRules};
use crate::{iso8583::MerchantId, rng::Rng, time::Instant};
use std::collections::BTreeMap;

/// What a code is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The change or binding of a settlement card.
    Change,
    /// The unbinding of a settlement card.
    Unbind,
}

/// A code that was sent.
#[derive(Clone, Debug)]
struct Code {
    digits: Password,
    sent: Instant,
    wrong: u32,
    is_used: bool,
}

/// The newest code of every merchant and purpose.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    codes: BTreeMap<(MerchantId, Purpose), Code>,
}

impl Codes {
    /// Makes a new code, which ends the one before.
    ///
    /// # Errors
    /// [`Refusal::CodeTooSoon`].
    pub(super) fn send(
        &mut self,
        now: Instant,
        rules: &SmsRules,
        whose: (MerchantId, Purpose),
        rng: &mut Rng,
    ) -> Result<Password, Refusal> {
        if self.codes.get(&whose).is_some_and(|code| now.since(code.sent) < rules.pause) {
            return Err(Refusal::CodeTooSoon);
        }
        let digits = Password::new(format!("{:06}", rng.between(0, 999_999)));
        self.codes.insert(whose, Code { digits: digits.clone(), sent: now, wrong: 0, is_used: false });
        Ok(digits)
    }

    /// Uses the code up when it is right, and counts when it is not.
    ///
    /// # Errors
    /// [`Refusal::CodeMissing`], [`Refusal::CodeExpired`], [`Refusal::CodeWrong`], or [`Refusal::CodeSpent`] from the
    /// last wrong try on.
    pub(super) fn verify(
        &mut self,
        now: Instant,
        rules: &SmsRules,
        whose: (MerchantId, Purpose),
        told: &Password,
    ) -> Result<(), Refusal> {
        let code = self.codes.get_mut(&whose).filter(|code| !code.is_used).ok_or(Refusal::CodeMissing)?;
        if now.since(code.sent) > rules.valid_for {
            return Err(Refusal::CodeExpired);
        }
        if code.wrong >= rules.tries {
            return Err(Refusal::CodeSpent);
        }
        if code.digits != *told {
            code.wrong += 1;
            return Err(if code.wrong >= rules.tries { Refusal::CodeSpent } else { Refusal::CodeWrong });
        }
        code.is_used = true;
        Ok(())
    }
}
