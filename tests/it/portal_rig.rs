//! A portal with merchants, banks and a host made of plain maps, for tests in virtual time.

use posfleet::{
    card::Pan,
    iso8583::{BatchNo, MerchantId, ResponseCode, Stan, TerminalId},
    money::Amount,
    portal::*,
    reconcile::Key,
    rng::Seed,
    time::{DateTime, Instant, WallClock},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3_600);
pub const DAY: Duration = Duration::from_secs(86_400);

/// The host around the portal: what was sold in open batches, and how the terminals are.
#[derive(Clone, Debug, Default)]
pub struct Till {
    pub open: BTreeMap<TerminalId, Vec<Sale>>,
    pub sold: Vec<Sale>,
    pub offline: BTreeSet<TerminalId>,
    pub battery: BTreeMap<TerminalId, Option<u8>>,
    pub not_signed_in: BTreeSet<TerminalId>,
    pub unknown: BTreeSet<TerminalId>,
}

impl Acquirer for Till {
    fn unsettled(&self, merchant: MerchantId) -> Amount {
        let open = self.open.values().flatten();
        open.filter(|sale| sale.merchant == merchant).map(|sale| sale.amount).sum()
    }

    fn has_open_batch(&self, terminal: TerminalId) -> bool {
        self.open.get(&terminal).is_some_and(|sales| !sales.is_empty())
    }

    fn status(&self, terminal: TerminalId) -> Option<TerminalStatus> {
        (!self.unknown.contains(&terminal)).then(|| TerminalStatus {
            is_online: !self.offline.contains(&terminal),
            battery: self.battery.get(&terminal).copied().unwrap_or(Some(80)),
            firmware: "1.0.7".to_owned(),
            address: "10.0.0.7".to_owned(),
            is_signed_in: !self.not_signed_in.contains(&terminal),
        })
    }

    fn transactions(&self, merchant: MerchantId) -> Vec<Sale> {
        self.sold.iter().filter(|sale| sale.merchant == merchant).copied().collect()
    }
}

/// A portal, what is around it, and one client that is logged in.
#[derive(Clone)]
pub struct Rig {
    pub portal: Portal,
    pub till: Till,
    pub now: Instant,
    pub session: Option<Token>,
    pub events: Vec<Event>,
    /// What the portal has taken in.
    pub inputs: Vec<Input>,
    stan: u32,
    keys: u64,
}

impl Rig {
    /// Two merchants on T+1, each with a device and a card, at ten in the morning; the first is logged in.
    pub fn new() -> Self {
        let mut rig = Self::with(quick_rules(), 1, 2);
        rig.login(merchant(1));
        rig
    }

    pub fn with(rules: Rules, seed: u64, merchants: u64) -> Self {
        let morning = DateTime { hour: 10, month: 3, day: 2, ..DateTime::new_year(2026) };
        let portal = Portal::new(rules, Seed(seed), WallClock::starting_at(morning.to_unix()));
        let (till, now) = (Till::default(), Instant::START);
        let (events, inputs) = (Vec::new(), Vec::new());
        let mut rig = Self { portal, till, now, session: None, events, inputs, stan: 0, keys: 0 };
        (1..=merchants).for_each(|number| rig.register(number));
        rig
    }

    fn register(&mut self, number: u64) {
        for card in 0..CARDS {
            self.portal.open_account(account(number, card));
        }
        self.portal.register(self.now, record(number), Some(new_card(number, 0)));
        let pair = Pair { terminal: terminal(number), merchant: merchant(number) };
        self.portal.bind(self.now, device(number), pair);
    }

    pub fn login(&mut self, account: MerchantId) {
        let answer = self.call(None, None, login(account, PASSWORD));
        let Ok(Response::Session(token)) = answer else { panic!("{answer:?}") };
        self.session = Some(token);
    }

    /// Asks with a key of its own.
    pub fn ask(&mut self, request: Request) -> Result<Response, Refusal> {
        self.keys += 1;
        let key = format!("key {}", self.keys);
        self.call(self.session, Some(&key), request)
    }

    pub fn call(
        &mut self,
        session: Option<Token>,
        key: Option<&str>,
        request: Request,
    ) -> Result<Response, Refusal> {
        let call = Call { session, key: key.map(|key| IdempotencyKey(key.to_owned())), request };
        let answer = self.portal.handle(self.now, &self.till, &call);
        self.drain();
        answer
    }

    /// Asks for something that must be refused, and holds the portal to it that nothing has changed.
    #[track_caller]
    pub fn refuse(&mut self, request: Request, refusal: Refusal) {
        let before = self.portal.books().clone();
        assert_eq!(self.ask(request), Err(refusal));
        assert!(*self.portal.books() == before, "{refusal} changed the books");
    }

    #[track_caller]
    pub fn application(&mut self, request: Request) -> ApplicationNo {
        let answer = self.ask(request);
        let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
        view.no
    }

    pub fn wait(&mut self, time: Duration) {
        self.now += time;
        self.portal.timeout(self.now, &self.till);
        self.drain();
    }

    pub fn decide(&mut self, no: ApplicationNo, decision: Decision) -> Result<(), Refusal> {
        let decided = self.portal.decide(self.now, &self.till, no, decision);
        self.drain();
        decided
    }

    /// A sale on a device under the numbers it has, if the portal admits it.
    pub fn sell(&mut self, device: &SerialNumber, method: Method, minor: u64) -> Result<Sale, ResponseCode> {
        let pair = self.portal.pair(device).expect("the device is bound");
        self.sell_as(Some(device), pair, method, minor)
    }

    pub fn sell_as(
        &mut self,
        device: Option<&SerialNumber>,
        pair: Pair,
        method: Method,
        minor: u64,
    ) -> Result<Sale, ResponseCode> {
        self.stan += 1;
        let stan = Stan::new(self.stan).unwrap();
        let key = Key { terminal: pair.terminal, batch: BatchNo::FIRST, stan };
        let (merchant, amount, rrn) = (pair.merchant, Amount::from_minor(minor), format!("{stan:012}"));
        let sale = Sale { key, merchant, method, amount, rrn: rrn.parse().unwrap(), at: 0 };
        let presented = Presented { device: device.cloned(), sale };
        let admitted = self.portal.admit(self.now, &self.till, &presented);
        if admitted.is_ok() {
            self.till.open.entry(pair.terminal).or_default().push(sale);
            self.till.sold.push(sale);
            self.portal.approved(self.now, &self.till, &sale);
        }
        self.drain();
        admitted.map(|()| sale)
    }

    pub fn settle(&mut self, terminal: TerminalId) {
        let sales = self.till.open.remove(&terminal).unwrap_or_default();
        self.portal.settled(self.now, &self.till, terminal, &sales);
        self.drain();
    }

    /// The newest secret that a phone has received about a topic.
    pub fn secret(&self, phone: &Phone, topic: Topic) -> Option<Password> {
        let about = self.portal.sms(self.now, phone).filter(|sms| sms.topic == topic);
        about.filter_map(|sms| sms.secret.clone()).last()
    }

    /// The newest code that the phone of a merchant has received.
    pub fn code(&self, number: u64) -> Password {
        self.secret(&phone(number), Topic::Code).expect("a code was sent")
    }

    /// The whole change up to its confirmation.
    #[track_caller]
    pub fn change(&mut self, page: Page, new: NewCard) -> ApplicationNo {
        self.begin_verified(page, new);
        self.application(Request::Card(CardRequest::Confirm))
    }

    #[track_caller]
    pub fn begin_verified(&mut self, page: Page, new: NewCard) {
        self.ask(Request::Card(CardRequest::Begin { page, new })).unwrap();
        self.ask(Request::Card(CardRequest::SendCode)).unwrap();
        let code = self.code(1);
        self.ask(Request::Card(CardRequest::Verify(code))).unwrap();
    }

    /// The cards of the merchant that is logged in, all that there ever were.
    pub fn cards(&mut self) -> Vec<SettlementCard> {
        let answer = self.ask(Request::Card(CardRequest::History));
        let Ok(Response::Cards(cards)) = answer else { panic!("{answer:?}") };
        cards
    }

    pub fn payouts(&mut self) -> Vec<Payout> {
        let answer = self.ask(Request::Account(AccountRequest::Payouts));
        let Ok(Response::Payouts(payouts)) = answer else { panic!("{answer:?}") };
        payouts
    }

    pub fn stage(&mut self, no: ApplicationNo) -> Stage {
        let answer = self.ask(Request::Account(AccountRequest::Application(no)));
        let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
        view.stage
    }

    pub fn findings(&self) -> Vec<Finding> {
        audit(self.portal.history(), self.now)
    }

    fn drain(&mut self) {
        self.events.extend(std::iter::from_fn(|| self.portal.poll_event()));
        self.inputs.extend(std::iter::from_fn(|| self.portal.poll_input()));
    }
}

/// The default rules without chance: everything takes its shortest or one fixed time.
pub fn quick_rules() -> Rules {
    let mut rules = Rules::default();
    rules.session.idle = 100 * DAY;
    rules.sms.arrives_after = Delay::fixed(Duration::ZERO);
    rules.card_review = Review::ByMachine { after: Delay::fixed(5 * MINUTE), rejects: 0.0 };
    rules.effective_after = Delay::fixed(30 * MINUTE);
    rules.merchant_review = Review::ByHand;
    rules.instant_review = Review::ByHand;
    rules.terminal_review = Review::ByHand;
    rules.terminal_step = Delay::fixed(DAY);
    rules.payout.instant_after = Delay::fixed(Duration::from_secs(5));
    (rules.unbind.medium_risk, rules.unbind.high_risk) = (0.0, 0.0);
    rules
}

pub fn login(account: MerchantId, password: &str) -> Request {
    Request::Login { account, password: Password::new(password) }
}

pub fn merchant(number: u64) -> MerchantId {
    format!("{:015}", 898_000_000_000_000 + number).parse().unwrap()
}

pub fn terminal(number: u64) -> TerminalId {
    format!("{:08}", 10_000_000 + number).parse().unwrap()
}

pub fn device(number: u64) -> SerialNumber {
    SerialNumber(format!("SN{number:06}"))
}

pub fn phone(number: u64) -> Phone {
    Phone::new(format!("138{number:08}"))
}

pub fn holder(number: u64) -> Person {
    Person { name: format!("Holder {number}"), identity: Identity::of(&format!("11010519800101{number:03}")) }
}

pub fn record(number: u64) -> MerchantRecord {
    MerchantRecord {
        id: merchant(number),
        data: data(number),
        holder: holder(number),
        licence: format!("91110000{number:010}"),
        password: Password::new(PASSWORD),
        settlement: Settlement::NextDay,
    }
}

pub fn data(number: u64) -> MerchantData {
    let (name, address) = (format!("Shop {number}"), format!("{number} Market Street"));
    MerchantData { name, address, contact: format!("Clerk {number}"), phone: phone(number) }
}

pub fn account(number: u64, card: u64) -> BankAccount {
    let Person { name, identity } = holder(number);
    BankAccount {
        pan: pan(number, card),
        holder: name,
        identity,
        is_activated: true,
        class: AccountClass::First,
        query_password: Password::new("778899"),
    }
}

pub fn new_card(number: u64, card: u64) -> NewCard {
    let holder = holder(number).name;
    NewCard { pan: pan(number, card), holder, bank: "Bank of Tests".to_owned(), phone: phone(number) }
}

/// A number with a right check digit.
pub fn pan(number: u64, card: u64) -> Pan {
    let pans = (0..10).map(|digit| format!("621000{number:06}{card:06}{digit}").parse::<Pan>().unwrap());
    pans.into_iter().find(Pan::is_luhn_valid).expect("one of ten check digits is right")
}

pub const PASSWORD: &str = "right";
/// Cards that the banks know of every merchant's holder.
pub const CARDS: u64 = 12;
