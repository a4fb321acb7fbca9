//! DE 62 for people: keys, parameters, the state of a terminal, tables and their pages, uploaded chip transactions.

use super::{data_objects, hex, money, part};
use crate::iso8583::{
    charset::Charset,
    de::De,
    describe::Part,
    icc_detail::IccDetail,
    mask::{Masking, mask_accounts, mask_middle},
    message::Message,
    mti::Mti,
    parameters::Parameters,
    private60::Private60,
    table_page::{Page, PageMarker, PageQuery},
    tlv::{Tag, Tlv},
};

/// The parts of the element by DE 60.3, none where no table knows or it is not what it should be.
pub(super) fn parts(message: &Message<'_>, content: &[u8], masking: Masking) -> Option<Vec<Part>> {
    let mut buffer = [0; 100];
    let private = message.get(De::PRIVATE_60)?.write_to(&mut buffer)?;
    let code = Private60::from_digits(private).ok()?.management?;
    let (mti, is_answer) = (message.mti(), IS_ANSWER.contains(&message.mti()));
    match code {
        1 | 3 | 4 | 6 if mti == Mti::NETWORK.response() => work_keys(content, masking),
        203..=206 if mti == Mti::BATCH_UPLOAD => IccDetail::from_text(content).ok().map(icc_detail),
        360 | 364 if is_answer => Some(parameters(Parameters::downloaded(content), charset(message))),
        362 if !is_answer => Some(parameters(Parameters::reported(content), charset(message))),
        370..=373 | 380..=383 if is_answer => items(content, masking),
        372 | 373 | 382 | 384..=399 if !is_answer => {
            Some(vec![question(PageQuery::from_text(content).ok()?)])
        }
        370 | 380 => Some(data_objects(content, masking)),
        384..=399 => records(content, masking),
        401 if !is_answer => Some(vec![part("asks", charset(message).decode(content))]),
        401 => Some(vec![part("master key", mask_middle(&hex(content), (0, 0)))]),
        800..=809 => Some(vec![signature(code, content.len())]),
        _ => None,
    }
}

/// The charset of texts is said by the elements of text around this one, which is binary.
fn charset(message: &Message<'_>) -> Charset {
    message.spec().element(De::PRIVATE_63).map(|element| element.charset).unwrap_or_default()
}

fn icc_detail(detail: IccDetail) -> Vec<Part> {
    let card = if detail.foreign { "foreign" } else { "domestic" };
    let failure = detail.failure.map(|code| part("failure", format!("{code:02}")));
    [
        part("card", card),
        part("amount", money(detail.amount)),
        part("currency", format!("{:03}", detail.currency)),
    ]
    .into_iter()
    .chain(failure)
    .collect()
}

fn parameters(parameters: Parameters<'_>, charset: Charset) -> Vec<Part> {
    let one = |parameter: Result<_, _>| match parameter {
        Ok((parameter, value)) => {
            let parameter: crate::iso8583::Parameter = parameter;
            part(format!("{:02} {}", parameter.tag, parameter.name), parameter.show(value, charset))
        }
        Err(error) => part("not well formed", error),
    };
    parameters.map(one).collect()
}

fn question(query: PageQuery) -> Part {
    part("asks", format!("for what follows the first {}", query.from))
}

fn page(marker: PageMarker) -> Part {
    let text = match marker {
        PageMarker::NONE => "nothing",
        PageMarker::MORE => "more pages follow",
        _ => "the last page",
    };
    part("page", text)
}

/// A list of applications or keys, or one of them: each begins with its application identifier.
fn items(content: &[u8], masking: Masking) -> Option<Vec<Part>> {
    let Page { marker, body } = Page::from_bytes(content).ok()?;
    let count =
        Tlv::new(body).map_while(Result::ok).filter(|object| Some(object.tag) == Tag::new(AID)).count();
    let head = [page(marker), part("items", count)];
    Some(head.into_iter().chain(data_objects(body, masking)).collect())
}

/// The records of any other table, whose form differs between acquirers.
fn records(content: &[u8], masking: Masking) -> Option<Vec<Part>> {
    let Page { marker, body } = Page::from_bytes(content).ok()?;
    let text = Charset::Ascii.decode(body);
    let text = if masking == Masking::Masked { mask_accounts(&text) } else { text };
    Some(vec![page(marker), part("records", text)])
}

fn signature(code: u16, length: usize) -> Part {
    let which = if code == 800 { "whole".to_owned() } else { format!("part {}", code - 800) };
    part("signature", format!("{which}, {length} bytes"))
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

const IS_ANSWER: [Mti; 2] = [Mti::NETWORK.response(), Mti::NETWORK_ADVICE.response()];
/// 9F06.
const AID: u32 = 0x9F06;
