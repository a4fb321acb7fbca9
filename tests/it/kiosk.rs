//! The worked example of `docs/devices.md`: a terminal that is described by a file, copied out of the document and used.

use crate::{
    devices::{SCENARIO, inner},
    lab_rig::*,
    tcp_till::plan,
};
use posfleet::{
    driver::{
        Clock, HostServer,
        serial::{Device, Pretended, PromptAnswer, Prompts},
    },
    ecr::{
        Deed, Frame, Link, LinkPolicy, Outbox, Output, Patience, Register, RegisterEvent, RegisterInput,
        Request, Role, Service, Verdict, script,
    },
    host::{Config, Host},
    scenario::parse_device_profile,
    time::Instant,
};
use std::{sync::Arc, time::Duration};

/// The profile as the document shows it.
pub fn profile() -> &'static str {
    let document = include_str!("../../docs/devices.md");
    let blocks = document.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains("name: kiosk")).unwrap()
}

#[test]
fn the_worked_example_sells_refuses_and_says_who_it_is() {
    let lab = lab("kiosk", profile(), "refuse: [ { amount: 51.00, code: \"51\" } ]");
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut till = lab.device("kiosk");
        assert_eq!(till.identify(PATIENCE).await.unwrap().terminal.0, b"10000009");
        let answer = till.ask(sale(1, 1_250), PATIENCE).await.unwrap();
        assert_eq!((answer.verdict, answer.amount.minor()), (Verdict::Approved, 1_250), "{answer:?}");
        assert_eq!(answer.card.to_string(), "629100******0006");
        let refused = till.ask(sale(2, 5_100), PATIENCE).await.unwrap();
        assert_eq!((refused.verdict, &refused.code.0[..]), (Verdict::Declined, &b"51"[..]));
        let void = Request { service: Service::Void, ..sale(3, 0) };
        assert_eq!(till.ask(void, PATIENCE).await.unwrap().verdict, Verdict::Approved);
        let books = pretended.finish().await.remove(0).1.books;
        assert_eq!(books.into_iter().collect::<Vec<_>>(), [(1, 1), (3, 1)]);
    });
}

/// The host is called by way of the register's line, as the file says.
#[test]
fn the_worked_example_has_its_messages_carried_to_the_host() {
    let plan = plan(SCENARIO);
    let server = HostServer::start(
        Host::new(Config { clock: posfleet::driver::wall_clock(), ..plan.host.clone() }),
        "127.0.0.1:0".parse().unwrap(),
        Clock::start(),
    )
    .unwrap();
    let signing = profile().replace("exchanges:\n", SIGN_IN);
    let lab = lab("kiosk-relay", &signing, "relay: true");
    run(async {
        let host = server.address().to_string();
        let pretended =
            Pretended::start_before(&lab.rack, lab.setup.clock, inner(&plan), &host).await.unwrap();
        let mut described = lab.rack.devices[0].clone();
        described.expected.terminal = None;
        let mut till = Device::new(&described, &lab.setup);
        let sign_in = Request { service: Service::SignIn, ..sale(1, 0) };
        assert_eq!(till.ask(sign_in, PATIENCE).await.unwrap().verdict, Verdict::Approved);
        let answer = till.ask(sale(2, 1_250), PATIENCE).await.unwrap();
        assert_eq!(answer.verdict, Verdict::Approved, "{answer:?}");
        pretended.finish().await;
    });
    let (host, _) = server.finish();
    let booked: Vec<u64> = host.ledger().captured().map(|(_, amount)| amount.minor()).collect();
    assert_eq!(booked, [1_250]);
}

/// A profile may want a person: without one nothing is asked for, with one the sale goes on.
#[test]
fn a_profile_that_wants_a_person_waits_for_one() {
    let prompting =
        profile().replacen("    steps:\n", "    steps:\n      - { prompt: wake it up, within: 50s }\n", 1);
    let lab = lab("kiosk-prompt", &prompting, "relay: false");
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut till = lab.device("kiosk");
        assert_eq!(till.ask(sale(1, 100), PATIENCE).await.unwrap().verdict, Verdict::NotDone);
        till.release().await;
        let prompts = Prompts::default();
        let mut changes = prompts.changes();
        let mut till = lab.device("kiosk").with_prompts(prompts.clone());
        let operator = async {
            changes.changed().await.unwrap();
            let prompt = prompts.open().remove(0);
            assert_eq!((prompt.device.as_str(), prompt.text.as_str()), ("kiosk", "wake it up"));
            prompts.answer(prompt.id, PromptAnswer::Done).unwrap();
        };
        let mut asking = std::pin::pin!(till.ask(sale(2, 100), PATIENCE));
        tokio::select! {
            answer = &mut asking => panic!("nobody was waited for: {answer:?}"),
            () = operator => {}
        }
        let answer = asking.await;
        assert_eq!(answer.unwrap().verdict, Verdict::Approved);
        let books = pretended.finish().await.remove(0).1.books;
        assert_eq!(books.into_iter().collect::<Vec<_>>(), [(2, 1)]);
    });
}

/// Every kind of step, in virtual time.
#[test]
fn a_register_does_step_after_step() {
    let mut till = Till::new(STEPS);
    assert_eq!(till.take(RegisterInput::Ask(sale(7, 1_250))), ["connect"]);
    assert_eq!(till.take(RegisterInput::Connected), ["wanted Prompt(\"wake it up\")"]);
    assert_eq!(till.take(RegisterInput::Acted(true)), ["close", "wanted PowerCycle"]);
    assert_eq!(till.take(RegisterInput::Acted(true)), ["connect"]);
    assert_eq!(till.take(RegisterInput::Connected), ["say H"]);
    assert_eq!(till.pass(5), ["say H"], "it is said once more");
    assert_eq!(till.hear("hA7|"), ["progress", "close", "connect"], "the line is opened anew");
    assert_eq!(till.take(RegisterInput::Connected), ["say Q"]);
    assert_eq!(till.pass(2), ["say SA7|7|1250"], "silence was nothing");
    till.now += Duration::from_secs(50);
    assert_eq!(till.hear("W"), ["progress"]);
    assert_eq!(till.pass(59), [""; 0], "who waits is waited for");
    assert_eq!(till.hear("PTOTAL 12.50"), ["line TOTAL 12.50", "say p"]);
    assert_eq!(till.hear("Rhost|5000|20|0200"), ["relay 0200 to host:5000"]);
    assert_eq!(till.hear("Rhost|5000|20|0200"), [""; 0], "the host sees it once");
    assert_eq!(till.take(RegisterInput::RelayAnswer(Some(b"0210"))), ["say r0210"]);
    assert_eq!(till.hear("Rhost|5000|20|0200"), ["say r0210"], "the answer was lost");
    assert_eq!(till.hear("D8|00|1250"), [""; 0], "the answer to somebody else's request");
    assert_eq!(till.hear("D7|00|1250"), ["Approved 1250, 1 lines"]);
}

#[test]
fn a_step_that_is_not_done_ends_it_before_money_moves() {
    let mut till = Till::new(STEPS);
    till.take(RegisterInput::Ask(sale(7, 1_250)));
    till.take(RegisterInput::Connected);
    assert_eq!(till.take(RegisterInput::Acted(false)), ["NotDone 0, 0 lines"]);
    till.take(RegisterInput::Ask(sale(8, 1_250)));
    assert_eq!(till.pass(60), ["NotDone 0, 0 lines"], "nobody came");
}

/// A yes to another amount than was asked for is no yes: what happened is asked.
#[test]
fn an_answer_that_contradicts_is_none() {
    let mut till = Till::new(&STEPS.replace(BEFORE, ""));
    till.take(RegisterInput::Ask(sale(7, 1_250)));
    assert_eq!(till.take(RegisterInput::Connected), ["say S|7|1250"]);
    assert_eq!(till.hear("D7|00|9999"), [""; 0]);
    assert_eq!(till.pass(3), ["say L"]);
    assert_eq!(till.hear("D7|00|1250"), ["Approved 1250, 0 lines"]);
    till.take(RegisterInput::Ask(sale(8, 1_250)));
    assert_eq!(till.hear("D8|51|0"), ["Declined 0, 0 lines"], "a refusal may say what it likes");
}

/// A register that keeps to a profile, on a line without acknowledgements.
struct Till {
    register: Register<script::Asking>,
    now: Instant,
    deadline: Option<Instant>,
}

impl Till {
    fn new(profile: &str) -> Self {
        let profile = parse_device_profile(profile, "steps.yaml").unwrap_or_else(|error| panic!("{error}"));
        let asking = script::Asking::new(Arc::clone(&profile.script));
        let link = Link::new(Frame::STX_LRC, LinkPolicy::BARE, Role::Register);
        let (connect, pause) = (Duration::from_secs(5), Duration::from_secs(2));
        let patience = Patience { connect, pause, tries: 3, reconnects: false };
        Self { register: Register::new(asking, link, patience), now: Instant::START, deadline: None }
    }

    fn hear(&mut self, text: &str) -> Vec<String> {
        let mut frame = Vec::new();
        Frame::STX_LRC.build(text.as_bytes(), &mut frame).unwrap();
        self.take(RegisterInput::Received(&frame))
    }

    /// Lets so many seconds pass.
    fn pass(&mut self, seconds: u64) -> Vec<String> {
        let end = self.now + Duration::from_secs(seconds);
        let mut told = Vec::new();
        while let Some(deadline) = self.deadline.filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            told.extend(self.take(RegisterInput::Timeout));
        }
        self.now = end;
        told
    }

    fn take(&mut self, input: RegisterInput<'_>) -> Vec<String> {
        let mut outbox = Outbox::default();
        self.register.handle(self.now, input, &mut outbox);
        let mut told = Vec::new();
        while let Some(output) = outbox.poll() {
            told.push(match output {
                Output::Connect => "connect".to_owned(),
                Output::Close => "close".to_owned(),
                Output::Send(range) => {
                    let frame = outbox.bytes(range);
                    format!("say {}", frame[1..frame.len() - 2].escape_ascii())
                }
                Output::Event(event) => shown(event),
                Output::Wait(until) => {
                    self.deadline = until;
                    continue;
                }
            });
        }
        told
    }
}

fn shown(event: RegisterEvent) -> String {
    match event {
        RegisterEvent::Answered { answer, .. } => {
            format!("{:?} {}, {} lines", answer.verdict, answer.amount.minor(), answer.lines.len())
        }
        RegisterEvent::Progress(_) => "progress".to_owned(),
        RegisterEvent::RelayRequest { bytes, address } => {
            format!("relay {} to {}:{}", bytes.0.escape_ascii(), address.host, address.port)
        }
        RegisterEvent::Line(line) => format!("line {}", line.0.escape_ascii()),
        RegisterEvent::Wanted(deed @ (Deed::Prompt(_) | Deed::PowerCycle | Deed::Reconnect)) => {
            format!("wanted {deed:?}")
        }
    }
}

/// A lab with the terminal that this profile describes.
fn lab(name: &str, profile: &str, simulate: &str) -> Lab {
    let rack = format!(
        "schema: 1\nname: {name}\nsimulation: {{ folder: sim, seed: 3 }}\ndevices:\n  - {{ id: kiosk, driver: \
         kiosk.yaml, port: sim:kiosk, expect: {{ terminal: \"10000009\" }}, simulate: {{ {simulate} }} }}\n"
    );
    Lab::beside(name, &[("kiosk.yaml", profile)], &rack)
}

/// A service that the example leaves out: the host wants it first.
const SIGN_IN: &str = "  begin: \"B\"\n  begun: \"b|{code:2}\"\nexchanges:\n  sign-in:\n    send: begin\n    within: 30s\n    expect:\n      \
    - { message: to-host, then: relay, reply: from-host }\n      - { message: begun, approved: [ \"00\" ] }\n";

const STEPS: &str = "\
schema: 1
name: steps
variables: [ session ]
frame: { preset: stx-lrc }
messages:
  hello: H
  welcome: \"h{session}|\"
  quiet: Q
  never: N
  sale: \"S{session}|{id}|{amount}\"
  busy: W
  line: \"P{line}\"
  printed: p
  to-host: \"R{host}|{port}|{patience}|{relay}\"
  from-host: \"r{relay}\"
  done: \"D{id}|{code}|{amount}\"
  last: L
exchanges:
  sale:
    steps:
      - { prompt: wake it up, within: 60s }
      - { powerCycle: true, within: 60s }
      - { send: hello, within: 5s, onTimeout: again, expect: [ { message: welcome, then: next } ] }
      - { reconnect: true, within: 5s }
      - { send: quiet, within: 2s, onTimeout: next, expect: [ { message: never, then: next } ] }
      - send: sale
        within: 60s
        expect:
          - { message: busy, wait: true }
          - { message: line, then: print, reply: printed }
          - { message: to-host, then: relay, reply: from-host }
          - { message: done, approved: [ \"00\" ], same: [ amount ] }
last: { send: last, within: 5s, expect: [ { message: done, approved: [ \"00\" ] } ] }
";
/// What the register does before it asks.
const BEFORE: &str = "      - { prompt: wake it up, within: 60s }
      - { powerCycle: true, within: 60s }
      - { send: hello, within: 5s, onTimeout: again, expect: [ { message: welcome, then: next } ] }
      - { reconnect: true, within: 5s }
      - { send: quiet, within: 2s, onTimeout: next, expect: [ { message: never, then: next } ] }
";
