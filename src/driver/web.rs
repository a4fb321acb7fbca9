//! Serving HTTP: one thread, one listener, a task for every connection; what is answered is somebody else's business.
//!
//! Everything has a bound: how many connections there are, how long a header may take and how large it may be. A
//! connection that is idle for as long as a header may take is closed.

use super::ServeError;
use hyper::{
    Request, Response,
    body::{Body, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible, error::Error, io, net::SocketAddr, pin::pin, sync::Arc, sync::mpsc,
    thread::JoinHandle, time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, oneshot, watch},
    task::JoinSet,
};

/// A thread that serves HTTP.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// The bounds of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// The most connections at a time; those that come beyond wait until one ends.
    pub connections: usize,
    /// How long the header of a request may take, and how long a connection may be idle.
    pub header: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connections: 4096, header: Duration::from_secs(30) }
    }
}

impl HttpServer {
    /// Starts to serve on `address`; port 0 takes any free port.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start<S, F, B>(address: SocketAddr, limits: HttpLimits, service: S) -> Result<Self, ServeError>
    where
        S: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<B>> + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("web".to_owned())
            .spawn(move || serve(address, limits, service, stopped, &ready))
            .map_err(ServeError::Thread)?;
        match started.recv() {
            Ok(Ok(address)) => Ok(Self { address, stop, thread }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ServeError::Thread(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, and gives those under way a moment to be answered.
    pub fn stop(self) {
        // A receiver that is gone means that the thread has ended already.
        let _ = self.stop.send(());
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

/// The body of the thread; says over `ready` where it listens, or why it does not.
fn serve<S, F, B>(
    address: SocketAddr,
    limits: HttpLimits,
    service: S,
    stopped: oneshot::Receiver<()>,
    ready: &mpsc::SyncSender<Result<SocketAddr, ServeError>>,
) where
    S: Fn(Request<Incoming>) -> F + Clone + 'static,
    F: Future<Output = Response<B>> + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    // A starter that is gone waits for nothing.
    let say = |what| drop(ready.send(what));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return say(Err(ServeError::Thread(error))),
    };
    runtime.block_on(async {
        let listening = TcpListener::bind(address).await;
        let (address, listener) = match listening.and_then(|listener| Ok((listener.local_addr()?, listener)))
        {
            Ok(listening) => listening,
            Err(error) => return say(Err(ServeError::Listen(address, error))),
        };
        say(Ok(address));
        let (close, closing) = watch::channel(());
        let mut connections = JoinSet::new();
        tokio::select! {
            _ = stopped => {}
            () = accept(&listener, limits, &service, &closing, &mut connections) => {}
        }
        drop((listener, closing));
        // Without a connection nobody hears it.
        let _ = close.send(());
        let last_answers = async { while connections.join_next().await.is_some() {} };
        // Whoever is not done by then is cut off with the runtime.
        let _ = tokio::time::timeout(LAST_ANSWERS, last_answers).await;
    });
}

/// Takes connections for ever, as many at a time as may be.
async fn accept<S, F, B>(
    listener: &TcpListener,
    limits: HttpLimits,
    service: &S,
    closing: &watch::Receiver<()>,
    connections: &mut JoinSet<()>,
) where
    S: Fn(Request<Incoming>) -> F + Clone + 'static,
    F: Future<Output = Response<B>> + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("places are never closed");
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: connections that end give some back.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (service, closing) = (service.clone(), closing.clone());
        connections.spawn_local(async move {
            attend(stream, limits, service, closing).await;
            drop(place);
        });
    }
}

/// Serves one connection to its end.
async fn attend<S, F, B>(stream: TcpStream, limits: HttpLimits, service: S, mut closing: watch::Receiver<()>)
where
    S: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    // Answers are small, and the next request waits for the last byte of each.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(|request| {
        let answer = service(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.changed() => connection.as_mut().graceful_shutdown(),
    }
    // A client that breaks off is its own business.
    let _ = connection.await;
}

const HEADERS_MAX: usize = 64;
/// Of one request, in bytes.
const HEADER_MAX: usize = 16 * 1024;
const LAST_ANSWERS: Duration = Duration::from_millis(500);
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
