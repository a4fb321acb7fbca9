//! What the host makes of chip data: it verifies the cryptograms of its own cards, and answers them.

use super::{Host, Inquiry, demand::Demand};
use crate::{
    card::Pan,
    emv::{ChipError, CollectError, Issuer, IssuerKey, Verified},
    iso8583::{De, IccData, Message, ResponseCode, Tag, Tlv, append_tlv},
};

/// How the host treats chip cards.
#[derive(Clone, Debug)]
pub struct ChipRules {
    /// The issuer of the test cards; cards of others are taken as they are.
    pub issuer: Issuer,
    /// The answer to a cryptogram that does not hold.
    pub refusal: ResponseCode,
    /// Whether the stripe of a chip card is refused with 45 unless DE 60.5 says that the chip failed.
    pub refuses_fallback: bool,
    /// The share of approvals of what moves or holds money that bring a script for the card (72).
    pub scripts: f64,
    /// The share of answers whose cryptogram is wrong, so that the card declines what the host has approved.
    pub wrong_answers: f64,
}

impl Default for ChipRules {
    /// The test key, 05, no fallback without a reason, no scripts, no wrong answers.
    fn default() -> Self {
        Self {
            issuer: Issuer::new(IssuerKey::test()),
            refusal: ResponseCode::NOT_HONOURED,
            refuses_fallback: true,
            scripts: 0.0,
            wrong_answers: 0.0,
        }
    }
}

impl Host {
    /// Verifies the chip data of a request; `None` when there is none, or the card is not one of ours.
    ///
    /// # Errors
    /// The code that refuses the request:
    /// 1. 45, when the stripe of a chip card was read and DE 60.5 gives no reason;
    /// 2. 30, when DE 55 is no BER-TLV;
    /// 3. the configured code, when the cryptogram does not hold.
    pub(super) fn verify_chip(
        &self,
        inquiry: &Inquiry<'_>,
        demand: &Demand,
    ) -> Result<Option<Verified>, ResponseCode> {
        let (rules, message) = (&self.config.chip, inquiry.message);
        if rules.refuses_fallback
            && demand.service_code.is_some_and(|code| code.has_chip())
            && no_reason(inquiry)
        {
            return Err(ResponseCode::NO_FALLBACK);
        }
        let Some((data, card)) = message.get(De::ICC_DATA).zip(demand.card) else { return Ok(None) };
        match rules.issuer.verify(&card, sequence_of(message), data.raw()) {
            Ok(verified) => Ok(Some(verified)),
            Err(ChipError::Stranger(_)) => Ok(None),
            Err(ChipError::Data(CollectError::Broken(_))) => Err(ResponseCode::FORMAT_ERROR),
            Err(_) => Err(rules.refusal),
        }
    }

    /// Whether the chip data of an upload hold a cryptogram of approval (9F27 = 40, chapter 8.4) that is right; those of a
    /// card that is not one of ours are taken as they are.
    pub(super) fn is_approved_by_chip(&self, message: &Message<'_>, card: &Pan) -> bool {
        let Some(data) = message.get(De::ICC_DATA).map(|value| value.raw()) else { return false };
        match self.config.chip.issuer.verify(card, sequence_of(message), data) {
            Ok(_) => Tlv::new(data).find(Tag::CRYPTOGRAM_INFORMATION) == Some(&[APPROVED]),
            Err(error) => matches!(error, ChipError::Stranger(_)),
        }
    }

    /// DE 55 of the answer to a reversal: the card's counter, as it was asked with.
    pub(super) fn answer_reversal(message: &Message<'_>) -> Option<IccData> {
        let counter = Tlv::new(message.get(De::ICC_DATA)?.raw()).find(Tag::TRANSACTION_COUNTER)?;
        let mut data = IccData::new();
        data.push(Tag::TRANSACTION_COUNTER, counter).then_some(data)
    }

    /// DE 55 of the answer: the issuer's cryptogram for the response code, sometimes a wrong one; sometimes a script.
    pub(super) fn answer_chip(
        &mut self,
        verified: &Verified,
        code: ResponseCode,
        takes_script: bool,
    ) -> IccData {
        let (rules, rng) = (&self.config.chip, &mut self.rng);
        let mut draw = |share: f64| share > 0.0 && rng.happens(share);
        let mut authentication = verified.authentication(*code.as_bytes());
        if draw(rules.wrong_answers) {
            authentication[0] ^= 1;
        }
        let brings_script = takes_script && code.is_approval() && draw(rules.scripts);
        let mut data = IccData::new();
        data.push(Tag::TRANSACTION_COUNTER, &verified.counter());
        data.push(Tag::ISSUER_AUTHENTICATION, &authentication);
        if brings_script {
            data.push(Tag::SCRIPT_2, &script());
        }
        data
    }
}

/// DE 23; 0 where it is not said.
fn sequence_of(message: &Message<'_>) -> u8 {
    message.number(De::CARD_SEQUENCE).and_then(|number| u8::try_from(number).ok()).unwrap_or_default()
}

/// Whether a stripe was read, and DE 60.5 says neither 1 nor 2.
fn no_reason(inquiry: &Inquiry<'_>) -> bool {
    let is_stripe = inquiry.message.number(De::ENTRY_MODE).is_some_and(|mode| mode / 10 == STRIPE);
    is_stripe && !matches!(inquiry.private60.ic_condition, Some(1 | 2))
}

/// The inside of template 72: an identifier and one command, PIN CHANGE/UNBLOCK without a new PIN.
fn script() -> Vec<u8> {
    let mut inside = Vec::with_capacity(SCRIPT_LENGTH);
    append_tlv(&mut inside, Tag::SCRIPT_ID, &[0, 0, 0, 1]);
    append_tlv(&mut inside, Tag::SCRIPT_COMMAND, &[0x84, 0x24, 0x00, 0x00, 0x04, 0x5A, 0x5A, 0x5A, 0x5A]);
    inside
}

/// 9F27: a cryptogram of approval.
const APPROVED: u8 = 0x40;
/// DE 22, first two digits.
const STRIPE: u64 = 2;
const SCRIPT_LENGTH: usize = 18;
