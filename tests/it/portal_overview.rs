//! What an operator sees of the portal: parts of lists, and that one look never goes through all of a long one.

use crate::portal_rig::*;
use posfleet::{card::MaskedPan, money::Amount, portal::*};

#[test]
fn a_merchant_is_seen_with_its_money_and_both_cards() {
    let mut rig = Rig::new();
    rig.sell(&device(1), Method::Debit, 10_000).unwrap();
    rig.settle(terminal(1));
    rig.sell(&device(1), Method::Debit, 500).unwrap();
    rig.change(Page::Account, new_card(1, 1));
    let seen = rig.portal.merchants(&rig.till, None, "", 10);
    let [first, second] = &seen.rows[..] else { panic!("{seen:?}") };
    assert_eq!((first.id, second.id, seen.next), (merchant(1), merchant(2), None));
    assert_eq!((first.unsettled, first.on_its_way), (Amount::from_minor(500), Amount::from_minor(9_950)));
    let masked = |card: &Option<SettlementCard>| card.as_ref().map(SettlementCard::masked);
    assert_eq!(masked(&first.card), Some(MaskedPan::from(&pan(1, 0))));
    assert_eq!(masked(&first.coming), Some(MaskedPan::from(&pan(1, 1))));
    assert_eq!((second.unsettled, masked(&second.coming)), (Amount::ZERO, None));
}

#[test]
fn payouts_are_seen_newest_first_with_the_card_they_went_to() {
    let mut rig = Rig::new();
    for number in [1, 2] {
        rig.sell(&device(number), Method::Debit, 10_000).unwrap();
        rig.settle(terminal(number));
    }
    let ordered = rig.portal.payouts(None, "", 10);
    assert_eq!(ordered.rows.iter().map(|row| row.no.0).collect::<Vec<_>>(), [2, 1]);
    assert!(ordered.rows.iter().all(|row| row.card.is_none()));
    rig.wait(2 * DAY);
    let paid = rig.portal.payouts(Some(PayoutNo(2)), "", 10);
    assert_eq!(paid.rows.len(), 1, "only what was before it");
    assert_eq!(paid.rows[0].card, Some(MaskedPan::from(&pan(1, 0))));
    let found = rig.portal.payouts(None, merchant(2).as_str(), 10);
    assert_eq!((found.rows.len(), found.rows[0].no), (1, PayoutNo(2)));
}

#[test]
fn a_review_is_seen_until_it_has_taken_effect() {
    let mut rig = Rig::new();
    let no = rig.change(Page::Account, new_card(1, 1));
    let seen = rig.portal.reviews(None, "", 10).rows;
    assert_eq!((seen[0].no, &seen[0].stage, rig.portal.totals().reviews), (no, &Stage::Pending, 1));
    let Subject::Card { old, new } = &seen[0].subject else { panic!("{seen:?}") };
    assert_eq!((*old, new.masked()), (Some((&pan(1, 0)).into()), (&pan(1, 1)).into()));
    rig.decide(no, Decision::Approve).unwrap();
    assert_eq!(rig.portal.reviews(None, "", 10).rows[0].stage, Stage::Approved);
    assert_eq!(rig.portal.totals().reviews, 0);
    assert_eq!(rig.portal.reviews(Some(no), "", 10).rows, [], "behind it is nothing");
    rig.wait(DAY);
    assert_eq!(rig.portal.reviews(None, "", 10).rows, []);
}

#[test]
fn a_look_ends_where_the_next_one_begins_and_none_goes_through_all() {
    let rig = Rig::with(quick_rules(), 1, 2_500);
    let mut looks = Vec::new();
    let mut after = None;
    loop {
        let part = rig.portal.merchants(&rig.till, after, "Shop 2499", 10);
        looks.push(part.rows.len());
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(looks, [0, 0, 1]);
    let some = rig.portal.terminals(&rig.till, None, "", 7);
    assert_eq!((some.rows.len(), some.next), (7, Some(device(7))));
    let rest = rig.portal.terminals(&rig.till, some.next, "", 3);
    assert_eq!(rest.rows[0].device, device(8));
}

#[test]
fn messages_are_seen_when_they_have_arrived_newest_first() {
    let mut rig = Rig::new();
    rig.begin_verified(Page::Account, new_card(1, 1));
    let code = rig.code(1);
    let inbox = rig.portal.inbox(rig.now, "", 10);
    assert_eq!((inbox.len(), &inbox[0].0, &inbox[0].1.secret), (1, &phone(1), &Some(code)));
    assert_eq!(rig.portal.inbox(rig.now, phone(1).as_str(), 10), inbox);
    assert_eq!(rig.portal.inbox(rig.now, phone(2).as_str(), 10), []);
    assert_eq!(rig.portal.inbox(rig.now, "", 0), []);
}

#[test]
fn alarms_are_seen_newest_first_from_any_place() {
    let mut rig = Rig::new();
    for number in 0..5 {
        let shown = Pair { terminal: terminal(100 + number), merchant: merchant(1) };
        rig.sell_as(Some(&device(1)), shown, Method::Debit, 100).unwrap_err();
    }
    let seen: Vec<_> = rig.portal.newest_alarms(1, 2).map(|alarm| alarm.shown.terminal).collect();
    assert_eq!(seen, [terminal(103), terminal(102)]);
    assert_eq!((rig.portal.totals().alarms, rig.portal.newest_alarms(5, 2).count()), (5, 0));
}
