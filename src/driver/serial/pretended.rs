//! Pretended terminals: each a terminal's machine at the end of a line that is as slow and as bad as it is told to be.

use super::pty::Pty;
use crate::{
    driver::Clock,
    ecr::{Answer, Outbox, Output, Request, TerminalEvent, TerminalInput, Text, Verdict},
    rack::{Act, BoxedTerminal, Device, Mangler, Rack, Selector, Simulation},
    rng::{Domain, Rng, Seed},
    time::Instant,
};
use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Terminals that are pretended, until this is dropped.
#[derive(Debug)]
pub struct Pretended {
    stop: watch::Sender<bool>,
    terminals: Vec<(String, JoinHandle<Tally>)>,
}

/// What a pretended terminal did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that reached it.
    pub asked: u32,
    /// Transactions in its books at the end, by the register's number, with how often each was booked.
    pub books: BTreeMap<u32, u32>,
    /// Transactions that it has taken out of its books.
    pub reversed: u32,
    /// What went wrong on purpose.
    pub faults: u64,
}

/// Why terminals cannot be pretended.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The folder of the links cannot be made.
    #[error("cannot make the folder {0}: {1}")]
    Folder(PathBuf, #[source] io::Error),
    /// A line cannot be made.
    #[error("{0}: cannot make its line: {1}")]
    Line(String, #[source] io::Error),
}

impl Pretended {
    /// Pretends the devices of a rack that have a `sim:` port, and those with a `tcp:` port on this machine.
    ///
    /// # Errors
    /// When a line cannot be made.
    pub async fn start(rack: &Rack, clock: Clock) -> Result<Self, SimError> {
        fs::create_dir_all(&rack.sim_folder)
            .map_err(|error| SimError::Folder(rack.sim_folder.clone(), error))?;
        let (stop, stopped) = watch::channel(false);
        let mut terminals = Vec::new();
        for (number, device) in rack.devices.iter().enumerate().filter(|(_, device)| device.is_enabled) {
            let failed = |error| SimError::Line(device.id.clone(), error);
            let Some(socket) = Socket::of(device, &rack.sim_folder).await.map_err(failed)? else { continue };
            let terminal = Terminal::new(device, number as u64, Seed(rack.seed), clock);
            let task = tokio::spawn(terminal.serve(socket, stopped.clone()));
            terminals.push((device.id.clone(), task));
        }
        Ok(Self { stop, terminals })
    }

    /// The names of those that are pretended.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.terminals.iter().map(|(id, _)| id.as_str())
    }

    /// Ends them all and tells what each did.
    pub async fn finish(self) -> Vec<(String, Tally)> {
        let _ = self.stop.send(true);
        let mut tallies = Vec::new();
        for (id, task) in self.terminals {
            tallies.push((id, task.await.unwrap_or_default()));
        }
        tallies
    }
}

impl Tally {
    /// The transactions in the books.
    pub fn booked(&self) -> usize {
        self.books.len()
    }
}

/// Where lines to a pretended terminal come from.
enum Socket {
    Link(PathBuf, Option<Pty>),
    Listener(TcpListener),
}

/// A line to whoever plays the register.
enum Lane {
    Pty(Pty),
    Tcp(TcpStream),
}

impl Socket {
    async fn of(device: &Device, folder: &Path) -> io::Result<Option<Self>> {
        match &device.port {
            Selector::Sim(name) => {
                let link = folder.join(name);
                // The first one is there before anybody is told that it is.
                let first = Pty::open(&link)?;
                Ok(Some(Self::Link(link, Some(first))))
            }
            Selector::Tcp { host, port } if matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") => {
                Ok(Some(Self::Listener(TcpListener::bind(format!("{host}:{port}")).await?)))
            }
            _ => Ok(None),
        }
    }

    /// The next line; a link waits for nobody.
    async fn next(&mut self) -> io::Result<Lane> {
        match self {
            Self::Link(link, first) => match first.take() {
                Some(first) => Ok(Lane::Pty(first)),
                None => Pty::open(link).map(Lane::Pty),
            },
            Self::Listener(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Lane::Tcp(stream))
            }
        }
    }
}

impl Lane {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Pty(pty) => pty.read(buffer).await,
            Self::Tcp(stream) => loop {
                stream.readable().await?;
                match stream.try_read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    read => return read,
                }
            },
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        match self {
            Self::Pty(pty) => pty.write(bytes),
            Self::Tcp(stream) => drop(stream.try_write(bytes)),
        }
    }
}

/// A pretended terminal.
struct Terminal {
    machine: BoxedTerminal,
    outbox: Outbox<TerminalEvent>,
    simulation: Simulation,
    clock: Clock,
    rng: Rng,
    mangler: Mangler,
    /// How long a byte is on the line; nothing over TCP.
    byte_time: Duration,
    deadline: Option<Instant>,
    /// What is to be said, and when.
    decision: Option<(Instant, u32, Answer)>,
    acts: VecDeque<Act>,
    /// When the line has carried what it was given, in either direction.
    sent: Instant,
    received: Option<(Instant, Vec<u8>)>,
    heard_until: Instant,
    is_met: bool,
    /// Until when the line is broken.
    away: Option<Duration>,
    tally: Tally,
}

/// What ended a wait.
enum Wake {
    Read(io::Result<usize>),
    Time,
    Stop,
}

impl Terminal {
    fn new(device: &Device, number: u64, seed: Seed, clock: Clock) -> Self {
        let id = device.expected.terminal.clone().unwrap_or_else(|| format!("{:08}", number + 1));
        let mangler = Mangler::new(device.simulation.faults, seed.stream(Domain::Network, number, 0));
        Self {
            machine: device.speaker.terminal(&id),
            outbox: Outbox::default(),
            simulation: device.simulation.clone(),
            clock,
            rng: seed.stream(Domain::Fleet, number, 0),
            mangler,
            byte_time: if device.port.is_serial() { device.line.byte_time() } else { Duration::ZERO },
            deadline: None,
            decision: None,
            acts: VecDeque::new(),
            sent: Instant::START,
            received: None,
            heard_until: Instant::START,
            is_met: false,
            away: None,
            tally: Tally::default(),
        }
    }

    async fn serve(mut self, mut socket: Socket, mut stopped: watch::Receiver<bool>) -> Tally {
        loop {
            let lane = tokio::select! {
                lane = socket.next() => lane,
                _ = stopped.changed() => break,
            };
            let is_stopped = match lane {
                Ok(lane) => self.carry(lane, &mut stopped).await,
                // No pseudo-terminal is free just now.
                Err(_) => wait(BROKEN, &mut stopped).await,
            };
            let away = self.away.take().unwrap_or_default();
            if is_stopped || (!away.is_zero() && wait(away, &mut stopped).await) {
                break;
            }
        }
        self.tally.faults = self.mangler.count();
        self.tally
    }

    /// Serves one line until it breaks; whether it is all over.
    async fn carry(&mut self, mut lane: Lane, stopped: &mut watch::Receiver<bool>) -> bool {
        let mut buffer = [0; READ];
        self.is_met = false;
        let is_stopped = loop {
            let due = self.due().map(|due| self.clock.to_std(due).into());
            let wake = tokio::select! {
                read = lane.read(&mut buffer), if self.received.is_none() => Wake::Read(read),
                () = sleep_until(due) => Wake::Time,
                _ = stopped.changed() => Wake::Stop,
            };
            match wake {
                Wake::Stop => break true,
                Wake::Read(Ok(0) | Err(_)) => break false,
                Wake::Read(Ok(count)) => self.hear(buffer.get(..count).unwrap_or_default()),
                Wake::Time => self.catch_up(&mut lane),
            }
            if self.away.is_some() {
                break false;
            }
        };
        drop(lane);
        (self.received, self.sent) = (None, self.clock.now());
        self.acts.clear();
        self.feed(TerminalInput::Closed);
        self.acts.clear();
        is_stopped
    }

    /// When something is to be done.
    fn due(&self) -> Option<Instant> {
        let decision = self.decision.as_ref().map(|(at, ..)| *at);
        let received = self.received.as_ref().map(|(at, _)| *at);
        let sent = self.acts.front().map(|_| self.sent);
        [decision, received, sent, self.deadline].into_iter().flatten().min()
    }

    /// Bytes are heard when the line has carried them, not when the kernel hands them over.
    fn hear(&mut self, bytes: &[u8]) {
        let now = self.clock.now();
        self.heard_until = self.heard_until.max(now) + self.byte_time * bytes.len() as u32;
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
            self.feed(TerminalInput::Decide(answer));
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
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

    /// Writes what the line has carried by now, a few milliseconds of it at a time.
    fn speak(&mut self, now: Instant, lane: &mut Lane) {
        while self.sent <= now
            && let Some(act) = self.acts.pop_front()
        {
            match act {
                Act::Pause(time) => self.sent = now + time,
                Act::HangUp(time) => return self.away = Some(time),
                Act::Send(mut bytes) => {
                    let rest = bytes.split_off(self.chunk().min(bytes.len()));
                    lane.write(&bytes);
                    self.pace(rest, now);
                }
            }
        }
    }

    /// The rest goes when the line has carried as much of it as goes at once.
    fn pace(&mut self, rest: Vec<u8>, now: Instant) {
        let ahead = match self.acts.front() {
            _ if !rest.is_empty() => rest.len(),
            Some(Act::Send(next)) => next.len(),
            _ => return,
        };
        let start = if now.since(self.sent) > LATE { now } else { self.sent };
        self.sent = start + self.byte_time * ahead.min(self.chunk()) as u32;
        if !rest.is_empty() {
            self.acts.push_front(Act::Send(rest));
        }
    }

    /// How many bytes go at once.
    fn chunk(&self) -> usize {
        if self.byte_time.is_zero() {
            return usize::MAX;
        }
        (CHUNK.as_nanos() / self.byte_time.as_nanos()).max(1) as usize
    }

    fn feed(&mut self, input: TerminalInput<'_>) {
        let now = self.clock.now();
        let mut outbox = std::mem::take(&mut self.outbox);
        self.machine.handle(now, input, &mut outbox);
        let mut asked = None;
        while let Some(output) = outbox.poll() {
            match output {
                Output::Send(range) => self.say(now, outbox.bytes(range)),
                Output::Event(TerminalEvent::Asked(request)) => asked = Some(request),
                Output::Event(event) => self.happened(&event),
                Output::Wait(until) => self.deadline = until,
                // A terminal is connected to.
                Output::Connect | Output::Close => {}
            }
        }
        self.outbox = outbox;
        if let Some(request) = asked {
            self.asked(now, &request);
        }
    }

    /// Puts bytes on the line, behind those that are on it.
    fn say(&mut self, now: Instant, bytes: &[u8]) {
        let mut acts = Vec::new();
        self.mangler.transmit(bytes, &mut acts);
        if self.acts.is_empty()
            && let Some(Act::Send(first)) = acts.first()
        {
            self.sent = self.sent.max(now) + self.byte_time * first.len().min(self.chunk()) as u32;
        }
        self.acts.extend(acts);
    }

    fn asked(&mut self, now: Instant, request: &Request) {
        self.tally.asked += 1;
        let thinks = self.simulation.thought(&mut self.rng);
        let mut answer = self.simulation.decide(request, self.tally.asked);
        if self.mangler.is_battery_low() {
            answer = refusal(b"battery low");
        }
        if self.mangler.reboots() {
            // What it had not booked is not done; nobody hears of it before the line is back.
            self.feed(TerminalInput::Decide(refusal(b"restarted")));
            self.acts.clear();
            self.away = Some(REBOOT);
            return;
        }
        self.decision = Some((now + thinks, request.id, answer));
    }

    fn happened(&mut self, event: &TerminalEvent) {
        match event {
            TerminalEvent::Abandoned(id) => {
                if self.decision.as_ref().is_some_and(|(_, asked, _)| asked == id) {
                    self.decision = None;
                }
            }
            TerminalEvent::Booked(id) => *self.tally.books.entry(*id).or_insert(0) += 1,
            TerminalEvent::Reversed(id) => {
                self.tally.reversed += 1;
                self.tally.books.remove(id);
            }
            TerminalEvent::RelayAnswer(_) | TerminalEvent::Asked(_) => {}
        }
    }
}

fn refusal(text: &[u8]) -> Answer {
    Answer { text: Text(text.to_vec()), ..Answer::bare(Verdict::Declined) }
}

/// Waits; whether it is all over before that.
async fn wait(time: Duration, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => false,
        _ = stopped.changed() => true,
    }
}

async fn sleep_until(due: Option<tokio::time::Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

const READ: usize = 4_096;
/// So much of a transmission is written at once: the runtime's clock is no finer.
const CHUNK: Duration = Duration::from_millis(2);
/// A line that is more behind than this does not catch up.
const LATE: Duration = Duration::from_millis(20);
/// How long a terminal takes to start.
const REBOOT: Duration = Duration::from_secs(2);
/// Before a line that could not be made is tried again.
const BROKEN: Duration = Duration::from_millis(200);
