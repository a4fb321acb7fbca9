//! A snapshot of a run two minutes old, made by hand: a burst of slow answers in the middle, a few declines, a threshold
//! that is broken. Integers and simple divisions only, so that every machine draws the same picture.

use posfleet::metrics::{
    ActivityCounts, AgentKind, AgentRow, Bucket, CauseView, Class, CodeView, ConnectionCounts,
    ConnectionsView, Counters, DeviceRow, EventLine, Generator, Heat, PartView, Percentiles, Phase, Point,
    Sample, Severity, Snapshot, StageProgress, State, StepPoint, StepView, TerminalRow, TerminalsView,
    ThresholdView, TimePart, TraceLine, TraceView, Vitals, Way,
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
        questions: Vec::new(),
        name: "trading-hour".into(),
        target: "127.0.0.1:8583".into(),
        health: Vec::new(),
        outcome: None,
        paused: false,
        seed: 42,
        phase: Phase::Running,
        elapsed: Duration::from_secs(SECONDS),
        planned_duration: Some(Duration::from_secs(600)),
        stages: stages(counters),
        counters,
        series: series.into_iter().collect(),
        steps: steps(),
        codes: codes(),
        generator: Generator {
            lag: Percentiles { p50: 0.081, p99: 1.24, p999: 3.9, max: 6.2, ..Percentiles::default() },
            cpu_seconds: 151.0,
            cpu_cores: 1.42,
            max_rss_bytes: 84_200_000,
            shards: 2,
        },
        agents: agents(),
        terminals,
        trace: TraceView { terminal: Some(17), lines: Arc::new(trace()) },
        devices_left_out: 0,
        devices: Vec::new(),
        causes: causes(),
        samples: Arc::new(samples()),
        parts: parts(),
        events: Arc::new(events()),
        thresholds: thresholds(),
        connections: 1_998,
        connecting: connecting(),
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
    TerminalsView { count: 2000, activity, matching: 2000, first: u64::from(first), rows, selected: None }
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
        codes: vec![("00".into(), finished - finished / 50), ("51".into(), finished / 50)],
        connections: ConnectionCounts {
            opened: if second < 20 { 100 } else { slow / 3 },
            resets: slow / 5,
            full_handshakes: if second < 20 { 100 } else { 0 },
            resumed_handshakes: slow / 3,
            bytes_in: finished * 180,
            bytes_out: finished * 210,
            ..ConnectionCounts::default()
        },
        heat: heat(finished, slow),
        vitals: Vitals::default(),
    }
}

/// Rows of a tenth of a decade: most between 16 and 50 ms, more of them slow in the burst.
fn heat(finished: u64, slow: u64) -> Heat {
    let shape = [2, 10, 30, 26, 14, 8, 4, 2, 1];
    let rows = shape.iter().enumerate().map(|(row, part)| (40 + row as u16, finished * part / 97));
    let late = (0..slow as u16).map(|row| (49 + row, slow - u64::from(row)));
    Heat(rows.chain(late).filter(|(_, count)| *count > 0).map(|(row, count)| (row, count as u32)).collect())
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
            response_curve: curve(count, 8.0 * slower),
            service_curve: curve(count, 7.0 * slower),
            codes: vec![("00".into(), count * 97 / 100), ("51".into(), count * 26 / 1000)],
            series: (1..=SECONDS).filter_map(|second| course(second, count)).collect(),
        }
    };
    vec![
        step("sale", 22_913, 1.0),
        step("sign-in", 2_000, 1.6),
        step("void", 611, 0.9),
        step("settle", 12, 4.2),
    ]
}

/// The steps of an earlier run that was a fifth slower.
pub fn baseline() -> Vec<StepView> {
    let slower =
        |bucket: &Bucket| Bucket { from_ms: bucket.from_ms * 1.2, to_ms: bucket.to_ms * 1.2, ..*bucket };
    let earlier = |step: StepView| StepView {
        response_buckets: step.response_buckets.iter().map(slower).collect(),
        service_buckets: step.service_buckets.iter().map(slower).collect(),
        response_curve: step.response_curve.iter().map(|ms| ms * 1.2).collect(),
        service_curve: step.service_curve.iter().map(|ms| ms * 1.2).collect(),
        ..step
    };
    steps().into_iter().map(earlier).collect()
}

/// Four points a nine, as far as `count` records tell anything.
fn curve(count: u64, shortest: f64) -> Vec<f64> {
    let told = (1..=20).take_while(|point| 10u64.pow(point / 4) <= count).count();
    (0..=told).map(|point| shortest * (1.0 + point as f64 * point as f64 / 3.0)).collect()
}

/// A step ends in every second when it is frequent, else in some.
fn course(second: u64, count: u64) -> Option<StepPoint> {
    let ended = count / SECONDS + u64::from(second % 7 < count * 7 / SECONDS % 7);
    let response = point(second).response;
    let (at, length) = (Duration::from_secs(second), Duration::from_secs(1));
    (ended > 0).then_some(StepPoint { at, length, count: ended, errors: 0, response })
}

/// Ten buckets a decade, the first one from 7.94 ms times `slower` on.
fn buckets(shape: &[u64], count: u64, slower: f64) -> Vec<Bucket> {
    let total: u64 = shape.iter().sum();
    let edge = |index: usize| slower * 10f64.powf((index as f64 + 9.0) / 10.0);
    let bucket =
        |(index, part)| Bucket { from_ms: edge(index), to_ms: edge(index + 1), count: count * part / total };
    shape.iter().enumerate().map(bucket).collect()
}

fn codes() -> Vec<CodeView> {
    [
        ("00", "approved", 24_871, 1, 133),
        ("51", "insufficient funds", 402, 3, 133),
        ("55", "incorrect PIN", 147, 5, 131),
        ("54", "expired card", 58, 9, 128),
        ("91", "issuer unavailable", 31, 70, 83),
        ("A0", "MAC error", 2, 44, 101),
        ("96", "system malfunction", 1, 77, 77),
    ]
    .map(|(code, meaning, count, first, last)| CodeView {
        code: code.to_owned(),
        meaning: meaning.to_owned(),
        count,
        first: Duration::from_secs(first),
        last: Duration::from_secs(last),
    })
    .to_vec()
}

fn causes() -> Vec<CauseView> {
    [
        ("sale: the target did not answer in time", Severity::Warning, 23, 71, 86),
        ("the target answered too late, or twice", Severity::Warning, 4, 80, 84),
        ("sale: the target closed the connection before it answered", Severity::Error, 3, 76, 81),
        ("target 127.0.0.1:8583: connection refused", Severity::Error, 2, 77, 77),
    ]
    .map(|(text, severity, count, first, last)| CauseView {
        text: text.to_owned(),
        severity,
        count,
        first: Duration::from_secs(first),
        last: Duration::from_secs(last),
    })
    .to_vec()
}

fn samples() -> VecDeque<Sample> {
    let declined = |number: u64| Sample {
        at: Duration::from_millis(3_000 + number * 317),
        class: Class::Declined,
        step: "sale".to_owned(),
        terminal: format!("{}", 50_000_017 + number),
        code: "51".to_owned(),
        cause: String::new(),
        details: format!("STAN {:06}  {}.00  RRN 2611220{number:05}", 31 + number, 100 + number),
    };
    let timed_out = |number: u64| Sample {
        at: Duration::from_millis(71_000 + number * 513),
        class: Class::TimedOut,
        code: String::new(),
        cause: "sale: the target did not answer in time".to_owned(),
        details: format!("STAN {:06}  {}.00", 44 + number, 50 + number),
        ..declined(number)
    };
    (0..9).map(declined).chain((0..5).map(timed_out)).collect()
}

fn parts() -> Vec<PartView> {
    let part = |part, count, slower: f64| PartView {
        part,
        count,
        times: Percentiles {
            min: 0.1 * slower,
            mean: 0.3 * slower,
            p50: 0.25 * slower,
            p90: 0.6 * slower,
            p95: 0.8 * slower,
            p99: 1.5 * slower,
            p999: 3.0 * slower,
            max: 7.0 * slower,
        },
    };
    vec![
        part(TimePart::Lag, 26_600, 0.4),
        part(TimePart::Wait, 2_000, 2.0),
        part(TimePart::Connect, 2_038, 1.0),
        part(TimePart::Handshake, 2_038, 9.0),
        part(TimePart::Service, 25_510, 80.0),
    ]
}

fn agents() -> Vec<AgentRow> {
    let lag = |p99| Percentiles { p50: 0.081, p99, p999: 3.9, max: 6.2, ..Percentiles::default() };
    let shard = |index: u64, p99, cpu_cores| AgentRow {
        name: format!("shard {index}"),
        kind: AgentKind::Shard,
        terminals: 1_000,
        started: 12_806 + index,
        lag: lag(p99),
        cpu_cores,
        connections: 999,
        age: Duration::from_millis(180 + 20 * index),
        ..AgentRow::default()
    };
    let process = AgentRow {
        name: "this process".to_owned(),
        kind: AgentKind::Process,
        terminals: 2_000,
        started: 25_613,
        lag: lag(1.24),
        cpu_cores: 1.42,
        rss_bytes: Some(81_900_000),
        descriptors: Some((2_031, 20_000)),
        connections: 1_998,
        age: Duration::from_millis(200),
    };
    vec![process, shard(0, 0.92, 0.71), shard(1, 1.31, 0.69)]
}

fn trace() -> VecDeque<TraceLine> {
    let line = |ms, way, text: &str| TraceLine { at: Duration::from_millis(ms), way, text: text.to_owned() };
    [
        line(
            131_402,
            Way::Out,
            "0200  2 622848******0017  3 000000  4 000000012300  11 000031  22 051  25 00  41 50000018  \
             42 898310048160004  49 156  60 22000001  64 A1B2C3D4E5F60718",
        ),
        line(
            131_424,
            Way::In,
            "0210  3 000000  4 000000012300  11 000031  37 261122000031  39 00  41 50000018",
        ),
        line(132_881, Way::Out, "0200  2 622848******0409  3 000000  4 000000004500  11 000032  41 50000018"),
    ]
    .into()
}

fn connecting() -> ConnectionsView {
    let times = |slower: f64| Percentiles {
        p50: 0.25 * slower,
        p99: 1.5 * slower,
        max: 7.0 * slower,
        ..Percentiles::default()
    };
    ConnectionsView {
        counts: ConnectionCounts {
            opened: 2_038,
            refused: 2,
            ended: 21,
            resets: 17,
            full_handshakes: 1_900,
            resumed_handshakes: 138,
            bytes_in: 4_612_300,
            bytes_out: 5_381_000,
            strays: 4,
            faults: [12, 0, 3, 0, 0, 1],
        },
        waiting: 2,
        wait: times(2.0),
        connect: times(1.0),
        handshake: times(9.0),
    }
}

/// Six devices of a lab, one of them left out for its errors.
pub fn devices() -> Vec<DeviceRow> {
    let device = |number: u32| {
        let quarantined = number == 3;
        DeviceRow {
            number: 1_999 + number,
            id: format!("till-{number}"),
            group: "lab".to_owned(),
            driver: "zvt".to_owned(),
            port: format!("/dev/ttyUSB{number}"),
            state: if quarantined { "quarantined" } else { ["open", "busy"][number as usize % 2] }.to_owned(),
            terminal_id: format!("{}", 52_500_000 + number),
            firmware: "2.1.7".to_owned(),
            serial_number: format!("00441{number}"),
            last_exchange: if quarantined { "sale no answer" } else { "sale approved" }.to_owned(),
            last_at: Some(Duration::from_secs(100 + u64::from(number))),
            exchanges: 40 + u64::from(number),
            errors: u64::from(quarantined) * 3,
            last_error: String::new(),
            opened: (1, 0),
            quarantined,
            ..DeviceRow::default()
        }
    };
    (1..=6).map(device).collect()
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
    let trend = |from: f64, step: f64| (0..30).map(|second| from + step * f64::from(second)).collect();
    vec![
        ThresholdView {
            expression: "sale.response_time: p(99) < 100ms".into(),
            value: Some(118.2),
            pass: Some(false),
            limit: 100.0,
            margin: Some(-18.2),
            broken_at: Some(Duration::from_secs(71)),
            trend: trend(60.0, 2.0),
            ..ThresholdView::default()
        },
        ThresholdView {
            expression: "failed: rate < 0.5%".into(),
            value: Some(0.00124),
            pass: Some(true),
            limit: 0.005,
            margin: Some(0.00376),
            window: Some(Duration::from_secs(30)),
            aborts: true,
            trend: trend(0.0004, 0.00003),
            ..ThresholdView::default()
        },
        ThresholdView {
            expression: "dropped_iterations: count < 100".into(),
            value: Some(3.0),
            pass: Some(true),
            limit: 100.0,
            margin: Some(97.0),
            aborts: true,
            trend: trend(3.0, 0.0),
            ..ThresholdView::default()
        },
        ThresholdView {
            expression: "reconciliation.mismatches: count == 0".into(),
            ..ThresholdView::default()
        },
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
