//! The inventory of a lab: what stands where, and what is expected of it.

use super::{line::LineSettings, protocol::Speaker, selector::Selector, simulation::Simulation};
use crate::ecr::Answer;
use std::{path::PathBuf, time::Duration};

/// The devices of a lab.
#[derive(Clone, Debug)]
pub struct Rack {
    /// Its name.
    pub name: String,
    /// Where the links to pretended terminals are.
    pub sim_folder: PathBuf,
    /// Takes all chance of pretended terminals from this number.
    pub seed: u64,
    /// The devices in the order of the file, those that are switched off too.
    pub devices: Vec<Device>,
}

/// One terminal on one port.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name in the lab.
    pub id: String,
    /// Whether it takes part.
    pub is_enabled: bool,
    /// What it speaks.
    pub speaker: Speaker,
    /// Where it is plugged in.
    pub port: Selector,
    /// How its line is set.
    pub line: LineSettings,
    /// Who it must say that it is.
    pub expected: Expected,
    /// What it can do, in the lab's own words: `contactless`, `printer`.
    pub features: Vec<String>,
    /// How it is switched off and on.
    pub power: Option<Power>,
    /// Where its cards come from.
    pub cards: CardSource,
    /// Where it is and whose, in the lab's own words.
    pub labels: Vec<(String, String)>,
    /// What people should know.
    pub notes: String,
    /// How it behaves when it is pretended.
    pub simulation: Simulation,
}

/// Who a terminal must say that it is; nothing is asked for what is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The terminal id, DE 41.
    pub terminal: Option<String>,
    /// The maker's serial number.
    pub serial_number: Option<String>,
}

impl Expected {
    /// What is expected and what is told instead, the first of them; `None` when nothing speaks against the device.
    pub fn mismatch(&self, answer: &Answer) -> Option<(String, String)> {
        let pairs = [(&self.terminal, &answer.terminal), (&self.serial_number, &answer.serial_number)];
        pairs.into_iter().find_map(|(expected, told)| {
            let expected = expected.as_ref().filter(|expected| expected.as_bytes() != told.0)?;
            let told = if told.0.is_empty() { "nobody".into() } else { told.0.escape_ascii().to_string() };
            Some((expected.clone(), told))
        })
    }
}

/// Whose fault it is that a case did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The terminal's: it was reached, and did not do what it must.
    Device,
    /// The lab's: port, cable, lease, power, the wrong terminal in the slot.
    Infrastructure,
    /// The scenario's: it asked for what cannot be.
    Scenario,
}

impl FailureClass {
    /// Its word in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Infrastructure => "infrastructure",
            Self::Scenario => "scenario",
        }
    }
}

/// How a device is switched off and on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Power {
    /// The program and its arguments that switch it off.
    pub off: Vec<String>,
    /// The program and its arguments that switch it on.
    pub on: Vec<String>,
    /// How long its port may take to vanish and to come back.
    pub within: Duration,
}

/// Who puts cards into a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CardSource {
    /// Nobody: the terminal has one, or the customer is pretended.
    #[default]
    Nobody,
    /// A person, who is asked.
    Operator,
    /// A program, which gets the card and the slot.
    Command(Vec<String>),
    /// A robot, which is asked over HTTP.
    Robot(String),
}

/// Host, port and path of an address such as `http://robot:8080/cards`; `None` when it is none.
pub fn http_address(url: &str) -> Option<(&str, u16, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are inside of its brackets.
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok().filter(|port| *port > 0)?),
        _ => (authority, HTTP),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_path = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@');
    (is_host && is_path).then_some((host, port, if path.is_empty() { "/" } else { path }))
}

const HTTP: u16 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_host_port_and_path() {
        for (url, parts) in [
            ("http://robot", Some(("robot", 80, "/"))),
            ("http://robot:8080/cards?rack=2", Some(("robot", 8080, "/cards?rack=2"))),
            ("http://[::1]:99/", Some(("::1", 99, "/"))),
            ("http://[::1]/", Some(("::1", 80, "/"))),
            ("https://robot/", None),
            ("http://", None),
            ("http://robot:0/", None),
            ("http://robot:x/", None),
            ("http://user@robot/", None),
            ("http://robot/a b", None),
        ] {
            assert_eq!(http_address(url), parts, "{url}");
        }
    }
}
