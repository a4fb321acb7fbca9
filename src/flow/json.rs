//! JSON bodies whose texts have holes: what a step says, and the text that goes on the wire.

use crate::expr::{EvalError, Expr, Value};
use serde_json::Value as Json;

/// A JSON value with holes; keys keep their order.
#[derive(Clone, Debug)]
pub enum JsonTemplate {
    /// A value without holes.
    Fixed(Json),
    /// A text with holes; what is one hole and nothing else keeps the type of its value.
    Hole(Expr),
    /// A list.
    List(Vec<JsonTemplate>),
    /// A map.
    Map(Vec<(String, JsonTemplate)>),
}

impl JsonTemplate {
    /// A text with holes, or what it always is.
    #[must_use]
    pub fn of(text: Expr) -> Self {
        match text.as_constant() {
            Some(value) => Self::Fixed(json_of(value)),
            None => Self::Hole(text),
        }
    }

    /// The JSON text, its holes filled by `value`.
    ///
    /// # Errors
    /// Those of the expressions.
    pub(super) fn render(
        &self,
        value: &mut impl FnMut(&Expr) -> Result<Value<'static>, EvalError>,
    ) -> Result<String, EvalError> {
        let mut out = String::new();
        self.write(&mut out, value)?;
        Ok(out)
    }

    fn write(
        &self,
        out: &mut String,
        value: &mut impl FnMut(&Expr) -> Result<Value<'static>, EvalError>,
    ) -> Result<(), EvalError> {
        match self {
            Self::Fixed(json) => out.push_str(&json.to_string()),
            Self::Hole(expression) => out.push_str(&json_of(&value(expression)?).to_string()),
            Self::List(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    out.push_str(if number > 0 { "," } else { "" });
                    item.write(out, value)?;
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (number, (key, item)) in entries.iter().enumerate() {
                    out.push_str(if number > 0 { "," } else { "" });
                    out.push_str(&Json::from(key.as_str()).to_string());
                    out.push(':');
                    item.write(out, value)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

/// A value as JSON; an amount is a number of major units.
fn json_of(value: &Value<'_>) -> Json {
    match value {
        Value::Nothing => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < WHOLE_MAX => {
            Json::from(*number as i64)
        }
        Value::Number(number) => Json::from(*number),
        Value::Amount(amount) => Json::from(amount.minor() as f64 / 100.0),
        Value::Text(text) => Json::from(text.as_ref()),
    }
}

/// The whole numbers below are exact as floating-point numbers.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
