//! What a shard records between two ticks, and the parcel in which it goes to the collector.

use super::rows::Rows;
use crate::{
    flow::DeviceTimes,
    http::Timing,
    metrics::{
        ActivityCounts, CaseRow, Class, DeviceRow, EventLine, Interval, Origin, ResponseCodeText, Sample,
        Selections, Severity, StepId, StepInterval, TraceLine,
    },
    operation::Outcome,
    reconcile::Entry,
    time::Instant,
};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// What a shard records between two ticks.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) interval: Box<Interval>,
    pub(super) journal: Vec<Entry>,
    /// Cases of what was not approved, as many as a tick may have.
    pub(super) samples: Vec<Sample>,
    pub(super) cases: Vec<CaseRow>,
    receipts: Receipts,
    notices: HashMap<String, Notice>,
    /// What figures are kept of beyond those by step.
    selections: Arc<Selections>,
    /// Whether a step of a scenario could not be carried out.
    pub(super) broken: bool,
}

/// The large parts of what a shard records, empty: the collector gives them back when it has taken them over.
#[derive(Debug)]
pub(super) struct Blank {
    pub(super) interval: Box<Interval>,
    pub(super) journal: Vec<Entry>,
}

impl Blank {
    /// Empties what was filled. A fleet that settles at once fills in one tick what it does not need again: of the
    /// journal no more room stays than some times what was needed.
    pub(super) fn of(mut interval: Box<Interval>, mut journal: Vec<Entry>) -> Self {
        interval.clear();
        let needed = journal.len();
        journal.clear();
        journal.shrink_to(SPARE_MAX * needed);
        Self { interval, journal }
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) class: Class,
    /// From when it was due.
    pub(super) response: Duration,
    /// From the send to the answer.
    pub(super) service: Option<Duration>,
    pub(super) code: Option<ResponseCodeText>,
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
    pub(super) samples: Vec<Sample>,
    /// What the terminal that is looked at said and heard, and its number in the fleet.
    pub(super) trace: (Option<u32>, Vec<TraceLine>),
    pub(super) gauges: Gauges,
    pub(super) broken: bool,
    /// Whether this is the last one.
    pub(super) is_last: bool,
}

/// The state of a shard at a tick.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauges {
    /// Terminals that the shard owns.
    pub(super) terminals: u64,
    pub(super) connections: u64,
    /// Terminals that wait until they may connect.
    pub(super) waiting: u64,
    pub(super) activity: ActivityCounts,
    pub(super) rows: Rows,
    /// The devices, with their numbers in the whole fleet.
    pub(super) devices: Vec<(u32, DeviceRow)>,
    /// CPU time that its thread has used.
    pub(super) cpu: Duration,
}

impl Recorder {
    /// One that records in what is empty.
    pub(super) fn new(Blank { interval, journal }: Blank, selections: Arc<Selections>) -> Self {
        Self {
            interval,
            journal,
            selections,
            samples: Vec::new(),
            cases: Vec::new(),
            receipts: Receipts::default(),
            notices: HashMap::new(),
            broken: false,
        }
    }

    /// Records the end of a measured step.
    pub(super) fn step(&mut self, origin: Origin, step: StepId, outcome: &Outcome, response: Duration) {
        let code = outcome.code.map(|code| ResponseCodeText::of(*code.as_bytes()));
        let end = Ended { class: outcome.class(), response, service: outcome.service, code };
        self.ended(origin, step, &end);
    }

    /// Keeps a case of what was not approved, as long as there is room for it in this tick.
    pub(super) fn sample(&mut self, sample: impl FnOnce() -> Sample) {
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(sample());
        }
    }

    /// Records an end of a step.
    pub(super) fn ended(&mut self, origin: Origin, step: StepId, end: &Ended) {
        self.each(origin, step, end.code, |figures| {
            figures.record(end.class, end.response, end.service);
            end.code.into_iter().for_each(|code| figures.codes.add(code, 1));
        });
    }

    /// Records one attempt of an HTTP step, and whether it is followed by another because it failed.
    pub(super) fn attempt(
        &mut self,
        origin: Origin,
        step: StepId,
        timing: Option<&Timing>,
        is_retried: bool,
    ) {
        self.each(origin, step, None, |figures| {
            let attempts = figures.attempts.get_or_insert_default();
            attempts.count += 1;
            attempts.retried += u64::from(is_retried);
            if let Some(timing) = timing {
                timing.connect.into_iter().for_each(|time| attempts.connect.record(time));
                timing.tls.into_iter().for_each(|time| attempts.tls.record(time));
                attempts.first_byte.record(timing.first_byte);
            }
        });
    }

    /// Records where the time of a step on a device went.
    pub(super) fn device_times(&mut self, origin: Origin, step: StepId, times: DeviceTimes) {
        self.each(origin, step, None, |figures| {
            figures.devices.get_or_insert_default().record(times.device, times.line, times.host);
        });
    }

    pub(super) fn checks(&mut self, origin: Origin, step: StepId, passed: u32, failed: u32) {
        if passed + failed == 0 {
            return;
        }
        self.each(origin, step, None, |figures| {
            figures.checks_passed += u64::from(passed);
            figures.checks_failed += u64::from(failed);
        });
    }

    /// Records in the figures of a step, and in those that thresholds ask for and that mean it.
    fn each(
        &mut self,
        origin: Origin,
        step: StepId,
        code: Option<ResponseCodeText>,
        mut record: impl FnMut(&mut StepInterval),
    ) {
        self.interval.steps.get_mut(usize::from(step.0)).into_iter().for_each(&mut record);
        let selected = self.selections.iter().zip(&mut self.interval.selections);
        let meant = selected.filter(|(selection, _)| selection.takes(origin, step, code));
        meant.for_each(|(_, figures)| record(figures));
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

/// A journal that was emptied has room for at most so many times what it held.
const SPARE_MAX: usize = 4;
const NOTICES_MAX: usize = 64;
const SAMPLES_MAX: usize = 8;
/// The most bytes of receipts that wait for a tick.
const RECEIPTS_MAX: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        iso8583::{BatchNo, MerchantId, Stan, TerminalId},
        metrics::Counters,
        money::Amount,
        operation::Kind,
        reconcile::Belief,
    };

    #[test]
    fn what_was_filled_goes_back_empty_with_the_room_that_is_needed_again() {
        let entry = Entry {
            at: Duration::ZERO,
            terminal: TerminalId::from_bytes(b"10000001").expect("valid"),
            batch: BatchNo::FIRST,
            stan: Stan::FIRST,
            kind: Kind::Sale,
            merchant: MerchantId::from_bytes(b"898100012340001").expect("valid"),
            amount: Amount::from_minor(100),
            card: None,
            rrn: None,
            belief: Belief::Approved,
        };
        let lines = |count: usize| {
            let mut journal = Vec::with_capacity(1_000);
            journal.resize(count, entry.clone());
            Blank::of(Box::default(), journal).journal
        };
        assert!([0, 10, 500].iter().all(|count| lines(*count).is_empty()));
        assert_eq!([0, 10, 250, 500].map(|count| lines(count).capacity()), [0, 40, 1_000, 1_000]);
        let mut interval = Box::new(Interval::new(1, 0));
        interval.scenarios[0].started = 1;
        assert_eq!(Blank::of(interval, Vec::new()).interval.scenarios, [Counters::default()]);
    }

    #[test]
    fn receipts_are_kept_as_long_as_there_is_room_and_what_is_lost_is_told() {
        let blank = Blank { interval: Box::default(), journal: Vec::new() };
        let mut recorder = Recorder::new(blank, Arc::default());
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
