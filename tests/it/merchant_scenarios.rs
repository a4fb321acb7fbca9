//! The shipped stories of merchants end as they are told: every step of every merchant, and nothing found at the end.

use crate::program::{Finished, Folder, run_in, shipped};
use serde_json::Value;

#[test]
fn a_card_is_changed_on_the_account_page_and_the_next_payout_names_it() {
    let summary = story("card-change");
    assert_eq!(counted(&summary, "confirm", "201"), MERCHANTS);
    assert_eq!(counted(&summary, "second-change", "409"), MERCHANTS);
    assert_eq!(summary["portal"]["payouts"]["made"]["count"], 2 * MERCHANTS);
}

#[test]
fn a_card_is_replaced_in_the_list_after_all_that_must_be_refused() {
    let summary = story("card-change-card-page");
    for code in ["3001", "3005", "3006", "3007", "3009", "3010", "3203", "3206"] {
        assert_eq!(summary["portal"]["refused"][code], MERCHANTS, "{code}");
    }
    assert_eq!(summary["portal"]["applications"]["card-change"]["done"], MERCHANTS);
}

#[test]
fn a_merchant_without_a_card_goes_on_selling_and_binds_another() {
    let summary = story("card-unbind");
    assert_eq!(counted(&summary, "sale-without-card", "00"), 2 * MERCHANTS);
    assert_eq!(counted(&summary, "history", "200"), MERCHANTS);
}

#[test]
fn a_terminal_changes_its_merchant_at_one_instant() {
    let summary = story("merchant-change");
    assert_eq!(summary["steps"]["sale-under-old-numbers"]["declined"], MERCHANTS);
    assert_eq!(summary["steps"]["first-sale-of-the-new"]["approved"], MERCHANTS);
    assert_eq!(counted(&summary, "read-back", "200"), MERCHANTS);
}

#[test]
fn every_sale_is_paid_at_once_where_that_was_applied_for() {
    let summary = story("instant-settlement");
    assert_eq!(counted(&summary, "too-large", "61"), MERCHANTS);
    assert_eq!(summary["portal"]["payouts"]["made"]["count"], 3 * MERCHANTS);
}

#[test]
fn a_terminal_is_applied_for_and_sells() {
    let summary = story("activation");
    assert_eq!(counted(&summary, "in-use", "200"), MERCHANTS);
    assert_eq!(summary["steps"]["first-sale"]["approved"], MERCHANTS);
}

/// Runs a story with a few merchants; it must pass, and its final checks find nothing.
fn story(name: &str) -> Value {
    let folder = Folder::new(name);
    let arguments = ["--terminals", &MERCHANTS.to_string()];
    let finished = Finished::of(&mut run_in(&folder, &shipped(&format!("{name}.yaml")), &arguments));
    let summary = finished.exits_with(0).summary();
    for check in ["mismatches", "wrong_card", "held", "paid_twice", "payouts_lost", "two_codes", "no_code"] {
        assert_eq!(summary["reconciliation"][check], 0, "{name}: {check}");
    }
    assert_eq!(summary["counters"]["failed"], 0, "{name}");
    summary
}

/// How often a step was answered so.
fn counted(summary: &Value, step: &str, code: &str) -> u64 {
    summary["steps"][step]["codes"][code].as_u64().unwrap_or_default()
}

const MERCHANTS: u64 = 8;
