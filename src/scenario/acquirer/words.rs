//! The choices of profile files and their words; doc comments become descriptions of the JSON Schema.

use crate::{
    iso8583::{Align, BitmapCoding, Charset, Content, LengthCoding, MtiCoding, PrefixCoding, Unit},
    operation::Kind,
    scenario::words::choice,
    terminal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choice! {
    /// The dialect that a profile changes.
    Base {
        /// UnionPay terminals, China.
        Unionpay = "unionpay",
        /// ISO 8583:1987 in ASCII.
        Iso87Ascii = "iso87-ascii",
        /// ISO 8583:1987 in BCD and binary.
        Iso87Binary = "iso87-binary",
        /// No element and no framing: the profile says everything.
        Nothing = "nothing",
    }
}
choice! {
    /// How the MTI is written.
    MtiWord {
        /// Two bytes.
        Bcd = "bcd",
        /// Four characters.
        Ascii = "ascii",
    }
}
choice! {
    /// How bitmaps are written.
    BitmapWord {
        /// Eight bytes each.
        Binary = "binary",
        /// Sixteen hexadecimal characters each.
        Hex = "hex",
    }
}
choice! {
    /// How the length of a frame is written.
    LengthWord {
        /// Two bytes, big-endian.
        Binary2 = "binary2",
        /// Four bytes, big-endian.
        Binary4 = "binary4",
        /// Four packed digits.
        Bcd2 = "bcd2",
        /// Four characters.
        Ascii4 = "ascii4",
        /// There is no length.
        None = "none",
    }
}
choice! {
    /// Where the MAC stands.
    MacPlace {
        /// At the end of the last bitmap: DE 64, or DE 128.
        Last = "last",
        /// In DE 64.
        De64 = "64",
        /// In DE 128.
        De128 = "128",
        /// Messages have no MAC.
        None = "none",
    }
}
choice! {
    /// What an element holds and how its characters are coded.
    ContentWord {
        /// Digits, two a byte.
        Digits = "digits",
        /// Track data, two nibbles a byte.
        Nibbles = "nibbles",
        /// Digits, a character each.
        AsciiDigits = "ascii-digits",
        /// Track data, a character each.
        AsciiTrack = "ascii-track",
        /// Characters.
        Text = "text",
        /// Bytes.
        Binary = "binary",
        /// Bytes, as hexadecimal characters.
        HexText = "hex-text",
        /// A sign character and digits, two a byte.
        SignedDigits = "signed-digits",
        /// A sign character and digits, a character each.
        SignedAscii = "signed-ascii",
    }
}
choice! {
    /// How people read texts.
    CharsetWord {
        /// Printable ASCII; other bytes are shown as bytes.
        Ascii = "ascii",
        /// GBK, as Chinese hosts write.
        Gbk = "gbk",
    }
}
choice! {
    /// How many digits the length in front of an element has.
    PrefixWord {
        /// Two digits.
        Ll = "ll",
        /// Three digits.
        Lll = "lll",
        /// One digit.
        L = "l",
        /// Four digits.
        Llll = "llll",
        /// Five digits.
        Lllll = "lllll",
        /// Six digits.
        Llllll = "llllll",
    }
}
choice! {
    /// How the length in front of an element is written.
    CodingWord {
        /// Two digits a byte.
        Bcd = "bcd",
        /// A character each.
        Ascii = "ascii",
        /// A big-endian number in as many bytes as `bcd` would take.
        Binary = "binary",
    }
}
choice! {
    /// What the length in front of an element counts.
    UnitWord {
        /// Digits or nibbles of packed elements, characters of hex text, bytes of any other.
        Digits = "digits",
        /// Bytes.
        Bytes = "bytes",
    }
}
choice! {
    /// Where an odd count of packed digits leaves its unused nibble.
    AlignWord {
        /// Digits first: `021` is `02 10`.
        Left = "left",
        /// Unused nibble first: `021` is `00 21`.
        Right = "right",
    }
}
choice! {
    /// How a PIN of ten digits and more announces its length.
    PinLength {
        /// One nibble, A to C (ISO 9564-1).
        Nibble = "nibble",
        /// Two decimal digits.
        Decimal = "decimal",
    }
}
choice! {
    /// When a terminal tells the host what it did offline.
    Notices {
        /// Before the next online transaction, and before a settlement.
        BeforeNext = "before-next",
        /// Before a settlement.
        AtSettlement = "at-settlement",
    }
}
choice! {
    /// What keys a terminal protects PINs and messages with.
    KeySchemeWord {
        /// Work keys that a sign-in brings.
        Session = "session",
        /// A key for every transaction, derived with triple DES.
        DukptTdes = "dukpt-tdes",
        /// A key for every transaction, derived with AES.
        DukptAes = "dukpt-aes",
    }
}
choice! {
    /// What a processing request of the header asks the terminal to do.
    Request {
        /// Nothing.
        Nothing = "nothing",
        /// Sign in again.
        SignIn = "sign-in",
        /// Upload its status.
        StatusUpload = "status-upload",
        /// Download its parameters.
        ParameterDownload = "parameter-download",
        /// Download card applications.
        AidDownload = "aid-download",
        /// Download public keys.
        CapkDownload = "capk-download",
        /// Download exchange rates.
        RateDownload = "rate-download",
        /// Download blocked cards.
        BlacklistDownload = "blacklist-download",
        /// Download contactless parameters.
        ContactlessDownload = "contactless-download",
        /// Download the table of card number ranges.
        BinDownload = "bin-download",
        /// Download blocked card number ranges.
        BinBlacklistDownload = "bin-blacklist-download",
        /// Download the master key.
        KeyDownload = "key-download",
    }
}

impl Request {
    /// The operation; `None` for nothing.
    pub(in crate::scenario) fn kind(self) -> Option<Kind> {
        Self::ALL.iter().find(|(known, _)| *known == self).and_then(|(_, word)| Kind::from_name(word))
    }
}

/// Says which value of another module a word stands for.
macro_rules! stands_for {
    ($($word:ident => $value:ty { $($variant:ident),+ })+) => {
        $(impl From<$word> for $value {
            fn from(word: $word) -> Self {
                match word { $($word::$variant => Self::$variant),+ }
            }
        })+
    };
}

stands_for! {
    MtiWord => MtiCoding { Bcd, Ascii }
    BitmapWord => BitmapCoding { Binary, Hex }
    CodingWord => PrefixCoding { Bcd, Ascii, Binary }
    UnitWord => Unit { Digits, Bytes }
    AlignWord => Align { Left, Right }
    CharsetWord => Charset { Ascii, Gbk }
    ContentWord => Content {
        Digits, Nibbles, AsciiDigits, AsciiTrack, Text, Binary, HexText, SignedDigits, SignedAscii
    }
    Notices => terminal::NoticePolicy { BeforeNext, AtSettlement }
    KeySchemeWord => terminal::KeyScheme { Session, DukptTdes, DukptAes }
}

impl LengthWord {
    /// The coding; `None` where there is no length.
    pub(super) fn coding(self) -> Option<LengthCoding> {
        Some(match self {
            Self::Binary2 => LengthCoding::Binary2,
            Self::Binary4 => LengthCoding::Binary4,
            Self::Bcd2 => LengthCoding::Bcd2,
            Self::Ascii4 => LengthCoding::Ascii4,
            Self::None => return None,
        })
    }
}

impl PrefixWord {
    /// Its decimal digits.
    pub(super) fn digits(self) -> u8 {
        match self {
            Self::L => 1,
            Self::Ll => 2,
            Self::Lll => 3,
            Self::Llll => 4,
            Self::Lllll => 5,
            Self::Llllll => 6,
        }
    }
}
