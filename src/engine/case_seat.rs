//! What cases ask of whoever sits in a seat, beside walks through flows: its name, who it is, and its power.
//!
//! A virtual terminal has no line that could be in doubt and no plug.

use super::{
    device::{Misfortune, Station},
    iteration::interrupted,
    shard::{Seat, Shard},
};
use crate::{
    driver::serial::{DeviceError, PowerCycled},
    flow::{Action, Fault, FaultKind},
    metrics::Severity,
    rack::{Device, service_of},
    regression::{Report, Skip, Trouble},
};
use std::time::Duration;

/// Its name in results: that of the device, or the terminal id.
pub(super) fn name(shard: &Shard, seat: &Seat) -> String {
    let device = device(shard, seat).map(|device| device.id.clone());
    device.unwrap_or_else(|| seat.terminal.borrow().id().to_string())
}

/// The device of a seat as its rack describes it.
pub(super) fn device<'s>(shard: &'s Shard, seat: &Seat) -> Option<&'s Device> {
    shard.plan.groups.get(usize::from(seat.group))?.devices.as_ref()?.devices.get(seat.number as usize)
}

/// The first step of a flow that the protocol of its device has no request for, in a sentence.
pub(super) fn lack(shard: &Shard, place: usize, flow: usize) -> Option<String> {
    let device = device(shard, &shard.seats[place])?;
    let kinds = shard.plan.flows[flow].steps.iter().filter_map(|step| match &step.action {
        Action::Operate(template) => Some(template.kind),
        _ => None,
    });
    let mut lacking =
        kinds.filter(|kind| !service_of(*kind).is_some_and(|service| device.speaker.offers(service)));
    let kind = lacking.next()?;
    Some(format!("`{}` has no request for `{}`", device.speaker.name(), kind.name()))
}

/// Closes its line, clears it, opens it and asks who is there.
pub(super) async fn identify(shard: &Shard, place: usize, within: Duration) -> Report {
    let seat = &shard.seats[place];
    let Some(mut station) = seat.station() else { return Report::Passed };
    let met = tokio::select! {
        biased;
        () = interrupted(shard, place) => None,
        met = station.meet(shard, seat, within) => Some(met),
    };
    let contact = station.had_contact();
    station.forget();
    seat.return_station(Some(station));
    match met {
        None => Report::Skipped(Skip::RunEnded),
        Some(Ok(())) => Report::Passed,
        Some(Err(Misfortune { class, reason, line, .. })) => {
            Report::Failed(Trouble { class, step: "identify".to_owned(), reason, line, contact })
        }
    }
}

/// Switches it off and on, and makes sure of who is there then.
///
/// This is not cut short by the end of a case or of the run: a device that was switched off is switched on again.
pub(super) async fn power_cycle(shard: &Shard, place: usize, within: Duration) -> Report {
    let seat = &shard.seats[place];
    let Some(mut station) = seat.station() else {
        return Report::Skipped(Skip::Unsupported("it has no plug".to_owned()));
    };
    let cycled = station.cycle(shard, seat, within).await;
    let contact = station.had_contact();
    station.forget();
    seat.return_station(Some(station));
    match cycled {
        Ok(PowerCycled { vanished, returned }) => {
            let (device, gone, back) = (name(shard, seat), vanished.as_secs_f64(), returned.as_secs_f64());
            let text = format!(
                "device {device}: power-cycled: its port vanished after {gone:.1} s, and was back after {back:.1} s"
            );
            shard.recorder.borrow_mut().notice(shard.now(), Severity::Info, text);
            Report::Passed
        }
        Err(Misfortune { class, reason, line, .. }) => {
            Report::Failed(Trouble { class, step: "power-cycle".to_owned(), reason, line, contact })
        }
    }
}

/// Forgets what went wrong on its line before a walk.
pub(super) fn forget(shard: &Shard, place: usize) {
    let seat = &shard.seats[place];
    let mut station = seat.station();
    station.iter_mut().for_each(|station| station.forget());
    seat.return_station(station);
}

/// What came of a walk as its line saw it: its `trouble`, if it has any, and what went wrong `first`.
///
/// Where nobody came with a card, the case says nothing about the device. A line that hung up counts before all else,
/// also where the walk came through, or where the terminal found that nothing had been done: what the flow checked was
/// not one case in one go.
pub(super) fn judged(
    shard: &Shard,
    place: usize,
    first: Option<Fault>,
    trouble: Option<Trouble>,
    has_overrun: bool,
) -> Report {
    let seat = &shard.seats[place];
    let passed_or = |trouble: Option<Trouble>| trouble.map_or(Report::Passed, Report::Failed);
    let Some(mut station) = seat.station() else { return passed_or(trouble) };
    let (contact, has_hung_up) = (station.had_contact(), station.has_hung_up());
    let is_the_lines = first.is_some_and(|first| matches!(first.what, FaultKind::Ended(..)));
    let told = station.misfortune.take().filter(|_| is_the_lines);
    seat.return_station(Some(station));
    let hung_up = has_hung_up.then(|| Misfortune::from(&DeviceError::HungUp.into()));
    match hung_up.or(told) {
        None => passed_or(trouble.map(|trouble| Trouble { contact, ..trouble })),
        Some(Misfortune { needs_operator: true, reason, .. }) => Report::Skipped(Skip::NoOperator(reason)),
        Some(Misfortune { class, reason, line, .. }) => {
            let step = trouble.as_ref().map_or_else(|| "line".to_owned(), |trouble| trouble.step.clone());
            // The line explains why a step failed, and not why the case took longer than it may.
            let overrun = trouble.filter(|_| has_overrun).map(|trouble| format!("; {}", trouble.reason));
            let reason = reason + &overrun.unwrap_or_default();
            Report::Failed(Trouble { class, step, reason, line, contact })
        }
    }
}

impl Station {
    /// Makes sure of who is behind the port, beginning with a port that is closed.
    async fn meet(&mut self, shard: &Shard, seat: &Seat, within: Duration) -> Result<(), Misfortune> {
        self.device.release().await;
        self.make_sure(shard, seat, within).await
    }

    async fn make_sure(&mut self, shard: &Shard, seat: &Seat, within: Duration) -> Result<(), Misfortune> {
        // What became of an earlier request has to be known before anything else is asked.
        self.resolve(shard).await.map_err(|failed| Misfortune::from(&failed))?;
        if !self.device.is_identified() {
            let told = self.device.identify(within).await;
            let told = told.map_err(|error| Misfortune::from(&error.into()))?;
            seat.post.iter().for_each(|post| post.note_identity(&told));
        }
        Ok(())
    }

    /// Switches it off and on, and makes sure of who is behind the port then.
    async fn cycle(
        &mut self,
        shard: &Shard,
        seat: &Seat,
        within: Duration,
    ) -> Result<PowerCycled, Misfortune> {
        let misfortune = |error: DeviceError| Misfortune::from(&error.into());
        let cycled = self.device.switch_off_and_on().await.map_err(misfortune)?;
        self.make_sure(shard, seat, within).await?;
        Ok(cycled)
    }

    /// Whether its port was ever opened, and bytes came from it.
    fn had_contact(&self) -> bool {
        let contact = self.device.contact();
        contact.opened > 0 && contact.bytes > 0
    }

    /// Whether its line has hung up since that was asked last.
    fn has_hung_up(&mut self) -> bool {
        let hung_up = self.device.contact().hung_up;
        hung_up > std::mem::replace(&mut self.hang_ups, hung_up)
    }

    /// Forgets what went wrong on its line.
    fn forget(&mut self) {
        self.has_hung_up();
        self.misfortune = None;
    }
}
