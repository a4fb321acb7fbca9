//! What a fleet costs that does nothing, and how exactly arrivals start: memory per terminal and per connection,
//! schedule lag.
//!
//! `cargo bench --bench fleet [-- memory | lag] [--rounds N]`

mod common;
#[path = "common/role.rs"]
mod role;
#[path = "common/source.rs"]
mod source;

use common::{arguments, bar, option, plan};
use posfleet::{
    driver::{Clock, Timer, footprint, raise_descriptor_limit, usage},
    engine::{self, Command, NullObserver, Settings},
    load::{Arrivals, Curve, Spacing, Stage},
    metrics::{Latency, Percentiles},
    rng::{Domain, Seed},
    scenario::Target,
    time::Instant,
};
use role::Role;
use source::from_elsewhere;
use std::{num::NonZero, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    raise_descriptor_limit();
    let arguments = arguments();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["role-host", scenario] => role::host(scenario),
        ["role-fleet", terminals, connected, host] => idle_fleet(number(terminals), connected == "1", host),
        ["memory", ..] => memory(),
        ["lag", ..] => lag(),
        _ => {
            memory();
            lag();
        }
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// Resident memory per registered terminal and per open connection; every fleet is a process of its own.
fn memory() {
    let host = Role::start(&["role-host", &fleet(CONNECTIONS, true)]);
    let address = host.line.clone();
    let rss = |terminals: usize, connected: &str| {
        let fleet = Role::start(&["role-fleet", &terminals.to_string(), connected, &address]);
        fleet.line.parse::<f64>().expect("bytes")
    };
    println!("resident memory over that of a fleet of one, median of {MEMORY_ROUNDS} rounds");
    let each = |many: usize, connected: &str| (rss(many, connected) - rss(1, "0")) / (many - 1) as f64;
    let registered = median_of(|| each(TERMINALS, "0"));
    println!("  per registered idle terminal  {registered:>6.0} B   ({TERMINALS} terminals)");
    let open = median_of(|| each(CONNECTIONS, "1"));
    println!(
        "  per open idle connection      {open:>6.0} B   ({CONNECTIONS} connections, their signed-in terminals included)"
    );
    bar("bytes per registered idle terminal", registered, ..=1024.0);
    bar("bytes per open idle connection", open, ..=2048.0);
}

fn median_of(mut measure: impl FnMut() -> f64) -> f64 {
    let mut values: Vec<f64> = (0..MEMORY_ROUNDS).map(|_| measure()).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How late arrivals start at 10,000 a second: our timer, and the runtime's own, in turns.
fn lag() {
    println!(
        "lag of 10,000 Poisson arrivals/s behind their schedule, {} rounds of 2 s each, in turns",
        rounds()
    );
    println!("  {:22} {:>8} {:>8} {:>8} {:>12}", "timer", "p50 µs", "p99 µs", "max µs", "of a core");
    let (mut ours, mut tokios) = ((Latency::default(), Duration::ZERO), (Latency::default(), Duration::ZERO));
    for _ in 0..rounds() {
        release(true, &mut ours);
        release(false, &mut tokios);
    }
    print_lag("timerfd, one a shard", &ours);
    print_lag("tokio::time::sleep", &tokios);
    let p99 = |side: &(Latency, Duration)| side.0.percentile_ms(99.0);
    bar("lag p50 in µs", ours.0.percentile_ms(50.0) * 1e3, ..=120.0);
    bar("lag p99 in µs", p99(&ours) * 1e3, ..=300.0);
    let share = ours.1.as_secs_f64() / (rounds() as f64 * LAG_ROUND.as_secs_f64());
    bar("share of a core at 10,000 arrivals/s", share, ..=0.2);
    bar("lag p99 over that of the runtime's own timer", p99(&ours) / p99(&tokios), ..=1.0 / 6.0);
}

fn rounds() -> usize {
    option("--rounds").map_or(LAG_ROUNDS, |rounds| rounds.max(1.0) as usize)
}

fn print_lag(name: &str, (lag, cpu): &(Latency, Duration)) {
    let Percentiles { p50, p99, max, .. } = lag.percentiles();
    let share = cpu.as_secs_f64() / (rounds() as f64 * LAG_ROUND.as_secs_f64()) * 100.0;
    println!("  {name:22} {:>8.0} {:>8.0} {:>8.0} {share:>10.1} %", p50 * 1e3, p99 * 1e3, max * 1e3);
}

/// Releases arrivals for one round and records how late each one was.
fn release(exactly: bool, side: &mut (Latency, Duration)) {
    let rate = Curve::new(ARRIVALS, &[Stage { duration: LAG_ROUND, target: ARRIVALS }]);
    let arrivals = Arrivals::new(rate, Spacing::Poisson, Seed(1).stream(Domain::Arrivals, 0, 0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    runtime.expect("a runtime").block_on(async {
        let (clock, before) = (Clock::start(), usage().cpu);
        let mut timer = Timer::new(clock).expect("a descriptor");
        let mut now = clock.now();
        for arrival in arrivals {
            let due = Instant::START + arrival.at;
            if due > now && exactly {
                now = timer.wait_until(due).await.expect("the kernel's timer");
            } else if due > now {
                tokio::time::sleep_until(clock.to_std(due).into()).await;
                now = clock.now();
            }
            side.0.record(clock.now().since(due));
        }
        side.1 += usage().cpu - before;
    });
}

fn fleet(terminals: usize, signs_in: bool) -> String {
    let opening = "opening: { flow: sign-in, executor: per-terminal-iterations, iterations: 1, within: 8s }";
    let waiting =
        "waiting: { flow: sign-in, executor: constant-arrival-rate, rate: 1, duration: 60s, startTime: 30s }";
    format!(
        "schema: 1
name: idle
seed: 1
terminals:
  fleet: {{ count: {terminals}, connection: long-lived }}
feeders:
  cards: {{ generate: {{ count: 1 }} }}
scenarios:
  {}
  {waiting}
",
        if signs_in { opening } else { "" }
    )
}

/// A fleet that has switched on, and signed in if it is connected; prints its resident memory.
fn idle_fleet(terminals: usize, connected: bool, host: &str) {
    let mut plan = plan(&fleet(terminals, connected));
    // What the embedded host would know does not belong to the fleet.
    (plan.host.terminals, plan.effective) = (Vec::new(), String::new());
    plan.groups.iter_mut().for_each(|group| group.target = Target::Address(host.to_owned()));
    from_elsewhere(&mut plan);
    let settings = Settings { shards: NonZero::new(1), ..Settings::default() };
    let mut run = engine::start(plan, &settings, Box::new(NullObserver)).expect("the run starts");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        while run.snapshots.changed().await.is_ok() {
            let snapshot = run.snapshots.borrow_and_update();
            let is_ready = if connected { snapshot.connections as usize } else { terminals };
            if is_ready == terminals && snapshot.elapsed > Duration::from_secs(3) {
                break;
            }
            assert!(snapshot.elapsed < Duration::from_secs(20), "only {} connections", snapshot.connections);
        }
    });
    println!("{}", footprint().rss_bytes);
    run.control.send(Command::Abort);
    run.join();
}

const TERMINALS: usize = 200_000;
const CONNECTIONS: usize = 19_000;
const MEMORY_ROUNDS: usize = 3;
const ARRIVALS: f64 = 10_000.0;
const LAG_ROUNDS: usize = 7;
const LAG_ROUND: Duration = Duration::from_secs(2);
