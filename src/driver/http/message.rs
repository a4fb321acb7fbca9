//! Requests and answers between the values of flows and those of `hyper`.

use super::pool::Pool;
use crate::http::{Answer, Failure, Method, Request, Server, Timing};
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Uri,
    body::{Body, Bytes, Incoming},
    header::{self, HeaderName, HeaderValue},
    http::{response::Parts, uri::PathAndQuery},
};

/// A request that can be sent, more than once if need be.
#[derive(Debug)]
pub(super) struct Message {
    method: hyper::Method,
    target: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Message {
    /// Completes a request by what the driver adds: the host, the content type, the cookies and who sends it.
    pub(super) fn new(pool: &Pool, request: &Request, cookies: Option<String>) -> Result<Self, Failure> {
        let encoded = request.body.encode()?;
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 4);
        headers.insert(header::HOST, pool.authority.clone());
        for (name, value) in &request.headers {
            let (name, value) = field(name, value)?;
            headers.try_append(name, value).map_err(|_| unsendable("too many header fields"))?;
        }
        let said = [(header::CONTENT_TYPE, encoded.content_type), (header::COOKIE, cookies)];
        for (name, value) in said.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let value = HeaderValue::try_from(value).map_err(|_| unsendable("no header field"))?;
            headers.entry(name).or_insert(value);
        }
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        let target = target(&pool.server, request)?;
        Ok(Self { method: method(request.method), target, headers, body: encoded.bytes.into() })
    }

    /// The request as it is sent; copies share the body.
    pub(super) fn request(&self) -> hyper::Request<Full<Bytes>> {
        let mut request = hyper::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

/// The path that a request goes to, without its query.
pub(super) fn path(server: &Server, request: &Request) -> String {
    let path = request.target.split(['?', '#']).next().unwrap_or_default();
    format!("{}{path}", server.prefix)
}

/// The whole body, if it is not larger than `max` bytes.
pub(super) async fn body(mut body: Incoming, max: usize) -> Result<Vec<u8>, Failure> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > max {
        return Err(Failure::TooLarge(max));
    }
    let mut whole = Vec::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| super::link::failure(&error))?;
        let data = frame.into_data().unwrap_or_default();
        if data.len() > max - whole.len() {
            return Err(Failure::TooLarge(max));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

/// The answer as flows see it.
pub(super) fn answer(head: &Parts, body: Vec<u8>, timing: Timing) -> Answer {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = std::str::from_utf8(value.as_bytes()).ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    let headers = head.headers.iter().filter_map(text).collect();
    Answer { status: head.status.as_u16(), headers, body, timing }
}

/// A header field of the request; what decides where a message ends is not the scenario's to say.
fn field(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let known = HeaderName::from_bytes(name.as_bytes());
    let known = known.map_err(|_| unsendable(&format!("{name:?} is no name of a header field")))?;
    if OURS.contains(&known) {
        return Err(unsendable(&format!("the header field {known} is not for a scenario to set")));
    }
    let value = HeaderValue::from_bytes(value.as_bytes());
    let value = value.map_err(|_| unsendable(&format!("header field {known} has a control character")))?;
    Ok((known, value))
}

fn target(server: &Server, request: &Request) -> Result<Uri, Failure> {
    let text = format!("{}{}", server.prefix, request.target);
    let none = || unsendable(&format!("{text:?} is no path"));
    if !text.starts_with('/') || text.contains('#') {
        return Err(none());
    }
    PathAndQuery::try_from(text.as_str()).map(Uri::from).map_err(|_| none())
}

const fn method(method: Method) -> hyper::Method {
    match method {
        Method::Get => hyper::Method::GET,
        Method::Head => hyper::Method::HEAD,
        Method::Post => hyper::Method::POST,
        Method::Put => hyper::Method::PUT,
        Method::Patch => hyper::Method::PATCH,
        Method::Delete => hyper::Method::DELETE,
        Method::Options => hyper::Method::OPTIONS,
    }
}

pub(super) fn unsendable(why: &str) -> Failure {
    Failure::Unsendable(why.to_owned())
}

/// Header fields that the driver sets, or never sends.
const OURS: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
];
const USER_AGENT: &str = concat!("posfleet/", env!("CARGO_PKG_VERSION"));
