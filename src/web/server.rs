//! The web server of a host: the routes on a thread of their own.

use super::{Console, console, guard::guard, openapi, problem::Failure, site::Site};
use crate::{
    driver::{Counter, HttpLimits, HttpServer, ServeError},
    time::WallClock,
};
use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use std::{net::SocketAddr, time::Duration};
use tower_service::Service as _;

/// The portal of a host over HTTP, on a thread of its own.
#[derive(Debug)]
pub struct WebServer(HttpServer);

/// The bounds of a web server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebLimits {
    /// Those of its connections.
    pub http: HttpLimits,
    /// How long a request may take once its header is there.
    pub request: Duration,
    /// The largest body of a request, in bytes.
    pub body: usize,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self { http: HttpLimits::default(), request: Duration::from_secs(15), body: 64 * 1024 }
    }
}

impl WebServer {
    /// Starts to serve the portal behind `counter` on `address`; port 0 takes any free port.
    ///
    /// `wall` is the calendar of the host, by which instants are told.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(
        counter: Counter,
        wall: WallClock,
        address: SocketAddr,
        console: Option<Console>,
    ) -> Result<Self, ServeError> {
        Self::start_within(WebLimits::default(), Site::new(counter, wall), address, console)
    }

    /// Starts to serve within bounds of its own.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start_with(
        limits: WebLimits,
        counter: Counter,
        wall: WallClock,
        address: SocketAddr,
    ) -> Result<Self, ServeError> {
        Self::start_within(limits, Site::new(counter, wall), address, None)
    }

    fn start_within(
        limits: WebLimits,
        site: Site,
        address: SocketAddr,
        console: Option<Console>,
    ) -> Result<Self, ServeError> {
        let router = router(site, limits, console);
        let server = HttpServer::start(address, limits.http, move |request| {
            let mut router = router.clone();
            async move {
                match router.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            }
        });
        server.map(Self)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Stops to serve within a second.
    pub fn stop(self) {
        self.0.stop();
    }
}

/// All that is served. The console has its own token and its own paths, and no place in the document.
fn router(site: Site, limits: WebLimits, console: Option<Console>) -> Router {
    let mut router = openapi::routes();
    if let Some(console) = console {
        router = router.merge(console::routes(console));
    }
    router
        .fallback(async || Failure::from(super::Fault::RouteUnknown))
        .layer(DefaultBodyLimit::max(limits.body))
        .layer(from_fn_with_state(limits.request, guard))
        .with_state(site)
}
