//! The portal under random merchants, reviewers and clocks: its history stays clean, and a tampered one does not.

use super::portal_rig::*;
use posfleet::{
    iso8583::MerchantId,
    money::Amount,
    portal::*,
    rng::{Domain, Rng, Seed},
    time::Instant,
};
use std::{collections::BTreeMap, time::Duration};

#[test]
fn no_interleaving_breaks_the_invariants() {
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in 0..SEEDS {
        let mut town = Town::new(seed);
        (0..STEPS).for_each(|_| town.step());
        town.close();
        let findings = town.rig.findings();
        assert!(findings.is_empty(), "seed {seed}: {findings:?}");
        town.check_sums(seed);
        for line in town.rig.portal.history() {
            *seen.entry(name(&line.fact)).or_default() += 1;
        }
        *seen.entry("refused").or_default() += town.refused;
        *seen.entry("repeated").or_default() += town.repeated;
    }
    // A run in which these did not happen would have shown nothing.
    for (what, least) in [
        ("bound", 2_000),
        ("binding ended", 500),
        ("card ended", 600),
        ("closed", 3_000),
        ("paid", 2_000),
        ("recovered", 300),
        ("held", 200),
        ("released", 100),
        ("delayed", 200),
        ("refused", 10_000),
        ("repeated", 2_000),
    ] {
        let times = seen.get(what).copied().unwrap_or_default();
        assert!(times >= least, "{what}: {times} of {least} times; all: {seen:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let run = |seed| {
        let mut town = Town::new(seed);
        (0..STEPS).for_each(|_| town.step());
        town.rig.portal.history().to_vec()
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}

/// Every kind of tampering that there is a finding for, made to a clean history.
#[test]
fn a_tampered_history_is_found() {
    let (clean, until) = eventful();
    assert_eq!(audit(&clean, until), []);
    type Tamper = fn(&mut Vec<Line>);
    type Expected = fn(&Finding) -> bool;
    let cases: [(&str, Tamper, Expected); 17] = [
        ("the old card is paid", |h| repay(h, CardId(1)), |f| matches!(f, Finding::PaidToOldCard(_))),
        (
            "a card that is never effective is paid",
            |h| repay(h, CardId(99)),
            |f| matches!(f, Finding::PaidToNewCard(_)),
        ),
        ("paid before the effective instant", |h| pay_early(h), |f| matches!(f, Finding::PaidToNewCard(_))),
        ("paid twice", |h| double(h, "paid"), |f| matches!(f, Finding::PaidTwice(_))),
        ("never paid", |h| drop_last(h, "paid"), |f| matches!(f, Finding::Lost(_))),
        ("paid too much", |h| pay_more(h), |f| matches!(f, Finding::WrongAmount(_))),
        ("paid to another merchant", |h| pay_other(h), |f| matches!(f, Finding::NotOrdered(_))),
        ("ordered twice", |h| double(h, "ordered"), |f| matches!(f, Finding::PaidTwice(_))),
        ("cleared twice", |h| double(h, "cleared"), |f| matches!(f, Finding::ClearedTwice(_))),
        ("kept without cause", |h| drop_last(h, "taken back"), |f| matches!(f, Finding::KeptTooMuch(_))),
        ("released twice", |h| double(h, "released"), |f| matches!(f, Finding::ReleasedTwice(_))),
        ("paid without a release", |h| drop_last(h, "released"), |f| matches!(f, Finding::PaidWhileHeld(_))),
        ("never released", drop_release_and_payout, |f| matches!(f, Finding::NotReleased(_))),
        ("two codes", |h| drop_last(h, "binding ended"), |f| matches!(f, Finding::TwoCodes(_))),
        ("no code for a moment", |h| delay_last(h, "bound"), |f| matches!(f, Finding::NoCode(_))),
        ("an application twice", |h| double(h, "submitted"), |f| matches!(f, Finding::DoubledApplication(_))),
        ("two cards", |h| drop_last(h, "card ended"), |f| matches!(f, Finding::TwoCards(_))),
    ];
    for (what, tamper, expected) in cases {
        let mut history = clean.clone();
        tamper(&mut history);
        let findings = audit(&history, until + DAY);
        assert!(findings.iter().any(expected), "{what}: {findings:?}");
    }
}

#[test]
fn shared_codes_wrong_ends_and_causeless_holds_are_found() {
    let (clean, until) = eventful();
    let with = |fact: Fact| {
        let mut history = clean.clone();
        history.push(Line { at: until, fact });
        audit(&history, until)
    };
    let pair = Pair { terminal: terminal(2), merchant: merchant(2) };
    let shared = Fact::Bound { device: SerialNumber("other".to_owned()), pair };
    assert_eq!(with(shared), [Finding::SharedCode(terminal(2))]);
    let line = clean.len();
    let ended = Fact::BindingEnded { device: device(1), pair };
    assert_eq!(with(ended), [Finding::EndedNothing(line)]);
    let ended = Fact::CardEnded { merchant: merchant(2), card: CardId(1) };
    assert_eq!(with(ended), [Finding::EndedNothing(line)]);
    let payout = PayoutNo(77);
    let mut history = clean.clone();
    let ordered = Fact::Ordered { payout, merchant: merchant(2), due: until };
    history.extend([ordered, Fact::Held { payout }].map(|fact| Line { at: until, fact }));
    assert_eq!(audit(&history, until), [Finding::HeldWithoutCause(payout)]);
    assert_eq!(with(Fact::Held { payout }), [Finding::NotOrdered(payout)]);
    let mut history = clean.clone();
    history[line - 1].at = Instant::START;
    assert!(audit(&history, until).contains(&Finding::OutOfOrder(line - 1)));
}

/// A history with everything in it that can be tampered with, and when it ends.
fn eventful() -> (Vec<Line>, Instant) {
    let mut rig = Rig::new();
    let (name, number) = ("Shop 1".to_owned(), merchant(1));
    let no = rig.application(Request::Instant(InstantRequest::Apply { name, number }));
    rig.decide(no, Decision::Approve).unwrap();
    let sale = rig.sell(&device(1), Method::Credit, 1_000).unwrap();
    rig.wait(MINUTE);
    rig.portal.undone(rig.now, &rig.till, sale.key, sale.amount);
    rig.sell(&device(1), Method::Credit, 10_000).unwrap();
    rig.wait(MINUTE);
    rig.settle(terminal(1));

    rig.login(merchant(2));
    rig.ask(Request::Unbind(UnbindRequest::Begin(CardId(2)))).unwrap();
    let proof = Proof::QueryPassword(Password::new("778899"));
    rig.ask(Request::Unbind(UnbindRequest::Verify(proof))).unwrap();
    rig.sell(&device(2), Method::Credit, 10_000).unwrap();
    rig.settle(terminal(2));
    rig.wait(DAY);
    rig.ask(Request::Card(CardRequest::Begin { page: Page::Binding, new: new_card(2, 1) })).unwrap();
    rig.ask(Request::Card(CardRequest::SendCode)).unwrap();
    let code = rig.code(2);
    rig.ask(Request::Card(CardRequest::Verify(code))).unwrap();
    rig.application(Request::Card(CardRequest::Confirm));
    rig.wait(HOUR);

    rig.login(merchant(1));
    rig.application(Request::MerchantChange(MerchantChangeRequest::Apply(Box::new(form(
        device(1),
        merchant(1),
    )))));
    let (no, _) = rig.portal.pending_reviews().next().unwrap();
    rig.decide(no, Decision::Approve).unwrap();
    rig.change(Page::Account, new_card(1, 1));
    rig.wait(HOUR);
    let key = posfleet::reconcile::Key { stan: posfleet::iso8583::Stan::new(900).unwrap(), ..sale.key };
    let late = Sale { key, amount: Amount::from_minor(500), ..sale };
    rig.portal.approved(rig.now, &rig.till, &late);
    rig.wait(MINUTE);
    (rig.portal.history().to_vec(), rig.now)
}

fn last(history: &[Line], what: &str) -> usize {
    history.iter().rposition(|line| name(&line.fact) == what).expect("the history is eventful")
}

fn double(history: &mut Vec<Line>, what: &str) {
    let at = last(history, what);
    history.insert(at, history[at].clone());
}

fn drop_last(history: &mut Vec<Line>, what: &str) {
    let at = last(history, what);
    history.remove(at);
}

fn delay_last(history: &mut [Line], what: &str) {
    let at = last(history, what);
    history[at].at += Duration::from_nanos(1);
}

fn drop_release_and_payout(history: &mut Vec<Line>) {
    let at = last(history, "released");
    history.drain(at..at + 2);
}

/// Says that the last payout went to that card.
fn repay(history: &mut [Line], to: CardId) {
    let at = last(history, "paid");
    if let Fact::Paid { card, .. } = &mut history[at].fact {
        *card = to;
    }
}

/// Says that the first payout went to the card that is effective later.
fn pay_early(history: &mut [Line]) {
    let at = history.iter().position(|line| name(&line.fact) == "paid").unwrap();
    let Fact::Paid { card: later, .. } = history[last(history, "paid")].fact else { unreachable!() };
    if let Fact::Paid { card, .. } = &mut history[at].fact {
        *card = later;
    }
}

fn pay_more(history: &mut [Line]) {
    let at = last(history, "paid");
    if let Fact::Paid { amount, .. } = &mut history[at].fact {
        *amount += Amount::from_minor(1);
    }
}

fn pay_other(history: &mut [Line]) {
    let at = last(history, "paid");
    if let Fact::Paid { merchant: to, .. } = &mut history[at].fact {
        *to = merchant(2);
    }
}

fn name(fact: &Fact) -> &'static str {
    match fact {
        Fact::Bound { .. } => "bound",
        Fact::BindingEnded { .. } => "binding ended",
        Fact::CardEffective { .. } => "card effective",
        Fact::CardEnded { .. } => "card ended",
        Fact::Submitted { .. } => "submitted",
        Fact::Closed { .. } => "closed",
        Fact::Ordered { .. } => "ordered",
        Fact::Cleared { .. } => "cleared",
        Fact::TakenBack { .. } => "taken back",
        Fact::Supplemented { .. } => "supplemented",
        Fact::Delayed { .. } => "delayed",
        Fact::Held { .. } => "held",
        Fact::Released { .. } => "released",
        Fact::Paid { recovered: Amount::ZERO, .. } => "paid",
        Fact::Paid { .. } => "recovered",
    }
}

/// A request that changed something, or was refused.
#[derive(Clone)]
struct Asked {
    session: Option<Token>,
    key: String,
    request: Request,
    answer: Result<Response, Refusal>,
}

/// Merchants who do whatever comes to their mind.
struct Town {
    rig: Rig,
    rng: Rng,
    /// Merchant number in the test's numbering, account, password.
    accounts: Vec<(u64, MerchantId, Password)>,
    devices: Vec<SerialNumber>,
    undone: Vec<Sale>,
    /// Events that were looked at.
    seen: usize,
    last: Option<Asked>,
    calls: u64,
    is_thorough: bool,
    refused: usize,
    repeated: usize,
}

impl Town {
    fn new(seed: u64) -> Self {
        let rig = Rig::with(rules(), seed, MERCHANTS);
        let accounts = (1..=MERCHANTS).map(|number| (number, merchant(number), Password::new(PASSWORD)));
        Self {
            rig,
            rng: Seed(seed).stream(Domain::Fleet, 0, 0),
            accounts: accounts.collect(),
            devices: (1..=MERCHANTS).map(device).collect(),
            undone: Vec::new(),
            seen: 0,
            last: None,
            calls: 0,
            is_thorough: seed.is_multiple_of(20),
            refused: 0,
            repeated: 0,
        }
    }

    fn step(&mut self) {
        match self.rng.between(0, 19) {
            0..5 => self.sell(),
            5 => self.settle(),
            6 => self.undo(),
            7..9 => self.decide(),
            9..12 => self.pass_time(),
            12 => self.repeat(),
            13..16 => self.change_card(),
            16..18 => self.unbind(),
            18 => self.change_merchant(),
            _ => self.edit_or_apply(),
        }
        self.learn();
    }

    /// Weeks go by, and everybody binds a card at last.
    fn close(&mut self) {
        self.rig.wait(60 * DAY);
        for _ in 0..30 {
            let mut is_complete = true;
            for (number, account, password) in self.accounts.clone() {
                self.login(account, &password);
                if self.own_cards().is_empty() {
                    is_complete = false;
                    let page = Page::Binding;
                    self.ask(Request::Card(CardRequest::Begin { page, new: new_card(number, 1) })).unwrap();
                    self.rig.wait(MINUTE);
                    // Codes come late or wrong here too.
                    let _ = self.verify_and_confirm();
                }
            }
            self.rig.wait(3 * DAY);
            if is_complete {
                break;
            }
        }
    }

    fn sell(&mut self) {
        let device = self.pick_device();
        let (method, _) = Method::ALL[self.rng.between(0, 3) as usize];
        let minor = self.rng.between(1, 120_000);
        let Ok(sale) = self.rig.sell(&device, method, minor) else { return };
        self.undone.push(sale);
        if self.rng.happens(0.1) {
            self.rig.portal.approved(self.rig.now, &self.rig.till, &sale);
        }
    }

    fn settle(&mut self) {
        let device = self.pick_device();
        let pair = self.rig.portal.pair(&device).unwrap();
        self.rig.settle(pair.terminal);
    }

    /// A void of what stands in an open batch, or a refund of what does not.
    fn undo(&mut self) {
        if self.undone.is_empty() {
            return;
        }
        let at = self.rng.between(0, self.undone.len() as u64 - 1) as usize;
        let sale = self.undone.swap_remove(at);
        let part = Amount::from_minor(self.rng.between(1, sale.amount.minor()));
        let open = self.rig.till.open.entry(sale.key.terminal).or_default();
        let before = open.len();
        open.retain(|other| other.key != sale.key);
        let amount = if open.len() < before { sale.amount } else { part };
        self.rig.portal.undone(self.rig.now, &self.rig.till, sale.key, amount);
    }

    fn decide(&mut self) {
        self.rig.wait(Duration::ZERO);
        let pending: Vec<ApplicationNo> = self.rig.portal.pending_reviews().map(|(no, _)| no).collect();
        let Some(no) = pending.get(self.rng.between(0, pending.len() as u64) as usize) else { return };
        let is_good = self.rng.happens(0.75);
        let decision = if is_good { Decision::Approve } else { Decision::Reject("no".to_owned()) };
        self.rig.decide(*no, decision).unwrap();
    }

    /// The clock goes on, and sometimes nobody tells the portal.
    fn pass_time(&mut self) {
        let longest = [60, 3_600, 86_400][self.rng.between(0, 2) as usize];
        let time = Duration::from_secs(self.rng.between(0, longest));
        if self.rng.happens(0.5) { self.rig.wait(time) } else { self.rig.now += time }
    }

    /// The last request arrives once more, and is answered as before.
    fn repeat(&mut self) {
        let Some(Asked { session, key, request, answer }) = self.last.clone() else { return };
        let lines = self.rig.portal.history().len();
        self.rig.wait(Duration::ZERO);
        let due = self.rig.portal.history().len() - lines;
        let again = self.rig.call(session, Some(&key), request);
        if again != Err(Refusal::SessionUnknown) && again != Err(Refusal::SessionExpired) {
            assert_eq!(again, answer);
            self.repeated += 1;
        }
        assert_eq!(self.rig.portal.history().len(), lines + due, "a repeated request was done again");
    }

    fn change_card(&mut self) {
        let (number, account, password) = self.pick_account();
        self.login(account, &password);
        let card = self.rng.between(0, CARDS - 1);
        let (own, shown) = (self.own_cards(), self.rng.between(1, 2 * MERCHANTS) as u32);
        let own = own.first().copied().unwrap_or(CardId(shown));
        let page = match self.rng.between(0, 3) {
            0 => Page::Account,
            1 => Page::Card(own),
            2 => Page::Card(CardId(shown)),
            _ => Page::Binding,
        };
        let begun = self.ask(Request::Card(CardRequest::Begin { page, new: new_card(number, card) }));
        if begun.is_err() || self.rng.happens(0.1) {
            return;
        }
        let _ = self.verify_and_confirm();
    }

    /// With the newest code that has arrived, after a time that may be too long or too short.
    fn verify_and_confirm(&mut self) -> Result<Response, Refusal> {
        let _ = self.ask(Request::Card(CardRequest::SendCode));
        self.rig.now += Duration::from_secs(self.rng.between(2, 65));
        let phone = self.data().phone;
        let code = self.rig.secret(&phone, Topic::Code).unwrap_or_else(|| Password::new("none"));
        let _ = self.ask(Request::Card(CardRequest::Verify(code)));
        self.ask(Request::Card(CardRequest::Confirm))
    }

    fn unbind(&mut self) {
        let (_, account, password) = self.pick_account();
        self.login(account, &password);
        let own = self.own_cards();
        let Some(card) = own.get(self.rng.between(0, own.len() as u64) as usize) else { return };
        let _ = self.ask(Request::Unbind(UnbindRequest::Begin(*card)));
        let told = if self.rng.happens(0.8) { "778899" } else { "wrong" };
        let proof = Proof::QueryPassword(Password::new(told));
        let answer = self.ask(Request::Unbind(UnbindRequest::Verify(proof)));
        if answer == Ok(Response::Unbind(UnbindStep::FaceCheck)) {
            let has_passed = self.rng.happens(0.5);
            let _ = self.ask(Request::Unbind(UnbindRequest::FaceCheck { has_passed }));
        }
    }

    fn change_merchant(&mut self) {
        let device = self.pick_device();
        let pair = self.rig.portal.pair(&device).unwrap();
        let known = self.accounts.iter().find(|(_, account, _)| *account == pair.merchant);
        let Some((_, account, password)) = known.cloned() else { return };
        self.login(account, &password);
        let form = Box::new(form(device, account));
        let no = ApplicationNo(self.rng.between(1, 40));
        let again = self.rng.happens(0.3);
        let request = if again {
            MerchantChangeRequest::Resubmit(no, form)
        } else {
            MerchantChangeRequest::Apply(form)
        };
        let _ = self.ask(Request::MerchantChange(request));
    }

    fn edit_or_apply(&mut self) {
        let (number, account, password) = self.pick_account();
        self.login(account, &password);
        let request = match self.rng.between(0, 2) {
            0 => {
                let address = "1 New Street".to_owned();
                let edited = MerchantData { address, ..self.data() };
                Request::Merchant(MerchantRequest::Edit(edited))
            }
            1 => {
                let data = MerchantData { phone: phone(500 + number), ..data(number) };
                let (holder, card) = (holder(number), new_card(number, CARDS - 1));
                let form = TerminalForm { data, holder, card, wanted: TerminalKind::ESign };
                Request::Terminal(TerminalRequest::Apply(Box::new(form)))
            }
            _ => {
                let name = self.data().name;
                Request::Instant(InstantRequest::Apply { name, number: account })
            }
        };
        let _ = self.ask(request);
        self.activate(number);
    }

    /// Tries the newest activation code of an applicant on the next devices of the store.
    fn activate(&mut self, number: u64) {
        let Some(code) = self.rig.secret(&phone(500 + number), Topic::Code) else { return };
        for device in 1..=MERCHANTS {
            let device = SerialNumber(format!("N{device:011}"));
            let request = TerminalRequest::Activate { device: device.clone(), code: code.clone() };
            if self.ask(Request::Terminal(request)).is_ok() {
                self.devices.push(device);
            }
        }
    }

    /// Asks with a key of its own, and sees to it that a refusal changes nothing.
    fn ask(&mut self, request: Request) -> Result<Response, Refusal> {
        self.calls += 1;
        self.rig.wait(Duration::ZERO);
        let key = format!("town {}", self.calls);
        let lines = self.rig.portal.history().len();
        let books = self.is_thorough.then(|| self.rig.portal.books().clone());
        let answer = self.rig.call(self.rig.session, Some(&key), request.clone());
        if answer.is_err() {
            self.refused += 1;
            assert_eq!(self.rig.portal.history().len(), lines, "{answer:?}");
            assert!(books.is_none_or(|books| books == *self.rig.portal.books()), "{answer:?} to {request:?}");
        }
        if request.is_write() {
            let (session, answer) = (self.rig.session, answer.clone());
            self.last = Some(Asked { session, key, request, answer });
        }
        answer
    }

    /// Takes the first passwords of merchants that have come to be; they are told in the order of the bindings.
    fn learn(&mut self) {
        let new = self.rig.events[self.seen..].iter().filter_map(|event| match event {
            Event::BindingChanged { from: Some(_), to, .. } => Some(to.merchant),
            _ => None,
        });
        let new: Vec<MerchantId> = new.collect();
        self.seen = self.rig.events.len();
        let phone = phone(900);
        let welcomes = self.rig.portal.sms(Instant::NEVER, &phone).filter(|sms| sms.topic == Topic::Welcome);
        let secrets: Vec<Password> = welcomes.filter_map(|sms| sms.secret.clone()).collect();
        let newest = &secrets[secrets.len() - new.len()..];
        self.accounts
            .extend(new.iter().zip(newest).map(|(account, secret)| (MERCHANTS, *account, secret.clone())));
    }

    fn login(&mut self, account: MerchantId, password: &Password) {
        let answer = self.rig.call(None, None, login(account, password.as_str()));
        let Ok(Response::Session(token)) = answer else { panic!("{answer:?}") };
        self.rig.session = Some(token);
    }

    fn data(&mut self) -> MerchantData {
        let answer = self.ask(Request::Merchant(MerchantRequest::Show));
        let Ok(Response::Merchant(data)) = answer else { panic!("{answer:?}") };
        data
    }

    fn own_cards(&mut self) -> Vec<CardId> {
        let answer = self.ask(Request::Card(CardRequest::List));
        let Ok(Response::Cards(cards)) = answer else { panic!("{answer:?}") };
        cards.iter().map(|card| card.id).collect()
    }

    fn pick_device(&mut self) -> SerialNumber {
        self.devices[self.rng.between(0, self.devices.len() as u64 - 1) as usize].clone()
    }

    fn pick_account(&mut self) -> (u64, MerchantId, Password) {
        self.accounts[self.rng.between(0, self.accounts.len() as u64 - 1) as usize].clone()
    }

    /// What merchants see of their money is what the history says was cleared, kept back and paid.
    fn check_sums(&mut self, seed: u64) {
        let facts = self.rig.portal.history().iter().map(|line| &line.fact);
        let (mut cleared, mut paid, mut kept) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
        for fact in facts {
            match fact {
                Fact::Cleared { net, .. } => cleared += *net,
                Fact::Paid { amount, recovered, .. } => {
                    paid += *amount;
                    kept += *recovered;
                }
                _ => {}
            }
        }
        let told = self.rig.events.iter().map(|event| match event {
            Event::Payout { amount, .. } => *amount,
            _ => Amount::ZERO,
        });
        assert_eq!(told.sum::<Amount>(), paid, "seed {seed}: the host was told of other payouts");
        for (_, account, password) in self.accounts.clone() {
            self.login(account, &password);
            let answer = self.ask(Request::Account(AccountRequest::Balance));
            let Ok(Response::Balance(view)) = answer else { panic!("{answer:?}") };
            assert_eq!(view.on_its_way, Amount::ZERO, "seed {seed}: a payout is late by weeks");
            assert_eq!(view.held, Amount::ZERO, "seed {seed}: a payout is held although there is a card");
        }
        assert_eq!(paid + kept, cleared, "seed {seed}: what was cleared is not what was paid and kept back");
    }
}

fn form(device: SerialNumber, old_merchant: MerchantId) -> MerchantChangeForm {
    MerchantChangeForm {
        device,
        old_merchant,
        data: MerchantData { phone: phone(900), ..data(MERCHANTS) },
        holder: holder(MERCHANTS),
        licence: "licence.jpg".to_owned(),
        documents: vec!["identity.jpg".to_owned()],
        reason: "sold the shop".to_owned(),
    }
}

fn rules() -> Rules {
    let seconds = Delay::seconds;
    let by_machine = |least, most| Review::ByMachine { after: seconds(least, most), rejects: 0.2 };
    let mut rules = Rules {
        card_review: by_machine(300, 7_200),
        merchant_review: by_machine(600, 86_400),
        terminal_step: seconds(3_600, 86_400),
        change_pause: DAY,
        key_valid_for: 10_000 * DAY,
        instant_review: Review::ByHand,
        ..Rules::default()
    };
    rules.sms.arrives_after = seconds(0, 30);
    rules.payout.late = 0.2;
    rules.payout.instant_after = seconds(1, 3_600);
    rules.unbind.open_payouts = OpenPayouts::PayFirst;
    rules.unbind.cooling_off = HOUR;
    (rules.unbind.medium_risk, rules.unbind.high_risk) = (0.3, 0.05);
    rules
}

const SEEDS: u64 = 300;
const STEPS: usize = 250;
const MERCHANTS: u64 = 8;
