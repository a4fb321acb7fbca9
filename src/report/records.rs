//! Lines, transactions and rows as records of fixed size.

use super::spill::Record;
use crate::{
    card::MaskedPan,
    iso8583::{BatchNo, MerchantId, Rrn, Stan, TerminalId},
    money::Amount,
    operation::Kind,
    reconcile::{Belief, Key, Line, Row, RowState, Standing, Transaction},
};
use std::time::Duration;

impl Record for Line {
    const SIZE: usize = 8 + KEY + 1 + MERCHANT + 8 + CARD + RRN + 1;

    fn pack(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(self.at.as_millis() as u64).to_le_bytes());
        pack_key(&self.key, bytes);
        bytes.push(self.kind as u8);
        bytes.extend_from_slice(self.merchant.as_bytes());
        bytes.extend_from_slice(&self.amount.minor().to_le_bytes());
        pack_card(self.card, bytes);
        pack_rrn(self.rrn, bytes);
        bytes.push(self.belief as u8);
    }

    fn unpack(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            at: Duration::from_millis(u64::from_le_bytes(take(bytes)?)),
            key: key(bytes)?,
            kind: one_of(&Kind::ALL, bytes)?,
            merchant: MerchantId::from_bytes(&take::<MERCHANT>(bytes)?).ok()?,
            amount: Amount::from_minor(u64::from_le_bytes(take(bytes)?)),
            card: card(bytes)?,
            rrn: rrn(bytes)?,
            belief: one_of(&Belief::ALL, bytes)?,
        })
    }
}

impl Record for Transaction {
    const SIZE: usize = KEY + MERCHANT + 3 + RRN + CARD + 4 + 8 + 1;

    fn pack(&self, bytes: &mut Vec<u8>) {
        pack_key(&self.key, bytes);
        bytes.extend_from_slice(self.merchant.as_bytes());
        bytes.extend_from_slice(&[self.kind as u8, self.belief as u8, self.standing as u8]);
        pack_rrn(self.rrn, bytes);
        pack_card(self.card, bytes);
        bytes.extend_from_slice(&self.at_ms.to_le_bytes());
        bytes.extend_from_slice(&self.amount.minor().to_le_bytes());
        bytes.push(u8::from(self.is_settled));
    }

    fn unpack(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            key: key(bytes)?,
            merchant: MerchantId::from_bytes(&take::<MERCHANT>(bytes)?).ok()?,
            kind: one_of(&Kind::ALL, bytes)?,
            belief: one_of(&Belief::ALL, bytes)?,
            standing: take::<1>(bytes).and_then(|[place]| Standing::ALL.get(usize::from(place)).copied())?,
            rrn: rrn(bytes)?,
            card: card(bytes)?,
            at_ms: u32::from_le_bytes(take(bytes)?),
            amount: Amount::from_minor(u64::from_le_bytes(take(bytes)?)),
            is_settled: take::<1>(bytes)? == [1],
        })
    }
}

impl Record for Row {
    const SIZE: usize = 8 + MERCHANT + 4 + 4 + 1 + 8 + RRN + CARD + 1;

    fn pack(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.terminal.map_or([0; 8], |terminal| *terminal.as_bytes()));
        bytes.extend_from_slice(&self.merchant.map_or([0; MERCHANT], |merchant| *merchant.as_bytes()));
        bytes.extend_from_slice(&self.batch.map_or(u32::MAX, BatchNo::number).to_le_bytes());
        bytes.extend_from_slice(&self.stan.map_or(u32::MAX, Stan::number).to_le_bytes());
        bytes.push(self.kind.map_or(u8::MAX, |kind| kind as u8));
        bytes.extend_from_slice(&self.amount.minor().to_le_bytes());
        pack_rrn(self.rrn, bytes);
        pack_card(self.card, bytes);
        bytes.push(self.state as u8);
    }

    fn unpack(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            terminal: TerminalId::from_bytes(&take::<8>(bytes)?).ok(),
            merchant: MerchantId::from_bytes(&take::<MERCHANT>(bytes)?).ok(),
            batch: BatchNo::new(u32::from_le_bytes(take(bytes)?)),
            stan: Stan::new(u32::from_le_bytes(take(bytes)?)),
            kind: take::<1>(bytes).map(|[place]| Kind::ALL.get(usize::from(place)).map(|(kind, _)| *kind))?,
            amount: Amount::from_minor(u64::from_le_bytes(take(bytes)?)),
            rrn: rrn(bytes)?,
            card: card(bytes)?,
            state: one_of(&RowState::ALL, bytes)?,
        })
    }
}

fn pack_key(key: &Key, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(key.terminal.as_bytes());
    bytes.extend_from_slice(&key.batch.number().to_le_bytes());
    bytes.extend_from_slice(&key.stan.number().to_le_bytes());
}

fn key(bytes: &mut &[u8]) -> Option<Key> {
    Some(Key {
        terminal: TerminalId::from_bytes(&take::<8>(bytes)?).ok()?,
        batch: BatchNo::new(u32::from_le_bytes(take(bytes)?))?,
        stan: Stan::new(u32::from_le_bytes(take(bytes)?))?,
    })
}

/// Zero bytes are nothing: no RRN has any.
fn pack_rrn(rrn: Option<Rrn>, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&rrn.map_or([0; RRN], |rrn| *rrn.as_bytes()));
}

fn rrn(bytes: &mut &[u8]) -> Option<Option<Rrn>> {
    take::<RRN>(bytes).map(|text| Rrn::from_bytes(&text).ok())
}

/// Zero bytes are nothing: every card shows its last digits.
fn pack_card(card: Option<MaskedPan>, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&card.map_or([0; CARD], MaskedPan::to_bytes));
}

fn card(bytes: &mut &[u8]) -> Option<Option<MaskedPan>> {
    take::<CARD>(bytes).map(|shown| MaskedPan::from_bytes(&shown))
}

fn one_of<T: Copy>(all: &[(T, &str)], bytes: &mut &[u8]) -> Option<T> {
    take::<1>(bytes).and_then(|[place]| all.get(usize::from(place)).map(|(one, _)| *one))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

const KEY: usize = 16;
const MERCHANT: usize = 15;
const RRN: usize = 12;
const CARD: usize = MaskedPan::BYTES;
