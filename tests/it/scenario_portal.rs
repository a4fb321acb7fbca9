//! What scenario files say of the merchant portal, and the rules that it then has.

use posfleet::{
    directory::Directory,
    host::PortalSetup,
    iso8583::ResponseCode,
    money::Amount,
    portal::{
        Delay, FeeRule, Limit, Method, OpenPayouts, PayoutRules, Review, Rules, SessionRules, Settlement,
        SmsRules, UnbindRules,
    },
    scenario::{Assumptions, Overrides, Plan, expand, load, schema},
};
use std::{fs, io::ErrorKind, path::Path, time::Duration};

fn plan(text: &str) -> Plan {
    let none = |_: &str| Err(ErrorKind::NotFound.into());
    load(text, "test.yaml", &Overrides::default(), SEED, &none).unwrap_or_else(|errors| panic!("{errors}"))
}

fn with_portal(section: &str) -> Plan {
    let scenarios = "scenarios: { open: { flow: sign-in, executor: per-terminal-iterations } }";
    plan(&format!(
        "schema: 1\nname: x\nseed: 3\nterminals: {{ shop: {{ count: 2 }} }}\n{scenarios}\n{section}"
    ))
}

#[test]
fn a_host_has_no_portal_unless_the_file_says_so() {
    assert_eq!(with_portal("").host.portal, None);
    assert_eq!(with_portal("host: { saleLimit: 5.00 }").host.portal, None);
}

#[test]
fn a_portal_of_nothing_has_the_figures_of_the_field() {
    let made = with_portal("host: { portal: {} }");
    let directory = Directory::new(made.seed);
    let usual = PortalSetup { rules: Rules::default(), directory, settlement: Settlement::NextDay };
    assert_eq!(made.host.portal, Some(usual));
    for written_out in ["changePause: 720h", "cap: \"20.00\"", "hours: \"8..22\"", "nextDayAt: 9h"] {
        assert!(made.effective.contains(written_out), "{written_out}\n{}", made.effective);
    }
    assert_eq!(plan(&made.effective).host.portal, made.host.portal);
}

#[test]
fn every_figure_that_is_written_reaches_the_portal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/valid");
    let PortalSetup { rules, settlement, .. } =
        plan(&fs::read_to_string(folder.join("host.yaml")).unwrap()).host.portal.expect("it is written");
    let by_machine = |after, rejects| Review::ByMachine { after, rejects };
    let usual = Rules::default();
    let wanted = Rules {
        session: SessionRules { idle: seconds(300), wrong_passwords: 4, locked_for: seconds(120) },
        sms: SmsRules {
            valid_for: seconds(30),
            tries: 2,
            pause: seconds(10),
            arrives_after: Delay { least: Duration::from_millis(100), most: seconds(1) },
        },
        card_review: by_machine(Delay::seconds(2, 5), 0.05),
        effective_after: Delay::seconds(1, 3),
        change_pause: seconds(30 * 86_400),
        draft_valid_for: seconds(60),
        unbind: UnbindRules {
            attempts_per_day: 5,
            hours: 0..24,
            cooling_off: Duration::ZERO,
            medium_risk: 0.2,
            high_risk: 0.02,
            frozen_for: seconds(3600),
            battery_least: 15,
            open_payouts: OpenPayouts::PayFirst,
        },
        merchant_review: Review::ByHand,
        instant_review: by_machine(Delay::seconds(1, 1), 0.0),
        terminal_review: by_machine(Delay::seconds(1, 2), 0.0),
        terminal_step: Delay::fixed(Duration::from_millis(500)),
        fees: [fee(45, Some(1_800)), usual.fees[1], usual.fees[2], fee(0, None)],
        limits: [usual.limits[0], limit(10_000, 10_000), limit(5_000, 20_000), usual.limits[3]],
        payout: PayoutRules {
            instant_after: Delay::seconds(0, 2),
            late: 0.1,
            late_by: Delay::seconds(4, 6),
            next_day_at: seconds(86_340),
        },
        key_valid_for: seconds(7200),
        balance_unavailable: 0.01,
        sign_in_first: "89".parse::<ResponseCode>().unwrap(),
        online_within: seconds(120),
    };
    assert_eq!((rules, settlement), (wanted, Settlement::Instant));
}

#[test]
fn a_fee_that_is_written_has_no_cap_unless_it_says_so() {
    let rules = with_portal("host: { portal: { fees: { debit: { rate: 1% } } } }").host.portal.unwrap().rules;
    assert_eq!(rules.fees[Method::Debit as usize], fee(100, None));
    assert_eq!(rules.fees[Method::Credit as usize], Rules::default().fees[Method::Credit as usize]);
}

#[test]
fn every_basis_point_can_be_written() {
    for basis_points in (0..60).chain((60..=10_000).step_by(71)) {
        let rate = format!("{}.{:02}%", basis_points / 100, basis_points % 100);
        let section = format!("host: {{ portal: {{ fees: {{ qr: {{ rate: {rate} }} }} }} }}");
        let rules = with_portal(&section).host.portal.unwrap().rules;
        assert_eq!(rules.fees[Method::Qr as usize], fee(basis_points, None), "{rate}");
    }
}

#[test]
fn the_expansion_says_how_long_a_change_of_card_takes() {
    let told = |section| expand(&with_portal(section), Assumptions::default()).to_string();
    assert!(!told("").contains("portal"));
    let usual = told("host: { portal: {} }");
    assert!(
        usual.contains("  2 merchants\n  a settlement card is effective 5m..40m after its confirmation\n"),
        "{usual}"
    );
    let by_hand = told("host: { portal: { cardReview: by-hand } }");
    assert!(by_hand.contains("a settlement card is effective after a review by hand"), "{by_hand}");
}

#[test]
fn the_schema_describes_the_portal() {
    let schema = schema();
    let portal = &schema["$defs"]["Portal"]["properties"];
    assert_eq!(portal.as_object().unwrap().len(), 19);
    assert_eq!(
        portal["effectiveAfter"]["description"],
        "From the approval of a card until payouts go to it."
    );
    assert_eq!(schema["$defs"]["Session"]["properties"]["wrongPasswords"]["minimum"], 1);
}

fn fee(basis_points: u32, cap: Option<u64>) -> FeeRule {
    FeeRule { basis_points, cap: cap.map(Amount::from_minor) }
}

fn limit(per_transaction: u64, per_day: u64) -> Limit {
    Limit { per_transaction: Amount::from_minor(per_transaction), per_day: Amount::from_minor(per_day) }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const SEED: u64 = 1;
