//! What the host tells of requests of terminals that somebody listens to: for tests that look at both ends of a device.

use super::{ConnectionId, Host, Outbox, Output, Request};
use crate::{
    iso8583::{Masking, ResponseCode, TerminalId, Transcript},
    time::Instant,
};

/// A request of a terminal that is listened to, and what is made of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Overheard {
    /// When it came.
    pub at: Instant,
    /// Where it came from.
    pub connection: ConnectionId,
    /// DE 41.
    pub terminal: TerminalId,
    /// The message, card data masked.
    pub message: Transcript,
    /// Whether its MAC holds; nothing where it has none.
    pub is_authentic: Option<bool>,
    /// DE 39 of the answer; nothing where a rule has lost the request.
    pub code: Option<ResponseCode>,
}

impl Host {
    /// Tells of a request when its terminal is listened to.
    pub(super) fn overhear(&self, request: &Request<'_>, code: Option<ResponseCode>, out: &mut Outbox) {
        let Some(terminal) = request.terminal.filter(|terminal| self.config.watched.contains(terminal))
        else {
            return;
        };
        let has_mac = request.message.mac().is_some();
        out.push(Output::Overheard(Box::new(Overheard {
            at: self.now,
            connection: request.connection,
            terminal,
            message: Transcript::of(request.message, Some(&request.head), Masking::Masked),
            is_authentic: has_mac.then(|| request.is_authentic()),
            code,
        })));
    }
}

impl std::fmt::Debug for Overheard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { terminal, message, is_authentic, code, .. } = self;
        write!(f, "Overheard({terminal} {} mac {is_authentic:?} code {code:?})", message.mti)
    }
}
