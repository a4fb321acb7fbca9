//! A portal that comes back: cut anywhere, it is restored from what it has taken in, and goes on as if nothing had been.

use super::portal_rig::*;
use posfleet::{
    iso8583::{BatchNo, MerchantId, ResponseCode, Stan, TerminalId},
    money::Amount,
    portal::*,
    reconcile::Key,
    rng::{Domain, Rng, Seed},
    time::Instant,
};
use std::{collections::BTreeMap, time::Duration};

#[test]
fn a_portal_cut_anywhere_is_restored_and_goes_on_with_equal_answers() {
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in 0..SEEDS {
        let town = Town::grown(seed);
        *seen.entry("cuts").or_default() += town.trace.len();
        for cut in town.cuts.iter() {
            go_on(&town, cut, seed);
            *seen.entry("goings on").or_default() += 1;
        }
        for input in &town.world.inputs {
            *seen.entry(name(&input.act)).or_default() += 1;
            *seen.entry("refused").or_default() += usize::from(input.after.refusal.is_some());
            *seen.entry("host asked").or_default() += usize::from(!input.said.is_empty());
        }
        let repeated =
            town.trace.iter().filter(|done| matches!(&done.deed, Deed::Ask { key, .. } if key == "same"));
        *seen.entry("same key").or_default() += repeated.count();
    }
    // A run in which these did not happen would have shown nothing.
    let least = [
        ("cuts", 15_000),
        ("goings on", 1_200),
        ("pass", 500),
        ("write", 4_000),
        ("login", 300),
        ("review", 300),
        ("approved", 2_000),
        ("undone", 200),
        ("restated", 100),
        ("settled", 400),
        ("alarm", 100),
        ("refused", 1_000),
        ("host asked", 1_000),
        ("same key", 300),
    ];
    for (what, least) in least {
        let times = seen.get(what).copied().unwrap_or_default();
        assert!(times >= least, "{what}: {times} of {least} times; all: {seen:?}");
    }
}

#[test]
fn inputs_of_another_portal_or_in_another_order_are_noticed() {
    let town = Town::grown(1);
    let inputs = &town.world.inputs;
    let restore =
        |portal: &mut Portal, inputs: &[Input]| inputs.iter().try_for_each(|input| portal.restore(input));
    assert_eq!(restore(&mut fresh(1), inputs), Ok(()));
    assert_eq!(restore(&mut fresh(1), &inputs[1..]), Err(Diverged), "one is missing");
    let mut stricter = Rig::with(Rules { change_pause: Duration::ZERO, ..rules() }, 2, MERCHANTS).portal;
    assert_eq!(restore(&mut stricter, inputs), Err(Diverged), "another seed");
    assert_eq!(restore(&mut Rig::with(rules(), 1, 0).portal, inputs), Err(Diverged), "nobody is there");
    let tampered: Vec<Input> = inputs.iter().cloned().map(forget_what_was_said).collect();
    assert_eq!(restore(&mut fresh(1), &tampered), Err(Diverged), "the host said otherwise");
}

#[test]
fn a_read_disturbs_nothing_that_is_kept() {
    let (mut quiet, mut curious) = (Rig::with(moody(), 9, 1), Rig::with(moody(), 9, 1));
    for rig in [&mut quiet, &mut curious] {
        rig.login(merchant(1));
    }
    for _ in 0..20 {
        let _ = curious.ask(Request::Account(AccountRequest::Balance));
        curious.login(merchant(1));
    }
    assert_eq!(curious.inputs, [], "reads and logins with the right password are no inputs");
    for rig in [&mut quiet, &mut curious] {
        rig.change(Page::Account, new_card(1, 1));
        rig.wait(2 * DAY);
    }
    assert!(quiet.portal.books() == curious.portal.books());
    assert_eq!(quiet.inputs.len(), curious.inputs.len());
}

#[test]
fn a_lock_out_a_code_and_a_kept_answer_survive_and_a_session_does_not() {
    let mut rig = Rig::new();
    rig.ask(Request::Card(CardRequest::Begin { page: Page::Account, new: new_card(1, 1) })).unwrap();
    rig.call(rig.session, Some("code"), Request::Card(CardRequest::SendCode)).unwrap();
    for _ in 0..3 {
        let _ = rig.call(None, None, login(merchant(2), "wrong"));
    }
    let (session, now, code) = (rig.session, rig.now, rig.code(1));
    let mut again = Rig::with(quick_rules(), 1, 2);
    rig.inputs.iter().for_each(|input| again.portal.restore(input).unwrap());
    again.now = now;
    let list = Request::Card(CardRequest::List);
    assert_eq!(again.call(session, None, list), Err(Refusal::SessionUnknown));
    let locked = again.call(None, None, login(merchant(2), PASSWORD));
    assert_eq!(locked, Err(Refusal::AccountLocked));
    again.login(merchant(1));
    assert_ne!(again.session, session);
    let until = now + MINUTE;
    let told = again.call(again.session, Some("code"), Request::Card(CardRequest::SendCode));
    assert_eq!(told, Ok(Response::CodeSent { until }), "the answer of the earlier life");
    let mut ask = |key, request| again.call(again.session, Some(key), Request::Card(request));
    assert_eq!(ask("another", CardRequest::SendCode), Err(Refusal::CodeTooSoon));
    assert!(ask("verify", CardRequest::Verify(code)).is_ok());
    assert!(ask("confirm", CardRequest::Confirm).is_ok());
}

/// Lets a restored portal do the rest of a trace, and holds it to what the one that was never cut did.
fn go_on(town: &Town, cut: &Cut, seed: u64) {
    let mut world = cut.world.clone();
    for done in &town.trace[cut.deeds..] {
        let outcome = world.perform(done.at, &done.deed);
        assert_eq!(outcome, done.outcome, "seed {seed}, cut {}: {:?}", cut.deeds, done.deed);
    }
    assert!(world.portal.books() == town.world.portal.books(), "seed {seed}, cut {}", cut.deeds);
    assert_eq!(world.inputs, town.world.inputs[cut.inputs..], "seed {seed}, cut {}", cut.deeds);
}

fn fresh(seed: u64) -> Portal {
    Rig::with(rules(), seed, MERCHANTS).portal
}

fn forget_what_was_said(input: Input) -> Input {
    let said = input.said.into_iter().map(|said| match said {
        Said::Unsettled(amount) => Said::Unsettled(amount + Amount::from_minor(1)),
        Said::OpenBatch(has_one) => Said::OpenBatch(!has_one),
        Said::Status(_) => Said::Status(None),
    });
    Input { said: said.collect(), ..input }
}

fn name(act: &Act) -> &'static str {
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

/// What somebody does with a portal.
#[derive(Clone, Debug)]
enum Deed {
    Login(MerchantId, Password),
    Ask {
        merchant: Option<MerchantId>,
        key: String,
        request: Request,
    },
    Review(ApplicationNo, Decision),
    Sell(Presented),
    Undo(Key, Amount),
    /// What stands of a sale of a settled batch is this.
    Restate(Sale),
    Settle(TerminalId),
    Wait,
}

/// What came of it; of a session only that it was opened, and of a balance that it was asked for, because no two lives
/// draw the same token or mood.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Opened,
    Balance,
    Answer(Result<Response, Refusal>),
    Review(Result<(), Refusal>),
    Sale(Result<(), ResponseCode>),
    Done,
}

struct Done {
    at: Instant,
    deed: Deed,
    outcome: Outcome,
}

/// A portal with its host, its clients and its journal.
#[derive(Clone)]
struct World {
    portal: Portal,
    till: Till,
    sessions: BTreeMap<MerchantId, Token>,
    inputs: Vec<Input>,
}

impl World {
    fn perform(&mut self, at: Instant, deed: &Deed) -> Outcome {
        let outcome = match deed {
            Deed::Login(account, password) => self.login(at, *account, password),
            Deed::Ask { merchant, key, request } => {
                let session = merchant.and_then(|merchant| self.session(at, merchant));
                let key = Some(IdempotencyKey(key.clone()));
                let call = Call { session, key, request: request.clone() };
                match self.portal.handle(at, &self.till, &call) {
                    Ok(Response::Balance(_)) | Err(Refusal::BalanceUnavailable) => Outcome::Balance,
                    answer => Outcome::Answer(answer),
                }
            }
            Deed::Review(no, decision) => {
                Outcome::Review(self.portal.decide(at, &self.till, *no, decision.clone()))
            }
            Deed::Sell(presented) => Outcome::Sale(self.sell(at, presented)),
            Deed::Undo(key, amount) => {
                let open = self.till.open.entry(key.terminal).or_default();
                open.retain(|sale| sale.key != *key);
                self.portal.undone(at, &self.till, *key, *amount);
                Outcome::Done
            }
            Deed::Restate(sale) => {
                self.portal.restated(at, &self.till, sale, true);
                Outcome::Done
            }
            Deed::Settle(terminal) => {
                let sales = self.till.open.remove(terminal).unwrap_or_default();
                self.portal.settled(at, &self.till, *terminal, &sales);
                Outcome::Done
            }
            Deed::Wait => {
                self.portal.timeout(at, &self.till);
                Outcome::Done
            }
        };
        while self.portal.poll_event().is_some() {}
        self.inputs.extend(std::iter::from_fn(|| self.portal.poll_input()));
        outcome
    }

    fn login(&mut self, at: Instant, account: MerchantId, password: &Password) -> Outcome {
        let call = Call { session: None, key: None, request: login(account, password.as_str()) };
        match self.portal.handle(at, &self.till, &call) {
            Ok(Response::Session(token)) => {
                self.sessions.insert(account, token);
                Outcome::Opened
            }
            other => Outcome::Answer(other),
        }
    }

    /// The session of a merchant, who logs in again after a restart.
    fn session(&mut self, at: Instant, merchant: MerchantId) -> Option<Token> {
        if !self.sessions.contains_key(&merchant) {
            self.login(at, merchant, &Password::new(PASSWORD));
        }
        self.sessions.get(&merchant).copied()
    }

    fn sell(&mut self, at: Instant, presented: &Presented) -> Result<(), ResponseCode> {
        let sale = presented.sale;
        self.portal.admit(at, &self.till, presented)?;
        self.till.open.entry(sale.key.terminal).or_default().push(sale);
        self.till.sold.push(sale);
        self.portal.approved(at, &self.till, &sale);
        Ok(())
    }
}

/// A world at one point of a trace, its portal restored from the journal alone.
struct Cut {
    deeds: usize,
    inputs: usize,
    world: World,
}

/// Merchants who do whatever comes to their mind, and beside them a portal that lives on their portal's journal.
struct Town {
    now: Instant,
    rng: Rng,
    world: World,
    restored: Portal,
    trace: Vec<Done>,
    cuts: Vec<Cut>,
    undone: Vec<Sale>,
    keys: u64,
    seed: u64,
}

impl Town {
    fn grown(seed: u64) -> Self {
        let world = World {
            portal: fresh(seed),
            till: Till::default(),
            sessions: BTreeMap::new(),
            inputs: Vec::new(),
        };
        let mut town = Self {
            now: Instant::START,
            rng: Seed(seed).stream(Domain::Fleet, 1, 0),
            world,
            restored: fresh(seed),
            trace: Vec::new(),
            cuts: Vec::new(),
            undone: Vec::new(),
            keys: 0,
            seed,
        };
        while town.restored.poll_event().is_some() {}
        (0..STEPS).for_each(|_| town.step());
        town
    }

    fn step(&mut self) {
        match self.rng.between(0, 13) {
            0..4 => self.sell(),
            4 => self.settle(),
            5 => self.undo(),
            6 => self.review(),
            7..9 => self.pass_time(),
            9..11 => self.change_card(),
            11 => self.unbind(),
            12 => self.visit_counter(),
            _ => self.order_terminal(),
        }
    }

    /// Does something, and holds the portal that lives on the journal to it.
    fn perform(&mut self, deed: Deed) -> Outcome {
        let taken_in = self.world.inputs.len();
        let outcome = self.world.perform(self.now, &deed);
        self.trace.push(Done { at: self.now, deed, outcome: outcome.clone() });
        for input in &self.world.inputs[taken_in..] {
            assert_eq!(self.restored.restore(input), Ok(()), "seed {}: {input:?}", self.seed);
        }
        while self.restored.poll_event().is_some() {}
        assert!(
            self.restored.books() == self.world.portal.books(),
            "seed {}: {:?}",
            self.seed,
            self.trace.len()
        );
        assert!(self.restored.alarms().eq(self.world.portal.alarms()), "seed {}", self.seed);
        if self.seed.is_multiple_of(60) || self.rng.happens(0.06) {
            self.cut();
        }
        outcome
    }

    fn cut(&mut self) {
        let (portal, till) = (self.restored.clone(), self.world.till.clone());
        let world = World { portal, till, sessions: BTreeMap::new(), inputs: Vec::new() };
        self.cuts.push(Cut { deeds: self.trace.len(), inputs: self.world.inputs.len(), world });
    }

    /// Logs somebody in, sometimes after wrong passwords; nobody when that has locked the account.
    fn visitor(&mut self) -> Option<u64> {
        let number = self.rng.between(1, MERCHANTS);
        let account = merchant(number);
        let wrong = if self.rng.happens(0.2) { self.rng.between(1, 3) } else { 0 };
        for _ in 0..wrong {
            self.perform(Deed::Login(account, Password::new("wrong")));
        }
        let opened = self.perform(Deed::Login(account, Password::new(PASSWORD)));
        (opened == Outcome::Opened).then_some(number)
    }

    fn ask(&mut self, number: u64, request: Request) -> Result<Response, Refusal> {
        self.keys += 1;
        let key = if self.rng.happens(0.1) { "same".to_owned() } else { format!("key {}", self.keys) };
        self.ask_as(Some(merchant(number)), key, request)
    }

    fn ask_as(
        &mut self,
        merchant: Option<MerchantId>,
        key: String,
        request: Request,
    ) -> Result<Response, Refusal> {
        let deed = Deed::Ask { merchant, key, request };
        match self.perform(deed) {
            Outcome::Answer(answer) => answer,
            _ => Err(Refusal::BalanceUnavailable),
        }
    }

    fn change_card(&mut self) {
        let Some(number) = self.visitor() else { return };
        let page = if self.rng.happens(0.6) { Page::Account } else { Page::Binding };
        let new = new_card(number, self.rng.between(0, CARDS - 1));
        let _ = self.ask(number, Request::Card(CardRequest::Begin { page, new }));
        let _ = self.ask(number, Request::Card(CardRequest::SendCode));
        self.now += Duration::from_secs(self.rng.between(2, 65));
        let code = self.code(number);
        let _ = self.ask(number, Request::Card(CardRequest::Verify(code)));
        for _ in 0..self.rng.between(1, 2) {
            let _ = self.ask(number, Request::Card(CardRequest::Confirm));
        }
    }

    /// The newest code that has arrived, or a wrong one.
    fn code(&mut self, number: u64) -> Password {
        let phone = phone(number);
        let sms = self.world.portal.sms(self.now, &phone);
        let newest = sms.filter(|sms| sms.topic == Topic::Code).filter_map(|sms| sms.secret.clone()).last();
        newest.filter(|_| self.rng.happens(0.85)).unwrap_or_else(|| Password::new("none"))
    }

    fn unbind(&mut self) {
        let Some(number) = self.visitor() else { return };
        let Ok(Response::Cards(cards)) = self.ask(number, Request::Card(CardRequest::List)) else { return };
        let Some(card) = cards.first().map(|card| card.id) else { return };
        let _ = self.ask(number, Request::Unbind(UnbindRequest::Begin(card)));
        let told = if self.rng.happens(0.8) { "778899" } else { "000000" };
        let proof = Proof::QueryPassword(Password::new(told));
        let _ = self.ask(number, Request::Unbind(UnbindRequest::Verify(proof)));
        let has_passed = self.rng.happens(0.7);
        let _ = self.ask(number, Request::Unbind(UnbindRequest::FaceCheck { has_passed }));
    }

    fn visit_counter(&mut self) {
        let Some(number) = self.visitor() else { return };
        let (name, id) = (data(number).name, merchant(number));
        let request = match self.rng.between(0, 3) {
            0 => Request::Merchant(MerchantRequest::Edit(data(number))),
            1 => Request::Instant(InstantRequest::Apply { name, number: id }),
            2 => Request::Account(AccountRequest::Balance),
            _ => Request::MerchantChange(MerchantChangeRequest::Apply(Box::new(form(number)))),
        };
        let _ = self.ask(number, request);
        let _ = self.ask(number, Request::Account(AccountRequest::Payouts));
    }

    fn order_terminal(&mut self) {
        let number = self.rng.between(1, MERCHANTS);
        let (data, holder, card) = (data(number), holder(number), new_card(number, 3));
        let form = Box::new(TerminalForm { data, holder, card, wanted: TerminalKind::Smart });
        self.keys += 1;
        let key = format!("order {}", self.keys);
        let _ = self.ask_as(None, key.clone(), Request::Terminal(TerminalRequest::Apply(form)));
        let device = SerialNumber(format!("N{:011}", self.rng.between(1, 3)));
        let code = self.code(number);
        let _ = self.ask_as(None, key, Request::Terminal(TerminalRequest::Activate { device, code }));
    }

    fn sell(&mut self) {
        let number = self.rng.between(1, MERCHANTS);
        let mut pair = self.world.portal.pair(&device(number)).expect("the device is bound");
        if self.rng.happens(0.1) {
            pair.terminal = terminal(number % MERCHANTS + 1);
        }
        let (method, _) = Method::ALL[self.rng.between(0, 3) as usize];
        let stan = Stan::new(self.trace.len() as u32 + 1).unwrap();
        let key = Key { terminal: pair.terminal, batch: BatchNo::FIRST, stan };
        let amount = Amount::from_minor(self.rng.between(1, 120_000));
        let (merchant, rrn) = (pair.merchant, format!("{stan:012}").parse().unwrap());
        let sale = Sale { key, merchant, method, amount, rrn, at: 0 };
        let presented = Presented { device: Some(device(number)), sale };
        if self.perform(Deed::Sell(presented)) == Outcome::Sale(Ok(())) {
            self.undone.push(sale);
        }
    }

    fn settle(&mut self) {
        let pair = self.world.portal.pair(&device(self.rng.between(1, MERCHANTS))).unwrap();
        self.perform(Deed::Settle(pair.terminal));
    }

    fn undo(&mut self) {
        let Some(sale) = self.undone.pop() else { return };
        let part = Amount::from_minor(self.rng.between(1, sale.amount.minor()));
        self.perform(Deed::Undo(sale.key, part));
        if self.rng.happens(0.5) {
            let amount = Amount::from_minor(self.rng.between(0, sale.amount.minor()));
            self.perform(Deed::Restate(Sale { amount, ..sale }));
        }
    }

    fn review(&mut self) {
        self.perform(Deed::Wait);
        let pending = self.world.portal.pending_reviews().next().map(|(no, _)| no);
        let is_good = self.rng.happens(0.75);
        let decision = if is_good { Decision::Approve } else { Decision::Reject("no".to_owned()) };
        self.perform(Deed::Review(pending.unwrap_or(ApplicationNo(1)), decision));
    }

    fn pass_time(&mut self) {
        let longest = [60, 3_600, 86_400][self.rng.between(0, 2) as usize];
        self.now += Duration::from_secs(self.rng.between(0, longest));
        if self.rng.happens(0.5) {
            self.perform(Deed::Wait);
        }
    }
}

fn form(number: u64) -> MerchantChangeForm {
    MerchantChangeForm {
        device: device(number),
        old_merchant: merchant(number),
        data: data(MERCHANTS + 1),
        holder: holder(MERCHANTS + 1),
        licence: "licence.jpg".to_owned(),
        documents: vec!["identity.jpg".to_owned()],
        reason: "sold the shop".to_owned(),
    }
}

/// Chance decides how long things take and whether balances are told, and nothing else.
fn moody() -> Rules {
    let card_review = Review::ByMachine { after: Delay::seconds(60, 3_600), rejects: 0.0 };
    Rules {
        balance_unavailable: 0.4,
        effective_after: Delay::seconds(0, 1_800),
        card_review,
        ..quick_rules()
    }
}

/// Everything that chance can decide is decided by chance.
fn rules() -> Rules {
    let by_machine = |least, most| Review::ByMachine { after: Delay::seconds(least, most), rejects: 0.2 };
    let mut rules = Rules {
        card_review: by_machine(60, 3_600),
        merchant_review: by_machine(600, 7_200),
        terminal_review: by_machine(60, 600),
        terminal_step: Delay::seconds(60, 3_600),
        instant_review: Review::ByHand,
        change_pause: HOUR,
        balance_unavailable: 0.4,
        ..Rules::default()
    };
    rules.session.idle = 100 * DAY;
    rules.sms.arrives_after = Delay::seconds(0, 20);
    rules.payout.late = 0.2;
    rules.payout.instant_after = Delay::seconds(1, 3_600);
    rules.unbind.hours = 0..24;
    rules.unbind.open_payouts = OpenPayouts::PayFirst;
    (rules.unbind.medium_risk, rules.unbind.high_risk) = (0.3, 0.1);
    rules
}

const SEEDS: u64 = 300;
const STEPS: usize = 40;
const MERCHANTS: u64 = 4;
