//! Whether a transaction costs the same in a large fleet: client CPU per sale with more and more open connections, and
//! per sign-in over a connection of its own with more and more registered terminals; the host is another process.
//!
//! `cargo bench --bench growth [-- connections | terminals] [--rounds N]`

mod common;
#[path = "common/role.rs"]
mod role;
#[path = "common/source.rs"]
mod source;

use common::{arguments, bar, option, plan};
use posfleet::{
    driver::{raise_descriptor_limit, usage},
    engine::{self, NullObserver, Settings},
    scenario::Target,
};
use role::Role;
use source::from_elsewhere;
use std::{num::NonZero, sync::Arc, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    raise_descriptor_limit();
    let arguments = arguments();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["role-host", scenario] => role::host(scenario),
        ["connections", ..] => connections(),
        ["terminals", ..] => terminals(),
        _ => {
            connections();
            terminals();
        }
    }
}

/// Sales of terminals that keep their connections and do all they can.
fn connections() {
    println!(
        "client CPU per sale, long-lived connections, median of {} rounds in turns, one client thread",
        rounds()
    );
    let sizes = [100, 1_000, 10_000, 19_000];
    let figures = sizes.map(|size| Fleet { size, text: selling(size) });
    compare(&figures, "connections");
}

/// Sign-ins at a rate, each over a connection of its own.
fn terminals() {
    println!(
        "client CPU per sign-in at {RATE}/s, a connection each, median of {} rounds in turns, one client thread",
        rounds()
    );
    let sizes = [1_000, 100_000, 1_000_000];
    let figures = sizes.map(|size| Fleet { size, text: visiting(size) });
    compare(&figures, "registered terminals");
}

/// A fleet of some size and what it does.
struct Fleet {
    size: usize,
    text: String,
}

/// Measures all fleets in turns; bars hold the larger ones against the one of a thousand.
fn compare(fleets: &[Fleet], what: &str) {
    let hosts: Vec<Role> = fleets.iter().map(|fleet| Role::start(&["role-host", &fleet.text])).collect();
    let mut micros = vec![Vec::new(); fleets.len()];
    for _ in 0..rounds() {
        for ((fleet, host), micros) in fleets.iter().zip(&hosts).zip(&mut micros) {
            micros.push(round(fleet, &host.line));
        }
    }
    let figures: Vec<f64> = micros.iter_mut().map(|values| median(values)).collect();
    let thousand = fleets.iter().position(|fleet| fleet.size == 1_000).expect("there is such a fleet");
    for (fleet, figure) in fleets.iter().zip(&figures) {
        let ratio = figure / figures[thousand];
        println!("  {:>9} {what:20} {figure:>7.2} µs {ratio:>7.2}", fleet.size);
        if fleet.size > 1_000 {
            bar(&format!("CPU per transaction, {} {what} over 1,000", fleet.size), ratio, ..=GROWTH_MOST);
        }
    }
}

fn rounds() -> usize {
    option("--rounds").map_or(ROUNDS, |rounds| rounds.max(1.0) as usize)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// CPU per transaction between two snapshots in the middle of the last scenario, in µs.
fn round(fleet: &Fleet, host: &str) -> f64 {
    let round = (0..TRIES).find_map(|_| try_round(fleet, host));
    round.unwrap_or_else(|| panic!("{}: no two snapshots in the middle of {TRIES} rounds", fleet.size))
}

fn try_round(fleet: &Fleet, host: &str) -> Option<f64> {
    let mut plan = plan(&fleet.text);
    let last = plan.scenarios.len() - 1;
    // What the embedded host would know does not belong to the fleet.
    plan.host.terminals = Vec::new();
    plan.groups.iter_mut().for_each(|group| group.target = Target::Address(host.to_owned()));
    from_elsewhere(&mut plan);
    let settings = Settings { shards: NonZero::new(1), ..Settings::default() };
    let mut run = engine::start(plan, &settings, Box::new(NullObserver)).expect("the run starts");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut points: Vec<(u64, Duration)> = Vec::new();
    runtime.block_on(async {
        while run.snapshots.changed().await.is_ok() {
            let snapshot = Arc::clone(&run.snapshots.borrow_and_update());
            let stage = snapshot.stages.get(last);
            let is_inside = |elapsed| elapsed > SETTLED && elapsed < LENGTH;
            if let Some(stage) = stage.filter(|stage| is_inside(stage.elapsed)) {
                points.push((stage.counters.finished, usage().cpu));
            }
        }
    });
    let summary = run.join();
    assert_eq!(summary.counters.failed, 0, "{} terminals: {:?}", fleet.size, summary.causes);
    let (first, end) = (points.first()?, points.last().filter(|_| points.len() > 1)?);
    Some((end.1 - first.1).as_secs_f64() * 1e6 / (end.0 - first.0) as f64)
}

fn selling(terminals: usize) -> String {
    // How fast connections can be made is not what is measured.
    let within = (terminals / CONNECTS_PER_SECOND).max(3);
    format!(
        "schema: 1
name: growth
seed: 1
terminals:
  fleet: {{ count: {terminals}, connection: long-lived, logCapacity: 9999 }}
host: {{ openingBalance: 99999999.00, saleLimit: 99999999.00 }}
flows:
  sell:
    steps:
      - sale: {{ amount: '${{ amount(1.00, 500.00) }}', card: '${{ cards.next }}', entry: stripe }}
scenarios:
  opening: {{ flow: sign-in, executor: per-terminal-iterations, iterations: 1, within: {within}s }}
  day: {{ flow: sell, executor: constant-terminals, duration: 4s, startAfter: opening }}
"
    )
}

fn visiting(terminals: usize) -> String {
    format!(
        "schema: 1
name: growth
seed: 1
terminals:
  fleet: {{ count: {terminals}, connection: per-transaction }}
feeders:
  cards: {{ generate: {{ count: 1 }} }}
scenarios:
  visits: {{ flow: sign-in, executor: constant-arrival-rate, rate: {RATE}, duration: 4s, startTime: 5s }}
"
    )
}

const ROUNDS: usize = 5;
const TRIES: usize = 3;
const RATE: u32 = 2_000;
const CONNECTS_PER_SECOND: usize = 2_000;
const SETTLED: Duration = Duration::from_millis(1000);
const LENGTH: Duration = Duration::from_millis(3900);
const GROWTH_MOST: f64 = 1.25;
