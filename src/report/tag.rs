//! The tags of `intervals.hlog`: which histogram is whose.
//!
//! ```text
//! tag     = subject ":" class [ ":service" ] | subject ":" ( "device" | "line" | "host" ) | "schedule_lag"
//! subject = step | "{" selector "}"
//! ```
//!
//! The subject is a step by its name, or what a threshold asked for beyond steps by its selector, such as
//! `{step%3Asale%2Cscenario%3Aday}`: in both, space, comma, colon, percent sign, opening brace and control characters are
//! "%" and two digits.

use crate::metrics::{Class, DeviceLatencies, Latency};
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

/// The tag of a histogram of where the time of a step on devices went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeviceTag<'t> {
    pub(super) subject: Subject<'t>,
    pub(super) part: DevicePart,
}

/// Where the time of a step on devices went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DevicePart {
    /// The terminal and whoever stands before it.
    Device,
    /// Bytes on the line.
    Line,
    /// The host of the run.
    Host,
}

impl DevicePart {
    pub(super) const ALL: [Self; 3] = [Self::Device, Self::Line, Self::Host];

    const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Line => "line",
            Self::Host => "host",
        }
    }

    /// Its histogram.
    pub(super) fn of(self, times: &DeviceLatencies) -> &Latency {
        match self {
            Self::Device => &times.device,
            Self::Line => &times.line,
            Self::Host => &times.host,
        }
    }

    /// Its histogram, to add to it.
    pub(super) fn of_mut(self, times: &mut DeviceLatencies) -> &mut Latency {
        match self {
            Self::Device => &mut times.device,
            Self::Line => &mut times.line,
            Self::Host => &mut times.host,
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

impl<'t> DeviceTag<'t> {
    /// Reads a tag; nothing when it is none of these.
    pub(super) fn parse(tag: &'t str) -> Option<Self> {
        let (subject, part) = tag.rsplit_once(':')?;
        let part = DevicePart::ALL.into_iter().find(|known| known.name() == part)?;
        Some(Self { subject: Subject::parse(subject)?, part })
    }
}

impl fmt::Display for DeviceTag<'_> {
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
    fn tags_of_devices_come_back_and_are_none_of_a_class() {
        for (step, part) in
            [("sale", DevicePart::Device), ("a:host", DevicePart::Line), ("消 费", DevicePart::Host)]
        {
            let tag = DeviceTag { subject: Subject::Step(Cow::Borrowed(step)), part };
            let text = tag.to_string();
            assert!(Tag::new(&text).is_some() && StepTag::parse(&text).is_none(), "{text}");
            assert_eq!(DeviceTag::parse(&text), Some(tag));
        }
        assert_eq!(DeviceTag::parse("sale:approved"), None);
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
