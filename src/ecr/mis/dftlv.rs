//! Messages in the DFxx tags of bank acquirers: BER-TLV, packed digits, results nested in DF06.

use super::{
    allinpay::code,
    fields::{Coding, FieldError, Fields},
    message::{Message, Packet},
};
use crate::{
    ecr::{
        bcd,
        outbox::Opaque,
        vocabulary::{Address, Answer, MaskedCard, Original, Request, Service, Text, Verdict},
    },
    money::Amount,
};
use std::time::Duration;

/// The transaction codes of DF02. Only sale and void were seen on a line; the rest are placeholders to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the services")]
pub struct Codes {
    pub sign_in: u8,
    pub sale: u8,
    pub void: u8,
    pub refund: u8,
    pub settlement: u8,
    pub status: u8,
    pub query: u8,
}

impl Default for Codes {
    fn default() -> Self {
        Self {
            sign_in: 0x01,
            sale: 0x45,
            void: 0x46,
            refund: 0x47,
            settlement: 0x48,
            status: 0x49,
            query: 0x4A,
        }
    }
}

impl Codes {
    fn table(&self) -> [(Service, u8); 6] {
        [
            (Service::SignIn, self.sign_in),
            (Service::Sale, self.sale),
            (Service::Void, self.void),
            (Service::Refund, self.refund),
            (Service::Settlement, self.settlement),
            (Service::Status, self.status),
        ]
    }

    fn of(&self, service: Service) -> u8 {
        self.table().iter().find(|(known, _)| *known == service).map_or(0, |(_, code)| *code)
    }

    fn service(&self, code: u8) -> Option<Service> {
        self.table().iter().find(|(_, known)| *known == code).map(|(service, _)| *service)
    }
}

pub(super) fn write(codes: &Codes, packet: &Packet) -> Fields {
    let head = |kind: u8| {
        let echo = bcd::pack(u64::from(packet.echo), 2);
        Fields::default().with(tag::KIND, &[kind]).with(tag::ECHO, &echo)
    };
    match &packet.message {
        Message::Request(request) => write_request(codes, head(TRANSACTION), request),
        Message::Query => {
            head(TRANSACTION).with(tag::SERVICE, &[codes.query]).with(tag::CONSTANT, &[0x55, 0x55])
        }
        Message::Answer { id, service, answer } => {
            write_answer(head(RESULT), codes.of(*service), *id, answer)
        }
        Message::Found { id, answer } => write_answer(head(RESULT), codes.query, *id, answer),
        Message::RelayRequest { bytes, address } => {
            let host = format!("{}:{}:{}", address.host, address.port, address.timeout.as_secs());
            head(RELAY).with(tag::HOST, host.as_bytes()).with(tag::INNER, &bytes.0)
        }
        Message::RelayAnswer(Some(bytes)) => head(RELAY).with(tag::RESULT, b"00").with(tag::INNER, &bytes.0),
        Message::RelayAnswer(None) => head(RELAY).with(tag::RESULT, b"91"),
    }
}

pub(super) fn read(codes: &Codes, fields: &Fields) -> Result<Packet, FieldError> {
    let one = |tag| match *fields.value(tag) {
        [byte] => Ok(byte),
        _ => Err(FieldError::Tag(tag)),
    };
    let echo = bcd::unpack(fields.value(tag::ECHO)).ok_or(FieldError::Tag(tag::ECHO))? as u16;
    let message = match one(tag::KIND)? {
        TRANSACTION if one(tag::SERVICE)? == codes.query => Message::Query,
        TRANSACTION => {
            let service = codes.service(one(tag::SERVICE)?).ok_or(FieldError::Tag(tag::SERVICE))?;
            Message::Request(read_request(fields, service)?)
        }
        RESULT => read_result(codes, fields, one(tag::SERVICE)?)?,
        RELAY => read_relay(fields),
        _ => return Err(FieldError::Tag(tag::KIND)),
    };
    Ok(Packet { echo, message })
}

fn write_request(codes: &Codes, head: Fields, request: &Request) -> Fields {
    let mut fields = head.with(tag::SERVICE, &[codes.of(request.service)]).with(tag::CONSTANT, &[0x55, 0x55]);
    if request.service.moves_money() {
        fields = fields.with(tag::AMOUNT, &bcd::pack(request.amount.minor(), 6));
    }
    if let Some(original) = &request.original {
        let date = if original.date == 0 { Vec::new() } else { bcd::pack(u64::from(original.date), 2) };
        fields = with_number(fields, tag::ORIGINAL, original.receipt)
            .with_some(tag::REFERENCE, &original.reference.0)
            .with_some(tag::ORIGINAL_DATE, &date);
    }
    with_order(fields.with(tag::VERSION, &[0x30, 0x04]), request.id)
}

fn read_request(fields: &Fields, service: Service) -> Result<Request, FieldError> {
    let number = |tag| match fields.find(tag) {
        None => Ok(0),
        Some(digits) => bcd::unpack(digits).ok_or(FieldError::Tag(tag)),
    };
    let original = Original {
        receipt: number(tag::ORIGINAL)? as u32,
        reference: fields.value(tag::REFERENCE).into(),
        date: number(tag::ORIGINAL_DATE)? as u16,
    };
    let amount = Amount::from_minor(number(tag::AMOUNT)?.min(Amount::MAX.minor()));
    let is_named = original != Original::default();
    Ok(Request {
        id: fields.number(tag::ORDER) as u32,
        service,
        amount,
        original: is_named.then_some(original),
    })
}

fn write_answer(head: Fields, service: u8, id: u32, answer: &Answer) -> Fields {
    let inner =
        Fields::default().with(tag::SERVICE, &[service]).with(tag::AMOUNT, money(answer.amount).as_bytes());
    let inner = with_number(with_number(inner, tag::TRACE, answer.trace), tag::VOUCHER, answer.receipt)
        .with_some(tag::REFERENCE, &answer.reference.0)
        .with_some(tag::APPROVAL, &answer.approval.0)
        .with_some(tag::TERMINAL, &answer.terminal.0)
        .with_some(tag::CARD, answer.card.as_bytes());
    let fields =
        head.with(tag::SERVICE, &[service]).with(tag::INNER, &with_order(inner, id).write(Coding::Ber));
    fields.with_some(tag::TEXT, &answer.text.0).with(tag::RESULT, code(answer))
}

fn read_result(codes: &Codes, fields: &Fields, service: u8) -> Result<Message, FieldError> {
    let inner = Fields::parse(Coding::Ber, fields.value(tag::INNER))?;
    let result = fields.find(tag::RESULT).ok_or(FieldError::Tag(tag::RESULT))?;
    let is_approved = matches!(result, b"00" | b"Y1" | b"Y2" | b"Y3");
    let number = |tag| bcd::unpack(inner.value(tag)).unwrap_or(0) as u32;
    let answer = Answer {
        verdict: if is_approved { Verdict::Approved } else { Verdict::Declined },
        amount: read_money(inner.value(tag::AMOUNT)),
        code: result.into(),
        receipt: number(tag::VOUCHER),
        trace: number(tag::TRACE),
        approval: inner.value(tag::APPROVAL).into(),
        reference: inner.value(tag::REFERENCE).into(),
        card: MaskedCard::new(inner.value(tag::CARD)),
        text: Text::from(fields.value(tag::TEXT)),
        lines: Vec::new(),
        terminal: inner.value(tag::TERMINAL).into(),
        serial_number: Text::default(),
        firmware: Text::default(),
    };
    let id = inner.number(tag::ORDER) as u32;
    if service == codes.query {
        return Ok(Message::Found { id, answer });
    }
    let service = codes.service(service).ok_or(FieldError::Tag(tag::SERVICE))?;
    Ok(Message::Answer { id, service, answer })
}

fn read_relay(fields: &Fields) -> Message {
    let inner = fields.find(tag::INNER).map(|bytes| Opaque(bytes.to_vec()));
    if fields.find(tag::RESULT).is_some() {
        return Message::RelayAnswer(inner);
    }
    let host = String::from_utf8_lossy(fields.value(tag::HOST)).into_owned();
    let mut parts = host.rsplitn(3, ':');
    let seconds = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0_u64).min(300);
    let port = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let host = parts.next().unwrap_or_default().to_owned();
    let address = Address { host, port, timeout: Duration::from_secs(seconds) };
    Message::RelayRequest { bytes: inner.unwrap_or(Opaque(Vec::new())), address }
}

/// Text such as `RMB 0.20`.
fn money(amount: Amount) -> String {
    format!("RMB {amount}")
}

fn read_money(text: &[u8]) -> Amount {
    let text = String::from_utf8_lossy(text);
    text.rsplit(' ').next().and_then(|number| number.trim().parse().ok()).unwrap_or(Amount::ZERO)
}

fn with_number(fields: Fields, tag: u16, number: u32) -> Fields {
    if number == 0 { fields } else { fields.with(tag, &bcd::pack(u64::from(number), 3)) }
}

fn with_order(fields: Fields, id: u32) -> Fields {
    if id == 0 { fields } else { fields.with(tag::ORDER, format!("{id:06}").as_bytes()) }
}

const TRANSACTION: u8 = 0;
const RELAY: u8 = 1;
const RESULT: u8 = 2;

mod tag {
    pub const KIND: u16 = 0xDF01;
    pub const SERVICE: u16 = 0xDF02;
    pub const AMOUNT: u16 = 0xDF03;
    pub const ECHO: u16 = 0xDF04;
    pub const HOST: u16 = 0xDF05;
    pub const INNER: u16 = 0xDF06;
    pub const RESULT: u16 = 0xDF07;
    pub const CONSTANT: u16 = 0xDF08;
    pub const VERSION: u16 = 0xDF09;
    pub const TRACE: u16 = 0xDF0A;
    pub const VOUCHER: u16 = 0xDF10;
    pub const TERMINAL: u16 = 0xDF12;
    pub const ORIGINAL_DATE: u16 = 0xDF17;
    pub const ORIGINAL: u16 = 0xDF18;
    pub const REFERENCE: u16 = 0xDF1A;
    pub const APPROVAL: u16 = 0xDF1B;
    pub const CARD: u16 = 0xDF1E;
    pub const TEXT: u16 = 0xDF2C;
    pub const ORDER: u16 = 0xDF69;
}
