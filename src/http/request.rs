//! What is asked of a server, every hole filled.

use std::time::Duration;

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The number of the server in the plan.
    pub server: usize,
    /// What is to be done.
    pub method: Method,
    /// Path and query as they go on the wire: percent-encoded, beginning with `/`.
    pub target: String,
    /// Header fields in their order; `host` and `content-length` are the driver's.
    pub headers: Vec<(String, String)>,
    /// What goes with it.
    pub body: Body,
    /// From the start of the request to the end of the answer.
    pub timeout: Duration,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the methods of RFC 9110")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

/// What goes with a request; the content type follows from it unless a header says another.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// `application/json`.
    Json(String),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// `multipart/form-data`.
    Multipart(Vec<Part>),
    /// As it is, `text/plain; charset=utf-8`.
    Text(String),
}

/// One part of a `multipart/form-data` body (RFC 7578).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name of the field.
    pub name: String,
    /// The name of the file, where it is one.
    pub file: Option<String>,
    /// Its content type, where it is said.
    pub content_type: Option<String>,
    /// What it holds.
    pub content: Vec<u8>,
}

impl Method {
    /// All of them with their names on the wire.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Get, "GET"),
        (Self::Head, "HEAD"),
        (Self::Post, "POST"),
        (Self::Put, "PUT"),
        (Self::Patch, "PATCH"),
        (Self::Delete, "DELETE"),
        (Self::Options, "OPTIONS"),
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}
