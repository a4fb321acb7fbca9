//! What stands inside of elements, part by part, for people: entry modes, totals, tags, chip data, keys.

use super::{
    code::PosEntryMode,
    de::De,
    describe::Part,
    emv_tags::EmvTag,
    mask::{Masking, mask_accounts, mask_middle},
    message::Message,
    mti::Mti,
    original_data::OriginalData,
    private59::Private59,
    private60::Private60,
    settlement::{SettlementTotals, Totals},
    tlv::Tlv,
    value::Value,
};
use std::{borrow::Cow, fmt};

/// Returns the parts of an element, none where no table knows or they are not what they should be.
pub(super) fn sub_elements(message: &Message<'_>, de: De, value: Value<'_>, masking: Masking) -> Vec<Part> {
    let mut buffer = [0; 999];
    let content = value.write_to(&mut buffer).unwrap_or_default();
    let mti = message.mti();
    let parts = match de {
        De::ENTRY_MODE => PosEntryMode::from_digits(content).ok().map(entry_mode),
        De::ADDITIONAL_RESPONSE => issuer_and_acquirer(content),
        De::SECURITY_CONTROL => security(content),
        De::BALANCE => balance(content),
        De::ICC_DATA => Some(data_objects(content, masking)),
        De::PRIVATE_59 => Some(tags(content, masking)),
        De::PRIVATE_60 => Private60::from_digits(content).ok().map(private),
        De::ORIGINAL_DATA => OriginalData::from_digits(content).ok().map(original),
        De::PRIVATE_48 if mti == Mti::SETTLEMENT || mti == Mti::SETTLEMENT.response() => {
            SettlementTotals::from_digits(content).ok().map(settlement)
        }
        De::PRIVATE_62 => private_62(message, content, masking),
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
        let name = EmvTag::of(object.tag).map_or("unknown", |known| known.name);
        let label = format!("{:depth$}{} {name}", "", object.tag);
        parts.push(part(label, EmvTag::show(object.tag, object.value, masking)));
    });
    if let Err(error) = walk {
        parts.push(part("not well formed", error));
    }
    parts
}

fn tags(content: &[u8], masking: Masking) -> Vec<Part> {
    let one = |tagged: Result<([u8; 2], &[u8]), _>| match tagged {
        Ok((tag, value)) => {
            let name = TAGS_59.iter().find(|(known, _)| *known == tag).map_or("", |(_, name)| name);
            let text = String::from_utf8_lossy(value).into_owned();
            let text = if masking == Masking::Masked { mask_accounts(&text) } else { text };
            part(format!("{} {name}", String::from_utf8_lossy(&tag)), text)
        }
        Err(error) => part("not well formed", error),
    };
    Private59::new(content).map(one).collect()
}

/// Work keys of a sign-in, the tables of a download, or a serial number.
fn private_62(message: &Message<'_>, content: &[u8], masking: Masking) -> Option<Vec<Part>> {
    let mut buffer = [0; 100];
    let private = message.get(De::PRIVATE_60)?.write_to(&mut buffer)?;
    let code = Private60::from_digits(private).ok()?.management?;
    match (message.mti(), code) {
        (mti, 1 | 3 | 4 | 6) if mti == Mti::NETWORK.response() => work_keys(content, masking),
        (_, 370..=373 | 380..=383) => {
            let (page, objects) = content.split_first()?;
            let page = match page {
                b'0' => "nothing".to_owned(),
                b'1' => "the last page".to_owned(),
                b'2' => "more pages follow".to_owned(),
                other => char::from(*other).to_string(),
            };
            let mut parts = vec![part("page", page)];
            if Tlv::new(objects).next().is_some_and(|first| first.is_ok()) {
                parts.extend(data_objects(objects, masking));
            }
            Some(parts)
        }
        _ => None,
    }
}

/// Keys under the master key, each with the check value that follows it.
fn work_keys(content: &[u8], masking: Masking) -> Option<Vec<Part>> {
    let (key, names): (usize, &[_]) = match content.len() {
        24 => (8, &["PIN key", "MAC key"]),
        40 => (16, &["PIN key", "MAC key"]),
        56 => (24, &["PIN key", "MAC key"]),
        60 => (16, &["PIN key", "MAC key", "track key"]),
        84 => (24, &["PIN key", "MAC key", "track key"]),
        _ => return None,
    };
    let keys = content.chunks(key + 4).zip(names).filter_map(|(block, name)| {
        let (key, check) = block.split_at_checked(key)?;
        let shown = if masking == Masking::Masked { mask_middle(&hex(key), (0, 0)) } else { hex(key) };
        Some([part(*name, shown), part(format!("{name} check value"), hex(check))])
    });
    Some(keys.flatten().collect())
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

fn settlement(totals: SettlementTotals) -> Vec<Part> {
    let half = |labels: [&'static str; 3], totals: Totals| {
        [
            part(labels[0], format!("{} in {}", totals.debit_amount, totals.debit_count)),
            part(labels[1], format!("{} in {}", totals.credit_amount, totals.credit_count)),
            part(labels[2], format!("{} ({})", totals.verdict.digit(), totals.verdict.meaning())),
        ]
    };
    let domestic = half(["domestic debit", "domestic credit", "domestic verdict"], totals.domestic);
    let foreign = half(["foreign debit", "foreign credit", "foreign verdict"], totals.foreign);
    domestic.into_iter().chain(foreign).collect()
}

/// What the tags of DE 59 are called.
const TAGS_59: [([u8; 2], &str); 6] = [
    (*b"A1", "position"),
    (*b"A2", "terminal"),
    (Private59::PAYMENT_CODE, "payment code"),
    (Private59::VOUCHER, "voucher"),
    (Private59::ORDER_ADDRESS, "order address"),
    (Private59::ORDER_STATE, "order state"),
];
