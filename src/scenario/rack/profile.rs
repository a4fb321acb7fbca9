//! Device profiles: files that describe how a terminal speaks become scripts.

use super::{
    super::{
        Pass, decode,
        diagnostic::{Diagnostics, Problem},
        node::Node,
        overlay::Sources,
        schema, shape, undecodable,
    },
    file::ServiceWord,
    profile_file::{
        AcknowledgeWord, CheckFile, CheckWord, CodingWord, CoverWord, ExchangeFile, FrameFile, LengthFile,
        LengthWord, LinkFile, MessageFile, Preset, ProfileFile, service_words,
    },
};
use crate::{
    ecr::{
        Body, Checksum, Coverage, Frame, LengthField, LengthForm, LinkPolicy, Service, Signalling,
        mis::Coding,
        script::{Alternative, Exchange, Meaning, Message, Part, Script, Slot},
    },
    expr::nearest,
    rack::Profile,
};
use serde_json::Value as Json;
use std::{borrow::Cow, sync::Arc, time::Duration};

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
    let profile = file.ok().map(|file| Reader { root: &root, problems: &mut found }.profile(file));
    let is_good = found.is_empty();
    problems.append(&mut found);
    profile.filter(|_| is_good)
}

/// Turns a file into a profile and collects what is wrong.
struct Reader<'r> {
    root: &'r Node,
    problems: &'r mut Vec<Problem>,
}

type Messages = Vec<(String, Message)>;

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
        let last =
            file.last.as_ref().and_then(|last| self.exchange(last, self.root.child("last"), &messages));
        self.check_last(last.as_ref());
        let script = Script {
            frame: self.frame(&file.frame),
            link: link(&file.link),
            exchanges,
            last,
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
            MessageFile::Tags(tags) => {
                let coding = match tags.tags {
                    CodingWord::Flat => Coding::Flat,
                    CodingWord::Ber => Coding::Ber,
                };
                let place = node.child("fields");
                let fields = tags.fields.iter().filter_map(|(tag, text)| {
                    let parts = self.parts(text, place.child(tag));
                    let number = u16::from_str_radix(tag, 16).ok().filter(|_| tag.len() == 4);
                    if number.is_none() {
                        self.complain(place.at_key(tag), "a tag has four hexadecimal digits".to_owned());
                    }
                    Some((number?, parts?))
                });
                Some(Message::Tags(coding, fields.collect()))
            }
        }
    }

    fn parts(&mut self, text: &str, node: &Node) -> Option<Vec<Part>> {
        Part::parse(text).map_err(|error| self.complain(node.span.clone(), error.to_string())).ok()
    }

    fn exchanges(&mut self, file: &ProfileFile, messages: &Messages) -> Vec<(Service, Exchange)> {
        let place = self.root.child("exchanges");
        let mut exchanges = Vec::new();
        for (name, exchange) in file.exchanges.iter() {
            let word = service_words().find(|(_, known)| *known == name);
            let read = self.exchange(exchange, place.child(name), messages);
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

    fn exchange(&mut self, file: &ExchangeFile, node: &Node, messages: &Messages) -> Option<Exchange> {
        let send = self.named(&file.send, node.child("send"), messages);
        let mut expect = Vec::new();
        for (at, one) in file.expect.iter().enumerate() {
            let place = node.child("expect").item(at);
            if one.wait != one.approved.is_empty() {
                let message = "a message either says `wait`, or ends it with the codes that are `approved`";
                self.complain(place.span.clone(), message.to_owned());
            }
            let message = self.named(&one.message, place.child("message"), messages);
            let codes = one.approved.iter().map(|code| code.clone().into_bytes()).collect();
            let meaning = if one.wait { Meaning::Wait } else { Meaning::Result(codes) };
            expect.extend(message.map(|message| Alternative { message, meaning }));
        }
        Some(Exchange { send: send?, expect, within: file.within.into() })
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

    fn named(&mut self, name: &str, node: &Node, messages: &Messages) -> Option<Message> {
        let found = messages.iter().find(|(known, _)| known == name).map(|(_, message)| message.clone());
        let is_written = self.root.child("messages").has(name);
        if found.is_none() && !is_written {
            let near = nearest(name, messages.iter().map(|(known, _)| known.as_str()));
            let problem = Problem::new(node.span.clone(), format!("there is no message `{name}`"));
            self.problems.push(problem.did_you_mean(&near));
        }
        found
    }

    fn frame(&mut self, file: &FrameFile) -> Frame {
        let place = self.root.child("frame");
        let mut frame = file.preset.map_or(NO_FRAME, preset);
        let given = [
            (&mut frame.start, &file.start, "start"),
            (&mut frame.end, &file.end, "end"),
            (&mut frame.tail, &file.tail, "tail"),
            (&mut frame.signals, &file.signals, "signals"),
        ];
        for (bytes, digits, key) in given {
            if let Some(read) = digits.as_ref().and_then(|digits| self.hex(digits, place.child(key))) {
                *bytes = Cow::Owned(read);
            }
        }
        if let Some(length) = &file.length {
            frame.body = Body::Counted(length_field(length));
        }
        if let Some([escape]) =
            file.escape.as_ref().and_then(|digits| self.hex(digits, place.child("escape"))).as_deref()
        {
            frame.body = Body::Stuffed(*escape);
        }
        if let Some(check) = &file.check {
            (frame.check, frame.coverage) = (self.check(check, place.child("check")), coverage(check));
        }
        frame.max = file.max.map_or(frame.max, |max| max as usize);
        self.check_frame(&frame, place);
        frame
    }

    fn check(&mut self, file: &CheckFile, node: &Node) -> Checksum {
        let post = file.post.as_ref().and_then(|digits| self.hex(digits, node.child("post")));
        let post = post.and_then(|bytes| bytes.first().copied()).unwrap_or(0);
        match file.kind {
            CheckWord::None => Checksum::None,
            CheckWord::Xor => Checksum::Xor { post },
            CheckWord::Kermit => Checksum::Kermit,
            CheckWord::XorColumns => Checksum::XorColumns,
        }
    }

    /// A frame whose end cannot be known would never end.
    fn check_frame(&mut self, frame: &Frame, place: &Node) {
        let is_endless = match frame.body {
            Body::Marked => frame.end.is_empty(),
            Body::Stuffed(escape) => frame.end.len() != 2 || frame.end.first() != Some(&escape),
            Body::Counted(_) | Body::Silence => false,
        };
        if is_endless {
            let message = "a frame ends by its length, by its end bytes, or by the escape and one byte more";
            self.complain(place.span.clone(), message.to_owned());
        }
        if frame.start.is_empty() {
            self.complain(
                place.span.clone(),
                "on a serial line a frame begins with bytes of its own".to_owned(),
            );
        }
    }

    fn hex(&mut self, digits: &str, node: &Node) -> Option<Vec<u8>> {
        let pairs = digits.as_bytes().chunks(2);
        let byte = |pair: &[u8]| {
            u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair.len() == 2)
        };
        let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
        if bytes.is_none() {
            self.complain(node.span.clone(), "expected pairs of hexadecimal digits".to_owned());
        }
        bytes
    }

    fn complain(&mut self, span: super::super::node::Span, message: String) {
        self.problems.push(Problem::new(span, message));
    }
}

fn preset(word: Preset) -> Frame {
    match word {
        Preset::StxLrc => Frame::STX_LRC,
        Preset::StxBcd => Frame::STX_BCD,
        Preset::Zvt => Frame::ZVT_SERIAL,
        Preset::Iself => Frame::ISELF,
        Preset::Wiseasy => Frame::WISEASY,
        Preset::Ghl => Frame::GHL,
    }
}

fn length_field(file: &LengthFile) -> LengthField {
    let size = usize::from(file.bytes);
    let form = match file.form {
        LengthWord::Bcd => LengthForm::Bcd(size),
        LengthWord::BigEndian => LengthForm::BigEndian(size),
        LengthWord::LittleEndian => LengthForm::LittleEndian(size),
        LengthWord::Ascii => LengthForm::Ascii(size),
    };
    LengthField { after: usize::from(file.after), form, is_payload: false }
}

fn coverage(file: &CheckFile) -> Coverage {
    let covers = |word| file.covers.contains(&word);
    Coverage {
        start: covers(CoverWord::Start),
        length: covers(CoverWord::Length),
        end: covers(CoverWord::End),
    }
}

fn link(file: &LinkFile) -> LinkPolicy {
    let known = match file.acknowledge {
        AcknowledgeWord::None => LinkPolicy::BARE,
        AcknowledgeWord::Terminal => LinkPolicy::BY_TERMINAL,
        AcknowledgeWord::Both => LinkPolicy::ZVT,
        AcknowledgeWord::Session => LinkPolicy::CONCERT,
    };
    let signalling = match file.acknowledge {
        AcknowledgeWord::None => Signalling::Bare,
        AcknowledgeWord::Terminal => Signalling::ByTerminal,
        AcknowledgeWord::Both => Signalling::Acknowledged,
        AcknowledgeWord::Session => Signalling::Session,
    };
    LinkPolicy {
        signalling,
        gap: file.gap.map_or(known.gap, Duration::from),
        acknowledgement: file.timeout.map_or(known.acknowledgement, Duration::from),
        repeats: file.repeats.unwrap_or(known.repeats),
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

/// What a frame is of which nothing is said.
const NO_FRAME: Frame = Frame {
    start: Cow::Borrowed(&[]),
    end: Cow::Borrowed(&[]),
    check: Checksum::None,
    coverage: Coverage { start: false, length: false, end: false },
    signals: Cow::Borrowed(&[]),
    ..Frame::STX_LRC
};
