//! Servers on the loopback interface that say exactly what a test wants, byte for byte, and what they heard.

use posfleet::{
    driver::{Clock, HttpClient},
    http::{Answer, Body, Cookies, Failure, Method, Request, Server, Tls},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
    server::TlsStream,
};

/// Runs a test on the kind of runtime that a shard has.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let builder = &mut tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(Default::default()).unwrap();
    runtime.block_on(async { tokio::time::timeout(WATCHDOG, test).await.expect("the test hangs") })
}

/// A listener, and the server that the client is told of.
pub async fn listen() -> (TcpListener, Server) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = server(listener.local_addr().unwrap());
    (listener, server)
}

pub fn server(address: SocketAddr) -> Server {
    Server {
        name: "portal".to_owned(),
        host: address.ip().to_string(),
        port: address.port(),
        prefix: String::new(),
        tls: None,
        connections: 4,
        idle: Duration::from_secs(60),
        body_max: 1000,
    }
}

pub fn client(server: &Server) -> HttpClient {
    HttpClient::new(Clock::start(), std::slice::from_ref(server)).unwrap()
}

/// A request that a test has time for.
pub fn request(method: Method, target: &str) -> Request {
    Request {
        server: 0,
        method,
        target: target.to_owned(),
        headers: Vec::new(),
        body: Body::Empty,
        timeout: WATCHDOG,
    }
}

pub async fn get(client: &HttpClient, target: &str) -> Result<Answer, Failure> {
    client.send(&request(Method::Get, target), &mut Cookies::default()).await
}

/// A connection as the server has it.
#[derive(Debug)]
pub struct Peer<S> {
    pub stream: S,
    unread: Vec<u8>,
}

/// A request as it came.
#[derive(Debug)]
pub struct Heard {
    pub line: String,
    /// All of it in front of the body, in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

pub async fn accept(listener: &TcpListener) -> Peer<TcpStream> {
    Peer { stream: listener.accept().await.unwrap().0, unread: Vec::new() }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, unread: Vec::new() }
    }

    /// The next request; nothing when the client has closed.
    pub async fn hear(&mut self) -> Option<Heard> {
        let end = loop {
            match self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end,
                None => self.read_more().await?,
            }
        };
        let head = String::from_utf8(self.unread.drain(..end + 4).collect()).unwrap();
        let line = head.lines().next().unwrap().to_owned();
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            self.read_more().await?;
        }
        Some(Heard { line, head, body: self.unread.drain(..length).collect() })
    }

    async fn read_more(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        self.unread.extend_from_slice(&buffer[..count]);
        Some(())
    }

    pub async fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Answers 200 with `body`.
    pub async fn answer(&mut self, body: &str) {
        self.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    }

    /// Hears a request and answers with its target, until the client closes; returns how many there were.
    pub async fn echo(mut self) -> usize {
        let mut count = 0;
        while let Some(heard) = self.hear().await {
            let target = heard.line.split(' ').nth(1).unwrap().to_owned();
            self.answer(&target).await;
            count += 1;
        }
        count
    }
}

/// An authority that signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key as PEM.
pub type Identity = (String, String);

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `name`.
    pub fn sign(&self, name: &str) -> Identity {
        self.sign_with(name, |_| {})
    }

    pub fn sign_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

/// What a client trusts that speaks TLS with a server of `authority`.
pub fn trusting(authority: &Authority) -> Tls {
    Tls { authorities: authority.pem(), ..Tls::default() }
}

/// A server's side of TLS; with `clients` it wants a certificate that they signed.
pub fn acceptor(identity: &Identity, clients: Option<&Authority>) -> TlsAcceptor {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut trusted = RootCertStore::empty();
            trusted.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(identity.0.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(identity.1.as_bytes()).unwrap();
    TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()))
}

/// Accepts a connection and shakes hands; a client that fails is heard to the end, so that it reads why.
pub async fn accept_tls(
    listener: &TcpListener,
    acceptor: &TlsAcceptor,
) -> Option<Peer<TlsStream<TcpStream>>> {
    let stream = listener.accept().await.unwrap().0;
    match acceptor.accept(stream).into_fallible().await {
        Ok(stream) => Some(Peer::new(stream)),
        Err((_, mut stream)) => {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            None
        }
    }
}

const WATCHDOG: Duration = Duration::from_secs(30);
