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
//! [`Portal::next_deadline`] and happens at its own instant, however late [`Portal::timeout`] comes.

mod acquirer;
mod agenda;
mod audit;
mod bank;
mod binding;
mod books;
mod card_change;
mod error;
mod event;
mod history;
mod idempotency;
mod instant;
mod merchant;
mod merchant_change;
mod method;
mod notification;
mod payout;
mod query;
mod request;
mod response;
mod review;
mod rules;
mod secret;
mod session;
mod settlement_card;
mod sight;
mod sms_code;
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
pub use merchant::{MerchantData, MerchantRecord, Person, Settlement};
pub use merchant_change::MerchantChangeForm;
pub use method::Method;
pub use notification::{Channel, Notification, Sms, Topic};
pub use payout::{Payout, PayoutNo, PayoutState};
pub use request::{
    AccountRequest, Call, CardRequest, InstantRequest, MerchantChangeRequest, MerchantRequest, Request,
    TerminalRequest, UnbindRequest,
};
pub use response::{ApplicationView, BalanceView, DeviceView, Response};
pub use review::{ApplicationNo, Decision, Matter, Stage, Submission};
pub use rules::{
    Delay, FeeRule, Limit, OpenPayouts, PayoutRules, Review, Rules, SessionRules, SmsRules, UnbindRules,
};
pub use secret::{Identity, Password, Phone};
pub use session::Token;
pub use settlement_card::{CardId, CardState, NewCard, SettlementCard};
pub use sight::{MerchantSight, Part, PayoutSight, ReviewSight, Subject, Totals};
pub use sms_code::Purpose;
pub use terminal_order::{OrderStep, TerminalForm, TerminalKind};
pub use unbind::{Proof, UnbindStep};

use self::{
    agenda::Due,
    idempotency::Answers,
    merchant::Merchant,
    review::Content,
    session::{Attempt, Sessions},
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
    /// How often chance was asked.
    draws: u64,
    wall: WallClock,
    /// The latest instant that anybody has told.
    now: Instant,
    books: Books,
    guards: Guards,
    alarms: VecDeque<Alarm>,
    events: VecDeque<Event>,
}

/// What counts attempts, and so changes with a refusal too.
#[derive(Clone, Debug, Default)]
struct Guards {
    sessions: Sessions,
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
            wall,
            now: Instant::START,
            books: Books::default(),
            guards: Guards::default(),
            alarms: VecDeque::new(),
            events: VecDeque::new(),
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
        let now = self.advance(now, acquirer);
        match &call.request {
            Request::Login { account, password } => self.login(now, *account, password),
            Request::Terminal(request) => {
                self.once(now, owner_of(request), call, |portal| portal.terminal_request(now, request))
            }
            _ => {
                let merchant = self.guards.sessions.touch(now, &self.rules.session, call.session)?;
                let caller = Caller { now, merchant, acquirer };
                self.once(now, Owner::Merchant(merchant), call, |portal| {
                    portal.answer(&caller, &call.request)
                })
            }
        }
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
        while let Some((at, due)) = self.books.agenda.take(now) {
            self.now = self.now.max(at);
            match due {
                Due::Review(no, attempt) => self.review_by_machine(at, acquirer, (no, attempt)),
                Due::Step(no) => self.step(at, no),
                Due::Payout(no) => self.pay_when_due(at, no),
            }
        }
        self.now = now;
        now
    }

    fn step(&mut self, at: Instant, no: ApplicationNo) {
        match self.books.application(no).content.clone() {
            Content::Card(change) => self.make_effective(at, no, &change),
            Content::Terminal(order) => self.step_order(at, no, &order),
            Content::Merchant(_) | Content::Instant => {}
        }
    }

    /// Does what a key stands for once; a request that changes nothing needs none.
    fn once(
        &mut self,
        now: Instant,
        owner: Owner,
        call: &Call,
        answer: impl FnOnce(&mut Self) -> Result<Response, Refusal>,
    ) -> Result<Response, Refusal> {
        if !call.request.is_write() {
            return answer(self);
        }
        let key = call.key.clone().ok_or(Refusal::KeyMissing)?;
        let oldest = idempotency::oldest(now, self.rules.key_valid_for);
        if let Some(known) = self.guards.answers.find(&owner, &key, &call.request, oldest) {
            return known;
        }
        let answer = answer(self);
        self.guards.answers.keep(now, owner, key, (call.request.clone(), answer.clone()));
        answer
    }

    fn login(&mut self, now: Instant, merchant: MerchantId, told: &Password) -> Result<Response, Refusal> {
        let mut rng = self.chance();
        let record = self.books.merchants.get(&merchant).ok_or(Refusal::LoginFailed)?;
        let attempt = Attempt { merchant, told, right: &record.record.password };
        self.guards.sessions.login(now, &self.rules.session, attempt, &mut rng).map(Response::Session)
    }

    fn terminal_request(&mut self, now: Instant, request: &TerminalRequest) -> Result<Response, Refusal> {
        match request {
            TerminalRequest::Apply(form) => self.order_terminal(now, form),
            TerminalRequest::State(no, phone) => self.order_state(*no, phone),
            TerminalRequest::Activate { device, code } => self.activate(now, device, code),
        }
    }

    fn answer(&mut self, caller: &Caller<'_>, request: &Request) -> Result<Response, Refusal> {
        match request {
            Request::Merchant(request) => self.merchant_request(caller, request),
            Request::Card(request) => self.card_request(caller, request),
            Request::Unbind(request) => self.unbind_request(caller, request),
            Request::MerchantChange(request) => self.merchant_change_request(caller, request),
            Request::Instant(InstantRequest::Apply { name, number }) => {
                self.apply_for_instant(caller, name, *number)
            }
            Request::Account(request) => self.account_request(caller, request),
            Request::Login { .. } | Request::Logout | Request::Terminal(_) => {
                self.guards.sessions.logout(caller.merchant);
                Ok(Response::Done)
            }
        }
    }

    fn merchant_request(
        &mut self,
        caller: &Caller<'_>,
        request: &MerchantRequest,
    ) -> Result<Response, Refusal> {
        match request {
            MerchantRequest::Show => {
                Ok(Response::Merchant(self.books.merchant(caller.merchant).record.data.clone()))
            }
            MerchantRequest::Edit(data) => self.edit_merchant(caller, data),
        }
    }

    fn card_request(&mut self, caller: &Caller<'_>, request: &CardRequest) -> Result<Response, Refusal> {
        match request {
            CardRequest::List => Ok(self.list_cards(caller)),
            CardRequest::History => Ok(self.card_history(caller)),
            CardRequest::Begin { page, new } => self.begin_change(caller, *page, new),
            CardRequest::SendCode => self.send_change_code(caller),
            CardRequest::Verify(code) => self.verify_change(caller, code),
            CardRequest::Confirmation => self.confirmation(caller),
            CardRequest::Confirm => self.confirm_change(caller),
        }
    }

    fn unbind_request(&mut self, caller: &Caller<'_>, request: &UnbindRequest) -> Result<Response, Refusal> {
        match request {
            UnbindRequest::Begin(card) => self.begin_unbind(caller, *card),
            UnbindRequest::SendCode => self.send_unbind_code(caller),
            UnbindRequest::Verify(proof) => self.verify_unbind(caller, proof),
            UnbindRequest::FaceCheck { has_passed } => self.face_check(caller, *has_passed),
        }
    }

    fn merchant_change_request(
        &mut self,
        caller: &Caller<'_>,
        request: &MerchantChangeRequest,
    ) -> Result<Response, Refusal> {
        match request {
            MerchantChangeRequest::Device(device) => self.device_view(caller, device),
            MerchantChangeRequest::Apply(form) => self.apply_for_merchant_change(caller, form),
            MerchantChangeRequest::Resubmit(no, form) => self.resubmit_merchant_change(caller, *no, form),
        }
    }

    fn account_request(
        &mut self,
        caller: &Caller<'_>,
        request: &AccountRequest,
    ) -> Result<Response, Refusal> {
        match request {
            AccountRequest::Application(no) => {
                self.own_application(caller, *no)?;
                self.application_view(*no)
            }
            AccountRequest::Devices => Ok(self.list_devices(caller)),
            AccountRequest::Transactions => {
                Ok(Response::Transactions(caller.acquirer.transactions(caller.merchant)))
            }
            AccountRequest::Balance => self.balance(caller),
            AccountRequest::Payouts => Ok(self.list_payouts(caller)),
            AccountRequest::Messages => Ok(self.list_messages(caller)),
        }
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
