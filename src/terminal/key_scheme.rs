//! The key schemes beside session keys: a key for every message, derived from the terminal's initial key (chapter 15).
//!
//! The initial key stands where the master key stands under session keys. A sign-in still sets clock and batch. Every
//! message with a MAC uses up one counter, a repeated one too; its key serial number goes along in DE 59, since DE 48 of
//! the dialect holds digits only: tag `K1` with a PIN, `K2` for the MAC, `K3` with an encrypted track. All of them are the
//! same number. Under AES the keys for MAC and track are 3DES keys, whose MACs and blocks fit the dialect; the PIN is in a
//! block of ISO format 4.

use crate::{
    crypto::{
        AesInitialKey, AesKsn, AesWorkingKey, Algorithm, Key, KsnError, Mak, TdesInitialKey, TdesKsn, Tmk,
        WorkKeys,
    },
    iso8583::TerminalId,
};

/// What keys a terminal protects PINs and messages with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyScheme {
    /// Work keys that a sign-in brings.
    #[default]
    Session,
    /// A key for every transaction, derived with triple DES (ANSI X9.24-1).
    DukptTdes,
    /// A key for every transaction, derived with AES (ANSI X9.24-3).
    DukptAes,
}

/// The keys of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageKeys {
    /// Those of the request.
    pub request: WorkKeys,
    /// The MAC key of the answer.
    pub answer: Mak,
}

/// A key serial number as text: 20 or 24 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KsnText {
    bytes: [u8; 24],
    length: u8,
}

impl KeyScheme {
    /// All schemes with their names in scenario files.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Session, "session"), (Self::DukptTdes, "dukpt-tdes"), (Self::DukptAes, "dukpt-aes")];

    /// Whether keys are derived for every message.
    pub const fn is_derived(self) -> bool {
        !matches!(self, Self::Session)
    }

    /// The initial key of a terminal, from a base key (BDK); a base key of another cipher gives none.
    pub fn initial_key(self, base: &Key, terminal: TerminalId) -> Option<Tmk> {
        match self {
            Self::Session => None,
            Self::DukptTdes => {
                TdesInitialKey::derive(base, &tdes_ksn(terminal)).ok().map(|key| Tmk(key.to_key()))
            }
            Self::DukptAes => {
                AesInitialKey::derive(base, &aes_ksn(terminal)).ok().map(|key| Tmk(key.to_key()))
            }
        }
    }

    /// The counter after `counter`.
    ///
    /// # Errors
    /// [`KsnError::Exhausted`] when the initial key has no more.
    pub fn next_counter(self, counter: u32) -> Result<u32, KsnError> {
        match self {
            Self::Session => Ok(counter),
            Self::DukptTdes if counter == 0 => Ok(1),
            Self::DukptAes if counter == 0 => Ok(1),
            Self::DukptTdes => Ok(TdesKsn::initial([0; 8]).with_counter(counter)?.next()?.counter()),
            Self::DukptAes => Ok(AesKsn::initial([0; 8]).with_counter(counter)?.next()?.counter()),
        }
    }

    /// The keys of the message with this counter; `None` for session keys, for a counter without keys, and for an
    /// initial key of another cipher.
    pub fn message_keys(self, initial: &Tmk, terminal: TerminalId, counter: u32) -> Option<MessageKeys> {
        match self {
            Self::Session => None,
            Self::DukptTdes => {
                let ksn = tdes_ksn(terminal).with_counter(counter).ok()?;
                let key = TdesInitialKey::new(initial).ok()?.transaction_key(&ksn);
                let tdk = Some(key.data_request());
                let request = WorkKeys { pik: key.pin(), mak: key.mac_request(), tdk };
                Some(MessageKeys { request, answer: key.mac_response() })
            }
            Self::DukptAes => {
                let (tdes, aes) = (AesWorkingKey::Tdes, AesWorkingKey::Aes);
                let ksn = aes_ksn(terminal).with_counter(counter).ok()?;
                let key = AesInitialKey::new(initial).ok()?.transaction_key(&ksn);
                let tdk = Some(key.data_request(tdes));
                let request = WorkKeys { pik: key.pin(aes), mak: key.mac_request(tdes), tdk };
                Some(MessageKeys { request, answer: key.mac_response(tdes) })
            }
        }
    }

    /// The key serial number of a message; `None` for session keys and a counter without keys.
    pub fn ksn(self, terminal: TerminalId, counter: u32) -> Option<KsnText> {
        match self {
            Self::Session => None,
            Self::DukptTdes => tdes_ksn(terminal).with_counter(counter).ok().map(|ksn| KsnText::of(&ksn)),
            Self::DukptAes => aes_ksn(terminal).with_counter(counter).ok().map(|ksn| KsnText::of(&ksn)),
        }
    }

    /// The counter of a key serial number of this terminal; `None` for that of another, and for session keys.
    pub fn counter_of(self, text: &[u8], terminal: TerminalId) -> Option<u32> {
        let text = std::str::from_utf8(text).ok()?;
        match self {
            Self::Session => None,
            Self::DukptTdes => {
                let ksn: TdesKsn = text.parse().ok()?;
                (ksn.key_id() == tdes_ksn(terminal).key_id()).then_some(ksn.counter())
            }
            Self::DukptAes => {
                let ksn: AesKsn = text.parse().ok()?;
                (ksn.key_id() == aes_ksn(terminal).key_id()).then_some(ksn.counter())
            }
        }
    }
}

impl KsnText {
    fn of(ksn: &impl ToString) -> Self {
        let text = ksn.to_string();
        let mut bytes = [0; 24];
        bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Self { bytes, length: text.len().min(24) as u8 }
    }

    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// Names the initial key of a terminal: its identification as a number to the base of 95 printable characters, which
/// leaves 6 of the 59 bits, all ones.
fn tdes_ksn(terminal: TerminalId) -> TdesKsn {
    let digit = |byte: &u8| u64::from(byte.wrapping_sub(b' ') % PRINTABLE);
    let number =
        terminal.as_bytes().iter().fold(0, |sum: u64, byte| sum * u64::from(PRINTABLE) + digit(byte));
    TdesKsn::initial((KEY_SET | number << COUNTER_BITS_THERE).to_be_bytes())
}

/// Names the initial key of a terminal: its identification.
fn aes_ksn(terminal: TerminalId) -> AesKsn {
    AesKsn::initial(*terminal.as_bytes())
}

/// Whether a PIN under this key is in a block of ISO format 4.
pub fn is_iso4(pin_key: &Key) -> bool {
    pin_key.algorithm() == Algorithm::Aes
}

const PRINTABLE: u8 = 95;
const KEY_SET: u64 = 0b11_1111 << 58;
/// How many of the counter's bits share the first eight bytes with the name.
const COUNTER_BITS_THERE: u32 = 5;
