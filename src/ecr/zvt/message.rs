//! The commands of both sides as values.

use super::{
    apdu::{Apdu, ApduError},
    bmp::{Bmps, find_tlv, tlv, unnamed_text, write_unnamed},
};
use crate::{
    ecr::{
        bcd,
        vocabulary::{Answer, MaskedCard, Text, Verdict},
    },
    money::Amount,
};

/// A command or an answer. An `id` is the sequence number of tag 1F73; 0 when there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the standard's words")]
pub enum Message {
    /// 06 00.
    Registration { password: u32, config: u8, currency: Option<u16> },
    /// 06 02.
    LogOff,
    /// 06 01.
    Authorisation { amount: Amount, currency: u16, id: u32 },
    /// 06 30.
    Reversal { password: u32, receipt: u32, id: u32 },
    /// 06 31.
    Refund { password: u32, amount: Amount, currency: u16, id: u32 },
    /// 06 50.
    EndOfDay { password: u32 },
    /// 05 01.
    StatusEnquiry { password: Option<u32> },
    /// 06 20: the last receipt once more.
    RepeatReceipt { password: u32 },
    /// 06 B0, of the register.
    Abort,
    /// 04 0F.
    Status(Box<Status>),
    /// 04 FF; `minutes` changes T4.
    Intermediate { code: u8, minutes: Option<u8> },
    /// 06 0F, with the status byte of bitmap 19 and the terminal id of bitmap 29 where it has them; the end of a status
    /// enquiry may tell the version of the software.
    Completion { status: Option<u8>, terminal: Option<u32>, version: Text },
    /// 06 1E, of the terminal.
    Aborted(u8),
    /// 06 D1; bit 80 of the attribute marks the last line.
    PrintLine { attribute: u8, text: Text },
    /// 06 D3.
    PrintBlock(Vec<Text>),
    /// 80 00 and 84 00.
    Positive,
    /// 84 xx.
    Negative(u8),
    /// One that is not needed here.
    Other(Apdu),
}

/// What 04 0F says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Bitmap 27: 00 is done.
    pub result: u8,
    /// The sequence number of the request, tag 1F73; 0 when there is none.
    pub id: u32,
    /// The rest, in common words.
    pub answer: Answer,
}

impl Message {
    /// The command in bytes.
    pub fn write(&self) -> Vec<u8> {
        self.to_apdu().write()
    }

    /// The command of bytes.
    ///
    /// # Errors
    /// When they are no APDU, or a field is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        Self::from_apdu(Apdu::parse(bytes)?)
    }

    fn to_apdu(&self) -> Apdu {
        let password = |password: &u32| bcd::pack(u64::from(*password), 3);
        let (control, data) = match self {
            Self::Registration { password: code, config, currency } => {
                let currency = currency.map(|code| bcd::pack(u64::from(code), 2)).unwrap_or_default();
                (0x0600, [password(code), vec![*config], currency].concat())
            }
            Self::LogOff => (0x0602, Vec::new()),
            Self::Authorisation { amount, currency, id } => (0x0601, paid(*amount, *currency, *id).write()),
            Self::Reversal { password: code, receipt, id } => {
                let fields = with_id(Bmps::default().with(0x87, &bcd::pack(u64::from(*receipt), 2)), *id);
                (0x0630, [password(code), fields.write()].concat())
            }
            Self::Refund { password: code, amount, currency, id } => {
                (0x0631, [password(code), paid(*amount, *currency, *id).write()].concat())
            }
            Self::EndOfDay { password: code } => (0x0650, password(code)),
            Self::StatusEnquiry { password: code } => {
                (0x0501, code.as_ref().map(password).unwrap_or_default())
            }
            Self::RepeatReceipt { password: code } => (0x0620, password(code)),
            Self::Abort => (0x06B0, Vec::new()),
            Self::Status(status) => (0x040F, status.fields().write()),
            Self::Intermediate { code, minutes } => {
                (0x04FF, [*code].into_iter().chain(minutes.map(|m| bcd::pack(u64::from(m), 1)[0])).collect())
            }
            Self::Completion { status, terminal, version } if !version.0.is_empty() => {
                let id =
                    terminal.map(|id| tlv(TERMINAL_ID, &bcd::pack(u64::from(id), 4))).unwrap_or_default();
                let state = [status.unwrap_or_default()];
                let rest = Bmps::default().with_some(0x06, &id).write();
                (0x060F, [&write_unnamed(&version.0)[..], &state, &rest].concat())
            }
            Self::Completion { status, terminal, .. } => {
                let terminal = terminal.map(|id| bcd::pack(u64::from(id), 4)).unwrap_or_default();
                let status: Vec<u8> = status.iter().copied().collect();
                (0x060F, Bmps::default().with_some(0x19, &status).with_some(0x29, &terminal).write())
            }
            Self::Aborted(code) => (0x061E, vec![*code]),
            Self::PrintLine { attribute, text } => (0x06D1, [&[*attribute], &*text.0].concat()),
            Self::PrintBlock(lines) => {
                let lines: Vec<u8> = lines.iter().flat_map(|line| tlv(0x07, &line.0)).collect();
                (0x06D3, Bmps::default().with(0x06, &tlv(0x25, &lines)).write())
            }
            Self::Positive => (0x8000, Vec::new()),
            Self::Negative(code) => (0x8400 | u16::from(*code), Vec::new()),
            Self::Other(apdu) => return apdu.clone(),
        };
        Apdu::new(control, data)
    }

    fn from_apdu(apdu: Apdu) -> Result<Self, ApduError> {
        let data = &*apdu.data;
        let message = match (apdu.control, data) {
            (0x0600, [_, _, _, config, rest @ ..]) => {
                let currency = rest.first_chunk::<2>().map(|code| number(code, 0x49)).transpose()?;
                let currency = currency.map(|code| code as u16);
                Self::Registration { password: password(data)?, config: *config, currency }
            }
            (0x0602, _) => Self::LogOff,
            (0x0601, _) => {
                let (amount, currency, id) = read_paid(data)?;
                Self::Authorisation { amount, currency, id }
            }
            (0x0630, [_, _, _, rest @ ..]) => {
                let fields = Bmps::parse(rest)?;
                let receipt = number(fields.find(0x87).ok_or(ApduError::Field(0x87))?, 0x87)? as u32;
                Self::Reversal { password: password(data)?, receipt, id: read_id(&fields)? }
            }
            (0x0631, [_, _, _, rest @ ..]) => {
                let (amount, currency, id) = read_paid(rest)?;
                Self::Refund { password: password(data)?, amount, currency, id }
            }
            (0x0650, _) => Self::EndOfDay { password: password(data)? },
            (0x0501, _) => {
                let is_open = data.is_empty();
                Self::StatusEnquiry { password: if is_open { None } else { Some(password(data)?) } }
            }
            (0x0620, _) => Self::RepeatReceipt { password: password(data)? },
            (0x06B0, _) => Self::Abort,
            (0x040F, _) => Self::Status(Box::new(Status::read(&Bmps::parse(data)?)?)),
            (0x04FF, [code, rest @ ..]) => {
                let minutes =
                    rest.first().and_then(|byte| bcd::unpack(&[*byte])).map(|minutes| minutes as u8);
                Self::Intermediate { code: *code, minutes }
            }
            (0x060F, _) => Self::read_completion(data)?,
            (0x061E, [code, ..]) => Self::Aborted(*code),
            (0x06D1, [attribute, text @ ..]) => Self::PrintLine { attribute: *attribute, text: text.into() },
            (0x06D3, _) => {
                let fields = Bmps::parse(data)?;
                let lines = find_tlv(fields.find(0x06).unwrap_or_default(), 0x07)?;
                Self::PrintBlock(lines.into_iter().map(Text::from).collect())
            }
            (0x8000 | 0x8400, _) => Self::Positive,
            (control @ 0x8401..=0x84FF, _) => Self::Negative(control as u8),
            _ => Self::Other(apdu),
        };
        Ok(message)
    }

    fn read_completion(data: &[u8]) -> Result<Self, ApduError> {
        let is_unnamed = data.first().is_some_and(|byte| *byte >= 0xF0);
        if let Some((version, rest)) = unnamed_text(data).filter(|_| is_unnamed) {
            return Self::read_state(version, rest);
        }
        let fields = Bmps::parse(data)?;
        let terminal = fields.find(0x29).map(|digits| number(digits, 0x29)).transpose()?;
        let status = fields.find(0x19).and_then(|byte| byte.first().copied());
        Ok(Self::Completion { status, terminal: terminal.map(|id| id as u32), version: Text::default() })
    }

    /// What stands behind the version of the software when a status enquiry ends (PA00P015, chapter 2.55.5): a status
    /// byte without a name, and the terminal id in the container.
    fn read_state(version: &[u8], data: &[u8]) -> Result<Self, ApduError> {
        let fields = Bmps::parse(data.get(1..).unwrap_or_default())?;
        let ids = find_tlv(fields.find(0x06).unwrap_or_default(), TERMINAL_ID)?;
        let terminal = ids.first().map(|digits| number(digits, 0x06)).transpose()?;
        let terminal = terminal.map(|id| id as u32);
        Ok(Self::Completion { status: data.first().copied(), terminal, version: version.into() })
    }
}

impl Status {
    /// What a terminal says about an answer.
    pub fn of(id: u32, answer: &Answer) -> Self {
        let is_done = answer.verdict == Verdict::Approved;
        let result = answer.code.0.first().copied().filter(|_| answer.code.0.len() == 1);
        let result = if is_done { 0 } else { result.filter(|code| *code > 0).unwrap_or(ABORTED) };
        Self { result, id, answer: answer.clone() }
    }

    fn fields(&self) -> Bmps {
        let answer = &self.answer;
        let fields = Bmps::default().with(0x27, &[self.result]);
        if self.result != 0 {
            return with_id(fields, self.id);
        }
        let mut approval = answer.approval.0.clone();
        approval.resize(if approval.is_empty() { 0 } else { 8 }, 0);
        let fields = fields
            .with(0x04, &bcd::pack(answer.amount.minor(), 6))
            .with(0x0B, &bcd::pack(u64::from(answer.trace), 3))
            .with(0x87, &bcd::pack(u64::from(answer.receipt), 2))
            .with_some(0x22, &pack_card(&answer.card))
            .with_some(0x3B, &approval)
            .with_some(0x3C, &answer.text.0);
        with_id(fields, self.id)
    }

    fn read(fields: &Bmps) -> Result<Self, ApduError> {
        let result = fields.find(0x27).and_then(|byte| byte.first().copied()).unwrap_or(0);
        let find = |name: u8| fields.find(name).map_or(Ok(0), |digits| number(digits, name));
        // Some fill up in front of the text.
        let approval = fields.find(0x3B).unwrap_or_default();
        let shown = |byte: &u8| *byte != 0 && *byte != b' ';
        let begin = approval.iter().position(shown).unwrap_or(0);
        let end = approval.iter().rposition(shown).map_or(0, |last| last + 1);
        let answer = Answer {
            verdict: if result == 0 { Verdict::Approved } else { Verdict::Declined },
            amount: Amount::from_minor(find(0x04)?),
            code: Text(vec![result]),
            receipt: find(0x87)? as u32,
            trace: find(0x0B)? as u32,
            approval: approval.get(begin..end).unwrap_or_default().into(),
            reference: Text::default(),
            card: unpack_card(fields.find(0x22).unwrap_or_default()),
            text: fields.find(0x3C).unwrap_or_default().into(),
            lines: Vec::new(),
            terminal: match fields.find(0x29) {
                Some(digits) => terminal_id(number(digits, 0x29)? as u32),
                None => Text::default(),
            },
            serial_number: Text::default(),
            firmware: Text::default(),
        };
        Ok(Self { result, id: read_id(fields)?, answer })
    }
}

/// A terminal id in the form of the other protocols: eight digits.
pub(super) fn terminal_id(id: u32) -> Text {
    Text(format!("{id:08}").into_bytes())
}

fn paid(amount: Amount, currency: u16, id: u32) -> Bmps {
    let fields = Bmps::default().with(0x04, &bcd::pack(amount.minor(), 6));
    with_id(fields.with(0x49, &bcd::pack(u64::from(currency), 2)), id)
}

fn read_paid(data: &[u8]) -> Result<(Amount, u16, u32), ApduError> {
    let fields = Bmps::parse(data)?;
    let amount = number(fields.find(0x04).ok_or(ApduError::Field(0x04))?, 0x04)?;
    let currency = fields.find(0x49).map_or(Ok(0), |code| number(code, 0x49))?;
    Ok((Amount::from_minor(amount), currency as u16, read_id(&fields)?))
}

fn with_id(fields: Bmps, id: u32) -> Bmps {
    if id == 0 { fields } else { fields.with(0x06, &tlv(SEQUENCE, &bcd::pack(u64::from(id), 3))) }
}

fn read_id(fields: &Bmps) -> Result<u32, ApduError> {
    let container = fields.find(0x06).unwrap_or_default();
    let found = find_tlv(container, SEQUENCE)?.first().and_then(|digits| bcd::unpack(digits));
    Ok(found.unwrap_or(0) as u32)
}

fn password(data: &[u8]) -> Result<u32, ApduError> {
    let digits = data.get(..3).ok_or(ApduError::Length)?;
    // A terminal without a password takes anything, FFFFFF too.
    Ok(bcd::unpack(digits).unwrap_or(0) as u32)
}

fn number(digits: &[u8], name: u8) -> Result<u64, ApduError> {
    bcd::unpack(digits).ok_or(ApduError::Field(name))
}

/// Digits two in a byte, E for one that is not shown, F at the end of an odd number.
fn pack_card(card: &MaskedCard) -> Vec<u8> {
    let digit = |byte: &u8| if byte.is_ascii_digit() { byte - b'0' } else { 0xE };
    let pair = |pair: &[u8]| pair.first().map_or(0xF, digit) << 4 | pair.get(1).map_or(0xF, digit);
    card.as_bytes().chunks(2).map(pair).collect()
}

fn unpack_card(packed: &[u8]) -> MaskedCard {
    let digits = packed.iter().flat_map(|byte| [byte >> 4, byte & 15]).take_while(|digit| *digit != 0xF);
    let number: Vec<u8> = digits.map(|digit| if digit < 10 { b'0' + digit } else { b'*' }).collect();
    MaskedCard::new(&number)
}

/// Tag 1F73, message sequence number.
const SEQUENCE: u32 = 0x1F73;
/// Tag 1F44, terminal id.
const TERMINAL_ID: u32 = 0x1F44;
/// Result 6C: aborted, by time or by hand.
pub(super) const ABORTED: u8 = 0x6C;
