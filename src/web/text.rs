//! What bodies are made of: texts without control characters, secrets, and the numbers of merchants and cards.

use crate::{card::Pan, iso8583::MerchantId, portal::Password};
use serde::{Deserialize, Deserializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, Object, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// A text without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

/// A password or a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Secret(pub(super) Password);

/// The number of a merchant, DE 42.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MerchantNumber(pub(super) MerchantId);

/// The number of a card as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CardNumber(pub(super) Pan);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        let is_fine = text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control);
        if is_fine { Ok(Self(text)) } else { Err(D::Error::custom("not a text")) }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Text::deserialize(source).map(|Text(text)| Self(Password::new(text)))
    }
}

impl<'de> Deserialize<'de> for MerchantNumber {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("not a merchant number"))
    }
}

impl<'de> Deserialize<'de> for CardNumber {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("not a card number"))
    }
}

/// Says of a type what its JSON looks like.
macro_rules! schema {
    ($name:ident, $object:expr) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let object: Object = $object(ObjectBuilder::new().schema_type(Type::String)).build();
                object.into()
            }
        }

        impl ToSchema for $name {}
    };
}

schema!(Text, |object: ObjectBuilder| object
    .description(Some("A text without control characters."))
    .max_length(Some(TEXT_MAX))
    .pattern(Some(NO_CONTROL)));
schema!(Secret, |object: ObjectBuilder| object
    .description(Some("A password or a code; never shown again."))
    .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
    .write_only(Some(true))
    .max_length(Some(TEXT_MAX))
    .pattern(Some(NO_CONTROL)));
schema!(MerchantNumber, |object: ObjectBuilder| object
    .description(Some("A merchant number, DE 42 of ISO 8583."))
    .pattern(Some("^[ -~]{1,15}$"))
    .examples(["898310000000001"]));
schema!(CardNumber, |object: ObjectBuilder| object
    .description(Some("A card number; its check digit is the portal's business."))
    .pattern(Some("^[0-9]{8,19}$"))
    .examples(["6200000000000005"]));

/// Characters of a text; the portal's own rules are stricter.
const TEXT_MAX: usize = 256;
const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
