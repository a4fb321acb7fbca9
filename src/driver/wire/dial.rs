//! How the terminals of a group get their connections: from which address, how often, and under TLS or not.

use super::{Exposure, Wire, figures::Figures, secure::Secure, tickets::Tickets, trunk::Trunks};
use crate::{
    driver::{Clock, tls::ClientSide},
    iso8583::Spec,
    link::{Bucket, Settings, Strategy, Tls},
    metrics::Connections,
    time::Instant,
};
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use std::{
    cell::{Cell, RefCell},
    fmt, io,
    net::{IpAddr, SocketAddr},
    rc::Rc,
    sync::Arc,
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, client::Resumption, pki_types::ServerName};

/// How the terminals of a group get their connections; a shard has one for each.
#[derive(Debug)]
pub struct Dialer {
    address: SocketAddr,
    settings: Settings,
    handshake: Option<Handshake>,
    bucket: Option<RefCell<Bucket>>,
    /// The connections that terminals share, where they do.
    trunks: Option<Rc<Trunks>>,
    /// Connections that were asked for.
    asked: Cell<usize>,
    /// What became of these connections alone; `None` where nobody asks for it.
    own: Option<Rc<RefCell<Connections>>>,
}

/// Certificates, keys or names with which no TLS can be spoken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TLS: {0}")]
pub struct TlsError(pub(super) String);

impl Dialer {
    /// Connections to `address`; `host` is its name as the scenario writes it, terminals speak `spec`, and one of
    /// `shards` dials here.
    ///
    /// # Errors
    /// When certificates and keys cannot be read, or do not belong together.
    pub fn new(
        address: SocketAddr,
        host: &str,
        settings: &Settings,
        spec: &'static Spec,
        shards: usize,
    ) -> Result<Self, TlsError> {
        let handshake = settings.tls.as_deref().map(|tls| Handshake::new(host, tls)).transpose()?;
        let rate = settings.rate.map(|rate| rate / shards.max(1) as f64);
        let bucket = rate.map(|rate| RefCell::new(Bucket::new(rate)));
        let trunks = match &settings.strategy {
            Strategy::Shared { pool, fields } => Some(Rc::new(Trunks::new(*pool, spec, Arc::clone(fields)))),
            Strategy::PerTransaction | Strategy::LongLived => None,
        };
        let (settings, asked) = (settings.clone(), Cell::new(0));
        Ok(Self { address, settings, handshake, bucket, trunks, asked, own: None })
    }

    /// The same, keeping figures of these connections alone.
    #[must_use]
    pub fn counted(self) -> Self {
        Self { own: Some(Rc::default()), ..self }
    }

    /// What became of these connections since the last time; `None` where nobody asked for it.
    pub fn take_figures(&self) -> Option<Connections> {
        self.own.as_ref().map(|own| own.take())
    }

    /// Whether connections can come from the addresses that they are to come from.
    ///
    /// # Errors
    /// The first address that this machine does not have, or that cannot reach the target's kind of address.
    pub fn try_sources(&self) -> io::Result<()> {
        for source in self.settings.sources.iter() {
            if source.is_ipv4() != self.address.is_ipv4() {
                let text = format!("from {source}: {} is an address of the other kind", self.address);
                return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
            }
            let address = SocketAddr::new(source, 0);
            let named = |error: io::Error| io::Error::new(error.kind(), format!("from {source}: {error}"));
            std::net::TcpListener::bind(address).map_err(named)?;
        }
        Ok(())
    }

    /// Where connections go.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the group says of its connections.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether connections that are kept end after some time.
    pub fn is_bounded(&self) -> bool {
        let settings = &self.settings;
        settings.strategy.is_kept() && (settings.lifetime.is_some() || settings.idle.is_some())
    }

    /// Whether terminals have connections of their own.
    pub fn has_own(&self) -> bool {
        self.trunks.is_none()
    }

    /// How many connections terminals share at this moment.
    pub fn shared(&self) -> usize {
        self.trunks.as_ref().map_or(0, |trunks| trunks.open())
    }

    /// Whether a terminal waits for its turn before it connects.
    pub(in crate::driver) fn is_limited(&self) -> bool {
        self.bucket.is_some() && self.trunks.is_none()
    }

    /// When whoever asks `now` may connect.
    pub(in crate::driver) fn turn(&self, now: Instant) -> Instant {
        self.bucket.as_ref().map_or(now, |bucket| bucket.borrow_mut().pass(now))
    }

    /// Where it is noted what becomes of these connections; `all` are those of all groups.
    pub(in crate::driver) fn figures(&self, all: &Rc<RefCell<Connections>>) -> Figures {
        Figures::new(all, self.own.as_ref())
    }

    /// A connection, or a place on one.
    pub(in crate::driver) async fn open(
        &self,
        clock: Clock,
        figures: &Figures,
        exposure: Option<Exposure<'_>>,
    ) -> io::Result<Wire> {
        match &self.trunks {
            None => self.open_own(clock, figures, exposure).await,
            // In a box, as everything is that a bare connection has no need of.
            Some(trunks) => Box::pin(trunks.berth(self, clock, figures, exposure)).await,
        }
    }

    /// Makes a connection.
    pub(super) async fn open_own(
        &self,
        clock: Clock,
        figures: &Figures,
        exposure: Option<Exposure<'_>>,
    ) -> io::Result<Wire> {
        if self.trunks.is_some() && self.bucket.is_some() {
            let asked = clock.now();
            tokio::time::sleep_until(clock.to_std(self.turn(asked)).into()).await;
            let wait = clock.now().since(asked);
            figures.note(|figures| figures.times_mut().wait.record(wait));
        }
        let began = clock.now();
        let count = self.asked.replace(self.asked.get().wrapping_add(1));
        let stream = match self.settings.sources.turn(count) {
            None => TcpStream::connect(self.address).await?,
            Some(source) => from(source, self.address)?.connect(self.address).await?,
        };
        let took = clock.now().since(began);
        figures.note(|figures| figures.times_mut().connect.record(took));
        let wire = match exposure {
            None => Wire::Plain(stream),
            Some(exposure) => Wire::Plain(stream).exposed(exposure, clock, figures),
        };
        let wire = match &self.handshake {
            None => wire,
            Some(handshake) => Box::pin(self.secured(handshake, wire, clock, figures)).await?,
        };
        figures.note(|figures| figures.counts.opened += 1);
        Ok(wire)
    }

    async fn secured(
        &self,
        handshake: &Handshake,
        wire: Wire,
        clock: Clock,
        figures: &Figures,
    ) -> io::Result<Wire> {
        let began = clock.now();
        let (wire, is_resumed) = handshake.shake(wire).await?;
        let took = clock.now().since(began);
        figures.note(|figures| {
            figures.times_mut().handshake.record(took);
            figures.counts.resumed_handshakes += u64::from(is_resumed);
            figures.counts.full_handshakes += u64::from(!is_resumed);
        });
        Ok(wire)
    }
}

/// A socket of one of our addresses; its port is chosen when it connects, by both ends of the connection.
fn from(source: IpAddr, target: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Without it the port is chosen when the socket is bound; only the number of connections suffers.
    let _ = setsockopt(&socket, IpBindAddressNoPort, &true);
    let named = |error: io::Error| io::Error::new(error.kind(), format!("from {source}: {error}"));
    socket.bind(SocketAddr::new(source, 0)).map_err(named)?;
    Ok(socket)
}

/// How TLS begins.
struct Handshake {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Handshake {
    fn new(host: &str, tls: &Tls) -> Result<Self, TlsError> {
        let written = tls.name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(written.to_owned());
        let name = name.map_err(|_| TlsError(format!("{written:?} is neither a name nor an address")))?;
        let side = ClientSide {
            authorities: tls.authorities.as_deref(),
            identity: tls.identity.as_ref(),
            resumes: tls.resumes,
        };
        let mut config = side.config().map_err(TlsError)?;
        if tls.resumes {
            config.resumption = Resumption::store(Arc::new(Tickets::default()));
        }
        Ok(Self { config: Arc::new(config), name })
    }

    /// Shakes hands; says whether the session is one of earlier.
    async fn shake(&self, wire: Wire) -> io::Result<(Wire, bool)> {
        wire.set_nodelay()?;
        let session = ClientConnection::new(Arc::clone(&self.config), self.name.clone());
        let secure = Secure::new(wire, session.map_err(io::Error::other)?.into());
        let is_resumed =
            secure.shake_hands().await.map_err(|error| Wire::trouble(&error, "host").unwrap_or(error))?;
        Ok((Wire::Tls(Box::new(secure)), is_resumed))
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("name", &self.name).finish_non_exhaustive()
    }
}
