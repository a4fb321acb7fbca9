//! What the portal has to say before the host decides: whose numbers these are, who has signed in, and what is too much.

use super::{
    Host, Inquiry, Request,
    branch::Sighting,
    demand::Demand,
    sold::{is_small, method},
};
use crate::{
    iso8583::{De, MerchantId, ResponseCode, Rrn, TerminalId, serial_of_sequence_no},
    money::Amount,
    operation::Kind,
    portal::{Method, Pair, Presented, Sale, SerialNumber},
};

impl Host {
    /// The code that refuses numbers which are not a station's, after the portal has written them to its alarm list.
    pub(super) fn refuse_numbers(
        &mut self,
        request: &Request<'_>,
        terminal: TerminalId,
        usual: ResponseCode,
    ) -> ResponseCode {
        if self.counter.is_none() {
            return usual;
        }
        let merchant = request.message.get(De::MERCHANT_ID).and_then(|value| value.array::<15>());
        let Some(merchant) = merchant.and_then(|text| MerchantId::from_bytes(&text).ok()) else {
            return usual;
        };
        self.recognize(None, Pair { terminal, merchant }).err().unwrap_or(usual)
    }

    /// Whether the device that a sign-in names may show these numbers.
    ///
    /// # Errors
    /// 97, and the alarm list has a line more.
    pub(super) fn recognize_device(&mut self, inquiry: &Inquiry<'_>) -> Result<(), ResponseCode> {
        if self.counter.is_none() {
            return Ok(());
        }
        let told = inquiry.message.get(De::PRIVATE_62);
        let device = told.and_then(|told| serial_of_sequence_no(told.raw())).map(str::to_owned);
        let shown = Pair { terminal: inquiry.terminal, merchant: inquiry.merchant };
        self.recognize(device.map(SerialNumber), shown)
    }

    fn recognize(&mut self, device: Option<SerialNumber>, shown: Pair) -> Result<(), ResponseCode> {
        let now = self.now;
        self.at_counter(now, |portal, branch| portal.recognize(now, branch, device.as_ref(), shown))
            .unwrap_or(Ok(()))
    }

    /// Whether the portal lets a financial request pass; what became of an order may be asked at any time.
    ///
    /// Limits are those of sales and orders alone: what was approved before, offline or in part, is not stopped by them.
    ///
    /// # Errors
    /// The code that refuses it: for numbers that are not bound, 03 or 97; without a sign-in today the one that the
    /// portal's rules say; over a limit of its method 61.
    pub(super) fn admit(&mut self, inquiry: &Inquiry<'_>, demand: &Demand) -> Result<(), ResponseCode> {
        if self.counter.is_none() || demand.kind == Kind::QrQuery {
            return Ok(());
        }
        let is_limited = matches!(demand.kind, Kind::Sale | Kind::QrSale | Kind::QrOrder);
        let is_small = is_limited && demand.kind == Kind::Sale && is_small(inquiry.message, demand.amount);
        let sale = Sale {
            key: demand.key,
            merchant: inquiry.merchant,
            method: match is_small {
                true => Method::SmallContactless,
                false => method(demand.kind, demand.card.as_ref()),
            },
            amount: if is_limited { demand.amount } else { Amount::ZERO },
            rrn: NO_RRN,
            at: inquiry.today.to_unix(),
        };
        let (now, presented) = (self.now, Presented { device: None, sale });
        let admitted = self.at_counter(now, |portal, branch| portal.admit(now, branch, &presented));
        if is_small && admitted == Some(Ok(())) {
            self.counter.as_deref_mut().into_iter().for_each(|counter| counter.sold.note_small(demand.key));
        }
        admitted.unwrap_or(Ok(()))
    }

    /// Notes that a terminal was heard of.
    pub(super) fn hear(&mut self, request: &Request<'_>, terminal: TerminalId) {
        let (now, connection) = (self.now, request.connection);
        if let Some(counter) = self.counter.as_deref_mut() {
            let sighting = counter.sightings.entry(terminal);
            sighting
                .and_modify(|sighting| sighting.again(now, connection))
                .or_insert_with(|| Sighting::new(now, connection));
        }
    }

    /// What is known of a terminal, where there is a portal that might ask.
    pub(super) fn sighting(&mut self, terminal: TerminalId) -> Option<&mut Sighting> {
        self.counter.as_deref_mut()?.sightings.get_mut(&terminal)
    }
}

/// A request has no reference yet.
const NO_RRN: Rrn = match Rrn::from_bytes(b"000000000000") {
    Ok(rrn) => rrn,
    Err(_) => panic!("twelve digits are a reference"),
};
