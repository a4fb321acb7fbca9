//! A real terminal behind its port: carries the register's machine over a wire, opens it anew, and relays to a host.

use super::{
    lease::{Lease, LeaseError, Leases},
    locate::{LocateError, Locator, Place},
    port::{self, OpenError},
    recorder::Recorders,
    relay::relay,
    wire::{Arrival, Wire},
};
use crate::{
    driver::Clock,
    ecr::{Answer, Outbox, Output, RegisterEvent, RegisterInput, Request, Service, Verdict},
    money::Amount,
    rack::{self, BoxedRegister, Expected, FailureClass, Selector},
    time::Instant,
};
use std::{future::Future, io, pin::Pin, sync::Arc, time::Duration};

/// What all devices of a run share.
#[derive(Debug)]
pub struct Setup {
    /// The clock of the run.
    pub clock: Clock,
    /// Where ports are looked for.
    pub locator: Locator,
    /// Who has which port.
    pub leases: Leases,
    /// How long a port is had at most.
    pub lease_time: Duration,
    /// Where the lines are recorded; nowhere without.
    pub recorders: Option<Recorders>,
    /// Where relayed messages go; without one, where the terminal says.
    pub host: Option<String>,
}

/// A terminal behind its port.
pub struct Device {
    setup: Arc<Setup>,
    id: String,
    selector: Selector,
    line: rack::LineSettings,
    register: BoxedRegister,
    outbox: Outbox<RegisterEvent>,
    wire: Option<Wire>,
    /// The port it is leased under.
    lease: Option<(String, Lease)>,
    opening: Option<Pending<Result<Opened, DeviceError>>>,
    relaying: Option<Pending<Option<Vec<u8>>>>,
    deadline: Option<Instant>,
    answer: Option<Answer>,
    trouble: Option<DeviceError>,
    contact: Contact,
    expected: Expected,
    /// Whether what is behind the port now has said who it is.
    is_identified: bool,
}

/// How much there was to do with a device: one that was never reached is not to blame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// How often its port was opened.
    pub opened: u32,
    /// How often it hung up.
    pub hung_up: u32,
    /// Bytes that came from it.
    pub bytes: u64,
    /// Bytes that were sent to it.
    pub sent: u64,
}

/// Why a device did not answer. None of these is the fault of a scenario.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Its port is not to be found.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// Its port is somebody else's.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Its port was had for longer than was said.
    #[error("the lease of the port has run out")]
    LeaseExpired,
    /// Its port does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its record cannot be written.
    #[error("the line cannot be recorded: {0}")]
    Record(io::Error),
    /// The port vanished while something was asked.
    #[error("the port hung up")]
    HungUp,
    /// Another terminal is behind the port than the inventory says.
    #[error("this is terminal {told}, and {expected} is expected")]
    Wrong {
        /// Who is expected.
        expected: String,
        /// Who is there.
        told: String,
    },
    /// It said nothing.
    #[error("the terminal does not answer")]
    NoAnswer,
    /// It has not finished what was asked before.
    #[error("the terminal is still at an earlier request")]
    Busy,
    /// It was asked for longer than it may take.
    #[error("no result within {0:?}")]
    TimedOut(Duration),
}

impl DeviceError {
    /// Whose fault it is.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::NoAnswer | Self::Busy | Self::TimedOut(_) => FailureClass::Device,
            _ => FailureClass::Infrastructure,
        }
    }
}

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Opened = (Wire, (String, Lease));

/// What ended a wait.
enum Wake {
    Opened(Result<Opened, DeviceError>),
    Relayed(Option<Vec<u8>>),
    Arrived(Arrival),
    Time,
}

impl Device {
    /// A device whose port is not open.
    pub fn new(device: &rack::Device, setup: &Arc<Setup>) -> Self {
        Self {
            setup: Arc::clone(setup),
            id: device.id.clone(),
            selector: device.port.clone(),
            line: device.line,
            register: device.speaker.register(),
            outbox: Outbox::default(),
            wire: None,
            lease: None,
            opening: None,
            relaying: None,
            deadline: None,
            answer: None,
            trouble: None,
            contact: Contact::default(),
            expected: device.expected.clone(),
            is_identified: false,
        }
    }

    /// How much there was to do with it.
    pub fn contact(&self) -> Contact {
        self.contact
    }

    /// Whether its port is open.
    pub fn is_open(&self) -> bool {
        self.wire.is_some()
    }

    /// Whether what is behind the port now has said who it is.
    pub fn is_identified(&self) -> bool {
        self.is_identified
    }

    /// Asks the terminal who it is, or whether it is there where the protocol tells no more.
    ///
    /// # Errors
    /// When it does not answer, or is another one than is expected.
    pub async fn identify(&mut self, within: Duration) -> Result<Answer, DeviceError> {
        let answer = self.put(QUESTION, within).await?;
        if let Some((expected, told)) = self.expected.mismatch(&answer) {
            return Err(DeviceError::Wrong { expected, told });
        }
        self.is_identified = true;
        Ok(answer)
    }

    /// Asks the terminal and waits for the end, so long at most; whoever is behind a new port is asked first who he is.
    ///
    /// # Errors
    /// When there is no answer. A request that moves money is not lost by that: [`Self::recover`] asks what became of
    /// it, and nothing else is asked before it is known.
    pub async fn ask(&mut self, request: Request, within: Duration) -> Result<Answer, DeviceError> {
        if request.service.moves_money() && !self.is_identified {
            self.identify(within).await?;
        }
        self.put(request, within).await
    }

    async fn put(&mut self, request: Request, within: Duration) -> Result<Answer, DeviceError> {
        if self.lease.as_ref().is_some_and(|(_, lease)| lease.is_expired()) {
            self.close();
            return Err(DeviceError::LeaseExpired);
        }
        self.notice_what_came();
        if !self.register.is_idle() {
            return Err(DeviceError::Busy);
        }
        self.feed(RegisterInput::Ask(request));
        self.run(within).await
    }

    /// Asks what became of a request whose fate is not known.
    ///
    /// # Errors
    /// When it is not to be learned now.
    pub async fn recover(&mut self, within: Duration) -> Result<Answer, DeviceError> {
        self.notice_what_came();
        self.feed(RegisterInput::Recover);
        self.run(within).await
    }

    /// Opens the port once, and closes it.
    ///
    /// # Errors
    /// When it cannot be had or opened now.
    pub async fn probe(&mut self) -> Result<(), DeviceError> {
        let opened = self.open_once(None).await.map_err(|(error, _)| error)?;
        self.contact.opened += 1;
        drop(opened);
        Ok(())
    }

    /// Closes the port when it has taken what was sent, and gives it free.
    pub async fn release(&mut self) {
        if let Some(wire) = self.wire.take() {
            self.feed(RegisterInput::Closed);
            wire.close().await;
        }
        self.close();
    }

    /// Closes the port and gives it free.
    pub fn close(&mut self) {
        if self.wire.is_some() {
            self.feed(RegisterInput::Closed);
        }
        (self.wire, self.opening, self.relaying, self.lease) = (None, None, None, None);
        self.is_identified = false;
    }

    async fn run(&mut self, within: Duration) -> Result<Answer, DeviceError> {
        let until = self.setup.clock.now() + within;
        loop {
            if let Some(answer) = self.answer.take() {
                return self.judge(answer);
            }
            match self.wake(until).await {
                Wake::Opened(Ok((wire, lease))) => {
                    self.contact.opened += 1;
                    (self.wire, self.lease, self.trouble) = (Some(wire), Some(lease), None);
                    self.feed(RegisterInput::Connected);
                }
                Wake::Opened(Err(error)) => {
                    self.trouble = Some(error);
                    self.feed(RegisterInput::Closed);
                }
                Wake::Relayed(answer) => self.feed(RegisterInput::RelayAnswer(answer.as_deref())),
                Wake::Arrived(arrival) => self.arrived(arrival),
                Wake::Time if self.setup.clock.now() >= until => return Err(DeviceError::TimedOut(within)),
                Wake::Time => self.feed(RegisterInput::Timeout),
            }
        }
    }

    /// An answer, or why there is none.
    fn judge(&mut self, answer: Answer) -> Result<Answer, DeviceError> {
        match (answer.verdict, self.trouble.take()) {
            (Verdict::NoAnswer, trouble) => Err(trouble.unwrap_or(DeviceError::NoAnswer)),
            (Verdict::NotDone, Some(trouble)) => Err(trouble),
            _ => Ok(answer),
        }
    }

    fn notice_what_came(&mut self) {
        (self.answer, self.trouble) = (None, None);
        while let Some(arrival) = self.wire.as_mut().and_then(Wire::try_next) {
            self.arrived(arrival);
        }
        self.trouble = None;
    }

    fn arrived(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Bytes(at, bytes) => {
                self.contact.bytes += bytes.len() as u64;
                self.feed_at(at, RegisterInput::Received(&bytes));
            }
            Arrival::HungUp => {
                self.contact.hung_up += 1;
                (self.wire, self.is_identified) = (None, false);
                self.trouble = Some(DeviceError::HungUp);
                self.feed(RegisterInput::Closed);
            }
        }
    }

    fn feed(&mut self, input: RegisterInput<'_>) {
        self.feed_at(self.setup.clock.now(), input);
    }

    fn feed_at(&mut self, now: Instant, input: RegisterInput<'_>) {
        self.register.handle(now, input, &mut self.outbox);
        while let Some(output) = self.outbox.poll() {
            match output {
                Output::Connect => self.opening = Some(Box::pin(self.reopen())),
                // A port that takes nothing is gone, and will say so.
                Output::Send(range) => {
                    let bytes = self.outbox.bytes(range);
                    self.contact.sent += bytes.len() as u64;
                    let _ = self.wire.as_ref().is_some_and(|wire| wire.send(bytes));
                }
                Output::Close => (self.wire, self.opening) = (None, None),
                Output::Event(RegisterEvent::Answered { answer, .. }) => self.answer = Some(answer),
                Output::Event(RegisterEvent::RelayRequest { bytes, address }) => {
                    let named = format!("{}:{}", address.host, address.port);
                    let host = self.setup.host.clone().unwrap_or(named);
                    self.relaying = Some(Box::pin(relay(bytes.0, host, address.timeout)));
                }
                Output::Event(_) => {}
                Output::Wait(until) => self.deadline = until,
            }
        }
    }

    async fn wake(&mut self, until: Instant) -> Wake {
        let due = self.deadline.map_or(until, |deadline| deadline.min(until));
        let due = self.setup.clock.to_std(due).into();
        let Self { opening, relaying, wire, .. } = self;
        tokio::select! {
            // What has come is heard before a silence is.
            biased;
            opened = pending(opening) => {
                *opening = None;
                Wake::Opened(opened)
            }
            relayed = pending(relaying) => {
                *relaying = None;
                Wake::Relayed(relayed)
            }
            arrival = next(wire) => Wake::Arrived(arrival),
            () = tokio::time::sleep_until(due) => Wake::Time,
        }
    }

    /// Opens the port as soon as it is there; the register says when it has waited for long enough.
    fn reopen(&mut self) -> impl Future<Output = Result<Opened, DeviceError>> + Send + use<> {
        let opener = self.opener();
        let mut lease = self.lease.take();
        async move {
            let mut pause = PAUSE_FIRST;
            loop {
                match opener.open(lease.take()).await {
                    Ok(opened) => return Ok(opened),
                    Err((DeviceError::Lease(error), _)) => return Err(error.into()),
                    Err((error, _)) if opener.since.elapsed() >= REOPEN => return Err(error),
                    Err((_, kept)) => lease = kept,
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_LAST);
            }
        }
    }

    fn open_once(&self, lease: Option<(String, Lease)>) -> impl Future<Output = Attempt> + Send + use<> {
        let opener = self.opener();
        async move { opener.open(lease).await }
    }

    fn opener(&self) -> Opener {
        let (setup, id, selector) = (Arc::clone(&self.setup), self.id.clone(), self.selector.clone());
        Opener { setup, id, selector, line: self.line, since: tokio::time::Instant::now() }
    }
}

/// What it takes to open a port.
struct Opener {
    setup: Arc<Setup>,
    id: String,
    selector: Selector,
    line: rack::LineSettings,
    since: tokio::time::Instant,
}

/// A wire, or why there is none and the lease that is kept all the same.
type Attempt = Result<Opened, (DeviceError, Option<(String, Lease)>)>;

impl Opener {
    async fn open(&self, lease: Option<(String, Lease)>) -> Attempt {
        let place = match self.setup.locator.locate(&self.selector) {
            Ok(place) => place,
            Err(error) => return Err((error.into(), lease)),
        };
        let lease = self.leased(&place, lease).map_err(|error| (error.into(), None))?;
        let port = match port::open(&place, self.line).await {
            Ok(port) => port,
            Err(error) => return Err((error.into(), Some(lease))),
        };
        let recorder = self.setup.recorders.as_ref().map(|recorders| recorders.of(&self.id)).transpose();
        match recorder {
            Ok(recorder) => Ok((Wire::start(port, recorder, self.setup.clock), lease)),
            Err(error) => Err((DeviceError::Record(error), Some(lease))),
        }
    }

    /// The lease of a place; a replugged device may have another name, and then needs another.
    fn leased(&self, place: &Place, lease: Option<(String, Lease)>) -> Result<(String, Lease), LeaseError> {
        let name = place.lease_name();
        match lease {
            Some((known, lease)) if known == name => Ok((known, lease)),
            _ => {
                let lease = self.setup.leases.take(&name, self.setup.lease_time)?;
                Ok((name, lease))
            }
        }
    }
}

async fn pending<T>(future: &mut Option<Pending<T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

async fn next(wire: &mut Option<Wire>) -> Arrival {
    match wire {
        Some(wire) => wire.next().await,
        None => std::future::pending().await,
    }
}

/// Asks who is there; it moves no money.
const QUESTION: Request = Request { id: 0, service: Service::Status, amount: Amount::ZERO, original: None };
/// The first pause between two attempts to open a port; each is twice as long as the one before.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_LAST: Duration = Duration::from_millis(500);
/// No port is waited for longer. The register's own patience is longer: it hears why, and asks again.
const REOPEN: Duration = Duration::from_secs(4);
