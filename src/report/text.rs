//! The summary of a run as people read it at its end, on a terminal of 80 columns or more.
//!
//! ```text
//! quickstart: PASS  all 2 thresholds hold
//! iterations              planned = started + dropped, and what became of those started
//! steps                   how they ended, and how long they took
//! response codes · thresholds · connections · settlement · portal · reconciliation · generator
//! Results are in results/20261122T014500Z-quickstart
//! ```

use super::{
    cases,
    connection_text::connection_text,
    figures::{NOTHING, bytes, clock, count, share, time},
    load_text::load_text,
    mismatch_text::{counts_text, mismatch_text},
    portal_text::{checks_text, portal_text},
    table::{Table, cut},
};
use crate::{
    iso8583::ResponseCode,
    metrics::{
        CaseClass, CaseWord, CasesSummary, LatencySummary, MismatchSummary, PortalChecks, PortalFinding,
        ReconciliationSummary, SettlementSummary, StepSummary, Summary, Threshold, ThresholdSummary, Unit,
        Verdict,
    },
};
use std::{collections::BTreeMap, path::Path, time::Duration};

/// What the reader's screen can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns of a line; fewer than 80 count as 80.
    pub width: usize,
    /// Whether it shows colours.
    pub colour: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 80, colour: false }
    }
}

/// The summary of a run as people read it, with the place of its results folder, if there is one.
pub fn summary_text(summary: &Summary, folder: Option<&Path>, look: Look) -> String {
    let mut page = Page { text: String::new(), look: Look { width: look.width.max(WIDTH_MIN), ..look } };
    page.verdict(summary);
    page.cases(summary.cases.as_ref());
    page.iterations(summary);
    page.steps(&summary.steps);
    page.codes(&summary.steps);
    page.causes(&summary.causes);
    page.thresholds(&summary.thresholds);
    for (heading, lines) in load_text(summary) {
        page.heading(heading);
        lines.iter().for_each(|line| page.line(line));
    }
    if let Some(found) = &summary.connections {
        page.heading("Connections");
        connection_text(found).iter().for_each(|line| page.line(line));
    }
    page.settlements(summary.settlements.as_ref());
    page.portal(summary);
    page.reconciliation(summary);
    page.generator(summary);
    page.control(summary);
    if let Some(folder) = folder {
        page.line(&format!("\nResults are in {}", folder.display()));
    }
    page.text
}

/// The page as far as it is written.
struct Page {
    text: String,
    look: Look,
}

impl Page {
    /// What operators did with the run.
    fn control(&mut self, summary: &Summary) {
        let Some(control) = &summary.control else { return };
        let paused = match control.paused_seconds {
            seconds if seconds > 0.0 => format!(", paused for {seconds:.1} s"),
            _ => String::new(),
        };
        self.line(&format!("\nLive control: {}{paused}", plural(control.orders.len() as u64, "order")));
        for order in control.orders.iter().take(ORDERS_SHOWN) {
            self.line(&format!("  {}  {order}", clock(Duration::from_millis(order.at_ms))));
        }
    }

    fn verdict(&mut self, summary: &Summary) {
        let (word, colour) = match summary.verdict {
            Verdict::Pass => ("PASS", GREEN),
            Verdict::Fail => ("FAIL", RED),
            Verdict::Invalid => ("INVALID", YELLOW),
        };
        let word = self.painted(word, colour);
        self.line(&format!("{}: {word}  {}", summary.scenario, reason(summary)));
        let length = clock(Duration::try_from_secs_f64(summary.duration_seconds).unwrap_or_default());
        self.line(&format!("started {}, took {length}, seed {}", summary.started_at, summary.seed));
    }

    fn cases(&mut self, found: Option<&CasesSummary>) {
        let Some(found) = found else { return };
        self.heading("Cases");
        self.line(&format!("  {}", cases::counts_line(found)));
        for row in cases::shown(found, CASES_SHOWN) {
            let (sign, colour) = match row.result {
                CaseWord::Passed => ("✓", GREEN),
                CaseWord::Flaky => ("↻", YELLOW),
                CaseWord::Failed => ("✗", RED),
                CaseWord::Skipped => (NOTHING, YELLOW),
            };
            let sign = self.painted(sign, colour);
            let name = cut(&format!("{}  {}", row.device, row.case), CASE_WIDTH);
            let told = format!("{name:<CASE_WIDTH$}  {:<7} {:<14}", row.result.name(), cases::class(row));
            self.line(format!("  {sign} {told} {}", attempts(row.attempts.len())).trim_end());
            let why = cases::why(row);
            if !why.is_empty() {
                self.line(&format!("      {}", cut(&why, self.look.width - 6)));
            }
        }
    }

    fn iterations(&mut self, summary: &Summary) {
        let counters = summary.counters;
        let dropped = format!("{} dropped", count(counters.dropped));
        let dropped = match counters.dropped {
            0 => dropped,
            _ => self.painted(&format!("{dropped} ({})", share(counters.dropped, counters.planned)), YELLOW),
        };
        self.heading("Iterations");
        self.line(&format!(
            "  {} planned = {} started + {dropped}",
            count(counters.planned),
            count(counters.started)
        ));
        let mut parts = vec![
            format!("{} finished", count(counters.finished)),
            format!("{} of them failed", count(counters.failed)),
            format!("{} started late", count(counters.late)),
        ];
        if counters.in_flight() > 0 {
            parts.push(format!("{} cut off by the end", count(counters.in_flight())));
        }
        self.line(&format!("  {}", parts.join(", ")));
    }

    fn steps(&mut self, steps: &BTreeMap<String, StepSummary>) {
        if steps.is_empty() {
            return;
        }
        let mut ends = Table::new(&["Steps", "count", "approved", "declined", "timeouts", "errors"]);
        let mut times = Table::new(&["Response time", "p50", "p90", "p99", "p99.9", "max", "service p99"]);
        for (name, step) in steps {
            let counts = [step.count, step.approved, step.declined, step.timeouts, step.errors];
            ends.push(std::iter::once(format!("  {name}")).chain(counts.map(count)).collect());
            let response = step.response_time_ms;
            let values = [response.p50, response.p90, response.p99, response.p999, response.max].map(time);
            let service = of_samples(step.service_time_ms, |service| service.p99);
            times.push(std::iter::once(format!("  {name}")).chain(values).chain([service]).collect());
        }
        self.table(&ends);
        self.table(&times);
        self.devices(steps);
    }

    /// Where the time of steps on devices went.
    fn devices(&mut self, steps: &BTreeMap<String, StepSummary>) {
        let head = ["On devices", "count", "device p50", "p99", "line p50", "p99", "host p50", "p99"];
        let mut parts = Table::new(&head);
        let mut is_empty = true;
        for (name, found) in steps.iter().filter_map(|(name, step)| Some((name, step.devices.as_ref()?))) {
            is_empty = false;
            let halves = [found.device_ms, found.line_ms, found.host_ms];
            let halves = halves.into_iter().flat_map(|part| [part.p50, part.p99].map(time));
            let head = [format!("  {name}"), count(found.count)];
            parts.push(head.into_iter().chain(halves).collect());
        }
        if !is_empty {
            self.table(&parts);
        }
    }

    fn codes(&mut self, steps: &BTreeMap<String, StepSummary>) {
        let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
        for (code, count) in steps.values().flat_map(|step| &step.codes) {
            *totals.entry(code).or_default() += count;
        }
        let all = totals.values().sum();
        let mut codes: Vec<(&str, u64)> = totals.into_iter().collect();
        codes.sort_by_key(|&(code, count)| (std::cmp::Reverse(count), code));
        if codes.is_empty() {
            return;
        }
        let mut table = Table::new(&["Response codes", "answers", "share"]);
        for (code, answers) in codes {
            let meaning = ResponseCode::from_bytes(code.as_bytes()).map_or("", ResponseCode::meaning);
            table.push(vec![format!("  {code}  {meaning}"), count(answers), share(answers, all)]);
        }
        self.table(&table);
    }

    /// What went wrong, the most frequent first.
    fn causes(&mut self, causes: &BTreeMap<String, u64>) {
        if causes.is_empty() {
            return;
        }
        self.heading("What went wrong");
        let mut causes: Vec<(&String, &u64)> = causes.iter().collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (cause, times) in causes.iter().take(CAUSES_SHOWN) {
            let cause = cut(cause, self.look.width - CAUSE_INDENT);
            self.line(&format!("  {:>9} ×  {cause}", count(**times)));
        }
        if let Some(more) = causes.len().checked_sub(CAUSES_SHOWN).filter(|more| *more > 0) {
            self.line(&format!("  and {} more in events.ndjson", plural(more as u64, "kind")));
        }
    }

    fn thresholds(&mut self, thresholds: &[ThresholdSummary]) {
        if thresholds.is_empty() {
            return;
        }
        self.heading("Thresholds");
        let expressions = thresholds.iter().map(|threshold| threshold.expression.chars().count());
        let width = expressions.max().unwrap_or(0).min(self.look.width - VALUE_WIDTH);
        for threshold in thresholds {
            let (sign, colour) = match (threshold.pass, threshold.value) {
                (false, _) => ("✗", RED),
                (true, Some(_)) => ("✓", GREEN),
                (true, None) => (NOTHING, YELLOW),
            };
            let (sign, expression) = (self.painted(sign, colour), cut(&threshold.expression, width));
            self.line(&format!("  {sign} {expression:<width$}  {}", value(threshold)));
        }
    }

    fn settlements(&mut self, found: Option<&SettlementSummary>) {
        let Some(found) = found else { return };
        let SettlementSummary { balanced, unbalanced, closed, open, uploaded, differences } = *found;
        self.heading("Settlement");
        let compared = plural_of(balanced + unbalanced, "batch", "batches");
        self.line(&format!(
            "  {compared} compared = {} balanced + {} unbalanced",
            count(balanced),
            count(unbalanced)
        ));
        let (sign, colour) = if open == 0 { ("✓", GREEN) } else { ("✗", YELLOW) };
        let sign = self.painted(sign, colour);
        self.line(&format!("  {sign} {} closed, {} open still", count(closed), count(open)));
        if uploaded > 0 {
            let uploaded = plural(uploaded, "transaction");
            self.line(&format!("  {uploaded} uploaded, {} other than in the books", count(differences)));
        }
    }

    fn portal(&mut self, summary: &Summary) {
        let Some(found) = &summary.portal else { return };
        self.heading("Merchant portal");
        portal_text(found).iter().for_each(|line| self.line(&format!("  {line}")));
    }

    fn reconciliation(&mut self, summary: &Summary) {
        self.heading("Reconciliation");
        let Some(found) = &summary.reconciliation else {
            return self.line("  not done: this run had no ledger of a host to compare with");
        };
        self.line(&format!(
            "  compared {} of {} with the host's ledger",
            plural(found.transactions, "transaction"),
            plural(found.terminals, "terminal"),
        ));
        self.transactions(found, &summary.mismatches);
        if let Some(checks) = &found.portal {
            self.checks(checks, &summary.portal_findings);
        }
    }

    fn transactions(&mut self, found: &ReconciliationSummary, mismatches: &[MismatchSummary]) {
        if found.mismatched_transactions() == 0 {
            let sign = self.painted("✓", GREEN);
            return self.line(&format!("  {sign} both sides agree: none lost, none doubled"));
        }
        let sign = self.painted("✗", RED);
        self.line(&format!(
            "  {sign} the sides do not agree on {}:",
            plural(found.mismatched_transactions(), "transaction")
        ));
        counts_text(found).iter().for_each(|line| self.line(&format!("    {line}")));
        for line in mismatches.iter().take(MISMATCHES_SHOWN).flat_map(mismatch_text) {
            self.line(&format!("    {line}"));
        }
        self.line("    each is listed in journal/mismatches.csv");
    }

    fn checks(&mut self, checks: &PortalChecks, findings: &[PortalFinding]) {
        if checks.total() == 0 {
            let sign = self.painted("✓", GREEN);
            return self.line(&format!(
                "  {sign} every payout went once and to the effective card, every device has one code"
            ));
        }
        let sign = self.painted("✗", RED);
        self.line(&format!(
            "  {sign} the portal broke its rules, {} found:",
            plural(checks.total(), "fault")
        ));
        let shown = findings.get(..MISMATCHES_SHOWN).unwrap_or(findings);
        checks_text(checks, shown).iter().for_each(|line| self.line(&format!("    {line}")));
        self.line("    each is listed in findings.csv");
    }

    fn generator(&mut self, summary: &Summary) {
        let (generator, lag) = (&summary.generator, summary.generator.schedule_lag_ms);
        self.heading("Load generator");
        self.line(&format!(
            "  lag behind the schedule: p50 {}, p99 {}, p99.9 {}, max {}",
            time(lag.p50),
            time(lag.p99),
            time(lag.p999),
            time(lag.max)
        ));
        self.line("  (response times count from the schedule, so they contain this lag)");
        let cores = generator.cpu_seconds / summary.duration_seconds.max(0.001);
        self.line(&format!(
            "  CPU {:.1} s, {cores:.2} cores on average; memory at most {}",
            generator.cpu_seconds,
            bytes(generator.max_rss_bytes)
        ));
        self.line(&format!(
            "  {} on {}",
            plural(generator.terminals, "terminal"),
            plural(generator.shards as u64, "shard")
        ));
    }

    fn table(&mut self, table: &Table) {
        let mut lines = table.lines(self.look.width).into_iter();
        if let Some(head) = lines.next() {
            self.heading(&head);
        }
        lines.for_each(|line| self.line(&line));
    }

    fn heading(&mut self, text: &str) {
        let text = self.painted(text, BOLD);
        self.line(&format!("\n{text}"));
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn painted(&self, text: &str, colour: &str) -> String {
        if self.look.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Why the verdict is as it is, and what it does not say.
pub(super) fn reason(summary: &Summary) -> String {
    let judged = judged(summary);
    match summary.exit_code {
        EXIT_SIGNAL if summary.verdict == Verdict::Invalid => "the run was aborted".to_owned(),
        EXIT_SIGNAL => format!("stopped by a signal; until then {judged}"),
        EXIT_BROKEN if is_the_labs_fault(summary) => judged,
        EXIT_BROKEN => "a step could not be carried out, see events.ndjson".to_owned(),
        EXIT_ABORTED => {
            format!("ended by a threshold or by the scenario itself, see events.ndjson; {judged}")
        }
        EXIT_INVALID => invalid(summary),
        _ => judged,
    }
}

/// Why a measurement is not valid: the generator was not well, or the events tell.
fn invalid(summary: &Summary) -> String {
    let broken = summary.generator.health.iter().find(|threshold| !threshold.pass);
    broken.map_or_else(
        || "the measurement is not valid, see events.ndjson".to_owned(),
        |threshold| format!("the generator was not well: {} was {}", threshold.expression, value(threshold)),
    )
}

fn judged(summary: &Summary) -> String {
    let thresholds = judged_by_thresholds(summary);
    match cases::failures(summary.cases.as_ref()) {
        Some(failures) => format!("{failures}; {thresholds}"),
        None => thresholds,
    }
}

fn judged_by_thresholds(summary: &Summary) -> String {
    let all = summary.thresholds.len() as u64;
    let broken = summary.thresholds.iter().filter(|threshold| !threshold.pass).count();
    let unmeasured = summary.thresholds.iter().filter(|threshold| threshold.value.is_none()).count();
    let judged = match (all, broken, unmeasured) {
        (0, ..) => "no threshold was set".to_owned(),
        (_, 0, 0) => format!("{} held", plural(all, "threshold")),
        (_, 0, _) => format!("{} set, none broken, {unmeasured} without a sample", plural(all, "threshold")),
        _ => format!("{broken} of {} broken", plural(all, "threshold")),
    };
    if broken > 0 {
        return judged;
    }
    let found = summary.reconciliation.unwrap_or_default();
    let (mismatched, faults) =
        (found.mismatched_transactions(), found.portal.map_or(0, |checks| checks.total()));
    match (mismatched, faults) {
        (0, 0) => judged,
        (0, _) => format!("{judged}, but {} in the portal", plural(faults, "fault")),
        _ => format!("{judged}, but {} mismatched", plural(mismatched, "transaction")),
    }
}

/// The value of a threshold with the unit of its metric.
pub(super) fn value(threshold: &ThresholdSummary) -> String {
    let Some(value) = threshold.value else { return "no sample".to_owned() };
    match Threshold::parse_whole(&threshold.expression).map(|parsed| parsed.unit()) {
        Ok(Unit::Share) => exact(value * 100.0, " %"),
        Ok(Unit::Count) => count(value as u64),
        Ok(Unit::PerSecond) => exact(value, "/s"),
        Ok(Unit::Milliseconds) => exact(value, " ms"),
        Err(_) => value.to_string(),
    }
}

/// A value next to its limit: rounding must not make a broken threshold look kept.
fn exact(value: f64, unit: &str) -> String {
    format!("{}{unit}", (value * 1e6).round() / 1e6)
}

/// A figure of a distribution that may be empty.
fn of_samples(latency: LatencySummary, figure: fn(LatencySummary) -> f64) -> String {
    if latency.max > 0.0 { time(figure(latency)) } else { NOTHING.to_owned() }
}

/// Whether the run is not valid because of cases that failed by the lab's fault.
fn is_the_labs_fault(summary: &Summary) -> bool {
    summary.cases.as_ref().is_some_and(|cases| cases.gravest() == Some(CaseClass::Infrastructure))
}

/// Nothing of a single attempt, which is the rule.
fn attempts(number: usize) -> String {
    if number > 1 { plural(number as u64, "attempt") } else { String::new() }
}

pub(super) fn plural(number: u64, noun: &str) -> String {
    plural_of(number, noun, &format!("{noun}s"))
}

pub(super) fn plural_of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

const CAUSES_SHOWN: usize = 8;
const ORDERS_SHOWN: usize = 20;
const MISMATCHES_SHOWN: usize = 5;
const CASES_SHOWN: usize = 60;
const CASE_WIDTH: usize = 36;
const CAUSE_INDENT: usize = 15;
const WIDTH_MIN: usize = 80;
/// The sign before and the value after the expression of a threshold.
const VALUE_WIDTH: usize = 16;
const BOLD: &str = "1";
const RED: &str = "1;31";
const GREEN: &str = "1;32";
const YELLOW: &str = "33";
const EXIT_SIGNAL: u8 = 105;
const EXIT_BROKEN: u8 = 107;
const EXIT_ABORTED: u8 = 108;
const EXIT_INVALID: u8 = 110;
