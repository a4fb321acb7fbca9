//! What went wrong so far, with its times: the collector's memory for those who look for a cause.

use crate::{
    iso8583::ResponseCode,
    metrics::{CauseView, CodeCounts, CodeView, EventLine, ResponseCodeText, Sample},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Causes, codes and single cases.
#[derive(Debug, Default)]
pub(super) struct Failures {
    causes: BTreeMap<String, CauseView>,
    /// When each code came first and last.
    codes: BTreeMap<ResponseCodeText, (Duration, Duration)>,
    pub(super) samples: Arc<VecDeque<Sample>>,
}

impl Failures {
    /// Takes what a shard tells: lines, and the cause of each with its count.
    pub(super) fn take(&mut self, events: &[EventLine], causes: &[(String, u64)]) {
        for (event, (text, count)) in events.iter().zip(causes) {
            if !self.causes.contains_key(text) && self.causes.len() >= CAUSES_MAX {
                continue;
            }
            let cause = self.causes.entry(text.clone()).or_insert_with(|| CauseView {
                text: text.clone(),
                severity: event.severity,
                first: event.at,
                ..CauseView::default()
            });
            cause.count += count;
            cause.last = cause.last.max(event.at);
            cause.first = cause.first.min(event.at);
        }
    }

    /// Takes single cases.
    pub(super) fn sample(&mut self, samples: Vec<Sample>) {
        if samples.is_empty() {
            return;
        }
        let kept = Arc::make_mut(&mut self.samples);
        kept.extend(samples);
        let surplus = kept.len().saturating_sub(SAMPLES_MAX);
        kept.drain(..surplus);
    }

    /// These codes came in the second that ended at `at`.
    pub(super) fn second(&mut self, at: Duration, codes: &CodeCounts) {
        for (code, _) in codes.sorted() {
            self.codes.entry(code).or_insert((at, at)).1 = at;
        }
    }

    /// All causes, the most frequent first.
    pub(super) fn causes(&self) -> Vec<CauseView> {
        let mut causes: Vec<CauseView> = self.causes.values().cloned().collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
        causes
    }

    /// `total` with meanings and times.
    pub(super) fn codes(&self, total: &CodeCounts) -> Vec<CodeView> {
        let view = |(code, count): (ResponseCodeText, u64)| {
            let (first, last) = self.codes.get(&code).copied().unwrap_or_default();
            CodeView { code: code.to_string(), meaning: meaning(code), count, first, last }
        };
        total.sorted().into_iter().map(view).collect()
    }
}

fn meaning(code: ResponseCodeText) -> String {
    let Some(code) = code.response_code() else { return "HTTP status".to_owned() };
    ResponseCode::from_bytes(&code).map_or("", ResponseCode::meaning).to_owned()
}

const CAUSES_MAX: usize = 100;
const SAMPLES_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Severity;

    #[test]
    fn causes_keep_their_first_and_last_time_and_stay_bounded() {
        let mut failures = Failures::default();
        let event = |seconds| EventLine {
            at: Duration::from_secs(seconds),
            severity: Severity::Error,
            text: String::new(),
        };
        failures.take(&[event(5)], &[("refused".to_owned(), 2)]);
        failures.take(&[event(9)], &[("refused".to_owned(), 1)]);
        let [cause] = &failures.causes()[..] else { panic!("one cause") };
        assert_eq!((cause.count, cause.first.as_secs(), cause.last.as_secs()), (3, 5, 9));
        for number in 0..2 * CAUSES_MAX {
            failures.take(&[event(10)], &[(number.to_string(), 1)]);
        }
        assert_eq!(failures.causes().len(), CAUSES_MAX);
    }

    #[test]
    fn codes_are_seen_from_their_first_to_their_last_second() {
        let mut failures = Failures::default();
        let (mut total, code) = (CodeCounts::default(), ResponseCodeText::of(*b"51"));
        total.add(code, 3);
        failures.second(Duration::from_secs(2), &total);
        failures.second(Duration::from_secs(7), &total);
        let [view] = &failures.codes(&total)[..] else { panic!("one code") };
        assert_eq!((view.first.as_secs(), view.last.as_secs(), view.count), (2, 7, 3));
        assert_eq!(view.meaning, "insufficient funds");
    }
}
