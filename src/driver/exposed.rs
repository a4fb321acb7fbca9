//! Serves one page of text over HTTP, made anew for every request: what monitoring scrapes.

use super::{HttpLimits, HttpServer, ServeError};
use hyper::{Request, Response, StatusCode, body::Incoming, header::CONTENT_TYPE};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Serves what `page` says at `/metrics` and at `/`, as `content_type`.
///
/// # Errors
/// When the address cannot be listened on.
pub fn expose(
    address: SocketAddr,
    content_type: &'static str,
    page: impl Fn() -> String + Send + Sync + 'static,
) -> Result<HttpServer, ServeError> {
    let page = Arc::new(page);
    let service = move |request: Request<Incoming>| {
        let page = Arc::clone(&page);
        async move {
            let is_known = matches!(request.uri().path(), "/metrics" | "/");
            let (status, text) =
                if is_known { (StatusCode::OK, page()) } else { (StatusCode::NOT_FOUND, String::new()) };
            let mut response = Response::new(text);
            *response.status_mut() = status;
            let kind = hyper::header::HeaderValue::from_static(content_type);
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
    };
    HttpServer::start(address, LIMITS, service)
}

/// Few ask, and none of them slowly.
const LIMITS: HttpLimits = HttpLimits { connections: 16, header: Duration::from_secs(10) };
