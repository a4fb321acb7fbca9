//! The merchant portal of the simulated acquirer: a state machine without I/O that knows the rules of the merchants' flows.
//!
//! A request goes through these gates; the first that refuses it answers, and nothing has changed:
//!
//! | gate                                             | refusal                            |
//! |--------------------------------------------------|------------------------------------|
//! | the session is alive                             | 1003, 1004                         |
//! | a request that changes something has a key       | 1101                               |
//! | the key is new, or the request is the same       | 1102, or the answer given before   |
//! | the rules of the flow                            | see the file of the flow           |
//!
//! The host owns the portal and shares its ledger: it tells what was approved, undone and settled, answers questions as
//! an [`Acquirer`], and drains [`Portal::poll_event`] after every call. What happens by itself is due at
//! [`Portal::next_deadline`] and happens at its own instant, however late [`Portal::timeout`] comes. What has changed the
//! portal comes out of [`Portal::poll_input`], and makes another portal the same by [`Portal::restore`].

mod acquirer;
mod agenda;
mod audit;
mod bank;
mod binding;
mod books;
mod card_change;
mod desk;
mod error;
mod event;
mod history;
mod idempotency;
mod instant;
mod journal;
mod merchant;
mod merchant_change;
mod method;
mod notification;
mod operator;
mod overview;
mod payout;
mod query;
mod request;
mod response;
mod review;
mod rules;
mod secret;
mod session;
mod settlement_card;
mod sms_code;
mod tally;
mod terminal_order;
mod unbind;

pub use acquirer::{Acquirer, Sale, TerminalStatus};
pub use audit::{Finding, audit};
pub use bank::{AccountClass, BankAccount};
pub use binding::{Alarm, CodeFault, Pair, Presented, SerialNumber};
pub use books::Books;
pub use card_change::Page;
pub use error::Refusal;
pub use event::Event;
pub use history::{Fact, Line};
pub use idempotency::IdempotencyKey;
pub use journal::{Act, Diverged, Input, Mark, Said, Write};
pub use merchant::{MerchantData, MerchantRecord, Person, Settlement};
pub use merchant_change::MerchantChangeForm;
pub use method::Method;
pub use notification::{Channel, Notification, Sms, Topic};
pub use operator::{MerchantSight, Part, PayoutSight, ReviewSight, Subject, Totals};
pub use payout::{Payout, PayoutNo, PayoutState};
pub use request::{
    AccountRequest, Call, CardRequest, InstantRequest, MerchantChangeRequest, MerchantRequest, Request,
    TerminalRequest, UnbindRequest,
};
pub use response::{ApplicationView, BalanceView, DeviceView, OrderView, Response};
pub use review::{ApplicationNo, Decision, Matter, Stage, Submission};
pub use rules::{
    Delay, FeeRule, Limit, OpenPayouts, PayoutRules, Review, Rules, SessionRules, SmsRules, UnbindRules,
};
pub use secret::{Identity, Password, Phone};
pub use session::Token;
pub use settlement_card::{CardId, CardState, NewCard, SettlementCard};
pub use sms_code::Purpose;
pub use tally::Tally;
pub use terminal_order::{OrderStep, TerminalForm, TerminalKind};
pub use unbind::{Proof, UnbindStep};

use self::{
    agenda::Due,
    idempotency::Answers,
    journal::Witness,
    merchant::Merchant,
    review::Content,
    session::{Lock, Sessions},
    sms_code::Codes,
    unbind::Attempts,
};
use crate::{
    iso8583::MerchantId,
    rng::{Domain, Rng, Seed},
    time::{Instant, WallClock},
};
use std::collections::{BTreeMap, VecDeque};

/// The portal.
#[derive(Clone, Debug)]
pub struct Portal {
    rules: Rules,
    seed: Seed,
    /// How often chance was asked by what changes something.
    draws: u64,
    /// How often it was asked by what changes nothing.
    casual_draws: u64,
    wall: WallClock,
    /// The latest instant that anybody has told.
    now: Instant,
    books: Books,
    tally: Tally,
    guards: Guards,
    alarms: VecDeque<Alarm>,
    events: VecDeque<Event>,
    inputs: VecDeque<Input>,
}

/// What counts attempts, and so changes with a refusal too.
#[derive(Clone, Debug, Default)]
struct Guards {
    /// They end with the process.
    sessions: Sessions,
    locks: BTreeMap<MerchantId, Lock>,
    codes: Codes,
    answers: Answers,
    attempts: BTreeMap<MerchantId, Attempts>,
}

/// Who asks, when, and whom the portal may ask in turn.
struct Caller<'a> {
    now: Instant,
    merchant: MerchantId,
    acquirer: &'a dyn Acquirer,
}

/// To whom an idempotency key belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Merchant(MerchantId),
    Person(Identity),
    Device(SerialNumber),
}

impl Portal {
    /// A portal without merchants; `wall` gives the days and hours of its rules.
    #[must_use]
    pub fn new(rules: Rules, seed: Seed, wall: WallClock) -> Self {
        Self {
            rules,
            seed,
            draws: 0,
            casual_draws: 0,
            wall,
            now: Instant::START,
            books: Books::default(),
            tally: Tally::default(),
            guards: Guards::default(),
            alarms: VecDeque::new(),
            events: VecDeque::new(),
            inputs: VecDeque::new(),
        }
    }

    /// Enters an account that the banks know.
    pub fn open_account(&mut self, account: BankAccount) {
        self.books.bank.open(account);
    }

    /// Enters a merchant that has been there before, with its settlement card if it has one.
    pub fn register(&mut self, now: Instant, record: MerchantRecord, card: Option<NewCard>) {
        let id = record.id;
        self.books.merchants.insert(id, Merchant::new(record));
        if let Some(card) = card {
            let number = self.books.next_card();
            self.books.merchant_mut(id).wallet.add(number, card, CardState::Pending);
            self.direct_payouts(now, id, number);
        }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed then but counters of attempts.
    pub fn handle(
        &mut self,
        now: Instant,
        acquirer: &dyn Acquirer,
        call: &Call,
    ) -> Result<Response, Refusal> {
        let answer = self.dispatch(now, acquirer, call);
        if let Err(refusal) = answer {
            self.tally.refuse(refusal);
        }
        answer
    }

    fn dispatch(&mut self, now: Instant, acquirer: &dyn Acquirer, call: &Call) -> Result<Response, Refusal> {
        let now = self.advance(now, acquirer);
        let merchant = match &call.request {
            Request::Login { account, password } => return self.login(now, *account, password),
            Request::Terminal(_) => None,
            _ => Some(self.guards.sessions.touch(now, &self.rules.session, call.session)?),
        };
        if !call.request.is_write() {
            return self.answer(now, acquirer, merchant, &call.request);
        }
        let key = call.key.clone().ok_or(Refusal::KeyMissing)?;
        self.once(now, acquirer, Write { merchant, key, request: call.request.clone() })
    }

    /// When something next happens by itself.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.books.agenda.next()
    }

    /// Does what is due at `now`, each thing at its own instant.
    pub fn timeout(&mut self, now: Instant, acquirer: &dyn Acquirer) {
        self.advance(now, acquirer);
    }

    /// The next thing that the host should know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The short messages that a phone has received by `now`: the simulated inbox.
    pub fn sms(&self, now: Instant, phone: &Phone) -> impl Iterator<Item = &Sms> {
        self.books.post.sms(phone).filter(move |sms| sms.at <= now)
    }

    /// The figures by which it decides.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How a merchant is paid now; nothing of one that is not known.
    #[must_use]
    pub fn settlement(&self, merchant: MerchantId) -> Option<Settlement> {
        self.books.merchants.get(&merchant).map(|merchant| merchant.record.settlement)
    }

    /// The numbers of a device.
    #[must_use]
    pub fn pair(&self, device: &SerialNumber) -> Option<Pair> {
        self.books.bindings.pair(device)
    }

    /// What a refusal leaves as it was.
    #[must_use]
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Brings the portal to `now`; a clock that goes back stands still.
    fn advance(&mut self, now: Instant, acquirer: &dyn Acquirer) -> Instant {
        let now = now.max(self.now);
        if self.next_deadline().is_some_and(|due| due <= now) {
            let witness = Witness::new(acquirer);
            while let Some((at, due)) = self.books.agenda.take(now) {
                self.now = self.now.max(at);
                self.happen(at, &witness, due);
            }
            self.now = now;
            self.enter(Act::Pass, witness.into_said(), None);
        }
        self.now = now;
        now
    }

    fn happen(&mut self, at: Instant, acquirer: &dyn Acquirer, due: Due) {
        match due {
            Due::Review(no, attempt) => self.review_by_machine(at, acquirer, (no, attempt)),
            Due::Step(no) => self.step(at, no),
            Due::Payout(no) => self.pay_when_due(at, no),
        }
    }

    fn step(&mut self, at: Instant, no: ApplicationNo) {
        match self.books.application(no).content.clone() {
            Content::Card(change) => self.make_effective(at, no, &change),
            Content::Terminal(order) => self.step_order(at, no, &order),
            Content::Merchant(_) | Content::Instant => {}
        }
    }

    /// Does what a key stands for once.
    fn once(&mut self, now: Instant, acquirer: &dyn Acquirer, write: Write) -> Result<Response, Refusal> {
        let owner = write.owner().ok_or(Refusal::SessionUnknown)?;
        let oldest = idempotency::oldest(now, self.rules.key_valid_for);
        let known = self.guards.answers.find(&owner, &write.key, &write.request, oldest);
        known.unwrap_or_else(|| self.write(now, acquirer, write))
    }

    /// Does a write, and keeps its answer under its key.
    fn write(&mut self, now: Instant, acquirer: &dyn Acquirer, write: Write) -> Result<Response, Refusal> {
        let owner = write.owner().ok_or(Refusal::SessionUnknown)?;
        let witness = Witness::new(acquirer);
        let answer = self.answer(now, &witness, write.merchant, &write.request);
        let asked = (write.request.clone(), answer.clone());
        self.guards.answers.keep(now, owner, write.key.clone(), asked);
        self.enter(Act::Write(write), witness.into_said(), answer.as_ref().err().copied());
        answer
    }

    fn login(&mut self, now: Instant, account: MerchantId, told: &Password) -> Result<Response, Refusal> {
        let merchant = self.books.merchants.get(&account).ok_or(Refusal::LoginFailed)?;
        let is_right = merchant.record.password == *told;
        self.try_password(now, account, is_right)?;
        let token = Token::draw(&mut self.casual_chance());
        self.guards.sessions.open(now, account, token);
        Ok(Response::Session(token))
    }

    /// Counts a password, unless the account is locked.
    fn try_password(&mut self, now: Instant, account: MerchantId, is_right: bool) -> Result<(), Refusal> {
        let lock = self.guards.locks.entry(account).or_default();
        let before = *lock;
        let tried = lock.attempt(now, &self.rules.session, is_right);
        if *lock != before {
            self.enter(Act::Login { account, is_right }, Vec::new(), tried.err());
        }
        tried
    }

    /// Sends a code to the phone on file.
    fn send_code(&mut self, caller: &Caller<'_>, purpose: Purpose) -> Result<Response, Refusal> {
        let mut rng = self.chance();
        let whose = (caller.merchant, purpose);
        let code = self.guards.codes.send(caller.now, &self.rules.sms, whose, &mut rng)?;
        let phone = self.books.merchant(caller.merchant).record.data.phone.clone();
        self.send_sms(caller.now, phone, Topic::Code, Some(code));
        Ok(Response::CodeSent { until: caller.now + self.rules.sms.valid_for })
    }

    /// The chance of one decision.
    fn chance(&mut self) -> Rng {
        self.draws += 1;
        self.seed.stream(Domain::Portal, self.draws, 0)
    }

    /// The chance of something that changes nothing, and so is forgotten with the process; no two lives draw the same,
    /// because the clock goes on.
    fn casual_chance(&mut self) -> Rng {
        self.casual_draws += 1;
        self.seed.stream(Domain::Portal, self.now.as_nanos(), (self.draws << 32) + self.casual_draws)
    }

    /// The civil day, counted from 1970.
    fn day(&self, at: Instant) -> i64 {
        self.wall.at(at).to_unix().div_euclid(SECONDS_PER_DAY)
    }
}

fn owner_of(request: &TerminalRequest) -> Owner {
    match request {
        TerminalRequest::Apply(form) => Owner::Person(form.holder.identity.clone()),
        TerminalRequest::State(_, phone) => Owner::Person(Identity::new(phone.as_str())),
        TerminalRequest::Activate { device, .. } => Owner::Device(device.clone()),
    }
}

const SECONDS_PER_DAY: i64 = 86_400;
