//! What stands inside of elements, part by part, for people: entry modes, totals, tags, chip data, keys.

mod private48;
mod private62;

use super::{
    charset::Charset,
    code::PosEntryMode,
    de::De,
    describe::Part,
    emv_tags::EmvTag,
    mask::{Masking, mask_accounts, mask_middle},
    message::Message,
    original_data::OriginalData,
    private59::Private59,
    private60::Private60,
    tlv::{Tag, Tlv},
    value::Value,
};
use std::{borrow::Cow, fmt};

/// Returns the parts of an element, none where no table knows or they are not what they should be.
pub(super) fn sub_elements(message: &Message<'_>, de: De, value: Value<'_>, masking: Masking) -> Vec<Part> {
    let mut buffer = [0; 999];
    let content = value.write_to(&mut buffer).unwrap_or_default();
    let charset = message.spec().element(de).map(|element| element.charset).unwrap_or_default();
    let parts = match de {
        De::ENTRY_MODE => PosEntryMode::from_digits(content).ok().map(entry_mode),
        De::ADDITIONAL_RESPONSE => issuer_and_acquirer(content),
        De::SECURITY_CONTROL => security(content),
        De::BALANCE => balance(content),
        De::ICC_DATA => Some(data_objects(content, masking)),
        De::PRIVATE_59 => Some(tags(content, charset, masking)),
        De::PRIVATE_60 => Private60::from_digits(content).ok().map(private),
        De::ORIGINAL_DATA => OriginalData::from_digits(content).ok().map(original),
        De::PRIVATE_48 => private48::parts(message.mti(), content, masking),
        De::PRIVATE_62 => private62::parts(message, content, masking),
        _ => None,
    };
    parts.unwrap_or_default()
}

fn part(label: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Part {
    Part { label: label.into(), value: value.to_string() }
}

/// Issuer and acquirer, eleven characters each.
fn issuer_and_acquirer(content: &[u8]) -> Option<Vec<Part>> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.len() == 22 && text.is_ascii())?;
    let (issuer, acquirer) = text.split_at(11);
    Some(vec![part("44.1 issuer", issuer.trim_end()), part("44.2 acquirer", acquirer.trim_end())])
}

/// Account, kind of amount, currency, sign, amount (chapter 6.5 of the dialect's facts).
fn balance(content: &[u8]) -> Option<Vec<Part>> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.len() == 20 && text.is_ascii())?;
    let sign = if text.get(7..8)? == "D" { "-" } else { "" };
    let amount: u64 = text.get(8..)?.parse().ok()?;
    Some(vec![
        part("54.1 account", text.get(..2)?),
        part("54.2 kind of amount", text.get(2..4)?),
        part("54.3 currency", text.get(4..7)?),
        part("54.4 amount", format!("{sign}{}.{:02}", amount / 100, amount % 100)),
    ])
}

fn data_objects(content: &[u8], masking: Masking) -> Vec<Part> {
    let mut parts = Vec::new();
    let walk = Tlv::new(content).visit(&mut |depth, object| {
        let label = format!("{:depth$}{} {}", "", object.tag, tag_name(object.tag));
        parts.push(part(label, EmvTag::show(object.tag, object.value, masking)));
    });
    if let Err(error) = walk {
        parts.push(part("not well formed", error));
    }
    parts
}

/// What a tag is called; some of a receipt's are known by their range only (chapter 11).
fn tag_name(tag: Tag) -> &'static str {
    match (EmvTag::of(tag), tag.number()) {
        (Some(known), _) => known.name,
        (None, 0xFF20..=0xFF2B | 0xFF30 | 0xFF31) => "chip data",
        (None, 0xFF60..=0xFF65) => "original transaction",
        (None, _) => "unknown",
    }
}

fn tags(content: &[u8], charset: Charset, masking: Masking) -> Vec<Part> {
    let one = |tagged: Result<([u8; 2], &[u8]), _>| match tagged {
        Ok((tag, value)) => {
            let name = TAGS_59.iter().find(|(known, _)| *known == tag).map_or("", |(_, name)| name);
            let text = charset.decode(value);
            let text = match (masking, tag) {
                (Masking::Masked, Private59::PIN_BLOCK) => mask_middle(&text, (0, 0)),
                (Masking::Masked, tag) if !Private59::KSN.contains(&tag) => mask_accounts(&text),
                _ => text,
            };
            part(format!("{} {name}", charset.decode(&tag)), text)
        }
        Err(error) => part("not well formed", error),
    };
    Private59::new(content).map(one).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn entry_mode(mode: PosEntryMode) -> Vec<Part> {
    vec![part("22.1 account", mode.account_entry_text()), part("22.2 PIN", mode.pin_entry_text())]
}

fn security(digits: &[u8]) -> Option<Vec<Part>> {
    let [format, cipher, track, ..] = *digits else { return None };
    let format = match format {
        b'0' => "no PIN",
        b'1' => "ANSI X9.8 without PAN",
        b'2' => "ANSI X9.8 with PAN",
        _ => "unknown",
    };
    let cipher = match cipher {
        b'0' => "DES",
        b'3' => "SM4",
        b'6' => "3DES, double length",
        _ => "unknown",
    };
    let track = if track == b'1' { "encrypted" } else { "plain" };
    Some(vec![part("53.1 PIN format", format), part("53.2 cipher", cipher), part("53.3 tracks", track)])
}

fn private(private: Private60) -> Vec<Part> {
    let always = [part("60.1 kind", format!("{:02}", private.kind)), part("60.2 batch", private.batch)];
    let optional = [
        private.management.map(|code| part("60.3 management", format!("{code:03}"))),
        private.read_capability.map(|digit| part("60.4 read capability", digit)),
        private.ic_condition.map(|digit| part("60.5 chip condition", digit)),
        private.partial.map(|digit| part("60.6 partial approval", digit)),
        private.account.map(|code| part("60.7 account", format!("{code:03}"))),
    ];
    always.into_iter().chain(optional.into_iter().flatten()).collect()
}

fn original(original: OriginalData) -> Vec<Part> {
    let stan = original.stan.map_or("000000".to_owned(), |stan| stan.to_string());
    let date = original.date.map(|date| part("61.3 date", date));
    [part("61.1 batch", original.batch), part("61.2 STAN", stan)].into_iter().chain(date).collect()
}

/// An amount in minor units, as people write it.
fn money(minor: u64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// What the tags of DE 59 are called.
const TAGS_59: [([u8; 2], &str); 10] = [
    (*b"A1", "position"),
    (*b"A2", "terminal"),
    (Private59::PAYMENT_CODE, "payment code"),
    (Private59::VOUCHER, "voucher"),
    (Private59::ORDER_ADDRESS, "order address"),
    (Private59::ORDER_STATE, "order state"),
    (Private59::KSN[0], "key serial number, PIN"),
    (Private59::KSN[1], "key serial number, MAC"),
    (Private59::KSN[2], "key serial number, track"),
    (Private59::PIN_BLOCK, "PIN block"),
];
