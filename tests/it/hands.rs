//! What people, programs and robots do to terminals: prompts and their answers, cards, and power that must be proven.

use crate::{
    http_rig::{Peer, accept},
    lab_rig::*,
    program::{Finished, Running, posfleet},
};
use posfleet::{
    driver::{
        Clock,
        serial::{
            Absent, CardFeeder, DeviceError, Lever, NotOpen, PowerError, Pretended, Prompt, PromptAnswer,
            Prompts, attend, pull,
        },
    },
    ecr::Verdict,
    rack::FailureClass,
};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

#[test]
fn a_prompt_is_listed_answered_once_and_gone() {
    let lab = Lab::of("prompt", OPERATED);
    run(async {
        let (prompts, clock) = (Prompts::default(), Clock::start());
        let feeder = CardFeeder::new(clock, prompts.clone(), PATIENCE);
        let mut changes = prompts.changes();
        let answering = async {
            changes.changed().await.unwrap();
            let [prompt] = &prompts.open()[..] else { panic!("{:?}", prompts.open()) };
            assert_eq!(prompt.to_string(), "a (rack 2, slot 4): insert card 7");
            assert_eq!((prompt.card.as_deref(), prompt.device.as_str()), (Some("7"), "a"));
            assert!(prompt.deadline > clock.now());
            prompts.answer(prompt.id, PromptAnswer::Done).unwrap();
            assert_eq!(prompts.answer(prompt.id, PromptAnswer::Done), Err(NotOpen(prompt.id)));
        };
        let (presented, ()) = tokio::join!(feeder.present(&lab.rack.devices[0], "7"), answering);
        presented.unwrap();
        assert_eq!(prompts.open(), []);
    });
}

#[test]
fn what_nobody_answers_is_skipped_and_what_is_refused_says_why() {
    let lab = Lab::of("nobody", OPERATED);
    let device = &lab.rack.devices[0];
    run(async {
        let clock = Clock::start();
        let (unattended, prompts) = (Prompts::unattended(), Prompts::default());
        let absent = CardFeeder::new(clock, unattended, PATIENCE).present(device, "7").await.unwrap_err();
        assert!(absent.is_skipped() && absent.to_string() == "skipped, no operator", "{absent}");
        let short = CardFeeder::new(clock, prompts.clone(), Duration::from_millis(1));
        assert!(matches!(short.present(device, "7").await, Err(Absent::NoOperator)));
        assert_eq!(prompts.open(), [], "a prompt ends with its deadline");
        let mut changes = prompts.changes();
        let refusing = async {
            changes.changed().await.unwrap();
            prompts
                .answer(prompts.open()[0].id, PromptAnswer::Refused("card 7 is broken".to_owned()))
                .unwrap();
        };
        let feeder = CardFeeder::new(clock, prompts.clone(), PATIENCE);
        let (refused, ()) = tokio::join!(feeder.present(device, "7"), refusing);
        let refused = refused.unwrap_err();
        assert_eq!(refused.to_string(), "the card was refused: card 7 is broken");
        assert_eq!((refused.class(), refused.is_skipped()), (FailureClass::Infrastructure, false));
    });
}

/// Whoever gives up the wait leaves no prompt behind that somebody would run for.
#[test]
fn a_wait_that_is_given_up_takes_its_prompt_away() {
    let lab = Lab::of("given-up", OPERATED);
    run(async {
        let prompts = Prompts::default();
        let mut changes = prompts.changes();
        let prompt = Prompt::new(&lab.rack.devices[0], "press the green key".to_owned());
        tokio::select! {
            answer = prompts.ask(Clock::start(), prompt, PATIENCE) => panic!("{answer:?}"),
            changed = changes.changed() => changed.unwrap(),
        }
        assert_eq!(prompts.open(), []);
    });
}

#[test]
fn the_console_shows_prompts_one_by_one_and_takes_typed_lines() {
    let lab = Lab::of("console", OPERATED);
    let device = &lab.rack.devices[0];
    run(async {
        let (prompts, clock) = (Prompts::default(), Clock::start());
        let (typing, lines) = mpsc::channel(4);
        let (shown_to, mut shown) = mpsc::unbounded_channel();
        let console = attend(&prompts, clock, lines, |line| shown_to.send(line.to_owned()).unwrap());
        let asking = async {
            let ask = |text: &str| prompts.ask(clock, Prompt::new(device, text.to_owned()), PATIENCE);
            tokio::join!(ask("first"), ask("second"))
        };
        let operator = async {
            let mut told = Vec::new();
            for line in ["what?", "", "n my hands are full"] {
                told.push(shown.recv().await.unwrap());
                typing.send(line.to_owned()).await.unwrap();
            }
            told
        };
        let (answers, told) = tokio::select! {
            () = console => panic!("lines may still come"),
            both = async { tokio::join!(asking, operator) } => both,
        };
        assert_eq!(answers, (PromptAnswer::Done, PromptAnswer::Refused("my hands are full".to_owned())));
        assert!(told[0].starts_with("a (rack 2, slot 4): first  [Enter: done, n REASON: refused, s: skip; "));
        assert!(told[1].starts_with("Enter: done") && told[2].contains(": second "), "{told:?}");
    });
}

#[test]
fn a_program_is_told_card_and_slot_and_its_exit_decides() {
    let lab = Lab::of("program", "{ id: a, driver: zvt, port: sim:a }");
    let told = lab.folder.results();
    let script = format!(
        "echo \"$@ $POSFLEET_DEVICE $POSFLEET_CARD $POSFLEET_LABEL_SLOT $POSFLEET_TEXT\" > {}; [ \"$2\" != 8 ]",
        told.display()
    );
    let lab = Lab::of("program", &commanded(&["sh", "-c", &script, "mux", "--slot"]));
    let device = &lab.rack.devices[0];
    run(async {
        let feeder = CardFeeder::new(Clock::start(), Prompts::unattended(), PATIENCE);
        feeder.present(device, "7").await.unwrap();
        assert_eq!(fs::read_to_string(&told).unwrap(), "--slot 7 a a 7 4 insert card 7\n");
        let failed = feeder.present(device, "8").await.unwrap_err();
        assert_eq!(failed.to_string(), "`sh` failed with exit status: 1");
        feeder.remove(device).await.unwrap();
        assert_eq!(fs::read_to_string(&told).unwrap(), "--slot  a a  4 remove the card\n");
    });
}

#[test]
fn a_program_that_does_not_end_is_killed_with_all_that_it_started() {
    let lab = Lab::of("endless", &commanded(&["sh", "-c", "sleep 1000 & wait"]));
    run(async {
        let feeder = CardFeeder::new(Clock::start(), Prompts::unattended(), Duration::from_millis(100));
        let killed = feeder.present(&lab.rack.devices[0], "7").await.unwrap_err();
        assert_eq!(killed.to_string(), "`sh` was killed after 100ms");
        assert_eq!(killed.class(), FailureClass::Infrastructure);
    });
    let lab = Lab::of("no-program", &commanded(&["/no/such/program"]));
    run(async {
        let feeder = CardFeeder::new(Clock::start(), Prompts::unattended(), PATIENCE);
        let missing = feeder.present(&lab.rack.devices[0], "7").await.unwrap_err().to_string();
        assert!(missing.starts_with("cannot start `/no/such/program`: "), "{missing}");
    });
}

#[test]
fn a_robot_is_asked_over_http() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let robot = format!("robot: \"http://{}/cards\"", listener.local_addr().unwrap());
        let lab = Lab::of("robot", &OPERATED.replace("operator: true", &robot));
        let feeder = CardFeeder::new(Clock::start(), Prompts::unattended(), PATIENCE);
        for (answer, expected) in [
            ("HTTP/1.1 204 No Content\r\n\r\n", Ok(())),
            (&*ok("{\"result\": \"done\"}"), Ok(())),
            (&*ok("{\"result\": \"refused\", \"reason\": \"jammed\"}"), Err("the card was refused: jammed")),
            ("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", Err("the card was refused: status 503")),
            (&*ok("{}"), Err("and that means nothing")),
        ] {
            let arm = async {
                let mut peer: Peer<_> = accept(&listener).await;
                let heard = peer.hear().await.unwrap();
                peer.say(answer).await;
                heard
            };
            let (presented, heard) = tokio::join!(feeder.present(&lab.rack.devices[0], "7"), arm);
            let told = presented.map_err(|error| error.to_string());
            match expected {
                Ok(()) => assert_eq!(told, Ok(())),
                Err(words) => assert!(told.as_ref().unwrap_err().ends_with(words), "{told:?}"),
            }
            let body: Value = serde_json::from_slice(&heard.body).unwrap();
            assert_eq!(heard.line, "POST /cards HTTP/1.1");
            assert_eq!(
                body,
                json!({ "device": "a", "card": "7", "text": "insert card 7", "within_ms": 60_000,
                        "labels": { "rack": "2", "slot": "4" } })
            );
        }
        drop(listener);
        let gone = feeder.present(&lab.rack.devices[0], "7").await.unwrap_err().to_string();
        assert!(gone.starts_with("the robot at http://127.0.0.1:"), "{gone}");
    });
}

/// Where the rack says nothing of cards, nobody is asked and nothing waits.
#[test]
fn a_device_that_needs_no_card_gets_none() {
    let lab = Lab::of("no-cards", "{ id: a, driver: zvt, port: sim:a }");
    run(async {
        let feeder = CardFeeder::new(Clock::start(), Prompts::unattended(), PATIENCE);
        feeder.present(&lab.rack.devices[0], "7").await.unwrap();
    });
}

/// The programs of the rack pull the plug of the pretended terminal and put it in again, and the sale after that is on
/// a port that is open anew, at a terminal that has said who it is.
#[test]
fn a_power_cycle_is_proven_by_the_port() {
    let lab = Lab::new("power", &powered(&lever("unplug"), &lever("plug"), "20s"));
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut device = lab.device("a");
        assert_eq!(device.ask(sale(1, 100), PATIENCE).await.unwrap().verdict, Verdict::Approved);
        // The programs talk to the simulator of this very runtime.
        let cycled = device.power_cycle(PATIENCE).await.unwrap();
        assert!(cycled.vanished < Duration::from_secs(20) && cycled.returned < Duration::from_secs(20));
        assert_eq!(device.contact().opened, 2);
        assert_eq!(device.ask(sale(2, 100), PATIENCE).await.unwrap().verdict, Verdict::Approved);
        let books = pretended.finish().await.remove(0).1.books;
        assert_eq!(books.into_iter().collect::<Vec<_>>(), [(1, 1), (2, 1)]);
    });
}

#[test]
fn a_power_cycle_that_cannot_be_proven_is_not_claimed() {
    for (name, off, on, within, words) in [
        (
            "stays",
            "[ \"true\" ]",
            "[ \"true\" ]",
            "300ms",
            "did not vanish within 300ms after it was switched off",
        ),
        ("away", &*lever("unplug"), "[ \"true\" ]", "4s", "vanished, and did not come back within 4s"),
        (
            "off",
            "[ sh, -c, \"echo no hub >&2; exit 3\" ]",
            "[ \"true\" ]",
            "4s",
            "failed with exit status: 3: no hub",
        ),
        (
            "on",
            &*lever("unplug"),
            "[ sh, -c, \"exit 4\" ]",
            "4s",
            "switching on: `sh` failed with exit status: 4",
        ),
    ] {
        let lab = Lab::new(name, &powered(off, on, within));
        run(async {
            let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
            let mut device = lab.device("a");
            device.identify(PATIENCE).await.unwrap();
            let error = device.power_cycle(PATIENCE).await.unwrap_err();
            assert!(error.to_string().contains(words), "{name}: {error}");
            assert_eq!(error.class(), FailureClass::Infrastructure, "{name}");
            pretended.finish().await;
        });
    }
}

#[test]
fn a_device_without_power_control_or_port_is_not_switched() {
    let lab = Lab::of("no-power", "{ id: a, driver: zvt, port: sim:a }");
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let error = lab.device("a").power_cycle(PATIENCE).await.unwrap_err();
        assert!(matches!(error, DeviceError::Power(PowerError::NoSwitch(_))), "{error}");
        assert_eq!(error.class(), FailureClass::Scenario);
        pretended.finish().await;
    });
    let lab = Lab::new("no-port", &powered("[ \"true\" ]", "[ \"true\" ]", "1s"));
    let error = run(async { lab.device("a").power_cycle(PATIENCE).await.unwrap_err() });
    assert_eq!(error.to_string(), "nothing is plugged in at sim:a");
}

/// Behind the port that comes back may be another terminal.
#[test]
fn who_comes_back_is_asked_who_he_is() {
    let lab = Lab::new("swapped", &powered(&lever("unplug"), &lever("plug"), "20s"));
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut described = lab.rack.devices[0].clone();
        described.expected.terminal = Some("10000002".to_owned());
        let mut device = posfleet::driver::serial::Device::new(&described, &lab.setup);
        let error = device.power_cycle(PATIENCE).await.unwrap_err();
        assert!(matches!(error, DeviceError::Wrong { .. }), "{error}");
        pretended.finish().await;
    });
}

/// A plug that is pulled in the middle of a sale is a port that hangs up; put in again, the sale is found.
#[test]
fn a_plug_that_is_pulled_in_a_sale_loses_nothing() {
    let lab = Lab::of("pulled", "{ id: a, driver: allinpay, port: sim:a, simulate: { think: 2s..2s } }");
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut device = lab.device("a");
        device.identify(PATIENCE).await.unwrap();
        let (done, unplugged) = oneshot::channel();
        let pulling = async {
            assert!(pretended.pull("a", Lever::Unplug) && !pretended.pull("b", Lever::Unplug));
            pull(&lab.rack.sim_folder, "a", Lever::Plug).await.unwrap();
            done.send(()).unwrap();
        };
        let (answer, ()) = tokio::join!(device.ask(sale(1, 100), PATIENCE), pulling);
        unplugged.await.unwrap();
        let verdict = answer.map_or(Verdict::NotDone, |answer| answer.verdict);
        assert!(device.contact().hung_up == 1 && device.contact().opened == 2, "{:?}", device.contact());
        let booked = pretended.finish().await.remove(0).1.booked();
        assert_eq!(booked == 1, verdict == Verdict::Approved, "{verdict:?}");
    });
}

#[test]
fn hands_can_be_tried_from_the_command_line() {
    let lab = Lab::new("hands", &powered(&lever("unplug"), &lever("plug"), "20s"));
    let rack = lab.rack.sim_folder.with_file_name("rack.yaml");
    let devices = |words: &[&str]| {
        let mut command = posfleet(["devices", words[0]]);
        command.arg(&rack).args(&words[1..]);
        Finished::of(&mut command)
    };
    let refused = devices(&["unplug", "a"]).exits_with(107);
    assert!(refused.stderr.contains("no simulator answers in "), "{}", refused.stderr);
    let mut simulate = posfleet(["devices", "simulate"]);
    let simulator = Running::start(simulate.arg(&rack));
    simulator.wait_for("1 terminals pretended in");
    let cycled = devices(&["power-cycle", "a"]).exits_with(0);
    assert!(cycled.stdout.contains("vanished after "), "{}", cycled.stdout);
    devices(&["unplug", "a"]).exits_with(0);
    let gone = devices(&["check"]).exits_with(107);
    assert!(gone.stdout.contains("is not there"), "{}", gone.stdout);
    devices(&["plug", "a"]).exits_with(0);
    devices(&["identify"]).exits_with(0);
    let unknown = devices(&["plug", "b"]).exits_with(107);
    assert!(
        unknown.stderr.contains("the simulator refuses: device `b` is not pretended here"),
        "{}",
        unknown.stderr
    );
    let skipped = devices(&["card", "a", "7"]).exits_with(107);
    assert!(
        skipped.stderr.contains("a: FAILED (infrastructure): skipped, no operator"),
        "{}",
        skipped.stderr
    );
    devices(&["power-cycle", "b"]).exits_with(2);
    simulator.signal("TERM");
    simulator.finish().exits_with(0);
}

/// A rack with one device that these commands, written as in YAML, switch off and on. `RACK` is the rack's own file.
fn powered(off: &str, on: &str, within: &str) -> String {
    format!(
        "schema: 1\nname: power\nsimulation: {{ folder: sim, seed: 3 }}\ndevices:\n  - id: a\n    driver: allinpay\n    \
         port: sim:a\n    line: {{ baud: 115200 }}\n    expect: {{ terminal: \"10000001\" }}\n    \
         cards: {{ operator: true }}\n    power: {{ off: {off}, on: {on}, within: {within} }}\n"
    )
}

/// The command that pulls the plug of the device; it finds its rack beside the link of the port.
fn lever(word: &str) -> String {
    let posfleet = Path::new(env!("CARGO_BIN_EXE_posfleet")).display();
    format!("[ {posfleet}, devices, {word}, RACK, a ]")
}

fn commanded(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| serde_json::to_string(word).unwrap()).collect();
    OPERATED.replace("operator: true", &format!("command: [ {} ]", words.join(", ")))
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

const OPERATED: &str =
    "{ id: a, driver: zvt, port: sim:a, labels: { rack: \"2\", slot: \"4\" }, cards: { operator: true } }";
