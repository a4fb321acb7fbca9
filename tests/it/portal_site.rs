//! A host that serves its portal over a real socket, and one merchant's client in front of it.
//!
//! Every answer is held to the OpenAPI document: its status must stand there.

use crate::{
    browser::{Answer, Browser},
    tcp_till::{self, Till},
};
use posfleet::{
    directory::{Directory, Entry},
    driver::{Clock, HostServer},
    host::{Config, Host, Outbox, PortalSetup},
    portal::{ApplicationNo, Books, Decision, Delay, Phone, Portal, Refusal, Review, Rules, Settlement},
    rng::Seed,
    scenario::Plan,
    time::{DateTime, Instant, WallClock},
    web::{self, Fault, WebLimits, WebServer},
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::{Duration, Instant as Moment},
};

pub struct PortalSite {
    pub directory: Directory,
    plan: Plan,
    host: HostServer,
    web: WebServer,
    runtime: tokio::runtime::Runtime,
    browser: Browser,
    pub token: Option<String>,
    keys: u64,
    passed: Duration,
}

impl PortalSite {
    pub fn open() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut PortalSetup)) -> Self {
        Self::within(WebLimits::default(), change)
    }

    /// Merchants of the numbers of [`PLAN`], each with a terminal and a card, at ten in the morning.
    pub fn within(limits: WebLimits, change: impl FnOnce(&mut PortalSetup)) -> Self {
        let mut plan = tcp_till::plan(PLAN);
        Arc::make_mut(&mut plan.groups[0].profile).tells_device = true;
        let directory = Directory::new(Seed(7));
        let mut setup = PortalSetup { rules: quick_rules(), directory, settlement: Settlement::NextDay };
        change(&mut setup);
        let morning = DateTime { hour: 10, month: 3, day: 2, ..DateTime::new_year(2026) };
        let wall = WallClock::starting_at(morning.to_unix());
        let config = Config { portal: Some(setup), clock: wall, seed: Seed(7), ..plan.host.clone() };
        let host = HostServer::start(Host::new(config), ANY.parse().unwrap(), Clock::start()).unwrap();
        let web = WebServer::start_with(limits, host.counter(), wall, ANY.parse().unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let browser = Browser::connect(web.address());
        Self { directory, plan, host, web, runtime, browser, token: None, keys: 0, passed: Duration::ZERO }
    }

    pub fn address(&self) -> SocketAddr {
        self.web.address()
    }

    /// The terminals, on sockets of their own; they tell the host of their devices.
    pub fn tills(&self) -> Vec<Till> {
        tcp_till::tills(&self.plan, self.host.address())
    }

    /// Stops the web server and the host, and returns how long the former took.
    pub fn close(self) -> Duration {
        let began = Moment::now();
        self.web.stop();
        let took = began.elapsed();
        self.host.stop();
        took
    }

    pub fn host_stops(self) -> (WebServer, Browser) {
        self.host.stop();
        (self.web, self.browser)
    }

    pub fn log_in(&mut self, number: u64) {
        let entry = self.entry(number);
        let login = json!({ "account": merchant(number), "password": entry.password });
        self.token = Some(self.ask("POST", "/sessions", login).is(201).text("/token"));
    }

    pub fn entry(&self, number: u64) -> Entry {
        self.directory.entry(merchant(number).parse().unwrap())
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null)
    }

    /// Asks with the session and a key of its own.
    pub fn ask(&mut self, method: &str, path: &str, body: Value) -> Answer {
        self.keys += 1;
        let key = format!("key {}", self.keys);
        self.ask_with_key(&key, method, path, body)
    }

    pub fn ask_with_key(&mut self, key: &str, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body).unwrap() };
        let token = format!("Bearer {}", self.token.as_deref().unwrap_or_default());
        let mut headers = vec![("Idempotency-Key", key), ("Content-Type", "application/json")];
        if self.token.is_some() {
            headers.push(("Authorization", &token));
        }
        self.send(method, path, &headers, &body)
    }

    /// Sends just this.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let answer = self.browser.ask(method, path, headers, body);
        if answer.header("connection") == Some("close") {
            self.browser = Browser::connect(self.web.address());
        }
        check_documented(method, path, &answer);
        answer
    }

    /// Asks for something that must be refused, and holds the portal to it that nothing has changed.
    #[track_caller]
    pub fn refuse(&mut self, method: &str, path: &str, body: Value, refusal: Refusal) -> Answer {
        let before = self.books();
        let answer = self.ask(method, path, body);
        assert!(self.books() == before, "{refusal} changed the books");
        check_refusal(&answer, refusal);
        answer
    }

    /// The newest code that has arrived at the phone of a merchant.
    pub fn code(&mut self, number: u64) -> String {
        let phone = self.entry(number).phone;
        if self.passed > Duration::ZERO {
            self.newest_secret(&phone)
        } else {
            self.newest_code(&phone, "code")
        }
    }

    /// The newest code that was sent to a phone, also one that arrives later by the host's clock, as those do that are
    /// sent once time was let pass.
    pub fn newest_secret(&self, phone: &str) -> String {
        let phone = Phone::new(phone);
        self.at_host(move |host, _, _| {
            let sent = host.portal().unwrap().sms(Instant::NEVER, &phone);
            sent.filter_map(|sms| sms.secret.clone()).last().unwrap().as_str().to_owned()
        })
    }

    pub fn newest_code(&mut self, phone: &str, topic: &str) -> String {
        let inbox = self.get(&format!("/simulator/inbox/{phone}")).is(200);
        let messages = inbox.body["messages"].as_array().unwrap().clone();
        let about =
            messages.iter().rev().find(|message| message["topic"] == topic && message["code"] != Value::Null);
        about.unwrap()["code"].as_str().unwrap().to_owned()
    }

    pub fn decide(&self, application: &str, decision: Decision) -> Result<(), Refusal> {
        let no = application.strip_prefix('A').unwrap().parse().unwrap();
        self.at_host(move |host, now, out| host.review(now, ApplicationNo(no), decision, out))
    }

    pub fn approve(&self, application: &str) {
        self.decide(application, Decision::Approve).unwrap();
    }

    /// Lets time pass at the portal, besides the time that passes by itself.
    pub fn pass(&mut self, time: Duration) {
        self.passed += time;
        let passed = self.passed;
        self.at_host(move |host, now, out| {
            let nobody = host.review(now + passed, ApplicationNo(0), Decision::Approve, out);
            assert_eq!(nobody, Err(Refusal::ApplicationUnknown));
        });
    }

    pub fn books(&self) -> Books {
        self.at_host(|host, _, _| host.portal().map(|portal: &Portal| portal.books().clone()).unwrap())
    }

    pub fn at_host<T: Send + 'static>(
        &self,
        visit: impl FnOnce(&mut Host, Instant, &mut Outbox) -> T + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.host.counter().ask(visit)).unwrap()
    }

    /// A card of a merchant's holder as it is sent.
    pub fn card(&self, number: u64, pan: impl ToString) -> Value {
        let entry = self.entry(number);
        json!({ "pan": pan.to_string(), "holder": entry.holder, "bank": entry.bank, "phone": entry.phone })
    }

    pub fn spare(&self, number: u64, spare: u64) -> Value {
        self.card(number, self.entry(number).spare(spare).as_str())
    }

    /// A change of card up to its confirmation; returns its application.
    #[track_caller]
    pub fn change_card(&mut self, number: u64, begin: Value) -> Answer {
        self.begin_verified(number, begin);
        self.ask("POST", "/card-changes/current/confirmation", Value::Null).is(201)
    }

    #[track_caller]
    pub fn begin_verified(&mut self, number: u64, begin: Value) {
        self.ask("POST", "/card-changes", begin).is(204);
        self.ask("POST", "/card-changes/current/code", Value::Null).is(202);
        let code = self.code(number);
        self.ask("POST", "/card-changes/current/verification", json!({ "code": code })).is(200);
    }
}

/// Checks status, code and texts.
#[track_caller]
pub fn check_refusal(answer: &Answer, refusal: Refusal) {
    let told = json!({
        "code": refusal.code(),
        "message": refusal.english(),
        "english": refusal.english(),
        "chinese": refusal.chinese(),
    });
    assert_eq!((answer.status, &answer.body), (web::status(refusal), &told), "{refusal:?}");
}

#[track_caller]
pub fn check_fault(answer: &Answer, fault: Fault, place: Option<&str>) {
    let mut told = json!({
        "code": fault.code(),
        "message": fault.english(),
        "english": fault.english(),
        "chinese": fault.chinese(),
    });
    if let Some(place) = place {
        told["place"] = place.into();
    }
    assert_eq!((answer.status, &answer.body), (fault.status(), &told), "{fault:?}");
}

/// The OpenAPI document.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(web::document()).unwrap());

/// The path of the document that a path of a request goes to.
pub fn template(path: &str) -> Option<&'static str> {
    let path = path.split('?').next().unwrap();
    let fits = |template: &&str| {
        let (wanted, given): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        wanted.len() == given.len()
            && wanted.iter().zip(given).all(|(one, two)| one.starts_with('{') || *one == two)
    };
    let templates = DOCUMENT["paths"].as_object().unwrap().keys().map(String::as_str);
    let mut found: Vec<&str> = templates.filter(fits).collect();
    found.sort_by_key(|template| template.contains('{'));
    found.first().copied()
}

#[track_caller]
fn check_documented(method: &str, path: &str, answer: &Answer) {
    let Some(template) = template(path) else {
        assert_eq!(answer.status, 404, "{method} {path}");
        return;
    };
    let operation = &DOCUMENT["paths"][template][method.to_ascii_lowercase()];
    if operation.is_null() {
        assert!(matches!(answer.status, 405) || method == "HEAD", "{method} {path}: {answer:?}");
        return;
    }
    let responses = operation["responses"].as_object().unwrap();
    assert!(responses.contains_key(&answer.status.to_string()), "{method} {path}: {answer:?}");
}

/// The default rules without chance: nothing takes time, and somebody reviews by hand.
pub fn quick_rules() -> Rules {
    let mut rules = Rules::default();
    let at_once = Delay::fixed(Duration::ZERO);
    rules.sms.arrives_after = at_once;
    rules.sms.pause = Duration::ZERO;
    rules.effective_after = at_once;
    rules.card_review = Review::ByHand;
    rules.merchant_review = Review::ByHand;
    rules.instant_review = Review::ByHand;
    rules.terminal_review = Review::ByHand;
    rules.terminal_step = at_once;
    rules.payout.instant_after = at_once;
    rules.unbind.hours = 0..24;
    rules.unbind.cooling_off = Duration::ZERO;
    (rules.unbind.medium_risk, rules.unbind.high_risk) = (0.0, 0.0);
    rules
}

pub fn merchant(number: u64) -> String {
    format!("{:015}", 898_310_000_000_000 + number)
}

pub fn serial(number: u64) -> String {
    format!("SN{:08}", 10_000_000 + number)
}

const ANY: &str = "127.0.0.1:0";
const PLAN: &str = "\
schema: 1
name: portal-site
seed: 7
terminals:
  shop: { count: 3, terminalId: \"1000000#\", merchantId: \"89831000000000#\" }
feeders:
  cards: { generate: { count: 10 } }
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations, iterations: 1 }
";
