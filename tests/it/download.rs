//! Downloads with both machines: lists, items, pages, keys, and what is broken or lost on the way.

use crate::{
    draft::Draft,
    wired::{Fate, Pair},
};
use posfleet::{
    host::ProcessingRequest,
    iso8583::De,
    operation::{End, Entry, Failure, Kind, Operation},
    terminal::{Event, Table},
};

// What is asked and kept.

#[test]
fn applications_are_listed_page_by_page_then_fetched_one_by_one() {
    let mut pair = Pair::new();
    assert_eq!(fetch(&mut pair, Kind::AidDownload), End::Approved);
    let items = ["0800 380"; 7];
    assert_eq!(codes(&pair.sent), [&["0820 382", "0820 382"][..], &items, &["0800 381"]].concat());
    assert_eq!(pair.sent[0].text(De::PRIVATE_62).as_deref(), Some("100"));
    assert_eq!(pair.sent[1].text(De::PRIVATE_62).as_deref(), Some("105"), "five items are on the first page");
    assert_eq!(pair.sent[2].raw(De::PRIVATE_62), [0x9F, 0x06, 8, 0xA0, 0, 0, 3, 0x33, 1, 1, 1]);
    assert!(pair.sent.iter().all(|sent| sent.text(De::STAN).is_none()));
    assert_eq!(table(&pair, Kind::AidDownload).map(|table| table.items), Some(7));
    assert_eq!(pair.terminal.next_stan().number(), 1);
}

#[test]
fn every_table_comes_as_a_whole() {
    for (kind, messages, items) in [
        (Kind::CapkDownload, 1 + 3 + 1, 3),
        (Kind::ParameterDownload, 2, 1),
        (Kind::RateDownload, 2, 1),
        (Kind::BlacklistDownload, 4 + 1, 4),
        (Kind::ContactlessDownload, 2, 1),
        (Kind::BinDownload, 4 + 1, 4),
        (Kind::BinBlacklistDownload, 2, 1),
    ] {
        let mut pair = Pair::new();
        assert_eq!(fetch(&mut pair, kind), End::Approved, "{kind:?}");
        assert_eq!(pair.sent.len(), messages, "{kind:?}");
        assert_eq!(table(&pair, kind).map(|table| table.items), Some(items), "{kind:?}");
        let mut other = Pair::new();
        fetch(&mut other, kind);
        assert_eq!(table(&other, kind), table(&pair, kind), "the same table looks the same: {kind:?}");
    }
}

#[test]
fn the_size_of_pages_changes_the_questions_and_not_the_table() {
    let expected = {
        let mut pair = Pair::new();
        fetch(&mut pair, Kind::AidDownload);
        table(&pair, Kind::AidDownload)
    };
    for (page_items, lists) in [(1, 7), (3, 3), (7, 1), (40, 1)] {
        let mut pair = Pair::with(|config, _| config.tables.page_items = page_items);
        assert_eq!(fetch(&mut pair, Kind::AidDownload), End::Approved);
        assert_eq!(pair.sent.iter().filter(|sent| code(sent) == "0820 382").count(), lists);
        assert_eq!(table(&pair, Kind::AidDownload), expected);
    }
}

#[test]
fn an_empty_table_is_a_table() {
    let mut pair = Pair::with(|config, _| {
        (config.tables.applications, config.tables.lists) = ([].into(), [].into());
    });
    for kind in [Kind::AidDownload, Kind::BinDownload] {
        assert_eq!(fetch(&mut pair, kind), End::Approved, "{kind:?}");
        assert_eq!(table(&pair, kind).map(|table| table.bytes), Some(0), "{kind:?}");
    }
}

// What is broken.

#[test]
fn a_download_that_is_cut_off_is_an_error_and_leaves_the_table_before() {
    for kind in [Kind::AidDownload, Kind::CapkDownload, Kind::ParameterDownload, Kind::BinDownload] {
        let mut pair = Pair::new();
        fetch(&mut pair, kind);
        let (before, messages) = (table(&pair, kind), pair.sent.len());
        for place in 0..messages - 1 {
            let cut = cut_off(kind);
            let mut number = 0;
            let outcome = pair.run(Operation::management(kind), |request| {
                number += 1;
                if number == place + 1 { Fate::says(answer_to(request, &cut)) } else { Fate::Answered }
            });
            let end = outcome.unwrap().end;
            assert_eq!(end, End::Failed(Failure::BrokenDownload), "{kind:?}, message {place}");
            assert_eq!(table(&pair, kind), before, "{kind:?}, message {place}");
        }
    }
}

#[test]
fn a_list_that_never_ends_is_an_error() {
    for kind in [Kind::AidDownload, Kind::BinDownload] {
        let mut pair = Pair::new();
        let mut number = 0_u8;
        let outcome = pair.run(Operation::management(kind), |request| {
            number += 1;
            let page = [b"2", &[0x9F, 0x06, 5, 0xA0, 0, 0, 3, number][..]].concat();
            Fate::says(answer_to(request, &page))
        });
        assert_eq!(outcome.unwrap().end, End::Failed(Failure::BrokenDownload), "{kind:?}");
        assert_eq!(pair.sent.len(), 100, "{kind:?}");
    }
}

#[test]
fn a_host_without_that_download_declines() {
    let mut pair = Pair::with(|config, _| config.tables.renews_keys = false);
    assert_eq!(fetch(&mut pair, Kind::KeyDownload), End::Declined);
}

// What is lost or repeated on the way.

#[test]
fn every_message_of_a_download_may_be_lost_repeated_or_cut_off_by_a_loss_of_power() {
    for kind in [Kind::AidDownload, Kind::CapkDownload, Kind::ParameterDownload, Kind::BinDownload] {
        let mut whole = Pair::new();
        fetch(&mut whole, kind);
        for place in 0..whole.sent.len() {
            for fate in [|| Fate::RequestLost, || Fate::AnswerLost, || Fate::PowerCut, || Fate::Twice] {
                let mut pair = Pair::new();
                let mut number = 0;
                let outcome = pair.run(Operation::management(kind), |_| {
                    number += 1;
                    if number == place + 1 { fate() } else { Fate::Answered }
                });
                let is_done = match outcome.map(|outcome| outcome.end) {
                    Some(End::Approved) => true,
                    Some(End::TimedOut) | None => false,
                    other => panic!("{kind:?}, message {place}: {other:?}"),
                };
                assert_eq!(table(&pair, kind).is_some(), is_done, "{kind:?}, message {place}");
                assert_eq!(fetch(&mut pair, kind), End::Approved);
                assert_eq!(table(&pair, kind), table(&whole, kind), "{kind:?}, message {place}");
            }
        }
    }
}

#[test]
fn what_a_loss_of_power_interrupted_is_fetched_after_the_next_operation() {
    let mut pair = Pair::new();
    let cut = pair.run(Operation::management(Kind::AidDownload), |request| match code(request).as_str() {
        "0800 380" => Fate::PowerCut,
        _ => Fate::Answered,
    });
    assert_eq!(cut, None);
    let sale = pair.sale(1_000, Entry::Stripe);
    assert_eq!(pair.ask(sale.clone()).end, End::Approved);
    assert_eq!(automatic(&pair, Kind::AidDownload), [End::Approved]);
    let sent = pair.sent.len();
    pair.ask(sale);
    assert_eq!(pair.sent.len(), sent + 1, "once is enough");
}

// Who asks.

#[test]
fn a_profile_may_ask_for_applications_and_keys_first() {
    let mut pair = Pair::with(|_, profile| profile.first_downloads = true);
    pair.ask(Operation::management(Kind::SignIn));
    for kind in [Kind::AidDownload, Kind::CapkDownload] {
        assert_eq!(automatic(&pair, kind), [End::Approved], "{kind:?}");
    }
    let sent = pair.sent.len();
    pair.ask(Operation::management(Kind::SignIn));
    assert_eq!(pair.sent.len(), sent + 1);
}

#[test]
fn the_host_asks_by_the_header_until_it_is_done() {
    let requests =
        [(5, Kind::AidDownload), (2, Kind::StatusUpload), (4, Kind::CapkDownload), (3, Kind::SignIn)];
    let mut pair = Pair::with(|config, _| {
        config.tables.requests = requests.map(|(digit, kind)| ProcessingRequest { digit, kind }).to_vec();
    });
    let sale = pair.sale(1_000, Entry::Stripe);
    for _ in 0..5 {
        assert_eq!(pair.ask(sale.clone()).end, End::Approved);
    }
    for kind in [Kind::AidDownload, Kind::CapkDownload, Kind::StatusUpload] {
        assert_eq!(automatic(&pair, kind), [End::Approved], "{kind:?}");
    }
    assert_eq!(
        automatic(&pair, Kind::SignIn),
        [End::Approved; 2],
        "the first, and the one that was asked for"
    );
    let sent = pair.sent.len();
    pair.ask(sale);
    assert_eq!(pair.sent.len(), sent + 1, "nothing is left to ask for");
}

// Keys.

#[test]
fn a_new_master_key_carries_the_next_work_keys() {
    let mut pair = Pair::new();
    let sale = pair.sale(1_000, Entry::Stripe);
    for _ in 0..3 {
        assert_eq!(fetch(&mut pair, Kind::KeyDownload), End::Approved);
        assert!(!pair.terminal.is_signed_in());
        assert_eq!(pair.ask(sale.clone()).end, End::Approved);
    }
    let question = pair.sent[0].text(De::PRIVATE_62);
    assert_eq!(question.as_deref(), Some("Sequence No12000110000001"));
}

#[test]
fn a_master_key_that_is_lost_on_the_way_comes_again() {
    for fate in [|| Fate::RequestLost, || Fate::AnswerLost, || Fate::PowerCut] {
        let mut pair = Pair::new();
        assert_ne!(
            pair.run(Operation::management(Kind::KeyDownload), |_| fate()).map(|outcome| outcome.end),
            Some(End::Approved)
        );
        assert_eq!(fetch(&mut pair, Kind::KeyDownload), End::Approved);
        let sale = pair.sale(1_000, Entry::Stripe);
        assert_eq!(pair.ask(sale).end, End::Approved);
    }
}

#[test]
fn a_master_key_that_fails_its_check_value_is_not_taken() {
    let mut pair = Pair::with(|config, _| config.tables.renews_keys = false);
    let outcome = pair
        .run(Operation::management(Kind::KeyDownload), |request| Fate::says(answer_to(request, &[0x5A; 20])));
    assert_eq!(outcome.unwrap().end, End::Failed(Failure::KeyCheck));
    let sale = pair.sale(1_000, Entry::Stripe);
    assert_eq!(pair.ask(sale).end, End::Approved, "the old one still holds");
}

fn fetch(pair: &mut Pair, kind: Kind) -> End {
    pair.ask(Operation::management(kind)).end
}

fn table(pair: &Pair, kind: Kind) -> Option<Table> {
    pair.terminal.tables().get(kind).copied()
}

/// How what the terminal did of its own accord has ended.
fn automatic(pair: &Pair, kind: Kind) -> Vec<End> {
    let end = |event: &Event| match event {
        Event::Automatic(outcome) if outcome.kind == kind => Some(outcome.end),
        _ => None,
    };
    pair.events.iter().filter_map(end).collect()
}

fn answer_to(request: &Draft, text: &[u8]) -> Draft {
    Draft::reply_to(&request.frame()).with(De::PRIVATE_62, text)
}

/// The beginning of a page that ends inside an item.
fn cut_off(kind: Kind) -> Vec<u8> {
    match kind {
        Kind::ParameterDownload => b"1160120".to_vec(),
        Kind::BinDownload => Vec::new(),
        _ => [&b"1"[..], &[0x9F, 0x06, 8, 0xA0]].concat(),
    }
}

/// Message type and network management code of what was sent.
fn codes(sent: &[Draft]) -> Vec<String> {
    sent.iter().map(code).collect()
}

fn code(sent: &Draft) -> String {
    format!("{} {}", sent.mti, &sent.text(De::PRIVATE_60).unwrap()[8..11])
}
