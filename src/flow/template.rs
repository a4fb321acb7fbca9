//! Templates of operations: what a step says, its values still expressions.

use super::Draw;
use crate::{
    expr::{EvalError, Expr, Value, ValueKind},
    iso8583::{BatchNo, MonthDay, Stan, ValueError},
    operation::{Entry, Kind, PaymentCode, TransactionRef, Variant},
};

/// An operation whose values are still expressions.
#[derive(Clone, Debug)]
pub struct Template {
    /// Which operation.
    pub kind: Kind,
    /// The circumstances that make it a mail order and so on.
    pub variant: Variant,
    /// Its amount, where it has one.
    pub amount: Option<Expr>,
    /// Its card, where it has one.
    pub card: Option<CardTemplate>,
    /// What only few steps say.
    pub rest: Option<Box<Rest>>,
}

/// What only few steps say.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// The tip.
    pub tip: Option<Expr>,
    /// The earlier transaction; `None` is the newest that fits.
    pub original: Option<OriginalTemplate>,
    /// The code that the payer shows.
    pub code: Option<Expr>,
}

/// A card still to be drawn.
#[derive(Clone, Debug)]
pub struct CardTemplate {
    /// The number of the feeder in the plan.
    pub feeder: usize,
    /// Which card of it.
    pub draw: Draw,
    /// How it is read.
    pub entry: Entry,
    /// Whether the holder enters the PIN.
    pub pin: bool,
}

/// An earlier transaction still to be named.
#[derive(Clone, Debug)]
pub enum OriginalTemplate {
    /// By its STAN.
    Stan(Expr),
    /// By what stands on its receipt.
    Receipt(ReceiptTemplate),
}

/// What stands on a receipt, where it is known.
#[derive(Clone, Debug, Default)]
pub struct ReceiptTemplate {
    /// DE 60.2.
    pub batch: Option<Expr>,
    /// DE 11.
    pub stan: Option<Expr>,
    /// DE 37.
    pub rrn: Option<Expr>,
    /// DE 38.
    pub approval_code: Option<Expr>,
    /// DE 13.
    pub date: Option<Expr>,
}

impl ReceiptTemplate {
    /// What the receipt says; what an answer did not bring is not known.
    pub(super) fn resolve(
        &self,
        mut value: impl FnMut(&Expr) -> Result<Value<'static>, EvalError>,
    ) -> Result<TransactionRef, EvalError> {
        let mut text = |expression: &Option<Expr>| match expression.as_ref().map(&mut value).transpose()? {
            None | Some(Value::Nothing) => Ok(None),
            Some(value) => Ok(Some(value.to_string())),
        };
        let batch = parsed(text(&self.batch)?, |text| BatchNo::from_digits(padded(text).as_bytes()), BATCH)?;
        Ok(TransactionRef {
            batch: batch.unwrap_or(BatchNo::NONE),
            stan: parsed(text(&self.stan)?, |text| Stan::from_digits(padded(text).as_bytes()), STAN)?,
            rrn: parsed(text(&self.rrn)?, str::parse, "an RRN of 12 characters")?,
            approval_code: parsed(
                text(&self.approval_code)?,
                str::parse,
                "an approval code of 6 characters",
            )?,
            date: parsed(text(&self.date)?, |text| MonthDay::from_digits(text.as_bytes()), "a date MMDD")?,
        })
    }
}

/// The STAN that `value` names.
pub(super) fn stan(value: &Value<'_>) -> Result<Stan, EvalError> {
    let nothing = EvalError::Kind { wanted: STAN, found: ValueKind::Nothing };
    if matches!(value, Value::Nothing) {
        return Err(nothing);
    }
    Stan::from_digits(padded(&value.to_string()).as_bytes()).map_err(|_| EvalError::Form { wanted: STAN })
}

/// The code of a payer that `value` is.
pub(super) fn payment_code(value: &Value<'_>) -> Result<PaymentCode, EvalError> {
    let code = PaymentCode::from_digits(value.to_string().as_bytes());
    code.ok_or(EvalError::Form { wanted: "a payment code of 16 to 24 digits" })
}

fn parsed<T>(
    text: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, ValueError>,
    wanted: &'static str,
) -> Result<Option<T>, EvalError> {
    text.map(|text| parse(&text).map_err(|_| EvalError::Form { wanted })).transpose()
}

/// Numbers lose the zeros in front of them; a STAN and a batch have six digits.
fn padded(text: &str) -> String {
    format!("{text:0>6}")
}

const STAN: &str = "a STAN of 6 digits";
const BATCH: &str = "a batch number of 6 digits";
