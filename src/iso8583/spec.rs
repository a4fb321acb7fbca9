//! A dialect of ISO 8583 as a value: framing, codings and one format per data element.

use std::sync::LazyLock;

use super::{
    charset::Charset,
    de::De,
    element::{Content, Element},
    frame::Framing,
    plan::Plan,
    tables,
};

/// How the four digits of the MTI are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MtiCoding {
    /// Four characters.
    Ascii,
    /// Two bytes.
    Bcd,
}

/// How bitmaps are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitmapCoding {
    /// Sixteen hexadecimal characters each.
    Hex,
    /// Eight bytes each.
    Binary,
}

impl BitmapCoding {
    /// Returns the bytes of one bitmap.
    #[inline(always)]
    pub(super) const fn width(self) -> usize {
        match self {
            Self::Hex => 16,
            Self::Binary => 8,
        }
    }
}

/// Where the MAC stands and what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacRule {
    /// The element of the MAC.
    pub element: MacElement,
    /// Its form.
    pub form: MacForm,
}

/// Which element carries the MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacElement {
    /// Always this one.
    Always(De),
    /// DE 64, or DE 128 where there is a second bitmap (ISO 8583:1987, 4.4).
    LastOfBitmap,
}

/// The form of a MAC of eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacForm {
    /// The first four bytes as eight hexadecimal characters.
    Ascii8,
    /// The first four bytes.
    Raw4,
    /// All eight bytes.
    Raw8,
}

/// A dialect of ISO 8583.
///
/// Shipped are [`Spec::unionpay`], [`Spec::iso87_ascii`] and [`Spec::iso87_binary`]; others are made from them:
///
/// ```
/// use posfleet::iso8583::{Content, De, Element, Prefix, Spec};
///
/// let overseas = Spec::unionpay().clone().with(De::PRIVATE_60, Element::prefixed(Content::Text, Prefix::bcd(3, 512)));
/// assert_eq!(overseas.element(De::PRIVATE_60).unwrap().content, Content::Text);
/// ```
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// What stands around a message.
    pub framing: Framing,
    /// How the MTI is written.
    pub mti: MtiCoding,
    /// How bitmaps are written.
    pub bitmap: BitmapCoding,
    /// Whether there may be a second bitmap.
    pub second_bitmap: bool,
    /// The MAC, where there is one.
    pub mac: Option<MacRule>,
    elements: Box<[Option<Element>; 128]>,
    plan: Box<Plan>,
}

impl Spec {
    /// A dialect without elements: BCD MTI, one binary bitmap, no framing, no MAC.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            framing: Framing::NONE,
            mti: MtiCoding::Bcd,
            bitmap: BitmapCoding::Binary,
            second_bitmap: false,
            mac: None,
            elements: Box::new([None; 128]),
            plan: Box::default(),
        }
    }

    /// The dialect of UnionPay's directly connected terminals.
    #[must_use]
    pub fn unionpay() -> &'static Self {
        static SPEC: LazyLock<Spec> = LazyLock::new(tables::unionpay);
        &SPEC
    }

    /// ISO 8583:1987, everything in characters.
    #[must_use]
    pub fn iso87_ascii() -> &'static Self {
        static SPEC: LazyLock<Spec> = LazyLock::new(tables::iso87_ascii);
        &SPEC
    }

    /// ISO 8583:1987, digits packed and bitmaps binary.
    #[must_use]
    pub fn iso87_binary() -> &'static Self {
        static SPEC: LazyLock<Spec> = LazyLock::new(tables::iso87_binary);
        &SPEC
    }

    /// Returns the shipped dialect of this name, one of [`Spec::NAMES`].
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        match name {
            "unionpay" => Some(Self::unionpay()),
            "iso87-ascii" => Some(Self::iso87_ascii()),
            "iso87-binary" => Some(Self::iso87_binary()),
            _ => None,
        }
    }

    /// The names of the shipped dialects.
    pub const NAMES: [&'static str; 3] = ["unionpay", "iso87-ascii", "iso87-binary"];

    /// The same with another format of one element.
    #[must_use]
    pub fn with(mut self, de: De, element: Element) -> Self {
        self.elements[de.index()] = Some(element);
        self.plan.set(de, &element);
        self
    }

    /// The same without an element.
    #[must_use]
    pub fn without(mut self, de: De) -> Self {
        self.elements[de.index()] = None;
        self.plan.clear(de);
        self
    }

    /// The same with another charset in all elements of text.
    #[must_use]
    pub fn with_charset(mut self, charset: Charset) -> Self {
        let texts = self.elements.iter_mut().flatten().filter(|element| element.content == Content::Text);
        texts.for_each(|element| element.charset = charset);
        self
    }

    /// The same with a MAC of another form in a fixed element.
    #[must_use]
    pub fn with_mac(self, de: De, form: MacForm) -> Self {
        let length = if form == MacForm::Raw4 { 4 } else { 8 };
        let rule = MacRule { element: MacElement::Always(de), form };
        Self { mac: Some(rule), ..self }.with(de, Element::fixed(Content::Binary, length))
    }

    /// The same with other framing.
    #[must_use]
    pub fn with_framing(self, framing: Framing) -> Self {
        Self { framing, ..self }
    }

    /// Returns the format of an element.
    #[must_use]
    pub fn element(&self, de: De) -> Option<&Element> {
        self.elements[de.index()].as_ref()
    }

    /// Returns the element of the MAC in a message with or without a second bitmap.
    #[must_use]
    pub fn mac_element(&self, has_second_bitmap: bool) -> Option<De> {
        Some(match self.mac?.element {
            MacElement::Always(de) => de,
            MacElement::LastOfBitmap if has_second_bitmap => De::MAC_128,
            MacElement::LastOfBitmap => De::MAC,
        })
    }

    pub(super) fn with_all(self, elements: &[(u8, Element)]) -> Self {
        elements.iter().fold(self, |spec, (number, element)| {
            spec.with(De::new(*number).expect("tables hold numbers from 2 to 128"), *element)
        })
    }

    #[inline(always)]
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// Dialects are equal when their messages look alike; their names do not count.
impl PartialEq for Spec {
    fn eq(&self, other: &Self) -> bool {
        let outside = |spec: &Self| (spec.framing, spec.mti, spec.bitmap, spec.second_bitmap, spec.mac);
        outside(self) == outside(other) && self.elements == other.elements
    }
}

impl Eq for Spec {}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]
mod tests {
    use super::*;

    #[test]
    fn shipped_specs_go_by_their_names() {
        for name in Spec::NAMES {
            assert_eq!(Spec::by_name(name).unwrap().name, name);
        }
        assert!(Spec::by_name("iso93").is_none());
    }

    #[test]
    fn mac_stands_at_the_end_of_the_last_bitmap() {
        assert_eq!(Spec::unionpay().mac_element(false), Some(De::MAC));
        assert_eq!(Spec::iso87_ascii().mac_element(false), Some(De::MAC));
        assert_eq!(Spec::iso87_ascii().mac_element(true), Some(De::MAC_128));
        assert_eq!(Spec::new("bare").mac_element(false), None);
    }
}
