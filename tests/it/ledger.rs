//! The host with a durable ledger: answers wait for it, nothing that was answered is ever missing, and a ledger that
//! fails ends the host.

use crate::{
    program::{Finished, Folder, PATIENCE, Running, posfleet, run_in},
    tcp_till::{Till, plan, tills},
};
use posfleet::{
    driver::{
        Charter, Clock, Durable, Entry, HostServer, LedgerFile, LedgerWriter, Store, StoreError, wall_clock,
    },
    host::{Config, Host},
    ledger::{Account, Booking, Ledger, Record},
    money::Amount,
    operation::{End, Kind, Operation},
    reconcile::{Belief, Identity, Journals, Line, Row},
    scenario::Plan,
};
use std::{
    collections::BTreeMap,
    io::{self, Read},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    path::Path,
    process::Command,
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

// A host that is killed.

#[test]
fn nothing_that_was_answered_is_missing_after_kill_9() {
    let (folder, plan) = (Folder::new("killed"), plan(SCENARIO));
    let scenario = folder.file("fleet.yaml", SCENARIO);
    let ledger = scenario.with_file_name("ledger");
    let (first, address) = start(&scenario, &ledger, "127.0.0.1:0");
    let (approved, approvals) = mpsc::channel();
    let sellers: Vec<_> = tills(&plan, address)
        .into_iter()
        .map(|till| {
            thread::spawn({
                let approved = approved.clone();
                move || sell_until_it_fails(till, &approved)
            })
        })
        .collect();
    drop(approved);
    for _ in 0..500 {
        approvals.recv_timeout(PATIENCE).unwrap();
    }
    first.signal("KILL");
    first.finish();
    let mut tills: Vec<Till> = sellers.into_iter().map(|seller| seller.join().unwrap()).collect();
    let answered = tills.iter().map(|till| beliefs(till, Belief::Approved)).sum::<usize>();
    assert!(answered >= 500);

    let (second, _) = start(&scenario, &ledger, &address.to_string());
    for till in &mut tills {
        till.sign_in();
        for _ in 0..5 {
            assert_eq!(till.sell(100), End::Approved);
        }
    }
    second.signal("TERM");
    let told = second.finish().exits_with(0).stderr;

    let books = read(&ledger);
    assert!(told.contains(&format!("{} captured", books.captured().count())), "{told}");
    let mut journals = Journals::default();
    tills.iter().flat_map(|till| &till.journal).for_each(|entry| journals.take(&Line::from(entry)));
    let mut comparison = journals.against(Identity::Number, &[]);
    books.bookings().for_each(|booking| comparison.row(Row::from(booking)));
    let findings = comparison.finish();
    assert_eq!(findings.summary.mismatches, 0, "{:#?}", findings.mismatches);
    assert_eq!(books.captured().count(), answered + tills.len() * 5);
}

/// Sells until the host is gone; says so each time that a sale was approved.
fn sell_until_it_fails(mut till: Till, approved: &Sender<()>) -> Till {
    till.sign_in();
    while till.sell(100) == End::Approved {
        // The test listens to the first five hundred only.
        let _ = approved.send(());
    }
    till
}

fn beliefs(till: &Till, belief: Belief) -> usize {
    till.journal.iter().filter(|entry| entry.belief == belief).count()
}

#[test]
fn the_command_tells_what_it_has_restored_and_in_what_time() {
    let (folder, plan) = (Folder::new("restored"), plan(SCENARIO));
    let scenario = folder.file("fleet.yaml", SCENARIO);
    let ledger = scenario.with_file_name("ledger");
    let command = |durable| {
        let mut command = host_command(&scenario, &ledger, "127.0.0.1:0");
        command.args(["--durable", durable]);
        command
    };
    let first = Running::start(&mut command("interval:1s"));
    let restored = first.wait_for("restored");
    assert!(
        restored.contains("host: 0 records restored from") && restored.contains("durable interval:1000ms")
    );
    let mut till = tills(&plan, address_in(&first.wait_for("listening on"))).remove(0);
    till.sign_in();
    (0..3).for_each(|_| assert_eq!(till.sell(100), End::Approved));
    first.signal("TERM");
    first.finish().exits_with(0);
    let second = Running::start(&mut command("always"));
    let restored = second.wait_for("restored");
    assert!(restored.contains("host: 3 records restored from") && restored.contains(" ms, durable always"));
    second.wait_for("listening on");
    second.signal("TERM");
    second.finish().exits_with(0);
}

#[test]
fn the_command_says_why_it_cannot_use_a_ledger() {
    let folder = Folder::new("unusable");
    let scenario = folder.file("fleet.yaml", SCENARIO);
    let ledger = scenario.with_file_name("ledger");
    let (first, _) = start(&scenario, &ledger, "127.0.0.1:0");
    let second = Running::start(&mut host_command(&scenario, &ledger, "127.0.0.1:0"));
    let told = second.finish().exits_with(107).stderr;
    assert!(told.contains("another process uses it; stop that host, or name another directory"), "{told}");
    first.signal("TERM");
    first.finish().exits_with(0);
    let mut wrong = host_command(&scenario, &ledger, "127.0.0.1:0");
    let told = Running::start(wrong.args(["--durable", "sometimes"])).finish().exits_with(2).stderr;
    assert!(told.contains("expected always, or interval: and a time"), "{told}");
}

// Answers and commits.

#[test]
fn an_answer_leaves_after_its_commit_and_answers_leave_in_order() {
    let (gate, mut commits) = Gate::new();
    let (server, mut tills) = serve(gate, Durable::Always, &mut commits);
    let [sale, echo] = &mut tills[..] else { panic!("two tills") };
    let of = sale.sale(100);
    sale.begin(of);
    assert_eq!(commits.asked(), 1);
    // What another one is told now may tell of that sale already; it waits too.
    echo.begin(Operation::management(Kind::Echo));
    has_done_what_came_before(&server);
    assert!(!sale.has_mail() && !echo.has_mail(), "an answer has left before the commit");
    commits.allow();
    assert_eq!((sale.conclude(), echo.conclude()), (End::Approved, End::Approved));
    // Nothing is under way: an answer that tells of nothing new leaves at once.
    assert_eq!(echo.carry_out(Operation::management(Kind::Echo)), End::Approved);
    commits.open();
    server.finish().1.unwrap();
}

#[test]
fn what_gathers_during_a_commit_is_in_the_next_one() {
    let (gate, mut commits) = Gate::new();
    let (server, mut tills) = serve(gate, Durable::Always, &mut commits);
    let [first, second] = &mut tills[..] else { panic!("two tills") };
    let sale = first.sale(100);
    first.begin(sale);
    assert_eq!(commits.asked(), 1);
    let sale = second.sale(200);
    second.begin(sale);
    has_done_what_came_before(&server);
    commits.allow();
    assert_eq!(first.conclude(), End::Approved);
    assert_eq!(commits.asked(), 1, "the second sale");
    let sale = first.sale(300);
    first.begin(sale);
    has_done_what_came_before(&server);
    assert!(!first.has_mail() && !second.has_mail());
    commits.allow();
    assert_eq!(second.conclude(), End::Approved);
    assert!(!first.has_mail(), "its commit is not the one that has ended");
    assert_eq!(commits.asked(), 1);
    commits.allow();
    assert_eq!(first.conclude(), End::Approved);
    commits.open();
    server.finish().1.unwrap();
}

#[test]
fn with_an_interval_answers_do_not_wait() {
    let (gate, mut commits) = Gate::new();
    let interval = Durable::Interval(std::time::Duration::from_millis(1));
    let (server, mut tills) = serve(gate, interval, &mut commits);
    (0..3).for_each(|_| assert_eq!(tills[0].sell(100), End::Approved));
    assert!(commits.asked() >= 1, "nothing was allowed to be committed yet");
    commits.open();
    server.finish().1.unwrap();
}

#[test]
fn records_of_one_answer_are_never_parted() {
    let (gate, mut commits) = Gate::new();
    let writer = LedgerWriter::start(gate, Durable::Always).unwrap();
    let record = Record::BatchClosed {
        terminal: "10000001".parse().unwrap(),
        batch: "000001".parse().unwrap(),
        next: "000002".parse().unwrap(),
    };
    writer.record(record.clone().into(), true);
    assert_eq!(commits.asked(), 1);
    // Far more than one group holds, all in front of one answer, and one that is not.
    (0..999).for_each(|_| writer.record(record.clone().into(), false));
    (0..2).for_each(|_| writer.record(record.clone().into(), true));
    commits.allow();
    assert_eq!(commits.asked(), 1000);
    commits.allow();
    assert_eq!(commits.asked(), 1);
    commits.open();
    writer.finish().unwrap();
}

// A ledger that fails.

#[test]
fn a_host_whose_ledger_fails_answers_nobody_and_stops() {
    let (gate, mut commits) = Gate::new();
    let (server, mut tills) = serve(gate, Durable::Always, &mut commits);
    let sale = tills[0].sale(100);
    tills[0].begin(sale);
    assert_eq!(commits.asked(), 1);
    commits.fail();
    assert!(matches!(tills[0].conclude(), End::Failed(_)), "the connection is closed and nothing was said");
    assert_eq!(beliefs(&tills[0], Belief::Approved), 0);
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(server.ended());
    assert!(TcpStream::connect(server.address()).is_err());
    let told = server.finish().1.unwrap_err().to_string();
    assert_eq!(told, "ledger full: no space left on device");
}

// A run with a ledger.

#[test]
fn a_run_keeps_the_books_of_its_own_host_in_a_new_ledger() {
    let folder = Folder::new("run");
    let scenario = folder.file("day.yaml", &format!("{SCENARIO}{DAY}"));
    let ledger = scenario.with_file_name("ledger");
    let directory = ledger.to_str().unwrap();
    let mut command = run_in(&folder, &scenario, &["--ledger", directory, "--durable", "always"]);
    let summary = Finished::of(&mut command).exits_with(0).summary();
    let sales = summary["steps"]["sale"]["approved"].as_u64().unwrap();
    assert!(sales > 0, "{summary:#}");
    assert_eq!(summary["reconciliation"]["mismatches"], 0, "{summary:#}");
    assert_eq!(read(&ledger).captured().count() as u64, sales);
    let mut again = posfleet(["run"]);
    again
        .arg(&scenario)
        .args(["--headless", "--ledger", directory, "--out"])
        .arg(ledger.with_extension("out"));
    let told = Finished::of(&mut again).exits_with(107).stderr;
    assert!(told.contains("holds the books of another run; name a new directory"), "{told}");
}

// A host that comes back.

#[test]
fn a_restored_host_is_the_one_that_was_stopped() {
    let (folder, plan) = (Folder::new("equal"), plan(SCENARIO));
    let directory = folder.file("unused", "").with_file_name("ledger");
    let (server, _) = serve_from(&plan, &directory);
    let mut tills = tills(&plan, server.address());
    for till in &mut tills {
        till.sign_in();
        (0..4).for_each(|count| assert_eq!(till.sell(100 + count), End::Approved));
        assert_eq!(till.sell(99_999_999), End::Declined);
    }
    let (before, kept) = server.finish();
    kept.unwrap();
    let (server, records) = serve_from(&plan, &directory);
    assert_eq!(records, tills.len() as u64 * 5);
    let after = server.finish().0;
    assert_eq!(bookings(after.ledger()), bookings(before.ledger()));
    assert_eq!(accounts(after.ledger()), accounts(before.ledger()));
    for card in plan.host.cards.iter() {
        assert_eq!(after.balance(&card.pan), before.balance(&card.pan));
    }
    assert_eq!(accounts(&read(&directory)), accounts(before.ledger()));
}

fn serve_from(plan: &Plan, directory: &Path) -> (HostServer, u64) {
    let mut host = Host::new(today(plan));
    let charter = Charter::of(&plan.host);
    let (writer, restored) =
        LedgerWriter::open(directory, &charter, Durable::Always, |entry| entry.restore(&mut host)).unwrap();
    let server = HostServer::start_with(host, any_port(), Clock::start(), Some(writer)).unwrap();
    (server, restored.records)
}

fn bookings(ledger: &Ledger) -> Vec<&Booking> {
    ledger.bookings().collect()
}

fn accounts(ledger: &Ledger) -> BTreeMap<Account, i64> {
    ledger.balances().collect()
}

fn read(directory: &Path) -> Ledger {
    let mut books = Ledger::default();
    let each = |entry| {
        let Entry::Record(record) = entry else { panic!("{entry:?}") };
        books.apply(&record);
        Ok(())
    };
    LedgerFile::open(directory, &CHARTER).unwrap().read(each).unwrap();
    books
}

// What the tests are made of.

fn start(scenario: &Path, ledger: &Path, listen: &str) -> (Running, SocketAddr) {
    let host = Running::start(&mut host_command(scenario, ledger, listen));
    let address = address_in(&host.wait_for("listening on"));
    (host, address)
}

fn host_command(scenario: &Path, ledger: &Path, listen: &str) -> Command {
    let mut command = posfleet(["host", "--listen", listen, "--scenario"]);
    command.arg(scenario).arg("--ledger").arg(ledger);
    command
}

fn address_in(line: &str) -> SocketAddr {
    line.split_whitespace().find_map(|word| word.trim_end_matches(',').parse().ok()).unwrap()
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A host in this process with two tills that are signed in, once nothing is left to commit.
fn serve(gate: Gate, durable: Durable, commits: &mut Commits) -> (HostServer, Vec<Till>) {
    let plan = plan(SCENARIO);
    let writer = LedgerWriter::start(gate, durable).unwrap();
    let host = Host::new(today(&plan));
    let server = HostServer::start_with(host, any_port(), Clock::start(), Some(writer)).unwrap();
    let mut tills: Vec<Till> = tills(&plan, server.address()).into_iter().take(2).collect();
    tills.iter_mut().for_each(Till::sign_in);
    assert!(commits.asked.try_recv().is_err(), "a sign-in changes no books");
    (server, tills)
}

/// The host of a plan with the calendar of this machine, by which its cards are not expired.
fn today(plan: &Plan) -> Config {
    Config { clock: wall_clock(), ..plan.host.clone() }
}

/// Returns when the host has done everything that came before: it serves its connections one after the other, and
/// hangs up on one that was made later.
fn has_done_what_came_before(server: &HostServer) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

/// A store that commits when the test says so.
struct Gate {
    asks: Sender<usize>,
    verdicts: Receiver<Result<(), StoreError>>,
}

/// The test's side of a gate.
struct Commits {
    asked: Receiver<usize>,
    verdicts: Option<Sender<Result<(), StoreError>>>,
}

impl Gate {
    fn new() -> (Self, Commits) {
        let ((asks, asked), (tell, verdicts)) = (mpsc::channel(), mpsc::channel());
        (Self { asks, verdicts }, Commits { asked, verdicts: Some(tell) })
    }
}

impl Store for Gate {
    fn commit(&mut self, records: &[Entry]) -> Result<(), StoreError> {
        // A test that has opened the gate listens no more.
        let _ = self.asks.send(records.len());
        self.verdicts.recv().unwrap_or(Ok(()))
    }
}

impl Commits {
    /// Waits for the next commit to begin; returns its number of records.
    fn asked(&self) -> usize {
        self.asked.recv_timeout(PATIENCE).unwrap()
    }

    fn allow(&self) {
        self.verdicts.as_ref().unwrap().send(Ok(())).unwrap();
    }

    fn fail(&self) {
        let source = io::Error::other("no space left on device");
        let error = StoreError::File { path: "full".into(), source };
        self.verdicts.as_ref().unwrap().send(Err(error)).unwrap();
    }

    /// Lets everything through from now on.
    fn open(&mut self) {
        self.verdicts = None;
    }
}

const CHARTER: Charter = Charter { opening_balance: Amount::from_minor(1_000_000_000), portal: None };

/// What follows the opening of [`SCENARIO`].
const DAY: &str =
    "  day: { flow: sell, executor: per-terminal-iterations, iterations: 5, startAfter: opening }
flows:
  sell: { steps: [ sale: { amount: 1.00, card: \"${ cards.next }\" } ] }
";

const SCENARIO: &str = "\
schema: 1
name: ledger
seed: 4
terminals:
  shop: { count: 8, connection: long-lived }
feeders: { cards: { generate: { count: 50 } } }
host: { openingBalance: 10000000.00, saleLimit: 900000.00 }
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations, iterations: 1 }
";
