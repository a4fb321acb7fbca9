//! A real terminal behind its port: carries the register's machine over a wire, opens it anew, and relays to a host.

use super::{
    ear::{Ear, Listener},
    lease::{Lease, Leases},
    locate::Locator,
    opener::{Opened, Opener},
    power::{PowerCycled, power_cycle},
    prompt::{Prompt, PromptAnswer, Prompts},
    recorder::Recorders,
    relay::relay,
    trouble::DeviceError,
    wire::{Arrival, Wire, silence},
};
use crate::{
    driver::Clock,
    ecr::{Answer, Deed, Outbox, Output, RegisterEvent, RegisterInput, Request, Service, Verdict},
    money::Amount,
    rack::{self, BoxedRegister, Direction},
    time::Instant,
};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

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
    /// What its rack says.
    rack: Arc<rack::Device>,
    register: BoxedRegister,
    outbox: Outbox<RegisterEvent>,
    wire: Option<Wire>,
    /// The port it is leased under.
    lease: Option<(String, Lease)>,
    opening: Option<Pending<Result<Opened, DeviceError>>>,
    relaying: Option<Pending<Option<Vec<u8>>>>,
    acting: Option<Pending<Result<bool, DeviceError>>>,
    /// Where people are asked for what a profile wants of them.
    prompts: Prompts,
    deadline: Option<Instant>,
    answer: Option<Answer>,
    trouble: Option<DeviceError>,
    contact: Contact,
    /// Hears what goes over the line, when somebody listens.
    listener: Listener,
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

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What ended a wait.
enum Wake {
    Opened(Result<Opened, DeviceError>),
    Relayed(Option<Vec<u8>>),
    Acted(Result<bool, DeviceError>),
    Arrived(Arrival),
    Time,
}

impl Device {
    /// A device whose port is not open.
    pub fn new(device: &rack::Device, setup: &Arc<Setup>) -> Self {
        Self {
            setup: Arc::clone(setup),
            rack: Arc::new(device.clone()),
            register: device.speaker.register(),
            outbox: Outbox::default(),
            wire: None,
            lease: None,
            opening: None,
            relaying: None,
            acting: None,
            prompts: Prompts::unattended(),
            deadline: None,
            answer: None,
            trouble: None,
            contact: Contact::default(),
            listener: Listener::default(),
            is_identified: false,
        }
    }

    /// The same with people at this desk, for what its profile wants done by hand.
    #[must_use]
    pub fn with_prompts(self, prompts: Prompts) -> Self {
        Self { prompts, ..self }
    }

    /// The same with this ear on its line.
    #[must_use]
    pub fn with_ear(mut self, ear: Ear) -> Self {
        self.listener.ear = ear;
        self
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
        if let Some((expected, told)) = self.rack.expected.mismatch(&answer) {
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
        self.listener.begin(self.setup.clock.now(), &self.rack.speaker, Some(&request));
        self.feed(RegisterInput::Ask(request));
        self.run(within).await
    }

    /// Asks what became of a request whose fate is not known.
    ///
    /// # Errors
    /// When it is not to be learned now.
    pub async fn recover(&mut self, within: Duration) -> Result<Answer, DeviceError> {
        self.notice_what_came();
        self.listener.begin(self.setup.clock.now(), &self.rack.speaker, None);
        self.feed(RegisterInput::Recover);
        self.run(within).await
    }

    /// Opens the port once, and closes it.
    ///
    /// # Errors
    /// When it cannot be had or opened now.
    pub async fn probe(&mut self) -> Result<(), DeviceError> {
        let opening = Opener::new(&self.rack, &self.setup);
        let opened = opening.open(None).await.map_err(|(error, _)| error)?;
        self.contact.opened += 1;
        drop(opened);
        Ok(())
    }

    /// Switches the terminal off and on by the programs of its rack, and asks who is behind the port then.
    ///
    /// The port stays leased meanwhile.
    ///
    /// # Errors
    /// Unless its port vanished and came back, and whoever is there now says that he is the right one.
    pub async fn power_cycle(&mut self, within: Duration) -> Result<PowerCycled, DeviceError> {
        let cycled = self.switch_off_and_on().await?;
        self.identify(within).await?;
        Ok(cycled)
    }

    /// The same without the question who is there then: what became of an earlier request may have to be asked first.
    ///
    /// # Errors
    /// Unless its port vanished and came back.
    pub async fn switch_off_and_on(&mut self) -> Result<PowerCycled, DeviceError> {
        self.hang_up().await;
        self.lease = Some(Opener::new(&self.rack, &self.setup).hold(self.lease.take())?);
        Ok(power_cycle(&self.rack, &self.setup).await?)
    }

    /// Closes the port when it has taken what was sent, and gives it free.
    pub async fn release(&mut self) {
        self.hang_up().await;
        self.close();
    }

    async fn hang_up(&mut self) {
        self.is_identified = false;
        if let Some(wire) = self.wire.take() {
            self.feed(RegisterInput::Closed);
            wire.close().await;
        }
    }

    /// Closes the port and gives it free.
    pub fn close(&mut self) {
        if self.wire.is_some() {
            self.feed(RegisterInput::Closed);
        }
        (self.wire, self.opening, self.relaying, self.acting, self.lease) = (None, None, None, None, None);
        self.is_identified = false;
    }

    async fn run(&mut self, within: Duration) -> Result<Answer, DeviceError> {
        let until = self.setup.clock.now() + within;
        loop {
            if let Some(answer) = self.answer.take() {
                self.acting = None;
                return self.judge(answer);
            }
            if self.setup.clock.now() >= until {
                let error = DeviceError::TimedOut(within);
                self.listener.line(self.setup.clock.now(), &error.to_string());
                return Err(error);
            }
            match self.wake(until).await {
                Wake::Opened(Ok((wire, lease))) => {
                    self.contact.opened += 1;
                    (self.wire, self.lease, self.trouble) = (Some(wire), Some(lease), None);
                    self.listener.line(self.setup.clock.now(), "the port is open");
                    self.feed(RegisterInput::Connected);
                }
                Wake::Opened(Err(error)) => {
                    self.listener.line(self.setup.clock.now(), &error.to_string());
                    self.trouble = Some(error);
                    self.feed(RegisterInput::Closed);
                }
                Wake::Relayed(answer) => self.feed(RegisterInput::RelayAnswer(answer.as_deref())),
                Wake::Acted(done) => self.acted(done),
                Wake::Arrived(arrival) => {
                    self.arrived(arrival);
                    self.do_what_is_due();
                }
                Wake::Time => self.do_what_is_due(),
            }
        }
    }

    /// Does what the register wanted to do by now; a line on which something comes all the time does not stop it.
    fn do_what_is_due(&mut self) {
        let is_due = self.deadline.is_some_and(|due| due <= self.setup.clock.now());
        if is_due && self.answer.is_none() {
            self.feed(RegisterInput::Timeout);
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
                self.listener.bytes(at, Direction::In, &bytes);
                self.feed_at(at, RegisterInput::Received(&bytes));
            }
            Arrival::HungUp => {
                self.contact.hung_up += 1;
                self.listener.line(self.setup.clock.now(), "hung up");
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
            if let Output::Event(event) = &output {
                self.listener.event(now, event);
            }
            match output {
                Output::Connect => {
                    let lease = self.lease.take();
                    self.opening = Some(Box::pin(Opener::new(&self.rack, &self.setup).reopen(lease)));
                }
                // A port that takes nothing is gone, and will say so.
                Output::Send(range) => {
                    let bytes = self.outbox.bytes(range);
                    self.contact.sent += bytes.len() as u64;
                    self.listener.bytes(now, Direction::Out, bytes);
                    let _ = self.wire.as_ref().is_some_and(|wire| wire.send(bytes));
                }
                Output::Close => (self.wire, self.opening) = (None, None),
                Output::Event(RegisterEvent::Answered { answer, .. }) => self.answer = Some(answer),
                Output::Event(RegisterEvent::RelayRequest { bytes, address }) => {
                    let named = format!("{}:{}", address.host, address.port);
                    let host = self.setup.host.clone().unwrap_or(named);
                    self.relaying = Some(Box::pin(relay(bytes.0, host, address.timeout)));
                }
                Output::Event(RegisterEvent::Wanted(deed)) => self.acting = Some(self.act(deed)),
                Output::Event(_) => {}
                Output::Wait(until) => self.deadline = until,
            }
        }
    }

    /// Does outside of the line what the register waits for.
    fn act(&mut self, deed: Deed) -> Pending<Result<bool, DeviceError>> {
        let (rack, setup) = (Arc::clone(&self.rack), Arc::clone(&self.setup));
        match deed {
            Deed::Prompt(text) => {
                let (prompts, prompt) = (self.prompts.clone(), Prompt::new(&rack, text));
                // The register gives up when its time is over.
                let asking = async move { prompts.ask(setup.clock, prompt, PROMPT).await };
                Box::pin(async move { Ok(asking.await == PromptAnswer::Done) })
            }
            Deed::PowerCycle => {
                self.is_identified = false;
                Box::pin(async move { Ok(power_cycle(&rack, &setup).await.map(|_| true)?) })
            }
            Deed::Reconnect => Box::pin(async { Ok(true) }),
        }
    }

    fn acted(&mut self, done: Result<bool, DeviceError>) {
        let is_done = done.unwrap_or_else(|error| {
            self.trouble = Some(error);
            false
        });
        self.feed(RegisterInput::Acted(is_done));
    }

    async fn wake(&mut self, until: Instant) -> Wake {
        let due = self.deadline.map_or(until, |deadline| deadline.min(until));
        let due = self.setup.clock.to_std(due).into();
        let Self { opening, relaying, acting, wire, .. } = self;
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
            acted = pending(acting) => {
                *acting = None;
                Wake::Acted(acted)
            }
            arrival = next(wire) => Wake::Arrived(arrival),
            () = silence(due) => Wake::Time,
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
/// No person is waited for longer; the profile's own time is shorter.
const PROMPT: Duration = Duration::from_secs(3_600);
