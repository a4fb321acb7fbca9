//! How an input of the portal stands in a column: JSON, there and back.
//!
//! The shapes below mirror the types of the portal, which cannot be written by themselves: they hold card numbers,
//! passwords and phones, and nobody but this file may have those in clear.

use super::row::{BadColumn, Column};
use crate::{
    card::Pan,
    iso8583::{BatchNo, MerchantId, Rrn, Stan, TerminalId},
    money::Amount,
    portal::{
        Act, Alarm, ApplicationNo, CardId, CardRequest, CodeFault, Decision, IdempotencyKey, Identity, Input,
        InstantRequest, Mark, MerchantChangeForm, MerchantChangeRequest, MerchantData, MerchantRequest,
        Method, NewCard, Page, Pair, Password, Person, Phone, Proof, Refusal, Request, Said, Sale,
        SerialNumber, TerminalForm, TerminalKind, TerminalRequest, TerminalStatus, UnbindRequest, Write,
    },
    reconcile::Key,
    time::Instant,
};
use serde::{Deserialize, Serialize};

/// The text of an input; its instant has a column of its own.
pub(super) fn to_text(input: &Input) -> String {
    let Mark { draws, lines, refusal } = input.after;
    let said = input.said.iter().cloned().map(SaidBox).collect();
    let refusal = refusal.map(|refusal| refusal.code().to_owned());
    let row = Row { act: input.act.clone(), said, draws, lines, refusal };
    serde_json::to_string(&row).expect("every key of the row is a text")
}

/// The input of a text. What is wrong is told without the text: there are secrets in it.
pub(super) fn from_text(at: Instant, text: &str) -> Column<Input> {
    let row: Row = serde_json::from_str(text).map_err(|error| {
        let what = if error.is_data() { "it is none of the portal's" } else { "it is cut off or no JSON" };
        BadColumn(format!("input: {what}, from column {} on", error.column()))
    })?;
    let refusal = row.refusal.as_deref().map(refusal).transpose()?;
    let said = row.said.into_iter().map(|SaidBox(said)| said).collect();
    Ok(Input { at, act: row.act, said, after: Mark { draws: row.draws, lines: row.lines, refusal } })
}

fn refusal(code: &str) -> Column<Refusal> {
    let known = Refusal::ALL.iter().copied().find(|refusal| refusal.code() == code);
    known.ok_or_else(|| BadColumn(format!("refusal {code:?}")))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(with = "ActRow")]
    act: Act,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    said: Vec<SaidBox>,
    draws: u64,
    lines: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Act", rename_all = "kebab-case")]
enum ActRow {
    Pass,
    Write(#[serde(with = "WriteRow")] Write),
    Login { account: MerchantId, is_right: bool },
    Review(#[serde(with = "ApplicationNoRow")] ApplicationNo, #[serde(with = "DecisionRow")] Decision),
    Approved(#[serde(with = "SaleRow")] Sale),
    Undone(#[serde(with = "KeyRow")] Key, #[serde(with = "minor")] Amount),
    Restated(#[serde(with = "SaleRow")] Sale, bool),
    Settled(TerminalId, #[serde(with = "sales")] Vec<Sale>),
    Alarm(#[serde(with = "AlarmRow")] Alarm),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Write")]
struct WriteRow {
    merchant: Option<MerchantId>,
    #[serde(with = "IdempotencyKeyRow")]
    key: IdempotencyKey,
    #[serde(with = "RequestRow")]
    request: Request,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Request", rename_all = "kebab-case")]
enum RequestRow {
    Login {
        account: MerchantId,
        #[serde(with = "password")]
        password: Password,
    },
    Logout,
    Merchant(#[serde(with = "MerchantRequestRow")] MerchantRequest),
    Card(#[serde(with = "CardRequestRow")] CardRequest),
    Unbind(#[serde(with = "UnbindRequestRow")] UnbindRequest),
    MerchantChange(#[serde(with = "MerchantChangeRequestRow")] MerchantChangeRequest),
    Instant(#[serde(with = "InstantRequestRow")] InstantRequest),
    Terminal(#[serde(with = "TerminalRequestRow")] TerminalRequest),
    #[serde(skip)]
    Account(crate::portal::AccountRequest),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MerchantRequest", rename_all = "kebab-case")]
enum MerchantRequestRow {
    Show,
    Edit(#[serde(with = "MerchantDataRow")] MerchantData),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CardRequest", rename_all = "kebab-case")]
enum CardRequestRow {
    List,
    History,
    Begin {
        #[serde(with = "PageRow")]
        page: Page,
        #[serde(with = "NewCardRow")]
        new: NewCard,
    },
    SendCode,
    Verify(#[serde(with = "password")] Password),
    Confirmation,
    Confirm,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "UnbindRequest", rename_all = "kebab-case")]
enum UnbindRequestRow {
    Begin(#[serde(with = "CardIdRow")] CardId),
    SendCode,
    Verify(#[serde(with = "ProofRow")] Proof),
    FaceCheck { has_passed: bool },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MerchantChangeRequest", rename_all = "kebab-case")]
enum MerchantChangeRequestRow {
    Device(#[serde(with = "SerialNumberRow")] SerialNumber),
    Apply(#[serde(with = "merchant_change_form")] Box<MerchantChangeForm>),
    Resubmit(
        #[serde(with = "ApplicationNoRow")] ApplicationNo,
        #[serde(with = "merchant_change_form")] Box<MerchantChangeForm>,
    ),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "InstantRequest", rename_all = "kebab-case")]
enum InstantRequestRow {
    Apply { name: String, number: MerchantId },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TerminalRequest", rename_all = "kebab-case")]
enum TerminalRequestRow {
    Apply(#[serde(with = "terminal_form")] Box<TerminalForm>),
    State(#[serde(with = "ApplicationNoRow")] ApplicationNo, #[serde(with = "phone")] Phone),
    Activate {
        #[serde(with = "SerialNumberRow")]
        device: SerialNumber,
        #[serde(with = "password")]
        code: Password,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Page", rename_all = "kebab-case")]
enum PageRow {
    Account,
    Card(#[serde(with = "CardIdRow")] CardId),
    Binding,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Proof", rename_all = "kebab-case")]
enum ProofRow {
    QueryPassword(#[serde(with = "password")] Password),
    Code(#[serde(with = "password")] Password),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Decision", rename_all = "kebab-case")]
enum DecisionRow {
    Approve,
    Reject(String),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NewCard")]
struct NewCardRow {
    #[serde(with = "pan")]
    pan: Pan,
    holder: String,
    bank: String,
    #[serde(with = "phone")]
    phone: Phone,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MerchantData")]
struct MerchantDataRow {
    name: String,
    address: String,
    contact: String,
    #[serde(with = "phone")]
    phone: Phone,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Person")]
struct PersonRow {
    name: String,
    #[serde(with = "identity")]
    identity: Identity,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MerchantChangeForm")]
struct MerchantChangeFormRow {
    #[serde(with = "SerialNumberRow")]
    device: SerialNumber,
    old_merchant: MerchantId,
    #[serde(with = "MerchantDataRow")]
    data: MerchantData,
    #[serde(with = "PersonRow")]
    holder: Person,
    licence: String,
    documents: Vec<String>,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TerminalForm")]
struct TerminalFormRow {
    #[serde(with = "MerchantDataRow")]
    data: MerchantData,
    #[serde(with = "PersonRow")]
    holder: Person,
    #[serde(with = "NewCardRow")]
    card: NewCard,
    #[serde(with = "TerminalKindRow")]
    wanted: TerminalKind,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TerminalKind", rename_all = "kebab-case")]
enum TerminalKindRow {
    Traditional,
    ESign,
    Smart,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Sale")]
struct SaleRow {
    #[serde(with = "KeyRow")]
    key: Key,
    merchant: MerchantId,
    #[serde(with = "MethodRow")]
    method: Method,
    #[serde(with = "minor")]
    amount: Amount,
    rrn: Rrn,
    at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Key")]
struct KeyRow {
    terminal: TerminalId,
    batch: BatchNo,
    stan: Stan,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Method", rename_all = "kebab-case")]
enum MethodRow {
    Debit,
    Credit,
    Qr,
    SmallContactless,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Alarm")]
struct AlarmRow {
    #[serde(with = "nanos")]
    at: Instant,
    #[serde(with = "device")]
    device: Option<SerialNumber>,
    #[serde(with = "PairRow")]
    shown: Pair,
    #[serde(with = "CodeFaultRow")]
    fault: CodeFault,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Pair")]
struct PairRow {
    terminal: TerminalId,
    merchant: MerchantId,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CodeFault", rename_all = "kebab-case")]
enum CodeFaultRow {
    SeveralCodes,
    WrongCode,
    EndedCode,
}

#[derive(Serialize, Deserialize)]
struct SaidBox(#[serde(with = "SaidRow")] Said);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Said", rename_all = "kebab-case")]
enum SaidRow {
    Unsettled(#[serde(with = "minor")] Amount),
    OpenBatch(bool),
    Status(#[serde(with = "status")] Option<TerminalStatus>),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TerminalStatus")]
struct TerminalStatusRow {
    is_online: bool,
    battery: Option<u8>,
    firmware: String,
    address: String,
    is_signed_in: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ApplicationNo")]
struct ApplicationNoRow(u64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "CardId")]
struct CardIdRow(u32);

#[derive(Serialize, Deserialize)]
#[serde(remote = "SerialNumber")]
struct SerialNumberRow(String);

#[derive(Serialize, Deserialize)]
#[serde(remote = "IdempotencyKey")]
struct IdempotencyKeyRow(String);

/// Declares how a value stands as another that serde knows.
macro_rules! as_other {
    ($($name:ident: $type:ty as $other:ty, $to:expr, $from:expr;)*) => {$(
        mod $name {
            use super::*;

            pub(super) fn serialize<S: serde::Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                let to: fn(&$type) -> $other = $to;
                to(value).serialize(serializer)
            }

            pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let from: fn($other) -> Result<$type, &'static str> = $from;
                from(<$other>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_other! {
    pan: Pan as String, |pan| pan.as_str().to_owned(), |text| text.parse().map_err(|_| "no card number");
    password: Password as String, |text| text.as_str().to_owned(), |text| Ok(Password::new(text));
    phone: Phone as String, |text| text.as_str().to_owned(), |text| Ok(Phone::new(text));
    identity: Identity as String, |text| text.as_str().to_owned(), |text| Ok(Identity::new(text));
    minor: Amount as u64, |amount| amount.minor(), |minor| Ok(Amount::from_minor(minor));
    nanos: Instant as u64, |at| at.as_nanos(), |nanos| Ok(Instant::from_nanos(nanos));
    device: Option<SerialNumber> as Option<String>,
        |device| device.as_ref().map(|device| device.0.clone()), |text| Ok(text.map(SerialNumber));
    sales: Vec<Sale> as Vec<SaleBox>,
        |sales| sales.iter().copied().map(SaleBox).collect(), |sales| Ok(sales.into_iter().map(|sale| sale.0).collect());
    status: Option<TerminalStatus> as Option<StatusBox>,
        |status| status.clone().map(StatusBox), |status| Ok(status.map(|status| status.0));
    merchant_change_form: Box<MerchantChangeForm> as MerchantChangeFormBox,
        |form| MerchantChangeFormBox(MerchantChangeForm::clone(form)), |form| Ok(Box::new(form.0));
    terminal_form: Box<TerminalForm> as TerminalFormBox,
        |form| TerminalFormBox(TerminalForm::clone(form)), |form| Ok(Box::new(form.0));
}

#[derive(Serialize, Deserialize)]
struct SaleBox(#[serde(with = "SaleRow")] Sale);

#[derive(Serialize, Deserialize)]
struct StatusBox(#[serde(with = "TerminalStatusRow")] TerminalStatus);

#[derive(Serialize, Deserialize)]
struct MerchantChangeFormBox(#[serde(with = "MerchantChangeFormRow")] MerchantChangeForm);

#[derive(Serialize, Deserialize)]
struct TerminalFormBox(#[serde(with = "TerminalFormRow")] TerminalForm);
