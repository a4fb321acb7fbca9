//! HTTP requests of steps: texts become expressions, names become numbers, and keys that do not go together are found.

use super::{Compiler, flows::Names, servers};
use crate::{
    crypto::Tmk,
    expr::{Expr, ParseError, Value, ValueKind, parse_expression, parse_target, parse_template},
    flow::{BodyTemplate, JsonTemplate, LoadTemplate, PartTemplate, Poll, RequestTemplate, Retry, RetryOn},
    http::Method,
    iso8583::{MerchantId, TerminalId},
    scenario::{
        http_keys::{self as keys, Field, FileField, HttpKeys, Json, Word},
        named::Named,
        node::{Node, Span},
        step::{HTTP, LoadKeys},
    },
};
use std::{str::FromStr, time::Duration};

impl Compiler<'_> {
    /// The template of the request that the step at `node` writes as `text`.
    pub(super) fn request(
        &mut self,
        node: &Node,
        text: &str,
        keys: &HttpKeys,
        names: &Names,
    ) -> Option<RequestTemplate> {
        let (method, path) = self.method_and_path(node, text)?;
        let server = self.server_of(node, keys);
        let target = self.target_of(node, text, path, names);
        let body = self.body(node, method, keys, names);
        let poll = self.poll(node, keys, names);
        if keys.bearer.is_some() && has_field(keys, "authorization") {
            self.complain(
                &node.at_key("bearer"),
                "`bearer` and the header `Authorization` say the same thing",
            );
        }
        Some(RequestTemplate {
            server: server?,
            method,
            target: target?,
            query: self.words(node.child("query"), keys.query.as_ref(), names)?,
            headers: self.headers(node.child("headers"), keys.headers.as_ref(), names)?,
            body: body?,
            bearer: self.optional(&node.at("bearer"), keys.bearer.as_ref(), names)?,
            key: self.key_of(node, method, server?, keys, names)?,
            timeout: keys.timeout.unwrap_or_default().0,
            approves: keys.expect.iter().flatten().map(|status| status.0).collect(),
            retry: keys.retry.as_ref().map(retry),
            poll: poll?,
        })
    }

    /// What an operator loads into the terminal.
    pub(super) fn loading(&mut self, node: &Node, keys: &LoadKeys, names: &Names) -> Option<LoadTemplate> {
        let terminal =
            self.loaded::<TerminalId>(&node.at("terminalId"), &keys.terminal_id, names, "8 characters");
        let merchant =
            self.loaded::<MerchantId>(&node.at("merchantId"), &keys.merchant_id, names, "15 characters");
        let key =
            self.loaded::<Tmk>(&node.at("masterKey"), &keys.master_key, names, "hexadecimal digits of a key");
        let serial = match &keys.serial {
            Some(word) => Some(self.word(&node.at("serial"), &word.0, names)?),
            None => None,
        };
        Some(LoadTemplate { terminal: terminal?, merchant: merchant?, key: key?, serial })
    }

    /// A text with holes; one without is read once to see that it can be.
    fn loaded<T: FromStr>(&mut self, span: &Span, word: &Word, names: &Names, wanted: &str) -> Option<Expr> {
        let text = self.word(span, &word.0, names)?;
        if text.as_constant().is_some_and(|text| text.to_string().parse::<T>().is_err()) {
            self.complain(span, format!("expected {wanted}"));
        }
        Some(text)
    }

    /// Complains about keys of a request in a step that is none.
    pub(super) fn no_request(&mut self, node: &Node, action: &str, keys: &HttpKeys) {
        for key in keys.written() {
            let message = format!("`{action}` takes no `{key}`: it goes with `{HTTP}`");
            self.complain(&node.at_key(key), message);
        }
    }

    fn method_and_path<'t>(&mut self, node: &Node, text: &'t str) -> Option<(Method, &'t str)> {
        let (word, path) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let path = path.trim_start();
        let method = Method::ALL.iter().find(|(_, name)| *name == word).map(|(method, _)| *method);
        let help = match (method, path) {
            (Some(method), path) if path.starts_with('/') && !path.contains('#') => {
                return Some((method, path));
            }
            (None, _) => {
                let all: Vec<&str> = Method::ALL.iter().map(|(_, name)| *name).collect();
                format!("it begins with one of {}", all.join(", "))
            }
            (_, path) if path.contains("://") => {
                "declare the server below `targets`, and name it by `server`".to_owned()
            }
            _ => "the path begins with `/` and has no fragment".to_owned(),
        };
        self.complain_with_help(
            &node.at(HTTP),
            "expected a method and a path such as `POST /sessions`",
            help,
        );
        None
    }

    fn server_of(&mut self, node: &Node, keys: &HttpKeys) -> Option<usize> {
        let name = keys.server.as_deref().unwrap_or(servers::PORTAL);
        let number = servers::names(self.file).position(|known| known == name);
        match number {
            Some(0) => self.portal_uses.push(node.at_key(HTTP)),
            None if !self.root.child("targets").is_tainted() => {
                self.unknown(&node.at("server"), "server", name, servers::names(self.file));
            }
            _ => {}
        }
        number
    }

    fn target_of(&mut self, node: &Node, text: &str, path: &str, names: &Names) -> Option<Expr> {
        let begin = text.len() - text.trim_end().len();
        let begin = text.len() - begin - path.len();
        let parsed = parse_target(path, &|name| names.resolve(name)).map_err(|error| ParseError {
            range: error.range.start + begin..error.range.end + begin,
            ..error
        });
        self.parsed(&node.at(HTTP), text, parsed)
    }

    fn body(&mut self, node: &Node, method: Method, keys: &HttpKeys, names: &Names) -> Option<BodyTemplate> {
        let said: Vec<&str> = keys.written().filter(|key| BODIES.contains(key)).collect();
        if let [first, second, ..] = said[..] {
            self.complain(
                &node.at_key(second),
                format!("a request has one body, this one has `{first}` and `{second}`"),
            );
        }
        if let Some(key) = said.first().filter(|_| matches!(method, Method::Get | Method::Head)) {
            self.complain(&node.at_key(key), format!("a {} has no body", method.name()));
        }
        if let Some(json) = &keys.json {
            return self.json(node.child("json"), json, names).map(BodyTemplate::Json);
        }
        if let Some(form) = &keys.form {
            return self.words(node.child("form"), Some(form), names).map(BodyTemplate::Form);
        }
        if let Some(parts) = &keys.multipart {
            return self.parts(node.child("multipart"), parts, names).map(BodyTemplate::Multipart);
        }
        match &keys.body {
            Some(text) => self.word(&node.at("body"), &text.0, names).map(BodyTemplate::Text),
            None => Some(BodyTemplate::Empty),
        }
    }

    fn json(&mut self, node: &Node, json: &Json, names: &Names) -> Option<JsonTemplate> {
        Some(match json {
            Json::Scalar(value) => JsonTemplate::Fixed(value.clone()),
            Json::Text(text) => JsonTemplate::of(self.word(&node.span, text, names)?),
            Json::List(items) => {
                let items = items.iter().enumerate();
                let items: Vec<_> =
                    items.map(|(index, item)| self.json(node.item(index), item, names)).collect();
                JsonTemplate::List(items.into_iter().collect::<Option<_>>()?)
            }
            Json::Map(entries) => {
                let entries = entries.iter();
                let entries: Vec<_> = entries
                    .map(|(key, entry)| Some((key.to_owned(), self.json(node.child(key), entry, names)?)))
                    .collect();
                JsonTemplate::Map(entries.into_iter().collect::<Option<_>>()?)
            }
        })
    }

    fn parts(&mut self, node: &Node, parts: &Named<Field>, names: &Names) -> Option<Vec<PartTemplate>> {
        let parts: Vec<_> = parts
            .iter()
            .map(|(name, field)| match field {
                Field::Text(text) => Some(PartTemplate {
                    name: name.to_owned(),
                    file: None,
                    content_type: None,
                    content: self.word(&node.at(name), text, names)?,
                }),
                Field::File(file) => self.part(node.child(name), name, file, names),
            })
            .collect();
        parts.into_iter().collect()
    }

    fn part(&mut self, node: &Node, name: &str, field: &FileField, names: &Names) -> Option<PartTemplate> {
        let content = match (&field.content, &field.file) {
            (Some(content), None) => self.word(&node.at("content"), &content.0, names),
            (None, Some(file)) => {
                self.read(&node.at("file"), file).map(|text| Expr::constant(Value::text(text)))
            }
            _ => {
                self.complain(&node.span, "a file has either `content` or `file`");
                None
            }
        };
        let own = field.file.as_deref().and_then(|file| file.rsplit('/').next()).unwrap_or(name);
        let file_name = field.file_name.as_deref().unwrap_or(own).to_owned();
        let content_type = field.content_type.clone();
        Some(PartTemplate { name: name.to_owned(), file: Some(file_name), content_type, content: content? })
    }

    fn headers(
        &mut self,
        node: &Node,
        headers: Option<&Named<Word>>,
        names: &Names,
    ) -> Option<Vec<(String, Expr)>> {
        for name in headers.into_iter().flat_map(Named::names) {
            let is_token = !name.is_empty() && name.bytes().all(is_token);
            if !is_token {
                self.complain(&node.at_key(name), format!("`{name}` is no name of a header field"));
            } else if OF_THE_DRIVER.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                self.complain(&node.at_key(name), format!("`{name}` follows from the server and the body"));
            }
        }
        self.words(node, headers, names)
    }

    /// The key of a request that must not happen twice: a fresh one for a write to the portal inside this program.
    fn key_of(
        &mut self,
        node: &Node,
        method: Method,
        server: usize,
        keys: &HttpKeys,
        names: &Names,
    ) -> Option<Option<Expr>> {
        let writes = matches!(method, Method::Post | Method::Put | Method::Patch | Method::Delete);
        if keys.key.is_some() || server > 0 || !writes || has_field(keys, "idempotency-key") {
            return self.optional(&node.at("key"), keys.key.as_ref(), names);
        }
        let fresh = parse_expression("uuid()", &|name| names.resolve(name));
        Some(Some(fresh.expect("a call without arguments is an expression")))
    }

    /// Outside `None` stands for a complaint, inside for a request that is made once.
    fn poll(&mut self, node: &Node, keys: &HttpKeys, names: &Names) -> Option<Option<Poll>> {
        let Some(text) = &keys.until else {
            for key in ["every", "within"].into_iter().filter(|key| node.has(key)) {
                self.complain(
                    &node.at_key(key),
                    format!("`{key}` needs `until`: it says how long to ask again"),
                );
            }
            return Some(None);
        };
        let at = node.at("until");
        let parsed = parse_expression(text, &|name| names.resolve(name));
        let until = self.parsed(&at, text, parsed)?;
        let until = self.of_kind(&at, until, &[ValueKind::Bool], "a condition")?;
        if let Some(value) = until.as_constant() {
            self.complain(&at, format!("this does not look at the answer: it is always {value}"));
        }
        let Some(within) = keys.within else {
            if !node.is_tainted() {
                let help = "write `within: 30s`: what has not come by then has timed out";
                self.complain_with_help(&node.at_key("until"), "`until` needs `within`", help);
            }
            return None;
        };
        let every = keys.every.unwrap_or_default().0;
        if every >= within.0 {
            self.complain(&node.at("within"), "`within` is not longer than `every`: it is asked only once");
        }
        Some(Some(Poll { until, every, within: within.0 }))
    }

    fn words(
        &mut self,
        node: &Node,
        words: Option<&Named<Word>>,
        names: &Names,
    ) -> Option<Vec<(String, Expr)>> {
        let all = words.into_iter().flat_map(Named::iter);
        let all: Vec<_> = all
            .map(|(name, word)| Some((name.to_owned(), self.word(&node.at(name), &word.0, names)?)))
            .collect();
        all.into_iter().collect()
    }

    /// Outside `None` stands for a complaint, inside for a key that is not written.
    fn optional(&mut self, span: &Span, word: Option<&Word>, names: &Names) -> Option<Option<Expr>> {
        match word {
            Some(word) => self.word(span, &word.0, names).map(Some),
            None => Some(None),
        }
    }

    /// A text with holes.
    pub(super) fn word(&mut self, span: &Span, text: &str, names: &Names) -> Option<Expr> {
        let parsed = parse_template(text, &|name| names.resolve(name));
        self.parsed(span, text, parsed)
    }
}

/// The name of a request in results where the file gives it none: its method and path, without what is in the holes.
pub(super) fn name_of(text: &str) -> String {
    let words: Vec<&str> = text.split('?').next().unwrap_or_default().split_whitespace().collect();
    words.join(" ").replace("${", "{")
}

fn retry(keys: &keys::Retry) -> Retry {
    let word = |on: &keys::RetryOn| match on {
        keys::RetryOn::Timeout => RetryOn::Timeout,
        keys::RetryOn::Connect => RetryOn::Connect,
        keys::RetryOn::ServerError => RetryOn::ServerError,
        keys::RetryOn::TooManyRequests => RetryOn::TooManyRequests,
    };
    let all: Vec<keys::RetryOn> = keys::RetryOn::ALL.iter().map(|(on, _)| *on).collect();
    let (shortest, longest) = keys.backoff.map_or(BACKOFF, |range| (range.min.0, range.max.0));
    let on = keys.on.as_ref().unwrap_or(&all).iter().map(word).collect();
    Retry { times: keys.times, shortest, longest, on }
}

fn has_field(keys: &HttpKeys, name: &str) -> bool {
    keys.headers.iter().flat_map(Named::names).any(|known| known.eq_ignore_ascii_case(name))
}

/// RFC 9110, chapter 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const BODIES: [&str; 4] = ["json", "form", "multipart", "body"];
const OF_THE_DRIVER: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
