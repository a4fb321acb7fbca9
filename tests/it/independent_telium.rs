//! pyTeliumManager as the cash register of our pretended Concert terminal, and its messages as the terminal of our
//! register.

use crate::independent_rig::{Lab, PATIENCE, ask, run, sale, script, told};
use posfleet::ecr::{Service, Verdict};
use serde_json::json;

#[test]
fn the_package_sells_at_our_terminal() {
    let keys = "driver: concert, currency: 978, simulate: { refuse: [ { amount: 51.00 } ] }";
    let lab = Lab::of("telium", "sim:a", keys);
    let tally = run(lab.pretend(async {
        let answers = told(script("telium_register.py", &[lab.link().to_str().unwrap()])).await;
        let answer = |done: bool, amount: f64, report: &str| {
            json!({ "register": "07", "done": done, "amount": amount, "currency": "978", "mode": "1", "report": report })
        };
        let present = json!({ "present": true });
        let expected = [
            present.clone(),
            answer(true, 12.5, "629100******0006"),
            answer(true, 1.0, ""),
            answer(false, 51.0, ""),
            answer(true, 99_999.99, "629100******0006"),
            present,
        ];
        assert_eq!(answers, expected);
    }));
    // The package sends no number of a request: all of them have the number 0.
    assert_eq!((tally.asked, tally.books.into_values().collect::<Vec<_>>()), (4, vec![3]));
}

#[test]
fn our_register_sells_at_a_terminal_with_the_messages_of_the_package() {
    let terminal = script("telium_terminal.py", &["3"]);
    let place = terminal.wait_for("ready at");
    let lab = Lab::of("telium-register", place.rsplit(' ').next().unwrap(), "driver: concert, currency: 978");
    let asked = run(async {
        let mut register = lab.register();
        let answer = register.ask(ask(0, Service::Status, 0), PATIENCE).await.unwrap();
        assert_eq!(answer.verdict, Verdict::Approved);
        let answer = register.ask(sale(7, 1_250), PATIENCE).await.unwrap();
        assert_eq!((answer.verdict, answer.amount.minor()), (Verdict::Approved, 1_250));
        assert_eq!(answer.card.as_bytes(), b"629100******0006");
        let answer = register.ask(sale(8, 5_100), PATIENCE).await.unwrap();
        assert_eq!((answer.verdict, answer.code.0), (Verdict::Declined, b"7".to_vec()));
        let answer = register.ask(ask(9, Service::Refund, 300), PATIENCE).await.unwrap();
        assert_eq!((answer.verdict, answer.amount.minor()), (Verdict::Approved, 300));
        register.release().await;
        told(terminal).await
    });
    let asked: Vec<_> = asked
        .iter()
        .map(|line| {
            let ask = &line["ask"];
            assert_eq!((&ask["_currency_numeric"], &ask["_delay"]), (&json!("978"), &json!("A010")));
            json!([line["private"], ask["_amount"], ask["_transaction_type"], ask["_answer_flag"]])
        })
        .collect();
    let expected = [
        json!(["0000000007", 12.5, "0", "1"]),
        json!(["0000000008", 51.0, "0", "1"]),
        json!(["0000000009", 3.0, "1", "1"]),
    ];
    assert_eq!(asked, expected);
}
