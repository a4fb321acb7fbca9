//! How terminals are connected: every strategy, TLS, source addresses and faults over real sockets, counted exactly.

use crate::{
    http_rig::Authority,
    program::{Finished, Folder, Running, events, posfleet, run_in, shipped},
};
use posfleet::{
    driver::{Clock, HostServer, HostSide},
    host::{Config, Host},
    link::HostTls,
    scenario::{Overrides, load_file},
};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

#[test]
fn a_connection_for_every_operation() {
    let summary = run("per-transaction", "", "");
    assert_eq!((opened(&summary), approved(&summary)), (20, 20), "{summary:#}");
}

#[test]
fn a_connection_for_every_terminal() {
    let summary = run("long-lived", "", "");
    assert_eq!((opened(&summary), approved(&summary)), (5, 20), "{summary:#}");
}

#[test]
fn an_old_connection_gives_way_to_a_new_one() {
    let summary = run("{ strategy: long-lived, lifetime: 1ms }", "- think: 20ms", "");
    assert_eq!((opened(&summary), approved(&summary)), (20, 20), "{summary:#}");
    let summary = run("{ strategy: long-lived, idleTimeout: 1ms }", "- think: 20ms", "");
    assert_eq!((opened(&summary), approved(&summary)), (20, 20), "{summary:#}");
}

#[test]
fn terminals_share_connections_and_every_answer_finds_its_own() {
    for (connection, expected) in [("shared", 1), ("{ strategy: shared, pool: 3 }", 3)] {
        let summary = run(connection, "", "");
        assert_eq!((opened(&summary), approved(&summary)), (expected, 20), "{summary:#}");
        assert_eq!(summary["connections"]["strays"], 0);
    }
}

#[test]
fn an_answer_over_a_shared_connection_to_nobody_is_counted() {
    let host = "host: { rules: [ { when: { mti: 0200 }, fault: stray } ] }";
    let summary = run("shared", "", host);
    assert_eq!((opened(&summary), approved(&summary)), (1, 20), "{summary:#}");
    assert_eq!(summary["connections"]["strays"], 20);
}

#[test]
fn connections_come_no_faster_than_their_rate_and_waiting_is_no_failure() {
    let summary = run("{ strategy: long-lived, connectRate: 20 }", "", "");
    assert_eq!((opened(&summary), approved(&summary)), (5, 20), "{summary:#}");
    assert!(summary["connections"]["wait_ms"]["max"].as_f64() > Some(0.0), "{summary:#}");
    // Four passes before the last one, 50 ms apart.
    assert!(summary["duration_seconds"].as_f64() >= Some(0.2), "{summary:#}");
}

#[test]
fn connections_come_from_the_addresses_they_are_to_come_from_in_turn() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sources = std::thread::spawn(move || {
        let peers = (0..5).map(|_| listener.accept().unwrap().1.ip().to_string());
        let mut peers: Vec<String> = peers.collect();
        peers.sort();
        peers
    });
    let connection = "{ localAddresses: [127.0.1.1-127.0.1.3, 127.0.1.9] }";
    against(address, connection, "", 1, &[]);
    let once = ["127.0.1.1", "127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.9"];
    assert_eq!(sources.join().unwrap(), once);
}

#[test]
fn an_address_that_is_not_ours_is_told_before_anything_starts() {
    let folder = Folder::new("not-ours");
    let text = scenario("{ localAddresses: [192.0.2.77] }", "", "", 1);
    let finished = Finished::of(&mut run_in(&folder, &folder.file("run.yaml", &text), &[]));
    assert!(!finished.status.success());
    assert!(finished.stderr.contains("from 192.0.2.77"), "{}", finished.stderr);
}

#[test]
fn terminals_reach_a_host_over_ipv6() {
    let folder = Folder::new("ipv6");
    let file = folder.file("run.yaml", &scenario("per-transaction", "", "", 4));
    let mut command = posfleet(["host", "--listen", "[::1]:0", "--scenario"]);
    let host = Running::start(command.arg(&file));
    let line = host.wait_for("listening on");
    let address = line.split("listening on ").nth(1).unwrap().split(',').next().unwrap();
    let finished = Finished::of(&mut run_in(&folder, &file, &["--target", &format!("host={address}")]));
    assert_eq!(approved(&finished.exits_with(0).summary()), 20);
    host.signal("TERM");
    host.finish();
}

#[test]
fn tls_sessions_are_resumed_unless_they_shall_not() {
    let handshakes = |summary: &Value| {
        let count = |key: &str| summary["connections"][key].as_u64().unwrap();
        (count("full_handshakes"), count("resumed_handshakes"))
    };
    let flow = "- think: 5ms";
    let resumed = run("per-transaction", flow, "host: { tls: { clients: certified } }");
    assert_eq!(approved(&resumed), 20, "{resumed:#}");
    let (full, again) = handshakes(&resumed);
    assert_eq!(full + again, 20);
    assert!((1..=5).contains(&full), "{full} full handshakes of five terminals that begin at once");
    assert!(resumed["connections"]["handshake_ms"]["p50"].as_f64() > Some(0.0));
    let anew = run("per-transaction", flow, "host: { tls: { resumption: false } }");
    assert_eq!((approved(&anew), handshakes(&anew)), (20, (20, 0)), "{anew:#}");
    let kept = run("{ strategy: shared }", "", "host: { tls: {} }");
    assert_eq!((approved(&kept), handshakes(&kept)), (20, (1, 0)), "{kept:#}");
}

#[test]
fn what_is_wrong_with_tls_is_told_in_words() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let good = ours.sign("localhost");
    let old = ours.sign_with("localhost", |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1));
    let (trusted, name) = (ours.pem(), "serverName: localhost");
    let (stranger, elsewhere) = (theirs.pem(), "serverName: elsewhere.test");
    let cases = [
        (Some((&good, None)), Some((&stranger, name)), "not signed by an authority that is trusted"),
        (Some((&old, None)), Some((&trusted, name)), "the host's certificate has expired"),
        (
            Some((&good, None)),
            Some((&trusted, elsewhere)),
            "is for DnsName(\"localhost\"), not for elsewhere.test",
        ),
        (Some((&good, Some(&ours))), Some((&trusted, name)), "the host wants a client certificate"),
        (Some((&good, None)), None, "it wants TLS"),
        (None, Some((&trusted, name)), "during the TLS handshake; does it speak TLS?"),
    ];
    for (host, terminals, words) in cases {
        let side =
            host.map(|((certificates, key), clients): (&(String, String), Option<&Authority>)| HostTls {
                certificates: certificates.clone(),
                key: key.clone(),
                clients: clients.map(Authority::pem),
            });
        let folder = Folder::new("tls");
        if let Some((ca, _)) = terminals {
            folder.file("ca.pem", ca);
        }
        let tls = terminals.map_or_else(String::new, |(_, name)| format!(", tls: {{ ca: ca.pem, {name} }}"));
        let server = serve(&folder, side.as_ref());
        let text = scenario("per-transaction", "", "", 1);
        let text = format!("{text}targets: {{ host: {{ address: \"{}\"{tls} }} }}\n", server.address());
        let file = folder.file("run.yaml", &text);
        Finished::of(&mut run_in(&folder, &file, &[]));
        let told = events(&folder.results()).join("\n");
        server.stop();
        assert!(told.contains(words), "{words:?} is not in\n{told}");
    }
}

#[test]
fn terminals_and_host_know_each_other_by_certificates_from_files() {
    let authority = Authority::new("both");
    let (host, terminal) = (authority.sign("localhost"), authority.sign("terminal"));
    let folder = Folder::new("mutual");
    let pem = |name: &str, text: &str| folder.file(name, text);
    let (ca, cert, key) =
        (pem("ca.pem", &authority.pem()), pem("host.pem", &host.0), pem("host.key", &host.1));
    pem("terminal.pem", &terminal.0);
    pem("terminal.key", &terminal.1);
    let known = folder.file("host.yaml", &scenario("per-transaction", "", "", 4));
    let mut command = posfleet(["host", "--listen", "127.0.0.1:0", "--scenario"]);
    command.arg(known).arg("--tls-cert").arg(cert).arg("--tls-key").arg(key).arg("--tls-client-ca").arg(ca);
    let running = Running::start(&mut command);
    let line = running.wait_for("listening on");
    let address = line.split("listening on ").nth(1).unwrap().split(',').next().unwrap();
    let tls = "tls: { ca: ca.pem, certificate: terminal.pem, key: terminal.key, serverName: localhost }";
    let text = scenario("per-transaction", "", "", 4);
    let text = format!("{text}targets: {{ host: {{ address: \"{address}\", {tls} }} }}\n");
    let finished = Finished::of(&mut run_in(&folder, &folder.file("run.yaml", &text), &[]));
    assert_eq!(approved(&finished.exits_with(0).summary()), 20);
    running.signal("TERM");
    running.finish();
}

#[test]
fn a_host_of_its_own_speaks_tls_as_its_scenario_says() {
    let folder = Folder::new("own-tls");
    let start = |host: &str| {
        let file = folder.file("host.yaml", &scenario("per-transaction", "", host, 4));
        let mut command = posfleet(["host", "--listen", "127.0.0.1:0", "--scenario"]);
        Running::start(command.arg(file))
    };
    let host = start("host: { tls: {} }");
    let line = host.wait_for("listening on");
    let address = line.split("listening on ").nth(1).unwrap().split(',').next().unwrap();
    let text = scenario("per-transaction", "", "", 4);
    let text = format!("{text}targets: {{ host: {{ address: \"{address}\", tls: {{ verify: false }} }} }}\n");
    let finished = Finished::of(&mut run_in(&folder, &folder.file("run.yaml", &text), &[]));
    assert_eq!(approved(&finished.exits_with(0).summary()), 20);
    host.signal("TERM");
    host.finish();
    let refused = start("host: { tls: { clients: certified } }").finish();
    assert!(refused.stderr.contains("--tls-client-ca"), "{}", refused.stderr);
}

#[test]
fn thresholds_are_about_the_connections_of_all_or_of_one_target() {
    let folder = Folder::new("of-targets");
    let server = serve(&folder, None);
    let address = server.address();
    let file = folder.file("run.yaml", &TWO_TARGETS.replace("ADDRESS", &address.to_string()));
    let summary = Finished::of(&mut run_in(&folder, &file, &["--shards", "2"])).exits_with(99).summary();
    server.stop();
    let judged = summary["thresholds"].as_array().unwrap();
    let value = |number: usize| judged[number]["value"].as_f64();
    assert_eq!((value(0), value(1)), (Some(5.0), Some(5.0)), "{judged:#?}");
    assert_eq!((value(2), value(3)), (Some(1.0), Some(0.0)), "all of one target are refused: {judged:#?}");
    assert!(value(4) > Some(0.0), "{judged:#?}");
    assert_eq!(value(5), None, "nothing of a target without a connection: {judged:#?}");
    let passes: Vec<bool> = judged.iter().map(|one| one["pass"].as_bool().unwrap()).collect();
    assert_eq!(passes, [true, true, false, true, true, true]);
}

#[test]
fn answers_are_matched_though_a_proxy_rewrites_the_tpdu() {
    for connection in ["long-lived", "shared"] {
        let folder = Folder::new("tpdu");
        let server = serve(&folder, None);
        let proxy = proxy(server.address());
        let summary = against(proxy, connection, "", 4, &[]);
        assert_eq!(approved(&summary), 20, "{summary:#}");
        assert_eq!(summary["connections"]["strays"], 0);
        server.stop();
    }
}

#[test]
fn every_fault_is_injected_and_counted() {
    let faults = |network: &str| {
        let summary = run(&format!("per-transaction\n    network: {network}"), "", "");
        (summary["connections"]["faults"].clone(), approved(&summary), summary)
    };
    let (counted, sold, summary) = faults("{ latency: 5ms }");
    // One sign-in and four sales of five terminals, each a request and an answer.
    assert_eq!((&counted["delay"], sold), (&50.into(), 20), "{summary:#}");
    assert!(summary["steps"]["sale"]["service_time_ms"]["min"].as_f64() >= Some(10.0), "{summary:#}");
    let (counted, sold, _) = faults("{ bandwidth: 64kbit/s }");
    assert_eq!((&counted["delay"], sold), (&50.into(), 20));
    let (counted, sold, summary) = faults("{ chunk: 16 }");
    assert!(counted["chunk"].as_u64() >= Some(50), "{summary:#}");
    assert_eq!(sold, 20);
    let (counted, sold, summary) = faults("{ resetAfter: 40 }");
    assert_eq!((&counted["reset"], sold), (&summary["connections"]["opened"], 0), "{summary:#}");
    let (counted, sold, summary) = faults("{ stall: { probability: 100%, lasts: 30ms } }");
    assert_eq!((&counted["stall"], sold), (&25.into(), 20), "{summary:#}");
    let (counted, sold, summary) = faults("{ silence: { probability: 100%, lasts: 50ms } }");
    assert!(counted["silence"].as_u64() >= Some(20) && sold == 0, "{summary:#}");
}

#[test]
fn a_step_has_a_network_of_its_own() {
    let flow = "- echo: {}\n        network: { latency: 5ms }";
    let summary = run("long-lived", flow, "");
    assert_eq!(summary["connections"]["faults"]["delay"], 40, "{summary:#}");
    assert_eq!((opened(&summary), approved(&summary)), (5, 20));
}

#[test]
fn an_answer_still_comes_over_a_connection_that_is_half_closed() {
    let summary = run("per-transaction", "- echo: {}\n        network: { halfClose: 100% }", "");
    assert_eq!(summary["connections"]["faults"]["half-close"], 20, "{summary:#}");
    assert_eq!(summary["steps"]["echo"]["approved"], 20, "{summary:#}");
}

#[test]
fn the_same_seed_makes_the_same_faults() {
    let faults = || {
        let network = "{ resetAfter: 100..900, resets: 20%, stall: { probability: 20%, lasts: 5ms } }";
        let summary = run(&format!("per-transaction\n    network: {network}"), "", "");
        summary["connections"]["faults"].clone()
    };
    let first = faults();
    assert!(first["reset"].as_u64() > Some(0) && first["stall"].as_u64() > Some(0), "{first}");
    assert_eq!(first, faults());
}

#[test]
fn the_shipped_bad_network_loses_no_money() {
    let folder = Folder::new("bad-network");
    let arguments = ["--terminals", "60", "--duration", "4s", "--seed", "3"];
    let finished = Finished::of(&mut run_in(&folder, &shipped("bad-network.yaml"), &arguments));
    // How many sales fail depends on how busy this machine is too; that no money is lost does not.
    assert!([Some(0), Some(99)].contains(&finished.status.code()), "{}", finished.stderr);
    let summary = finished.summary();
    for fault in ["delay", "chunk", "reset", "half-close", "stall", "silence"] {
        assert!(summary["connections"]["faults"][fault].as_u64() > Some(0), "no {fault} in {summary:#}");
    }
    assert!(summary["steps"]["reversal"]["approved"].as_u64() > Some(0), "{summary:#}");
    assert_eq!(summary["reconciliation"]["mismatches"], 0, "{summary:#}");
}

/// Five terminals sign in and sell four times each, one after the other, on one shard with the host inside. They wait
/// for longer than a busy machine takes: what fails does so because of what is broken.
fn run(connection: &str, flow: &str, host: &str) -> Value {
    let folder = Folder::new("connections");
    let file = folder.file("run.yaml", &scenario(connection, flow, host, 4));
    Finished::of(&mut run_in(&folder, &file, &["--shards", "1"])).summary()
}

fn against(address: SocketAddr, connection: &str, flow: &str, sales: u32, arguments: &[&str]) -> Value {
    let folder = Folder::new("against");
    let file = folder.file("run.yaml", &scenario(connection, flow, "", sales));
    let target = format!("host={address}");
    let arguments = [&["--shards", "1", "--target", &target], arguments].concat();
    Finished::of(&mut run_in(&folder, &file, &arguments)).summary()
}

fn scenario(connection: &str, flow: &str, host: &str, sales: u32) -> String {
    let flow = if flow.is_empty() { String::new() } else { format!("\n      {flow}") };
    format!(
        "schema: 1
name: connections
seed: 7
terminals:
  shop:
    count: 5
    tmk: \"0123456789ABCDEFFEDCBA9876543210\"
    connectTimeout: 1m
    responseTimeout: 1m
    reversal: {{ resend: 0, keep: false, atOnce: false }}
    connection: {connection}
flows:
  sell:
    steps:
      - sale: {{ amount: 9.90 }}
        onError: continue{flow}
scenarios:
  day: {{ flow: sell, executor: per-terminal-iterations, iterations: {sales} }}
{host}
"
    )
}

#[test]
fn what_a_network_does_to_one_group_is_not_told_of_the_others() {
    let folder = Folder::new("of-groups");
    let finished = Finished::of(&mut run_in(&folder, &folder.file("run.yaml", ONE_BAD_NETWORK), &[]));
    let connections = &finished.exits_with(0).summary()["connections"];
    assert_eq!(
        (&connections["resets"], &connections["faults"]["reset"]),
        (&3.into(), &3.into()),
        "{connections:#}"
    );
}

/// Five terminals behind a good network, and three of which every connection is reset in its first request.
const ONE_BAD_NETWORK: &str = "\
schema: 1
name: connections
seed: 7
terminals:
  shop: { count: 5, connection: long-lived }
  kiosk: { count: 3, network: { resetAfter: 50, resets: 100% } }
flows:
  sign: { steps: [ { sign-in: {}, onError: continue } ] }
scenarios:
  day: { flow: sign, group: shop, executor: per-terminal-iterations }
  night: { flow: sign, group: kiosk, executor: per-terminal-iterations }
thresholds:
  \"connections.faults{group:shop}\": [ \"count == 0\" ]
  \"connections.faults{group:kiosk}\": [ \"count == 3\" ]
  \"connections.resets{group:shop}\": [ \"count == 0\" ]
  \"connections.resets{group:kiosk}\": [ \"count == 3\" ]
  \"connections.opened{group:kiosk}\": [ \"count == 3\" ]
";

#[test]
fn what_a_host_does_to_one_group_is_not_told_of_the_others() {
    let folder = Folder::new("of-hosts");
    let finished =
        Finished::of(&mut run_in(&folder, &folder.file("run.yaml", ONE_ODD_HOST), &["--shards", "2"]));
    let connections = &finished.exits_with(0).summary()["connections"];
    assert_eq!((&connections["strays"], &connections["ended"]), (&3.into(), &2.into()), "{connections:#}");
}

/// Five terminals that only sign in, three whose sales are answered to nobody besides, two that are hung up on.
const ONE_ODD_HOST: &str = "\
schema: 1
name: connections
seed: 7
terminals:
  shop: { count: 5, connection: shared }
  kiosk: { count: 3, connection: shared }
  till: { count: 2, connection: long-lived }
flows:
  sign: { steps: [ sign-in ] }
  sell: { steps: [ { sale: { amount: 9.90 } } ] }
  look: { steps: [ { balance: {}, onError: continue } ] }
scenarios:
  morning: { flow: sign, group: shop, executor: per-terminal-iterations }
  day: { flow: sell, group: kiosk, executor: per-terminal-iterations }
  night: { flow: look, group: till, executor: per-terminal-iterations }
host:
  rules:
    - { when: { mti: 0200, processingCode: 000000 }, fault: stray }
    - { when: { mti: 0200, processingCode: 310000 }, fault: close }
thresholds:
  \"connections.strays{group:shop}\": [ \"count == 0\" ]
  \"connections.strays{group:kiosk}\": [ \"count == 3\" ]
  \"connections.strays{group:till}\": [ \"count == 0\" ]
  \"connections.ended{group:shop}\": [ \"count == 0\" ]
  \"connections.ended{group:kiosk}\": [ \"count == 0\" ]
  \"connections.ended{group:till}\": [ \"count == 2\" ]
";

/// Five terminals of a host that is there, and three of one that is not.
const TWO_TARGETS: &str = "\
schema: 1
name: connections
seed: 7
targets:
  here: { address: \"ADDRESS\" }
  nowhere: { address: \"127.0.0.1:1\" }
terminals:
  shop: { count: 5, target: here, tmk: \"0123456789ABCDEFFEDCBA9876543210\", connection: long-lived }
  kiosk: { count: 3, target: nowhere }
flows:
  sell: { steps: [ { sale: { amount: 9.90 }, onError: continue } ] }
scenarios:
  day: { flow: sell, group: shop, executor: per-terminal-iterations }
  night: { flow: sell, group: kiosk, executor: per-terminal-iterations }
thresholds:
  \"connections.opened{target:here}\": [ \"count == 5\" ]
  \"connections.opened{group:shop}\": [ \"count == 5\" ]
  \"connections.refused{target:nowhere}\": [ \"rate < 50%\" ]
  \"connections.refused{target:here}\": [ \"count == 0\" ]
  connections.connect: [ \"max < 1m\" ]
  \"connections.connect{target:nowhere}\": [ \"max < 1m\" ]
";

/// A host that knows the terminals of [`scenario`].
fn serve(folder: &Folder, tls: Option<&HostTls>) -> HostServer {
    let file = folder.file("host.yaml", &scenario("per-transaction", "", "", 1));
    let plan = load_file(&file, &Overrides::default(), 7).unwrap();
    let side = tls.map(|tls| HostSide::new(tls).unwrap());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let clock = Clock::start();
    let config = Config { clock: clock.wall(), ..plan.host };
    HostServer::start_over(Host::new(config), any, clock, None, side).unwrap()
}

/// A proxy that gives every request the TPDU of its own network, and every answer one that no terminal has sent.
fn proxy(host: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for terminal in listener.incoming().map_while(Result::ok) {
            let host = TcpStream::connect(host).unwrap();
            let (to_host, to_terminal) = (host.try_clone().unwrap(), terminal.try_clone().unwrap());
            std::thread::spawn(move || relay(terminal, to_host, [0x60, 0x12, 0x34, 0x56, 0x78]));
            std::thread::spawn(move || relay(host, to_terminal, [0x60, 0x99, 0x88, 0x77, 0x66]));
        }
    });
    address
}

/// Passes frames on with another TPDU, until either end closes.
fn relay(mut from: TcpStream, mut to: TcpStream, tpdu: [u8; 5]) {
    let mut length = [0; 2];
    while from.read_exact(&mut length).is_ok() {
        let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
        if from.read_exact(&mut frame).is_err() {
            break;
        }
        assert_ne!(frame[..5], tpdu, "the host swaps what the proxy has written");
        frame[..5].copy_from_slice(&tpdu);
        if to.write_all(&[&length[..], &frame].concat()).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

fn opened(summary: &Value) -> u64 {
    summary["connections"]["opened"].as_u64().unwrap()
}

fn approved(summary: &Value) -> u64 {
    summary["steps"]["sale"]["approved"].as_u64().unwrap_or(0)
}
