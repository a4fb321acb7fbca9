//! A host that is killed between the approval of a card and its instant: real processes, one ledger, and a merchant who
//! finds everything as it was.

use crate::{
    browser::{Answer, Browser},
    program::{Folder, PATIENCE, Running, posfleet},
    tcp_till,
};
use posfleet::{
    directory::{Directory, Entry},
    driver::{Charter, LedgerFile},
    host::{Config, Host},
    iso8583::MerchantId,
    operation::End,
    portal::{CardId, Fact},
    rng::Seed,
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant as Moment,
};

#[test]
fn a_card_approved_before_kill_9_is_paid_from_its_own_instant_on() {
    let folder = Folder::new("portal-kill");
    let scenario = folder.file("shop.yaml", SCENARIO);
    let ledger = scenario.with_file_name("ledger");

    let first = Shop::open(&scenario, &ledger);
    let mut counter = first.counter();
    counter.log_in();
    let application = counter.change_card();
    let approved = counter.wait_until(&format!("/applications/{application}"), |application| {
        application["stage"] == "approved"
    });
    let card = counter.get("/cards").body["cards"][1].clone();
    assert_eq!(card["state"], "approved", "the host is killed before the instant: {approved}");
    let effective_at = card["at"].clone();
    first.process.signal("KILL");
    first.process.finish();

    let second = Shop::open(&scenario, &ledger);
    let mut counter = second.counter();
    assert_eq!(counter.get("/cards").status, 401, "sessions end with the process");
    counter.log_in();
    assert_ne!(counter.get(&format!("/applications/{application}")).is(200).body["stage"], "rejected");
    let cards = counter.wait_until("/cards", |cards| newest(cards)["state"] == "effective");
    assert_eq!(newest(&cards)["changedAt"], effective_at, "at its own instant, not at that of the restart");
    second.sell();
    let payouts = counter.wait_until("/payouts", |payouts| payouts["payouts"][0]["state"] == "paid");
    assert_eq!(payouts["payouts"][0]["paid"]["card"], newest(&cards)["card"]);
    assert_eq!(payouts["payouts"].as_array().unwrap().len(), 1);
    second.process.signal("TERM");
    second.process.finish().exits_with(0);
    audit(&ledger);
}

/// Holds all that the ledger has kept of both lives to each other.
fn audit(ledger: &Path) {
    let config = tcp_till::plan(SCENARIO).host;
    let file = LedgerFile::open(ledger, &Charter::of(&config)).unwrap();
    let mut host = Host::new(Config { clock: file.clock().unwrap().wall(), ..config });
    file.read(|entry| {
        entry.restore(&mut host).unwrap();
        Ok(())
    })
    .unwrap();
    let history = host.portal().unwrap().history();
    let effective = history.iter().filter(|line| matches!(line.fact, Fact::CardEffective { .. })).count();
    let paid = history.iter().filter_map(|line| match line.fact {
        Fact::Paid { card, .. } => Some(card),
        _ => None,
    });
    assert_eq!(
        (effective, paid.collect::<Vec<_>>()),
        (2, vec![CardId(2)]),
        "the first card, and the new one"
    );
    assert_eq!(host.portal_findings(history.last().unwrap().at), []);
}

/// A host with its portal, in a process of its own.
struct Shop {
    process: Running,
    terminals: SocketAddr,
    portal: SocketAddr,
}

impl Shop {
    fn open(scenario: &PathBuf, ledger: &PathBuf) -> Self {
        let mut command = posfleet(["host", "--listen", "127.0.0.1:0", "--portal", "127.0.0.1:0"]);
        let process = Running::start(command.arg("--scenario").arg(scenario).arg("--ledger").arg(ledger));
        let terminals = address(&process.wait_for("listening on "), "listening on ");
        let portal = address(&process.wait_for("portal at http://"), "portal at http://");
        Self { process, terminals, portal }
    }

    fn counter(&self) -> Counter {
        Counter { browser: Browser::connect(self.portal), token: String::new(), keys: 0 }
    }

    fn sell(&self) {
        let mut tills = tcp_till::tills(&tcp_till::plan(SCENARIO), self.terminals);
        tills[0].sign_in();
        assert_eq!(tills[0].sell(10_000), End::Approved);
    }
}

fn address(line: &str, words: &str) -> SocketAddr {
    let (_, rest) = line.split_once(words).unwrap();
    rest.split(',').next().unwrap().parse().unwrap()
}

/// A merchant at the portal.
struct Counter {
    browser: Browser,
    token: String,
    keys: u32,
}

impl Counter {
    fn ask(&mut self, method: &str, path: &str, body: Value) -> Answer {
        self.keys += 1;
        let (key, token) = (format!("key {}", self.keys), format!("Bearer {}", self.token));
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body).unwrap() };
        let mut headers = vec![("Idempotency-Key", key.as_str()), ("Content-Type", "application/json")];
        if !self.token.is_empty() {
            headers.push(("Authorization", &token));
        }
        self.browser.ask(method, path, &headers, &body)
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null)
    }

    /// Asks until the answer is as it should be.
    fn wait_until(&mut self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = Moment::now();
        loop {
            let body = self.get(path).is(200).body;
            if is_so(&body) {
                return body;
            }
            assert!(began.elapsed() < PATIENCE, "{path}: {body}");
        }
    }

    fn log_in(&mut self) {
        let login = json!({ "account": MERCHANT, "password": entry().password });
        self.token = self.ask("POST", "/sessions", login).is(201).text("/token");
    }

    /// The whole change up to its confirmation; returns its application.
    fn change_card(&mut self) -> String {
        let Entry { holder, bank, phone, .. } = entry();
        let pan = entry().spare(0);
        let new = json!({ "pan": pan.as_str(), "holder": holder, "bank": bank, "phone": phone });
        self.ask("POST", "/card-changes", json!({ "page": "account", "newCard": new })).is(204);
        self.ask("POST", "/card-changes/current/code", Value::Null).is(202);
        let inbox = format!("/simulator/inbox/{phone}");
        let code = |inbox: &Value| {
            let messages = inbox["messages"].as_array().unwrap();
            messages.iter().rev().find_map(|message| message["code"].as_str().map(str::to_owned))
        };
        let inbox = self.wait_until(&inbox, |inbox| code(inbox).is_some());
        let verification = json!({ "code": code(&inbox) });
        self.ask("POST", "/card-changes/current/verification", verification).is(200);
        self.ask("POST", "/card-changes/current/confirmation", Value::Null).is(201).text("/application")
    }
}

/// The card that was sent last.
fn newest(cards: &Value) -> &Value {
    cards["cards"].as_array().unwrap().last().unwrap()
}

fn entry() -> Entry {
    Directory::new(Seed(7)).entry(MERCHANT.parse::<MerchantId>().unwrap())
}

const MERCHANT: &str = "898310000000001";
const SCENARIO: &str = "\
schema: 1
name: shop
seed: 7
terminals:
  shop: { count: 1, terminalId: \"1000000#\", merchantId: \"89831000000000#\" }
feeders:
  cards: { generate: { count: 10 } }
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations, iterations: 1 }
host:
  portal:
    settlement: instant
    sms: { arrivesAfter: 0s }
    cardReview: { after: 0s }
    effectiveAfter: 10s
    payout: { instantAfter: 0s }
";
