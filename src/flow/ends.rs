//! What both ends of a device say of a step: the terminal on its line, and its messages at the host.

use std::{collections::BTreeMap, time::Duration};

/// What both ends of a device say of the last step that it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BothEnds {
    /// What the terminal answered on its line; nothing where it did not.
    pub line: Option<LineAnswer>,
    /// What the terminal sent to the host of the run, in order; nothing where there is no such host.
    pub messages: Option<Vec<HostMessage>>,
    /// Where the time of the step went.
    pub times: DeviceTimes,
}

/// What a terminal answered on its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineAnswer {
    /// The result in the protocol's own code.
    pub code: String,
    /// What the terminal says about it.
    pub text: String,
    /// The terminal's receipt or voucher number.
    pub receipt: u32,
    /// The card, masked.
    pub card: String,
}

/// A request of the terminal as the host got it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostMessage {
    /// Its message type.
    pub mti: String,
    /// Its elements by number, card data masked.
    pub elements: BTreeMap<u8, String>,
    /// Whether its MAC holds; nothing where it has none.
    pub is_authentic: Option<bool>,
    /// DE 39 of the answer.
    pub code: Option<String>,
}

/// Where the time of a step on a device went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceTimes {
    /// Bytes were on the line, both ways.
    pub line: Duration,
    /// The host had a request and had not answered it.
    pub host: Duration,
    /// All else: the terminal and whoever stands before it.
    pub device: Duration,
}

impl DeviceTimes {
    /// Splits the time of a step.
    pub fn of(whole: Duration, line: Duration, host: Duration) -> Self {
        let line = line.min(whole);
        let host = host.min(whole - line);
        Self { line, host, device: whole - line - host }
    }
}

impl BothEnds {
    /// The message types in order, with blanks between.
    pub(super) fn mtis(&self) -> Option<String> {
        let all: Vec<&str> = self.messages.as_ref()?.iter().map(|message| message.mti.as_str()).collect();
        Some(all.join(" "))
    }

    /// `ok` where all MACs hold, `wrong` where one does not, `none` where there is none.
    pub(super) fn mac(&self) -> Option<&'static str> {
        let macs: Vec<bool> =
            self.messages.as_ref()?.iter().filter_map(|message| message.is_authentic).collect();
        Some(match macs.iter().all(|is_authentic| *is_authentic) {
            _ if macs.is_empty() => "none",
            true => "ok",
            false => "wrong",
        })
    }

    /// DE 39 of the last answer.
    pub(super) fn code(&self) -> Option<&str> {
        self.messages.as_ref()?.iter().rev().find_map(|message| message.code.as_deref())
    }

    /// An element of the last message that has it.
    pub(super) fn element(&self, number: u8) -> Option<&str> {
        self.messages
            .as_ref()?
            .iter()
            .rev()
            .find_map(|message| message.elements.get(&number))
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_time_are_never_more_than_the_whole() {
        let ms = Duration::from_millis;
        assert_eq!(
            DeviceTimes::of(ms(10), ms(3), ms(2)),
            DeviceTimes { line: ms(3), host: ms(2), device: ms(5) }
        );
        assert_eq!(
            DeviceTimes::of(ms(4), ms(3), ms(2)),
            DeviceTimes { line: ms(3), host: ms(1), device: ms(0) }
        );
        assert_eq!(
            DeviceTimes::of(ms(2), ms(3), ms(2)),
            DeviceTimes { line: ms(2), host: ms(0), device: ms(0) }
        );
    }

    #[test]
    fn one_wrong_mac_is_told() {
        let message = |is_authentic| HostMessage { is_authentic, ..HostMessage::default() };
        let mac = |all: &[Option<bool>]| {
            let messages = Some(all.iter().map(|one| message(*one)).collect());
            BothEnds { messages, ..BothEnds::default() }.mac()
        };
        assert_eq!(mac(&[None]), Some("none"));
        assert_eq!(mac(&[None, Some(true)]), Some("ok"));
        assert_eq!(mac(&[Some(false), Some(true)]), Some("wrong"));
        assert_eq!(BothEnds::default().mac(), None);
    }
}
