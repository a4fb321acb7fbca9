//! A host with a portal, its terminals, and merchants at the counter: real messages on one side, calls on the other.

use posfleet::{
    card::{Card, CardGenerator, CardRange, Expiry},
    directory::{Directory, Entry},
    host::{self, Config, ConnectionId, Enrolment, Host, PortalSetup, Session},
    iso8583::{MerchantId, ResponseCode, TerminalId},
    ledger::Record,
    money::Amount,
    operation::{CardUse, End, Entry as CardEntry, Kind, Operation, Outcome},
    portal::*,
    rng::Seed,
    terminal::{self, Event as Told, Input, Output, Profile, ReversalPolicy, Terminal},
    time::{DateTime, Instant, WallClock},
};
use std::{sync::Arc, time::Duration};

pub use crate::portal_rig::{DAY, HOUR, MINUTE};

pub struct Office {
    pub host: Host,
    pub now: Instant,
    pub profile: Profile,
    pub terminals: Vec<Terminal>,
    pub cards: Vec<Card>,
    pub records: Vec<Record>,
    /// What the host has told of its books and its portal.
    pub told: Vec<host::Output>,
    /// What the terminals did of their own accord.
    pub automatic: Vec<Outcome>,
    pub session: Option<Token>,
    pub deadline: Option<Instant>,
    config: Config,
    connection: Session,
    keys: u64,
}

impl Office {
    /// Two merchants with a terminal each, at ten in the morning.
    pub fn new() -> Self {
        Self::with(|_, _| {})
    }

    pub fn with(change: impl FnOnce(&mut Config, &mut Profile)) -> Self {
        let generator = CardGenerator::new(CardRange::default(), 1, Expiry::new(30, 1).unwrap()).unwrap();
        let cards: Vec<Card> = (0..3).map(|index| generator.card(index)).collect();
        let morning = DateTime { hour: 10, month: 3, day: 2, ..DateTime::new_year(2026) };
        let enrol = |number| Enrolment {
            terminal: terminal(number),
            merchant: merchant(number),
            tmk: TMK.parse().unwrap(),
        };
        let setup = PortalSetup {
            rules: crate::portal_rig::quick_rules(),
            directory: Directory::new(SEED),
            settlement: Settlement::NextDay,
        };
        let mut config = Config {
            terminals: (1..=2).map(enrol).collect(),
            cards: Arc::from(cards.clone()),
            opening_balance: Amount::from_minor(100_000_000),
            clock: WallClock::starting_at(morning.to_unix()),
            seed: SEED,
            portal: Some(setup),
            ..Config::default()
        };
        let reversal = ReversalPolicy { resend: 0, ..ReversalPolicy::default() };
        let mut profile = Profile { tells_device: true, reversal, ..Profile::default() };
        change(&mut config, &mut profile);
        let host = Host::new(config.clone());
        let unpacked = |enrolment: &Enrolment| {
            let (id, merchant) = (enrolment.terminal, enrolment.merchant);
            Terminal::new(id, merchant, enrolment.tmk.clone(), &profile, true)
        };
        Self {
            terminals: config.terminals.iter().map(unpacked).collect(),
            connection: Session::new(ConnectionId(1), &host),
            host,
            now: Instant::START,
            profile,
            cards,
            records: Vec::new(),
            told: Vec::new(),
            automatic: Vec::new(),
            session: None,
            deadline: None,
            config,
            keys: 0,
        }
    }

    /// The same, with the first terminal signed in and the first merchant logged in.
    pub fn open() -> Self {
        let mut office = Self::new();
        office.sign_in(0);
        office.login(merchant(1));
        office
    }

    /// The host as it is after another was given all that this one has told.
    pub fn restored(&self) -> Host {
        let mut host = Host::new(self.config.clone());
        for output in &self.told {
            match output {
                host::Output::Record(record) => host.restore(record),
                host::Output::Note(input) => host.resume(input).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        host
    }

    pub fn entry(&self, merchant: MerchantId) -> Entry {
        Directory::new(SEED).entry(merchant)
    }

    pub fn sign_in(&mut self, seat: usize) {
        assert_eq!(self.does(seat, Operation::management(Kind::SignIn)).end, End::Approved);
    }

    pub fn sale(&self, minor: u64) -> Operation {
        self.sale_by(CardEntry::Keyed, minor)
    }

    pub fn sale_by(&self, entry: CardEntry, minor: u64) -> Operation {
        let card = CardUse { card: self.cards[0].clone(), entry, pin: false };
        Operation::sale(Amount::from_minor(minor), card)
    }

    /// A sale that is approved.
    #[track_caller]
    pub fn sells(&mut self, seat: usize, minor: u64) {
        let sale = self.sale(minor);
        assert_eq!(self.does(seat, sale).end, End::Approved);
    }

    #[track_caller]
    pub fn settles(&mut self, seat: usize) {
        let settlement = Operation::management(Kind::Settlement);
        assert_eq!(self.does(seat, settlement).end, End::Approved);
    }

    /// The code of an operation that is declined.
    #[track_caller]
    pub fn declined(&mut self, seat: usize, operation: Operation) -> ResponseCode {
        let outcome = self.does(seat, operation);
        assert_eq!(outcome.end, End::Declined);
        outcome.code.expect("a refusal has a code")
    }

    /// Carries an operation out to its end, with all that follows from it.
    pub fn does(&mut self, seat: usize, operation: Operation) -> Outcome {
        let mut inputs = vec![Step::Operation(Box::new(operation))];
        let mut outcome = None;
        while let Some(step) = inputs.pop() {
            let mut out = terminal::Outbox::default();
            let input = match &step {
                Step::Operation(operation) => Input::Operation((**operation).clone()),
                Step::Connected => Input::Connected,
                Step::Received(bytes) => Input::Received(bytes),
            };
            self.terminals[seat].handle(&self.profile, self.now, input, &mut out);
            while let Some(output) = out.poll() {
                match output {
                    Output::Connect => inputs.push(Step::Connected),
                    Output::Send(range) => {
                        let frame = out.bytes(range).to_vec();
                        inputs.extend(self.carries(&frame).into_iter().map(Step::Received));
                    }
                    Output::Event(Told::Outcome(told)) => outcome = Some(told),
                    Output::Event(Told::Automatic(told)) => self.automatic.push(told),
                    Output::Event(_) | Output::Close | Output::Wait(_) => {}
                }
            }
        }
        outcome.expect("every operation has an outcome")
    }

    /// What the host answers to a frame.
    pub fn carries(&mut self, frame: &[u8]) -> Vec<Vec<u8>> {
        let mut out = host::Outbox::default();
        self.host.received(self.now, &mut self.connection, frame, &mut out);
        self.drain(&mut out)
    }

    fn drain(&mut self, out: &mut host::Outbox) -> Vec<Vec<u8>> {
        let mut answers = Vec::new();
        while let Some(output) = out.poll() {
            match output {
                host::Output::Send(_, range) => answers.push(out.bytes(range).to_vec()),
                host::Output::Record(ref record) => {
                    self.records.push(record.clone());
                    self.told.push(output);
                }
                host::Output::Note(_) => self.told.push(output),
                host::Output::Wait(deadline) => self.deadline = deadline,
                other => panic!("{other:?}"),
            }
        }
        answers
    }

    /// Lets time pass; the host wakes at each of its deadlines, as its driver would wake it.
    pub fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.deadline.filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.wake();
        }
        self.now = until;
        self.wake();
    }

    fn wake(&mut self) {
        let mut out = host::Outbox::default();
        self.host.timeout(self.now, &mut out);
        self.drain(&mut out);
    }

    pub fn login(&mut self, account: MerchantId) {
        let password = Password::new(self.entry(account).password);
        self.login_with(account, password);
    }

    pub fn login_with(&mut self, account: MerchantId, password: Password) {
        self.session = None;
        let answer = self.ask(Request::Login { account, password });
        let Ok(Response::Session(token)) = answer else { panic!("{answer:?}") };
        self.session = Some(token);
    }

    /// Asks with a key of its own.
    pub fn ask(&mut self, request: Request) -> Result<Response, Refusal> {
        self.keys += 1;
        let key = Some(IdempotencyKey(format!("key {}", self.keys)));
        let mut out = host::Outbox::default();
        let answer = self.host.call(self.now, &Call { session: self.session, key, request }, &mut out);
        self.drain(&mut out);
        answer
    }

    #[track_caller]
    pub fn application(&mut self, request: Request) -> ApplicationNo {
        let answer = self.ask(request);
        let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
        view.no
    }

    pub fn approve(&mut self, no: ApplicationNo) {
        let mut out = host::Outbox::default();
        self.host.review(self.now, no, Decision::Approve, &mut out).unwrap();
        self.drain(&mut out);
    }

    pub fn view(&mut self, no: ApplicationNo) -> ApplicationView {
        let answer = self.ask(Request::Account(AccountRequest::Application(no)));
        let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
        view
    }

    /// The newest secret that a phone has received about a topic.
    pub fn secret(&self, phone: &Phone, topic: Topic) -> Password {
        let portal = self.host.portal().unwrap();
        let about = portal.sms(self.now, phone).filter(|sms| sms.topic == topic);
        about.filter_map(|sms| sms.secret.clone()).last().expect("an SMS was sent")
    }

    /// The whole change of the settlement card of the merchant that is logged in, up to its confirmation.
    #[track_caller]
    pub fn change_card(&mut self, page: Page, whose: MerchantId, spare: usize) -> ApplicationNo {
        let entry = self.entry(whose);
        let phone = Phone::new(&entry.phone);
        let (holder, bank) = (entry.holder.clone(), entry.bank.clone());
        let new = NewCard { pan: entry.spares[spare], holder, bank, phone: phone.clone() };
        self.ask(Request::Card(CardRequest::Begin { page, new })).unwrap();
        self.ask(Request::Card(CardRequest::SendCode)).unwrap();
        let code = self.secret(&phone, Topic::Code);
        self.ask(Request::Card(CardRequest::Verify(code))).unwrap();
        self.application(Request::Card(CardRequest::Confirm))
    }

    /// The merchant that is logged in is paid at once from now on.
    pub fn enable_instant(&mut self, number: MerchantId) {
        let name = self.entry(number).name;
        let no = self.application(Request::Instant(InstantRequest::Apply { name, number }));
        self.approve(no);
    }

    pub fn payouts(&mut self) -> Vec<Payout> {
        let answer = self.ask(Request::Account(AccountRequest::Payouts));
        let Ok(Response::Payouts(payouts)) = answer else { panic!("{answer:?}") };
        payouts
    }

    pub fn transactions(&mut self) -> Vec<Sale> {
        let answer = self.ask(Request::Account(AccountRequest::Transactions));
        let Ok(Response::Transactions(sales)) = answer else { panic!("{answer:?}") };
        sales
    }

    pub fn balance(&mut self) -> BalanceView {
        let answer = self.ask(Request::Account(AccountRequest::Balance));
        let Ok(Response::Balance(view)) = answer else { panic!("{answer:?}") };
        view
    }

    /// What is wrong with the alarms so far.
    pub fn faults(&self) -> Vec<CodeFault> {
        self.host.portal().unwrap().alarms().map(|alarm| alarm.fault).collect()
    }

    /// Holds portal and books to each other.
    #[track_caller]
    pub fn is_sound(&self) {
        assert_eq!(self.host.portal_findings(self.now), []);
    }
}

enum Step {
    Operation(Box<Operation>),
    Connected,
    Received(Vec<u8>),
}

/// The suffix of a card that a payout went to, with the amount.
pub fn paid(payout: &Payout) -> Option<(CardId, u64)> {
    match payout.state {
        PayoutState::Paid { card, amount, .. } => Some((card, amount.minor())),
        _ => None,
    }
}

pub fn terminal(number: u64) -> TerminalId {
    format!("{:08}", 10_000_000 + number).parse().unwrap()
}

pub fn merchant(number: u64) -> MerchantId {
    format!("{:015}", 898_100_012_340_000 + number).parse().unwrap()
}

const TMK: &str = "0123456789ABCDEFFEDCBA9876543210";
const SEED: Seed = Seed(5);
