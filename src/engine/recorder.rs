//! What a shard records between two ticks, and the parcel in which it goes to the collector.

use crate::{
    flow::DeviceTimes,
    http::Timing,
    metrics::{
        ActivityCounts, CaseRow, Class, DeviceRow, EventLine, Interval, ResponseCodeText, Severity, StepId,
        TerminalRow,
    },
    operation::Outcome,
    reconcile::Entry,
    time::Instant,
};
use std::{collections::HashMap, time::Duration};

/// What a shard records between two ticks.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) interval: Box<Interval>,
    pub(super) journal: Vec<Entry>,
    pub(super) cases: Vec<CaseRow>,
    receipts: Receipts,
    notices: HashMap<String, Notice>,
    /// Whether a step of a scenario could not be carried out.
    pub(super) broken: bool,
}

/// The receipts that were printed since the last tick, as long as there is room.
#[derive(Debug, Default)]
struct Receipts {
    texts: Vec<String>,
    bytes: usize,
}

/// Something worth telling, with how often it happened since the last tick.
#[derive(Debug)]
struct Notice {
    at: Duration,
    severity: Severity,
    count: u64,
}

/// What a shard hands to the collector at a tick.
#[derive(Debug)]
pub(super) struct Delta {
    pub(super) shard: usize,
    pub(super) interval: Box<Interval>,
    pub(super) journal: Vec<Entry>,
    pub(super) cases: Vec<CaseRow>,
    pub(super) receipts: Vec<String>,
    pub(super) events: Vec<EventLine>,
    /// What went wrong since the last tick, and how often.
    pub(super) causes: Vec<(String, u64)>,
    pub(super) gauges: Gauges,
    pub(super) broken: bool,
    /// Whether this is the last one.
    pub(super) is_last: bool,
}

/// The state of a shard at a tick.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauges {
    pub(super) connections: u64,
    pub(super) activity: ActivityCounts,
    pub(super) rows: Vec<TerminalRow>,
    /// The devices, with their numbers in the whole fleet.
    pub(super) devices: Vec<(u32, DeviceRow)>,
}

impl Recorder {
    pub(super) fn new(scenarios: usize, steps: usize) -> Self {
        Self {
            interval: Box::new(Interval::new(scenarios, steps)),
            journal: Vec::new(),
            cases: Vec::new(),
            receipts: Receipts::default(),
            notices: HashMap::new(),
            broken: false,
        }
    }

    /// Records the end of a measured step.
    pub(super) fn step(&mut self, step: StepId, outcome: &Outcome, response: Duration) {
        self.ended(step, outcome.class(), response, outcome.service);
        if let Some(code) = outcome.code
            && let Some(step) = self.interval.steps.get_mut(usize::from(step.0))
        {
            step.codes.add(ResponseCodeText::of(*code.as_bytes()), 1);
        }
    }

    /// Records an end of a step without an outcome.
    pub(super) fn ended(
        &mut self,
        step: StepId,
        class: Class,
        response: Duration,
        service: Option<Duration>,
    ) {
        if let Some(step) = self.interval.steps.get_mut(usize::from(step.0)) {
            step.record(class, response, service);
        }
    }

    /// Records one attempt of an HTTP step, and whether it is followed by another because it failed.
    pub(super) fn attempt(&mut self, step: StepId, timing: Option<&Timing>, is_retried: bool) {
        let Some(step) = self.interval.steps.get_mut(usize::from(step.0)) else { return };
        let attempts = step.attempts.get_or_insert_default();
        attempts.count += 1;
        attempts.retried += u64::from(is_retried);
        if let Some(timing) = timing {
            timing.connect.into_iter().for_each(|time| attempts.connect.record(time));
            timing.tls.into_iter().for_each(|time| attempts.tls.record(time));
            attempts.first_byte.record(timing.first_byte);
        }
    }

    /// Records where the time of a step on a device went.
    pub(super) fn device_times(&mut self, step: StepId, times: DeviceTimes) {
        if let Some(step) = self.interval.steps.get_mut(usize::from(step.0)) {
            step.devices.get_or_insert_default().record(times.device, times.line, times.host);
        }
    }

    /// Records the status of the answer that ended a step.
    pub(super) fn status(&mut self, step: StepId, status: Option<u16>) {
        let step = self.interval.steps.get_mut(usize::from(step.0));
        if let (Some(step), Some(status)) = (step, status) {
            step.codes.add(ResponseCodeText::of_status(status), 1);
        }
    }

    pub(super) fn checks(&mut self, step: StepId, passed: u32, failed: u32) {
        if let Some(step) = self.interval.steps.get_mut(usize::from(step.0)) {
            step.checks_passed += u64::from(passed);
            step.checks_failed += u64::from(failed);
        }
    }

    /// Notes something worth telling; the same text is told once a tick, with its count.
    pub(super) fn notice(&mut self, now: Instant, severity: Severity, text: String) {
        if let Some(notice) = self.notices.get_mut(&text) {
            notice.count += 1;
        } else if self.notices.len() < NOTICES_MAX {
            self.notices.insert(text, Notice { at: now.since(Instant::START), severity, count: 1 });
        }
    }

    /// Keeps a receipt; where there is no more room, that is worth telling.
    pub(super) fn receipt(&mut self, now: Instant, text: String) {
        if self.receipts.bytes + text.len() > RECEIPTS_MAX {
            let told = "results folder: a receipt came too fast to be kept";
            return self.notice(now, Severity::Warning, told.to_owned());
        }
        self.receipts.bytes += text.len();
        self.receipts.texts.push(text);
    }

    /// Takes the receipts since the last tick.
    pub(super) fn take_receipts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.receipts).texts
    }

    /// Takes back receipts that could not be handed over; they come before those printed since.
    pub(super) fn put_back_receipts(&mut self, texts: Vec<String>) {
        self.receipts.bytes += texts.iter().map(String::len).sum::<usize>();
        self.receipts.texts.splice(0..0, texts);
    }

    /// Takes what was told since the last tick: the lines in order of time, and the bare causes with their counts.
    pub(super) fn take_told(&mut self) -> (Vec<EventLine>, Vec<(String, u64)>) {
        let mut told: Vec<(String, Notice)> = self.notices.drain().collect();
        told.sort_by(|(a_text, a), (b_text, b)| (a.at, a_text).cmp(&(b.at, b_text)));
        let line = |(text, notice): &(String, Notice)| EventLine {
            at: notice.at,
            severity: notice.severity,
            text: if notice.count > 1 { format!("{text} ({} times)", notice.count) } else { text.clone() },
        };
        let events = told.iter().map(line).collect();
        (events, told.into_iter().map(|(text, notice)| (text, notice.count)).collect())
    }

    /// Takes back what could not be handed over, for the next tick.
    pub(super) fn put_back(&mut self, events: Vec<EventLine>, causes: Vec<(String, u64)>) {
        for (event, (text, count)) in events.into_iter().zip(causes) {
            let (at, severity) = (event.at, event.severity);
            self.notices.entry(text).or_insert(Notice { at, severity, count: 0 }).count += count;
        }
    }
}

const NOTICES_MAX: usize = 64;
/// The most bytes of receipts that wait for a tick.
const RECEIPTS_MAX: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_are_kept_as_long_as_there_is_room_and_what_is_lost_is_told() {
        let mut recorder = Recorder::new(1, 0);
        let half = "x".repeat(RECEIPTS_MAX / 2);
        for _ in 0..3 {
            recorder.receipt(Instant::START, half.clone());
        }
        let kept = recorder.take_receipts();
        assert_eq!(kept.len(), 2);
        assert_eq!(recorder.take_told().1.len(), 1);
        recorder.receipt(Instant::START, "later".to_owned());
        recorder.put_back_receipts(vec!["earlier".to_owned()]);
        assert_eq!(recorder.take_receipts(), ["earlier", "later"]);
        recorder.receipt(Instant::START, half);
        assert_eq!(recorder.take_receipts().len(), 1, "taking makes room");
    }
}
