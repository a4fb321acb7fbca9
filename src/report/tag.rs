//! The tags of `intervals.hlog`: which histogram is whose.
//!
//! ```text
//! tag  = step ":" class [ ":service" ] | "schedule_lag"
//! step = its name, in which space, comma, colon, percent sign and control characters are "%" and two digits
//! ```

use crate::metrics::Class;
use std::{borrow::Cow, fmt};

/// The tag of the schedule's lag, the last of every interval.
pub(super) const LAG: &str = "schedule_lag";

/// The tag of a step's histogram.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct StepTag<'t> {
    pub(super) step: Cow<'t, str>,
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

impl<'t> StepTag<'t> {
    /// Reads a tag; nothing when it is not that of a step.
    pub(super) fn parse(tag: &'t str) -> Option<Self> {
        let (tag, part) = match tag.strip_suffix(":service") {
            Some(tag) => (tag, Part::Service),
            None => (tag, Part::Response),
        };
        let (step, class) = tag.rsplit_once(':')?;
        let class = Class::ALL.into_iter().find(|known| known.name() == class)?;
        Some(Self { step: unescaped(step)?, class, part })
    }
}

impl fmt::Display for StepTag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.step.chars().try_for_each(|c| match c {
            ' ' | ',' | ':' | '%' | '\0'..='\x1f' => write!(f, "%{:02X}", u32::from(c)),
            _ => write!(f, "{c}"),
        })?;
        write!(f, ":{}", self.class.name())?;
        f.write_str(if self.part == Part::Service { ":service" } else { "" })
    }
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
            ["sale", "a b", "a,b", "a:b", "a%b", "a%20b", "消费", "a\r\nb", "a:approved", "a:service"];
        let tag = |name| StepTag { step: Cow::Borrowed(name), class: Class::TimedOut, part: Part::Service };
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
    fn what_is_no_tag_of_a_step_is_none() {
        for tag in
            ["", "sale", "sale:maybe", LAG, "a%:approved", "a%2:approved", "a%zz:approved", "a%ff:approved"]
        {
            assert_eq!(StepTag::parse(tag), None, "{tag}");
        }
    }
}
