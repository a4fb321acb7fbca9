//! The host and its portal as one acquirer: sales over the wire, merchants at the counter, payouts in the end.

use crate::office_rig::{DAY, HOUR, MINUTE, Office, merchant, paid, terminal};
use posfleet::{
    host::serial_number,
    iso8583::ResponseCode,
    money::Amount,
    operation::{End, Entry, Kind, Operation},
    portal::*,
    terminal::LoadError,
};
use std::time::Duration;

#[test]
fn a_changed_card_reaches_the_terminal_and_gets_the_payout_of_the_next_sale() {
    let mut office = Office::open();
    office.sells(0, 10_000);
    office.settles(0);
    office.wait(DAY);
    office.change_card(Page::Account, merchant(1), 0);
    office.wait(5 * MINUTE + 30 * MINUTE);
    office.automatic.clear();
    office.sign_in(0);
    let fetched: Vec<Kind> = office.automatic.iter().map(|outcome| outcome.kind).collect();
    assert_eq!(fetched, [Kind::ParameterDownload], "the header of the answer asks for it");
    office.sells(0, 20_000);
    assert_eq!(office.automatic.len(), 1, "the parameters have come");
    office.settles(0);
    office.wait(DAY);
    let paid: Vec<_> = office.payouts().iter().filter_map(paid).collect();
    assert_eq!(paid, [(CardId(1), 9_950), (CardId(3), 19_900)]);
    office.is_sound();
}

#[test]
fn other_merchants_terminals_are_not_asked_to_download() {
    let mut office = Office::open();
    office.change_card(Page::Account, merchant(1), 0);
    office.wait(HOUR);
    office.sign_in(1);
    assert!(office.automatic.is_empty());
}

#[test]
fn a_payout_without_a_card_is_held_and_released_once() {
    let mut office = Office::open();
    office.does(0, Operation::management(Kind::StatusUpload));
    unbind(&mut office, CardId(1)).unwrap();
    office.sells(0, 10_000);
    office.settles(0);
    office.wait(DAY);
    assert_eq!(office.payouts()[0].state, PayoutState::Held);
    office.change_card(Page::Binding, merchant(1), 1);
    office.wait(HOUR);
    assert_eq!(office.payouts().iter().filter_map(paid).collect::<Vec<_>>(), [(CardId(3), 9_950)]);
    office.is_sound();
}

#[test]
fn a_device_changes_its_merchant_without_a_moment_of_two_codes() {
    let mut office = Office::open();
    office.sells(0, 10_000);
    let no = office.application(change_merchant());
    office.approve(no);
    assert_eq!(office.view(no).stage, Stage::Approved, "the open batch is settled first");
    assert_eq!(load(&mut office, no), None, "no numbers are assigned before that");
    office.settles(0);
    assert_eq!(office.view(no).stage, Stage::Done);
    // The old numbers are refused, and the alarm list says why.
    let sale = office.sale(500);
    assert_eq!(office.declined(0, sale), ResponseCode::UNKNOWN_TERMINAL);
    let sign_in = Operation::management(Kind::SignIn);
    assert_eq!(office.declined(0, sign_in), ResponseCode::UNKNOWN_TERMINAL);
    assert_eq!(office.faults(), [CodeFault::EndedCode, CodeFault::EndedCode]);
    // The new ones are at once good for everything.
    let pair = load(&mut office, no).expect("numbers were assigned").unwrap();
    assert_eq!(office.terminals[0].serial(), "SN10000001");
    office.sign_in(0);
    office.sells(0, 20_000);
    office.settles(0);
    let phone = Phone::new("13800000077");
    let password = office.secret(&phone, Topic::Welcome);
    office.login_with(pair.merchant, password);
    office.wait(DAY);
    assert_eq!(office.payouts().len(), 1, "what was sold under the new numbers is the new merchant's");
    assert_eq!(office.payouts()[0].gross, Amount::from_minor(20_000));
    assert_eq!(office.faults().len(), 2);
    office.is_sound();
}

#[test]
fn ended_numbers_may_finish_what_they_have_begun() {
    let mut office = Office::open();
    office.sells(0, 10_000);
    let no = office.application(change_merchant());
    office.approve(no);
    office.settles(0);
    // As after a lost answer, the settlement comes once more.
    office.settles(0);
    assert_eq!(office.view(no).stage, Stage::Done);
    assert!(office.faults().is_empty());
    office.is_sound();
}

#[test]
fn an_activated_device_sells_under_its_new_numbers() {
    let mut office = Office::new();
    let entry = office.entry(merchant(2));
    let phone = Phone::new("13800000088");
    let data = MerchantData { phone: phone.clone(), ..data() };
    let holder = Person { name: entry.holder.clone(), identity: Identity::new(&entry.identity) };
    let card = NewCard { pan: entry.card, holder: entry.holder, bank: entry.bank, phone: phone.clone() };
    let form = TerminalForm { wanted: TerminalKind::Smart, data, holder, card };
    let no = office.application(Request::Terminal(TerminalRequest::Apply(Box::new(form))));
    office.wait(DAY);
    office.approve(no);
    office.wait(2 * DAY);
    let code = office.secret(&phone, Topic::Code);
    let device = SerialNumber("N00000000001".to_owned());
    let answer = office.ask(Request::Terminal(TerminalRequest::Activate { device: device.clone(), code }));
    let Ok(Response::Activated(pair)) = answer else { panic!("{answer:?}") };
    let key = office.host.master_key(pair.terminal).expect("it is enrolled").clone();
    let terminal = &mut office.terminals[0];
    terminal.replace_device(&device.0);
    terminal.load(pair.terminal, pair.merchant, key).unwrap();
    office.sign_in(0);
    office.sells(0, 10_000);
    let password = office.secret(&phone, Topic::Welcome);
    office.login_with(pair.merchant, password);
    let answer = office.ask(Request::Account(AccountRequest::Application(no)));
    let Ok(Response::Application(view)) = answer else { panic!("{answer:?}") };
    assert_eq!(
        view.order.map(|order| order.step),
        Some(OrderStep::InUse),
        "the first sale activates it for good"
    );
    office.is_sound();
}

#[test]
fn instant_settlement_pays_each_sale_at_once_and_voids_are_taken_back() {
    let mut office = Office::open();
    office.enable_instant(merchant(1));
    office.wait(MINUTE);
    office.sells(0, 10_000);
    assert_eq!(office.balance().unsettled, Amount::ZERO, "what is cleared at once is not unsettled");
    office.wait(MINUTE);
    let paid_out = |office: &mut Office| -> Vec<u64> {
        office.payouts().iter().filter_map(paid).map(|(_, amount)| amount).collect()
    };
    assert_eq!(paid_out(&mut office), [9_950]);
    assert_eq!(office.does(0, Operation::of(Kind::Void)).end, End::Approved);
    assert_eq!(office.balance().owed, Amount::from_minor(9_950));
    assert!(office.transactions().is_empty(), "it does not stand");
    office.sells(0, 30_000);
    office.wait(MINUTE);
    assert_eq!(paid_out(&mut office), [9_950, 29_850 - 9_950], "the next payout is less by what was undone");
    office.settles(0);
    office.wait(2 * DAY);
    assert_eq!(office.payouts().len(), 2, "a settled batch pays nothing twice");
    office.is_sound();
}

#[test]
fn a_void_that_is_reversed_pays_the_sale_again() {
    let mut office = Office::open();
    office.enable_instant(merchant(1));
    office.wait(MINUTE);
    office.sells(0, 10_000);
    office.wait(MINUTE);
    // The answer to the void is lost: the terminal reverses it before the next operation.
    let void = lost(&mut office, Operation::of(Kind::Void));
    office.carries(&void);
    assert_eq!(office.balance().owed, Amount::from_minor(9_950));
    office.sells(0, 5_000);
    office.wait(MINUTE);
    let sum: u64 = office.payouts().iter().filter_map(paid).map(|(_, amount)| amount).sum();
    assert_eq!((sum, office.balance().owed), (9_950 + 4_975, Amount::ZERO));
    office.is_sound();
}

#[test]
fn refunds_and_adjustments_change_what_is_paid() {
    for is_instant in [false, true] {
        let mut office = Office::open();
        if is_instant {
            office.enable_instant(merchant(1));
        }
        office.wait(MINUTE);
        office.sells(0, 10_000);
        let tip = Operation { tip: Amount::from_minor(1_000), ..Operation::of(Kind::TipAdjust) };
        assert_eq!(office.does(0, tip).end, End::Approved);
        office.does(0, Operation::management(Kind::Reversal));
        office.wait(MINUTE);
        let refund = Operation { amount: Amount::from_minor(3_000), ..Operation::of(Kind::Refund) };
        assert_eq!(office.does(0, refund).end, End::Approved);
        let stands = office.transactions().iter().map(|sale| sale.amount.minor()).sum::<u64>();
        assert_eq!(stands, 8_000);
        let unsettled = office.balance().unsettled.minor();
        assert_eq!(unsettled, if is_instant { 0 } else { 8_000 });
        office.settles(0);
        office.wait(2 * DAY);
        office.sign_in(0);
        office.sells(0, 100_000);
        office.settles(0);
        office.wait(2 * DAY);
        let sum: u64 = office.payouts().iter().filter_map(paid).map(|(_, amount)| amount).sum();
        assert_eq!((sum, office.balance().owed.minor()), (7_960 + 99_500, 0), "instant: {is_instant}");
        office.is_sound();
    }
}

#[test]
fn what_is_over_a_limit_of_its_method_is_declined_with_61() {
    let limit = |minor, per_day| Limit {
        per_transaction: Amount::from_minor(minor),
        per_day: Amount::from_minor(per_day),
    };
    let mut office = Office::with(|config, _| {
        let rules = &mut config.portal.as_mut().unwrap().rules;
        rules.limits[Method::Debit as usize] = limit(10_000, 15_000);
        rules.limits[Method::SmallContactless as usize] = limit(300, 300);
    });
    office.sign_in(0);
    let over = office.sale(10_001);
    assert_eq!(office.declined(0, over), ResponseCode::OVER_LIMIT);
    office.sells(0, 10_000);
    let over = office.sale(5_001);
    assert_eq!(office.declined(0, over), ResponseCode::OVER_LIMIT);
    office.sells(0, 5_000);
    let over = office.sale_by(Entry::Contactless, 301);
    assert_eq!(office.declined(0, over), ResponseCode::OVER_LIMIT, "small and contactless has its own");
    let small = office.sale_by(Entry::Contactless, 300);
    assert_eq!(office.does(0, small).end, End::Approved);
    assert_eq!(office.does(0, Operation::of(Kind::Void)).end, End::Approved, "a void is over no limit");
    assert!(office.faults().is_empty());
    office.wait(DAY);
    office.sign_in(0);
    office.sells(0, 10_000);
    office.is_sound();
}

#[test]
fn a_terminal_that_has_not_signed_in_today_has_to() {
    let mut office = Office::open();
    office.profile.auto_sign_in = false;
    office.sells(0, 1_000);
    office.wait(13 * HOUR + 59 * MINUTE);
    office.sells(0, 1_000);
    office.wait(MINUTE);
    let sale = office.sale(1_000);
    assert_eq!(office.declined(0, sale), ResponseCode::BATCH_MISMATCH, "it is midnight");
    office.sign_in(0);
    office.sells(0, 1_000);
    assert_eq!(office.host.ledger().len(), 3, "a request that comes again is not booked as declined");
}

#[test]
fn a_device_with_the_numbers_of_another_is_an_alarm_and_gets_no_keys() {
    let mut office = Office::new();
    let key = office.host.master_key(terminal(2)).unwrap().clone();
    office.terminals[0].load(terminal(2), merchant(2), key).unwrap();
    let sign_in = Operation::management(Kind::SignIn);
    assert_eq!(office.declined(0, sign_in), ResponseCode::UNKNOWN_TERMINAL);
    assert_eq!(office.faults(), [CodeFault::SeveralCodes]);
    let key = office.host.master_key(terminal(1)).unwrap().clone();
    office.terminals[0].load(terminal(1), merchant(2), key).unwrap();
    let sign_in = Operation::management(Kind::SignIn);
    assert_eq!(office.declined(0, sign_in), ResponseCode::INVALID_MERCHANT);
    assert_eq!(office.faults(), [CodeFault::SeveralCodes, CodeFault::WrongCode]);
    let alarm = office.host.portal().unwrap().alarms().next().unwrap();
    assert_eq!(alarm.device, Some(serial_number(terminal(1))));
}

#[test]
fn a_card_is_not_unbound_while_anything_speaks_against_it() {
    let mut office = Office::new();
    office.login(merchant(1));
    assert_eq!(unbind(&mut office, CardId(1)), Err(Refusal::TerminalOffline), "it was never heard of");
    office.sign_in(0);
    assert_eq!(unbind(&mut office, CardId(1)), Err(Refusal::BatteryLow), "it has told no charge");
    office.profile.battery = Some(19);
    office.does(0, Operation::management(Kind::StatusUpload));
    assert_eq!(unbind(&mut office, CardId(1)), Err(Refusal::BatteryLow));
    office.profile.battery = Some(20);
    office.does(0, Operation::management(Kind::StatusUpload));
    office.sells(0, 1_000);
    assert_eq!(unbind(&mut office, CardId(1)), Err(Refusal::UnbindUnsettled));
    assert_eq!(office.does(0, Operation::of(Kind::Void)).end, End::Approved);
    office.wait(16 * MINUTE);
    assert_eq!(unbind(&mut office, CardId(1)), Err(Refusal::TerminalOffline), "it was silent for too long");
    office.does(0, Operation::management(Kind::Echo));
    assert_eq!(unbind(&mut office, CardId(1)), Ok(()));
    office.is_sound();
}

#[test]
fn merchants_see_how_their_devices_are() {
    let mut office = Office::open();
    office.does(0, Operation::management(Kind::StatusUpload));
    let Ok(Response::Devices(devices)) = office.ask(Request::Account(AccountRequest::Devices)) else {
        panic!("there is one")
    };
    let [device] = &devices[..] else { panic!("{devices:?}") };
    let status = device.status.as_ref().unwrap();
    assert_eq!(
        (device.device.0.as_str(), status.firmware.as_str()),
        ("SN10000001", posfleet::terminal::FIRMWARE)
    );
    assert!(status.is_online && status.is_signed_in && status.battery >= Some(30));
    office.does(0, Operation::management(Kind::SignOut));
    let Ok(Response::Devices(devices)) = office.ask(Request::Account(AccountRequest::Devices)) else {
        panic!("there is one")
    };
    assert!(!devices[0].status.as_ref().unwrap().is_signed_in);
}

#[test]
fn restored_records_count_as_new_ones_do() {
    let mut office = Office::open();
    office.sells(0, 10_000);
    office.settles(0);
    office.sells(0, 20_000);
    office.sells(0, 30_000);
    assert_eq!(office.does(0, Operation::of(Kind::Void)).end, End::Approved);
    assert_eq!(office.balance().unsettled, Amount::from_minor(20_000));
    let (sales, host) = (office.transactions(), office.restored());
    office.host = host;
    office.login(merchant(1));
    assert_eq!((office.transactions(), office.balance().unsettled), (sales, Amount::from_minor(20_000)));
    office.is_sound();
    office.wait(2 * DAY);
    assert_eq!(office.payouts().iter().filter_map(paid).collect::<Vec<_>>(), [(CardId(1), 9_950)]);
}

#[test]
fn what_was_cleared_at_once_is_not_owed_after_a_restart_and_small_sales_stay_small() {
    let mut office = Office::open();
    office.enable_instant(merchant(1));
    office.sells(0, 10_000);
    let small = office.sale_by(Entry::Contactless, 300);
    assert_eq!(office.does(0, small).end, End::Approved);
    assert_eq!(office.balance().unsettled, Amount::ZERO);
    let sales = office.transactions();
    assert_eq!(sales.last().unwrap().method, Method::SmallContactless);
    office.host = office.restored();
    office.login(merchant(1));
    assert_eq!((office.transactions(), office.balance().unsettled), (sales, Amount::ZERO));
    office.is_sound();
}

#[test]
fn assigned_and_ended_numbers_and_changed_parameters_come_back() {
    let mut office = Office::open();
    office.sells(0, 10_000);
    let no = office.application(change_merchant());
    office.approve(no);
    office.settles(0);
    let pair = load(&mut office, no).expect("numbers were assigned").unwrap();
    office.login(merchant(2));
    office.change_card(Page::Account, merchant(2), 0);
    office.wait(HOUR);
    office.host = office.restored();
    assert!(office.host.master_key(terminal(1)).is_none(), "these numbers have ended");
    assert_eq!(office.host.portal().unwrap().pair(&serial_number(terminal(1))), Some(pair));
    office.sign_in(0);
    office.sells(0, 20_000);
    office.automatic.clear();
    office.sign_in(1);
    let fetched: Vec<Kind> = office.automatic.iter().map(|outcome| outcome.kind).collect();
    assert_eq!(fetched, [Kind::ParameterDownload]);
    office.is_sound();
}

#[test]
fn the_host_wakes_for_what_is_due_in_the_portal() {
    let mut office = Office::open();
    office.enable_instant(merchant(1));
    office.wait(MINUTE);
    office.sells(0, 10_000);
    assert_eq!(office.deadline, Some(office.now + Duration::from_secs(5)));
    office.wait(Duration::from_secs(5));
    assert_eq!(office.host.portal().unwrap().newest_payouts().filter_map(paid).count(), 1);
    assert_eq!(office.deadline, None);
}

#[test]
fn the_final_check_finds_what_the_portal_was_not_told() {
    let mut office = Office::open();
    office.sells(0, 10_000);
    office.settles(0);
    office.is_sound();
    let sold = office.transactions()[0].key;
    // A host with these books whose portal has forgotten everything.
    let mut forgetful = Office::new();
    let records = office.records.clone();
    let (closed, booked) = (records.last().unwrap(), &records[0]);
    forgetful.host.restore(closed);
    forgetful.host.restore(booked);
    assert_eq!(forgetful.host.portal_findings(forgetful.now), [Finding::NotCleared(sold)]);
}

/// The last message of an operation that gets no answer.
fn lost(office: &mut Office, operation: Operation) -> Vec<u8> {
    use posfleet::terminal::{Input, Outbox, Output};
    let mut out = Outbox::default();
    let mut sent = Vec::new();
    let (profile, terminal) = (&office.profile, &mut office.terminals[0]);
    terminal.handle(profile, office.now, Input::Operation(operation), &mut out);
    while let Some(output) = out.poll() {
        if let Output::Send(range) = output {
            sent = out.bytes(range).to_vec();
        }
    }
    terminal.handle(profile, office.now, Input::PowerCut, &mut out);
    while out.poll().is_some() {}
    assert!(terminal.has_pending_reversal());
    sent
}

fn unbind(office: &mut Office, card: CardId) -> Result<(), Refusal> {
    office.ask(Request::Unbind(UnbindRequest::Begin(card)))?;
    let password = Password::new(office.entry(merchant(1)).query_password);
    office.ask(Request::Unbind(UnbindRequest::Verify(Proof::QueryPassword(password)))).map(drop)
}

fn change_merchant() -> Request {
    let holder = Person { name: "王新".to_owned(), identity: Identity::of("11010519800101001") };
    let form = MerchantChangeForm {
        device: serial_number(terminal(1)),
        old_merchant: merchant(1),
        data: data(),
        holder,
        licence: "91110000000000077".to_owned(),
        documents: vec!["licence.pdf".to_owned()],
        reason: "转让".to_owned(),
    };
    Request::MerchantChange(MerchantChangeRequest::Apply(Box::new(form)))
}

fn data() -> MerchantData {
    let phone = Phone::new("13800000077");
    let [name, address, contact] = ["新店", "新路1号", "王新"].map(str::to_owned);
    MerchantData { name, address, contact, phone }
}

/// Loads the numbers that a change has assigned, as an operator would.
fn load(office: &mut Office, no: ApplicationNo) -> Option<Result<Pair, LoadError>> {
    let pair = office.view(no).assigned?;
    let key = office.host.master_key(pair.terminal)?.clone();
    Some(office.terminals[0].load(pair.terminal, pair.merchant, key).map(|()| pair))
}
