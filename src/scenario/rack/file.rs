//! The structs of rack files; doc comments become descriptions of the JSON Schema.

use super::super::{
    duration::{Time, TimeRange},
    named::Named,
    text::{MoneyRange, Percentage},
    words::choice,
};
use crate::rack::{Selector, SelectorError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The terminals of a lab.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    /// The version of this format.
    #[serde(rename = "schema")]
    #[schemars(range(min = 1, max = 1))]
    pub _schema: u32,
    /// The name of the lab.
    pub name: String,
    /// How pretended terminals are made.
    #[serde(default)]
    pub simulation: Simulation,
    /// The terminals.
    #[schemars(length(min = 1))]
    pub devices: Vec<Device>,
}

/// How pretended terminals are made.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Simulation {
    /// Where the links to them are; beside this file unless the path is absolute.
    pub folder: Option<String>,
    /// Takes all their chance from this number.
    pub seed: u64,
}

/// A terminal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Device {
    /// Its name in the lab.
    pub id: String,
    /// Whether it takes part.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What it speaks: `allinpay`, `df-tlv`, `zvt`, `concert`, `caisse-ap`, the name of a shipped device profile, or the
    /// file of one beside this file.
    pub driver: String,
    /// Where it is plugged in.
    pub port: Port,
    /// How its line is set; what is left out is as the protocol's documents say.
    #[serde(default)]
    pub line: Line,
    /// The register's number, where the protocol has one.
    #[schemars(range(min = 0, max = 99))]
    pub register: Option<u8>,
    /// ISO 4217, numeric; 156 without.
    #[schemars(range(min = 1, max = 999))]
    pub currency: Option<u16>,
    /// The terminal's password, where the protocol has one.
    #[schemars(range(min = 0, max = 999_999))]
    pub password: Option<u32>,
    /// Who it must say that it is.
    #[serde(default)]
    pub expect: Expect,
    /// What it can do.
    #[serde(default)]
    pub features: Vec<String>,
    /// How it is switched off and on.
    pub power: Option<Power>,
    /// Who puts cards into it; nobody without.
    #[serde(default)]
    pub cards: Cards,
    /// Where it is and whose.
    #[serde(default)]
    pub labels: Named<String>,
    /// What people should know.
    #[serde(default)]
    pub notes: String,
    /// How it behaves when it is pretended.
    #[serde(default)]
    pub simulate: Simulate,
}

/// How a line is set.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Line {
    /// Bits per second.
    pub baud: Option<u32>,
    /// The bits of a byte.
    pub bits: Option<u32>,
    /// Its check bit.
    pub parity: Option<ParityWord>,
    /// The bits after it.
    pub stop: Option<u32>,
    /// How the line "terminal ready" is set when the port is opened; as the system does without.
    pub dtr: Option<bool>,
    /// How the line "request to send" is set when the port is opened; as the system does without.
    pub rts: Option<bool>,
    /// Whether what came before the port was opened is thrown away; it is without.
    pub drain: Option<bool>,
}

choice! {
    /// The check bit of a byte.
    ParityWord {
        /// There is none.
        None = "none",
        /// It makes the number of ones odd.
        Odd = "odd",
        /// It makes the number of ones even.
        Even = "even",
    }
}

choice! {
    /// What a register asks for.
    ServiceWord {
        /// Take money.
        Sale = "sale",
        /// Undo an earlier sale.
        Void = "void",
        /// Give money back.
        Refund = "refund",
        /// Sign in, or register.
        SignIn = "sign-in",
        /// Close the day or the batch.
        Settlement = "settlement",
    }
}

/// Who a terminal must say that it is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Expect {
    /// The terminal id, DE 41.
    pub terminal: Option<String>,
    /// The maker's serial number.
    pub serial_number: Option<String>,
}

/// How a terminal is switched off and on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Power {
    /// The program and its arguments that switch it off.
    #[schemars(length(min = 1))]
    pub off: Vec<String>,
    /// The program and its arguments that switch it on.
    #[schemars(length(min = 1))]
    pub on: Vec<String>,
    /// How long its port may take to vanish and to come back.
    pub within: Option<Time>,
}

/// Who puts cards into a terminal before money is asked for: at most one of them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Cards {
    /// A person: asked on the console, in the dashboard or by `posfleet ctl`.
    pub operator: bool,
    /// A program and its arguments; card and device come behind them.
    pub command: Vec<String>,
    /// The address of a robot: `http://…`.
    pub robot: Option<String>,
}

/// How a pretended terminal behaves.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Simulate {
    /// How long the customer takes.
    pub think: Option<TimeRange>,
    /// What it refuses; the first that fits decides.
    pub refuse: Vec<Refuse>,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// Whether its messages to the host go through the register's line.
    pub relay: bool,
    /// The firmware that it tells, where its protocol has a word for that.
    pub firmware: String,
}

/// What a pretended terminal refuses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Refuse {
    /// These amounts; all without.
    pub amount: Option<MoneyRange>,
    /// This service; all that move money without.
    pub service: Option<ServiceWord>,
    /// The protocol's own code of the refusal.
    pub code: Option<String>,
}

/// What goes wrong, and how often.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Faults {
    /// A transmission is lost.
    pub drop: Option<Percentage>,
    /// One bit of it is turned.
    pub flip: Option<Percentage>,
    /// It comes in two parts.
    pub split: Option<Percentage>,
    /// It comes twice.
    pub double: Option<Percentage>,
    /// An ACK becomes a NAK.
    pub nak: Option<Percentage>,
    /// It comes late.
    pub late_ack: Option<Percentage>,
    /// The terminal says nothing for some seconds.
    pub silence: Option<Percentage>,
    /// The line breaks in the middle of it.
    pub hang_up: Option<Percentage>,
    /// Bytes that mean nothing come first.
    pub garbage: Option<Percentage>,
    /// The terminal starts anew at a request.
    pub reboot: Option<Percentage>,
    /// The terminal refuses a request: its battery is low.
    pub battery_low: Option<Percentage>,
}

/// Where a device is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port(pub Selector);

impl FromStr for Port {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

super::super::text::text_form!(
    Port,
    "port",
    "A path below `/dev`, `usb:VID:PID:SERIAL`, `location:BUS-PORT`, `tcp:HOST:PORT` or `sim:NAME`."
);

fn yes() -> bool {
    true
}
