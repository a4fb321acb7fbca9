//! Device profiles: files that describe how a terminal speaks become scripts.

use super::{
    super::{
        Pass, decode,
        diagnostic::{Diagnostics, Problem},
        node::{Node, Span},
        overlay::Sources,
        schema, shape, undecodable,
    },
    file::ServiceWord,
    profile_file::{
        CharsetWord, CodingWord, DuplicateWord, FieldLengthFile, KnownWord, LengthsFile, MessageFile,
        ProfileFile, SecrecyWord, TagsFile, service_words,
    },
    profile_frame::length_field,
};
use crate::{
    ecr::{
        FieldLength, LengthForm, Service,
        script::{
            Charset, Dictionary, Exchange, Field, Lead, Message, Part, Script, Secrecy, Secrets, Slot,
            TagForm, TagLength, TagWidth, Tagged, width,
        },
        zvt,
    },
    expr::nearest,
    rack::Profile,
};
use serde_json::Value as Json;
use std::{sync::Arc, time::Duration};

/// The device profiles that come with the program, by name, with their text.
pub const SHIPPED_DEVICES: [(&str, &str); 4] = [
    ("transbank", include_str!("../../../scenarios/devices/transbank.yaml")),
    ("pax", include_str!("../../../scenarios/devices/pax.yaml")),
    ("wiseasy", include_str!("../../../scenarios/devices/wiseasy.yaml")),
    ("iself", include_str!("../../../scenarios/devices/iself.yaml")),
];

/// Reads the device profile `text`, called `name` in messages.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse_device_profile(text: &str, name: &str) -> Result<Profile, Diagnostics> {
    let mut pass = Pass { sources: Sources::new(name, text), problems: Vec::new() };
    let profile = read(0, text, &mut pass.problems);
    pass.result(profile)
}

/// The JSON Schema (draft 2020-12) of device profiles.
pub fn device_profile_schema() -> Json {
    schema::of::<ProfileFile>()
}

/// Reads the profile of text number `source`.
pub(super) fn read(source: usize, text: &str, problems: &mut Vec<Problem>) -> Option<Profile> {
    let root = super::super::load::parse(source, text).map_err(|problem| problems.push(*problem)).ok()?;
    let mut found = shape::check(&root, &device_profile_schema());
    let file = decode::decode::<ProfileFile>(&root).map_err(|error| {
        if found.is_empty() {
            found.push(undecodable(error));
        }
    });
    let read = |file: ProfileFile| {
        let (own, charset) = (file.variables.clone(), charset(file.charset));
        Reader { root: &root, problems: &mut found, own, charset }.profile(file)
    };
    let profile = file.ok().map(read);
    let is_good = found.is_empty();
    problems.append(&mut found);
    profile.filter(|_| is_good)
}

/// Turns a file into a profile and collects what is wrong.
pub(super) struct Reader<'r> {
    pub(super) root: &'r Node,
    pub(super) problems: &'r mut Vec<Problem>,
    pub(super) own: Vec<String>,
    charset: Charset,
}

pub(super) type Messages = Vec<(String, Message)>;

impl Reader<'_> {
    fn profile(&mut self, file: ProfileFile) -> Profile {
        let line =
            super::line::settings(&file.line, crate::rack::LineSettings::DEFAULT, self.root, self.problems);
        let mut messages = Messages::new();
        for (name, message) in &file.messages.0 {
            let parts = self.message(message, self.root.child("messages").child(name));
            messages.extend(parts.map(|parts| (name.clone(), parts)));
        }
        let exchanges = self.exchanges(&file, &messages);
        let last = file
            .last
            .as_ref()
            .and_then(|last| self.exchange(last, "last", self.root.child("last"), &messages));
        self.check_last(last.as_ref());
        self.check_variables();
        let abort =
            file.abort.as_ref().and_then(|abort| self.named(abort, self.root.child("abort"), &messages));
        let secrets = Arc::new(self.secrets(&file, &messages));
        let (frame, link) = self.way(&file.frame, &file.link);
        let script = Script {
            frame,
            link,
            secrets,
            charset: self.charset,
            own: self.own.len() as u8,
            drops_repeats: file.link.duplicates == DuplicateWord::Sequence,
            exchanges,
            last,
            abort,
            replies: self.replies(&file, &messages),
            heartbeat: file.heartbeat.as_ref().and_then(|beat| {
                let message =
                    self.named(&beat.message, self.root.child("heartbeat").child("message"), &messages)?;
                Some((message, Duration::from(beat.every)))
            }),
        };
        Profile { name: file.name, description: file.description, line, script: Arc::new(script) }
    }

    fn message(&mut self, file: &MessageFile, node: &Node) -> Option<Message> {
        match file {
            MessageFile::Row(text) => self.parts(text, node).map(Message::Row),
            MessageFile::Tags(tags) => self.tags(tags, node).map(Message::Tags),
        }
    }

    fn tags(&mut self, file: &TagsFile, node: &Node) -> Option<Tagged> {
        let (form, lead) = (self.tag_form(file, node), self.lead(file, node));
        let (form, lead) = (form?, lead?);
        let place = node.child("fields");
        let mut fields = Vec::new();
        for (digits, inner) in file.fields.iter() {
            let tag = self.tag(digits, form.tag, place).filter(|tag| {
                let is_known = form.length.of(tag).is_some();
                if !is_known {
                    self.complain(place.at_key(digits), format!("`lengths` has no tag `{digits}`"));
                }
                is_known
            });
            let field = match self.message(inner, place.child(digits)) {
                Some(Message::Row(parts)) => Some(Field::Row(parts)),
                Some(Message::Tags(inner)) => Some(Field::Tags(inner)),
                None => None,
            };
            fields.extend(tag.zip(field));
        }
        Some(Tagged { form, lead, fields })
    }

    /// What comes before the first tag.
    fn lead(&mut self, file: &TagsFile, node: &Node) -> Option<Lead> {
        let mut parts = |text: &Option<String>, key: &str| {
            let place = node.child(key);
            let parts = text.as_ref().map_or(Some(Vec::new()), |text| self.parts(text, place))?;
            if width(&parts).is_none() {
                self.complain(place.span.clone(), "before the first tag every value has a width".to_owned());
            }
            Some(parts)
        };
        let (head, fixed) = (parts(&file.head, "head"), parts(&file.fixed, "fixed"));
        let count = file.count.as_ref().map(|count| length_field(count).form);
        Some(Lead { head: head?, count, fixed: fixed? })
    }

    fn tag_form(&mut self, file: &TagsFile, node: &Node) -> Option<TagForm> {
        let is_table = file.tags == CodingWord::Table;
        let tag = match file.tags {
            CodingWord::BerTags => TagWidth::Ber,
            CodingWord::Table => TagWidth::Bytes(file.width.map_or(1, usize::from)),
            CodingWord::Flat | CodingWord::Ber => TagWidth::Bytes(file.width.map_or(2, usize::from)),
        };
        if is_table != file.lengths.is_some() || is_table && file.length.is_some() {
            let message = "`tags: table` goes with `lengths`, and the other forms with `length` or none";
            self.complain(node.child("tags").span.clone(), message.to_owned());
            return None;
        }
        let length = match (&file.lengths, &file.length, file.tags) {
            (Some(lengths), ..) => self.table(lengths, tag, node.child("lengths")),
            (None, Some(length), _) => TagLength::All(FieldLength::Written(length_field(length).form)),
            (None, None, CodingWord::Flat) => TagLength::All(FieldLength::Written(LengthForm::BigEndian(2))),
            (None, None, _) => TagLength::All(FieldLength::Ber),
        };
        Some(TagForm { tag, length })
    }

    /// How the length behind each tag is known.
    fn table(&mut self, file: &LengthsFile, tag: TagWidth, place: &Node) -> TagLength {
        let own = match file {
            LengthsFile::Known(KnownWord::Zvt) => {
                let all = (0..=u8::MAX).filter_map(|tag| Some((vec![tag], zvt::field_length(tag)?)));
                return TagLength::Table(all.collect());
            }
            LengthsFile::Own(own) => own.iter(),
        };
        let length = |file: &FieldLengthFile| match file {
            FieldLengthFile::Fixed(size) => FieldLength::Fixed(usize::from(*size)),
            FieldLengthFile::Word(_) => FieldLength::Ber,
            FieldLengthFile::Written(written) => FieldLength::Written(length_field(written).form),
        };
        let all = own.filter_map(|(digits, file)| Some((self.tag(digits, tag, place)?, length(file))));
        TagLength::Table(all.collect())
    }

    /// What no record may show.
    fn secrets(&mut self, file: &ProfileFile, messages: &Messages) -> Secrets {
        let place = self.root.child("secrets");
        let mut values = Vec::new();
        for (name, word) in file.secrets.iter() {
            let secrecy = match word {
                SecrecyWord::Card => Secrecy::Card,
                SecrecyWord::Whole => Secrecy::Whole,
            };
            values.extend(self.slot(name, place.child(name)).map(|slot| (slot, secrecy)));
        }
        // What is said of a value comes before what is usual.
        values.push((Slot::Card, Secrecy::Card));
        Secrets::new(values, messages.iter().map(|(_, message)| message))
    }

    fn tag(&mut self, digits: &str, width: TagWidth, place: &Node) -> Option<Vec<u8>> {
        let tag = hex(digits).filter(|tag| width.size(tag) == Some(tag.len()));
        if tag.is_none() {
            let message = match width {
                TagWidth::Bytes(2) => "a tag has four hexadecimal digits".to_owned(),
                TagWidth::Bytes(size) => format!("a tag has {} hexadecimal digits", size * 2),
                TagWidth::Ber => "a tag has as many hexadecimal digits as BER says".to_owned(),
            };
            self.complain(place.at_key(digits), message);
        }
        tag
    }

    fn parts(&mut self, text: &str, node: &Node) -> Option<Vec<Part>> {
        let parsed = Part::parse_with(text, Dictionary { own: &self.own, charset: self.charset });
        parsed.map_err(|error| self.complain(node.span.clone(), error.to_string())).ok()
    }

    /// A name that is there already would hide the value of all profiles, or could never be said.
    fn check_variables(&mut self) {
        let place = self.root.child("variables");
        let is_built_in = |name: &String| Slot::ALL.iter().any(|(_, known)| known == name);
        for (at, name) in self.own.clone().iter().enumerate() {
            let is_twice = self.own.iter().take(at).any(|before| before == name);
            if is_built_in(name) || is_twice {
                self.complain(place.item(at).span.clone(), format!("the value `{name}` is there already"));
            }
        }
    }

    fn exchanges(&mut self, file: &ProfileFile, messages: &Messages) -> Vec<(Service, Exchange)> {
        let place = self.root.child("exchanges");
        let mut exchanges = Vec::new();
        for (name, exchange) in file.exchanges.iter() {
            let word = service_words().find(|(_, known)| *known == name);
            let read = self.exchange(exchange, name, place.child(name), messages);
            match word {
                Some((word, _)) => {
                    exchanges.extend(read.map(|read| (word.map_or(Service::Status, service), read)))
                }
                None => {
                    let near = nearest(name, service_words().map(|(_, known)| known));
                    let problem = Problem::new(place.at_key(name), format!("unknown service `{name}`"));
                    self.problems.push(problem.did_you_mean(&near));
                }
            }
        }
        exchanges
    }

    fn replies(&mut self, file: &ProfileFile, messages: &Messages) -> Vec<(Message, Message)> {
        let place = self.root.child("replies");
        let mut replies = Vec::new();
        for (at, reply) in file.replies.iter().enumerate() {
            let to = self.named(&reply.to, place.item(at).child("to"), messages);
            let with = self.named(&reply.with, place.item(at).child("with"), messages);
            replies.extend(to.zip(with));
        }
        replies
    }

    /// Whoever asks for the last transaction must be able to tell whether it is his.
    fn check_last(&mut self, last: Option<&Exchange>) {
        if last.is_some_and(|last| !last.tells(Slot::Id)) {
            let message = "without `{id}` in every answer here, the last transaction may be anybody's";
            self.complain(self.root.at_key("last"), message.to_owned());
        }
    }

    pub(super) fn named(&mut self, name: &str, node: &Node, messages: &Messages) -> Option<Message> {
        let found = messages.iter().find(|(known, _)| known == name).map(|(_, message)| message.clone());
        let is_written = self.root.child("messages").has(name);
        if found.is_none() && !is_written {
            let near = nearest(name, messages.iter().map(|(known, _)| known.as_str()));
            let problem = Problem::new(node.span.clone(), format!("there is no message `{name}`"));
            self.problems.push(problem.did_you_mean(&near));
        }
        found
    }

    pub(super) fn hex(&mut self, digits: &str, node: &Node) -> Option<Vec<u8>> {
        let bytes = hex(digits);
        if bytes.is_none() {
            self.complain(node.span.clone(), "expected pairs of hexadecimal digits".to_owned());
        }
        bytes
    }

    pub(super) fn complain(&mut self, span: Span, message: String) {
        self.problems.push(Problem::new(span, message));
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| {
        u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair.len() == 2)
    };
    digits.as_bytes().chunks(2).map(byte).collect()
}

fn charset(word: CharsetWord) -> Charset {
    match word {
        CharsetWord::Bytes => Charset::Bytes,
        CharsetWord::Utf8 => Charset::Utf8,
        CharsetWord::Gbk => Charset::Gbk,
        CharsetWord::Latin9 => Charset::Latin9,
        CharsetWord::Cp437 => Charset::Cp437,
    }
}

pub(super) fn service(word: ServiceWord) -> Service {
    match word {
        ServiceWord::Sale => Service::Sale,
        ServiceWord::Void => Service::Void,
        ServiceWord::Refund => Service::Refund,
        ServiceWord::SignIn => Service::SignIn,
        ServiceWord::Settlement => Service::Settlement,
    }
}
