//! The portal in the ledger's file: nothing that a client was told is missing after `kill -9`, what fell due meanwhile
//! happens at its own instant, and a ledger that does not fit is refused and left as it is.

use super::{
    portal_rig::{self, DAY, HOUR, Till},
    program::{Folder, PATIENCE, Running},
};
use posfleet::{
    directory::{Directory, Entry as Merchant},
    driver::{
        Charter, Clock, Closed, Counter, Durable, Entry, HostServer, LedgerFile, LedgerWriter, Store,
        StoreError,
    },
    host::{Config, Enrolment, Host, PortalSetup},
    iso8583::{BatchNo, MerchantId, Stan, TerminalId},
    money::Amount,
    portal::*,
    reconcile::Key,
    rng::Seed,
    time::Instant,
};
use rusqlite::Connection;
use std::{
    ffi::OsString,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{self, Receiver, Sender},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

// A host that is killed.

/// The program under test runs this very test in a process of its own, which the environment tells to be the host.
#[test]
fn a_change_that_was_confirmed_before_kill_9_takes_effect_at_its_time() {
    if let Some(directory) = std::env::var_os(CHILD) {
        return confirm_and_wait_to_be_killed(directory);
    }
    let folder = Folder::new("portal-killed");
    let directory = folder.file("unused", "").with_file_name("ledger");
    let mut child = Command::new(std::env::current_exe().unwrap());
    let name = "portal_ledger::a_change_that_was_confirmed_before_kill_9_takes_effect_at_its_time";
    child.args([name, "--exact", "--nocapture"]).env(CHILD, &directory);
    let child = Running::start(&mut child);
    child.wait_for(CONFIRMED);
    child.signal("KILL");
    child.finish();

    let file = LedgerFile::open(&directory, &Charter::of(&config())).unwrap();
    // It is three hours later.
    let clock = Clock::resuming(file.started_at_ms(), Instant::START, now_ms() + 3 * HOUR.as_millis() as u64);
    let host = restored(file, clock);
    let (was, new) = (host.portal().unwrap().clone(), CardId(3));
    let server = host.serve();
    let history: Vec<Line> = server.ask(|host, _| host.portal().unwrap().history().to_vec());
    let effective = |line: &&Line| line.fact == Fact::CardEffective { merchant: merchant(), card: new };
    let at = history.iter().find(effective).expect("what fell due while the host was down happens").at;
    assert!(
        !was.history().iter().any(|line| effective(&line)),
        "it was not effective when the host was killed"
    );
    let mut undisturbed = was.clone();
    undisturbed.timeout(at, &Till::default());
    let own = undisturbed.history().iter().find(effective).map(|line| line.at);
    assert_eq!(Some(at), own, "at its own instant, not at that of the restart");
    assert_eq!(audit(&history, at), []);

    let mut portal = server.finish().portal().unwrap().clone();
    assert_eq!(paid_card(&mut portal, at + HOUR), new);
    let third = restored(LedgerFile::open(&directory, &Charter::of(&config())).unwrap(), clock);
    assert_eq!(third.portal().unwrap().history(), history, "what happened at the restart is durable too");
}

/// The child: changes a card as far as its approval, says so, and serves on.
fn confirm_and_wait_to_be_killed(directory: OsString) {
    let file = LedgerFile::open(Path::new(&directory), &Charter::of(&config())).unwrap();
    let clock = file.clock().unwrap();
    let server = restored(file, clock).serve();
    server.confirm();
    let decided = server
        .ask(|host, now| host.review(now, ApplicationNo(1), Decision::Approve, &mut Default::default()));
    assert_eq!(decided, Err(Refusal::NotPending), "the machine was faster");
    println!("{CONFIRMED}");
    // Whoever started this process kills it; a bound, if nobody does.
    let (_never, end) = mpsc::channel::<()>();
    let _ = end.recv_timeout(PATIENCE);
}

/// The card that a sale at that time is paid to.
fn paid_card(portal: &mut Portal, at: Instant) -> CardId {
    let terminal = terminal();
    let key = Key { terminal, batch: BatchNo::FIRST, stan: Stan::FIRST };
    let (merchant, method) = (merchant(), Method::Debit);
    let (amount, rrn) = (Amount::from_minor(1_000), "000000000001".parse().unwrap());
    portal.settled(at, &Till::default(), terminal, &[Sale { key, merchant, method, amount, rrn, at: 0 }]);
    portal.timeout(at + 2 * DAY, &Till::default());
    let paid = portal.history().iter().find_map(|line| match line.fact {
        Fact::Paid { card, .. } => Some(card),
        _ => None,
    });
    paid.expect("batches are paid the next day")
}

// Answers and commits.

#[test]
fn an_answer_of_the_portal_leaves_after_its_commit_and_a_read_waits_for_what_it_may_tell_of() {
    let (gate, commits) = Gate::new();
    let writer = LedgerWriter::start(gate, Durable::Always).unwrap();
    let server = Serving::start(Host::new(config()), Clock::start(), writer);
    let token = server.login();
    let (told, answers) = mpsc::channel();
    let begin = call(token, "begin", Request::Card(begin()));
    let cards = call(token, "", Request::Card(CardRequest::List));
    let visits: Vec<_> = [begin, cards]
        .into_iter()
        .map(|call| {
            let (counter, told) = (server.counter.clone(), told.clone());
            let (sent, is_sent) = mpsc::channel();
            let visit = std::thread::spawn(move || {
                let answer = counter.ask(move |host, now, out| {
                    sent.send(()).unwrap();
                    host.call(now, &call, out)
                });
                told.send(block_on(answer).unwrap()).unwrap();
            });
            is_sent.recv_timeout(PATIENCE).unwrap();
            visit
        })
        .collect();
    assert_eq!(commits.asked(), 1);
    assert!(answers.try_recv().is_err(), "an answer has left before the commit");
    commits.open();
    // They left in order; which thread tells it first is another matter.
    let both = [(); 2].map(|()| answers.recv_timeout(PATIENCE).unwrap());
    assert!(both.contains(&Ok(Response::Done)), "{both:?}");
    assert!(both.iter().any(|answer| matches!(answer, Ok(Response::Cards(_)))), "{both:?}");
    visits.into_iter().for_each(|visit| visit.join().unwrap());
    server.finish();
}

// What goes in comes out.

#[test]
fn inputs_of_every_kind_come_back_as_they_were() {
    let place = Place::new();
    let inputs = place.fill();
    let acts: Vec<&str> = inputs.iter().map(|input| act(&input.act)).collect();
    for wanted in ["pass", "write", "login", "review", "approved", "undone", "restated", "settled", "alarm"] {
        assert!(acts.contains(&wanted), "{wanted} in {acts:?}");
    }
    assert_eq!(place.read().unwrap(), inputs);
}

#[test]
fn the_log_of_the_portal_tells_no_secret_and_its_rows_stay() {
    let place = Place::new();
    let inputs = place.fill();
    let connection = place.connect();
    let mut log = connection
        .prepare("SELECT record, at, act, coalesce(merchant, ''), coalesce(refusal, '') FROM portal_log")
        .unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        Ok(format!(
            "{} {} {} {} {}",
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
            row.get::<_, String>(4)?
        ))
    };
    let rows: Vec<String> = log.query_map([], row).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), inputs.len());
    for (row, input) in rows.iter().zip(&inputs) {
        assert!(row.contains(act(&input.act)), "{row}");
    }
    let card = portal_rig::pan(1, 1);
    assert!(rows.iter().all(|row| !row.contains(card.as_str())));
    for change in ["UPDATE portal_inputs SET body = ''", "DELETE FROM portal_inputs"] {
        assert!(place.connect().execute(change, []).is_err(), "{change}");
    }
}

// What is refused.

#[test]
fn a_ledger_cut_off_in_the_middle_of_an_input_keeps_all_before_it() {
    let place = Place::new();
    let inputs = place.rig_inputs();
    let mut file = place.open(PRINT).unwrap();
    inputs.iter().for_each(|input| file.commit(&[Entry::Input(Box::new(input.clone()))]).unwrap());
    // What another machine would find if this one stopped while the last commit was being written.
    let copy = Place::new();
    fs::create_dir_all(&copy.directory).unwrap();
    for name in ["ledger.db", "ledger.db-wal"] {
        fs::copy(place.directory.join(name), copy.directory.join(name)).unwrap();
    }
    let log = fs::OpenOptions::new().write(true).open(copy.directory.join("ledger.db-wal")).unwrap();
    log.set_len(log.metadata().unwrap().len() - 100).unwrap();
    let kept = copy.read().unwrap();
    assert_eq!(kept, inputs[..inputs.len() - 1]);
}

#[test]
fn a_ledger_that_does_not_fit_is_refused_and_left_as_it_is() {
    type Spoil = fn(&Place);
    let nothing: Spoil = |_| {};
    let cases: [(&str, Option<u64>, Spoil); 7] = [
        ("was kept under other rules, with other terminals or another seed", Some(8), nothing),
        ("was kept with a merchant portal; start the host with the scenario", None, nothing),
        ("input: it is cut off or no JSON, from column 20 on", PRINT, |place| {
            place.spoil("body = substr(body, 1, 20)");
        }),
        ("input: it is none of the portal's", PRINT, |place| place.spoil("body = '{\"act\":\"theft\"}'")),
        ("entry 2 was written by posfleet", PRINT, |place| {
            place.spoil("body = replace(body, '\"lines\":', '\"lines\":1')");
        }),
        ("record 2 is missing", PRINT, |place| place.spoil("record = 900")),
        ("has format 7, written by posfleet", PRINT, |place| {
            place.connect().execute("UPDATE meta SET value = '7' WHERE name = 'format'", []).unwrap();
        }),
    ];
    for (what, print, spoil) in cases {
        let place = Place::new();
        place.fill();
        spoil(&place);
        let before = fs::read(place.directory.join("ledger.db")).unwrap();
        let mut portal = place.portal();
        let each = |entry| match entry {
            Entry::Input(input) => portal.restore(&input),
            Entry::Record(_) => Ok(()),
        };
        let told = place.open(print).and_then(|file| file.read(each)).unwrap_err().to_string();
        assert!(told.contains(what), "{what:?} in {told}");
        assert!(told.contains("name another directory"), "it says what to do: {told}");
        assert!(!told.contains(portal_rig::pan(1, 1).as_str()), "{told}");
        assert_eq!(fs::read(place.directory.join("ledger.db")).unwrap(), before, "{what}");
    }
}

#[test]
fn an_older_ledger_is_brought_up_for_a_host_without_a_portal_and_refused_for_one_with() {
    let place = Place::new();
    drop(place.open(None).unwrap());
    let older =
        "DROP VIEW portal_log; DROP TABLE portal_inputs; UPDATE meta SET value = '1' WHERE name = 'format';
        DELETE FROM meta WHERE name IN ('portal', 'started_at_ms')";
    place.connect().execute_batch(older).unwrap();
    let before = fs::read(place.directory.join("ledger.db")).unwrap();
    let told = place.open(PRINT).unwrap_err().to_string();
    assert!(told.contains("was kept without a merchant portal"), "{told}");
    assert_eq!(fs::read(place.directory.join("ledger.db")).unwrap(), before);
    assert_eq!(place.open(None).unwrap().read(|_| Ok(())).unwrap(), 0);
    assert!(place.open(None).unwrap().started_at_ms() > 0);
    assert!(matches!(place.open(PRINT), Err(StoreError::PortalNew(_))));
}

#[test]
fn the_print_of_a_portal_changes_with_all_that_it_depends_on() {
    let print = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        config.portal_print()
    };
    let same = print(|_| {});
    assert_eq!(same, print(|config| config.opening_balance = Amount::from_minor(1)));
    assert_eq!(print(|config| config.portal = None), None);
    let others: [fn(&mut Config); 4] = [
        |config| config.seed = Seed(1),
        |config| config.portal.as_mut().unwrap().rules.change_pause = HOUR,
        |config| config.portal.as_mut().unwrap().settlement = Settlement::Instant,
        |config| config.terminals.clear(),
    ];
    others.into_iter().for_each(|change| assert_ne!(print(change), same));
}

// Time.

#[test]
fn a_clock_goes_on_where_the_first_one_began_and_never_back() {
    let second = Duration::from_secs(1);
    let clock = Clock::resuming(5_000, Instant::START, 65_000);
    assert!(clock.now() >= Instant::START + 60 * second);
    assert_eq!(clock.wall().at(Instant::START + 60 * second).to_unix(), 65);
    let latest = Instant::START + HOUR;
    assert!(Clock::resuming(5_000, latest, 65_000).now() >= latest, "the calendar was set back");
    assert!(Clock::resuming(5_000, latest, 0).now() >= latest);
    let due = clock.now() + HOUR;
    assert!(clock.to_std(due).duration_since(std::time::Instant::now()) <= HOUR);
}

// What the tests are made of.

/// A host that serves, and the way to it.
struct Serving {
    server: HostServer,
    counter: Counter,
}

/// A host with its ledger, not serving yet.
struct Restored {
    host: Host,
    clock: Clock,
    writer: LedgerWriter,
}

impl std::ops::Deref for Restored {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

fn restored(file: LedgerFile, clock: Clock) -> Restored {
    let mut host = Host::new(Config { clock: clock.wall(), ..config() });
    let (writer, _) = LedgerWriter::resume(file, Durable::Always, |entry| entry.restore(&mut host)).unwrap();
    Restored { host, clock, writer }
}

impl Restored {
    fn serve(self) -> Serving {
        Serving::start(self.host, self.clock, self.writer)
    }
}

impl Serving {
    fn start(host: Host, clock: Clock, writer: LedgerWriter) -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = HostServer::start_with(host, any_port, clock, Some(writer)).unwrap();
        Self { counter: server.counter(), server }
    }

    fn ask<T: Send + 'static>(&self, question: impl FnOnce(&mut Host, Instant) -> T + Send + 'static) -> T {
        block_on(self.counter.ask(|host, now, _| question(host, now))).unwrap()
    }

    fn call(&self, call: Call) -> Result<Response, Refusal> {
        block_on(self.counter.ask(move |host, now, out| host.call(now, &call, out))).unwrap()
    }

    fn login(&self) -> Token {
        let password = Password::new(entry().password);
        let request = Request::Login { account: merchant(), password };
        match self.call(Call { session: None, key: None, request }) {
            Ok(Response::Session(token)) => token,
            other => panic!("{other:?}"),
        }
    }

    /// A whole change, up to its confirmation.
    fn confirm(&self) {
        let token = self.login();
        let ask = |key, request| self.call(call(token, key, Request::Card(request)));
        ask("begin", begin()).unwrap();
        ask("code", CardRequest::SendCode).unwrap();
        let phone = Phone::new(entry().phone);
        let code = self.ask(move |host, now| {
            host.portal().unwrap().sms(now, &phone).filter_map(|sms| sms.secret.clone()).last()
        });
        ask("verify", CardRequest::Verify(code.unwrap())).unwrap();
        ask("confirm", CardRequest::Confirm).unwrap();
    }

    fn finish(self) -> Host {
        let (host, kept) = self.server.finish();
        kept.unwrap();
        host
    }
}

fn block_on<T>(future: impl Future<Output = Result<T, Closed>>) -> Result<T, Closed> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn call(token: Token, key: &str, request: Request) -> Call {
    let key = (!key.is_empty()).then(|| IdempotencyKey(key.to_owned()));
    Call { session: Some(token), key, request }
}

fn begin() -> CardRequest {
    let Merchant { holder, bank, phone, spares, .. } = entry();
    let new = NewCard { pan: spares[0], holder, bank, phone: Phone::new(phone) };
    CardRequest::Begin { page: Page::Account, new }
}

/// Two shops whose portal decides at once and makes cards effective an hour later.
fn config() -> Config {
    let rules =
        Rules { effective_after: Delay::fixed(HOUR), card_review: at_once(), ..portal_rig::quick_rules() };
    let shop = |number: u64| Enrolment {
        terminal: portal_rig::terminal(number),
        merchant: portal_rig::merchant(number),
        tmk: "0123456789ABCDEF0123456789ABCDEF".parse().unwrap(),
    };
    Config {
        portal: Some(PortalSetup {
            rules,
            directory: Directory::new(Seed(7)),
            settlement: Settlement::NextDay,
        }),
        terminals: vec![shop(1), shop(2)],
        ..Config::default()
    }
}

fn at_once() -> Review {
    Review::ByMachine { after: Delay::fixed(Duration::ZERO), rejects: 0.0 }
}

fn merchant() -> MerchantId {
    portal_rig::merchant(1)
}

fn terminal() -> TerminalId {
    portal_rig::terminal(1)
}

fn entry() -> Merchant {
    Directory::new(Seed(7)).entry(merchant())
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

fn act(act: &Act) -> &'static str {
    match act {
        Act::Pass => "pass",
        Act::Write(_) => "write",
        Act::Login { .. } => "login",
        Act::Review(..) => "review",
        Act::Approved(_) => "approved",
        Act::Undone(..) => "undone",
        Act::Restated(..) => "restated",
        Act::Settled(..) => "settled",
        Act::Alarm(_) => "alarm",
    }
}

/// A directory for a ledger of a rig's portal.
struct Place {
    directory: PathBuf,
    _folder: Folder,
}

impl Place {
    fn new() -> Self {
        let folder = Folder::new("portal-ledger");
        let directory = folder.file("unused", "").with_file_name("ledger");
        Self { directory, _folder: folder }
    }

    fn open(&self, portal: Option<u64>) -> Result<LedgerFile, StoreError> {
        LedgerFile::open(&self.directory, &Charter { opening_balance: Amount::ZERO, portal })
    }

    fn connect(&self) -> Connection {
        Connection::open(self.directory.join("ledger.db")).unwrap()
    }

    /// Changes the second input by hand.
    fn spoil(&self, what: &str) {
        let connection = self.connect();
        let statement =
            format!("DROP TRIGGER portal_inputs_stay; UPDATE portal_inputs SET {what} WHERE record = 2");
        connection.execute_batch(&statement).unwrap();
    }

    fn portal(&self) -> Portal {
        portal_rig::Rig::with(portal_rig::quick_rules(), 1, 2).portal
    }

    /// Everything that a portal takes in, at least once.
    fn rig_inputs(&self) -> Vec<Input> {
        let mut rig = portal_rig::Rig::new();
        let (device, other) = (portal_rig::device(1), portal_rig::device(2));
        let _ = rig.call(None, None, portal_rig::login(portal_rig::merchant(2), "wrong"));
        let (name, number) = ("Shop 1".to_owned(), portal_rig::merchant(1));
        let no = rig.application(Request::Instant(InstantRequest::Apply { name, number }));
        rig.decide(no, Decision::Approve).unwrap();
        let sale = rig.sell(&device, Method::SmallContactless, 1_000).unwrap();
        let pair = rig.portal.pair(&device).unwrap();
        let _ = rig.sell_as(Some(&other), pair, Method::Qr, 1);
        rig.wait(HOUR);
        rig.portal.undone(rig.now, &rig.till, sale.key, sale.amount);
        rig.portal.restated(rig.now, &rig.till, &sale, false);
        rig.settle(sale.key.terminal);
        rig.change(Page::Card(CardId(1)), portal_rig::new_card(1, 1));
        rig.wait(DAY);
        let _ = rig.ask(Request::Unbind(UnbindRequest::Begin(CardId(3))));
        let proof = Proof::QueryPassword(Password::new("778899"));
        let _ = rig.ask(Request::Unbind(UnbindRequest::Verify(proof)));
        let _ = rig.ask(Request::Unbind(UnbindRequest::FaceCheck { has_passed: true }));
        let data = MerchantData { name: "O'Brien; \"DROP TABLE\" 店".to_owned(), ..portal_rig::data(1) };
        rig.ask(Request::Merchant(MerchantRequest::Edit(data.clone()))).unwrap();
        let form = MerchantChangeForm {
            device,
            old_merchant: portal_rig::merchant(1),
            data: data.clone(),
            holder: portal_rig::holder(3),
            licence: "licence".to_owned(),
            documents: vec!["identity".to_owned()],
            reason: "sold".to_owned(),
        };
        let apply = MerchantChangeRequest::Apply(Box::new(form.clone()));
        let no = rig.application(Request::MerchantChange(apply));
        rig.decide(no, Decision::Reject("no".to_owned())).unwrap();
        rig.ask(Request::MerchantChange(MerchantChangeRequest::Resubmit(no, Box::new(form)))).unwrap();
        let (holder, card) = (portal_rig::holder(2), portal_rig::new_card(2, 3));
        let form = TerminalForm { data, holder, card, wanted: TerminalKind::ESign };
        rig.application(Request::Terminal(TerminalRequest::Apply(Box::new(form))));
        let (device, code) = (other, Password::new("1"));
        let _ = rig.ask(Request::Terminal(TerminalRequest::Activate { device, code }));
        rig.inputs
    }

    /// Keeps all of them; they stand in the one file then.
    fn fill(&self) -> Vec<Input> {
        let inputs = self.rig_inputs();
        let entries: Vec<Entry> = inputs.iter().map(|input| Entry::Input(Box::new(input.clone()))).collect();
        self.open(PRINT).unwrap().commit(&entries).unwrap();
        inputs
    }

    fn read(&self) -> Result<Vec<Input>, StoreError> {
        let mut inputs = Vec::new();
        self.open(PRINT)?.read(|entry| {
            let Entry::Input(input) = entry else { panic!("{entry:?}") };
            inputs.push(*input);
            Ok(())
        })?;
        Ok(inputs)
    }
}

/// A store that commits when the test says so.
struct Gate {
    asks: Sender<usize>,
    verdict: Receiver<()>,
}

struct Commits {
    asked: Receiver<usize>,
    gate: Sender<()>,
}

impl Gate {
    fn new() -> (Self, Commits) {
        let ((asks, asked), (gate, verdict)) = (mpsc::channel(), mpsc::channel());
        (Self { asks, verdict }, Commits { asked, gate })
    }
}

impl Store for Gate {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        // A test that has opened the gate listens no more, and the gate stays open.
        let _ = self.asks.send(entries.len());
        let _ = self.verdict.recv();
        Ok(())
    }
}

impl Commits {
    fn asked(&self) -> usize {
        self.asked.recv_timeout(PATIENCE).unwrap()
    }

    fn open(self) {
        drop(self.gate);
    }
}

const CHILD: &str = "POSFLEET_TEST_PORTAL_LEDGER";
const CONFIRMED: &str = "confirmed and durable";
const PRINT: Option<u64> = Some(7);
