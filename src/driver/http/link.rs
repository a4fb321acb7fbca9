//! One connection to a server: a request at a time, and what went wrong when no answer came.

use super::wire::Wire;
use crate::{driver::tls, http::Failure};
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use std::{cell::Cell, error::Error, rc::Rc};
use tokio::task::{JoinHandle, yield_now};

/// A connection that is open, as far as is known; dropping it closes it at once.
#[derive(Debug)]
pub(super) struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// Whether anything came since the last request was sent.
    received: Rc<Cell<bool>>,
    _task: AbortOnDrop,
}

/// Why a connection gave no answer.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) failure: Failure,
    /// Whether a part of an answer came.
    pub(super) is_answered: bool,
}

/// A task that ends with its handle.
#[derive(Debug)]
pub(super) struct AbortOnDrop(pub(super) JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Link {
    /// Speaks HTTP/1.1 over a stream, which sets `received`.
    pub(super) async fn open(wire: Wire, received: Rc<Cell<bool>>) -> Result<Self, Failure> {
        let handshake = http1::Builder::new().max_buf_size(HEAD_MAX).handshake(TokioIo::new(wire)).await;
        let (sender, connection) = handshake.map_err(|error| failure(&error))?;
        // What went wrong is told to the sender as well.
        let task = tokio::task::spawn_local(async move { drop(connection.await) });
        Ok(Self { sender, received, _task: AbortOnDrop(task) })
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Broken> {
        self.received.set(false);
        let answer = self.sender.send_request(request).await;
        answer.map_err(|error| Broken { failure: failure(&error), is_answered: self.received.get() })
    }

    /// Whether it takes a request; the task of a connection may need a turn to notice the end of the last one.
    pub(super) async fn is_ready(&self) -> bool {
        if !self.sender.is_ready() && !self.sender.is_closed() {
            yield_now().await;
        }
        self.sender.is_ready()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// What an error of a connection means to those who wait for an answer.
pub(super) fn failure(error: &hyper::Error) -> Failure {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let io = cause.downcast_ref::<std::io::Error>();
        if let Some(error) = io.and_then(tls::error_inside) {
            return Failure::Tls(tls::explain(error, "server"));
        }
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    Failure::Broken(text)
}

/// The most that a connection reads ahead, and the largest head of an answer, in bytes.
const HEAD_MAX: usize = 64 * 1024;
