//! Messages in the tags of AllinPay (9Fxx): text, amounts of twelve digits, one binary byte for the type.

use super::{
    fields::{FieldError, Fields},
    message::Message,
};
use crate::{
    ecr::{
        outbox::Opaque,
        vocabulary::{Address, Answer, MaskedCard, Original, Request, Service, Text, Verdict},
    },
    money::Amount,
};
use std::time::Duration;

pub(super) fn write(app: &str, message: &Message) -> Fields {
    match message {
        Message::Request(request) => write_request(app, request),
        Message::Query => head(app, QUERY),
        Message::Answer { id, service, answer } => {
            let fields = head(if *service == Service::Status { MANAGER } else { app }, kind(*service));
            write_answer(fields, *id, answer)
        }
        Message::Found { id, answer } => write_answer(head(app, QUERY), *id, answer),
        Message::RelayRequest { bytes, address } => head(app, RELAY)
            .with(tag::RELAYED, &bytes.0)
            .with(tag::HOST, address.host.as_bytes())
            .with(tag::PORT, address.port.to_string().as_bytes())
            .with(tag::TIMEOUT, address.timeout.as_secs().to_string().as_bytes()),
        Message::RelayAnswer(Some(bytes)) => {
            head(app, RELAY).with(tag::CODE, b"00").with(tag::RELAYED, &bytes.0)
        }
        Message::RelayAnswer(None) => head(app, RELAY).with(tag::CODE, NO_HOST),
    }
}

pub(super) fn read(app: &str, fields: &Fields) -> Result<Message, FieldError> {
    let [kind] = *fields.find(tag::TYPE).ok_or(FieldError::Tag(tag::TYPE))? else {
        return Err(FieldError::Tag(tag::TYPE));
    };
    let code = fields.find(tag::CODE);
    match (kind, code) {
        (RELAY, None) => Ok(read_relay(fields)),
        (RELAY, Some(_)) => {
            Ok(Message::RelayAnswer(fields.find(tag::RELAYED).map(|bytes| Opaque(bytes.to_vec()))))
        }
        (QUERY, None) => Ok(Message::Query),
        (QUERY, Some(code)) => Ok(Message::Found { id: id(fields), answer: read_answer(fields, code) }),
        _ => {
            let is_manager = fields.value(tag::APP) == MANAGER.as_bytes() && app != MANAGER;
            let service = service(kind, is_manager).ok_or(FieldError::Tag(tag::TYPE))?;
            let message = match code {
                None => Message::Request(read_request(fields, service)),
                Some(code) => Message::Answer { id: id(fields), service, answer: read_answer(fields, code) },
            };
            Ok(message)
        }
    }
}

fn head(app: &str, kind: u8) -> Fields {
    Fields::default().with(tag::APP, app.as_bytes()).with(tag::TYPE, &[kind])
}

fn write_request(app: &str, request: &Request) -> Fields {
    let app = if request.service == Service::Status { MANAGER } else { app };
    let mut fields = head(app, kind(request.service));
    if request.service.moves_money() {
        fields = fields.with(tag::AMOUNT, amount(request.amount).as_bytes());
    }
    if let Some(original) = &request.original {
        let date = if original.date == 0 { String::new() } else { format!("{:04}", original.date) };
        fields = with_number(fields, tag::ORIGINAL, original.receipt)
            .with_some(tag::REFERENCE, &original.reference.0)
            .with_some(tag::DATE, date.as_bytes());
    }
    with_number(fields, tag::ORDER, request.id)
}

fn read_request(fields: &Fields, service: Service) -> Request {
    let original = Original {
        receipt: fields.number(tag::ORIGINAL) as u32,
        reference: fields.value(tag::REFERENCE).into(),
        date: fields.number(tag::DATE) as u16,
    };
    let is_named = original != Original::default();
    Request { id: id(fields), service, amount: read_amount(fields), original: is_named.then_some(original) }
}

fn write_answer(fields: Fields, id: u32, answer: &Answer) -> Fields {
    let lines: Vec<&[u8]> = answer.lines.iter().map(|line| &*line.0).collect();
    let fields = fields
        .with(tag::AMOUNT, amount(answer.amount).as_bytes())
        .with_some(tag::TERMINAL, &answer.terminal.0)
        .with_some(tag::CARD, answer.card.as_bytes())
        .with_some(tag::APPROVAL, &answer.approval.0)
        .with_some(tag::REFERENCE, &answer.reference.0)
        .with(tag::CODE, code(answer))
        .with_some(tag::TEXT, &answer.text.0)
        .with_some(tag::PRINT, &lines.join(&b'\n'));
    with_number(with_number(fields, tag::VOUCHER, answer.receipt), tag::ORDER, id)
}

fn read_answer(fields: &Fields, code: &[u8]) -> Answer {
    let print = fields.find(tag::PRINT).into_iter().flat_map(|text| text.split(|byte| *byte == b'\n'));
    Answer {
        verdict: if code == b"00" { Verdict::Approved } else { Verdict::Declined },
        amount: read_amount(fields),
        code: code.into(),
        receipt: fields.number(tag::VOUCHER) as u32,
        trace: 0,
        approval: fields.value(tag::APPROVAL).into(),
        reference: fields.value(tag::REFERENCE).into(),
        card: MaskedCard::new(fields.value(tag::CARD)),
        text: fields.value(tag::TEXT).into(),
        lines: print.map(Text::from).collect(),
        terminal: fields.value(tag::TERMINAL).into(),
        serial_number: Text::default(),
        firmware: Text::default(),
    }
}

fn read_relay(fields: &Fields) -> Message {
    let address = Address {
        host: String::from_utf8_lossy(fields.value(tag::HOST)).into_owned(),
        port: fields.number(tag::PORT) as u16,
        timeout: Duration::from_secs(fields.number(tag::TIMEOUT).min(TIMEOUT_SECONDS_MAX)),
    };
    Message::RelayRequest { bytes: Opaque(fields.value(tag::RELAYED).to_vec()), address }
}

/// The code of an answer, with one for those that have none.
pub(super) fn code(answer: &Answer) -> &[u8] {
    match (&*answer.code.0, answer.verdict) {
        ([], Verdict::Approved) => b"00",
        ([], _) => b"25",
        (code, _) => code,
    }
}

fn with_number(fields: Fields, tag: u16, number: u32) -> Fields {
    if number == 0 { fields } else { fields.with(tag, format!("{number:06}").as_bytes()) }
}

fn amount(amount: Amount) -> String {
    format!("{:012}", amount.minor())
}

fn read_amount(fields: &Fields) -> Amount {
    Amount::from_minor(fields.number(tag::AMOUNT).min(Amount::MAX.minor()))
}

fn id(fields: &Fields) -> u32 {
    u32::try_from(fields.number(tag::ORDER)).unwrap_or(0)
}

fn kind(service: Service) -> u8 {
    KINDS.iter().find(|(known, _)| *known == service).map_or(0, |(_, kind)| *kind)
}

fn service(kind: u8, is_manager: bool) -> Option<Service> {
    let found = KINDS.iter().find(|(_, known)| *known == kind).map(|(service, _)| *service)?;
    // Type 7 is the void of a pre-authorisation in every other application.
    (is_manager == (found == Service::Status)).then_some(found)
}

const KINDS: [(Service, u8); 6] = [
    (Service::SignIn, 1),
    (Service::Sale, 2),
    (Service::Void, 3),
    (Service::Refund, 4),
    (Service::Status, 7),
    (Service::Settlement, 14),
];
const QUERY: u8 = 15;
const RELAY: u8 = 17;
const MANAGER: &str = "MANAGER";
const NO_HOST: &[u8] = b"91";
/// No host is waited for longer, whatever the terminal says.
const TIMEOUT_SECONDS_MAX: u64 = 300;

mod tag {
    pub const APP: u16 = 0x9F00;
    pub const TYPE: u16 = 0x9F01;
    pub const AMOUNT: u16 = 0x9F02;
    pub const TERMINAL: u16 = 0x9F05;
    pub const CARD: u16 = 0x9F0B;
    pub const VOUCHER: u16 = 0x9F0E;
    pub const APPROVAL: u16 = 0x9F0F;
    pub const REFERENCE: u16 = 0x9F10;
    pub const DATE: u16 = 0x9F11;
    pub const CODE: u16 = 0x9F14;
    pub const RELAYED: u16 = 0x9F15;
    pub const HOST: u16 = 0x9F16;
    pub const PORT: u16 = 0x9F17;
    pub const TIMEOUT: u16 = 0x9F18;
    pub const TEXT: u16 = 0x9F19;
    pub const ORIGINAL: u16 = 0x9F20;
    pub const PRINT: u16 = 0x9F52;
    pub const ORDER: u16 = 0x9FFF;
}
