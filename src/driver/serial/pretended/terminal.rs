//! One pretended terminal: its machine, what it decides, and the line that it is slow and bad on.

use super::{
    super::{
        inner::{Inner, Wish},
        lane::{Lane, Socket},
        paced::{Paced, Step},
        relay::relay,
        wire::silence,
    },
    Tally,
    fate::Fate,
};
use crate::{
    driver::Clock,
    ecr::{
        Address, Answer, Original, Outbox, Output, Request, Service, TerminalEvent, TerminalInput, Text,
        Verdict,
    },
    money::Amount,
    rack::{BoxedTerminal, Device, Mangler, Simulation},
    rng::{Domain, Rng, Seed},
    time::Instant,
};
use std::{future::Future, io, pin::Pin, time::Duration};

/// A pretended terminal.
pub(super) struct Terminal {
    machine: BoxedTerminal,
    outbox: Outbox<TerminalEvent>,
    simulation: Simulation,
    clock: Clock,
    rng: Rng,
    line: Paced,
    deadline: Option<Instant>,
    /// What is to be said, and when.
    decision: Option<(Instant, u32, Answer)>,
    /// What the line is still carrying to us, and until when.
    received: Option<(Instant, Vec<u8>)>,
    heard_until: Instant,
    is_met: bool,
    /// How long the line is broken.
    away: Option<Duration>,
    /// The virtual terminal inside, and its host.
    inner: Option<(Inner, String)>,
    /// Whether the register carries its messages.
    relays: bool,
    carrying: Option<Carrying>,
    /// The number of the request that is under way.
    active: Option<u32>,
    /// The number and the receipt of the last approval.
    approved: (u32, u32),
    tally: Tally,
}

/// A message on its way to the host and back.
type Carrying = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// What ended a wait.
enum Wake {
    Read(io::Result<usize>),
    Carried(Option<Vec<u8>>),
    Time,
    Stop,
}

impl Terminal {
    /// The `number`th terminal of a rack.
    pub(super) fn new(
        device: &Device,
        number: u64,
        seed: Seed,
        clock: Clock,
        inner: Option<(Inner, String)>,
    ) -> Self {
        let expected = device.expected.terminal.clone().unwrap_or_else(|| format!("{:08}", number + 1));
        let id = inner.as_ref().map_or(expected, |(inner, _)| inner.id().to_owned());
        let byte_time = if device.port.is_serial() { device.line.byte_time() } else { Duration::ZERO };
        let can_relay = device.speaker.relays();
        let mangler = Mangler::new(device.simulation.faults, seed.stream(Domain::Network, number, 0));
        Self {
            machine: device.speaker.terminal(&id, &device.simulation.firmware),
            outbox: Outbox::default(),
            simulation: device.simulation.clone(),
            clock,
            rng: seed.stream(Domain::Fleet, number, 0),
            line: Paced::new(byte_time, mangler),
            deadline: None,
            decision: None,
            received: None,
            heard_until: Instant::START,
            is_met: false,
            away: None,
            inner,
            relays: device.simulation.relays && can_relay,
            carrying: None,
            active: None,
            approved: (0, 0),
            tally: Tally::default(),
        }
    }

    /// Serves one line after the other until all is over, and tells what it did.
    pub(super) async fn serve(mut self, mut socket: Socket, mut fate: Fate) -> Tally {
        while fate.is_plugged_in(&mut socket).await {
            let lane = tokio::select! {
                lane = socket.next() => lane,
                () = fate.changes() => continue,
            };
            match lane {
                Ok(lane) => self.carry(lane, &mut fate).await,
                // No pseudo-terminal is free just now, or somebody else listens there.
                Err(_) => self.away = Some(BROKEN),
            }
            fate.wait(self.away.take().unwrap_or_default()).await;
        }
        self.tally.faults = self.line.mangler.count();
        self.tally
    }

    /// Serves one line until it breaks, is pulled out, or all is over.
    async fn carry(&mut self, mut lane: Lane, fate: &mut Fate) {
        let mut buffer = [0; READ];
        self.is_met = false;
        loop {
            let due = self.due().map(|due| self.clock.to_std(due).into());
            let wake = tokio::select! {
                // What has come is heard before a silence is.
                biased;
                read = lane.read(&mut buffer), if self.received.is_none() => Wake::Read(read),
                carried = carried(&mut self.carrying) => Wake::Carried(carried),
                () = sleep_until(due) => Wake::Time,
                () = fate.changes() => Wake::Stop,
            };
            match wake {
                Wake::Stop | Wake::Read(Ok(0) | Err(_)) => break,
                Wake::Read(Ok(count)) => {
                    self.hear(buffer.get(..count).unwrap_or_default());
                    // Whoever never stops talking does not stop the clock.
                    self.catch_up(&mut lane);
                }
                Wake::Carried(answer) => {
                    self.carrying = None;
                    self.heard_from_host(answer.as_deref());
                }
                Wake::Time => self.catch_up(&mut lane),
            }
            if self.away.is_some() {
                break;
            }
        }
        drop(lane);
        self.received = None;
        self.feed(TerminalInput::Closed);
        self.line.clear(self.clock.now());
    }

    /// When something is to be done.
    fn due(&self) -> Option<Instant> {
        let decision = self.decision.as_ref().map(|(at, ..)| *at);
        let received = self.received.as_ref().map(|(at, _)| *at);
        let inner = self.inner.as_ref().and_then(|(inner, _)| inner.due());
        // While something is on the line, nothing is silent.
        let deadline = self.deadline.filter(|_| received.is_none());
        [decision, received, inner, self.line.due(), deadline].into_iter().flatten().min()
    }

    /// Bytes are heard when the line has carried them, not when the kernel hands them over.
    fn hear(&mut self, bytes: &[u8]) {
        let now = self.clock.now();
        self.heard_until = self.heard_until.max(now) + self.line.byte_time * bytes.len() as u32;
        self.received = Some((self.heard_until, bytes.to_vec()));
        if self.heard_until <= now {
            self.listen(now);
        }
    }

    fn catch_up(&mut self, lane: &mut Lane) {
        let now = self.clock.now();
        self.listen(now);
        if self.decision.as_ref().is_some_and(|(at, ..)| *at <= now)
            && let Some((_, _, answer)) = self.decision.take()
        {
            self.active = None;
            self.feed(TerminalInput::Decide(answer));
        }
        if let Some((inner, _)) = self.inner.as_mut()
            && inner.due().is_some_and(|due| due <= now)
        {
            let wishes = inner.wake(now);
            self.fulfil(wishes);
        }
        if self.received.is_none() && self.deadline.is_some_and(|deadline| deadline <= now) {
            self.feed(TerminalInput::Timeout);
        }
        self.speak(now, lane);
    }

    fn listen(&mut self, now: Instant) {
        if self.received.as_ref().is_none_or(|(at, _)| *at > now) {
            return;
        }
        let Some((_, bytes)) = self.received.take() else { return };
        if !std::mem::replace(&mut self.is_met, true) {
            self.feed(TerminalInput::Connected);
        }
        self.feed(TerminalInput::Received(&bytes));
    }

    /// Writes what the line has carried by now.
    fn speak(&mut self, now: Instant, lane: &mut Lane) {
        while let Some(step) = self.line.next(now) {
            match step {
                Step::Write(bytes) => lane.write(&bytes),
                Step::Break(time) => return self.away = Some(time),
            }
        }
    }

    fn feed(&mut self, input: TerminalInput<'_>) {
        let now = self.clock.now();
        let mut outbox = std::mem::take(&mut self.outbox);
        self.machine.handle(now, input, &mut outbox);
        let mut events = Vec::new();
        while let Some(output) = outbox.poll() {
            match output {
                Output::Send(range) => self.line.put(now, outbox.bytes(range)),
                Output::Event(event) => events.push(event),
                Output::Wait(until) => self.deadline = until,
                // A terminal is connected to.
                Output::Connect | Output::Close => {}
            }
        }
        self.outbox = outbox;
        events.into_iter().for_each(|event| self.happened(event));
    }

    fn asked(&mut self, request: &Request) {
        let now = self.clock.now();
        self.tally.asked += 1;
        self.active = Some(request.id);
        if self.line.mangler.reboots() {
            // What it had not booked is not done; nobody hears of it before the line is back.
            self.active = None;
            self.feed(TerminalInput::Decide(refusal(b"restarted")));
            self.line.clear(now);
            self.away = Some(REBOOT);
            return;
        }
        let is_low = self.line.mangler.is_battery_low();
        let is_refused = self.simulation.refuses(request);
        match &mut self.inner {
            _ if is_low => self.decide(refusal(b"battery low")),
            Some(_) if is_refused => {
                let answer = self.simulation.decide(request, self.tally.asked);
                self.decide(answer);
            }
            Some((inner, _)) => match inner.ask(now, request) {
                Some(wishes) => self.fulfil(wishes),
                None => self.decide(refusal(b"not possible")),
            },
            None => {
                let answer = self.simulation.decide(request, self.tally.asked);
                self.decide(answer);
            }
        }
    }

    /// Says it when the customer is done.
    fn decide(&mut self, answer: Answer) {
        let Some(id) = self.active else { return };
        if answer.verdict == Verdict::Approved {
            self.approved = (id, answer.receipt);
        }
        let thinks = self.simulation.thought(&mut self.rng);
        self.decision = Some((self.clock.now() + thinks, id, answer));
    }

    fn fulfil(&mut self, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::Tell(answer) => self.decide(answer),
                Wish::Carry(bytes) if self.relays && self.active.is_some() && self.decision.is_none() => {
                    let address = self.address();
                    self.feed(TerminalInput::Relay { bytes: &bytes, address });
                }
                // Between two requests nobody carries anything: it waits for the next one.
                Wish::Carry(_) if self.relays => self.heard_from_host(None),
                Wish::Carry(bytes) => {
                    let host = self.inner.as_ref().map(|(_, host)| host.clone()).unwrap_or_default();
                    self.carrying = Some(Box::pin(relay(bytes, host, HOST)));
                }
            }
        }
    }

    fn heard_from_host(&mut self, answer: Option<&[u8]>) {
        let now = self.clock.now();
        if let Some((inner, _)) = &mut self.inner {
            let wishes = inner.hear(now, answer);
            self.fulfil(wishes);
        }
    }

    /// Where the register is to carry messages.
    fn address(&self) -> Address {
        let host = self.inner.as_ref().map_or("", |(_, host)| host);
        let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
        Address { host: name.to_owned(), port: port.parse().unwrap_or(0), timeout: HOST }
    }

    fn happened(&mut self, event: TerminalEvent) {
        match event {
            TerminalEvent::Asked(request) => self.asked(&request),
            TerminalEvent::Abandoned(id) => {
                self.active = None;
                if self.decision.take_if(|(_, asked, _)| *asked == id).is_some() {
                    self.undo(id);
                }
            }
            TerminalEvent::Booked(id) => *self.tally.books.entry(id).or_insert(0) += 1,
            TerminalEvent::Reversed(id) => {
                self.tally.reversed += 1;
                self.tally.books.remove(&id);
                self.undo(id);
            }
            TerminalEvent::RelayAnswer(answer) => {
                self.heard_from_host(answer.as_ref().map(|bytes| bytes.0.as_slice()));
            }
        }
    }

    /// What the register did not take is undone at the host too.
    fn undo(&mut self, id: u32) {
        let now = self.clock.now();
        let (approved, receipt) = self.approved;
        let original = Some(Original { receipt, ..Original::default() });
        let void = Request { id: 0, service: Service::Void, amount: Amount::ZERO, original };
        if let Some((inner, _)) = self.inner.as_mut().filter(|_| approved == id) {
            let wishes = inner.ask(now, &void).unwrap_or_default();
            self.fulfil(wishes);
        }
    }
}

fn refusal(text: &[u8]) -> Answer {
    Answer { text: Text(text.to_vec()), ..Answer::bare(Verdict::Declined) }
}

async fn carried(carrying: &mut Option<Carrying>) -> Option<Vec<u8>> {
    match carrying {
        Some(carrying) => carrying.await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(due: Option<tokio::time::Instant>) {
    match due {
        Some(due) => silence(due).await,
        None => std::future::pending().await,
    }
}

const READ: usize = 4_096;
/// How long a host may take.
const HOST: Duration = Duration::from_secs(60);
/// How long a terminal takes to start.
const REBOOT: Duration = Duration::from_secs(2);
/// Before a line that could not be made is tried again.
const BROKEN: Duration = Duration::from_millis(200);
