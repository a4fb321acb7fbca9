//! A terminal of a lab's own that a file describes: fields behind bitmaps, other signals, secrets, firmware.

use crate::{
    lab_rig::*,
    program::{Finished, Running, posfleet},
};
use posfleet::{
    driver::serial::{Pretended, Recorders, Setup},
    ecr::Verdict,
    scenario::parse_device_profile,
};
use std::{fs, sync::Arc};

/// Both ends speak it from the file alone, with acknowledgements that are not those of ASCII.
#[test]
fn fields_behind_bitmaps_are_sold_with() {
    let mut lab = Lab::beside("bitmaps", &[("bitmap.yaml", BITMAP)], RACK);
    let traces = lab.folder.results();
    lab.setup = Arc::new(Setup { recorders: Some(Recorders::at(&traces).unwrap()), ..lab.fresh_setup() });
    run(async {
        let pretended = Pretended::start(&lab.rack, lab.setup.clock).await.unwrap();
        let mut device = lab.device("a");
        let identity = device.identify(PATIENCE).await.unwrap();
        assert_eq!((&*identity.terminal.0, &*identity.firmware.0), (&b"10000007"[..], &b"V3.2-R1"[..]));
        let answer = device.ask(sale(7, 1_250), PATIENCE).await.unwrap();
        assert_eq!((answer.verdict, answer.amount.minor()), (Verdict::Approved, 1_250));
        let card = answer.card.to_string();
        assert!(card.len() >= 13 && card.contains('*'), "{card}");
        let answer = device.ask(sale(8, 5_100), PATIENCE).await.unwrap();
        assert_eq!((answer.verdict, &*answer.code.0), (Verdict::Declined, &b"51"[..]));
        device.release().await;
        let books = pretended.finish().await.remove(0).1.books;
        assert_eq!(books.into_iter().collect::<Vec<_>>(), [(7, 1)]);
    });
    let trace = fs::read_to_string(traces.join("a.trace")).unwrap();
    assert!(trace.contains(" < 86") && trace.contains(" > 86"), "{trace}");
    assert!(!trace.contains(" < 06\n") && !trace.contains(" > 06\n"), "{trace}");
}

#[test]
fn the_command_tells_the_firmware() {
    let lab = Lab::beside("firmware", &[("bitmap.yaml", BITMAP)], RACK);
    let rack = lab.rack.sim_folder.with_file_name("rack.yaml");
    let simulator = Running::start(posfleet(["devices", "simulate"]).arg(&rack));
    simulator.wait_for("2 terminals pretended in");
    let told = Finished::of(posfleet(["devices", "identify"]).arg(&rack)).exits_with(0).stdout;
    for line in ["terminal 10000007, firmware V3.2-R1", "terminal 52523535, firmware 8.01"] {
        assert!(told.contains(line), "{told}");
    }
    simulator.signal("TERM");
    simulator.finish().exits_with(0);
}

#[test]
fn what_is_wrong_with_tables_signals_and_secrets_is_told() {
    for (from, to, words) in [
        ("nak: \"95\"", "nak: \"86\"", "one byte cannot be two signals"),
        ("nak: \"95\"", "nak: \"9595\"", "a signal is one byte"),
        ("nak: \"95\"", "nak: \"10\"", "a signal cannot be the byte that begins a frame"),
        (
            "preset: zvt",
            "preset: zvt, signals: \"0615\"",
            "the link needs the signal 86, which `signals` does not have",
        ),
        ("lengths: zvt, head: \"\\x06", "head: \"\\x06", "`tags: table` goes with `lengths`"),
        ("\"0B\": \"{id:3b}\"", "\"99\": \"{id:3b}\"", "`lengths` has no tag `99`"),
        ("fixed: \"{code:1b}\"", "fixed: \"{code}\"", "before the first tag every value has a width"),
        ("holder: whole", "keeper: whole", "there is no value `keeper`"),
    ] {
        let text = BITMAP.replacen(from, to, 1);
        assert_ne!(text, BITMAP, "{from}");
        let told = parse_device_profile(&text, "bitmap.yaml").unwrap_err().render(false);
        assert!(told.contains(words), "{words} is not told: {told}");
    }
}

const RACK: &str = "schema: 1
name: own
simulation: { folder: sim, seed: 3 }
devices:
  - id: a
    driver: bitmap.yaml
    port: sim:a
    line: { baud: 115200 }
    expect: { terminal: \"10000007\" }
    simulate: { firmware: V3.2-R1, refuse: [ { amount: 51.00, code: \"51\" } ] }
  - id: z
    driver: zvt
    port: sim:z
    line: { baud: 115200 }
    expect: { terminal: \"52523535\" }
    simulate: { firmware: \"8.01\" }
";

const BITMAP: &str = r#"schema: 1
name: bitmap
frame: { preset: zvt }
link: { acknowledge: both, gap: 500ms, timeout: 5s, repeats: 2, signals: { ack: "86", nak: "95" } }
variables: [ holder ]
secrets: { holder: whole }
messages:
  hello: "H"
  hi: "h"
  who: "W"
  me: { tags: table, lengths: { "29": 4, "F0": { form: nibbles, bytes: 2 }, "27": 1 }, fields: { "27": "{code:1b}", "29": "{terminal:4b}", F0: "{firmware}" } }
  sale: { tags: table, lengths: zvt, head: "\x06\x01", count: { form: escaped, bytes: 1 }, fields: { "04": "{amount:6b}", "0B": "{id:3b}" } }
  done:
    tags: table
    lengths: zvt
    head: "\x04\x0f"
    count: { form: escaped, bytes: 1 }
    fixed: "{code:1b}"
    fields: { "04": "{amount:6b}", "22": "{card:d}", "0B": "{id:3b}", "3C": "{holder}" }
exchanges:
  status:
    steps:
      - { send: hello, within: 20s, expect: [ { message: hi, then: next } ] }
      - { send: who, within: 20s, expect: [ { message: me, approved: [ "0" ] } ] }
  sale: { send: sale, within: 60s, expect: [ { message: done, approved: [ "0" ], same: [ id, amount ] } ] }
"#;
