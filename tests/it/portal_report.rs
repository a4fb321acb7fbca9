//! What the results say of a merchant portal: figures of the summary, files of the folder, lines for people.

use super::{
    portal_rig::{DAY, MINUTE, Rig, device, login, merchant, new_card, quick_rules, terminal},
    program::{Finished, Folder as Place, events, run_in},
};
use posfleet::{
    engine::{Observer, PortalBooks, alarm_rows, payout_rows, portal_summary},
    metrics::{
        ApplicationCounts, Money, PayoutSummary, PortalChecks, PortalFault, PortalFinding, PortalSummary,
        ReconciliationSummary,
    },
    money::Amount,
    portal::{
        CardId, CardRequest, Delay, InstantRequest, Method, Page, Pair, Password, Proof, Refusal, Request,
        UnbindRequest,
    },
    report::{Folder, Look, summary_text},
};
use serde_json::{Value, json};
use std::fs;

#[test]
fn a_portal_where_nothing_happened_is_summed_up_as_nothing() {
    let rig = Rig::with(quick_rules(), 1, 3);
    let nothing = PortalSummary { merchants: 3, ..PortalSummary::default() };
    assert_eq!(portal_summary(&rig.portal), nothing);
    assert_eq!(payout_rows(&rig.portal).count() + alarm_rows(&rig.portal).count(), 0);
}

#[test]
fn the_summary_counts_what_became_of_applications_payouts_and_requests() {
    let found = portal_summary(&an_eventful_day().portal);
    let card = ApplicationCounts { done: 1, pending: 1, ..ApplicationCounts::default() };
    let instant = ApplicationCounts { pending: 1, ..ApplicationCounts::default() };
    let applications = [("card-change".into(), card), ("instant-settlement".into(), instant)];
    assert_eq!(found.applications, applications.into());
    // Sales of 100.00 and 200.00 on credit, at 0.6%; a tenth of the first was given back.
    let wanted = PayoutSummary {
        ordered: Money { count: 2, amount_minor: 9_940 + 19_880 },
        made: Money { count: 2, amount_minor: 9_940 + 19_880 - 994 },
        waiting: Money::default(),
        held: Money { count: 1, amount_minor: 19_880 },
        released: Money { count: 1, amount_minor: 19_880 },
        late: Money::default(),
        gross_minor: 30_000,
        fees_minor: 180,
        recovered_minor: 994,
    };
    assert_eq!(found.payouts, wanted);
    assert_eq!(found.alarms, [("wrong-code".into(), 2)].into());
    assert_eq!(found.refused, [("1001".into(), 1), ("3001".into(), 2)].into());
    assert_eq!((found.merchants, found.short_messages), (2, 3), "two codes, and word of the unbinding");
    let counts = ["card_changes", "applications_open", "payouts_held", "alarms", "refused"];
    assert_eq!(counts.map(|name| found.count(name)), [1, 2, 1, 2, 3].map(Some));
}

#[test]
fn payouts_that_the_network_delays_are_counted_and_wait() {
    let mut rules = quick_rules();
    (rules.payout.late, rules.payout.late_by) = (1.0, Delay::fixed(DAY));
    let mut rig = Rig::with(rules, 1, 1);
    rig.sell(&device(1), Method::Credit, 10_000).unwrap();
    rig.settle(terminal(1));
    let worth = Money { count: 1, amount_minor: 9_940 };
    for (made, waiting, state) in [(Money::default(), worth, "ordered"), (worth, Money::default(), "paid")] {
        rig.wait(DAY);
        let found = portal_summary(&rig.portal).payouts;
        assert_eq!((found.late, found.made, found.waiting), (worth, made, waiting));
        assert_eq!(payout_rows(&rig.portal).map(|row| row.state).collect::<Vec<_>>(), [state]);
    }
}

#[test]
fn the_results_folder_lists_every_payout_alarm_and_finding() {
    let rig = an_eventful_day();
    let place = Place::new("portal-files");
    let path = place.results();
    let mut folder = Folder::create_at(&path, 0, "").unwrap();
    write(&rig, &mut folder, &[]).unwrap();
    assert_eq!(
        fs::read_to_string(path.join("payouts.csv")).unwrap(),
        "payout,merchant,card,gross_minor,fee_minor,amount_minor,recovered_minor,ordered_at_ms,paid_at_ms,state\n\
         P00000000001,898000000000001,621000*********0007,10000,60,9940,0,0,82800000,paid\n\
         P00000000002,898000000000001,621000*********0015,20000,120,18886,994,86400000,174900000,paid\n"
    );
    let alarms = fs::read_to_string(path.join("alarms.csv")).unwrap();
    assert_eq!(
        alarms,
        "at_ms,device,terminal,merchant,fault\n\
         174900000,SN000001,10000001,898000000000002,wrong-code\n\
         174900000,,10000009,898000000000001,wrong-code\n"
    );
    assert!(!path.join("findings.csv").exists(), "nothing was found");
    let again = write(&rig, &mut folder, &[]).unwrap_err();
    assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
}

#[test]
fn findings_are_listed_in_a_file_of_their_own() {
    let rig = Rig::new();
    let place = Place::new("portal-findings");
    let mut folder = Folder::create_at(&place.results(), 0, "").unwrap();
    write(&rig, &mut folder, &[finding("held", "P1 was released, but not held")]).unwrap();
    let listed = fs::read_to_string(place.results().join("findings.csv")).unwrap();
    assert_eq!(listed, "fault,meaning\nheld,\"P1 was released, but not held\"\n");
}

#[test]
fn people_read_what_the_portal_came_to() {
    let text = told(portal_summary(&an_eventful_day().portal), PortalChecks::default(), &[]);
    for line in [
        "  2 merchants, 3 short messages",
        "  card-change         2 applied: 1 in effect, 0 rejected, 1 open",
        "  payouts             2 ordered for 298.20, after fees of 1.80",
        "                      2 made with 288.26, 0 waiting",
        "                      1 held, 1 released",
        "  alarms              2 wrong-code",
        "  3 requests refused",
        "    3001          2 ×  there is no such settlement card",
        "    1001          1 ×  wrong account or password",
        "  ✓ every payout went once and to the effective card, every device has one code",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
}

#[test]
fn people_read_what_must_never_have_happened() {
    let mut checks = PortalChecks::default();
    for fault in [PortalFault::WrongCard, PortalFault::WrongCard, PortalFault::NoCode] {
        checks.note(fault);
    }
    let found = [finding("wrong_card", "P00000000007 went to a card that was no longer effective")];
    let text = told(PortalSummary::default(), checks, &found);
    for line in [
        "  ✓ both sides agree: none lost, none doubled",
        "  ✗ the portal broke its rules, 3 faults found:",
        "    2 wrong_card: a payout went to a card that was not the effective one",
        "    1 no_code: a device had no merchant code",
        "      P00000000007 went to a card that was no longer effective",
        "    each is listed in findings.csv",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    assert!(text.lines().next().unwrap().ends_with("but 3 faults in the portal"), "{text}");
}

#[test]
fn a_run_with_a_portal_reports_it_and_one_without_says_nothing_of_it() {
    let place = Place::new("portal-run");
    let scenario = place.file("portal.yaml", &format!("{SCENARIO}host: {{ portal: {{}} }}\n"));
    let summary = Finished::of(&mut run_in(&place, &scenario, &[])).exits_with(0).summary();
    assert_eq!(summary["portal"]["merchants"], 5);
    assert_eq!(summary["portal"]["payouts"]["ordered"], json!({ "count": 0, "amount_minor": 0 }));
    for (_, name, _) in PortalFault::ALL {
        assert_eq!(summary["reconciliation"][name], 0, "{name}");
    }
    let judged = summary["thresholds"].as_array().unwrap();
    assert!(judged.iter().all(|threshold| threshold["value"] == 0.0), "{judged:?}");
    for file in ["payouts.csv", "alarms.csv"] {
        assert_eq!(fs::read_to_string(place.results().join(file)).unwrap().lines().count(), 1, "{file}");
    }
    assert!(!events(&place.results()).is_empty());

    let place = Place::new("no-portal-run");
    let scenario = place.file("none.yaml", SCENARIO);
    let summary = Finished::of(&mut run_in(&place, &scenario, &[])).exits_with(0).summary();
    assert!(summary.get("portal").is_none() && summary["reconciliation"].get("held").is_none());
    let judged = summary["thresholds"].as_array().unwrap();
    assert!(judged.iter().all(|threshold| threshold["value"] == Value::Null), "{judged:?}");
    assert!(!place.results().join("payouts.csv").exists());
}

/// A merchant is paid, gives a tenth of it back, unbinds its card, sells while it has none, and binds another; a second
/// one waits for two reviews. Three requests are refused, and two transactions raise an alarm.
fn an_eventful_day() -> Rig {
    let mut rig = Rig::with(quick_rules(), 1, 2);
    rig.login(merchant(1));
    let sale = rig.sell(&device(1), Method::Credit, 10_000).unwrap();
    rig.settle(terminal(1));
    rig.wait(DAY);
    rig.portal.undone(rig.now, &rig.till, sale.key, Amount::from_minor(1_000));
    rig.ask(Request::Unbind(UnbindRequest::Begin(CardId(1)))).unwrap();
    let password = Proof::QueryPassword(Password::new("778899"));
    rig.ask(Request::Unbind(UnbindRequest::Verify(password))).unwrap();
    rig.sell(&device(1), Method::Credit, 20_000).unwrap();
    rig.settle(terminal(1));
    rig.wait(DAY);
    rig.change(Page::Binding, new_card(1, 1));
    rig.wait(35 * MINUTE);

    rig.login(merchant(2));
    rig.ask(Request::Card(CardRequest::Begin { page: Page::Account, new: new_card(2, 1) })).unwrap();
    rig.ask(Request::Card(CardRequest::SendCode)).unwrap();
    rig.ask(Request::Card(CardRequest::Verify(rig.code(2)))).unwrap();
    rig.application(Request::Card(CardRequest::Confirm));
    let instant = InstantRequest::Apply { name: "Shop 2".to_owned(), number: merchant(2) };
    rig.application(Request::Instant(instant));
    for _ in 0..2 {
        rig.refuse(Request::Unbind(UnbindRequest::Begin(CardId(77))), Refusal::CardUnknown);
    }
    let wrong = rig.call(None, None, login(merchant(2), "wrong"));
    assert_eq!(wrong, Err(Refusal::LoginFailed));
    for (device, terminal, merchant) in
        [(Some(device(1)), terminal(1), merchant(2)), (None, terminal(9), merchant(1))]
    {
        rig.sell_as(device.as_ref(), Pair { terminal, merchant }, Method::Credit, 100).unwrap_err();
    }
    rig
}

fn write(rig: &Rig, folder: &mut Folder, findings: &[PortalFinding]) -> std::io::Result<()> {
    let (payouts, alarms) = (&mut payout_rows(&rig.portal), &mut alarm_rows(&rig.portal));
    folder.portal(PortalBooks { payouts, alarms, findings })
}

fn told(portal: PortalSummary, checks: PortalChecks, findings: &[PortalFinding]) -> String {
    let mut reconciliation = ReconciliationSummary::default();
    reconciliation.add_portal(checks);
    let summary = posfleet::metrics::Summary {
        portal: Some(portal),
        reconciliation: Some(reconciliation),
        cases: None,
        devices: Vec::new(),
        portal_findings: findings.to_vec(),
        thresholds: Vec::new(),
        exit_code: 0,
        ..super::report::summary()
    };
    summary_text(&summary, None, Look::default())
}

fn finding(fault: &'static str, meaning: &str) -> PortalFinding {
    PortalFinding { fault: fault.into(), meaning: meaning.to_owned() }
}

const SCENARIO: &str = "\
schema: 1
name: portal
terminals: { shop: { count: 5 } }
scenarios: { open: { flow: sign-in, executor: per-terminal-iterations } }
thresholds:
  \"portal.alarms\": [ \"count == 0\" ]
  \"portal.payouts_made\": [ \"count == 0\" ]
  \"reconciliation.wrong_card\": [ \"count == 0\" ]
";
