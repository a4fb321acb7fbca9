//! What a terminal tells of an issuer's script that an answer brought to the card (0620, chapter 5.1).

use super::{
    Active, Profile, Terminal,
    exchange::Expectation,
    icc::Chip,
    letter::entry_mode,
    management::head,
    request::{append_ksn, finish},
    transaction::{KeptCard, Transaction},
};
use crate::{
    iso8583::{De, Message, MonthDay, Mti, OriginalData, Packer, Stan, decimal},
    operation::{Failure, Kind},
};

/// The transaction whose answer brought a script; it survives power loss until the host was told, once.
#[derive(Debug)]
pub(super) struct ScriptNotice {
    transaction: Transaction,
    /// DE 32 of the answer.
    acquirer: Box<[u8]>,
}

impl ScriptNotice {
    /// The notice that follows from the answer to a transaction.
    pub(super) fn of(transaction: &Transaction, answer: &Message<'_>) -> Self {
        let mut acquirer = Vec::new();
        if let Some(value) = answer.get(De::ACQUIRER_ID) {
            value.append_to(&mut acquirer);
        }
        Self { transaction: transaction.clone(), acquirer: acquirer.into() }
    }
}

impl Terminal {
    /// Packs the notice: elements of the transaction under a number of its own, the transaction in DE 61.
    pub(super) fn pack_script_result(
        &self,
        profile: &Profile,
        active: &mut Active,
        buffer: &mut Vec<u8>,
    ) -> Result<Expectation, Failure> {
        let keys = self.keys.as_deref().ok_or(Failure::NotSignedIn)?;
        let ScriptNotice { transaction, acquirer } = self.script.as_deref().ok_or(Failure::Interrupted)?;
        let card = transaction.card.as_ref().ok_or(Failure::MissingData)?;
        let form = transaction.form();
        let has_mac = profile.customs.has_mac(Kind::ScriptResult);
        let mut packer = Packer::new(profile.spec, buffer, &head(profile), Mti::SCRIPT_RESULT);
        put_transaction(&mut packer, transaction, card, self.next_stan, acquirer);
        packer.put(De::TERMINAL_ID, self.id.as_bytes()).put(De::MERCHANT_ID, self.merchant.as_bytes());
        packer.put(De::CURRENCY, &profile.currency);
        packer.put(De::ICC_DATA, Chip::new(profile, self.id, transaction).script_result().as_bytes());
        let mut tags = Vec::new();
        append_ksn(profile, self, [false, has_mac, false], &mut tags);
        if !tags.is_empty() {
            packer.put(De::PRIVATE_59, &tags);
        }
        packer.put(De::PRIVATE_60, &script_60(self.batch.digits()));
        packer.put(De::ORIGINAL_DATA, &original(transaction).digits());
        finish(&mut packer, has_mac.then_some(&mut active.mac), profile, keys)?;
        Ok(Expectation {
            mti: Mti::SCRIPT_RESULT,
            processing_code: form.processing_code,
            stan: Some(self.next_stan),
            amount: form.has_amount.then_some(transaction.amount),
            has_mac,
            arqc: None,
        })
    }
}

/// DE 2 to DE 38: the transaction and what its answer said, under the number of the notice.
fn put_transaction(
    packer: &mut Packer<'_>,
    transaction: &Transaction,
    card: &KeptCard,
    stan: Stan,
    acquirer: &[u8],
) {
    let form = transaction.form();
    packer.put(De::PAN, card.pan.as_bytes());
    packer.put_number(De::PROCESSING_CODE, u64::from(form.processing_code.unwrap_or_default()));
    if form.has_amount {
        packer.put_number(De::AMOUNT, transaction.amount.minor());
    }
    packer.put_number(De::STAN, u64::from(stan.number()));
    packer.put_number(De::ENTRY_MODE, entry_mode(transaction));
    packer.put_number(De::CARD_SEQUENCE, u64::from(card.sequence.unwrap_or_default()));
    if !acquirer.is_empty() {
        packer.put(De::ACQUIRER_ID, acquirer);
    }
    if let Some(rrn) = transaction.rrn {
        packer.put(De::RRN, rrn.as_bytes());
    }
    if let Some(code) = transaction.approval_code {
        packer.put(De::APPROVAL_CODE, code.as_bytes());
    }
}

/// DE 61: batch, STAN and date of the transaction.
fn original(transaction: &Transaction) -> OriginalData {
    OriginalData {
        batch: transaction.batch,
        stan: Some(transaction.stan),
        date: transaction.date.or(Some(MonthDay::UNKNOWN)),
    }
}

/// DE 60: 00, batch, 951, and what the terminal can read.
fn script_60(batch: [u8; 6]) -> [u8; 13] {
    let mut digits = *b"0000000095160";
    digits[2..8].copy_from_slice(&batch);
    decimal(SCRIPT_RESULT.into(), &mut digits[8..11]);
    digits
}

/// DE 60.3.
const SCRIPT_RESULT: u32 = 951;
