//! transbank-pos-sdk as the cash register of the terminal that `scenarios/devices/transbank.yaml` describes. The package
//! has no terminal's side.

use crate::independent_rig::{Lab, run, script, told};
use serde_json::{Value, json};

#[test]
fn the_package_sells_at_our_terminal() {
    let keys = "driver: transbank, line: { baud: 115200 }, simulate: { refuse: [ { amount: 51.00, code: \"05\" } ] }";
    let lab = Lab::of("transbank", "sim:a", keys);
    let tally = run(lab.pretend(async {
        let answers = told(script("transbank_register.py", &[lab.link().to_str().unwrap()])).await;
        let (what, answers) = by_name(&answers);
        assert_eq!(what, ["poll", "keys", "sale", "sale", "sale", "last", "refund", "close", "normal"]);
        assert_eq!([answers[0], answers[8]], [&json!(true), &json!(true)]);
        for answer in &answers[1..8] {
            let is_done = answer["ticket"] != "3";
            assert_eq!((&answer["success"], &answer["terminal_id"]), (&json!(is_done), &json!("00000001")));
        }
        let sold = |at: usize| {
            let answer = &answers[at];
            ["ticket", "amount", "last_4_digits", "authorization_code"]
                .map(|key| answer[key].as_str().unwrap())
        };
        assert_eq!(sold(2), ["ABC123", "12500", "0006", "000002"], "the ticket comes back as it was");
        assert_eq!(sold(3), ["2", "700", "0006", "000003"]);
        assert_eq!(answers[4]["response_code"], "05");
        assert_eq!((&answers[5]["function_code"], &answers[5]["ticket"]), (&json!(260), &json!("3")));
    }));
    // Keys, three sales, a refund, the close. A ticket with letters has the number 0.
    assert_eq!(tally.asked, 6);
    assert_eq!(tally.books.into_iter().collect::<Vec<_>>(), [(0, 2), (2, 1)]);
}

fn by_name(lines: &[Value]) -> (Vec<&str>, Vec<&Value>) {
    lines
        .iter()
        .map(|line| line.as_object().unwrap().iter().next().unwrap())
        .map(|(what, answer)| (what.as_str(), answer))
        .unzip()
}
