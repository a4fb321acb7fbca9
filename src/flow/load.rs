//! What an operator loads into a terminal: what a step says, and what it comes to.

use crate::{
    crypto::Tmk,
    expr::{EvalError, Expr, Value},
    iso8583::{MerchantId, TerminalId},
};

/// New numbers of a terminal whose values are still expressions.
#[derive(Clone, Debug)]
pub struct LoadTemplate {
    /// DE 41.
    pub terminal: Expr,
    /// DE 42.
    pub merchant: Expr,
    /// The terminal master key as hexadecimal digits.
    pub key: Expr,
    /// The serial number, where it is another device from now on.
    pub serial: Option<Expr>,
}

/// New numbers of a terminal.
#[derive(Clone, Debug)]
pub struct Loading {
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
    /// The terminal master key.
    pub key: Tmk,
    /// The serial number, where it is another device from now on.
    pub serial: Option<String>,
}

impl LoadTemplate {
    /// What is to be loaded, the holes filled by `value`.
    pub(super) fn fill(
        &self,
        mut value: impl FnMut(&Expr) -> Result<Value<'static>, EvalError>,
    ) -> Result<Loading, EvalError> {
        Ok(Loading {
            terminal: parsed(&value(&self.terminal)?, "a terminal number of 8 characters")?,
            merchant: parsed(&value(&self.merchant)?, "a merchant number of 15 characters")?,
            key: parsed(&value(&self.key)?, "a terminal master key in hexadecimal digits")?,
            serial: self
                .serial
                .as_ref()
                .map(|serial| value(serial).map(|text| text.to_string()))
                .transpose()?,
        })
    }
}

fn parsed<T: std::str::FromStr>(value: &Value<'_>, wanted: &'static str) -> Result<T, EvalError> {
    value.to_string().parse().map_err(|_| EvalError::Form { wanted })
}
