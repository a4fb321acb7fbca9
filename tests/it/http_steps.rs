//! HTTP steps of flows as the machine sees them: what it asks for, when it asks again, and what it keeps of an answer.

use posfleet::{
    directory::Directory,
    flow::{Answered, Cast, Iteration, Next, Numbers, StepResult},
    http::{Answer, Body, Failure, Method, Part, Request, Timing},
    iso8583::BatchNo,
    metrics::Class,
    rng::Domain,
    scenario::{Overrides, Plan, load},
};
use std::{collections::BTreeSet, path::Path, time::Duration};

/// One iteration of the first flow of a plan, on its first terminal.
struct Pass {
    plan: &'static Plan,
    iteration: Iteration<'static>,
}

impl Pass {
    fn new(text: &str) -> Self {
        Self::of(text, 0)
    }

    fn of(text: &str, ordinal: u64) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/valid");
        let read = |name: &str| std::fs::read(folder.join(name));
        let plan = load(text, "test.yaml", &Overrides::default(), 1, &read);
        let plan: &'static Plan = Box::leak(Box::new(plan.unwrap_or_else(|errors| panic!("{errors}"))));
        let rng = plan.seed.stream(Domain::Iteration, 0, ordinal);
        let iteration = Iteration::new(&plan.flows[0], ordinal, rng);
        Self { plan, iteration }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Iteration<'static>, &Cast<'_>) -> T) -> T {
        let group = &self.plan.groups[0];
        let planned = &group.identities[0].numbers;
        let Numbers { terminal, merchant } = *planned;
        let cast = Cast {
            number: 0,
            terminal,
            merchant,
            batch: BatchNo::FIRST,
            planned,
            fleet: group.identities.len() as u32,
            directory: Directory::new(self.plan.seed),
            feeders: &self.plan.feeders,
        };
        act(&mut self.iteration, &cast)
    }

    fn request(&mut self) -> Request {
        match self.with(Iteration::next) {
            Next::Request(request) => *request,
            other => panic!("{other:?}"),
        }
    }

    fn answered(&mut self, received: Result<Answer, Failure>, at_ms: u64) -> Answered {
        self.with(|iteration, cast| iteration.answered(cast, received, ms(at_ms))).unwrap()
    }

    /// The answer that ends the step.
    fn ends(&mut self, received: Result<Answer, Failure>) -> StepResult {
        match self.answered(received, 1) {
            Answered::Ended(result) => result,
            other => panic!("{other:?}"),
        }
    }

    fn is_over(&mut self) -> Option<bool> {
        match self.with(Iteration::next) {
            Next::Done { failed } => Some(failed),
            _ => None,
        }
    }
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn answer(status: u16, body: &str) -> Result<Answer, Failure> {
    let headers = vec![("location".to_owned(), "/next one".to_owned())];
    let timing = Timing { total: ms(7), ..Timing::default() };
    Ok(Answer { status, headers, body: body.as_bytes().to_vec(), timing })
}

/// A flow of these steps, each with the server `shop`.
fn flow(steps: &str) -> String {
    format!(
        "schema: 1\nname: x\ntargets: {{ shop: {{ url: \"http://a\" }} }}\nterminals: {{ t: {{ count: 2 }} }}\n\
         flows:\n  f:\n    steps:\n{steps}\nscenarios: {{ s: {{ flow: f, executor: per-terminal-iterations }} }}\n"
    )
}

fn get(rest: &str) -> String {
    flow(&format!("      - {{ http: GET /a, server: shop, {rest} }}"))
}

fn field<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn holes_are_filled_and_keep_their_types() {
    let text = include_str!("../data/scenarios/valid/http.yaml");
    let mut pass = Pass::new(text);
    let request = pass.request();
    assert_eq!((request.server, request.method, request.target.as_str()), (1, Method::Post, "/sessions"));
    let entry = Directory::new(pass.plan.seed).entry(pass.plan.groups[0].identities[0].numbers.merchant);
    let Body::Json(json) = &request.body else { panic!("{request:?}") };
    let expected = format!(
        r#"{{"account":"{}","password":"{}","remember":true,"tries":1,"floors":[3,2.5,"third"],"note":null}}"#,
        pass.plan.groups[0].identities[0].numbers.merchant, entry.password
    );
    assert_eq!(json, &expected, "keys in their order, a hole alone with its type");
    assert_eq!(field(&request, "Accept-Language"), Some("zh-CN"));
    assert_eq!(field(&request, "X-Empty"), None, "what is nothing is left out");
    let key = field(&request, "idempotency-key").unwrap();
    let shape: String = key.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    assert_eq!((&key[14..15], request.timeout), ("4", Duration::from_secs(10)));
}

#[test]
fn targets_forms_and_parts_are_encoded() {
    let text = flow(
        "      - { http: \"GET /a/${body}/b?c=${status}\", server: shop, query: { 'd e': \"${body}&\" } }
      - http: POST /b
        server: shop
        form: { name: \"${body}\", gone: \"${nothing}\" }
      - http: PUT /c
        server: shop
        multipart: { text: 7, photo: { content: \"${terminal.serial}\", contentType: image/png } }
        bearer: \"${header('LOCATION')}\"",
    );
    let mut pass = Pass::new(&text);
    assert_eq!(pass.request().target, "/a//b?c=&d%20e=%26", "before any answer there is nothing");
    pass.ends(answer(200, "x/../王?"));
    assert_eq!(pass.request().body, Body::Form(vec![("name".into(), "x/../王?".into())]));
    pass.ends(answer(200, ""));
    let request = pass.request();
    assert_eq!(field(&request, "authorization"), Some("Bearer /next one"));
    let terminal = pass.plan.groups[0].identities[0].numbers.terminal;
    let part = |name: &str, file: Option<&str>, kind: Option<&str>, content: String| Part {
        name: name.to_owned(),
        file: file.map(str::to_owned),
        content_type: kind.map(str::to_owned),
        content: content.into_bytes(),
    };
    let photo = part("photo", Some("photo"), Some("image/png"), format!("SN{terminal}"));
    assert_eq!(request.body, Body::Multipart(vec![part("text", None, None, "7".to_owned()), photo]));
}

#[test]
fn a_hole_cannot_leave_its_component_of_the_target() {
    let text = flow(
        "      - { http: GET /a, server: shop, capture: { evil: body } }
      - { http: \"GET /a/${evil}/x y?q=${evil}#\", server: shop }",
    );
    assert!(
        load(&text, "t", &Overrides::default(), 1, &|_| unreachable!()).is_err(),
        "a fragment is none of HTTP"
    );
    let mut pass = Pass::new(&text.replace('#', ""));
    pass.request();
    pass.ends(answer(200, "../b?c=d&e#f\r\n"));
    assert_eq!(pass.request().target, "/a/..%2Fb%3Fc%3Dd%26e%23f%0D%0A/x%20y?q=..%2Fb%3Fc%3Dd%26e%23f%0D%0A");
}

#[test]
fn what_an_answer_brings_is_captured_with_its_type() {
    let capture = [
        ("text", "json('$.a.text')"),
        ("number", "json('$.a.number') + 1"),
        ("truth", "json('$.a.truth')"),
        ("null_", "json('$.a.null')"),
        ("absent", "json('$.b')"),
        ("first", "json('$.list[*].x')"),
        ("count", "jsonCount('$..x')"),
        ("long", "json('$.long')"),
        ("tree", "json('$.list')"),
        ("field", "header('Location')"),
        ("status_", "status"),
        ("code_", "code"),
        ("outcome_", "outcome"),
        ("time", "serviceTime"),
    ];
    let captures: String =
        capture.map(|(name, expression)| format!("          {name}: \"{expression}\"\n")).concat();
    let sent: String = capture.map(|(name, _)| format!("          {name}: \"${{{name}}}\"\n")).concat();
    let text = flow(&format!(
        "      - http: GET /a\n        server: shop\n        capture:\n{captures}      - http: POST /b\n        server: shop\n        json:\n{sent}"
    ));
    let mut pass = Pass::new(&text);
    pass.request();
    let body = r#"{"a":{"text":"00","number":2,"truth":true,"null":null},"list":[{"x":5},{"x":"6"}],"long":12345678901234567890}"#;
    pass.ends(answer(201, body));
    let Body::Json(json) = pass.request().body else { panic!() };
    assert_eq!(
        json,
        r#"{"text":"00","number":3,"truth":true,"null_":null,"absent":null,"first":5,"count":2,"#.to_owned()
            + r#""long":"12345678901234567890","tree":"[{\"x\":5},{\"x\":\"6\"}]","field":"/next one","status_":201,"#
            + r#""code_":"201","outcome_":"approved","time":7}"#
    );
}

#[test]
fn statuses_decide_what_became_of_a_step_and_checks_only_count() {
    for (status, rest, class) in [
        (200, "", Class::Approved),
        (302, "", Class::Approved),
        (400, "", Class::Declined),
        (500, "", Class::Declined),
        (404, "expect: [404],", Class::Approved),
        (200, "expect: [404],", Class::Declined),
    ] {
        let mut pass = Pass::new(&get(&format!("{rest} checks: [\"status == 200\"]")));
        pass.request();
        let result = pass.ends(answer(status, "no json"));
        assert_eq!(result.class, class, "{status} {rest}");
        assert_eq!(result.checks_passed, u32::from(status == 200));
        assert_eq!(pass.is_over(), Some(status != 200));
    }
    for (failure, class) in
        [(Failure::TimedOut, Class::TimedOut), (Failure::Broken("closed".into()), Class::Failed)]
    {
        let mut pass = Pass::new(&get("checks: [\"status == nothing && json('$') == nothing\"]"));
        pass.request();
        let result = pass.ends(Err(failure));
        assert_eq!((result.class, result.checks_passed), (class, 1));
        assert_eq!(pass.is_over(), Some(true));
    }
}

#[test]
fn a_failed_request_is_sent_again_after_growing_pauses() {
    let text = flow(
        "      - { http: POST /a, server: shop, key: \"${uuid()}\", json: { n: \"${digits(9)}\" }, \
         retry: { times: 4, backoff: 100ms..400ms } }",
    );
    let (mut pauses, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for ordinal in 0..50 {
        let mut pass = Pass::of(&text, ordinal);
        let first = pass.request();
        keys.insert(field(&first, "idempotency-key").unwrap().to_owned());
        let failures =
            [answer(503, ""), Err(Failure::TimedOut), Err(Failure::Connect("no".into())), answer(429, "")];
        for (failure, most) in failures.into_iter().zip([200, 400, 400, 400]) {
            let Answered::Retry(pause) = pass.answered(failure, 10) else { panic!("a retry is left") };
            assert!((ms(100)..=ms(most)).contains(&pause), "{pause:?}");
            pauses.insert(pause);
            assert_eq!(pass.request(), first, "the same request with the same key");
        }
        assert_eq!(pass.ends(answer(503, "")).class, Class::Declined, "five attempts are enough");
    }
    assert!(pauses.len() > 150, "pauses are drawn: {}", pauses.len());
    assert_eq!(keys.len(), 50, "each iteration has a key of its own");
}

#[test]
fn only_what_is_named_is_retried() {
    let all = [answer(500, ""), answer(429, ""), Err(Failure::TimedOut), Err(Failure::Broken(String::new()))];
    for (on, number) in [("5xx", 0), ("429", 1), ("timeout", 2), ("connect", 3)] {
        for (index, failure) in all.iter().enumerate() {
            let mut pass = Pass::new(&get(&format!("retry: {{ times: 1, on: [{on}] }}")));
            pass.request();
            let is_retried = matches!(pass.answered(failure.clone(), 1), Answered::Retry(_));
            assert_eq!(is_retried, index == number, "{on}: {failure:?}");
        }
    }
    for never in [answer(400, ""), Err(Failure::Interrupted), Err(Failure::Unsendable(String::new()))] {
        let mut pass = Pass::new(&get("retry: { times: 9 }"));
        pass.request();
        assert!(matches!(pass.answered(never, 1), Answered::Ended(_)));
    }
}

#[test]
fn polling_ends_with_the_answer_or_at_the_deadline() {
    let text = get("until: \"json('$.stage') == 'done'\", every: 200ms, within: 1s, timeout: 500ms");
    let mut pass = Pass::new(&text);
    assert_eq!(pass.request().timeout, ms(500));
    assert_eq!(pass.answered(answer(404, "not yet"), 100), Answered::Poll(ms(200)));
    assert_eq!(pass.request().timeout, ms(500));
    assert_eq!(pass.answered(answer(200, r#"{"stage":"open"}"#), 600), Answered::Poll(ms(200)));
    assert_eq!(pass.request().timeout, ms(200), "no answer is waited for beyond the deadline");
    assert_eq!(pass.ends(answer(200, r#"{"stage":"done"}"#)).class, Class::Approved);
    assert_eq!(pass.is_over(), Some(false));
    // The next request would be sent at the deadline, or a nanosecond before it.
    for (at, is_over) in [(ms(800), true), (ms(800) - Duration::from_nanos(1), false)] {
        let mut pass = Pass::new(&text);
        pass.request();
        let answered = pass.with(|iteration, cast| iteration.answered(cast, answer(200, "{}"), at)).unwrap();
        let ended = matches!(answered, Answered::Ended(StepResult { class: Class::TimedOut, .. }));
        assert_eq!((ended, answered == Answered::Poll(ms(200))), (is_over, !is_over), "{at:?}");
    }
}

#[test]
fn retries_begin_anew_with_each_answer_of_a_poll_and_respect_its_deadline() {
    let text = get(
        "until: \"status == 200\", every: 100ms, within: 10s, retry: { times: 1, backoff: 50ms..50ms, on: [5xx] }",
    );
    let mut pass = Pass::new(&text);
    pass.request();
    for at in [100, 400, 700] {
        assert_eq!(pass.answered(answer(500, ""), at), Answered::Retry(ms(50)));
        pass.request();
        assert_eq!(pass.answered(answer(404, ""), at + 100), Answered::Poll(ms(100)));
        pass.request();
    }
    assert_eq!(pass.answered(answer(500, ""), 1000), Answered::Retry(ms(50)));
    pass.request();
    assert_eq!(
        pass.answered(answer(500, ""), 1100),
        Answered::Poll(ms(100)),
        "an answer that is not the one"
    );
    pass.request();
    assert!(matches!(pass.answered(answer(500, ""), 9960), Answered::Ended(_)), "no time for a retry");
}

#[test]
fn a_condition_that_cannot_be_evaluated_ends_the_iteration() {
    let mut pass = Pass::new(&get("until: \"json('$.a') < 5\", within: 5s"));
    pass.request();
    let ended = pass.with(|iteration, cast| iteration.answered(cast, answer(200, r#"{"a":"x"}"#), ms(1)));
    assert!(ended.is_err());
    assert_eq!(pass.is_over(), Some(true));
}

#[test]
fn spare_cards_take_turns_by_the_iterations_of_a_terminal() {
    let text = flow("      - { http: POST /a, server: shop, body: \"${merchant.spareCard}\" }");
    let spares: Vec<Body> = [0, 1, 2, 4, 8].map(|ordinal| Pass::of(&text, ordinal).request().body).into();
    let pass = Pass::new(&text);
    let entry = Directory::new(pass.plan.seed).entry(pass.plan.groups[0].identities[0].numbers.merchant);
    // Two terminals: iterations 0 and 1 are the first ones of each.
    let expected = [0, 0, 1, 2, 4].map(|turn| Body::Text(entry.spare(turn).as_str().to_owned()));
    assert_eq!(spares, expected);
}

#[test]
fn an_operator_loads_what_a_portal_said() {
    let text = flow(
        "      - { http: GET /a, server: shop, capture: { key: \"json('$.key')\" } }
      - load-terminal: { terminalId: \"90000001\", merchantId: \"898900000000001\", masterKey: \"${key}\" }
        checks: [ \"outcome == 'error' && code == nothing\" ]",
    );
    let mut pass = Pass::new(&text);
    pass.request();
    pass.ends(answer(200, r#"{"key":"0123456789ABCDEFFEDCBA9876543210"}"#));
    let Next::Load(loading) = pass.with(Iteration::next) else { panic!() };
    assert_eq!((loading.terminal.as_str(), loading.merchant.as_str()), ("90000001", "898900000000001"));
    assert!(!format!("{loading:?}").contains("FEDCBA"), "a key is not shown");
    let result = pass.with(|iteration, cast| iteration.loaded(cast, false)).unwrap();
    assert_eq!((result.class, result.checks_passed), (Class::Failed, 1));
    let mut pass = Pass::new(&text);
    pass.request();
    pass.ends(answer(200, r#"{"key":"short"}"#));
    assert!(matches!(pass.with(Iteration::next), Next::Broken(Some(_), _)));
}
