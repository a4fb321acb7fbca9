//! What of several runs is added up: histograms second by second, counters, and the summary of all.

use super::{
    MergeError,
    sums::{added, cases, control, devices, sum},
};
use crate::{
    engine::{Moment, Observer},
    metrics::{
        CaseClass, ConnectionSummary, Counters, GeneratorSummary, HostCounts, Interval, Latency, Point,
        ReconciliationSummary, Scope, Selections, StepInterval, StepNames, StepSummary, Summary, Threshold,
        ThresholdSummary, Verdict,
    },
    report::{
        archive::{Archive, ArchiveError, Batch, Batches, Decoder, SeriesRow, micros_at},
        folder::Folder,
        tag::{LAG, LinkPart, Part, PartTag, StepTag, Subject},
    },
};
use std::{collections::BTreeMap, io, time::Duration};

/// The interval log of one run.
pub(super) struct Source {
    batches: Batches,
    next: Option<Batch>,
}

impl Source {
    pub(super) fn open(archive: &Archive) -> Result<Self, ArchiveError> {
        let path = archive.log();
        let failed = |source| ArchiveError::Read { path: path.clone(), source };
        let mut batches = Batches::open(&path, 1.0, &archive.meter).map_err(failed)?;
        let next = batches.next().map_err(failed)?;
        Ok(Self { batches, next })
    }

    /// The next batch, when it is of that second.
    fn take(&mut self, second: usize) -> io::Result<Option<Batch>> {
        if self.next.as_ref().is_none_or(|batch| batch.number > second) {
            return Ok(None);
        }
        let next = self.batches.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

/// Everything that came together.
#[derive(Default)]
pub(super) struct Whole {
    names: StepNames,
    /// What the thresholds ask for beyond steps.
    selections: Selections,
    total: Interval,
    decoder: Decoder,
}

impl Whole {
    /// Nothing yet, with a place for what the conditions of any run ask for beyond steps.
    pub(super) fn of(summaries: &[&Summary]) -> Self {
        let written = summaries.iter().flat_map(|run| run.thresholds.iter().chain(&run.generator.health));
        let thresholds: Vec<Threshold> =
            written.filter_map(|written| Threshold::parse_whole(&written.expression).ok()).collect();
        let selections = Selections::by_name(&thresholds);
        let total = Interval::default().with_selections(&selections);
        Self { selections, total, ..Self::default() }
    }

    /// Adds all runs up second by second, and writes each as it is complete.
    pub(super) fn seconds(
        &mut self,
        sources: &mut [Source],
        archives: &[Archive],
        folder: &mut Folder,
    ) -> Result<(), MergeError> {
        let rows = rows_by_second(archives);
        let end = archives.iter().filter_map(|run| run.series.last()).map(|row| row.at).fold(0.0, f64::max);
        let mut interval = Interval::new(1, 0).with_selections(&self.selections);
        let mut second = 0;
        loop {
            let in_logs = sources.iter().filter_map(|source| source.next.as_ref()).map(|batch| batch.number);
            let in_series = rows.range(second..).next().map(|(number, _)| *number);
            let Some(next) = in_logs.chain(in_series).min() else { return Ok(()) };
            interval.clear();
            for source in &mut *sources {
                while let Some(batch) = source.take(next)? {
                    self.decode(&batch, &mut interval)?;
                }
            }
            let row = rows.get(&next).cloned().unwrap_or_default();
            interval.scenarios[0] = row.counters;
            self.write(next, end, &row, &interval, folder)?;
            second = next + 1;
        }
    }

    fn decode(&mut self, batch: &Batch, interval: &mut Interval) -> Result<(), MergeError> {
        for line in batch.lines() {
            let known = self.latency(line.tag, interval).and_then(|latency| {
                let add = |place, count| latency.record_micros(micros_at(place), count);
                self.decoder.decode(line.payload, add)
            });
            // A merged folder that silently lacks something would not be one.
            known.ok_or_else(|| io::Error::other(format!("a histogram of {} is damaged", line.tag)))?;
        }
        Ok(())
    }

    /// The histogram of an interval that a tag means.
    fn latency<'i>(&mut self, tag: &str, interval: &'i mut Interval) -> Option<&'i mut Latency> {
        if tag == LAG {
            return Some(&mut interval.lag);
        }
        if let Some(part) = LinkPart::parse(tag) {
            return Some(part.of_mut(interval.connections.times_mut()));
        }
        if let Some(PartTag { subject, part }) = PartTag::parse(tag) {
            return Some(part.of_mut(self.figures(&subject, interval)?));
        }
        let StepTag { subject, class, part } = StepTag::parse(tag)?;
        let latencies = self.figures(&subject, interval)?.class_mut(class);
        Some(if part == Part::Service { &mut latencies.service } else { &mut latencies.response })
    }

    /// The figures of an interval that are about `subject`.
    fn figures<'i>(
        &mut self,
        subject: &Subject<'_>,
        interval: &'i mut Interval,
    ) -> Option<&'i mut StepInterval> {
        match subject {
            Subject::Step(name) => {
                let id = usize::from(self.names.intern(name).0);
                interval.steps.resize(self.names.len().max(interval.steps.len()), StepInterval::default());
                interval.steps.get_mut(id)
            }
            Subject::Selection(text) => {
                let place =
                    self.selections.selectors().position(|selector| selector.to_string() == **text)?;
                interval.selections.get_mut(place)
            }
        }
    }

    fn write(
        &mut self,
        second: usize,
        end: f64,
        row: &SeriesRow,
        interval: &Interval,
        folder: &mut Folder,
    ) -> Result<(), MergeError> {
        let begin = Duration::from_secs(second as u64);
        let length = (end - second as f64).clamp(0.001, 1.0);
        let length = Duration::from_secs_f64(length);
        let point = Point {
            at: begin + length,
            length,
            counters: row.counters,
            in_flight: row.in_flight,
            response: interval.response().percentiles(),
            steps: row.steps,
            errors: row.errors,
            lag: interval.lag.percentiles(),
            codes: row.codes.clone(),
            heat: interval.response().heat(),
            connections: row.connections,
            vitals: row.vitals,
        };
        let Self { names: steps, selections, .. } = self;
        folder.interval(&Moment { begin, interval, steps, selections, point: &point })?;
        self.total.steps.resize(interval.steps.len(), StepInterval::default());
        self.total.merge(interval);
        Ok(())
    }

    /// Takes over what histograms do not have: checks, codes, and counts of connections and HTTP requests.
    pub(super) fn counts_of(&mut self, summaries: &[&Summary]) {
        for (name, step) in summaries.iter().flat_map(|summary| &summary.steps) {
            let id = usize::from(self.names.intern(name).0);
            self.total.steps.resize(self.names.len().max(self.total.steps.len()), StepInterval::default());
            self.total.steps[id].checks_passed += step.checks_passed;
            self.total.steps[id].checks_failed += step.checks_failed;
            for (code, count) in &step.codes {
                code.parse().into_iter().for_each(|code| self.total.steps[id].codes.add(code, *count));
            }
            if let Some(known) = &step.attempts {
                let attempts = self.total.steps[id].attempts.get_or_insert_default();
                attempts.count += known.attempts;
                attempts.retried += known.retries;
            }
        }
        for known in summaries.iter().filter_map(|summary| summary.connections.as_ref()) {
            self.total.connections.counts += known.counts();
        }
        let mut counters = Counters::default();
        summaries.iter().for_each(|summary| counters += summary.counters);
        self.total.scenarios = vec![counters];
    }

    pub(super) fn summary(&self, summaries: &[&Summary]) -> Summary {
        let settlements = summaries.iter().filter_map(|summary| summary.settlements).reduce(sum);
        // One run without a ledger leaves the whole without one: what it lost nobody can know.
        let reconciliation: Option<Vec<ReconciliationSummary>> =
            summaries.iter().map(|summary| summary.reconciliation).collect();
        let reconciliation = reconciliation.and_then(|all| all.into_iter().reduce(sum));
        let portal = summaries.iter().filter_map(|summary| summary.portal.clone()).reduce(sum);
        let host = HostCounts {
            reconciliation: reconciliation.as_ref(),
            settlements: settlements.as_ref(),
            portal: portal.as_ref(),
        };
        let first = summaries[0];
        let numbers = 0..first.thresholds.len();
        let lists: Vec<&[ThresholdSummary]> = summaries.iter().map(|summary| &*summary.thresholds).collect();
        let thresholds: Vec<ThresholdSummary> =
            numbers.filter_map(|number| self.judged(number, &lists, host)).collect();
        let (verdict, exit_code) = verdict(summaries, &thresholds);
        let had_connections = summaries.iter().any(|summary| summary.connections.is_some());
        let findings = summaries.iter().flat_map(|summary| summary.portal_findings.iter().cloned());
        let mismatches = summaries.iter().flat_map(|summary| summary.mismatches.iter().cloned());
        Summary {
            schema: Summary::SCHEMA,
            scenario: first.scenario.clone(),
            seed: first.seed,
            verdict,
            exit_code,
            started_at: summaries.iter().map(|summary| summary.started_at.clone()).min().unwrap_or_default(),
            duration_seconds: summaries.iter().map(|summary| summary.duration_seconds).fold(0.0, f64::max),
            counters: self.total.counters(),
            steps: self.step_summaries(summaries),
            causes: added(summaries.iter().flat_map(|summary| &summary.causes)),
            generator: self.generator(summaries),
            connections: had_connections.then(|| ConnectionSummary::from(&self.total.connections)),
            thresholds,
            cases: cases(summaries),
            devices: devices(summaries),
            flows: added(summaries.iter().flat_map(|summary| &summary.flows)),
            warmup: summaries.iter().filter_map(|summary| summary.warmup).reduce(sum),
            // Rates of searches that did not know of each other do not add up.
            knee: None,
            control: control(summaries),
            settlements,
            reconciliation,
            mismatches: mismatches.take(Summary::MISMATCHES_MAX).collect(),
            portal,
            portal_findings: findings.take(Summary::MISMATCHES_MAX).collect(),
        }
    }

    /// Judges threshold number `number` anew; one with a window, or over figures that no log has, holds where it held
    /// in all parts.
    fn judged(
        &self,
        number: usize,
        parts: &[&[ThresholdSummary]],
        host: HostCounts<'_>,
    ) -> Option<ThresholdSummary> {
        let old = || parts.iter().filter_map(|part| part.get(number));
        let first = old().next()?;
        let scope = Scope { host, selections: &self.selections, ..Scope::of_steps(&self.names) };
        let parsed = Threshold::parse_whole(&first.expression).ok();
        let whole = parsed.filter(Threshold::is_told_by_totals);
        let value = whole.as_ref().and_then(|threshold| threshold.value(&self.total, &scope));
        let pass = match whole.zip(value) {
            Some((threshold, value)) => threshold.holds(value),
            None => old().all(|part| part.pass),
        };
        Some(ThresholdSummary { expression: first.expression.clone(), value, pass, broken_at_seconds: None })
    }

    /// What must hold of the generators together; a list that differs from run to run is left out.
    fn health(&self, summaries: &[&Summary]) -> Vec<ThresholdSummary> {
        let lists: Vec<&[ThresholdSummary]> =
            summaries.iter().map(|summary| &*summary.generator.health).collect();
        let texts = |list: &[ThresholdSummary]| -> Vec<String> {
            list.iter().map(|threshold| threshold.expression.clone()).collect()
        };
        if lists.iter().any(|list| texts(list) != texts(lists[0])) {
            return Vec::new();
        }
        let numbers = 0..lists[0].len();
        numbers.filter_map(|number| self.judged(number, &lists, HostCounts::default())).collect()
    }

    fn step_summaries(&self, summaries: &[&Summary]) -> BTreeMap<String, StepSummary> {
        let step = |(name, step): (&str, &StepInterval)| {
            let codes =
                summaries.iter().filter_map(|summary| summary.steps.get(name)).flat_map(|step| &step.codes);
            let summary = StepSummary { codes: added(codes), ..StepSummary::from(step) };
            (name.to_owned(), summary)
        };
        self.names.iter().zip(&self.total.steps).map(step).collect()
    }

    fn generator(&self, summaries: &[&Summary]) -> GeneratorSummary {
        let all = || summaries.iter().map(|summary| &summary.generator);
        GeneratorSummary {
            schedule_lag_ms: self.total.lag.percentiles().into(),
            cpu_seconds: all().map(|one| one.cpu_seconds).sum(),
            max_rss_bytes: all().map(|one| one.max_rss_bytes).max().unwrap_or(0),
            terminals: all().map(|one| one.terminals).fold(0, u64::saturating_add),
            shards: all().map(|one| one.shards).fold(0, usize::saturating_add),
            health: self.health(summaries),
        }
    }
}

/// An invalid part makes the whole invalid; else the thresholds decide.
fn verdict(summaries: &[&Summary], thresholds: &[ThresholdSummary]) -> (Verdict, u8) {
    if let Some(invalid) = summaries.iter().find(|summary| summary.verdict == Verdict::Invalid) {
        return (Verdict::Invalid, invalid.exit_code);
    }
    let has_failed_device = |summary: &&Summary| {
        summary.cases.as_ref().is_some_and(|cases| cases.gravest() == Some(CaseClass::Device))
    };
    let all_hold =
        thresholds.iter().all(|threshold| threshold.pass) && !summaries.iter().any(has_failed_device);
    let exit_code =
        summaries.iter().map(|summary| summary.exit_code).find(|code| ![0, EXIT_THRESHOLD].contains(code));
    let judged = if all_hold { (Verdict::Pass, 0) } else { (Verdict::Fail, EXIT_THRESHOLD) };
    (judged.0, exit_code.unwrap_or(judged.1))
}

/// The rows of all runs, added up by the second in which their middle lies.
fn rows_by_second(archives: &[Archive]) -> BTreeMap<usize, SeriesRow> {
    let mut rows: BTreeMap<usize, SeriesRow> = BTreeMap::new();
    for row in archives.iter().flat_map(|archive| &archive.series) {
        let all = rows.entry((row.at - row.length / 2.0).max(0.0) as usize).or_default();
        all.counters += row.counters;
        all.in_flight += row.in_flight;
        all.steps += row.steps;
        all.errors += row.errors;
        add_counts(&mut all.codes, &row.codes);
        all.connections += row.connections;
        all.vitals.connections += row.vitals.connections;
        all.vitals.rss_bytes += row.vitals.rss_bytes;
        all.vitals.cpu_cores += row.vitals.cpu_cores;
    }
    rows.values_mut()
        .for_each(|row| row.codes.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0))));
    rows
}

fn add_counts(all: &mut Vec<(String, u64)>, counts: &[(String, u64)]) {
    for (name, count) in counts {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, total)) => *total += count,
            None => all.push((name.clone(), *count)),
        }
    }
}

const EXIT_THRESHOLD: u8 = 99;
