//! Settlement with both machines: totals, upload, end, and whatever goes wrong between two messages.

use crate::{
    draft::Draft,
    wired::{Fate, Pair},
};
use posfleet::{
    emv::IssuerKey,
    host::{Bug, Closing, Config, Difference, Enrolment},
    iso8583::{BatchNo, De, Mti, ResponseCode, SettlementTotals, TerminalId, Verdict},
    operation::{End, Entry, Failure, Kind, Operation},
    reconcile::{self, Belief},
    terminal::{Event, NoticePolicy, Standing},
};
use std::collections::BTreeMap;

// What is said.

#[test]
fn a_batch_that_balances_is_settled_with_one_message() {
    let mut pair = traded();
    let batch = pair.terminal.batch();
    let before = pair.sent.len();
    let outcome = pair.ask(settlement());
    assert_eq!((outcome.end, outcome.code), (End::Approved, Some(ResponseCode::APPROVED)));
    assert!(outcome.rrn.is_some() && outcome.service.is_some());
    let request = &pair.sent[before];
    assert_eq!((pair.sent.len(), request.mti), (before + 1, Mti::SETTLEMENT));
    assert_eq!(request.text(De::PRIVATE_60), Some(format!("00{batch}201")));
    assert_eq!(request.text(De::PRIVATE_63).as_deref(), Some("01 "));
    let totals = SettlementTotals::from_digits(request.raw(De::PRIVATE_48)).unwrap();
    let halves = [totals.domestic, totals.foreign];
    // Two sales, one of them voided, and a chip sale; a refund and the void; abroad one sale.
    assert_eq!(halves.map(|half| (half.debit_count, half.debit_amount)), [(3, 6_000), (1, 4_000)]);
    assert_eq!(halves.map(|half| (half.credit_count, half.credit_amount)), [(2, 1_500), (0, 0)]);
    assert_eq!(halves.map(|half| half.verdict), [Verdict::UNSET; 2]);
    settled(&pair, batch.next());
}

#[test]
fn chip_transactions_are_told_although_the_batch_balances() {
    let mut pair = traded_with_chip();
    let (batch, before) = (pair.terminal.batch(), pair.sent.len());
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    assert_eq!(codes(&pair.sent[before..]), ["0500 201", "0320 203", "0320 203", "0320 207"]);
    let detail = &pair.sent[before + 1];
    assert_eq!(detail.text(De::PRIVATE_60), Some(format!("00{batch}20360")));
    assert_eq!(detail.text(De::PRIVATE_62).as_deref(), Some("610000000000003000156"));
    assert!(detail.raw(De::ICC_DATA).windows(4).any(|tag| tag == [0x9F, 0x27, 1, 0x40]));
    assert_eq!(detail.text(De::STAN), Some("000007".to_owned()), "its own number, not a new one");
    assert_eq!(pair.sent.last().unwrap().text(De::PRIVATE_48).as_deref(), Some("0002"));
    settled(&pair, batch.next());
    assert_eq!(pair.host.tally().settlements.differences, 0);
}

#[test]
fn a_batch_that_does_not_balance_is_uploaded_in_order() {
    let mut pair = unbalanced();
    let (batch, before) = (pair.terminal.batch(), pair.sent.len());
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    // Abroad it balances: the foreign sale is not told, its chip sale is, as balanced.
    assert_eq!(
        codes(&pair.sent[before..]),
        ["0500 201", "0320 000", "0320 201", "0320 000", "0320 205", "0320 203", "0320 202"]
    );
    let details = pair.sent[before + 2].text(De::PRIVATE_48).unwrap();
    assert_eq!((&details[..2], details.len()), ("03", 2 + 3 * 40), "two sales and a void");
    assert!(details[2..].starts_with("00000002"), "domestic, number 2");
    assert_eq!(pair.sent.last().unwrap().text(De::PRIVATE_48).as_deref(), Some("0007"));
    settled(&pair, batch.next());
    let tally = &pair.host.tally().settlements;
    assert_eq!((tally.unbalanced, tally.uploaded, tally.differences), (1, 7, 0), "{tally:?}");
}

#[test]
fn more_than_eight_details_take_several_messages() {
    let mut pair = Pair::with(|config, _| drill(config));
    for _ in 0..17 {
        let sale = pair.sale(1_000, Entry::Stripe);
        assert_eq!(pair.ask(sale).end, End::Approved);
    }
    let before = pair.sent.len();
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    let uploads = &pair.sent[before + 1..];
    let counts: Vec<_> =
        uploads.iter().map(|sent| sent.text(De::PRIVATE_48).unwrap()[..2].to_owned()).collect();
    assert_eq!(counts, ["08", "08", "01", "00"]);
    assert_eq!(uploads[3].text(De::PRIVATE_48).as_deref(), Some("0017"));
}

#[test]
fn an_empty_batch_is_settled_too() {
    let mut pair = Pair::new();
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    assert_eq!(pair.terminal.batch().number(), 2);
    assert_eq!(pair.host.tally().settlements.balanced, 1);
}

#[test]
fn the_end_message_and_a_sign_out_follow_where_the_profile_says_so() {
    let mut pair = Pair::with(|config, profile| {
        config.settlement.closing = Closing::AtEnd;
        (profile.settlement.always_end, profile.settlement.sign_out) = (true, true);
    });
    let sale = pair.sale(1_000, Entry::Stripe);
    pair.ask(sale);
    let before = pair.sent.len();
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    assert_eq!(codes(&pair.sent[before..]), ["0500 201", "0320 207", "0820 002"]);
    assert!(!pair.terminal.is_signed_in());
    let sale = pair.sale(1_000, Entry::Stripe);
    assert_eq!(pair.ask(sale).end, End::Approved);
    assert_eq!(pair.terminal.batch().number(), 2);
}

#[test]
fn a_host_that_waits_for_the_end_message_takes_the_next_batch_number_for_it() {
    let mut pair = Pair::with(|config, _| config.settlement.closing = Closing::AtEnd);
    let sale = pair.sale(1_000, Entry::Stripe);
    pair.ask(sale.clone());
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    assert_eq!(pair.host.tally().settlements.closed, 0);
    assert_eq!(pair.ask(sale).end, End::Approved);
    assert_eq!((pair.host.tally().settlements.closed, pair.terminal.batch().number()), (1, 2));
    agree(&pair);
}

// What a host gets wrong.

#[test]
fn an_upload_finds_what_the_books_have_otherwise() {
    for (bug, difference) in
        [(Bug::WrongAmount, Difference::Otherwise), (Bug::SettlesToNeighbour, Difference::NotBooked)]
    {
        let mut pair = Pair::with(|config, _| {
            config.bug = Some(bug);
            let neighbour = Enrolment {
                terminal: TerminalId::from_bytes(b"10000002").unwrap(),
                ..config.terminals[0].clone()
            };
            config.terminals.push(neighbour);
        });
        let sale = pair.sale(1_000, Entry::Stripe);
        pair.ask(sale);
        assert_eq!(pair.ask(settlement()).end, End::Approved, "it ends after the upload");
        let tally = &pair.host.tally().settlements;
        assert_eq!((tally.unbalanced, tally.differences), (1, 1), "{bug:?}");
        assert_eq!(tally.first[0].difference, difference, "{bug:?}");
    }
}

#[test]
fn an_upload_shows_what_only_the_books_have() {
    let mut pair = Pair::with(|config, _| config.bug = Some(Bug::ForgetsReversal));
    let sale = pair.sale(1_000, Entry::Stripe);
    pair.ask(sale.clone());
    pair.run(sale, lose_first(Mti::FINANCIAL));
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    let tally = &pair.host.tally().settlements;
    assert_eq!((tally.uploaded, tally.differences), (1, 1));
    assert_eq!(tally.first[0].difference, Difference::NotUploaded);
}

#[test]
fn a_settlement_that_is_refused_has_not_begun() {
    let mut pair = traded();
    let (batch, held) = (pair.terminal.batch(), pair.terminal.log().len());
    let refuse = |request: &Draft| match request.mti {
        Mti::SETTLEMENT => Fate::says(Draft::reply_to(&request.frame()).with(De::RESPONSE_CODE, b"40")),
        _ => Fate::Answered,
    };
    let outcome = pair.run(settlement(), refuse).unwrap();
    assert_eq!((outcome.end, outcome.code.unwrap().as_bytes()), (End::Declined, b"40"));
    assert!(!pair.terminal.is_settling());
    assert_eq!((pair.terminal.batch(), pair.terminal.log().len()), (batch, held));
    assert_eq!(pair.ask(settlement()).end, End::Approved);
}

#[test]
fn an_answer_without_readable_totals_leaves_the_settlement_begun() {
    for totals in [None, Some(&b"0000000000011"[..])] {
        let mut pair = traded();
        let broken = |request: &Draft| {
            let reply = Draft::reply_to(&request.frame()).without(De::RESPONSE_CODE);
            Fate::says(match totals {
                Some(totals) => reply.with(De::PRIVATE_48, totals),
                None => reply,
            })
        };
        let outcome = pair.run(settlement(), broken).unwrap();
        assert_eq!(outcome.end, End::Failed(Failure::Malformed));
        assert!(pair.terminal.is_settling());
        let sale = pair.sale(1_000, Entry::Stripe);
        assert_eq!(pair.ask(sale).end, End::Approved, "the settlement is finished first");
        assert_eq!(pair.terminal.batch().number(), 2);
        agree(&pair);
    }
}

#[test]
fn an_upload_that_is_refused_stops_and_goes_on_where_it_stopped() {
    let mut pair = unbalanced();
    let before = pair.sent.len();
    let refuse = |request: &Draft| match code(request).as_str() {
        "0320 201" => Fate::says(Draft::reply_to(&request.frame()).with(De::RESPONSE_CODE, b"96")),
        _ => Fate::Answered,
    };
    assert_eq!(pair.run(settlement(), refuse).unwrap().end, End::Declined);
    assert_eq!(codes(&pair.sent[before..]), ["0500 201", "0320 000", "0320 201"]);
    assert!(pair.terminal.is_settling());
    let before = pair.sent.len();
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    assert_eq!(codes(&pair.sent[before..]), ["0320 201", "0320 000", "0320 205", "0320 203", "0320 202"]);
}

// What is lost on the way.

#[test]
fn every_message_of_a_settlement_may_be_lost_repeated_or_cut_off_by_a_loss_of_power() {
    let messages = {
        let mut pair = unbalanced();
        let before = pair.sent.len();
        pair.ask(settlement());
        pair.sent.len() - before
    };
    assert_eq!(messages, 7);
    for closing in [Closing::WhenBalanced, Closing::AtEnd] {
        for is_wrong in [false, true] {
            for place in 0..messages {
                for fate in [|| Fate::RequestLost, || Fate::AnswerLost, || Fate::PowerCut, || Fate::Twice] {
                    let mut pair = traded_by(Entry::Chip, |config| {
                        config.settlement.closing = closing;
                        if is_wrong {
                            drill(config);
                        }
                    });
                    let mut number = 0;
                    let outcome = pair.run(settlement(), |_| {
                        number += 1;
                        if number == place + 1 { fate() } else { Fate::Answered }
                    });
                    let ended = outcome.map(|outcome| outcome.end);
                    assert!(matches!(ended, None | Some(End::Approved | End::TimedOut)), "{ended:?}");
                    let sale = pair.sale(700, Entry::Keyed);
                    assert_eq!(pair.ask(sale).end, End::Approved);
                    assert_eq!((pair.terminal.batch().number(), pair.terminal.log().len()), (2, 1));
                    assert_eq!(pair.host.tally().settlements.differences, 0, "{:?}", pair.host.tally());
                    assert_eq!(pair.host.tally().settlements.closed, 1);
                    agree(&pair);
                }
            }
        }
    }
}

#[test]
fn a_settlement_survives_keys_that_the_host_no_longer_knows() {
    let mut pair = unbalanced();
    let mut asked = 0;
    let outcome = pair.run(settlement(), |request| {
        asked += usize::from(request.mti == Mti::BATCH_UPLOAD);
        match asked {
            3 => {
                asked += 1;
                Fate::says(Draft::reply_to(&request.frame()).with(De::RESPONSE_CODE, b"A0"))
            }
            _ => Fate::Answered,
        }
    });
    assert_eq!(outcome.unwrap().end, End::Approved);
    assert_eq!(pair.host.tally().settlements.differences, 0);
    agree(&pair);
}

// What comes before.

#[test]
fn a_reversal_goes_before_the_settlement() {
    let mut pair = Pair::with(|_, profile| profile.reversal.at_once = false);
    let sale = pair.sale(1_000, Entry::Stripe);
    pair.run(sale, lose_first(Mti::FINANCIAL));
    assert!(pair.terminal.has_pending_reversal());
    let before = pair.sent.len();
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    assert_eq!(codes(&pair.sent[before..]), ["0400 000", "0500 201"]);
    assert_eq!(pair.host.tally().settlements.balanced, 1);
    agree(&pair);
}

#[test]
fn stored_notices_go_before_the_settlement() {
    let mut pair = traded();
    let offline = Operation { kind: Kind::OfflineSale, ..pair.sale(2_500, Entry::Stripe) };
    assert_eq!(pair.ask(offline).end, End::Approved);
    let before = pair.sent.len();
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    assert_eq!(codes(&pair.sent[before..]), ["0220 000", "0500 201"]);
    assert_eq!(pair.host.tally().settlements.balanced, 1);
    agree(&pair);
}

#[test]
fn a_notice_that_nobody_answers_keeps_the_batch_open() {
    let mut pair = traded();
    let offline = Operation { kind: Kind::OfflineSale, ..pair.sale(2_500, Entry::Stripe) };
    pair.ask(offline);
    let held = pair.terminal.log().len();
    let outcome = pair.run(settlement(), lose_all(Mti::ADVICE)).unwrap();
    assert_eq!(outcome.end, End::TimedOut);
    assert_eq!((pair.terminal.log().len(), pair.terminal.is_settling()), (held, false));
}

// A full log.

#[test]
fn a_full_log_is_settled_before_the_next_transaction() {
    let mut pair = Pair::with(|_, profile| profile.log_capacity = 3);
    let sale = pair.sale(1_000, Entry::Stripe);
    for _ in 0..3 {
        pair.ask(sale.clone());
    }
    let before = pair.sent.len();
    assert_eq!(pair.ask(sale).end, End::Approved);
    assert_eq!(codes(&pair.sent[before..]), ["0500 201", "0200 000"]);
    assert_eq!((pair.terminal.log().len(), pair.terminal.batch().number()), (1, 2));
    let automatic =
        |event: &&Event| matches!(event, Event::Automatic(outcome) if outcome.kind == Kind::Settlement);
    assert_eq!(pair.events.iter().filter(automatic).count(), 1);
    agree(&pair);
}

#[test]
fn a_full_log_that_cannot_be_settled_fails_what_needs_room() {
    let mut pair = Pair::with(|_, profile| profile.log_capacity = 2);
    let sale = pair.sale(1_000, Entry::Stripe);
    pair.ask(sale.clone());
    pair.ask(sale.clone());
    let outcome = pair.run(sale.clone(), lose_all(Mti::SETTLEMENT)).unwrap();
    assert_eq!(outcome.end, End::Failed(Failure::LogFull));
    assert_eq!(pair.terminal.log().len(), 2);
    assert_eq!(pair.ask(Operation::management(Kind::Echo)).end, End::Approved, "what moves no money goes on");
    assert_eq!(pair.ask(sale).end, End::Approved);
    agree(&pair);
}

#[test]
fn a_settlement_that_was_not_finished_holds_up_what_moves_money() {
    let mut pair = Pair::new();
    let sale = pair.sale(1_000, Entry::Stripe);
    pair.ask(sale.clone());
    pair.run(settlement(), lose_all(Mti::SETTLEMENT));
    assert!(pair.terminal.is_settling());
    let outcome = pair.run(sale.clone(), lose_all(Mti::SETTLEMENT)).unwrap();
    assert_eq!(outcome.end, End::Failed(Failure::SettlementPending), "the log has room");
    assert_eq!(pair.ask(sale).end, End::Approved);
    agree(&pair);
}

#[test]
fn an_upload_without_a_cryptogram_of_approval_is_noted() {
    let mut pair = traded_with_chip();
    let batch = pair.terminal.batch();
    // Another card key than the host's, as if the chip data had been changed since.
    pair.profile.chip.issuer = IssuerKey::new(&OTHER_KEY.parse().unwrap()).unwrap();
    assert_eq!(pair.ask(settlement()).end, End::Approved);
    let tally = &pair.host.tally().settlements;
    assert_eq!((tally.uploaded, tally.differences), (2, 2), "{tally:?}");
    assert!(tally.first.iter().all(|noted| noted.difference == Difference::WrongCryptogram));
    settled(&pair, batch.next());
}

#[test]
fn notices_of_a_full_log_are_told_before_it_is_cleared() {
    let mut pair = Pair::with(|_, profile| {
        profile.log_capacity = 2;
        profile.notices = NoticePolicy::AtSettlement;
    });
    let sale = pair.sale(1_000, Entry::Stripe);
    pair.ask(sale.clone());
    pair.ask(Operation { kind: Kind::OfflineSale, ..sale.clone() });
    let failed = pair.run(sale.clone(), lose_all(Mti::ADVICE)).unwrap();
    assert_eq!(failed.end, End::Failed(Failure::LogFull));
    assert_eq!(pair.terminal.log().at(1).unwrap().standing, Standing::Stored, "it is not forgotten");
    assert_eq!(pair.ask(sale).end, End::Approved);
    agree(&pair);
}

/// A batch with a bit of everything: sales at home of 2,000 and 1,000, the second voided, 500 of the first refunded, an
/// offline sale and a chip sale of 3,000 where chips are read, else a stripe sale of 3,000; abroad a sale of 4,000.
fn traded_by(entry: Entry, change: impl FnOnce(&mut Config)) -> Pair {
    let mut pair = Pair::with(|config, _| change(config));
    let offline = Operation { kind: Kind::OfflineSale, ..pair.sale(1_500, Entry::Keyed) };
    let operations = [
        Some(pair.sale(2_000, Entry::Stripe)),
        Some(pair.sale(1_000, Entry::Keyed)),
        Some(Pair::of(Kind::Void, 0)),
        Some(Pair::of(Kind::Refund, 500)),
        Some(offline).filter(|_| entry == Entry::Chip),
        Some(pair.sale(3_000, entry)),
        Some(pair.foreign_sale(4_000, entry)),
    ];
    for operation in operations.into_iter().flatten() {
        let kind = operation.kind;
        assert_eq!(pair.ask(operation).end, End::Approved, "{kind:?}");
    }
    pair
}

fn traded() -> Pair {
    traded_by(Entry::Stripe, |_| {})
}

fn traded_with_chip() -> Pair {
    traded_by(Entry::Chip, |_| {})
}

/// The host's domestic totals are wrong.
fn unbalanced() -> Pair {
    traded_by(Entry::Chip, drill)
}

fn drill(config: &mut Config) {
    config.settlement.drill.terminals = vec![config.terminals[0].terminal];
}

fn settlement() -> Operation {
    Operation::management(Kind::Settlement)
}

/// Loses the answer to the first message of this type.
fn lose_first(mti: Mti) -> impl FnMut(&Draft) -> Fate {
    let mut is_lost = false;
    move |request| {
        let loses = request.mti == mti && !is_lost;
        is_lost |= loses;
        if loses { Fate::AnswerLost } else { Fate::Answered }
    }
}

/// Loses every message of this type.
fn lose_all(mti: Mti) -> impl FnMut(&Draft) -> Fate {
    move |request| if request.mti == mti { Fate::RequestLost } else { Fate::Answered }
}

/// Message type and network management code of what was sent.
fn codes(sent: &[Draft]) -> Vec<String> {
    sent.iter().map(code).collect()
}

fn code(sent: &Draft) -> String {
    format!("{} {}", sent.mti, &sent.text(De::PRIVATE_60).unwrap()[8..11])
}

/// The terminal has forgotten the batch and works in the next, and so does the host.
fn settled(pair: &Pair, next: BatchNo) {
    assert!(pair.terminal.log().is_empty() && !pair.terminal.is_settling());
    assert_eq!(pair.terminal.batch(), next);
    assert_eq!(pair.host.ledger().batch(&pair.terminal.id()), Some(next));
    let settled = journal(pair).filter(|entry| entry.belief == Belief::Settled).count();
    let approved = journal(pair).filter(|entry| entry.belief == Belief::Approved).count();
    assert_eq!(settled, approved, "one line for every transaction");
    agree(pair);
}

fn journal(pair: &Pair) -> impl Iterator<Item = &reconcile::Entry> {
    pair.events.iter().filter_map(|event| match event {
        Event::Journal(entry) => Some(entry),
        _ => None,
    })
}

/// What the terminal believes in is what the host has captured.
fn agree(pair: &Pair) {
    let mut believed = BTreeMap::new();
    for entry in journal(pair).filter(|entry| entry.belief != Belief::Settled) {
        believed.insert(entry.key(), (entry.belief, entry.amount));
    }
    believed.retain(|_, (belief, _)| matches!(belief, Belief::Approved | Belief::Adjusted));
    let believed: BTreeMap<_, _> = believed.into_iter().map(|(key, (_, amount))| (key, amount)).collect();
    let captured: BTreeMap<_, _> = pair.host.ledger().captured().collect();
    assert_eq!(believed, captured);
}

const OTHER_KEY: &str = "11111111111111112222222222222222";
