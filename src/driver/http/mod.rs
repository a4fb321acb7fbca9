//! The HTTP client of a shard: gets an answer for every request, over connections that it keeps.
//!
//! What is asked, and what the answer means, is the business of flows; here are connections, time and limits.

mod link;
mod message;
mod pool;
mod tls;
mod wire;

use super::{Clock, clock::since_1970};
use crate::{
    http::{Answer, Cookies, Failure, Request, Server, Site, Timing},
    time::Instant,
};
use hyper::{Response, body::Incoming};
use link::Link;
use message::Message;
use pool::Pool;
use std::rc::Rc;

/// A client on a current-thread runtime; any number of requests are under way at once.
///
/// A future of [`HttpClient::send`] that is dropped takes its connection with it, and nothing else.
#[derive(Debug)]
pub struct HttpClient {
    clock: Clock,
    pools: Vec<Rc<Pool>>,
}

impl HttpClient {
    /// A client for the servers of a plan, in their order; connections are made when they are needed.
    ///
    /// # Errors
    /// [`Failure::Tls`] when certificates or keys cannot be read or do not belong together, [`Failure::Unsendable`]
    /// when the name of a host is none.
    pub fn new(clock: Clock, servers: &[Server]) -> Result<Self, Failure> {
        let pools = servers.iter().map(|server| Pool::new(clock, server.clone()).map(Rc::new));
        Ok(Self { clock, pools: pools.collect::<Result<_, _>>()? })
    }

    /// Sends a request and takes the whole answer; redirections are answers like others.
    ///
    /// When a connection that was kept breaks before a byte of the answer came, the request is sent once more over a
    /// new one, whatever its method, as browsers do: nearly always the server closed it while it was idle. What must
    /// not happen twice needs an idempotency key, as with every network.
    ///
    /// # Errors
    /// [`Failure`], with [`Failure::TimedOut`] also for the time spent waiting for a connection.
    pub async fn send(&self, request: &Request, cookies: &mut Cookies) -> Result<Answer, Failure> {
        let started = self.clock.now();
        let pool = self.pools.get(request.server);
        let pool =
            pool.ok_or_else(|| Failure::Unsendable(format!("there is no server {}", request.server)))?;
        let site = Site {
            host: &pool.server.host,
            path: &message::path(&pool.server, request),
            is_secure: pool.server.tls.is_some(),
        };
        let sent_cookies = (!cookies.is_empty()).then(|| cookies.header(site, since_1970())).flatten();
        let message = Message::new(pool, request, sent_cookies)?;
        let exchange = self.exchange(pool, &message, started);
        let answer =
            tokio::time::timeout(request.timeout, exchange).await.map_err(|_| Failure::TimedOut)??;
        for (_, field) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            cookies.take(site, field, since_1970());
        }
        Ok(answer)
    }

    /// One request over one of the connections that the server's pool allows.
    async fn exchange(
        &self,
        pool: &Rc<Pool>,
        message: &Message,
        started: Instant,
    ) -> Result<Answer, Failure> {
        let _turn = pool.turn().await;
        let mut timing = Timing::default();
        if let Some(mut link) = pool.take_idle().await {
            let sent = self.clock.now();
            match link.ask(message.request()).await {
                Ok(response) => return self.finish(pool, link, response, timing, sent, started).await,
                Err(broken) if broken.is_answered => return Err(broken.failure),
                // It was closed while nobody used it.
                Err(_) => {}
            }
        }
        let mut link = pool.connect(&mut timing).await?;
        let sent = self.clock.now();
        let response = link.ask(message.request()).await.map_err(|broken| broken.failure)?;
        self.finish(pool, link, response, timing, sent, started).await
    }

    /// Takes what follows the head, and keeps the connection.
    async fn finish(
        &self,
        pool: &Rc<Pool>,
        link: Link,
        response: Response<Incoming>,
        timing: Timing,
        sent: Instant,
        started: Instant,
    ) -> Result<Answer, Failure> {
        let first_byte = self.clock.now().since(sent);
        let (head, body) = response.into_parts();
        let body = message::body(body, pool.server.body_max).await?;
        pool.keep(link);
        let total = self.clock.now().since(started);
        Ok(message::answer(&head, body, Timing { first_byte, total, ..timing }))
    }
}
