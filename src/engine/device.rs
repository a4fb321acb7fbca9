//! Seats whose terminal stands in a lab: flows ask it through a register on its port.

use super::{
    device_words::{Log, outcome},
    iteration::interrupted,
    shard::{Seat, Shard},
};
use crate::{
    driver::serial::{Device, DeviceError, OpenError, Setup},
    ecr::{Answer, Request, Verdict},
    metrics::Severity,
    money::Amount,
    operation::{End, Failure, Kind, Operation, Outcome},
    rack::{self, FailureClass},
    regression,
    time::Instant,
};
use std::{cell::Cell, sync::Arc, time::Duration};

/// The device of a seat; it is taken out while a flow has it.
pub(super) struct Post {
    station: Cell<Option<Box<Station>>>,
}

/// A device with what was done on it.
pub(super) struct Station {
    id: String,
    pub(super) device: Device,
    log: Log,
    /// What was asked and has an unknown fate.
    doubt: Option<(Operation, Amount)>,
    /// Why an operation could not be done, the first since somebody asked.
    pub(super) trouble: Option<Misfortune>,
    /// How often its line had hung up when somebody asked.
    pub(super) hang_ups: u32,
}

/// Why an operation could not be done, as cases tell it.
#[derive(Clone, Debug)]
pub(super) struct Misfortune {
    pub(super) class: FailureClass,
    pub(super) reason: String,
    pub(super) line: regression::Line,
}

/// What came of an operation.
pub(super) struct Told {
    pub(super) outcome: Outcome,
    pub(super) at: Instant,
    /// Whose fault it is that it could not be done.
    pub(super) fault: Option<FailureClass>,
}

impl Post {
    pub(super) fn new(device: &rack::Device, setup: &Arc<Setup>, first_request: u32) -> Self {
        let station = Station {
            id: device.id.clone(),
            device: Device::new(device, setup),
            log: Log::new(first_request),
            doubt: None,
            trouble: None,
            hang_ups: 0,
        };
        Self { station: Cell::new(Some(Box::new(station))) }
    }

    /// Takes the device, which is to be put back.
    pub(super) fn take(&self) -> Option<Box<Station>> {
        self.station.take()
    }

    pub(super) fn put_back(&self, station: Box<Station>) {
        self.station.set(Some(station));
    }
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Post")
    }
}

impl Seat {
    /// The device of the seat, where it has one and nobody else has it.
    pub(super) fn station(&self) -> Option<Box<Station>> {
        self.post.as_ref()?.take()
    }

    pub(super) fn return_station(&self, station: Option<Box<Station>>) {
        if let (Some(post), Some(station)) = (&self.post, station) {
            post.put_back(station);
        }
    }
}

/// Has the device of a seat do one operation.
pub(super) async fn operate(
    shard: &Shard,
    place: usize,
    station: &mut Station,
    operation: Operation,
) -> Told {
    let kind = operation.kind;
    let done = tokio::select! {
        biased;
        () = interrupted(shard, place) => Err(Failed::of(Failure::Interrupted, FailureClass::Infrastructure)),
        done = station.carry_out(operation) => done,
    };
    let at = shard.now();
    match done {
        Ok(outcome) => Told { outcome, at, fault: None },
        Err(Failed { end, fault, text, line }) => {
            if let Some(text) = text {
                let class = fault;
                station.trouble.get_or_insert_with(|| Misfortune { class, reason: text.clone(), line });
                let text = format!("device {}: {}: {text}", station.id, kind.name());
                shard.recorder.borrow_mut().notice(at, Severity::Error, text);
            }
            Told { outcome: Outcome::ended(kind, end, Amount::ZERO), at, fault: Some(fault) }
        }
    }
}

/// Why there is no answer.
pub(super) struct Failed {
    end: End,
    pub(super) fault: FailureClass,
    pub(super) text: Option<String>,
    pub(super) line: regression::Line,
}

impl Failed {
    fn of(failure: Failure, fault: FailureClass) -> Self {
        let text = (failure != Failure::Interrupted).then(|| failure.blame().to_owned());
        Self { end: End::Failed(failure), fault, text, line: regression::Line::Sound }
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
        Self { end, fault: error.class(), text: Some(error.to_string()), line: line_of(&error) }
    }
}

/// What an error means for the line.
pub(super) fn line_of(error: &DeviceError) -> regression::Line {
    match error {
        DeviceError::Lease(_) | DeviceError::LeaseExpired | DeviceError::Open(OpenError::Busy(_)) => {
            regression::Line::Refused
        }
        _ => regression::Line::InDoubt,
    }
}

impl Station {
    async fn carry_out(&mut self, operation: Operation) -> Result<Outcome, Failed> {
        self.resolve().await?;
        let scenario = |failure| Failed::of(failure, FailureClass::Scenario);
        let (request, about) = self.log.request(&operation).map_err(scenario)?;
        let asked = request.amount;
        let answer = self.ask(&operation, request).await?;
        Ok(self.told(&operation, asked, about, &answer))
    }

    async fn ask(&mut self, operation: &Operation, request: Request) -> Result<Answer, Failed> {
        let (moves_money, asked) = (request.service.moves_money(), request.amount);
        if moves_money && !self.device.is_identified() {
            self.device.identify(IDENTITY).await?;
        }
        // Until it is answered, nobody knows.
        self.doubt = moves_money.then(|| (operation.clone(), asked));
        let answer = self.device.ask(request, ANSWER).await;
        let is_open = match &answer {
            Ok(answer) => answer.verdict == Verdict::Unknown,
            Err(error) => matches!(error, DeviceError::TimedOut(_)),
        };
        self.doubt.take_if(|_| !is_open);
        Ok(answer?)
    }

    /// Finds out what became of an earlier request, before anything else is asked.
    pub(super) async fn resolve(&mut self) -> Result<(), Failed> {
        let Some((operation, asked)) = self.doubt.clone() else { return Ok(()) };
        let answer = self.device.recover(RECOVER).await?;
        if answer.verdict == Verdict::Unknown {
            return Err(Failed::of(Failure::ReversalPending, FailureClass::Device));
        }
        self.doubt = None;
        self.told(&operation, asked, None, &answer);
        Ok(())
    }

    /// Takes what the terminal said.
    fn told(
        &mut self,
        operation: &Operation,
        asked: Amount,
        about: Option<usize>,
        answer: &Answer,
    ) -> Outcome {
        let outcome = outcome(operation, asked, answer);
        if outcome.end == End::Approved {
            match operation.kind {
                Kind::Settlement => drop(self.log.settle()),
                kind if kind.is_financial() => self.log.book(kind, answer, &outcome, None),
                _ => {}
            }
            about.filter(|_| operation.kind == Kind::Void).and_then(|place| self.log.undo(place));
        }
        outcome
    }

    /// Gives the port free.
    pub(super) async fn release(&mut self) {
        self.device.release().await;
    }
}

/// Gives all ports free.
pub(super) async fn release_all(shard: &Shard) {
    for seat in &shard.seats {
        let mut station = seat.station();
        if let Some(station) = &mut station {
            station.release().await;
        }
        seat.return_station(station);
    }
}

/// How long a terminal may take; the customer is part of it, and each protocol has shorter times of its own.
const ANSWER: Duration = Duration::from_secs(180);
/// How long it may take to say who it is.
const IDENTITY: Duration = Duration::from_secs(30);
/// How long it may take to say what became of a request.
const RECOVER: Duration = Duration::from_secs(30);
