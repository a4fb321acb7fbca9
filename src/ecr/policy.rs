//! How a link behaves: who acknowledges what, timers and repeats, with the values of the protocols that are known.

use super::signal;
use std::time::Duration;

/// Which end of the line a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The cash register.
    Register,
    /// The payment terminal.
    Terminal,
}

/// What single bytes go with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signalling {
    /// None: the answer is the acknowledgement.
    Bare,
    /// The terminal acknowledges what the register sends, and not the other way round.
    ByTerminal,
    /// Both sides answer every frame with ACK or NAK.
    Acknowledged,
    /// Every frame has a session of its own: ENQ, ACK, frame, ACK, EOT.
    Session,
}

/// The bytes that stand alone between frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals {
    /// Understood.
    pub ack: u8,
    /// Not understood, or not now.
    pub nak: u8,
    /// Are you there, and may I send?
    pub enq: u8,
    /// The line is free.
    pub eot: u8,
}

impl Signals {
    /// The control characters of ASCII.
    pub const ASCII: Self = Self { ack: signal::ACK, nak: signal::NAK, enq: signal::ENQ, eot: signal::EOT };

    /// All of them.
    pub fn all(self) -> [u8; 4] {
        [self.ack, self.nak, self.enq, self.eot]
    }
}

/// Timers and repeats of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPolicy {
    /// What goes with a frame.
    pub signalling: Signalling,
    /// Which bytes those are.
    pub signals: Signals,
    /// T1: the longest silence inside a frame.
    pub gap: Duration,
    /// T2: how long to wait for an acknowledgement.
    pub acknowledgement: Duration,
    /// How often a frame or an enquiry is sent again.
    pub repeats: u8,
}

impl LinkPolicy {
    /// No acknowledgements: AllinPay. Nobody says a frame again that was given up, and so it is waited for patiently.
    pub const BARE: Self = Self {
        signalling: Signalling::Bare,
        signals: Signals::ASCII,
        gap: Duration::from_secs(2),
        acknowledgement: Duration::from_secs(5),
        repeats: 0,
    };

    /// No acknowledgements, and silence ends a message: Caisse-AP on TCP.
    pub const SILENCE: Self = Self { gap: T1, ..Self::BARE };

    /// TCP: segments may come late, the stream keeps its place.
    pub const TCP: Self = Self { gap: Duration::from_secs(5), ..Self::BARE };

    /// A single ACK of the terminal before its answer, which nobody acknowledges: DF-TLV.
    pub const BY_TERMINAL: Self = Self {
        signalling: Signalling::ByTerminal,
        gap: Duration::from_secs(1),
        acknowledgement: Duration::from_secs(2),
        repeats: 2,
        ..Self::BARE
    };

    /// ZVT on a serial line: T1 200 ms, T2 5 s, two repeats (PA00P016).
    pub const ZVT: Self = Self { signalling: Signalling::Acknowledged, gap: T1, repeats: 2, ..Self::BARE };

    /// Concert: a session for every frame. T2 is the 3 s of the slowest known client: signals carry no number, so an
    /// ACK that comes after T2 would be taken for that of the repeat, and a lost frame for a delivered one.
    pub const CONCERT: Self = Self {
        signalling: Signalling::Session,
        gap: T1,
        acknowledgement: Duration::from_secs(3),
        repeats: 3,
        ..Self::BARE
    };
}

/// The longest silence inside a frame that is said again when it is refused.
const T1: Duration = Duration::from_millis(200);
