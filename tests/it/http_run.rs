//! A run of the real engine whose flow mixes terminal and HTTP steps, against a small real server.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use posfleet::{
    engine::{self, NullObserver, Settings},
    metrics::{Summary, Verdict},
    scenario::{Overrides, load},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZero,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What the server was asked, and what it keeps.
#[derive(Debug, Default)]
struct Shop {
    sessions: u64,
    /// Receipts by their number: how often each was handed in, under which keys, and how often it was asked for.
    receipts: BTreeMap<String, Receipt>,
    refused: u64,
}

#[derive(Debug, Default)]
struct Receipt {
    handed_in: u64,
    keys: Vec<String>,
    asked_for: u64,
}

type Shared = Arc<Mutex<Shop>>;

async fn log_in(State(shop): State<Shared>, Json(body): Json<Value>) -> impl IntoResponse {
    let mut shop = shop.lock().unwrap();
    shop.sessions += 1;
    let account = body["account"].as_str().unwrap().to_owned();
    let cookie = [(header::SET_COOKIE, format!("visit={account}; Path=/"))];
    (StatusCode::CREATED, cookie, Json(json!({ "token": format!("token of {account}") })))
}

/// The first attempt for each receipt fails.
async fn hand_in(
    State(shop): State<Shared>,
    Path(number): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> StatusCode {
    let mut shop = shop.lock().unwrap();
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let account = text("cookie").strip_prefix("visit=").unwrap_or_default().to_owned();
    if text("authorization") != format!("Bearer token of {account}") || body["amount"] != 12.5 {
        shop.refused += 1;
        return StatusCode::FORBIDDEN;
    }
    let receipt = shop.receipts.entry(number).or_default();
    receipt.handed_in += 1;
    receipt.keys.push(text("idempotency-key"));
    if receipt.handed_in == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::ACCEPTED }
}

/// A receipt is filed when it is asked for the third time.
async fn look_up(State(shop): State<Shared>, Path(number): Path<String>) -> impl IntoResponse {
    let mut shop = shop.lock().unwrap();
    let receipt = shop.receipts.entry(number).or_default();
    receipt.asked_for += 1;
    Json(json!({ "stage": if receipt.asked_for < 3 { "open" } else { "filed" } }))
}

/// Serves until the program ends.
fn serve() -> (SocketAddr, Shared) {
    let shop = Shared::default();
    let router = Router::new()
        .route("/api/sessions", post(log_in))
        .route("/api/receipts/{number}", get(look_up).post(hand_in))
        .with_state(Arc::clone(&shop));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    (address, shop)
}

fn run(text: &str) -> Summary {
    let plan = load(text, "test.yaml", &Overrides::default(), 1, &|_| unreachable!());
    let plan = plan.unwrap_or_else(|errors| panic!("{errors}"));
    let settings = Settings { shards: NonZero::new(2), ..Settings::default() };
    engine::start(plan, &settings, Box::new(NullObserver)).unwrap().join()
}

#[test]
fn sales_and_requests_of_one_flow_share_what_they_know() {
    let (address, shop) = serve();
    let summary = run(&MIXED.replace("ADDRESS", &address.to_string()));
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(summary.verdict, Verdict::Pass, "{json:#}");
    assert_eq!((summary.counters.finished, summary.counters.failed), (RUNS, 0));
    let counted = |step: &str, what: &str| json["steps"][step][what].as_u64().unwrap_or_default();
    assert_eq!((counted("POST /sessions", "approved"), counted("POST /sessions", "attempts")), (RUNS, RUNS));
    assert_eq!(json["steps"]["POST /sessions"]["codes"], json!({ "201": RUNS }));
    assert_eq!((counted("sale", "approved"), counted("sale", "attempts")), (RUNS, 0));
    let filing =
        ["count", "approved", "attempts", "retries", "checks_passed"].map(|what| counted("file", what));
    assert_eq!(filing, [RUNS, RUNS, 2 * RUNS, RUNS, RUNS]);
    assert_eq!(json["steps"]["file"]["codes"], json!({ "202": RUNS }), "the answer that ended the step");
    let waiting = ["count", "approved", "attempts", "retries"].map(|what| counted("wait", what));
    assert_eq!(waiting, [RUNS, RUNS, 3 * RUNS, 0]);
    let first_byte = json["steps"]["wait"]["first_byte_ms"]["max"].as_f64().unwrap();
    let response = json["steps"]["wait"]["response_time_ms"]["min"].as_f64().unwrap();
    assert!(first_byte > 0.0 && response >= 2.0, "two pauses of a millisecond are part of the step");
    assert!(json["steps"]["wait"]["tls_ms"].is_null() && json["steps"]["sale"]["first_byte_ms"].is_null());
    assert_eq!(json["reconciliation"]["mismatches"], 0);
    let shop = shop.lock().unwrap();
    assert_eq!((shop.sessions, shop.refused, shop.receipts.len() as u64), (RUNS, 0, RUNS));
    for receipt in shop.receipts.values() {
        assert_eq!((receipt.handed_in, receipt.asked_for), (2, 3));
        assert!(receipt.keys[0] == receipt.keys[1] && receipt.keys[0].len() == 36, "{receipt:?}");
    }
}

#[test]
fn a_server_that_nobody_runs_is_an_error_of_the_step_and_told() {
    // A port that was free a moment ago: nobody listens there.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let summary = run(&MIXED.replace("ADDRESS", &address.to_string()));
    assert_eq!((summary.counters.finished, summary.counters.failed), (RUNS, RUNS));
    let sessions = &summary.steps["POST /sessions"];
    assert_eq!((sessions.errors, sessions.approved), (RUNS, 0));
    assert!(!summary.steps.contains_key("sale"), "the iteration ends with the step that failed");
    let told = |cause: &&String| cause.starts_with("POST /sessions: cannot connect");
    assert_eq!(summary.causes.keys().filter(told).count(), 1, "{:?}", summary.causes);
}

#[test]
fn the_end_of_a_run_interrupts_a_request_and_its_pauses() {
    let (address, _shop) = serve();
    for step in [
        "{ http: GET /receipts/1, server: shop, until: \"status == 1\", every: 1h, within: 2h }",
        "{ http: GET /nowhere, server: shop, timeout: 1h, until: \"status == 1\", every: 1ms, within: 2h }",
    ] {
        let text = format!(
            "schema: 1\nname: x\ntargets: {{ shop: {{ url: \"http://{address}/api\" }} }}\n\
             terminals: {{ t: {{ count: 3 }} }}\nflows: {{ f: {{ steps: [ {step} ] }} }}\nscenarios:\n  \
             s: {{ flow: f, executor: constant-terminals, duration: 100ms, gracefulStop: 100ms }}\n"
        );
        let summary = run(&text);
        assert!(summary.duration_seconds < Duration::from_secs(60).as_secs_f64());
        assert_eq!((summary.counters.started, summary.counters.finished), (3, 0), "cut short, not finished");
    }
}

#[test]
fn an_operator_loads_a_terminal_between_sales() {
    let summary = run(LOADING);
    let count = |step: &str| {
        let step = &summary.steps[step];
        (step.approved, step.errors, step.checks_passed)
    };
    assert_eq!(count("load-terminal"), (2, 0, 2));
    assert_eq!(count("sale"), (2, 0, 0));
    assert_eq!(summary.steps["sign-in"].approved, 4, "the keys of the old numbers are gone");
    assert_eq!(count("too-early"), (0, 2, 2));
    let refused = "load-terminal: the open batch is not settled";
    assert_eq!(summary.causes.get(refused), Some(&2), "{:?}", summary.causes);
}

const RUNS: u64 = 12;

const MIXED: &str = r#"
schema: 1
name: mixed
targets:
  shop: { url: "http://ADDRESS/api" }
terminals:
  shop: { count: 4 }
flows:
  visit:
    steps:
      - http: POST /sessions
        server: shop
        json: { account: "${terminal.merchant}", password: "${merchant.password}" }
        checks: [ "status == 201" ]
        capture: { token: "json('$.token')" }
      - sale: { amount: 12.50 }
        capture: { sold: rrn, paid: amount }
      - http: POST /receipts/${sold}-${terminal.id}-${iteration}
        server: shop
        name: file
        bearer: "${token}"
        key: "${uuid()}"
        json: { amount: "${paid}" }
        retry: { times: 2, backoff: 1ms..2ms, on: [5xx] }
        checks: [ "code == '202'" ]
      - http: GET /receipts/${sold}-${terminal.id}-${iteration}
        server: shop
        name: wait
        until: "json('$.stage') == 'filed'"
        every: 1ms
        within: 1m
scenarios:
  day: { flow: visit, executor: per-terminal-iterations, iterations: 3 }
thresholds:
  "wait.first_byte_time": [ "count == 36" ]
  "file.connect_time": [ "max < 1m" ]
  checks: [ "rate == 100%" ]
"#;

const LOADING: &str = r#"
schema: 1
name: loading
terminals:
  shop: { count: 2, tmk: 0123456789ABCDEFFEDCBA9876543210 }
flows:
  change:
    steps:
      - sign-in
      - load-terminal:
          terminalId: "${terminal.id}"
          merchantId: "${terminal.merchant}"
          masterKey: 0123456789ABCDEFFEDCBA9876543210
        checks: [ "outcome == 'approved'" ]
      - sale: { amount: 1.00 }
      - load-terminal: { terminalId: "90000001", merchantId: "898900000000001", masterKey: 0123456789ABCDEFFEDCBA9876543210 }
        name: too-early
        onError: continue
        checks: [ "outcome == 'error'" ]
scenarios:
  day: { flow: change, executor: per-terminal-iterations }
"#;
