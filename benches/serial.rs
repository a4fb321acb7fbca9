//! What a rack of serial lines costs: 500 pretended terminals and their registers in one process.
//!
//! Every line asks its terminal how it is ten times a second, over a pseudo-terminal that is as slow as a line of
//! 115,200 baud. A frame is lost when an answer does not come. The figures are response times, and what of them is more
//! than the time that the bytes are on the line; the two sides have a thread each. Bars: 99 % are answered within 25 ms,
//! and nothing is lost.
//!
//! `cargo bench --bench serial [-- LINES SECONDS]`

#[path = "common/bar.rs"]
mod bar;

use bar::bar;
use hdrhistogram::Histogram;
use posfleet::{
    driver::{
        Clock, raise_descriptor_limit,
        serial::{Device, Leases, Locator, Pretended, Setup},
        usage,
    },
    ecr::{Request, Service},
    money::Amount,
    rack::Rack,
    scenario::parse_rack,
};
use std::{fmt::Write, path::Path, sync::Arc, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let (lines, seconds) = (numbers.first().copied().unwrap_or(500), numbers.get(1).copied().unwrap_or(10));
    raise_descriptor_limit();
    let folder = std::env::temp_dir().join(format!("posfleet-bench-serial-{}", std::process::id()));
    let rack = rack(lines, &folder);
    let clock = Clock::start();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let simulated = rack.clone();
    let simulator = std::thread::spawn(move || {
        runtime().block_on(async {
            let pretended = Pretended::start(&simulated, clock).await.expect("pseudo-terminals");
            ready.send(()).expect("the bench waits for it");
            let ended = tokio::task::spawn_blocking(move || stopped.recv().is_err());
            ended.await.expect("it only waits");
            pretended.finish().await.len()
        })
    });
    is_ready.recv().expect("the terminals are pretended");
    let before = usage();
    let Figures { response, beyond, lost } = runtime().block_on(drive(&rack, clock, seconds, &folder));
    let after = usage();
    drop(stop);
    let terminals = simulator.join().expect("the terminals end");
    let cpu = (after.cpu - before.cpu).as_secs_f64() / seconds as f64;
    println!(
        "{terminals} lines, {EVERY:?} between exchanges, {seconds} s, {} exchanges, {lost} lost",
        response.len()
    );
    for (what, histogram) in [("response time", &response), ("beyond the line's own time", &beyond)] {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        println!("{what:27} p50 {:.2} ms  p99 {:.2} ms  max {:.2} ms", at(0.5), at(0.99), at(1.0));
    }
    println!("CPU {:.0} % of one core", cpu * 100.0);
    bar("response time p99 in ms", response.value_at_quantile(0.99) as f64 / 1e3, ..=P99_MOST);
    bar("lost exchanges", lost as f64, ..=0.0);
    let _ = std::fs::remove_dir_all(folder);
}

/// Microseconds of all exchanges, and those that got no answer.
struct Figures {
    response: Histogram<u64>,
    beyond: Histogram<u64>,
    lost: u64,
}

async fn drive(rack: &Rack, clock: Clock, seconds: u64, folder: &Path) -> Figures {
    let setup = Arc::new(Setup {
        clock,
        locator: Locator::new(&rack.sim_folder),
        leases: Leases::at(&folder.join("leases"), "bench"),
        lease_time: Duration::from_secs(3_600),
        recorders: None,
        host: None,
    });
    let mut lines = tokio::task::JoinSet::new();
    for (number, device) in rack.devices.iter().enumerate() {
        let byte_time = device.line.byte_time();
        let offset = EVERY * number as u32 / rack.devices.len() as u32;
        lines.spawn(line(Device::new(device, &setup), clock, byte_time, offset, seconds));
    }
    let mut all = Figures::new();
    while let Some(Ok(one)) = lines.join_next().await {
        all.response.add(one.response).expect("the same bounds");
        all.beyond.add(one.beyond).expect("the same bounds");
        all.lost += one.lost;
    }
    all
}

async fn line(
    mut device: Device,
    clock: Clock,
    byte_time: Duration,
    offset: Duration,
    seconds: u64,
) -> Figures {
    let mut figures = Figures::new();
    // The first exchange opens the port.
    figures.lost += u64::from(device.ask(status(), WITHIN).await.is_err());
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + offset, EVERY);
    for _ in 0..seconds * 1_000 / EVERY.as_millis() as u64 {
        ticks.tick().await;
        let (start, heard) = (clock.now(), device.contact().bytes);
        let answer = device.ask(status(), WITHIN).await;
        let took = clock.now().since(start);
        figures.lost += u64::from(answer.is_err());
        let bytes = REQUEST + device.contact().bytes - heard;
        let own = byte_time * bytes as u32;
        figures.response.saturating_record(took.as_micros() as u64);
        figures.beyond.saturating_record(took.saturating_sub(own).as_micros() as u64);
    }
    figures
}

impl Figures {
    fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3).expect("valid bounds");
        Self { response: histogram(), beyond: histogram(), lost: 0 }
    }
}

fn rack(lines: u64, folder: &Path) -> Rack {
    let mut text = "schema: 1\nname: bench\nsimulation: { folder: sim }\ndevices:\n".to_owned();
    for number in 0..lines {
        let _ = writeln!(
            text,
            "  - {{ id: t{number}, driver: allinpay, port: sim:t{number}, line: {{ baud: 115200 }} }}"
        );
    }
    parse_rack(&text, "bench", folder).expect("a valid rack")
}

fn status() -> Request {
    Request { id: 0, service: Service::Status, amount: Amount::ZERO, original: None }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Milliseconds.
const P99_MOST: f64 = 25.0;
const EVERY: Duration = Duration::from_millis(100);
const WITHIN: Duration = Duration::from_secs(10);
/// The bytes of the frame that asks: tags 9F00 and 9F01, and what is around them.
const REQUEST: u64 = 21;
