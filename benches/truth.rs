//! Whether reported response times are true: a relay before the host makes 1 % of the answers 20 ms late and stands
//! still for a second in every ten, and logs between which two instants each answer went. What the run reports stands
//! against that log and the planned instants, which are a function of the seed: on one shard and on two, without and
//! with the dashboard.
//!
//! `cargo bench --bench truth [-- --seconds N]`

mod common;

use common::{bar, option, plan};
use futures_util::stream;
use posfleet::{
    dashboard::{self, Look, Options, Request, State, Theme},
    driver::{Clock, HostServer},
    engine::{self, NullObserver, Run, Settings},
    host::Host,
    load::{Arrivals, Schedule},
    metrics::{Percentiles, Summary},
    rng::Domain,
    scenario::{Plan, Target},
};
use ratatui::{Terminal, backend::TestBackend};
use std::{
    net::SocketAddr,
    num::NonZero,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let seconds = option("--seconds").unwrap_or(30.0) as u32;
    println!(
        "{RATE} arrivals/s for {seconds} s; 1 % of the answers 20 ms late, a stall of 1 s in every 10 s; ms"
    );
    println!("{:30} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "p50", "p95", "p99", "p99.9", "max");
    for (shards, has_screen) in [(1, false), (1, true), (2, false), (2, true)] {
        compare(seconds, shards, has_screen);
    }
}

/// One run, with its truth and its verdict.
fn compare(seconds: u32, shards: usize, has_screen: bool) {
    let name = format!("{shards} shard(s){}", if has_screen { ", dashboard" } else { "" });
    let (truth, [scheduled, sent], summary) = measure(seconds, shards, has_screen);
    let reported = of_summary(&summary.steps["sale"].response_time_ms);
    let [earliest, latest] =
        truth.map(|times| PERCENTILES.map(|percentile| nearest_rank(&times, percentile)));
    print_row(&format!("{name}: truth, from"), earliest);
    print_row(&format!("{name}: truth, to"), latest);
    print_row(&format!("{name}: reported"), reported);
    bar(&format!("{name}: |sent - scheduled|"), sent.abs_diff(scheduled) as f64, ..=0.0);
    if sent != scheduled {
        // Without a request for every arrival, nobody knows which belongs to which.
        return println!("{name}: {:?}, {:?}", summary.counters, summary.causes);
    }
    bar(&format!("{name}: planned iterations not started"), summary.counters.dropped as f64, ..=0.0);
    // The median is a matter of the machine's mood: it is shown, and has no bar.
    let pairs = earliest.into_iter().zip(latest).zip(reported).skip(1);
    let worst = pairs.map(|((from, to), is)| beyond(is, from, to));
    bar(&format!("{name}: worst error of p95 to max, in allowances"), worst.fold(0.0, f64::max), ..=1.0);
}

fn print_row(what: &str, figures: [f64; 5]) {
    let [p50, p95, p99, p999, max] = figures;
    println!("{what:30} {p50:>9.2} {p95:>9.2} {p99:>9.2} {p999:>9.2} {max:>9.2}");
}

/// How far a figure is outside of what may be true, as a part of what is allowed: 1 % and 0.2 ms.
fn beyond(is: f64, from: f64, to: f64) -> f64 {
    (is - is.clamp(from, to)).abs() / (from * 0.01 + 0.2)
}

fn of_summary(percentiles: &Percentiles) -> [f64; 5] {
    [percentiles.p50, percentiles.p95, percentiles.p99, percentiles.p999, percentiles.max]
}

fn nearest_rank(sorted: &[f64], percentile: f64) -> f64 {
    let rank = (percentile / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Response times in truth, sorted, at least and at most; how many requests were due and how many the relay saw; what
/// the run reports.
fn measure(seconds: u32, shards: usize, has_screen: bool) -> ([Vec<f64>; 2], [usize; 2], Summary) {
    let mut plan = plan(&scenario(seconds));
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server =
        HostServer::start(Host::new(plan.host.clone()), address, Clock::start()).expect("a free port");
    let planned = planned(&plan);
    let log = Arc::new(Mutex::new(Vec::with_capacity(planned.len())));
    let address = start_relay(server.address(), Instant::now() + DAY_BEGINS, Arc::clone(&log));
    plan.groups.iter_mut().for_each(|group| group.target = Target::Address(address.to_string()));
    let settings = Settings { shards: NonZero::new(shards), ..Settings::default() };
    // The engine's clock starts with the first thing that `start` does.
    let origin = Instant::now() + DAY_BEGINS;
    let run = engine::start(plan, &settings, Box::new(NullObserver)).expect("the run starts");
    let screen = has_screen.then(|| show(&run));
    let summary = run.join();
    screen.into_iter().for_each(|screen| screen.join().expect("the screen does not panic"));
    let mut log = std::mem::take(&mut *log.lock().expect("the relay does not panic"));
    log.sort_unstable_by_key(|exchange: &Exchange| exchange.received);
    let times =
        [|exchange: &Exchange| exchange.answering, |exchange: &Exchange| exchange.answered].map(|end| {
            let time =
                |(at, exchange): (&Duration, &Exchange)| (end(exchange) - (origin + *at)).as_secs_f64() * 1e3;
            let mut times: Vec<f64> = planned.iter().zip(&log).map(time).collect();
            times.sort_by(f64::total_cmp);
            times
        });
    assert!(summary.steps.contains_key("sale"), "no sale ended: {:?}", summary.causes);
    (times, [planned.len(), log.len()], summary)
}

/// When every sale is due after the begin of its scenario.
fn planned(plan: &Plan) -> Vec<Duration> {
    let Schedule::Arrivals { rate, spacing } = &plan.scenarios[1].load.schedule else {
        panic!("the second scenario has arrivals")
    };
    let arrivals = Arrivals::new(rate.clone(), *spacing, plan.seed.stream(Domain::Arrivals, 1, 0));
    arrivals.map(|arrival| arrival.at).collect()
}

/// One request and its answer at the relay.
struct Exchange {
    received: Instant,
    /// Before the answer was handed to the kernel; the thread may have lost its core on either side of that.
    answering: Instant,
    /// After it.
    answered: Instant,
}

type Log = Arc<Mutex<Vec<Exchange>>>;

/// A relay before `host` on a thread of its own, which delays and logs requests from `origin` on.
fn start_relay(host: SocketAddr, origin: Instant, log: Log) -> SocketAddr {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            tell.send(listener.local_addr().expect("bound")).expect("somebody waits");
            while let Ok((terminal, _)) = listener.accept().await {
                let upstream = TcpStream::connect(host).await.expect("the host accepts");
                let _ = terminal.set_nodelay(true).and_then(|()| upstream.set_nodelay(true));
                tokio::task::spawn_local(relay(terminal, upstream, origin, Arc::clone(&log)));
            }
        });
    });
    told.recv().expect("the relay listens")
}

async fn relay(mut terminal: TcpStream, mut upstream: TcpStream, origin: Instant, log: Log) {
    let mut frame = Vec::new();
    while read_frame(&mut terminal, &mut frame).await.is_some() {
        let received = Instant::now();
        if upstream.write_all(&frame).await.is_err() || read_frame(&mut upstream, &mut frame).await.is_none()
        {
            return;
        }
        let Some(since) = received.checked_duration_since(origin) else {
            let _ = terminal.write_all(&frame).await;
            continue;
        };
        // Which answers are late follows from when they were asked for, whatever their order.
        let late = if since.as_micros() % 100 == 0 { LATE } else { Duration::ZERO };
        let wait = late + stall(since + late);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let answering = Instant::now();
        if terminal.write_all(&frame).await.is_err() {
            return;
        }
        let exchange = Exchange { received, answering, answered: Instant::now() };
        log.lock().expect("nobody panics").push(exchange);
    }
}

/// How long an answer still waits that is ready at `since`: in every ten seconds the sixth one stands still.
fn stall(since: Duration) -> Duration {
    let within = Duration::from_nanos((since.as_nanos() % PERIOD.as_nanos()) as u64);
    if within < STALL_BEGINS { Duration::ZERO } else { (STALL_BEGINS + STALL).saturating_sub(within) }
}

/// One frame with its two bytes of length.
async fn read_frame(stream: &mut TcpStream, frame: &mut Vec<u8>) -> Option<()> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).await.ok()?;
    frame.clear();
    frame.extend(length);
    frame.resize(2 + usize::from(u16::from_be_bytes(length)), 0);
    stream.read_exact(&mut frame[2..]).await.ok().map(drop)
}

/// Follows the run on a terminal in memory, where nobody presses a key.
fn show(run: &Run) -> thread::JoinHandle<()> {
    let (snapshots, window) = (run.snapshots.clone(), run.window.clone());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut terminal = Terminal::new(TestBackend::new(160, 50)).expect("it has no errors");
        let state = State::new(Options::of(Look::of(Theme::RGB)));
        let said = |_: Request| Ok(String::new());
        let shown = dashboard::follow(&mut terminal, stream::pending(), state, snapshots, window, said);
        runtime.block_on(shown).expect("a terminal in memory has no errors");
    })
}

fn scenario(seconds: u32) -> String {
    format!(
        "schema: 1
name: truth
seed: 1
terminals:
  fleet: {{ count: 2000, connection: long-lived }}
feeders:
  cards: {{ generate: {{ count: 1000 }} }}
flows:
  sell: {{ steps: [ {{ sale: {{ amount: 12.50 }} }} ] }}
scenarios:
  opening: {{ flow: sign-in, executor: per-terminal-iterations, within: 3s }}
  day: {{ flow: sell, executor: constant-arrival-rate, rate: {RATE}, duration: {seconds}s, startTime: {}s }}
",
        DAY_BEGINS.as_secs()
    )
}

const RATE: u32 = 500;
const DAY_BEGINS: Duration = Duration::from_secs(6);
const LATE: Duration = Duration::from_millis(20);
const PERIOD: Duration = Duration::from_secs(10);
const STALL_BEGINS: Duration = Duration::from_secs(5);
const STALL: Duration = Duration::from_secs(1);
const PERCENTILES: [f64; 5] = [50.0, 95.0, 99.0, 99.9, 100.0];
