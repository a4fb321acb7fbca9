//! Bodies as bytes: what goes on the wire for each kind, and the content type that says so.

use super::{Body, Failure, Part};
use std::fmt::Write as _;

/// A body as it goes on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Its content type; nothing without a body.
    pub content_type: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Body {
    /// The bytes and the content type; the same body always gives the same.
    ///
    /// # Errors
    /// [`Failure::Unsendable`] when the content type of a part is none.
    pub fn encode(&self) -> Result<Encoded, Failure> {
        let (content_type, bytes) = match self {
            Self::Empty => return Ok(Encoded { content_type: None, bytes: Vec::new() }),
            Self::Json(text) => ("application/json".to_owned(), text.clone().into_bytes()),
            Self::Form(fields) => ("application/x-www-form-urlencoded".to_owned(), form(fields).into_bytes()),
            Self::Text(text) => ("text/plain; charset=utf-8".to_owned(), text.clone().into_bytes()),
            Self::Multipart(parts) => {
                let boundary = boundary(parts);
                (format!("multipart/form-data; boundary={boundary}"), multipart(parts, &boundary)?)
            }
        };
        Ok(Encoded { content_type: Some(content_type), bytes })
    }
}

/// Fields as `application/x-www-form-urlencoded` (WHATWG URL, 5.2); good for a query as well.
#[must_use]
pub fn form(fields: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape(&mut text, name);
        text.push('=');
        escape(&mut text, value);
    }
    text
}

fn escape(text: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b' ' => text.push('+'),
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                text.push(char::from(byte))
            }
            _ => write!(text, "%{byte:02X}").expect("text takes everything"),
        }
    }
}

/// Parts as `multipart/form-data` (RFC 7578).
fn multipart(parts: &[Part], boundary: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for part in parts {
        let head = part_head(part)?;
        bytes.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
        bytes.extend_from_slice(&part.content);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(bytes)
}

fn part_head(part: &Part) -> Result<String, Failure> {
    let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&part.name));
    if let Some(file) = &part.file {
        write!(head, "; filename=\"{}\"", quoted(file)).expect("text takes everything");
    }
    let unsaid = part.file.as_ref().map(|_| "application/octet-stream");
    if let Some(kind) = part.content_type.as_deref().or(unsaid) {
        if kind.contains(|c: char| c.is_control()) {
            let name = &part.name;
            return Err(Failure::Unsendable(format!("the content type of part {name:?} is none: {kind:?}")));
        }
        write!(head, "\r\nContent-Type: {kind}").expect("text takes everything");
    }
    Ok(head)
}

/// A name between quotation marks, as browsers write it (WHATWG HTML, multipart/form-data).
fn quoted(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

/// A boundary that no part contains, derived from what they hold.
fn boundary(parts: &[Part]) -> String {
    let mut hash = FNV_OFFSET;
    for part in parts {
        hash = part.name.bytes().chain(part.content.iter().copied()).fold(hash, fnv);
    }
    loop {
        let boundary = format!("posfleet-{hash:016x}");
        let needle = boundary.as_bytes();
        let is_inside = |part: &Part| part.content.windows(needle.len()).any(|window| window == needle);
        if !parts.iter().any(is_inside) {
            return boundary;
        }
        hash = fnv(hash, 0);
    }
}

/// One step of FNV-1a.
const fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01B3)
}

const FNV_OFFSET: u64 = 0xCBF2_9CE4_8422_2325;

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, content: &[u8]) -> Part {
        Part { name: name.to_owned(), file: None, content_type: None, content: content.to_vec() }
    }

    fn text(body: &Body) -> String {
        String::from_utf8(body.encode().expect("sendable").bytes).expect("text")
    }

    #[test]
    fn forms_escape_all_but_the_plain() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = vec![pair("name", "张 三&=+"), pair("a b", ""), pair("plain", "*-._09AZaz")];
        assert_eq!(text(&Body::Form(fields)), "name=%E5%BC%A0+%E4%B8%89%26%3D%2B&a+b=&plain=*-._09AZaz");
        assert_eq!(text(&Body::Form(Vec::new())), "");
    }

    #[test]
    fn parts_are_separated_by_what_none_contains() {
        let first = boundary(&[part("a", b"1")]);
        let body = Body::Multipart(vec![part("a", b"1")]);
        let expected =
            format!("--{first}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--{first}--\r\n");
        assert_eq!(text(&body), expected);
        // A part that holds what its own boundary would be cannot be made by hand: the search is told one instead.
        let hostile = (0..2).map(|number| boundary(&[part("a", &[number])])).collect::<Vec<_>>().join("");
        assert!(!hostile.contains(&boundary(&[part("a", hostile.as_bytes())])));
    }

    #[test]
    fn files_say_their_names_and_kinds_and_smuggle_nothing() {
        let file = Part { file: Some("a\"b\r\nc.png".to_owned()), ..part("p\"", b"\0\xFF") };
        let head = part_head(&file).expect("sendable");
        let expected = "Content-Disposition: form-data; name=\"p%22\"; filename=\"a%22b%0D%0Ac.png\"\r\n\
                        Content-Type: application/octet-stream";
        assert_eq!(head, expected);
        let smuggler = Part { content_type: Some("text/plain\r\nx: y".to_owned()), ..part("p", b"") };
        assert!(matches!(Body::Multipart(vec![smuggler]).encode(), Err(Failure::Unsendable(_))));
    }

    #[test]
    fn every_kind_says_its_content_type() {
        let kind = |body: Body| body.encode().expect("sendable").content_type;
        assert_eq!(kind(Body::Empty), None);
        assert_eq!(kind(Body::Json("{}".to_owned())).as_deref(), Some("application/json"));
        assert_eq!(kind(Body::Text(String::new())).as_deref(), Some("text/plain; charset=utf-8"));
        let multipart = kind(Body::Multipart(Vec::new()));
        assert!(multipart.is_some_and(|kind| kind.starts_with("multipart/form-data; boundary=posfleet-")));
    }
}
