//! What the host is told besides money, and remembers while it runs: signatures, and results of scripts.

use super::{
    Host, Inquiry,
    demand::{original_of, rrn_of},
    respond::Answer,
};
use crate::{
    iso8583::{De, ResponseCode, Rrn},
    operation::Kind,
    reconcile::Key,
};
use std::collections::{HashMap, HashSet};

/// What the host is told besides money.
#[derive(Debug, Default)]
pub(super) struct Notes {
    signatures: HashMap<Rrn, Signature>,
    scripts: HashSet<Key>,
}

/// A signature as far as its parts have come; the picture itself is not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// How many parts have come.
    pub parts: u16,
    /// How many bytes they have together.
    pub bytes: usize,
}

impl Host {
    /// The signature of a transaction, as far as its parts have come.
    pub fn signature(&self, rrn: &Rrn) -> Option<Signature> {
        self.notes.signatures.get(rrn).copied()
    }

    /// Whether a terminal has told what an issuer's script did during a transaction.
    pub fn has_script_result(&self, key: &Key) -> bool {
        self.notes.scripts.contains(key)
    }

    /// Takes a signature or a part of one (chapter 11): 800 whole, 801 and on in parts without a gap.
    ///
    /// A part that comes again is acknowledged; one that comes too early is refused with 12, one of a transaction that
    /// is not there with 25.
    pub(super) fn sign(&mut self, inquiry: &Inquiry<'_>) -> Answer {
        let message = inquiry.message;
        let (Some(rrn), Some(picture)) = (rrn_of(message), message.get(De::PRIVATE_62)) else {
            return Answer::code(ResponseCode::FORMAT_ERROR);
        };
        let is_ours = |key: Key| key.terminal == inquiry.terminal;
        if !self.ledger.by_rrn(&rrn).is_some_and(|booking| is_ours(booking.key)) {
            return Answer::code(ResponseCode::ORIGINAL_NOT_FOUND);
        }
        let whole = Kind::ESignature.form().network_management;
        let part = inquiry.private60.management.unwrap_or(whole).saturating_sub(whole);
        let signature = self.notes.signatures.entry(rrn).or_default();
        let code = match part {
            0 => {
                *signature = Signature { parts: 1, bytes: picture.len() };
                ResponseCode::APPROVED
            }
            part if part == signature.parts + 1 => {
                signature.parts = part;
                signature.bytes += picture.len();
                ResponseCode::APPROVED
            }
            part if part <= signature.parts => ResponseCode::APPROVED,
            _ => ResponseCode::INVALID_TRANSACTION,
        };
        Answer { rrn: Some(rrn), ..Answer::code(code) }
    }

    /// Acknowledges what a script did, when the transaction is there that it belongs to.
    pub(super) fn script_result(&mut self, inquiry: &Inquiry<'_>) -> Answer {
        let named = original_of(inquiry.message);
        let key = named.and_then(|named| {
            Some(Key { terminal: inquiry.terminal, batch: named.batch, stan: named.stan? })
        });
        let Some(key) = key else { return Answer::code(ResponseCode::FORMAT_ERROR) };
        if self.ledger.get(&key).is_none() {
            return Answer::code(ResponseCode::ORIGINAL_NOT_FOUND);
        }
        self.notes.scripts.insert(key);
        Answer::code(ResponseCode::APPROVED)
    }
}
