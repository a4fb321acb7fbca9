//! From a profile file to a dialect: what it changes is laid over what it extends, and everything wrong is collected.

use super::{
    file::{ElementChange, ElementKeys, File, FramingKeys},
    settings::Settings,
    words::{Base, CharsetWord, LengthWord, MacPlace},
};
use crate::{
    expr::nearest,
    iso8583::{
        Content, De, Element, Framing, Length, LengthHeader, MacElement, MacForm, MacRule, MtiCoding, Prefix,
        PrefixCoding, Spec, Unit,
    },
    operation::{Kind, KindSet},
    scenario::{diagnostic::Problem, node::Node},
    terminal::Customs,
};

/// Makes the dialect of a profile file.
pub(super) fn spec(file: &File, settings: &Settings, root: &Node, problems: &mut Vec<Problem>) -> Spec {
    let mut compiler = Compiler { root, charset: file.charset, problems };
    compiler.check_settings(settings);
    let mut spec = base(file.extends);
    spec.name.clone_from(&file.name);
    spec.mti = file.mti.map_or(spec.mti, Into::into);
    spec.bitmap = file.bitmap.map_or(spec.bitmap, Into::into);
    spec.second_bitmap = file.second_bitmap.unwrap_or(spec.second_bitmap);
    spec.framing = framing(&file.framing, spec.framing);
    let spec = compiler.elements(file, spec);
    compiler.mac(file, settings, spec)
}

fn base(base: Base) -> Spec {
    match base {
        Base::Unionpay => Spec::unionpay().clone(),
        Base::Iso87Ascii => Spec::iso87_ascii().clone(),
        Base::Iso87Binary => Spec::iso87_binary().clone(),
        Base::Nothing => Spec::new(""),
    }
}

fn framing(keys: &FramingKeys, base: Framing) -> Framing {
    let before = base.length.unwrap_or(LengthHeader::BINARY2);
    let coding = keys.length.map_or(base.length.map(|length| length.coding), LengthWord::coding);
    let counts_itself = keys.length_counts_itself.unwrap_or(before.counts_itself);
    Framing {
        length: coding.map(|coding| LengthHeader { coding, counts_itself }),
        tpdu: keys.tpdu.unwrap_or(base.tpdu),
        header: keys.header.unwrap_or(base.header),
    }
}

struct Compiler<'c> {
    root: &'c Node,
    charset: Option<CharsetWord>,
    problems: &'c mut Vec<Problem>,
}

impl Compiler<'_> {
    fn elements(&mut self, file: &File, spec: Spec) -> Spec {
        let node = self.root.child("elements");
        let mut spec = file.charset.map_or(spec.clone(), |charset| spec.with_charset(charset.into()));
        for (number, change) in file.elements.iter() {
            let Some(de) = self.number(number, node) else { continue };
            if de.number() > 64 && !spec.second_bitmap {
                let message = format!("{de} needs a second bitmap");
                let problem = Problem::new(node.at_key(number), message);
                self.problems.push(problem.help("write `secondBitmap: true`"));
            }
            spec = match change {
                ElementChange::Gone => spec.without(de),
                ElementChange::Keys(keys) => {
                    let element = self.element(keys, node.child(number), &spec, de);
                    element.map_or(spec.clone(), |element| spec.with(de, element))
                }
            };
        }
        spec
    }

    fn number(&mut self, text: &str, node: &Node) -> Option<De> {
        let number = text.parse().ok().and_then(De::new);
        if number.is_none() {
            let message = format!("there is no data element `{text}`, they go from 2 to 128");
            self.problems.push(Problem::new(node.at_key(text), message));
        }
        number
    }

    /// The format of one element: the base's, with what the keys say.
    fn element(&mut self, keys: &ElementKeys, node: &Node, spec: &Spec, de: De) -> Option<Element> {
        let base = spec.element(de);
        let content = keys.content.map(Content::from).or(base.map(|base| base.content));
        let Some(content) = content else {
            self.complain(node, "content", "a new element needs `content`");
            return None;
        };
        let length = self.length(keys, node, base, spec.mti)?;
        let mut element = match length {
            Length::Fixed(length) => Element::fixed(content, length),
            Length::Prefixed(prefix) => Element::prefixed(content, prefix),
        };
        if let Some(base) = base {
            element = element.align(base.align).pad_nibble(base.pad_nibble).pad_char(base.pad_char);
            element = element.charset(base.charset);
        }
        if let Some(charset) = keys.charset.or(self.charset).filter(|_| content == Content::Text) {
            element = element.charset(charset.into());
        }
        if keys.charset.is_some() && content != Content::Text {
            self.complain(node, "charset", "a charset is for text, and this element has none");
        }
        if let Some(align) = keys.align {
            self.only_packed(content, node, "align");
            element = element.align(align.into());
        }
        if let Some(nibble) = &keys.pad_nibble {
            self.only_packed(content, node, "padNibble");
            let digit = u8::from_str_radix(nibble, 16).ok().filter(|_| nibble.len() == 1);
            element = element.pad_nibble(self.or_complain(digit, node, "padNibble", NIBBLE)?);
        }
        if let Some(char) = &keys.pad_char {
            let byte = <[u8; 1]>::try_from(char.as_bytes()).ok().map(|[byte]| byte);
            element = element.pad_char(self.or_complain(byte, node, "padChar", CHARACTER)?);
        }
        Some(element)
    }

    fn length(
        &mut self,
        keys: &ElementKeys,
        node: &Node,
        base: Option<&Element>,
        mti: MtiCoding,
    ) -> Option<Length> {
        let before = base.map(|base| base.length);
        match (keys.length, keys.prefix, before) {
            (Some(_), Some(_), _) => {
                self.complain(node, "prefix", "an element has `length` or `prefix`, not both");
                None
            }
            (Some(0), ..) => {
                self.complain(node, "length", "an element has one character at least");
                None
            }
            (Some(length), ..) => self.fixed(length, keys, node),
            (None, None, Some(Length::Fixed(length))) => self.fixed(length, keys, node),
            (None, None, None) => {
                self.complain(node, "content", "a new element needs `length` or `prefix`");
                None
            }
            (None, _, before) => {
                let before = before.and_then(|length| match length {
                    Length::Prefixed(prefix) => Some(prefix),
                    Length::Fixed(_) => None,
                });
                self.prefixed(keys, node, before, mti)
            }
        }
    }

    fn fixed(&mut self, length: u16, keys: &ElementKeys, node: &Node) -> Option<Length> {
        let of_prefixes = [
            ("max", keys.max.is_some()),
            ("prefixCoding", keys.prefix_coding.is_some()),
            ("counts", keys.counts.is_some()),
        ];
        for (key, _) in of_prefixes.into_iter().filter(|(_, is_there)| *is_there) {
            let message = format!("`{key}` belongs to a prefix, and this element has a fixed length");
            self.problems.push(Problem::new(node.at_key(key), message));
        }
        Some(Length::Fixed(length))
    }

    fn prefixed(
        &mut self,
        keys: &ElementKeys,
        node: &Node,
        before: Option<Prefix>,
        mti: MtiCoding,
    ) -> Option<Length> {
        let usual = if mti == MtiCoding::Ascii { PrefixCoding::Ascii } else { PrefixCoding::Bcd };
        let digits = keys.prefix.map(|word| word.digits()).or(before.map(|prefix| prefix.digits))?;
        let coding =
            keys.prefix_coding.map(Into::into).or(before.map(|prefix| prefix.coding)).unwrap_or(usual);
        let greatest = greatest(digits, coding);
        let max = keys.max.or(before.map(|prefix| prefix.max)).unwrap_or(greatest);
        if max == 0 || max > greatest {
            let message = format!("this prefix can say 1 to {greatest}, not {max}");
            self.complain(node, if keys.max.is_some() { "max" } else { "prefix" }, message);
        }
        let unit = keys.counts.map(Into::into).or(before.map(|prefix| prefix.unit)).unwrap_or(Unit::Digits);
        Some(Length::Prefixed(Prefix { digits, max, coding, unit }))
    }

    fn only_packed(&mut self, content: Content, node: &Node, key: &str) {
        if !matches!(content, Content::Digits | Content::Nibbles | Content::SignedDigits) {
            let message = format!("`{key}` is for packed digits, and this element has none");
            self.problems.push(Problem::new(node.at_key(key), message));
        }
    }

    /// The same dialect with its MAC, whose element must exist.
    fn mac(&mut self, file: &File, settings: &Settings, mut spec: Spec) -> Spec {
        let form = match settings.mac().1 {
            crate::crypto::MacForm::Ascii8 => MacForm::Ascii8,
            crate::crypto::MacForm::Raw4 => MacForm::Raw4,
            crate::crypto::MacForm::Raw8 => MacForm::Raw8,
        };
        let before = spec.mac.map(|rule| rule.element);
        let element = match (file.mac_element, before) {
            (Some(MacPlace::None), _) | (None, None) => None,
            (Some(MacPlace::De64), _) => Some(MacElement::Always(De::MAC)),
            (Some(MacPlace::De128), _) => Some(MacElement::Always(De::MAC_128)),
            (Some(MacPlace::Last), _) => Some(MacElement::LastOfBitmap),
            (None, before) => before,
        };
        spec.mac = element.map(|element| MacRule { element, form });
        if let Some(de) = spec.mac_element(false)
            && spec.element(de).is_none()
        {
            self.complain(
                self.root,
                "macElement",
                format!("the MAC stands in {de}, which the profile has not"),
            );
        }
        let wants_macs =
            settings.mac_messages.as_ref().is_some_and(|messages| messages.kinds() != KindSet::EMPTY);
        if spec.mac.is_none() && wants_macs {
            self.complain(self.root, "macMessages", "messages have a MAC only where `macElement` says");
        }
        spec
    }

    fn check_settings(&mut self, settings: &Settings) {
        let node = self.root.child("processingRequests");
        for digit in settings.processing_requests.names().filter(|text| !is_digit(text)) {
            let message = format!("a processing request is a digit from 0 to 9, not `{digit}`");
            self.problems.push(Problem::new(node.at_key(digit), message));
        }
        let node = self.root.child("codes");
        for name in settings.codes.names().filter(|name| Kind::from_name(name).is_none()) {
            let near = nearest(name, Kind::ALL.iter().map(|(_, known)| *known));
            let problem = Problem::new(node.at_key(name), format!("there is no operation `{name}`"));
            self.problems.push(problem.did_you_mean(&near));
        }
        let fixed = |name: &&str| Kind::from_name(name).is_some_and(|kind| !Customs::has_code(kind));
        for name in settings.codes.names().filter(fixed) {
            let message = format!("DE 60.3 of `{name}` is the same with all acquirers");
            self.problems.push(Problem::new(node.at_key(name), message));
        }
        if let Some(messages) = &settings.mac_messages {
            self.problems.extend(messages.problems(self.root.child("macMessages")));
        }
        if settings.financial_60.is_some_and(|digits| !Customs::FINANCIAL_60.contains(&digits)) {
            self.complain(self.root, "financial60", "DE 60 has 8, 11, 13, 14 or 17 digits");
        }
        let node = self.root.child("reversalReasons");
        let reasons = &settings.reversal_reasons;
        for (key, text) in
            [("noAnswer", &reasons.no_answer), ("wrongMac", &reasons.wrong_mac), ("other", &reasons.other)]
        {
            let is_bad = text
                .as_ref()
                .is_some_and(|text| text.len() != 2 || text.parse::<crate::iso8583::ResponseCode>().is_err());
            if is_bad {
                self.complain(node, key, "a reason is two characters, such as 98");
            }
        }
        for (key, time) in
            [("connectTimeout", settings.connect_timeout), ("responseTimeout", settings.response_timeout)]
        {
            if time.is_some_and(|time| time.0.is_zero()) {
                self.complain(self.root, key, "a terminal waits for some time");
            }
        }
    }

    fn or_complain<T>(&mut self, value: Option<T>, node: &Node, key: &str, message: &str) -> Option<T> {
        if value.is_none() {
            self.complain(node, key, message);
        }
        value
    }

    fn complain(&mut self, node: &Node, key: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(node.at(key), message));
    }
}

/// The greatest length that so many digits can say.
fn greatest(digits: u8, coding: PrefixCoding) -> u32 {
    match coding {
        PrefixCoding::Ascii | PrefixCoding::Bcd => 10u32.pow(u32::from(digits)) - 1,
        PrefixCoding::Binary => u32::MAX >> (32 - 8 * u32::from(digits.div_ceil(2))),
    }
}

fn is_digit(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'9'])
}

const NIBBLE: &str = "an unused nibble is one hexadecimal digit";
const CHARACTER: &str = "fixed text is filled with one ASCII character";
