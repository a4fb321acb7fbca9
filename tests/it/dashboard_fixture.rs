//! A snapshot of a run two minutes old, made by hand: a burst of slow answers in the middle, a few declines, a threshold
//! that is broken. Integers and simple divisions only, so that every machine draws the same picture.

use posfleet::metrics::{
    ActivityCounts, Bucket, Counters, EventLine, Generator, Percentiles, Phase, Point, Severity, Snapshot,
    StageProgress, State, StepView, TerminalRow, TerminalsView, ThresholdView,
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// The run at the second `SECONDS` of ten minutes.
pub fn running() -> Snapshot {
    let series: VecDeque<Point> = (1..=SECONDS).map(point).collect();
    let mut counters = Counters::default();
    series.iter().for_each(|point| counters += point.counters);
    let terminals = terminals(0, 200);
    counters.finished = counters.started - terminals.activity.busy;
    Snapshot {
        name: "trading-hour".into(),
        target: "127.0.0.1:8583".into(),
        health: Vec::new(),
        paused: false,
        seed: 42,
        phase: Phase::Running,
        elapsed: Duration::from_secs(SECONDS),
        planned_duration: Some(Duration::from_secs(600)),
        stages: stages(counters),
        counters,
        series: Arc::new(series),
        steps: steps(),
        codes: codes(),
        generator: Generator {
            lag: Percentiles { p50: 0.081, p99: 1.24, p999: 3.9, max: 6.2, ..Percentiles::default() },
            cpu_seconds: 151.0,
            cpu_cores: 1.42,
            max_rss_bytes: 84_200_000,
            shards: 2,
        },
        terminals,
        devices: Vec::new(),
        events: Arc::new(events()),
        thresholds: thresholds(),
        connections: 1_998,
        ..Snapshot::default()
    }
}

/// The rows `first..first + count` of the fleet of two thousand.
pub fn terminals(first: u32, count: u32) -> TerminalsView {
    let fleet: Vec<TerminalRow> = (0..2000).map(row).collect();
    let how_many = |state: &str| fleet.iter().filter(|row| row.state == state).count() as u64;
    let activity = ActivityCounts {
        signed_out: how_many("signed out"),
        idle: how_many("idle") + how_many("reversal due"),
        busy: how_many("busy"),
        reversal_pending: how_many("reversal due"),
    };
    let rows = fleet.into_iter().skip(first as usize).take(count as usize).collect();
    TerminalsView { count: 2000, activity, rows }
}

fn stages(counters: Counters) -> Vec<StageProgress> {
    vec![
        StageProgress {
            name: "opening".into(),
            executor: "per-terminal-iterations".into(),
            state: State::Done,
            stage: (1, 1),
            target_rate: None,
            elapsed: Duration::from_secs(21),
            duration: Some(Duration::from_secs(120)),
            counters: Counters::default(),
        },
        StageProgress {
            name: "day".into(),
            executor: "ramping-arrival-rate".into(),
            state: State::Running,
            stage: (2, 4),
            target_rate: Some(200.0),
            elapsed: Duration::from_secs(SECONDS - 21),
            duration: Some(Duration::from_secs(579)),
            counters,
        },
    ]
}

fn point(second: u64) -> Point {
    let noise = (second * 7919) % 13;
    let planned = (second * 6).min(200);
    let slow = if (70..=82).contains(&second) { 12 - second.abs_diff(76) } else { 0 };
    let finished = (planned - planned / 50).saturating_sub(slow * 9) + noise / 3;
    let p50 = 21.0 + noise as f64 / 4.0 + slow as f64 * 3.0;
    let dropped = if second == 77 { 3 } else { 0 };
    Point {
        at: Duration::from_secs(second),
        length: Duration::from_secs(1),
        counters: Counters {
            planned,
            started: planned - dropped,
            late: slow / 4,
            dropped,
            finished,
            failed: slow / 6,
        },
        in_flight: 40 + slow * 20,
        response: Percentiles {
            min: 8.0,
            mean: p50 * 1.2,
            p50,
            p90: p50 * 2.1 + noise as f64,
            p95: p50 * 3.0,
            p99: p50 * 5.0 + (noise * noise) as f64 / 4.0,
            p999: p50 * 9.0 + (noise * noise) as f64,
            max: p50 * 20.0,
        },
        steps: finished,
        errors: slow / 6,
        lag: Percentiles::default(),
        codes: vec![("00".into(), finished)],
        ..Point::default()
    }
}

fn steps() -> Vec<StepView> {
    let step = |name: &str, count: u64, slower: f64| {
        let service = Percentiles {
            min: 7.9 * slower,
            mean: 22.4 * slower,
            p50: 20.1 * slower,
            p90: 41.0 * slower,
            p95: 58.3 * slower,
            p99: 104.0 * slower,
            p999: 236.0 * slower,
            max: 731.0 * slower,
        };
        let response = Percentiles {
            min: 8.0 * slower,
            mean: 24.1 * slower,
            p50: 21.5 * slower,
            p90: 48.1 * slower,
            p95: 66.0 * slower,
            p99: 118.2 * slower,
            p999: 412.0 * slower,
            max: 1043.0 * slower,
        };
        StepView {
            name: name.into(),
            count,
            approved: count * 97 / 100,
            declined: count * 26 / 1000,
            timeouts: count / 1000,
            errors: count / 4000,
            checks: (count, 0),
            response,
            service,
            response_buckets: buckets(&RESPONSE_SHAPE, count, slower),
            service_buckets: buckets(&SERVICE_SHAPE, count, slower),
        }
    };
    vec![
        step("sale", 22_913, 1.0),
        step("sign-in", 2_000, 1.6),
        step("void", 611, 0.9),
        step("settle", 12, 4.2),
    ]
}

/// Ten buckets a decade, the first one from 7.94 ms times `slower` on.
fn buckets(shape: &[u64], count: u64, slower: f64) -> Vec<Bucket> {
    let total: u64 = shape.iter().sum();
    let edge = |index: usize| slower * 10f64.powf((index as f64 + 9.0) / 10.0);
    let bucket =
        |(index, part)| Bucket { from_ms: edge(index), to_ms: edge(index + 1), count: count * part / total };
    shape.iter().enumerate().map(bucket).collect()
}

fn codes() -> Vec<(String, String, u64)> {
    [
        ("00", "approved", 24_871),
        ("51", "insufficient funds", 402),
        ("55", "incorrect PIN", 147),
        ("54", "expired card", 58),
        ("91", "issuer unavailable", 31),
        ("A0", "MAC error", 2),
        ("96", "system malfunction", 1),
    ]
    .map(|(code, meaning, count)| (code.to_owned(), meaning.to_owned(), count))
    .to_vec()
}

fn events() -> VecDeque<EventLine> {
    let event =
        |at, severity, text: &str| EventLine { at: Duration::from_secs(at), severity, text: text.into() };
    [
        event(0, Severity::Info, "2000 terminals on 2 shards, embedded host on 127.0.0.1:8583"),
        event(21, Severity::Info, "opening is done: 2000 terminals signed in"),
        event(34, Severity::Info, "day reaches stage 2 of 4: 200/s"),
        event(77, Severity::Warning, "3 iterations dropped: no terminal was free"),
        event(81, Severity::Error, "50000017: no answer to 0200 within 30 s, reversal due"),
        event(96, Severity::Info, "50000017: reversal answered with 00"),
    ]
    .into()
}

fn thresholds() -> Vec<ThresholdView> {
    let threshold = |expression: &str, value, pass| ThresholdView {
        expression: expression.into(),
        value,
        pass,
        ..ThresholdView::default()
    };
    vec![
        threshold("sale.response_time: p(99) < 100ms", Some(118.2), Some(false)),
        threshold("failed: rate < 0.5%", Some(0.00124), Some(true)),
        threshold("dropped_iterations: count < 100", Some(3.0), Some(true)),
        threshold("reconciliation.mismatches: count == 0", None, None),
    ]
}

fn row(number: u32) -> TerminalRow {
    let state = match number {
        11 | 404 | 1377 => "reversal due",
        _ if number % 77 == 6 => "signed out",
        _ if number % 19 == 4 => "busy",
        _ => "idle",
    };
    let (last_mti, last_code) = match state {
        "signed out" => ("0810", "91"),
        "reversal due" => ("0200", ""),
        "busy" => ("0200", "00"),
        _ if number % 9 == 7 => ("0210", "51"),
        _ => ("0210", "00"),
    };
    TerminalRow {
        number,
        terminal_id: format!("{}", 50_000_001 + number),
        merchant_id: format!("{}", 898_310_048_160_000_u64 + u64::from(number / 4)),
        state: state.into(),
        connected: state != "signed out",
        last_mti: last_mti.into(),
        last_code: last_code.into(),
        stan: 17 + number * 3 % 40,
        batch: 1,
        approved: u64::from(9 + number * 3 % 7),
        declined: u64::from(number % 9 == 7),
        failed: u64::from(state == "reversal due"),
        reversals: u64::from(number % 50 == 16),
    }
}

pub const SECONDS: u64 = 133;
const RESPONSE_SHAPE: [u64; 22] =
    [90, 310, 900, 2100, 4200, 5100, 3900, 2500, 1500, 900, 520, 330, 240, 130, 70, 40, 26, 18, 11, 6, 3, 1];
const SERVICE_SHAPE: [u64; 20] =
    [110, 390, 1200, 2700, 4900, 5000, 3500, 2100, 1200, 700, 390, 240, 120, 50, 24, 13, 8, 4, 2, 1];
