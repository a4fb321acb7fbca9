//! The operator's console in a browser, before a host with merchants of its own; and its API without one.

use crate::{
    http_rig::{client, request, run, server},
    webdriver::Browser,
};
use posfleet::{
    directory::Directory,
    driver::{Clock, HostServer},
    host::{Config, Enrolment, Host, PortalSetup},
    http::{Answer, Body, Cookies, Method},
    iso8583::MerchantId,
    portal::*,
    rng::Seed,
    time::WallClock,
    web::{Console, WebServer},
};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn a_reviewer_approves_a_card_and_sees_it_become_effective() {
    let office = Office::open(3);
    let (no, new) = office.change_card(1);
    let browser = office.visit();
    browser.wait("document.querySelectorAll('#rows tr').length === 3");
    browser.wait(&format!("{}.includes('{new} under review')", text_of(merchant(1))));
    browser.picture("merchants");

    browser.click("#tab-reviews");
    browser.wait(&format!("{}.includes('{new}')", text_of(&no)));
    browser.picture("reviews");
    browser.click(&format!("[data-act=approve][data-key={no}]"));
    browser.wait(&format!("document.querySelector('#notes').innerText.includes('{no} approved')"));
    // Approved and on its way, and then over.
    browser.wait(&format!("!document.querySelector('[data-key={no}]')"));
    browser.wait("!document.querySelector('#empty').hidden");
    browser.click("#tab-merchants");
    browser.wait(&format!("{}.includes('{new}')", text_of(merchant(1))));
    browser.wait(&format!("!{}.includes('under review')", text_of(merchant(1))));
    browser.picture("effective");
    assert_eq!(browser.complaints(), [""; 0]);
    let cards = office.ask(1, Request::Card(CardRequest::List));
    let Ok(Response::Cards(cards)) = cards else { panic!("{cards:?}") };
    assert!(cards.iter().any(|card| card.state == CardState::Effective && card.masked().to_string() == new));
}

#[test]
fn a_reviewer_rejects_with_a_reason_by_the_keyboard() {
    let office = Office::open(1);
    let (no, _) = office.change_card(1);
    let browser = office.visit();
    browser.click("#tab-merchants");
    // From tab to tab with the arrows, down to the buttons with the tabulator.
    browser.press(ARROW_RIGHT);
    browser.press(ARROW_RIGHT);
    browser.wait(&format!(
        "document.activeElement.id === 'tab-reviews' && document.querySelector('[data-key={no}]')"
    ));
    browser.run("document.querySelector('[data-act=approve]').focus()");
    browser.press(TAB);
    browser.press(ENTER);
    browser.wait("document.querySelector('#reject').open && document.activeElement.id === 'reason'");
    browser.picture("reject");
    browser.press(ESCAPE);
    browser
        .wait("!document.querySelector('#reject').open && document.activeElement.dataset.act === 'reject'");
    browser.press(ENTER);
    browser.wait("document.querySelector('#reject').open");
    browser.write("#reason", "<b>blurred</b>");
    browser.click("#reject-send");
    browser.wait(&format!("document.querySelector('#notes').innerText.includes('{no} rejected')"));
    browser.wait("!document.querySelector('#empty').hidden");
    let number = ApplicationNo(no.trim_start_matches('A').parse().unwrap());
    let answer = office.ask(1, Request::Account(AccountRequest::Application(number)));
    let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
    assert_eq!(view.stage, Stage::Rejected("<b>blurred</b>".to_owned()));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn ten_thousand_merchants_are_paged_searched_and_never_taken_for_markup() {
    let office = Office::open(10_000);
    office.rename(9_876, HOSTILE);
    let browser = office.visit();
    browser.wait("document.querySelectorAll('#rows tr').length === 50");
    browser.wait("document.querySelector('#tab-merchants .count').innerText === '10,000'");
    browser.click("#next");
    browser.wait(&format!("document.querySelector('#rows tr').dataset.key === '{}'", merchant(51)));
    browser.click("#previous");
    browser.wait(&format!("document.querySelector('#rows tr').dataset.key === '{}'", merchant(1)));
    browser.write("#search", "<img");
    browser.wait("document.querySelectorAll('#rows tr').length === 1");
    let name = browser.run("return document.querySelector('#rows strong').textContent");
    assert_eq!(name, HOSTILE);
    assert_eq!(browser.run("return document.querySelectorAll('main img, main script').length"), 0);
    assert_eq!(browser.run("return window.hurt === undefined"), true);
    // What is looked at again and has not changed stays as it is: focus, caret and elements.
    browser.run("window.line = document.querySelector('#rows tr'); document.querySelector('#search').setSelectionRange(1, 2)");
    office.rename(9_876, "<img plain>");
    browser.wait("document.querySelector('#rows strong').textContent === '<img plain>'");
    let is_same = "return window.line === document.querySelector('#rows tr') && document.activeElement.id === 'search' \
                   && document.activeElement.selectionStart === 1";
    assert_eq!(browser.run(is_same), true);
    browser.write("#search", "nobody");
    browser.wait("!document.querySelector('#empty').hidden");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn every_screen_fits_a_phone_in_both_languages_and_colours() {
    let office = Office::open(60);
    let changes = [1, 2, 3].map(|number| office.change_card(number).0);
    office.rename(4, HOSTILE);
    let browser = office.visit();
    browser.wait("document.querySelectorAll('#rows tr').length > 0");
    for (width, is_phone, is_dark, language) in [(360, true, false, "en"), (1280, false, true, "zh")] {
        browser.resize(width, 800, is_phone);
        browser.dark(is_dark);
        if browser.run("return document.documentElement.lang").as_str().unwrap().starts_with(language) {
            browser.run("window.scrollTo(0, 0)");
        } else {
            browser.click("#language");
        }
        browser.wait(&format!("document.documentElement.lang.startsWith('{language}')"));
        for screen in ["merchants", "terminals", "reviews", "inbox", "payouts", "alarms"] {
            browser.run(&format!("document.getElementById('tab-{screen}').click()"));
            browser.wait("document.querySelector('#rows tr') || !document.querySelector('#empty').hidden");
            let overflow = browser.run("return document.documentElement.scrollWidth - innerWidth");
            assert!(overflow.as_i64() <= Some(0), "{screen} at {width}: {overflow}");
            browser.picture(&format!("{screen}-{width}-{language}"));
        }
    }
    browser.run("document.getElementById('tab-reviews').click()");
    browser.wait(&format!("document.querySelector('[data-key={}]')", changes[2]));
    let words = "return [document.querySelector('[data-act=approve]').innerText, document.title]";
    assert_eq!(browser.run(words), json!(["通过", "posfleet 控制台"]));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_wrong_token_opens_nothing_and_the_right_one_can_be_typed() {
    let office = Office::open(1);
    let browser = Browser::open();
    browser.go(&format!("http://{}/console/#token=guess", office.web.address()));
    browser.wait("document.querySelector('#door-error').innerText === 'This is not the token.'");
    assert_eq!(browser.run("return document.querySelector('main').hidden && !sessionStorage.length"), true);
    let link = browser.run("return location.href");
    assert!(!link.as_str().unwrap().contains("guess"), "the guess is not kept: {link}");
    browser.picture("locked");
    browser.write("#token", TOKEN);
    browser.press(ENTER);
    browser.wait("document.querySelectorAll('#rows tr').length === 1");
    assert!(browser.complaints().iter().all(|complaint| complaint.contains("401")));
}

#[test]
fn the_api_lets_nobody_in_without_the_token() {
    let office = Office::open(1);
    let (no, _) = office.change_card(1);
    let decision = format!("/console/api/reviews/{no}/decision");
    for token in [None, Some(""), Some("Bearer "), Some("Bearer guess"), Some(TOKEN), Some("Basic 1234")] {
        assert_eq!(office.send(token, Method::Get, VIEW, Body::Empty).status, 401, "{token:?}");
        let approval = Body::Json(json!({ "approve": {} }).to_string());
        assert_eq!(office.send(token, Method::Post, &decision, approval).status, 401, "{token:?}");
    }
    assert_eq!(office.view("reviews", "", "")["rows"][0]["stage"], "pending");
}

#[test]
fn wrong_tokens_are_slow_all_together() {
    let office = Office::open(1);
    let answers = run(async {
        let client = client(&server(office.web.address()));
        let guesses =
            (0..4).map(async |_| client.send(&request(Method::Get, VIEW), &mut Cookies::default()).await);
        futures_util::future::join_all(guesses).await
    });
    let slowest = answers.into_iter().map(|answer| answer.unwrap().timing.total).max();
    assert!(slowest >= Some(Duration::from_secs(1)), "{slowest:?}");
}

#[test]
fn the_page_may_load_nothing_from_elsewhere() {
    let office = Office::open(1);
    for path in
        ["/console/", "/console/console.css", "/console/console.js", "/console/words.js", "/console/icon.svg"]
    {
        let answer = office.send(None, Method::Get, path, Body::Empty);
        let policy = header(&answer, "content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(
            (answer.status, header(&answer, "x-content-type-options")),
            (200, Some("nosniff")),
            "{path}"
        );
        let text = String::from_utf8(answer.body).unwrap().replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("//cdn"), "{path}");
        assert!(!text.contains(".innerHTML") && !text.contains("insertAdjacentHTML"), "{path}");
    }
    let redirected = office.send(None, Method::Get, "/console", Body::Empty);
    assert_eq!((redirected.status, header(&redirected, "location")), (308, Some("/console/")));
}

#[test]
fn a_view_that_has_not_changed_costs_its_version() {
    let office = Office::open(2);
    let first = office.send(Some(BEARER), Method::Get, VIEW, Body::Empty);
    let version = header(&first, "etag").unwrap().to_owned();
    let again = || office.send_with(("if-none-match", &version), Method::Get, VIEW, Body::Empty);
    assert_eq!((again().status, again().body.len()), (304, 0));
    office.rename(1, "Another name");
    let changed = again();
    assert_eq!(changed.status, 200);
    assert_ne!(header(&changed, "etag"), Some(&*version));
}

#[test]
fn what_cannot_be_decided_is_refused_and_changes_nothing() {
    let office = Office::open(1);
    let (no, _) = office.change_card(1);
    let decide = |no: &str, body: &str| {
        let path = format!("/console/api/reviews/{no}/decision");
        office.send(Some(BEARER), Method::Post, &path, Body::Json(body.to_owned())).status
    };
    let long = json!({ "reject": { "reason": "x".repeat(300) } }).to_string();
    for body in [
        "",
        "{",
        "{}",
        "[]",
        "\"approve\"",
        r#"{"approve":{"x":1}}"#,
        r#"{"reject":{}}"#,
        r#"{"reject":{"reason":" "}}"#,
        &long,
    ] {
        assert!((400..=422).contains(&decide(&no, body)), "{body}");
    }
    assert_eq!(decide("A99999999999", r#"{"approve":{}}"#), 404);
    assert_eq!(decide("nonsense", r#"{"approve":{}}"#), 404);
    assert_eq!(office.view("reviews", "", "")["rows"][0]["stage"], "pending");
    assert_eq!(decide(&no, r#"{"approve":{}}"#), 204);
    assert_eq!(decide(&no, r#"{"approve":{}}"#), 409, "twice");
}

#[test]
fn what_is_no_screen_or_no_place_in_its_list_is_refused() {
    let office = Office::open(1);
    let queries =
        ["", "screen=secrets", "screen=reviews&after=17", "screen=payouts&after=x", "screen=alarms&after=-1"];
    for query in queries {
        let answer =
            office.send(Some(BEARER), Method::Get, &format!("/console/api/view?{query}"), Body::Empty);
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[test]
fn lists_are_found_by_their_numbers_and_end() {
    let office = Office::open(120);
    let mut after = String::new();
    let mut seen = Vec::new();
    loop {
        let view = office.view("terminals", "", &after);
        seen.extend(
            view["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()),
        );
        match view["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((seen.len(), seen.is_sorted()), (120, true));
    let found = office.view("merchants", merchant(77).as_str(), "");
    assert_eq!((found["rows"].as_array().unwrap().len(), &found["next"]), (1, &Value::Null));
    office.change_card(77);
    let inbox = office.view("inbox", "", "");
    let code = inbox["rows"][0]["code"].as_str().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(office.view("inbox", "00000000", "")["rows"], json!([]));
    assert_eq!(office.view("alarms", "", "")["totals"]["merchants"], 120);
}

/// A host with a portal and its console.
struct Office {
    host: HostServer,
    web: WebServer,
    directory: Directory,
}

impl Office {
    /// With so many merchants, each with a terminal; reviews are by hand, and take effect after a second.
    fn open(merchants: u32) -> Self {
        let directory = Directory::new(Seed(7));
        let mut rules = Rules { card_review: Review::ByHand, ..Rules::default() };
        rules.effective_after = Delay::fixed(Duration::from_secs(1));
        rules.sms.arrives_after = Delay::fixed(Duration::ZERO);
        let terminals = (1..=merchants).map(|number| Enrolment {
            terminal: format!("{:08}", 10_000_000 + number).parse().unwrap(),
            merchant: merchant(number),
            tmk: "0123456789ABCDEFFEDCBA9876543210".parse().unwrap(),
        });
        let wall = WallClock::starting_at(1_772_445_600);
        let portal = PortalSetup { rules, directory, settlement: Settlement::NextDay };
        let config =
            Config { terminals: terminals.collect(), portal: Some(portal), clock: wall, ..Config::default() };
        let any = "127.0.0.1:0".parse().unwrap();
        let host = HostServer::start(Host::new(config), any, Clock::start()).unwrap();
        let console = Console { token: TOKEN.to_owned() };
        let web = WebServer::start(host.counter(), wall, any, Some(console)).unwrap();
        Self { host, web, directory }
    }

    /// A browser that has opened the link.
    fn visit(&self) -> Browser {
        let browser = Browser::open();
        browser.go(&Console { token: TOKEN.to_owned() }.url(self.web.address()));
        browser.wait("!document.querySelector('main').hidden");
        browser
    }

    /// Has a merchant send its first spare card; returns the application and the card as lists show it.
    fn change_card(&self, number: u32) -> (String, String) {
        let entry = self.directory.entry(merchant(number));
        let phone = Phone::new(&entry.phone);
        let pan = entry.spares[0];
        let new = NewCard { pan, holder: entry.holder, bank: entry.bank, phone: phone.clone() };
        self.ask(number, Request::Card(CardRequest::Begin { page: Page::Account, new })).unwrap();
        self.ask(number, Request::Card(CardRequest::SendCode)).unwrap();
        let code = run(self.host.counter().ask(move |host, now, _| {
            host.portal().unwrap().sms(now, &phone).filter_map(|sms| sms.secret.clone()).last().unwrap()
        }));
        self.ask(number, Request::Card(CardRequest::Verify(code.unwrap()))).unwrap();
        let answer = self.ask(number, Request::Card(CardRequest::Confirm));
        let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
        (view.no.to_string(), posfleet::card::MaskedPan::from(&pan).to_string())
    }

    fn rename(&self, number: u32, name: &str) {
        let entry = self.directory.entry(merchant(number));
        let (address, contact, phone) = (entry.address, entry.holder, Phone::new(&entry.phone));
        let data = MerchantData { name: name.to_owned(), address, contact, phone };
        self.ask(number, Request::Merchant(MerchantRequest::Edit(data))).unwrap();
    }

    /// Has a merchant log in and ask something.
    fn ask(&self, number: u32, request: Request) -> Result<Response, Refusal> {
        let (account, password) =
            (merchant(number), Password::new(self.directory.entry(merchant(number)).password));
        let counter = self.host.counter();
        let asked = counter.ask(move |host, now, out| {
            let login = Call { session: None, key: None, request: Request::Login { account, password } };
            let Response::Session(token) = host.call(now, &login, out)? else { panic!("no session") };
            let key = Some(IdempotencyKey(format!("{request:?} {now:?}")));
            host.call(now, &Call { session: Some(token), key, request }, out)
        });
        run(asked).unwrap()
    }

    fn view(&self, screen: &str, search: &str, after: &str) -> Value {
        let path = format!("/console/api/view?screen={screen}&search={search}&after={after}");
        let answer = self.send(Some(BEARER), Method::Get, &path, Body::Empty);
        assert_eq!(answer.status, 200);
        serde_json::from_slice(&answer.body).unwrap()
    }

    fn send(&self, token: Option<&str>, method: Method, path: &str, body: Body) -> Answer {
        self.send_all(token.map(|token| ("authorization", token)).into_iter().collect(), method, path, body)
    }

    fn send_with(&self, header: (&str, &str), method: Method, path: &str, body: Body) -> Answer {
        self.send_all(vec![("authorization", BEARER), header], method, path, body)
    }

    fn send_all(&self, headers: Vec<(&str, &str)>, method: Method, path: &str, body: Body) -> Answer {
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let request = posfleet::http::Request { headers, body, ..request(method, path) };
        let server = posfleet::http::Server { body_max: 1 << 20, ..server(self.web.address()) };
        run(async { client(&server).send(&request, &mut Cookies::default()).await }).unwrap()
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
}

fn merchant(number: u32) -> MerchantId {
    format!("{:015}", 898_000_000_000_000 + u64::from(number)).parse().unwrap()
}

/// The text of a line of the table, as an expression in the page.
fn text_of(key: impl std::fmt::Display) -> String {
    format!("(document.querySelector('#rows [data-key=\"{key}\"]')?.innerText ?? '')")
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const BEARER: &str = "Bearer 0123456789abcdef0123456789abcdef";
const VIEW: &str = "/console/api/view?screen=merchants";
const HOSTILE: &str = "<img src=x onerror=\"window.hurt=1\"><script>window.hurt=1</script>&amp;";
/// Keys by their code points in the protocol.
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";
const ARROW_RIGHT: &str = "\u{E014}";
