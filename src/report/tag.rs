//! The tags of `intervals.hlog`: which histogram is whose.
//!
//! ```text
//! tag     = subject ":" class [ ":service" ] | subject ":" part | "connection_" link | "schedule_lag"
//! part    = "device" | "line" | "host" | "connect" | "tls" | "first-byte"
//! link    = "wait" | "connect" | "handshake"
//! subject = step | "{" selector "}"
//! ```
//!
//! The subject is a step by its name, or what a threshold asked for beyond steps by its selector, such as
//! `{step%3Asale%2Cscenario%3Aday}`: in both, space, comma, colon, percent sign, opening brace and control characters are
//! "%" and two digits.

use crate::metrics::{Class, ConnectTimes, Latency, StepInterval};
use std::{borrow::Cow, fmt};

/// The tag of the schedule's lag, the last of every interval.
pub(super) const LAG: &str = "schedule_lag";

/// What a histogram is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject<'t> {
    /// A step, by its name.
    Step(Cow<'t, str>),
    /// What a threshold asked for beyond steps, by its selector.
    Selection(Cow<'t, str>),
}

/// The tag of a histogram by how steps ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct StepTag<'t> {
    pub(super) subject: Subject<'t>,
    pub(super) class: Class,
    pub(super) part: Part,
}

/// Which time of a step a histogram holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// From the scheduled start to the end.
    Response,
    /// From the send to the answer.
    Service,
}

/// The tag of a histogram of a part of the time of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartTag<'t> {
    pub(super) subject: Subject<'t>,
    pub(super) part: TimePart,
}

/// A part of the time of steps, however they ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimePart {
    /// The terminal and whoever stands before it, of steps on devices.
    Device,
    /// Bytes on the line, of steps on devices.
    Line,
    /// The host of the run, of steps on devices.
    Host,
    /// Opening connections, of HTTP requests.
    Connect,
    /// TLS handshakes, of HTTP requests.
    Tls,
    /// From the send to the head of the answer, of HTTP requests.
    FirstByte,
}

impl TimePart {
    pub(super) const ALL: [Self; 6] =
        [Self::Device, Self::Line, Self::Host, Self::Connect, Self::Tls, Self::FirstByte];

    const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Line => "line",
            Self::Host => "host",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::FirstByte => "first-byte",
        }
    }

    /// Its histogram, where there is one.
    pub(super) fn of(self, step: &StepInterval) -> Option<&Latency> {
        let (devices, attempts) = (step.devices.as_deref(), step.attempts.as_deref());
        match self {
            Self::Device => devices.map(|times| &times.device),
            Self::Line => devices.map(|times| &times.line),
            Self::Host => devices.map(|times| &times.host),
            Self::Connect => attempts.map(|attempts| &attempts.connect),
            Self::Tls => attempts.map(|attempts| &attempts.tls),
            Self::FirstByte => attempts.map(|attempts| &attempts.first_byte),
        }
    }

    /// Its histogram, to add to it.
    pub(super) fn of_mut(self, step: &mut StepInterval) -> &mut Latency {
        match self {
            Self::Device => &mut step.devices.get_or_insert_default().device,
            Self::Line => &mut step.devices.get_or_insert_default().line,
            Self::Host => &mut step.devices.get_or_insert_default().host,
            Self::Connect => &mut step.attempts.get_or_insert_default().connect,
            Self::Tls => &mut step.attempts.get_or_insert_default().tls,
            Self::FirstByte => &mut step.attempts.get_or_insert_default().first_byte,
        }
    }
}

/// A part of the time that terminals wait for their connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkPart {
    /// Waiting until another connection might be made.
    Wait,
    /// From the first packet until the connection is there.
    Connect,
    /// TLS handshakes.
    Handshake,
}

impl LinkPart {
    pub(super) const ALL: [Self; 3] = [Self::Wait, Self::Connect, Self::Handshake];

    /// Its tag.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Wait => "connection_wait",
            Self::Connect => "connection_connect",
            Self::Handshake => "connection_handshake",
        }
    }

    /// Reads a tag; nothing when it is none of these.
    pub(super) fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.tag() == tag)
    }

    /// Its histogram.
    pub(super) fn of(self, times: &ConnectTimes) -> &Latency {
        match self {
            Self::Wait => &times.wait,
            Self::Connect => &times.connect,
            Self::Handshake => &times.handshake,
        }
    }

    /// Its histogram, to add to it.
    pub(super) fn of_mut(self, times: &mut ConnectTimes) -> &mut Latency {
        match self {
            Self::Wait => &mut times.wait,
            Self::Connect => &mut times.connect,
            Self::Handshake => &mut times.handshake,
        }
    }
}

impl<'t> Subject<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        match text.strip_prefix('{') {
            Some(text) => Some(Self::Selection(unescaped(text.strip_suffix('}')?)?)),
            None => Some(Self::Step(unescaped(text)?)),
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(name) => write_escaped(f, name),
            Self::Selection(selector) => {
                f.write_str("{")?;
                write_escaped(f, selector)?;
                f.write_str("}")
            }
        }
    }
}

impl<'t> PartTag<'t> {
    /// Reads a tag; nothing when it is none of these.
    pub(super) fn parse(tag: &'t str) -> Option<Self> {
        let (subject, part) = tag.rsplit_once(':')?;
        let part = TimePart::ALL.into_iter().find(|known| known.name() == part)?;
        Some(Self { subject: Subject::parse(subject)?, part })
    }
}

impl fmt::Display for PartTag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.subject, self.part.name())
    }
}

impl<'t> StepTag<'t> {
    /// Reads a tag; nothing when it is not that of a step.
    pub(super) fn parse(tag: &'t str) -> Option<Self> {
        let (tag, part) = match tag.strip_suffix(":service") {
            Some(tag) => (tag, Part::Service),
            None => (tag, Part::Response),
        };
        let (subject, class) = tag.rsplit_once(':')?;
        let class = Class::ALL.into_iter().find(|known| known.name() == class)?;
        Some(Self { subject: Subject::parse(subject)?, class, part })
    }
}

impl fmt::Display for StepTag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.subject, self.class.name())?;
        f.write_str(if self.part == Part::Service { ":service" } else { "" })
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, step: &str) -> fmt::Result {
    step.chars().try_for_each(|c| match c {
        ' ' | ',' | ':' | '%' | '{' | '\0'..='\x1f' => write!(f, "%{:02X}", u32::from(c)),
        _ => write!(f, "{c}"),
    })
}

fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut parts = text.split('%');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let code = u8::from_str_radix(part.get(..2)?, 16).ok().filter(u8::is_ascii)?;
        name.push(char::from(code));
        name.push_str(part.get(2..)?);
    }
    Some(Cow::Owned(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::interval_log::Tag;

    #[test]
    fn every_step_name_makes_a_tag_of_its_own_and_comes_back() {
        let names =
            ["sale", "a b", "a,b", "a:b", "a%b", "a%20b", "消费", "a\r\nb", "a:approved", "{a}", "step:a"];
        let tag = |name| {
            let subject = Subject::Step(Cow::Borrowed(name));
            StepTag { subject, class: Class::TimedOut, part: Part::Service }
        };
        let tags = names.map(|name| tag(name).to_string());
        assert!(tags.iter().all(|tag| Tag::new(tag).is_some()), "{tags:?}");
        for (name, text) in names.into_iter().zip(&tags) {
            assert_eq!(StepTag::parse(text), Some(tag(name)));
        }
        let different: std::collections::BTreeSet<&String> = tags.iter().collect();
        assert_eq!(different.len(), names.len());
        assert_eq!(tags[1], "a%20b:timeout:service");
    }

    #[test]
    fn a_selection_is_no_step() {
        let subject = Subject::Selection(Cow::Borrowed("step:a b,scenario:{day}"));
        let tag = StepTag { subject, class: Class::Approved, part: Part::Response };
        let text = tag.to_string();
        assert_eq!(text, "{step%3Aa%20b%2Cscenario%3A%7Bday}}:approved");
        assert!(Tag::new(&text).is_some());
        assert_eq!(StepTag::parse(&text), Some(tag));
        assert_eq!(StepTag::parse("{step%3Aa:approved"), None);
    }

    #[test]
    fn tags_of_parts_come_back_and_are_none_of_a_class() {
        for (step, part) in ["sale", "a:host", "消 费"].into_iter().cycle().zip(TimePart::ALL) {
            let tag = PartTag { subject: Subject::Step(Cow::Borrowed(step)), part };
            let text = tag.to_string();
            assert!(Tag::new(&text).is_some() && StepTag::parse(&text).is_none(), "{text}");
            assert_eq!(PartTag::parse(&text), Some(tag));
        }
        assert_eq!(PartTag::parse("sale:approved"), None);
        for part in LinkPart::ALL {
            assert!(Tag::new(part.tag()).is_some() && PartTag::parse(part.tag()).is_none());
            assert_eq!(LinkPart::parse(part.tag()), Some(part));
        }
    }

    #[test]
    fn what_is_no_tag_of_a_step_is_none() {
        for tag in
            ["", "sale", "sale:maybe", LAG, "a%:approved", "a%2:approved", "a%zz:approved", "a%ff:approved"]
        {
            assert_eq!(StepTag::parse(tag), None, "{tag}");
        }
    }
}
