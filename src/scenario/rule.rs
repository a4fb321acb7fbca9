//! The rules of the host in the file format: which requests each is about, and what happens to them.

use super::{
    duration::{Time, TimeRange},
    named::Named,
    text::{MoneyRange, Percentage},
    words::{Drop, Fault},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mood of the host: one of `respond`, `decline`, `drop`, `fault` and `restart`, or a `delay`, or both.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Which requests it is about; without it all.
    #[serde(default)]
    pub when: When,
    /// Answers with this code and does nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond: Option<String>,
    /// Refuses with this code, or with a usual one by chance: `random`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<String>,
    /// Does its work, or what else the rule says, and answers so much later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// Loses the request on its way in, or the response on its way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Drop>,
    /// Does its work and answers wrongly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Does its work, goes down before it answers, and takes no connection for so long; work keys are lost, books not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Time>,
}

/// Which requests a rule is about; all conditions must hold.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct When {
    /// The message type: `0200`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mti: Option<String>,
    /// DE 3: `000000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing_code: Option<String>,
    /// The operation by the name of its step, `sale`, or `reversal`, `script-result`, `batch-upload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The amount, or a range of amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyRange>,
    /// The first digits of the card number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// DE 41; `*` stands for any characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// DE 42; `*` stands for any characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// Any elements by their numbers: a text with `*`, a range of numbers, or whether it is there (`true`, `false`).
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub de: Named<String>,
    /// From so long after the start on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Time>,
    /// Until so long after the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Time>,
    /// For so long from `after` on.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Time>,
    /// Every so manieth of them: 3 is the third, the sixth, and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub every: Option<u64>,
    /// Only so many of them, by chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<Percentage>,
    /// No more than so many altogether.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub first: Option<u64>,
}

/// How much later an answer comes.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Delay {
    /// A time, or a range of times.
    Range(TimeRange),
    /// A distribution.
    By(Distribution),
}

/// A distribution of times; one of them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Distribution {
    /// The bell curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normal: Option<Spread>,
    /// As between independent events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponential: Option<Mean>,
    /// As answers of busy hosts: many quick ones, a few that take very long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lognormal: Option<Spread>,
}

/// A mean and how far times spread around it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spread {
    /// The mean.
    pub mean: Time,
    /// The standard deviation.
    pub sd: Time,
}

/// A mean.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mean {
    /// The mean.
    pub mean: Time,
}
