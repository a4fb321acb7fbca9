//! The host's decisions about money: sales, balances and reversals.

use super::{Host, Outbox, UnknownCards, respond::Answer, station::Station};
use crate::{
    card::{Expiry, Pan, Track2},
    crypto::{PanBinding, TrackCipher},
    iso8583::{De, Message, Private60, ResponseCode, Stan, TerminalId},
    ledger::{Booking, Charge, Payer, Postings, Record, State, fee},
    money::Amount,
    operation::{Kind, Variant},
    reconcile::Key,
    time::Instant,
};

/// What a request says about money.
struct Demand {
    key: Key,
    kind: Kind,
    amount: Amount,
    pan: Pan,
    expiry: Option<Expiry>,
}

impl Host {
    /// Approves or declines a financial request whose MAC and batch are right, and books it.
    pub(super) fn authorize(
        &mut self,
        now: Instant,
        terminal: TerminalId,
        kind: Kind,
        message: &Message<'_>,
        out: &mut Outbox,
    ) -> Answer {
        let Some(station) = self.stations.get(&terminal) else {
            return Answer::code(ResponseCode::UNKNOWN_TERMINAL);
        };
        let merchant = station.merchant;
        let demand = match demand(station, terminal, kind, message) {
            Ok(demand) => demand,
            Err(code) => return Answer::code(code),
        };
        if self.ledger.get(&demand.key).is_some() {
            return Answer::code(ResponseCode::DUPLICATE);
        }
        let code = self.refusal(now, station, &demand, message).unwrap_or(ResponseCode::APPROVED);
        let rrn = self.reference();
        let (pan, expiry) = (Some(demand.pan), demand.expiry);
        let mut answer = Answer { rrn: Some(rrn), pan, expiry, ..Answer::code(code) };
        let is_approved = code == ResponseCode::APPROVED;
        if is_approved {
            let balance = self.balance(&demand.pan);
            match kind {
                Kind::Balance => answer.balance = Some(balance),
                _ => {
                    answer.approval_code = Some(self.approval_code());
                }
            }
        }
        if kind.takes_amount() {
            let state = if is_approved { State::Captured } else { State::Declined(code) };
            let (amount, card) = (demand.amount, Some(demand.pan));
            let earned = fee(amount, self.config.fees.basis_points);
            let charge = Charge {
                amount: amount.minor() as i64,
                fee: earned.minor() as i64,
                held: 0,
                payer: Payer::Card,
            };
            let booking = Booking {
                key: demand.key,
                merchant,
                kind,
                variant: Variant::Plain,
                amount,
                tip: Amount::ZERO,
                card,
                rrn,
                approval_code: answer.approval_code,
                original: None,
                at: self.config.clock.at(now).to_unix(),
                state,
                postings: if is_approved { charge.postings(kind) } else { Postings::NONE },
            };
            self.record(Record::Booked(booking), out);
        }
        answer
    }

    /// Moves the money of a captured transaction back; idempotent, and remembered when it comes before its original.
    pub(super) fn reverse(
        &mut self,
        now: Instant,
        terminal: TerminalId,
        private60: &Private60,
        message: &Message<'_>,
        out: &mut Outbox,
    ) -> Answer {
        let (Some(stan), Some(amount)) = (stan_of(message), message.number(De::AMOUNT)) else {
            return Answer::code(ResponseCode::FORMAT_ERROR);
        };
        let key = Key { terminal, batch: private60.batch, stan };
        let amount = Amount::from_minor(amount);
        let Some(booking) = self.ledger.get(&key) else {
            let rrn = self.reference();
            let Some(station) = self.stations.get(&terminal) else {
                return Answer::code(ResponseCode::UNKNOWN_TERMINAL);
            };
            let tombstone = Booking {
                key,
                merchant: station.merchant,
                kind: Kind::Reversal,
                variant: Variant::Plain,
                amount,
                tip: Amount::ZERO,
                card: None,
                rrn,
                approval_code: None,
                original: None,
                at: self.config.clock.at(now).to_unix(),
                state: State::Reversed,
                postings: Postings::NONE,
            };
            self.record(Record::Booked(tombstone), out);
            return Answer { rrn: Some(rrn), ..Answer::code(ResponseCode::ORIGINAL_NOT_FOUND) };
        };
        if booking.amount != amount {
            return Answer::code(ResponseCode::AMOUNT_MISMATCH);
        }
        let answer =
            Answer { rrn: Some(booking.rrn), pan: booking.card, ..Answer::code(ResponseCode::APPROVED) };
        if booking.state == State::Captured {
            let postings = booking.postings.negated();
            self.record(Record::Moved { key, state: State::Reversed, amount, postings }, out);
        }
        answer
    }

    /// Why a request is declined, if it is.
    fn refusal(
        &self,
        now: Instant,
        station: &Station,
        demand: &Demand,
        message: &Message<'_>,
    ) -> Option<ResponseCode> {
        let known = self.cards.get(&demand.pan);
        let today = self.config.clock.at(now);
        let this_month = Expiry::new((today.year % 100) as u8, today.month);
        let is_expired = |expiry: Expiry| this_month.is_some_and(|this_month| expiry < this_month);
        match () {
            () if known.is_none() && self.config.unknown_cards == UnknownCards::Decline => {
                Some(ResponseCode::INVALID_CARD)
            }
            () if !demand.pan.is_luhn_valid() => Some(ResponseCode::INVALID_CARD),
            () if demand.expiry.is_some_and(is_expired) => Some(ResponseCode::EXPIRED_CARD),
            () if demand.amount > self.config.sale_limit => Some(ResponseCode::OVER_LIMIT),
            () if demand.kind.takes_amount() && demand.amount == Amount::ZERO => {
                Some(ResponseCode::INVALID_AMOUNT)
            }
            () => self.wrong_pin(station, demand, message).or_else(|| {
                (demand.amount > self.balance(&demand.pan)).then_some(ResponseCode::INSUFFICIENT_FUNDS)
            }),
        }
    }

    /// Checks the PIN, where there is one and the card's is known.
    fn wrong_pin(&self, station: &Station, demand: &Demand, message: &Message<'_>) -> Option<ResponseCode> {
        let block = message.get(De::PIN_BLOCK)?;
        let keys = station.keys.as_ref()?;
        let binding = match security_digit(message, 0) {
            Some(b'1') => PanBinding::WithoutPan,
            _ => PanBinding::WithPan,
        };
        let Ok(entered) = keys.pik.decrypt_pin(block.raw(), &demand.pan, binding) else {
            return Some(ResponseCode::PIN_FORMAT);
        };
        let expected = self.cards.get(&demand.pan)?.pin.as_ref()?;
        (entered != *expected).then_some(ResponseCode::WRONG_PIN)
    }
}

/// What a request says about money.
fn demand(
    station: &Station,
    terminal: TerminalId,
    kind: Kind,
    message: &Message<'_>,
) -> Result<Demand, ResponseCode> {
    let stan = stan_of(message).ok_or(ResponseCode::FORMAT_ERROR)?;
    let track = track_of(station, message)?;
    let pan = match (pan_of(message), &track) {
        (Some(pan), _) => pan,
        (None, Some(track)) => track.pan(),
        (None, None) => return Err(ResponseCode::INVALID_CARD),
    };
    let keyed = message
        .get(De::EXPIRY)
        .and_then(|value| value.array::<4>())
        .and_then(|text| Expiry::from_ascii(&text).ok());
    let amount = message.number(De::AMOUNT).map(Amount::from_minor);
    if kind.takes_amount() && amount.is_none() {
        return Err(ResponseCode::INVALID_AMOUNT);
    }
    Ok(Demand {
        key: Key { terminal, batch: station.batch, stan },
        kind,
        amount: amount.unwrap_or_default(),
        pan,
        expiry: keyed.or_else(|| track.map(|track| track.expiry())),
    })
}

/// Track 2 of a request, decrypted where DE 53 says that it is encrypted.
fn track_of(station: &Station, message: &Message<'_>) -> Result<Option<Track2>, ResponseCode> {
    let Some(value) = message.get(De::TRACK2) else { return Ok(None) };
    let mut buffer = [0; 40];
    let digits = value.write_to(&mut buffer).ok_or(ResponseCode::INVALID_CARD)?;
    if security_digit(message, 2) != Some(b'1') {
        return Track2::from_ascii(digits).map(Some).map_err(|_| ResponseCode::INVALID_CARD);
    }
    let key = station.keys.as_ref().and_then(|keys| keys.tdk.as_ref()).ok_or(ResponseCode::SYSTEM_FAULT)?;
    let mut digits = digits.to_vec();
    TrackCipher::new(key).decrypt(&mut digits).map_err(|_| ResponseCode::INVALID_CARD)?;
    Track2::from_ascii(&digits).map(Some).map_err(|_| ResponseCode::INVALID_CARD)
}

/// The PAN of DE 2.
pub(super) fn pan_of(message: &Message<'_>) -> Option<Pan> {
    let mut buffer = [0; 19];
    Pan::from_ascii(message.get(De::PAN)?.write_to(&mut buffer)?).ok()
}

fn stan_of(message: &Message<'_>) -> Option<Stan> {
    Stan::new(u32::try_from(message.number(De::STAN)?).ok()?)
}

/// One digit of DE 53.
fn security_digit(message: &Message<'_>, index: usize) -> Option<u8> {
    message.get(De::SECURITY_CONTROL)?.array::<16>()?.get(index).copied()
}
