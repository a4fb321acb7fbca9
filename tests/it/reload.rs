//! The rules file of a host that serves is read again when it changes and on a signal; a bad one changes nothing.

use crate::program::{Finished, Folder, Running, posfleet, run_in};
use serde_json::Value;

#[test]
fn a_host_follows_its_rules_file_without_a_restart() {
    let folder = Folder::new("reload");
    let rules = folder.file("rules.yaml", "- { when: { kind: sale }, respond: \"91\" }\n");
    let mut command = posfleet(["host", "--listen", "127.0.0.1:0", "--rules"]);
    let host = Running::start(command.arg(&rules));
    let line = host.wait_for("listening on");
    let address =
        line.split("listening on ").nth(1).and_then(|rest| rest.split(',').next()).unwrap().to_owned();
    assert_eq!(code_of_a_sale(&address), "91");
    // The file changes, and the host sees it by itself.
    folder.file(
        "rules.yaml",
        "- { when: { kind: sale }, decline: \"05\" }\n- { when: { kind: echo }, fault: close }\n",
    );
    host.wait_for("2 rules from");
    assert_eq!(code_of_a_sale(&address), "05");
    // A bad file is reported, and the old rules stay.
    folder.file("rules.yaml", "- { when: { kind: sael }, decline: \"51\" }\n");
    host.wait_for("unknown operation `sael`");
    host.wait_for("the rules in force stay");
    assert_eq!(code_of_a_sale(&address), "05");
    // A signal has the file read again, changed or not.
    host.signal("HUP");
    host.wait_for("the rules in force stay");
    folder.file("rules.yaml", "[]\n");
    host.wait_for("0 rules from");
    assert_eq!(code_of_a_sale(&address), "00");
    host.signal("TERM");
    host.finish().exits_with(0);
}

/// DE 39 of one sale of one terminal at the host of that address.
fn code_of_a_sale(address: &str) -> String {
    let folder = Folder::new("reload-sale");
    let scenario = folder.file("sale.yaml", &SALE.replace("ADDRESS", address));
    let finished = Finished::of(&mut run_in(&folder, &scenario, &[]));
    let summary: Value = finished.summary();
    let codes = summary["steps"]["sale"]["codes"].as_object().unwrap();
    let [code] = &codes.keys().collect::<Vec<_>>()[..] else { panic!("one sale: {codes:?}") };
    (*code).clone()
}

const SALE: &str = "\
schema: 1
name: one-sale
terminals: { shop: { count: 1, target: host } }
targets: { host: { address: ADDRESS } }
flows: { sell: { steps: [ sale: { amount: 5 } ] } }
scenarios: { s: { flow: sell, executor: per-terminal-iterations } }
";
