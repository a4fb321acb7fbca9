//! What a sale costs over the raw floor: client CPU per round trip, measured side by side in one run.
//!
//! The floor is a task per connection on the same kind of runtime that sends and receives 200 bytes behind a length,
//! without looking at them. Against it stands the whole sale: pack, MAC, send, receive, parse, MAC check, match,
//! journal, record. Rounds of the two alternate; the hosts are processes of their own, so that the CPU of this process
//! is the client's; the figure is the median.
//!
//! `cargo bench --bench floor [-- CONNECTIONS…]`

use posfleet::{
    driver::{Clock, HostServer, usage},
    engine::{self, NullObserver, Settings},
    host::Host,
    metrics::{RowWindow, Snapshot},
    scenario::{self, Overrides, Plan},
};
use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    num::NonZero,
    process::{Child, Command, Stdio},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("role-echo") => return echo_host(),
        Some("role-host") => return iso_host(&arguments[1]),
        _ => {}
    }
    posfleet::driver::raise_descriptor_limit();
    let sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 10_000] } else { sizes };
    println!(
        "client CPU per round trip in µs, median of {ROUNDS} interleaved rounds of 1 s, one client thread"
    );
    println!(
        "{:>11}  {:22} {:>7} {:>9} {:>7} {:>9}",
        "connections", "what", "µs", "per s", "ratio", "fairness"
    );
    for connections in sizes {
        compare(connections);
    }
}

/// Measures the floor and the sale with every kind of MAC, over so many connections.
fn compare(connections: usize) {
    let echo = Role::start(&["role-echo"]);
    let hosts: Vec<(&Variant, Role)> = VARIANTS
        .iter()
        .map(|variant| (variant, Role::start(&["role-host", &variant.scenario(connections)])))
        .collect();
    let mut floor = Vec::new();
    let mut sales: Vec<Vec<Measure>> = vec![Vec::new(); hosts.len()];
    for _ in 0..ROUNDS {
        floor.push(raw_round(echo.address, connections));
        for ((variant, host), measures) in hosts.iter().zip(&mut sales) {
            measures.push(sale_round(variant, host.address, connections));
        }
    }
    let base = median(&floor, |measure| measure.micros);
    print_line(connections, "raw ping-pong", &floor, base);
    for ((variant, _), measures) in hosts.iter().zip(&sales) {
        print_line(connections, variant.name, measures, base);
        let (ratio, most) = (median(measures, |measure| measure.micros) / base, variant.most);
        let verdict = if ratio <= most { "met" } else { "missed" };
        println!(
            "BAR {verdict:6} {} over raw, {connections} connections: {ratio:.2} (at most {most})",
            variant.name
        );
    }
}

fn print_line(connections: usize, what: &str, measures: &[Measure], base: f64) {
    let micros = median(measures, |measure| measure.micros);
    let rate = median(measures, |measure| measure.per_second);
    let fairness = median(measures, |measure| measure.fairness);
    println!("{connections:>11}  {what:22} {micros:>7.2} {rate:>9.0} {:>7.2} {fairness:>9.2}", micros / base);
    let _ = io::stdout().flush();
}

/// One round of one side.
#[derive(Clone, Copy, Debug)]
struct Measure {
    micros: f64,
    per_second: f64,
    /// Round trips per connection, p99 over p50.
    fairness: f64,
}

fn median(measures: &[Measure], of: impl Fn(&Measure) -> f64) -> f64 {
    let mut values: Vec<f64> = measures.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A kind of sale.
struct Variant {
    name: &'static str,
    group: &'static str,
    host: &'static str,
    /// Its bar: how many times the floor it may cost.
    most: f64,
}

const VARIANTS: [Variant; 4] = [
    Variant { name: "sale, ECB MAC, DES", group: "", host: "", most: 1.5 },
    Variant { name: "sale, ECB MAC, 3DES", group: "", host: "macKey: double", most: 1.5 },
    Variant { name: "sale, X9.19", group: ", mac: x919", host: "macKey: double", most: 2.0 },
    Variant { name: "sale, SM4-CBC", group: ", mac: sm4-cbc, keys: sm4", host: "", most: 2.0 },
];

impl Variant {
    fn scenario(&self, connections: usize) -> String {
        format!(
            "schema: 1
name: floor
seed: 1
terminals:
  fleet: {{ count: {connections}, connection: long-lived{} }}
host: {{ openingBalance: 99999999.00, saleLimit: 99999999.00{}{} }}
flows:
  sell:
    steps:
      - sale: {{ amount: '${{ amount(1.00, 500.00) }}', card: '${{ cards.next }}', entry: stripe }}
scenarios:
  opening: {{ flow: sign-in, executor: per-terminal-iterations, iterations: 1, within: 500ms }}
  day: {{ flow: sell, executor: constant-terminals, terminals: {connections}, duration: 2s, startAfter: opening }}
",
            self.group,
            if self.host.is_empty() { "" } else { ", " },
            self.host
        )
    }

    fn plan(&self, connections: usize) -> Plan {
        let no_files = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
        scenario::load(&self.scenario(connections), "floor", &Overrides::default(), 1, &no_files)
            .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
    }
}

/// One round of sales; one in which this machine stood still is made again.
fn sale_round(variant: &Variant, host: SocketAddr, connections: usize) -> Measure {
    let round = (0..TRIES).find_map(|_| try_round(variant, host, connections));
    round.unwrap_or_else(|| panic!("{}: no snapshot in the middle of {TRIES} rounds", variant.name))
}

/// CPU and sales between two snapshots in the middle of the closed load; `None` when there were no two.
fn try_round(variant: &Variant, host: SocketAddr, connections: usize) -> Option<Measure> {
    let mut plan = variant.plan(connections);
    plan.groups.iter_mut().for_each(|group| group.target = scenario::Target::Address(host.to_string()));
    let settings = Settings { shards: NonZero::new(1), ..Settings::default() };
    let mut run = engine::start(plan, &settings, Box::new(NullObserver)).expect("the run starts");
    run.window.send_replace(RowWindow::of(0, connections as u32));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut points: Vec<(Duration, u64, Duration)> = Vec::new();
    let mut last: Arc<Snapshot> = Arc::default();
    runtime.block_on(async {
        while run.snapshots.changed().await.is_ok() {
            let snapshot = Arc::clone(&run.snapshots.borrow_and_update());
            if let Some(day) = snapshot.stages.get(1)
                && day.elapsed > Duration::from_millis(500)
                && day.elapsed < Duration::from_millis(1900)
            {
                points.push((snapshot.elapsed, day.counters.finished, usage().cpu));
            }
            last = snapshot;
        }
    });
    let summary = run.join();
    let failed = summary.counters.failed;
    assert_eq!(failed, 0, "{}: {failed} of {} iterations failed", variant.name, summary.counters.finished);
    let (first, end) = (points.first()?, points.last().filter(|_| points.len() > 1)?);
    let sales = (end.1 - first.1) as f64;
    let mut counts: Vec<u64> = last.terminals.rows.iter().map(|row| row.approved).collect();
    Some(Measure {
        micros: (end.2 - first.2).as_secs_f64() * 1e6 / sales,
        per_second: sales / (end.0 - first.0).as_secs_f64(),
        fairness: spread(&mut counts),
    })
}

/// One round of the raw floor over as many connections.
fn raw_round(host: SocketAddr, connections: usize) -> Measure {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    runtime.expect("a runtime").block_on(async {
        let counts: Rc<Vec<Cell<u64>>> = Rc::new((0..connections).map(|_| Cell::new(0)).collect());
        let mut streams = Vec::with_capacity(connections);
        for _ in 0..connections {
            streams.push(TcpStream::connect(host).await.expect("the echo host accepts"));
        }
        for (number, stream) in streams.into_iter().enumerate() {
            let counts = Rc::clone(&counts);
            tokio::task::spawn_local(async move { ping_pong(stream, &counts[number]).await });
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let sum = || counts.iter().map(Cell::get).sum::<u64>();
        let (before, cpu, begin) = (sum(), usage().cpu, Instant::now());
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (round_trips, cpu, length) = ((sum() - before) as f64, usage().cpu - cpu, begin.elapsed());
        let mut counts: Vec<u64> = counts.iter().map(Cell::get).collect();
        Measure {
            micros: cpu.as_secs_f64() * 1e6 / round_trips,
            per_second: round_trips / length.as_secs_f64(),
            fairness: spread(&mut counts),
        }
    })
}

async fn ping_pong(mut stream: TcpStream, count: &Cell<u64>) {
    let mut request = [0x55; FRAME];
    request[..2].copy_from_slice(&((FRAME - 2) as u16).to_be_bytes());
    let mut answer = [0; FRAME];
    while stream.write_all(&request).await.is_ok() && stream.read_exact(&mut answer).await.is_ok() {
        count.set(count.get() + 1);
    }
}

fn spread(counts: &mut [u64]) -> f64 {
    counts.sort_unstable();
    let at = |percent: usize| counts.get((counts.len() * percent / 100).min(counts.len().saturating_sub(1)));
    at(99).zip(at(50)).map_or(0.0, |(&high, &middle)| high as f64 / middle.max(1) as f64)
}

/// A host in a process of its own, ended with this value.
struct Role {
    child: Child,
    address: SocketAddr,
}

impl Role {
    fn start(arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("the host says where it listens");
        Self { child, address: line.trim().parse().expect("an address") }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The raw host: sends every frame back.
fn echo_host() {
    posfleet::driver::raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("bound"));
        loop {
            let (mut stream, _) = listener.accept().await.expect("a descriptor");
            tokio::task::spawn_local(async move {
                let mut frame = [0; FRAME];
                while stream.read_exact(&mut frame).await.is_ok() && stream.write_all(&frame).await.is_ok() {}
            });
        }
    });
}

/// The simulated acquirer, for the terminals of a scenario.
fn iso_host(scenario: &str) {
    posfleet::driver::raise_descriptor_limit();
    let no_files = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    let plan = scenario::load(scenario, "floor", &Overrides::default(), 1, &no_files)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)));
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = HostServer::start(Host::new(plan.host), address, Clock::start()).expect("a free port");
    println!("{}", server.address());
    // Ends when the parent does.
    let _ = io::stdin().read_line(&mut String::new());
}

const FRAME: usize = 202;
const TRIES: usize = 3;
const ROUNDS: usize = 7;
