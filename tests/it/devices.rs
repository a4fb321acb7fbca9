//! Terminals on pseudo-terminals, driven through real ports: every protocol, and what can go wrong with a port.

use crate::{lab_rig::*, tcp_till::plan};
use nix::{
    pty::openpty,
    sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr},
    unistd::ttyname,
};
use posfleet::{
    driver::{
        Clock, HostServer,
        serial::{Device, DeviceError, Inner, OpenError, Place, Pretended, Recorders, Setup, open},
        wall_clock,
    },
    ecr::{Request, Service, Verdict},
    host::{Config, Enrolment, Host},
    rack::{FailureClass, LineSettings},
    scenario::Plan,
    terminal::Terminal,
};
use std::{
    collections::{BTreeSet, HashSet},
    fs::{self, File},
    io::Write,
    os::fd::OwnedFd,
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::io::AsyncReadExt;

#[test]
fn every_protocol_sells_refuses_and_tells_who_it_is() {
    let lab = Lab::new("protocols", include_str!("../data/rack-8.yaml"));
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut taken = HashSet::new();
        for device in lab.rack.devices.iter().filter(|device| device.id.ends_with("-1")) {
            let mut till = lab.device(&device.id);
            let identity = till.identify(PATIENCE).await.unwrap();
            let told = String::from_utf8(identity.terminal.0).unwrap();
            assert_eq!(device.expected.terminal.as_ref().map_or("", |id| id), told, "{}", device.id);
            let answer = till.ask(sale(1, 1_250), PATIENCE).await.unwrap();
            assert_eq!((answer.verdict, answer.amount.minor()), (Verdict::Approved, 1_250), "{}", device.id);
            let answer = till.ask(sale(2, 5_100), PATIENCE).await.unwrap();
            assert_eq!(answer.verdict, Verdict::Declined, "{}", device.id);
            assert_eq!(till.contact().opened, 1, "{}", device.id);
            taken.insert(device.id.clone());
        }
        assert_eq!(taken.len(), 5);
        for (id, tally) in pretended.finish().await {
            let expected = if taken.contains(&id) { vec![(1, 1)] } else { Vec::new() };
            assert_eq!(tally.books.into_iter().collect::<Vec<_>>(), expected, "{id}");
        }
    });
}

/// What is known of these terminals stands in files alone.
#[test]
fn terminals_that_files_describe_sell_and_refuse() {
    let device = |name: &str| {
        let refuse = "simulate: { refuse: [ { amount: 51.00, code: \"51\" } ] }";
        format!("{{ id: {name}, driver: {name}, port: sim:{name}, line: {{ baud: 115200 }}, {refuse} }}")
    };
    let lab = Lab::of("scripts", &["transbank", "pax", "wiseasy"].map(device).join("\n  - "));
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        for device in &lab.rack.devices {
            let mut till = lab.device(&device.id);
            let answer = till.ask(sale(7, 1_250), PATIENCE).await.unwrap();
            let told = (answer.verdict, answer.amount.minor());
            assert_eq!(told, (Verdict::Approved, 1_250), "{}", device.id);
            let answer = till.ask(sale(8, 5_100), PATIENCE).await.unwrap();
            assert_eq!(
                (answer.verdict, &answer.code.0[..]),
                (Verdict::Declined, &b"51"[..]),
                "{}",
                device.id
            );
            // Transbank has no refund that names an amount: its 1200 undoes a sale.
            let has_refund = device.id != "transbank";
            let expected = if has_refund { Verdict::Approved } else { Verdict::Unsupported };
            let refund = Request { service: Service::Refund, ..sale(9, 100) };
            assert_eq!(till.ask(refund, PATIENCE).await.unwrap().verdict, expected, "{}", device.id);
        }
        for (id, tally) in pretended.finish().await {
            let booked: &[(u32, u32)] = if id == "transbank" { &[(7, 1)] } else { &[(7, 1), (9, 1)] };
            assert_eq!(tally.books.into_iter().collect::<Vec<_>>(), booked, "{id}");
        }
    });
}

/// Both ends at once: the terminals' own messages reach the host, two of them through the register's line, and the host
/// has booked what the registers were told.
#[test]
fn the_host_books_what_the_registers_are_told() {
    let plan = plan(SCENARIO);
    let server = HostServer::start(
        Host::new(Config { clock: wall_clock(), ..plan.host.clone() }),
        "127.0.0.1:0".parse().unwrap(),
        Clock::start(),
    )
    .unwrap();
    let device = |name: &str| {
        format!(
            "{{ id: {name}, driver: {name}, port: sim:{name}, line: {{ baud: 115200 }}, simulate: {{ relay: true }} }}"
        )
    };
    let lab = Lab::of("relay", &["allinpay", "df-tlv", "zvt"].map(device).join("\n  - "));
    let told: BTreeSet<(String, u64)> = run(async {
        let host = server.address().to_string();
        let pretended =
            Pretended::start_before(&lab.rack, lab.setup.clock, inner(&plan), &host).await.unwrap();
        let mut told = BTreeSet::new();
        for (number, device) in lab.rack.devices.iter().enumerate() {
            let mut till = lab.device(&device.id);
            let sign_in = Request { service: Service::SignIn, ..sale(1, 0) };
            assert_eq!(
                till.ask(sign_in, PATIENCE).await.unwrap().verdict,
                Verdict::Approved,
                "{}",
                device.id
            );
            let answer = till.ask(sale(2, 1_250 + number as u64), PATIENCE).await.unwrap();
            assert_eq!(answer.verdict, Verdict::Approved, "{}: {answer:?}", device.id);
            assert!(answer.receipt > 0 && !answer.card.as_bytes().is_empty(), "{}: {answer:?}", device.id);
            told.insert((plan.host.terminals[number].terminal.to_string(), answer.amount.minor()));
        }
        pretended.finish().await;
        told
    });
    let (host, _) = server.finish();
    let booked = host.ledger().captured().map(|(key, amount)| (key.terminal.to_string(), amount.minor()));
    assert_eq!(booked.collect::<BTreeSet<_>>(), told);
    assert_eq!(told.len(), 3);
}

#[test]
fn zvt_is_spoken_over_tcp() {
    let port = free_port();
    let lab =
        Lab::of("tcp", &format!("{{ id: a, driver: zvt, port: \"tcp:127.0.0.1:{port}\", currency: 978 }}"));
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let answer = lab.device("a").ask(sale(1, 1_250), PATIENCE).await.unwrap();
        assert_eq!(answer.verdict, Verdict::Approved);
        assert_eq!(pretended.finish().await[0].1.booked(), 1);
    });
}

/// Whoever stands in the slot is asked before money moves, and the wrong one gets no command.
#[test]
fn the_wrong_terminal_is_asked_for_no_money() {
    let lab =
        Lab::of("wrong", "{ id: a, driver: allinpay, port: sim:a, expect: { terminal: \"10000001\" } }");
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut device = lab.rack.devices[0].clone();
        device.expected.terminal = Some("10000002".to_owned());
        let error = Device::new(&device, &lab.setup).ask(sale(1, 100), PATIENCE).await.unwrap_err();
        assert_eq!(error.to_string(), "this is terminal 10000001, and 10000002 is expected");
        assert_eq!(error.class(), FailureClass::Infrastructure);
        assert_eq!(pretended.finish().await[0].1.asked, 0);
    });
}

/// A port that vanishes in the middle of a frame comes back under its name, and no sale is lost or done twice.
#[test]
fn a_port_that_hangs_up_comes_back_and_the_books_agree() {
    let faults = "simulate: { faults: { hangUp: 15% } }";
    let lab = Lab::of(
        "hang-up",
        &format!("{{ id: a, driver: allinpay, port: sim:a, line: {{ baud: 115200 }}, {faults} }}"),
    );
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut device = lab.device("a");
        let mut approved = Vec::new();
        for id in 1..=8 {
            match device.ask(sale(id, 100), PATIENCE).await {
                Ok(answer) if answer.verdict == Verdict::Approved => approved.push((id, 1)),
                Ok(answer) => panic!("sale {id}: {answer:?}"),
                // What was never asked for, or is known not to be done.
                Err(error) => assert_eq!(error.class(), FailureClass::Infrastructure, "sale {id}: {error}"),
            }
        }
        assert!(device.contact().hung_up > 0 && approved.len() > 4, "{:?} {approved:?}", device.contact());
        let tally = pretended.finish().await.remove(0).1;
        assert_eq!(tally.books.into_iter().collect::<Vec<_>>(), approved);
        assert!(tally.faults > 0);
    });
}

#[test]
fn a_line_takes_the_time_of_its_baud_rate() {
    let lab = Lab::of("pace", "{ id: a, driver: allinpay, port: sim:a, line: { baud: 2400 } }");
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut device = lab.device("a");
        device.identify(PATIENCE).await.unwrap();
        let (before, bytes) = (lab.setup.clock.now(), device.contact().bytes);
        device.ask(sale(1, 100), PATIENCE).await.unwrap();
        let answer = device.contact().bytes - bytes;
        let least = lab.rack.devices[0].line.byte_time() * answer as u32;
        let took = lab.setup.clock.now().since(before);
        assert!(
            took >= least && least > Duration::from_millis(300),
            "{answer} bytes took {took:?} of {least:?}"
        );
        pretended.finish().await;
    });
}

#[test]
fn a_port_is_leased_to_one_and_free_when_it_is_closed() {
    let lab = Lab::of("lease", "{ id: a, driver: allinpay, port: sim:a }");
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut first = lab.device("a");
        first.identify(PATIENCE).await.unwrap();
        let error = lab.device("a").identify(PATIENCE).await.unwrap_err();
        let words = error.to_string();
        assert!(matches!(error, DeviceError::Lease(_)), "{words}");
        assert!(words.contains(&format!("is held by test (process {}) for ", std::process::id())), "{words}");
        first.close();
        lab.device("a").identify(PATIENCE).await.unwrap();
        pretended.finish().await;
    });
}

/// Whoever has a port for longer than he said sends nothing more.
#[test]
fn a_lease_that_has_run_out_ends_the_work() {
    let mut lab = Lab::of("expired", "{ id: a, driver: allinpay, port: sim:a }");
    lab.setup = Arc::new(Setup { lease_time: Duration::ZERO, ..lab.fresh_setup() });
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut device = lab.device("a");
        device.identify(PATIENCE).await.unwrap();
        let error = device.ask(sale(1, 100), PATIENCE).await.unwrap_err();
        assert!(matches!(error, DeviceError::LeaseExpired), "{error}");
        assert_eq!(pretended.finish().await[0].1.asked, 0);
    });
}

/// What was sent before a port was opened was meant for somebody else.
#[test]
fn stale_bytes_are_thrown_away() {
    run(async {
        let line = RawLine::new();
        line.write(b"\x02\x00\x01A\x03\x43");
        let mut port = open(&line.place(), LineSettings::DEFAULT).await.ok().unwrap();
        line.write(b"new");
        let mut first = [0; 64];
        let count = port.read(&mut first).await.unwrap();
        assert_eq!(&first[..count], b"new");
    });
}

/// A line on which nothing has an end is given up in time, and the terminal is to blame: it was reached.
#[test]
fn endless_garbage_ends_in_time() {
    let line = RawLine::new();
    let Place::Serial(path) = line.place() else { panic!("a serial line") };
    let lab = Lab::of("garbage", &format!("{{ id: a, driver: df-tlv, port: {} }}", path.display()));
    let noise = std::thread::spawn(move || {
        // Beginnings of frames among bytes that are none; the line takes them as fast as they are read.
        while (&line.master).write_all(&[0x02, 0x99, 0x98, 0xFF, 0x06, 0x15, 0x02].repeat(64)).is_ok() {}
    });
    run(async {
        let mut device = lab.device("a");
        let error = device.identify(Duration::from_secs(2)).await.unwrap_err();
        assert_eq!(error.class(), FailureClass::Device, "{error}");
        assert!(device.contact().bytes > 4_096);
        device.release().await;
    });
    drop(noise);
}

#[test]
fn each_way_that_a_port_can_fail_has_its_words() {
    let lab = Lab::of("ports", "{ id: a, driver: allinpay, port: sim:a }");
    let nothing = lab.folder.file("nothing", "");
    run(async {
        let refused = |path: &Path| {
            let place = Place::Serial(path.to_owned());
            async move { open(&place, LineSettings::DEFAULT).await.err().unwrap() }
        };
        let shown = |path: &Path| path.display().to_string();
        let missing = Path::new("/dev/posfleet-no-such-port");
        assert_eq!(refused(missing).await, OpenError::Missing(shown(missing)));
        for none in [Path::new("/dev/null"), &nothing] {
            assert_eq!(refused(none).await, OpenError::NotATerminal(shown(none)));
        }
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let link = lab.rack.sim_folder.join("a");
        let held = open(&Place::Serial(link.clone()), LineSettings::DEFAULT).await.ok().unwrap();
        assert_eq!(refused(&link).await, OpenError::Busy(shown(&link)));
        drop(held);
        pretended.finish().await;
        assert_eq!(refused(&link).await, OpenError::Missing(shown(&link)));
    });
}

/// One device that fails leaves the others alone.
#[test]
fn a_device_that_is_not_there_fails_alone() {
    let lab = Lab::of(
        "alone",
        "{ id: a, driver: allinpay, port: /dev/posfleet-no-such-port }\n  - { id: b, driver: allinpay, port: sim:b }",
    );
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let (mut a, mut b) = (lab.device("a"), lab.device("b"));
        let (a, b) = tokio::join!(a.ask(sale(1, 100), PATIENCE), b.ask(sale(1, 100), PATIENCE));
        let error = a.unwrap_err();
        assert_eq!(
            (error.class(), error.to_string().as_str()),
            (FailureClass::Infrastructure, "/dev/posfleet-no-such-port is not there")
        );
        assert_eq!(b.unwrap().verdict, Verdict::Approved);
        pretended.finish().await;
    });
}

#[test]
fn every_byte_is_recorded_and_no_card() {
    let mut lab = Lab::of("trace", "{ id: a, driver: df-tlv, port: sim:a, line: { baud: 115200 } }");
    let traces = lab.folder.results();
    let recorders = Recorders::at(&traces).unwrap();
    lab.setup = Arc::new(Setup { recorders: Some(recorders), ..lab.fresh_setup() });
    let bytes = run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut device = lab.device("a");
        device.ask(sale(1, 100), PATIENCE).await.unwrap();
        let bytes = device.contact().bytes;
        // The end of the simulation hangs up: all that is held is written before that is told.
        pretended.finish().await;
        device.ask(Request { service: Service::Status, ..sale(0, 0) }, PATIENCE).await.unwrap_err();
        bytes
    });
    let trace = fs::read_to_string(traces.join("a.trace")).unwrap();
    let of =
        |arrow: &str| trace.lines().filter(|line| line.split(' ').nth(1) == Some(arrow)).collect::<Vec<_>>();
    let count: usize = of("<").iter().map(|line| line.split(' ').count() - 2).sum();
    assert_eq!(count as u64, bytes, "{trace}");
    assert!(of(">").len() >= 2 && of("#").len() == 1, "{trace}");
}

/// A pseudo-terminal with nobody behind it.
struct RawLine {
    master: File,
    slave: OwnedFd,
}

impl RawLine {
    fn new() -> Self {
        let pair = openpty(None, None).unwrap();
        let mut settings = tcgetattr(&pair.slave).unwrap();
        cfmakeraw(&mut settings);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).unwrap();
        Self { master: File::from(pair.master), slave: pair.slave }
    }

    fn place(&self) -> Place {
        Place::Serial(ttyname(&self.slave).unwrap())
    }

    fn write(&self, bytes: &[u8]) {
        (&self.master).write_all(bytes).unwrap();
    }
}

/// The terminals of a scenario with the cards of its host.
pub fn inner(plan: &Plan) -> Vec<Inner> {
    let profile = &plan.groups[0].profile;
    let one = |enrolment: &Enrolment| {
        let Enrolment { terminal, merchant, tmk } = enrolment.clone();
        let inside = Terminal::new(terminal, merchant, tmk, profile, false);
        Inner::new(terminal.to_string(), inside, Arc::clone(profile), Arc::clone(&plan.host.cards))
    };
    plan.host.terminals.iter().map(one).collect()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub const SCENARIO: &str = "\
schema: 1
name: relay
seed: 4
terminals:
  shop: { count: 3 }
feeders: { cards: { generate: { count: 5 } } }
scenarios:
  opening: { flow: sign-in, executor: per-terminal-iterations, iterations: 1 }
";
