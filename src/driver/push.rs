//! Sends one body after the other to an HTTP server, on a thread of its own, and waits for nobody: what is not taken in
//! time is dropped and counted.

use super::{Clock, HttpClient, block_on};
use crate::http::{Body, Cookies, Method, Request, Server};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::oneshot;

/// Pushes bodies until it is stopped.
#[derive(Debug)]
pub struct Pusher {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    counts: Arc<Counts>,
}

/// What became of the pushes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Taken by the receiver.
    pub sent: u64,
    /// Not taken in time, refused, or not even connected.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    lost: AtomicU64,
}

/// A URL that cannot be pushed to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL such as http://127.0.0.1:4318, without user, query or fragment")]
pub struct UrlError;

impl Pusher {
    /// Pushes what `body` says to `url` every so often, a push taking at most `patience`.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn start(
        url: PushUrl,
        every: Duration,
        patience: Duration,
        body: impl FnMut() -> String + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let thread = std::thread::Builder::new().name("push".to_owned()).spawn(move || {
            let _ = block_on(push(url, every, patience, body, stopped, &shared));
        })?;
        Ok(Self { stop, thread, counts })
    }

    /// Pushes a last time, for at most the patience it has, and says what became of all.
    pub fn stop(self) -> Pushed {
        let _ = self.stop.send(());
        let _ = self.thread.join();
        let (sent, lost) =
            (self.counts.sent.load(Ordering::Relaxed), self.counts.lost.load(Ordering::Relaxed));
        Pushed { sent, lost }
    }
}

async fn push(
    url: PushUrl,
    every: Duration,
    patience: Duration,
    mut body: impl FnMut() -> String,
    mut stopped: oneshot::Receiver<()>,
    counts: &Counts,
) {
    let Ok(client) = HttpClient::new(Clock::start(), &[url.server]) else { return };
    let mut is_last = false;
    while !is_last {
        is_last = tokio::select! {
            _ = &mut stopped => true,
            () = tokio::time::sleep(every) => false,
        };
        let request = Request {
            server: 0,
            method: Method::Post,
            target: url.target.clone(),
            headers: Vec::new(),
            body: Body::Json(body()),
            timeout: patience,
        };
        let answer = client.send(&request, &mut Cookies::default()).await;
        let is_taken = answer.is_ok_and(|answer| (200..300).contains(&answer.status));
        let count = if is_taken { &counts.sent } else { &counts.lost };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Where pushes go.
#[derive(Clone, Debug, PartialEq)]
pub struct PushUrl {
    server: Server,
    target: String,
}

impl PushUrl {
    /// Reads `http://host[:port][/path]`; without a path, it is `path`.
    ///
    /// # Errors
    /// When it is not one. TLS is not spoken: a collector beside this program forwards what shall leave the machine.
    pub fn parse(text: &str, path: &str) -> Result<Self, UrlError> {
        let rest = text
            .strip_prefix("http://")
            .filter(|rest| !rest.contains(['@', '?', '#', ' ']))
            .ok_or(UrlError)?;
        let (authority, own) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| UrlError)?),
            _ => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(UrlError);
        }
        let server = Server {
            name: "push".to_owned(),
            host,
            port,
            prefix: String::new(),
            tls: None,
            connections: 1,
            idle: Duration::from_secs(60),
            body_max: ANSWER_MAX,
        };
        let target = if own.len() > 1 { own } else { path }.to_owned();
        Ok(Self { server, target })
    }
}

/// What a receiver says back is of no interest, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_a_host_and_get_the_usual_path() {
        let read = |text| {
            PushUrl::parse(text, "/v1/metrics").map(|url| (url.server.host, url.server.port, url.target))
        };
        let expected = |host: &str, port, target: &str| Ok((host.to_owned(), port, target.to_owned()));
        assert_eq!(read("http://127.0.0.1:4318"), expected("127.0.0.1", 4318, "/v1/metrics"));
        assert_eq!(read("http://[::1]:4318/"), expected("::1", 4318, "/v1/metrics"));
        assert_eq!(read("http://collector/otlp/v1/metrics"), expected("collector", 80, "/otlp/v1/metrics"));
        for wrong in ["https://a", "a:4318", "http://", "http://u@a", "http://a:port", "http://a/?b"] {
            assert_eq!(read(wrong), Err(UrlError), "{wrong}");
        }
    }

    #[test]
    fn a_receiver_that_never_answers_costs_its_patience_and_is_counted() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", silent.local_addr().expect("it listens"));
        let url = PushUrl::parse(&url, "/v1/metrics").expect("valid");
        let (every, patience) = (Duration::from_secs(3600), Duration::from_millis(50));
        let pusher = Pusher::start(url, every, patience, || "{}".to_owned()).expect("a thread");
        assert_eq!(pusher.stop(), Pushed { sent: 0, lost: 1 });
    }
}
