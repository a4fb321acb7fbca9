//! Seats whose terminal stands in a lab: flows ask it through a register on its port, and both ends are witnessed.
//!
//! ```text
//! operate ─► Station: doubt? recover ─► register's request ─► Device ─► Answer ─► outcome, journal
//!                └── before and after: what the host of the run heard of the terminal (Tap)
//! ```

use super::{
    control::Command,
    device_card::{Waits, present, remove},
    device_log::{Line, Log},
    device_witness::{Glimpse, ends, glimpse},
    device_words::outcome,
    iteration::interrupted,
    shard::{Seat, Shard},
};
use crate::{
    driver::{
        Heard,
        serial::{Absent, Device, DeviceError, Ear, OpenError, Prompts, Setup},
    },
    ecr::{Answer, Request, Verdict},
    flow::BothEnds,
    iso8583::BatchNo,
    metrics::{DeviceRow, Severity, TimeSplit},
    money::Amount,
    operation::{End, Failure, Kind, Operation, Outcome},
    rack::{self, FailureClass},
    reconcile::{Belief, Entry},
    regression::Line as LineState,
    scenario::Identity,
    time::Instant,
};
use std::{
    cell::{Cell, RefCell},
    fmt,
    sync::Arc,
    time::Duration,
};

/// The device of a seat; it is taken out while a flow has it.
pub(super) struct Post {
    station: Cell<Option<Box<Station>>>,
    /// What the faces see of it.
    row: RefCell<DeviceRow>,
    /// Its number among all devices, as selectors of thresholds count them.
    number: Option<usize>,
    pub(super) waits: Waits,
    /// Hears its line, when somebody looks at it.
    pub(super) ear: Ear,
}

/// A device with what was done on it.
pub(super) struct Station {
    id: String,
    pub(super) device: Device,
    /// How long a byte is on its line.
    byte_time: Duration,
    identity: Identity,
    log: Log,
    /// What was asked and has an unknown fate.
    doubt: Option<Doubt>,
    /// The batch that its last message to the host of the run named.
    batch: Option<BatchNo>,
    /// Whether it was said that its transactions cannot be compared.
    is_stranger_told: bool,
    /// Why an operation could not be done, the first since somebody asked.
    pub(super) misfortune: Option<Misfortune>,
    /// How often its line had hung up when somebody asked.
    pub(super) hang_ups: u32,
}

/// Why an operation could not be done, as cases tell it.
#[derive(Clone, Debug)]
pub(super) struct Misfortune {
    pub(super) class: FailureClass,
    pub(super) reason: String,
    pub(super) line: LineState,
    /// Whether it is nobody's fault: somebody would have had to bring a card, and nobody came.
    pub(super) needs_operator: bool,
}

/// A request whose fate is not known.
struct Doubt {
    operation: Operation,
    asked: Amount,
    about: Option<usize>,
    /// Its line in the journal, where it has one.
    entry: Option<Entry>,
}

/// What came of an operation.
pub(super) struct Told {
    pub(super) outcome: Outcome,
    pub(super) at: Instant,
    pub(super) ends: BothEnds,
    /// The batch that is open in the terminal, where its messages told.
    pub(super) batch: Option<BatchNo>,
    /// How long a card was waited for, which is no part of what it took.
    pub(super) waited: Duration,
}

/// Where a step on a device began.
struct Begin {
    at: Instant,
    /// Bytes that the line had carried by then.
    bytes: u64,
    /// How long cards had been waited for by then.
    waited: Duration,
}

/// What the terminal answered to a request.
struct Done {
    answer: Answer,
    /// The amount that was asked.
    asked: Amount,
    /// The place in the log of the transaction that it is about.
    about: Option<usize>,
}

/// Why there is no answer.
pub(super) struct Failed {
    end: End,
    fault: FailureClass,
    text: String,
    line: LineState,
    needs_operator: bool,
}

impl Post {
    pub(super) fn new(
        device: &rack::Device,
        group: &str,
        identity: &Identity,
        setup: &Arc<Setup>,
        prompts: &Prompts,
        first_request: u32,
    ) -> Self {
        let row = DeviceRow {
            id: device.id.clone(),
            group: group.to_owned(),
            driver: device.speaker.name().to_owned(),
            port: device.port.to_string(),
            state: CLOSED.to_owned(),
            terminal_id: device.expected.terminal.clone().unwrap_or_default(),
            ..DeviceRow::default()
        };
        let ear = Ear::default();
        let byte_time = if device.port.is_serial() { device.line.byte_time() } else { Duration::ZERO };
        let station = Station {
            id: device.id.clone(),
            device: Device::new(device, setup).with_prompts(prompts.clone()).with_ear(ear.clone()),
            byte_time,
            identity: identity.clone(),
            log: Log::new(first_request),
            doubt: None,
            batch: None,
            is_stranger_told: false,
            misfortune: None,
            hang_ups: 0,
        };
        let (station, row) = (Cell::new(Some(Box::new(station))), RefCell::new(row));
        Self { station, row, number: None, waits: Waits::default(), ear }
    }

    /// The same with this number among all devices.
    pub(super) fn numbered(self, number: Option<usize>) -> Self {
        Self { number, ..self }
    }

    /// Its number among all devices.
    pub(super) fn number(&self) -> Option<usize> {
        self.number
    }

    /// What the faces see of the device at this moment.
    pub(super) fn row(&self) -> DeviceRow {
        self.row.borrow().clone()
    }

    /// How long cards have been waited for so far.
    pub(super) fn waited(&self, now: Instant) -> Duration {
        self.waits.so_far(now)
    }

    /// Leaves the device out, or takes it in again; only the faces learn of it here.
    pub(super) fn quarantine(&self, quarantined: bool) {
        self.row.borrow_mut().quarantined = quarantined;
    }

    /// Notes for the faces what an operation came to.
    fn note(&self, kind: Kind, station: &Station, told: &Told, error: Option<&str>) {
        let mut row = self.row.borrow_mut();
        let contact = station.device.contact();
        row.last_exchange = format!("{} {}", kind.name(), told.outcome.class().name());
        row.last_at = Some(told.at.since(Instant::START));
        row.exchanges += 1;
        let times = told.ends.times;
        row.times += TimeSplit { device: times.device, line: times.line, host: times.host };
        row.opened = (contact.opened, contact.hung_up);
        row.state = if station.device.is_open() { OPEN } else { CLOSED }.to_owned();
        if let Some(error) = error {
            row.errors += 1;
            error.clone_into(&mut row.last_error);
        }
    }

    /// Notes for the faces who the terminal says that it is.
    pub(super) fn note_identity(&self, answer: &Answer) {
        let text = |text: &[u8]| text.escape_ascii().to_string();
        let mut row = self.row.borrow_mut();
        if !answer.terminal.0.is_empty() {
            row.terminal_id = text(&answer.terminal.0);
        }
        if !answer.serial_number.0.is_empty() {
            row.serial_number = text(&answer.serial_number.0);
        }
        if !answer.firmware.0.is_empty() {
            row.firmware = text(&answer.firmware.0);
        }
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Post({})", self.row.borrow().id)
    }
}

impl Seat {
    /// Takes the device of the seat, where it has one and nobody else has it.
    pub(super) fn station(&self) -> Option<Box<Station>> {
        self.post.as_ref()?.station.take()
    }

    pub(super) fn return_station(&self, station: Option<Box<Station>>) {
        if let (Some(post), Some(station)) = (&self.post, station) {
            post.station.set(Some(station));
        }
    }
}

/// Has the device of a seat do one operation.
pub(super) async fn operate(
    shard: &Shard,
    seat: &Seat,
    place: usize,
    station: &mut Station,
    operation: Operation,
) -> Told {
    // What it said of its own accord since the last step belongs to no step.
    station.hear(shard);
    let waited = || seat.post.as_ref().map_or(Duration::ZERO, |post| post.waited(shard.now()));
    let begin = Begin { at: shard.now(), bytes: station.bytes(), waited: waited() };
    seat.post.iter().for_each(|post| BUSY.clone_into(&mut post.row.borrow_mut().state));
    let done = tokio::select! {
        biased;
        () = interrupted(shard, place) => Err(Failed::of(Failure::Interrupted, FailureClass::Infrastructure)),
        done = station.carry_out(shard, seat, operation.clone()) => done,
    };
    let waited = waited() - begin.waited;
    // Whoever cuts an operation short knows why: that is no misfortune of the line.
    if let Some(failed) = done.as_ref().err().filter(|failed| !failed.is_interruption()) {
        station.misfortune.get_or_insert_with(|| Misfortune::from(failed));
    }
    let error = done.as_ref().err().map(|failed| failed.text.clone());
    let told = station.conclude(shard, &operation, begin, waited, done);
    seat.post.iter().for_each(|post| post.note(operation.kind, station, &told, error.as_deref()));
    tell(shard, station, operation.kind, &told, error);
    told
}

/// Tells of an operation that came to nothing.
fn tell(shard: &Shard, station: &Station, kind: Kind, told: &Told, error: Option<String>) {
    let is_over = told.outcome.end == End::Failed(Failure::Interrupted);
    let text = error.or_else(|| (told.outcome.end == End::TimedOut).then(|| FATE.to_owned()));
    if let Some(text) = text.filter(|_| !is_over) {
        let text = format!("device {}: {}: {text}", station.id, kind.name());
        shard.recorder.borrow_mut().notice(told.at, Severity::Error, text);
    }
}

impl Failed {
    fn of(failure: Failure, fault: FailureClass) -> Self {
        let (text, line) = (failure.blame().to_owned(), LineState::Sound);
        Self { end: End::Failed(failure), fault, text, line, needs_operator: false }
    }

    /// Whether the operation was cut short from outside.
    fn is_interruption(&self) -> bool {
        self.end == End::Failed(Failure::Interrupted)
    }

    /// There is no card in the terminal.
    pub(super) fn without_card(absent: &Absent) -> Self {
        let (text, needs_operator) = (absent.to_string(), absent.is_skipped());
        Self { text, needs_operator, ..Self::of(Failure::NoCard, absent.class()) }
    }
}

impl From<DeviceError> for Failed {
    fn from(error: DeviceError) -> Self {
        let end = match &error {
            DeviceError::NoAnswer | DeviceError::TimedOut(_) => End::TimedOut,
            DeviceError::HungUp => End::Failed(Failure::ConnectionLost),
            DeviceError::Busy => End::Failed(Failure::ReversalPending),
            _ => End::Failed(Failure::NotConnected),
        };
        let (fault, text, line) = (error.class(), error.to_string(), line_of(&error));
        Self { end, fault, text, line, needs_operator: false }
    }
}

impl From<&Failed> for Misfortune {
    fn from(failed: &Failed) -> Self {
        let (reason, needs_operator) = (failed.text.clone(), failed.needs_operator);
        Self { class: failed.fault, reason, line: failed.line, needs_operator }
    }
}

/// What an error means for the line.
fn line_of(error: &DeviceError) -> LineState {
    match error {
        DeviceError::Lease(_) | DeviceError::LeaseExpired | DeviceError::Open(OpenError::Busy(_)) => {
            LineState::Refused
        }
        _ => LineState::InDoubt,
    }
}

impl Station {
    /// Asks the terminal.
    async fn carry_out(&mut self, shard: &Shard, seat: &Seat, operation: Operation) -> Result<Done, Failed> {
        self.resolve(shard).await?;
        let scenario = |failure| Failed::of(failure, FailureClass::Scenario);
        let (request, about) = self.log.request(&operation).map_err(scenario)?;
        let asked = request.amount;
        if request.service.moves_money() && !self.device.is_identified() {
            let identity = self.device.identify(IDENTITY).await?;
            seat.post.iter().for_each(|post| post.note_identity(&identity));
        }
        let is_shown = present(shard, seat, &operation).await?;
        let answer = self.ask(operation, request, about).await;
        if is_shown {
            remove(shard, seat).await;
        }
        let answer = answer?;
        Ok(Done { answer, asked, about })
    }

    /// Takes what came of a step, from both ends.
    fn conclude(
        &mut self,
        shard: &Shard,
        operation: &Operation,
        begin: Begin,
        waited: Duration,
        done: Result<Done, Failed>,
    ) -> Told {
        let heard = self.hear(shard);
        let at = shard.now();
        let whole = at.since(begin.at).saturating_sub(waited);
        let line = self.byte_time * u32::try_from(self.bytes() - begin.bytes).unwrap_or(u32::MAX);
        let answer = done.as_ref().ok().map(|done| &done.answer);
        let ends = ends(answer, shard.tap.is_some().then_some(&heard[..]), whole, line);
        let outcome = match done {
            Ok(Done { answer, asked, about }) => {
                let told = self.told(shard, operation, asked, about, &answer, &heard);
                Outcome { service: Some(whole), ..told }
            }
            Err(failed) => {
                self.in_doubt(shard, &heard);
                Outcome::ended(operation.kind, failed.end, Amount::ZERO)
            }
        };
        Told { outcome, at, ends, batch: self.batch, waited }
    }

    async fn ask(
        &mut self,
        operation: Operation,
        request: Request,
        about: Option<usize>,
    ) -> Result<Answer, DeviceError> {
        let asked = request.amount;
        // Until it is answered, nobody knows.
        self.doubt = request.service.moves_money().then_some(Doubt { operation, asked, about, entry: None });
        let answer = self.device.ask(request, ANSWER).await;
        let is_open = match &answer {
            Ok(answer) => answer.verdict == Verdict::Unknown,
            Err(error) => matches!(error, DeviceError::TimedOut(_)),
        };
        self.doubt.take_if(|_| !is_open);
        answer
    }

    /// Finds out what became of an earlier request, before anything else is asked.
    pub(super) async fn resolve(&mut self, shard: &Shard) -> Result<(), Failed> {
        if self.doubt.is_none() {
            return Ok(());
        }
        let answer = self.device.recover(RECOVER).await?;
        if answer.verdict == Verdict::Unknown {
            return Err(Failed::of(Failure::ReversalPending, FailureClass::Device));
        }
        let Some(Doubt { operation, asked, about, entry }) = self.doubt.take() else { return Ok(()) };
        let heard = self.hear(shard);
        match entry {
            Some(entry) if answer.verdict != Verdict::Approved => {
                self.write(shard, Entry { belief: Belief::Reversed, ..entry });
            }
            _ => drop(self.told(shard, &operation, asked, about, &answer, &heard)),
        }
        Ok(())
    }

    /// Takes what the terminal answered.
    fn told(
        &mut self,
        shard: &Shard,
        operation: &Operation,
        asked: Amount,
        about: Option<usize>,
        answer: &Answer,
        heard: &[Heard],
    ) -> Outcome {
        let outcome = outcome(operation.kind, asked, answer);
        match (outcome.end, operation.kind) {
            (End::Approved, Kind::Settlement) => {
                let settled = self.log.settle();
                settled.into_iter().for_each(|entry| {
                    self.write(shard, Entry { belief: Belief::Settled, ..entry });
                });
            }
            (End::Approved, kind) if kind.is_financial() => {
                let line = Line { kind, belief: Belief::Approved, amount: outcome.amount, rrn: outcome.rrn };
                let entry = self.entry(shard, line, answer.trace, heard);
                self.log.book(kind, answer, &outcome, entry.clone());
                entry.into_iter().for_each(|entry| self.write(shard, entry));
                let undone = about.filter(|_| kind == Kind::Void).and_then(|place| self.log.undo(place));
                undone.into_iter().for_each(|entry| {
                    self.write(shard, Entry { belief: Belief::Voided, ..entry });
                });
            }
            (End::TimedOut, _) => self.in_doubt(shard, heard),
            _ => {}
        }
        outcome
    }

    /// Writes into the journal that something may have happened.
    fn in_doubt(&mut self, shard: &Shard, heard: &[Heard]) {
        let Some(Doubt { operation, asked, entry: None, .. }) = &self.doubt else { return };
        let line = Line { kind: operation.kind, belief: Belief::Unknown, amount: *asked, rrn: None };
        let entry = self.entry(shard, line, 0, heard);
        if let (Some(doubt), Some(entry)) = (&mut self.doubt, entry) {
            doubt.entry = Some(entry.clone());
            self.write(shard, entry);
        }
    }

    /// A line of the journal: what the terminal told, and what it did not tell from its message to the host of the run.
    fn entry(&mut self, shard: &Shard, line: Line, trace: u32, heard: &[Heard]) -> Option<Entry> {
        let Glimpse { batch, stan } = glimpse(line.kind, heard);
        let batch = batch.or(self.batch);
        let stan = crate::iso8583::Stan::new(trace).filter(|_| trace > 0).or(stan);
        if let (None, false) = (batch, self.is_stranger_told)
            && shard.tap.is_some()
        {
            self.is_stranger_told = true;
            let text = format!(
                "device {}: it has never spoken to the host of this run: what it does cannot be compared",
                self.id
            );
            shard.recorder.borrow_mut().notice(shard.now(), Severity::Warning, text);
        }
        Some(Entry {
            at: shard.now().since(Instant::START),
            terminal: self.identity.numbers.terminal,
            batch: batch?,
            stan: stan?,
            kind: line.kind,
            merchant: self.identity.numbers.merchant,
            amount: line.amount,
            card: None,
            rrn: line.rrn,
            belief: line.belief,
        })
    }

    fn write(&self, shard: &Shard, entry: Entry) {
        let at = shard.now().since(Instant::START);
        shard.recorder.borrow_mut().journal.push(Entry { at, ..entry });
    }

    /// What the host of the run heard of the terminal since the last time.
    fn hear(&mut self, shard: &Shard) -> Vec<Heard> {
        let heard =
            shard.tap.as_ref().map(|tap| tap.take(self.identity.numbers.terminal)).unwrap_or_default();
        self.batch = heard.iter().rev().find_map(super::device_witness::batch).or(self.batch);
        heard
    }

    /// Bytes that its line has carried so far, both ways.
    fn bytes(&self) -> u64 {
        let contact = self.device.contact();
        contact.bytes + contact.sent
    }
}

/// Finds out what is in doubt, unless the run is to end at once, and gives all ports free.
pub(super) async fn release_all(shard: &Shard) {
    for seat in &shard.seats {
        let Some(mut station) = seat.station() else { continue };
        if *shard.commands.borrow() != Command::Abort {
            // What cannot be found out stays unknown, in the journal too.
            let _ = station.resolve(shard).await;
        }
        station.device.release().await;
        seat.return_station(Some(station));
    }
}

const OPEN: &str = "open";
const CLOSED: &str = "closed";
const BUSY: &str = "busy";
const FATE: &str = "the terminal may or may not have done it, and does not say";
/// How long a terminal may take; the customer is part of it, and each protocol has shorter times of its own.
const ANSWER: Duration = Duration::from_secs(180);
/// How long it may take to say who it is.
const IDENTITY: Duration = Duration::from_secs(30);
/// How long it may take to say what became of a request.
const RECOVER: Duration = Duration::from_secs(30);
