//! What durability costs: approvals per second of a host whose ledger is in memory, and of one whose is on disk.
//!
//! A closed fleet of 1, 64 and 1,000 terminals sells as fast as the host answers. Rounds of the three kinds of ledger
//! alternate, each with a host and a ledger of its own; the figures are medians of the rounds. Everything runs in one
//! process: the fleet takes the larger part of the CPU, so that the ratio is that of a whole test, not of the store.
//! Below it, writes of the merchant portal at the counter by 1 and by 64 visitors, and the store alone: records per
//! second in groups of different sizes.
//!
//! `cargo bench --bench ledger [-- TERMINALS… | -- portal]`

#[path = "common/bar.rs"]
mod bar;

use bar::bar;
use posfleet::{
    directory::Directory as Merchants,
    driver::{
        Charter, Clock, Counter, Durable, Entry, HostServer, LedgerFile, LedgerWriter, Store, StoreError,
        wall_clock,
    },
    engine::{self, NullObserver, Settings},
    host::{Config, Enrolment, Host, PortalSetup},
    iso8583::{MerchantId, Stan},
    ledger::{Booking, Postings, Record, State},
    money::Amount,
    operation::{Kind, Variant},
    portal::{
        Call, IdempotencyKey, MerchantData, MerchantRequest, Password, Phone, Request, Response, Rules,
        Settlement,
    },
    reconcile::Key,
    rng::Seed,
    scenario::{self, Overrides, Plan, Target},
};
use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    posfleet::driver::raise_descriptor_limit();
    if std::env::args().any(|argument| argument == "portal") {
        return print_portal();
    }
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1, 64, 1_000] } else { sizes };
    println!("approvals through host and ledger, median of {ROUNDS} interleaved rounds, one client thread");
    println!(
        "{:>9}  {:16} {:>9} {:>6} {:>9} {:>9} {:>15}",
        "terminals", "ledger", "per s", "ratio", "p50 ms", "p99 ms", "records a commit"
    );
    sizes.into_iter().for_each(compare);
    print_portal();
    println!("\nthe store alone, records per second, best of {ROUNDS} runs");
    [1, 16, 64, 256, 1_000].into_iter().for_each(print_store);
}

/// Measures all kinds of ledger with so many terminals.
fn compare(terminals: usize) {
    let mut measures: Vec<Vec<Measure>> = vec![Vec::new(); KINDS.len()];
    for _ in 0..ROUNDS {
        for ((_, durable), measures) in KINDS.iter().zip(&mut measures) {
            measures.push(round(terminals, *durable));
        }
    }
    let base = median(&measures[0], |measure| measure.per_second);
    for ((name, _), measures) in KINDS.iter().zip(&measures) {
        let rate = median(measures, |measure| measure.per_second);
        let [p50, p99, group] = [
            median(measures, |measure| measure.p50_ms),
            median(measures, |measure| measure.p99_ms),
            median(measures, |measure| measure.group),
        ];
        println!(
            "{terminals:>9}  {name:16} {rate:>9.0} {:>6.2} {p50:>9.3} {p99:>9.3} {group:>15.1}",
            rate / base
        );
        let _ = io::stdout().flush();
        if *name == "always" && terminals == 64 {
            bar("durable approvals over those in memory, 64 terminals", rate / base, DURABLE_LEAST..);
        }
    }
}

/// One round of one kind.
#[derive(Clone, Copy, Debug)]
struct Measure {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Records per commit.
    group: f64,
}

fn round(terminals: usize, durable: Option<Durable>) -> Measure {
    let mut plan = plan(terminals);
    let directory = Directory::new();
    let commits = Arc::new(AtomicU64::new(0));
    let config = Config { clock: wall_clock(), ..plan.host.clone() };
    let writer = durable.map(|durable| {
        let file = LedgerFile::open(&directory.0, &Charter::of(&config)).expect("a new ledger");
        LedgerWriter::start(Counted { file, commits: Arc::clone(&commits) }, durable).expect("a thread")
    });
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server =
        HostServer::start_with(Host::new(config), address, Clock::start(), writer).expect("a free port");
    plan.groups.iter_mut().for_each(|group| group.target = Target::Address(server.address().to_string()));
    let (per_second, p50_ms, p99_ms) = sell(plan);
    let (host, kept) = server.finish();
    kept.expect("everything was committed");
    let group = host.ledger().len() as f64 / commits.load(Ordering::Relaxed).max(1) as f64;
    Measure { per_second, p50_ms, p99_ms, group: if durable.is_some() { group } else { 0.0 } }
}

/// Runs the closed load: sales per second in its middle, and the percentiles of the service time.
fn sell(plan: Plan) -> (f64, f64, f64) {
    let settings = Settings { shards: NonZero::new(1), ..Settings::default() };
    let mut run = engine::start(plan, &settings, Box::new(NullObserver)).expect("the run starts");
    let mut points: Vec<(Duration, u64)> = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        while run.snapshots.changed().await.is_ok() {
            let snapshot = run.snapshots.borrow_and_update();
            if let Some(day) = snapshot.stages.get(1)
                && day.elapsed > WARM_UP
                && day.elapsed < DURATION
            {
                points.push((snapshot.elapsed, day.counters.finished));
            }
        }
    });
    let summary = run.join();
    let sale = &summary.steps["sale"];
    assert_eq!(sale.approved, sale.count, "every sale is approved");
    let (first, last) = (points[0], points[points.len() - 1]);
    let per_second = (last.1 - first.1) as f64 / (last.0 - first.0).as_secs_f64();
    (per_second, sale.service_time_ms.p50, sale.service_time_ms.p99)
}

fn plan(terminals: usize) -> Plan {
    let no_files = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    scenario::load(&scenario(terminals), "ledger", &Overrides::default(), 1, &no_files)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

fn scenario(terminals: usize) -> String {
    let seconds = DURATION.as_secs();
    format!(
        "schema: 1
name: ledger
seed: 1
terminals:
  fleet: {{ count: {terminals}, connection: long-lived }}
feeders:
  cards: {{ generate: {{ count: 1000 }} }}
host: {{ openingBalance: 99999999.00, saleLimit: 99999999.00 }}
flows:
  sell:
    steps:
      - sale: {{ amount: '${{ amount(1.00, 5.00) }}', card: '${{ cards.next }}', entry: stripe }}
scenarios:
  opening: {{ flow: sign-in, executor: per-terminal-iterations, iterations: 1, within: 500ms }}
  day: {{ flow: sell, executor: constant-terminals, terminals: {terminals}, duration: {seconds}s, startAfter: opening }}
"
    )
}

/// A ledger that counts its commits.
struct Counted {
    file: LedgerFile,
    commits: Arc<AtomicU64>,
}

impl Store for Counted {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.file.commit(entries)
    }
}

/// Edits per second at the counter of a host whose portal is in memory, and of one whose portal is on disk.
fn print_portal() {
    println!("\nportal writes at the counter, median of {ROUNDS} interleaved rounds of {EDITS}");
    for visitors in [1, 64] {
        let mut rates = [const { Vec::new() }; 2];
        for _ in 0..ROUNDS {
            for (rates, durable) in rates.iter_mut().zip([None, Some(Durable::Always)]) {
                rates.push(edit(visitors, durable));
            }
        }
        let [memory, always] = rates.map(|mut rates| {
            rates.sort_by(f64::total_cmp);
            rates[ROUNDS / 2]
        });
        let [memory_us, always_us] = [memory, always].map(|rate| visitors as f64 * 1e6 / rate);
        println!(
            "{visitors:>3} visitors: {memory:>8.0} per s, {memory_us:>6.0} us each in memory; {always:>8.0} per s, \
             {always_us:>6.0} us each durable"
        );
    }
}

/// Edits of merchants by so many visitors at a time, per second.
fn edit(visitors: usize, durable: Option<Durable>) -> f64 {
    let config = with_portal(visitors);
    let merchants = config.terminals.iter().map(|enrolment| enrolment.merchant).collect::<Vec<_>>();
    let directory = Directory::new();
    let writer = durable.map(|durable| {
        let file = LedgerFile::open(&directory.0, &Charter::of(&config)).expect("a new ledger");
        LedgerWriter::start(file, durable).expect("a thread")
    });
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server =
        HostServer::start_with(Host::new(config), address, Clock::start(), writer).expect("a free port");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let start = Instant::now();
    runtime.block_on(async {
        let visits =
            merchants.into_iter().map(|merchant| visit(server.counter(), merchant, EDITS / visitors));
        futures_util::future::join_all(visits).await;
    });
    let rate = EDITS as f64 / start.elapsed().as_secs_f64();
    server.finish().1.expect("everything was committed");
    rate
}

/// Logs in, and edits the merchant's data so many times.
async fn visit(counter: Counter, account: MerchantId, edits: usize) {
    let entry = merchants_of_seed().entry(account);
    let data = MerchantData {
        name: entry.name,
        address: entry.address,
        contact: entry.holder,
        phone: Phone::new(entry.phone),
    };
    let login = Request::Login { account, password: Password::new(entry.password) };
    let call = Call { session: None, key: None, request: login };
    let answer = counter.ask(move |host, now, out| host.call(now, &call, out)).await;
    let Ok(Ok(Response::Session(token))) = answer else { panic!("{answer:?}") };
    for number in 0..edits {
        let request = Request::Merchant(MerchantRequest::Edit(data.clone()));
        let call = Call { session: Some(token), key: Some(IdempotencyKey(number.to_string())), request };
        let answer = counter.ask(move |host, now, out| host.call(now, &call, out)).await;
        assert!(matches!(answer, Ok(Ok(Response::Merchant(_)))), "{answer:?}");
    }
}

fn merchants_of_seed() -> Merchants {
    Merchants::new(Seed(1))
}

fn with_portal(merchants: usize) -> Config {
    let portal = PortalSetup {
        rules: Rules::default(),
        directory: merchants_of_seed(),
        settlement: Settlement::NextDay,
    };
    let enrolment = |number: usize| Enrolment {
        terminal: format!("{:08}", 10_000_000 + number).parse().expect("eight digits"),
        merchant: format!("{:015}", 898_000_000_000_000 + number).parse().expect("fifteen digits"),
        tmk: "0123456789ABCDEF0123456789ABCDEF".parse().expect("a key"),
    };
    let terminals = (0..merchants).map(enrolment).collect();
    Config { portal: Some(portal), terminals, clock: wall_clock(), ..Config::default() }
}

/// Records per second of the store alone, in groups of this size, and what a restart then reads.
fn print_store(group: usize) {
    let (mut written, mut read) = (0f64, 0f64);
    for _ in 0..ROUNDS {
        let directory = Directory::new();
        let mut file = LedgerFile::open(&directory.0, &CHARTER).expect("a new ledger");
        let records: Vec<Entry> =
            (1..=(group * 400).clamp(2_000, 100_000)).map(|number| record(number).into()).collect();
        let start = Instant::now();
        records.chunks(group).for_each(|records| file.commit(records).expect("there is room"));
        written = written.max(records.len() as f64 / start.elapsed().as_secs_f64());
        drop(file);
        let start = Instant::now();
        let file = LedgerFile::open(&directory.0, &CHARTER).expect("the same ledger");
        assert_eq!(file.read(|_| Ok(())).expect("it is sound"), records.len() as u64);
        read = read.max(records.len() as f64 / start.elapsed().as_secs_f64());
    }
    println!("{group:>6} a commit: {written:>9.0} written, {read:>9.0} checked and read at a restart");
}

fn record(number: usize) -> Record {
    let stan = Stan::new((number % 999_999) as u32 + 1).expect("six digits");
    let terminal = "10000001".parse().expect("eight digits");
    Record::Booked(Booking {
        key: Key { terminal, batch: "000001".parse().expect("six digits"), stan },
        merchant: "898100012340001".parse().expect("fifteen digits"),
        kind: Kind::Sale,
        variant: Variant::Plain,
        amount: Amount::from_minor(500),
        tip: Amount::ZERO,
        card: Some(format!("621234{:010}", number % 1000).parse().expect("16 digits")),
        rrn: format!("{number:012}").parse().expect("twelve digits"),
        approval_code: Some("000001".parse().expect("six digits")),
        original: None,
        at: 1_767_225_600,
        state: State::Captured,
        postings: Postings { card: -500, merchant: 497, fees: 3, ..Postings::NONE },
    })
}

fn median(measures: &[Measure], of: impl Fn(&Measure) -> f64) -> f64 {
    let mut values: Vec<f64> = measures.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A directory below `target`, which is on a disk; gone with this value.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("ledger-{}-{number}", std::process::id());
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const KINDS: [(&str, Option<Durable>); 3] = [
    ("memory", None),
    ("always", Some(Durable::Always)),
    ("interval:100ms", Some(Durable::Interval(Duration::from_millis(100)))),
];
const CHARTER: Charter = Charter { opening_balance: Amount::ZERO, portal: None };
/// Edits of one round.
const EDITS: usize = 3_200;
const ROUNDS: usize = 5;
/// Guards what was reached: 0.6 of the approvals of a host that keeps nothing.
const DURABLE_LEAST: f64 = 0.4;
const DURATION: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_millis(500);
