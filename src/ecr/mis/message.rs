//! What the two sides say to each other, and the presets that say it in tags.

use super::{
    allinpay,
    dftlv::{self, Codes},
    fields::{Coding, FieldError, Fields},
};
use crate::ecr::{
    outbox::Opaque,
    vocabulary::{Address, Answer, Request, Service},
};

/// A message with what ties an answer to its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Echoed by the terminal (DF04); 0 in presets that have none.
    pub echo: u16,
    /// The message.
    pub message: Message,
}

/// What one side says to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Register: do this.
    Request(Request),
    /// Register: what was your last transaction?
    Query,
    /// Terminal: this came of the request.
    Answer {
        /// The register's number of the request; 0 from a terminal that does not know it.
        id: u32,
        /// What was asked.
        service: Service,
        /// What came of it.
        answer: Answer,
    },
    /// Terminal: this was my last transaction.
    Found {
        /// The register's number of it; 0 when there was none.
        id: u32,
        /// What came of it.
        answer: Answer,
    },
    /// Terminal: carry this to a host.
    RelayRequest {
        /// An ISO 8583 message with its length.
        bytes: Opaque,
        /// Where to.
        address: Address,
    },
    /// Register: the host answered this, or nothing.
    RelayAnswer(Option<Opaque>),
}

/// How messages are written in tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Tags 9Fxx with lengths of two bytes.
    AllinPay {
        /// The application's name, tag 9F00.
        app: String,
    },
    /// BER-TLV with tags DFxx.
    DfTlv(Codes),
}

impl Preset {
    /// AllinPay with the application name of its documentation.
    pub fn allinpay() -> Self {
        Self::AllinPay { app: "APP01".to_owned() }
    }

    /// DF-TLV with the transaction codes that are known, and placeholders.
    pub fn df_tlv() -> Self {
        Self::DfTlv(Codes::default())
    }

    /// How this preset writes tags and lengths.
    pub fn coding(&self) -> Coding {
        match self {
            Self::AllinPay { .. } => Coding::Flat,
            Self::DfTlv(_) => Coding::Ber,
        }
    }

    /// What the answer to a request with this number echoes.
    pub fn echo(&self, id: u32) -> u16 {
        match self {
            Self::AllinPay { .. } => 0,
            Self::DfTlv(_) => (id % 10_000) as u16,
        }
    }

    /// The payload of a message.
    pub fn write(&self, packet: &Packet) -> Vec<u8> {
        let fields = match self {
            Self::AllinPay { app } => allinpay::write(app, &packet.message),
            Self::DfTlv(codes) => dftlv::write(codes, packet),
        };
        fields.write(self.coding())
    }

    /// The message of a payload.
    ///
    /// # Errors
    /// When it is no message of this preset.
    pub fn parse(&self, payload: &[u8]) -> Result<Packet, FieldError> {
        let fields = Fields::parse(self.coding(), payload)?;
        match self {
            Self::AllinPay { app } => Ok(Packet { echo: 0, message: allinpay::read(app, &fields)? }),
            Self::DfTlv(codes) => dftlv::read(codes, &fields),
        }
    }
}
