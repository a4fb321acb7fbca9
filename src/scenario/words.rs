//! The choices of the file format and their words; doc comments become descriptions of the JSON Schema.

use crate::load::Profile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

impl Executor {
    /// The word in scenario files.
    pub fn word(self) -> &'static str {
        word(Self::ALL, self)
    }
}

impl ProfileName {
    /// The shape it stands for.
    pub fn shape(self) -> Profile {
        match self {
            Self::Smoke => Profile::Smoke,
            Self::Load => Profile::Load,
            Self::Stress => Profile::Stress,
            Self::Spike => Profile::Spike,
            Self::Soak => Profile::Soak,
            Self::Breakpoint => Profile::Breakpoint,
        }
    }
}

impl TerminalKind {
    /// The word in scenario files.
    pub fn word(self) -> &'static str {
        word(Self::ALL, self)
    }
}

impl SpecName {
    /// The word in scenario files.
    pub fn word(self) -> &'static str {
        word(Self::ALL, self)
    }
}

fn word<T: PartialEq>(all: &[(T, &'static str)], wanted: T) -> &'static str {
    all.iter().find(|(known, _)| *known == wanted).map_or("?", |(_, word)| word)
}

/// Declares a choice of the file format with its kebab-case words; the first one is the default.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them with their words in scenario files.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $word)),+];
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ALL[0].0
            }
        }
    };
}
pub(super) use choice;

choice! {
    /// What kind of terminal.
    TerminalKind {
        /// A smart terminal: all that an e-sign terminal does, contactless, and payment by code both ways.
        Smart = "smart",
        /// A portable terminal that takes the signature on its screen and uploads it.
        ESign = "e-sign",
        /// A terminal for stripe and chip that prints its receipts.
        Traditional = "traditional",
    }
}
choice! {
    /// When connections are made, and whose they are.
    Strategy {
        /// For every operation anew.
        PerTransaction = "per-transaction",
        /// Once for every terminal, and again when the connection is lost.
        LongLived = "long-lived",
        /// A few for all terminals of a shard; answers find their terminal by what is in them.
        Shared = "shared",
    }
}
choice! {
    /// A dialect of the messages.
    SpecName {
        /// UnionPay terminals, China.
        Unionpay = "unionpay",
        /// ISO 8583:1987 in ASCII.
        Iso87Ascii = "iso87-ascii",
        /// ISO 8583:1987 in BCD and binary.
        Iso87Binary = "iso87-binary",
    }
}
choice! {
    /// Which work keys a sign-in asks for.
    Keys {
        /// Double-length PIN key.
        DoubleDes = "double-des",
        /// Single-length keys.
        SingleDes = "single-des",
        /// Double-length PIN key, and a track key.
        DoubleDesTrack = "double-des-track",
        /// SM4 keys.
        Sm4 = "sm4",
    }
}
choice! {
    /// How the MAC is computed.
    Mac {
        /// The UnionPay ECB algorithm.
        UnionpayEcb = "unionpay-ecb",
        /// ANSI X9.9.
        X99 = "x99",
        /// ANSI X9.19.
        X919 = "x919",
        /// PBOC.
        Pboc = "pboc",
        /// CBC with SM4.
        Sm4Cbc = "sm4-cbc",
    }
}
choice! {
    /// How the MAC is written into DE 64.
    MacFormName {
        /// Eight hexadecimal characters.
        Ascii8 = "ascii8",
        /// Four bytes and four zero bytes.
        Raw4 = "raw4",
        /// Eight bytes.
        Raw8 = "raw8",
    }
}
choice! {
    /// How the PIN becomes DE 52.
    PinBlock {
        /// With the PAN (ISO format 0).
        WithPan = "with-pan",
        /// Without the PAN.
        WithoutPan = "without-pan",
    }
}
choice! {
    /// In which order cards are drawn.
    CardOrder {
        /// One after the other, and round again.
        Sequential = "sequential",
        /// Any card each time.
        Random = "random",
    }
}
choice! {
    /// The law by which iterations start.
    Executor {
        /// Open: so many iterations in a time.
        ConstantArrivalRate = "constant-arrival-rate",
        /// Open: a rate that follows stages.
        RampingArrivalRate = "ramping-arrival-rate",
        /// Closed: so many terminals, each as fast as it can.
        ConstantTerminals = "constant-terminals",
        /// Closed: every terminal so many times.
        PerTerminalIterations = "per-terminal-iterations",
        /// Closed: a number of terminals that follows stages, each as fast as it can.
        RampingTerminals = "ramping-terminals",
        /// Closed: so many iterations of all terminals together.
        SharedIterations = "shared-iterations",
        /// Open: so many iterations at one instant.
        AtOnce = "at-once",
        /// Open: at the instants that a file lists.
        Replay = "replay",
        /// Closed: every terminal goes through cases, each with a result of its own.
        Cases = "cases",
        /// Open: at a rate that is raised and lowered until the highest one is found that the target keeps up with.
        Search = "search",
    }
}
choice! {
    /// What becomes of an arrival that finds no terminal free, or `maxInFlight` iterations under way.
    OnSaturation {
        /// It is dropped, and counted.
        Drop = "drop",
        /// It waits for its turn, and keeps the instant at which it was due.
        Queue = "queue",
        /// The run ends.
        Abort = "abort",
    }
}
choice! {
    /// The usual shapes of a load test.
    ProfileName {
        /// A twentieth of the rate.
        Smoke = "smoke",
        /// Up, the rate, down.
        Load = "load",
        /// In steps up to one and a half times the rate, and back.
        Stress = "stress",
        /// A tenth of the rate, all of it at once, a tenth again.
        Spike = "spike",
        /// The rate, with short ramps.
        Soak = "soak",
        /// One line from nothing to the rate.
        Breakpoint = "breakpoint",
    }
}
choice! {
    /// How arrivals spread within a rate.
    Arrival {
        /// Independent of each other.
        Poisson = "poisson",
        /// Evenly.
        Uniform = "uniform",
    }
}
choice! {
    /// What the host makes of cards that it does not know.
    UnknownCards {
        /// Takes any number whose check digit holds.
        Accept = "accept",
        /// Declines with 14.
        Decline = "decline",
    }
}
choice! {
    /// The length of the MAC key.
    MacKey {
        /// 8 bytes.
        Single = "single",
        /// 16 bytes.
        Double = "double",
    }
}
choice! {
    /// When the host closes a batch that balances.
    Closing {
        /// At once.
        WhenBalanced = "when-balanced",
        /// By the end message, or by the first message of the next batch.
        AtEnd = "at-end",
    }
}
choice! {
    /// Where the host keeps its books.
    LedgerPlace {
        /// In memory: they are gone with the run.
        Memory = "memory",
        /// On disk, in `ledger` of the results folder; approvals leave once they are there.
        Durable = "durable",
    }
}
choice! {
    /// What gets lost.
    Drop {
        /// The request: the host never sees it.
        Request = "request",
        /// The response: the host has done its work.
        Response = "response",
    }
}
choice! {
    /// How the host answers wrongly.
    Fault {
        /// Closes the connection instead.
        Close = "close",
        /// Twice.
        Duplicate = "duplicate",
        /// With a wrong MAC.
        WrongMac = "wrong-mac",
        /// With bytes that are no message.
        Garbage = "garbage",
        /// With the first half of the answer.
        HalfFrame = "half-frame",
        /// With a frame longer than any that exists.
        Oversized = "oversized",
        /// With the answer to another terminal's question first.
        Stray = "stray",
        /// With a few bits turned.
        Corrupt = "corrupt",
    }
}
choice! {
    /// How a card is read.
    Entry {
        /// Contact chip.
        Chip = "chip",
        /// Contactless chip.
        Contactless = "contactless",
        /// Magnetic stripe.
        Stripe = "stripe",
        /// Keyed by hand.
        Keyed = "keyed",
    }
}
choice! {
    /// What a time-out or an error of a step means for the rest of the iteration.
    OnError {
        /// The iteration ends.
        Abort = "abort",
        /// The next step is done all the same.
        Continue = "continue",
    }
}
choice! {
    /// What a host gets wrong on purpose: every answer looks right.
    Bug {
        /// Reversals are answered with 00, and the money stays where it is.
        ForgetsReversal = "forgets-reversal",
        /// Every sale is booked a second time.
        BooksTwice = "books-twice",
        /// Voids are answered with 00 and not booked.
        IgnoresVoid = "ignores-void",
        /// Sales are booked for another terminal and its merchant.
        SettlesToNeighbour = "settles-to-neighbour",
        /// Sales are booked with one minor unit too much.
        WrongAmount = "wrong-amount",
    }
}
choice! {
    /// A review that somebody does.
    ByHand {
        /// Somebody decides, at the console of the host.
        ByHand = "by-hand",
    }
}
choice! {
    /// How merchants are paid.
    Payment {
        /// On the day after the settlement, in one sum.
        NextDay = "next-day",
        /// At once, by transaction.
        Instant = "instant",
    }
}
choice! {
    /// What an unbinding does about payouts that are ordered, but not made.
    OpenPayouts {
        /// It is refused, as with an unsettled balance.
        Refuse = "refuse",
        /// They are made at once, to the old card.
        PayFirst = "pay-first",
    }
}
