//! What the other end of a device saw: messages that the host of the run heard, held against the register's answer.

use crate::{
    driver::Heard,
    ecr::{Answer, Text},
    flow::{BothEnds, DeviceTimes, HostMessage, LineAnswer},
    iso8583::{BatchNo, De, Stan},
    operation::Kind,
};
use std::time::Duration;

/// What a message to the host says of a transaction that its terminal does not tell its register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Glimpse {
    /// DE 60.2.
    pub(super) batch: Option<BatchNo>,
    /// DE 11.
    pub(super) stan: Option<Stan>,
}

/// The last message of this kind, its batch and STAN.
pub(super) fn glimpse(kind: Kind, heard: &[Heard]) -> Glimpse {
    let is_of_kind = |heard: &&Heard| heard.said.message.mti == kind.form().mti;
    let Some(found) = heard.iter().rev().find(is_of_kind) else { return Glimpse::default() };
    Glimpse { batch: batch(found), stan: element(found, De::STAN).and_then(|text| text.parse().ok()) }
}

/// DE 60.2 of a message that names a batch.
pub(super) fn batch(heard: &Heard) -> Option<BatchNo> {
    let digits = element(heard, De::PRIVATE_60)?.get(2..8)?;
    digits.parse().ok().filter(|batch: &BatchNo| batch.number() > 0)
}

fn element(heard: &Heard, de: De) -> Option<&str> {
    heard.said.message.elements.get(&de).map(String::as_str)
}

/// What both ends say of a step that took `whole`, of which the line was busy for `line`.
pub(super) fn ends(
    answer: Option<&Answer>,
    heard: Option<&[Heard]>,
    whole: Duration,
    line: Duration,
) -> BothEnds {
    let host = heard.unwrap_or_default().iter().filter_map(Heard::time).sum();
    BothEnds {
        line: answer.map(line_answer),
        messages: heard.map(|heard| heard.iter().map(message).collect()),
        times: DeviceTimes::of(whole, line, host),
    }
}

fn line_answer(answer: &Answer) -> LineAnswer {
    let text = |text: &Text| String::from_utf8_lossy(&text.0).into_owned();
    LineAnswer {
        code: text(&answer.code),
        text: text(&answer.text),
        receipt: answer.receipt,
        card: answer.card.to_string(),
    }
}

fn message(heard: &Heard) -> HostMessage {
    let said = &heard.said;
    HostMessage {
        mti: said.message.mti.to_string(),
        elements: said.message.elements.iter().map(|(de, text)| (de.number(), text.clone())).collect(),
        is_authentic: said.is_authentic,
        code: said.code.map(|code| code.to_string()),
    }
}
