//! Whether memory stays flat: half of the most that a short probe reaches, for twenty minutes, and the slope of the
//! fleet's resident memory over that time; the host is another process, for its ledger has to grow.
//!
//! `cargo bench --bench soak [-- --minutes N] [--rate N]`

mod common;
#[path = "common/role.rs"]
mod role;

use common::{arguments, bar, option, plan};
use posfleet::{
    driver::{footprint, raise_descriptor_limit},
    engine::{self, NullObserver, Settings},
    metrics::Summary,
    scenario::Target,
};
use role::Role;
use std::{num::NonZero, sync::Arc, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    raise_descriptor_limit();
    match arguments().iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["role-host", scenario] => return role::host(scenario),
        ["role-probe"] => return println!("{:.0}", probe()),
        _ => {}
    }
    let minutes = option("--minutes").unwrap_or(20.0);
    let rate = option("--rate").unwrap_or_else(|| most() / 2.0).floor();
    soak(rate, Duration::from_secs_f64(minutes * 60.0));
}

/// The most sales a second, as another process finds it: what a probe leaves in memory is not that of the soak.
fn most() -> f64 {
    let most = Role::start(&["role-probe"]).line.parse().expect("sales a second");
    println!("probe: {most} sales/s at most");
    most
}

/// The most sales a second, of terminals that do all they can.
fn probe() -> f64 {
    let load = format!("executor: constant-terminals, duration: {}s", PROBE.as_secs());
    let (summary, _) = run(&load, PROBE);
    summary.steps["sale"].count as f64 / PROBE.as_secs_f64()
}

/// Sales at a rate for so long, with a sample of memory a snapshot.
fn soak(rate: f64, length: Duration) {
    let load = format!("executor: constant-arrival-rate, rate: {rate}, duration: {}s", length.as_secs());
    let (summary, samples) = run(&load, length);
    let counters = summary.counters;
    println!(
        "soak: {rate:.0} sales/s for {:.1} min: {} finished, {} failed, {} dropped",
        length.as_secs_f64() / 60.0,
        counters.finished,
        counters.failed,
        counters.dropped
    );
    let tenths: Vec<String> = samples.chunks(samples.len().div_ceil(10).max(1)).map(mean_mb).collect();
    println!("resident memory by tenths: {} MB", tenths.join(" "));
    let line = Line::through(&samples);
    let growth = line.slope * length.as_secs_f64() * (1.0 - WARM_UP) / line.mean;
    println!(
        "resident memory: {:.1} MB in the mean of {} samples, slope {:+.1} KB/min",
        line.mean / 1e6,
        samples.len(),
        line.slope * 60.0 / 1e3
    );
    bar("memory of the soak, growth from begin to end", growth.abs(), ..=GROWTH_MOST);
    bar("iterations of the soak that failed", counters.failed as f64, ..=0.0);
}

/// A run with this load; samples of seconds and bytes after the first tenth of it.
fn run(load: &str, length: Duration) -> (Summary, Vec<(f64, f64)>) {
    let text = scenario(load);
    let host = Role::start(&["role-host", &text]);
    let mut plan = plan(&text);
    plan.groups.iter_mut().for_each(|group| group.target = Target::Address(host.line.clone()));
    let settings = Settings { shards: NonZero::new(1), ..Settings::default() };
    let mut run = engine::start(plan, &settings, Box::new(NullObserver)).expect("the run starts");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut samples = room_for(length);
    runtime.block_on(async {
        while run.snapshots.changed().await.is_ok() {
            let snapshot = Arc::clone(&run.snapshots.borrow_and_update());
            let elapsed = snapshot.stages.get(1).map_or(Duration::ZERO, |day| day.elapsed);
            if elapsed > length.mul_f64(WARM_UP) && elapsed < length {
                samples.push((elapsed.as_secs_f64(), footprint().rss_bytes as f64));
            }
        }
    });
    (run.join(), samples)
}

/// Room for the samples of a run, taken at its begin: what is measured shall not grow by measuring.
fn room_for(length: Duration) -> Vec<(f64, f64)> {
    let mut room = vec![(1.0, 1.0); (length.as_secs_f64() * SNAPSHOTS_A_SECOND) as usize];
    room.clear();
    room
}

fn mean_mb(samples: &[(f64, f64)]) -> String {
    format!("{:.1}", Line::through(samples).mean / 1e6)
}

/// The straight line of least squares.
struct Line {
    mean: f64,
    /// Bytes per second.
    slope: f64,
}

impl Line {
    fn through(samples: &[(f64, f64)]) -> Self {
        let count = samples.len().max(1) as f64;
        let at = samples.iter().map(|(at, _)| at).sum::<f64>() / count;
        let mean = samples.iter().map(|(_, bytes)| bytes).sum::<f64>() / count;
        let both: f64 = samples.iter().map(|(x, y)| (x - at) * (y - mean)).sum();
        let square: f64 = samples.iter().map(|(x, _)| (x - at).powi(2)).sum();
        Self { mean, slope: both / square.max(f64::MIN_POSITIVE) }
    }
}

/// Terminals keep their connections; their logs settle by themselves when they are full.
fn scenario(load: &str) -> String {
    format!(
        "schema: 1
name: soak
seed: 1
terminals:
  fleet: {{ count: 1000, connection: long-lived, logCapacity: 100 }}
host: {{ openingBalance: 99999999.00, saleLimit: 99999999.00 }}
flows:
  sell:
    steps:
      - sale: {{ amount: '${{ amount(1.00, 5.00) }}', card: '${{ cards.next }}', entry: stripe }}
scenarios:
  opening: {{ flow: sign-in, executor: per-terminal-iterations, iterations: 1, within: 2s }}
  day: {{ flow: sell, {load}, startAfter: opening }}
"
    )
}

const PROBE: Duration = Duration::from_secs(5);
/// The part of the run after which memory shall not grow any more.
const WARM_UP: f64 = 0.1;
const GROWTH_MOST: f64 = 0.02;
/// There are four, and some at the begin and the end.
const SNAPSHOTS_A_SECOND: f64 = 5.0;
