//! The structs of device profiles; doc comments become descriptions of the JSON Schema.

use super::{
    super::{duration::Time, named::Named, words::choice},
    file::{Line, ServiceWord},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a terminal speaks, without a line of Rust.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProfileFile {
    /// The version of this format.
    #[serde(rename = "schema")]
    #[schemars(range(min = 1, max = 1))]
    pub _schema: u32,
    /// The name of the protocol.
    pub name: String,
    /// Whose terminals speak it.
    #[serde(default)]
    pub description: String,
    /// How their lines are set.
    #[serde(default)]
    pub line: Line,
    /// How a message travels.
    pub frame: FrameFile,
    /// Who acknowledges what.
    #[serde(default)]
    pub link: LinkFile,
    /// In which characters people are told something.
    #[serde(default)]
    pub charset: CharsetWord,
    /// Names of values of its own: what one message tells, a later one may say.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub variables: Vec<String>,
    /// The messages: text with values in braces, or such texts behind tags.
    pub messages: Named<MessageFile>,
    /// What asks for each service, and what answers.
    pub exchanges: Named<ExchangeFile>,
    /// How the terminal is asked what its last transaction was.
    pub last: Option<ExchangeFile>,
    /// The message that has the terminal give up what it does.
    pub abort: Option<String>,
    /// Messages that are answered at once.
    #[serde(default)]
    pub replies: Vec<ReplyFile>,
    /// What the terminal says when nothing else is said.
    pub heartbeat: Option<HeartbeatFile>,
    /// Values that no record may show, and how much of each is hidden. `card` is hidden where nothing is said.
    #[serde(default)]
    pub secrets: Named<SecrecyWord>,
}

choice! {
    /// How much of a value is hidden.
    SecrecyWord {
        /// It is the number of a card: all but its first six and last four digits.
        Card = "card",
        /// All of it.
        Whole = "whole",
    }
}

/// How a message travels.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FrameFile {
    /// A frame that is known; what else is said here changes it.
    pub preset: Option<Preset>,
    /// The bytes that begin it, in hexadecimal digits.
    pub start: Option<String>,
    /// How its length is written; without one, the end bytes end it.
    pub length: Option<LengthFile>,
    /// The byte that the message doubles, in two hexadecimal digits.
    pub escape: Option<String>,
    /// The bytes that end it, in hexadecimal digits.
    pub end: Option<String>,
    /// Its check bytes.
    pub check: Option<CheckFile>,
    /// The bytes behind the check bytes, in hexadecimal digits.
    pub tail: Option<String>,
    /// The bytes that stand alone between frames, in hexadecimal digits.
    pub signals: Option<String>,
    /// The longest message, in bytes.
    #[schemars(range(min = 1, max = 65_535))]
    pub max: Option<u32>,
    /// What bytes between frames are that are no signals.
    pub stray: Option<StrayWord>,
}

choice! {
    /// What bytes between frames are that are no signals.
    StrayWord {
        /// Nothing.
        Ignore = "ignore",
        /// A frame that was hit: it is refused with NAK where frames are.
        Refuse = "refuse",
    }
}

choice! {
    /// In which characters people are told something.
    CharsetWord {
        /// Bytes as they are.
        Bytes = "bytes",
        /// UTF-8.
        Utf8 = "utf-8",
        /// GBK.
        Gbk = "gbk",
        /// ISO 8859-15.
        Latin9 = "iso-8859-15",
        /// IBM code page 437.
        Cp437 = "cp437",
    }
}

choice! {
    /// A frame that is known.
    Preset {
        /// `STX text ETX LRC`: Transbank, PAX, Concert.
        StxLrc = "stx-lrc",
        /// `STX length data ETX LRC`, the length in decimal digits.
        StxBcd = "stx-bcd",
        /// `DLE STX data DLE ETX CRC`: ZVT.
        Zvt = "zvt",
        /// The frame of iSelf.
        Iself = "iself",
        /// `55 AA … CC 33`.
        Wiseasy = "wiseasy",
        /// `STX text ETX` and eight check bytes.
        Ghl = "ghl",
    }
}

/// How the length of a message is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LengthFile {
    /// How it is written.
    pub form: LengthWord,
    /// In so many bytes; one for `escaped`, which has three where it must.
    #[schemars(range(min = 1, max = 8))]
    pub bytes: u8,
    /// So many bytes it counts besides those of the message behind it: itself, end bytes, check bytes.
    #[serde(default)]
    #[schemars(range(min = 0, max = 64))]
    pub adds: u8,
    /// So many bytes of the message come before it and are not counted.
    #[serde(default)]
    #[schemars(range(min = 0, max = 64))]
    pub after: u8,
}

choice! {
    /// How a length is written.
    LengthWord {
        /// Two decimal digits in a byte.
        Bcd = "bcd",
        /// Highest byte first.
        BigEndian = "big-endian",
        /// Lowest byte first.
        LittleEndian = "little-endian",
        /// Decimal digits.
        Ascii = "ascii",
        /// A decimal digit in the low half of each byte, F in the high one.
        Nibbles = "nibbles",
        /// One byte up to FE; or FF and two bytes, lowest first.
        Escaped = "escaped",
    }
}

/// Check bytes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CheckFile {
    /// How they are computed.
    pub kind: CheckWord,
    /// What is added to an exclusive or in the end, in two hexadecimal digits.
    pub post: Option<String>,
    /// Which of two bytes comes first: the lowest for `kermit`, the highest for the others where nothing is said.
    pub order: Option<OrderWord>,
    /// What they cover besides the message.
    #[serde(default)]
    pub covers: Vec<CoverWord>,
}

choice! {
    /// Which of two bytes comes first.
    OrderWord {
        /// The highest.
        High = "high-first",
        /// The lowest.
        Low = "low-first",
    }
}

choice! {
    /// How check bytes are computed.
    CheckWord {
        /// There are none.
        None = "none",
        /// One byte, the exclusive or of all: LRC.
        Xor = "xor",
        /// One byte, the sum of all.
        Sum = "sum",
        /// Two bytes, CRC-16/KERMIT, lowest first.
        Kermit = "kermit",
        /// Two bytes, CRC-16/XMODEM.
        Xmodem = "xmodem",
        /// Two bytes, the same from FFFF.
        CcittFalse = "ccitt-false",
        /// Eight bytes, each the exclusive or of every eighth.
        XorColumns = "xor-columns",
    }
}

choice! {
    /// What check bytes cover besides the message.
    CoverWord {
        /// The bytes that begin the frame.
        Start = "start",
        /// The length.
        Length = "length",
        /// The last of the bytes that end the frame.
        End = "end",
    }
}

/// Who acknowledges what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct LinkFile {
    /// Who answers a frame with ACK or NAK.
    pub acknowledge: AcknowledgeWord,
    /// The longest silence inside a frame.
    pub gap: Option<Time>,
    /// How long an acknowledgement may take.
    pub timeout: Option<Time>,
    /// How often a frame is sent again.
    pub repeats: Option<u8>,
    /// What makes a message the one before once more.
    pub duplicates: DuplicateWord,
    /// The bytes that stand alone between frames, where they are not those of ASCII.
    pub signals: SignalsFile,
}

/// The bytes that stand alone between frames, each in two hexadecimal digits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct SignalsFile {
    /// Understood; 06 without.
    pub ack: Option<String>,
    /// Not understood, or not now; 15 without.
    pub nak: Option<String>,
    /// Are you there, and may I send? 05 without.
    pub enq: Option<String>,
    /// The line is free; 04 without.
    pub eot: Option<String>,
}

choice! {
    /// What makes a message the one before once more.
    DuplicateWord {
        /// The same bytes while an acknowledgement may still have been lost.
        Content = "content",
        /// Its `{sequence}`, too.
        Sequence = "sequence",
    }
}

choice! {
    /// Who answers a frame with ACK or NAK.
    AcknowledgeWord {
        /// Nobody: the answer is the acknowledgement.
        None = "none",
        /// The terminal.
        Terminal = "terminal",
        /// Both.
        Both = "both",
        /// Both, in a session of its own for every frame: ENQ, ACK, frame, ACK, EOT.
        Session = "session",
    }
}

/// A message: text with values in braces, or such texts behind tags.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum MessageFile {
    /// `0200|{amount}|{id}|`; a brace of the message itself is written twice.
    Row(String),
    /// Behind tags.
    Tags(TagsFile),
}

/// Texts behind tags.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TagsFile {
    /// How lengths are written.
    pub tags: CodingWord,
    /// How many bytes a tag has; two without, and one with `tags: table`.
    #[schemars(range(min = 1, max = 4))]
    pub width: Option<u8>,
    /// How lengths are written when neither of the two is right.
    pub length: Option<LengthFile>,
    /// With `tags: table`: how the length behind each tag is known.
    pub lengths: Option<LengthsFile>,
    /// The text before the first tag; its values have a width.
    pub head: Option<String>,
    /// How the length of all that follows is written behind `head`.
    pub count: Option<LengthFile>,
    /// The text between that length and the first tag; its values have a width.
    pub fixed: Option<String>,
    /// Each tag, in hexadecimal digits, with its text or the tags inside of it.
    pub fields: Named<MessageFile>,
}

choice! {
    /// How tags and the lengths behind them are written.
    CodingWord {
        /// Lengths of two bytes, highest first.
        Flat = "flat",
        /// Lengths as in BER.
        Ber = "ber",
        /// Tags and lengths as in BER: a tag has as many bytes as it says.
        BerTags = "ber-tags",
        /// Each tag has a length of its own, as `lengths` says.
        Table = "table",
    }
}

/// How the length behind each tag is known.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum LengthsFile {
    /// As somebody has written down already.
    Known(KnownWord),
    /// By tag, in hexadecimal digits.
    Own(Named<FieldLengthFile>),
}

choice! {
    /// A table of lengths that is known.
    KnownWord {
        /// The bitmaps of ZVT.
        Zvt = "zvt",
    }
}

/// How the length behind one tag is known.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum FieldLengthFile {
    /// So many bytes, which stand nowhere.
    Fixed(u16),
    /// As in BER.
    Word(BerWord),
    /// As it is written before the value.
    Written(LengthFile),
}

choice! {
    /// A length as in BER.
    BerWord {
        /// One byte, or 81 and one, or 82 and two.
        Ber = "ber",
    }
}

/// What asks, and what answers: one step, or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExchangeFile {
    /// The message that asks.
    pub send: Option<String>,
    /// The messages that may answer, the first that fits; without any, the acknowledgement is the answer.
    #[serde(default)]
    pub expect: Vec<ExpectFile>,
    /// How long the answer may take.
    pub within: Option<Time>,
    /// What silence means.
    #[serde(default)]
    pub on_timeout: TimeoutWord,
    /// In place of all that: one step after the other.
    #[serde(default)]
    pub steps: Vec<StepFile>,
}

/// One step: one of `send`, `prompt`, `powerCycle` and `reconnect`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StepFile {
    /// The message that is said.
    pub send: Option<String>,
    /// What a person is to do.
    pub prompt: Option<String>,
    /// Whether the terminal is switched off and on.
    #[serde(default)]
    pub power_cycle: bool,
    /// Whether the port is closed and opened anew.
    #[serde(default)]
    pub reconnect: bool,
    /// The messages that may answer, the first that fits; without any, the acknowledgement is the answer.
    #[serde(default)]
    pub expect: Vec<ExpectFile>,
    /// How long it may take.
    pub within: Time,
    /// What silence means.
    #[serde(default)]
    pub on_timeout: TimeoutWord,
}

choice! {
    /// What silence means.
    TimeoutWord {
        /// The answer is lost: the terminal is asked what its last transaction was.
        Lost = "lost",
        /// The step is done once more.
        Again = "again",
        /// The next step follows.
        Next = "next",
    }
}

/// A message that may answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectFile {
    /// The message.
    pub message: String,
    /// Whether the terminal is still at it: the time begins anew.
    #[serde(default)]
    pub wait: bool,
    /// What follows, when it is neither the end nor a wait.
    pub then: Option<ThenWord>,
    /// The codes that mean yes; all others mean no.
    #[serde(default)]
    pub approved: Vec<String>,
    /// The message that answers it.
    pub reply: Option<String>,
    /// The values that must be those that were told before: what contradicts them, but for a refusal, is no answer.
    #[serde(default)]
    pub same: Vec<String>,
}

choice! {
    /// What follows a message.
    ThenWord {
        /// The next step.
        Next = "next",
        /// Its `{line}` is printed, and more may come.
        Print = "print",
        /// Its `{relay}` is carried to the host at `{host}` and `{port}`; the reply carries the answer back.
        Relay = "relay",
    }
}

/// A message that is answered at once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReplyFile {
    /// The message that is heard.
    pub to: String,
    /// The message that answers it.
    pub with: String,
}

/// What the terminal says when nothing else is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HeartbeatFile {
    /// The message.
    pub message: String,
    /// How often.
    pub every: Time,
}

/// The word of a service in `exchanges`.
pub(super) fn service_words() -> impl Iterator<Item = (Option<ServiceWord>, &'static str)> {
    let own = ServiceWord::ALL.iter().map(|(word, name)| (Some(*word), *name));
    own.chain([(None, STATUS)])
}

/// The exchange that asks a terminal how it is.
const STATUS: &str = "status";
