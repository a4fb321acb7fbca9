//! What came of a request, and how long each part of it took.

use std::time::Duration;

/// An answer that came whole and in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status code, 100 to 999.
    pub status: u16,
    /// Header fields in their order, their names in lower case; what is no text is left out.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it was asked for.
    pub body: Vec<u8>,
    /// How long it took.
    pub timing: Timing,
}

/// How long the parts of a request took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Opening the connection; nothing when one was open.
    pub connect: Option<Duration>,
    /// The TLS handshake; nothing when there was none.
    pub tls: Option<Duration>,
    /// From the send to the head of the answer.
    pub first_byte: Duration,
    /// From the start of all to the end of the body.
    pub total: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It did not come in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection cannot be made.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The TLS handshake failed.
    #[error("TLS: {0}")]
    Tls(String),
    /// The connection was closed, or what came is no answer.
    #[error("the connection broke off: {0}")]
    Broken(String),
    /// The body is larger than what is kept.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The request cannot be written: a header field that is none, a target that is none.
    #[error("no request can be made of it: {0}")]
    Unsendable(String),
    /// The run wants it to end.
    #[error("interrupted")]
    Interrupted,
}
