//! The whole system in virtual time: whatever the network, the power and the host do, no money is lost or doubled.

use posfleet::{
    host::{self, Bug, Match},
    iso8583::{Mti, ResponseCode},
    ledger::State,
    money::Amount,
    operation::Kind,
    reconcile::{Belief, Fault as Mistake},
    rng::{Domain, Seed},
    sim::{Config, Direction, Evidence, Fault, Network, Report, Rule, Violation, World},
};
use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

#[test]
fn no_money_is_lost_over_a_network_without_faults() {
    let report = every_seed("no_money_is_lost_over_a_network_without_faults", |_| {});
    assert!(report.approved > 1000 && report.timed_out == 0 && report.strays == 0, "{report:?}");
}

#[test]
fn no_money_is_lost_when_messages_are() {
    let report = every_seed("no_money_is_lost_when_messages_are", |config| {
        config.network = Network::with_rules(vec![
            Rule::sometimes(0.15, Fault::Lose),
            Rule::sometimes(0.05, Fault::Reset),
        ]);
        config.network.refuse = 0.1;
    });
    assert!(report.timed_out > 100 && report.failed > 100, "{report:?}");
}

#[test]
fn no_money_is_lost_when_messages_overtake_each_other() {
    let report = every_seed("no_money_is_lost_when_messages_overtake_each_other", |config| {
        config.network = Network::with_rules(vec![
            Rule::sometimes(0.2, Fault::Hold(seconds(1..=90))),
            Rule::sometimes(0.1, Fault::Slow(seconds(5..=45))),
        ]);
    });
    assert!(report.timed_out > 100 && report.strays > 20, "{report:?}");
}

#[test]
fn no_money_is_lost_when_answers_and_reversals_come_twice() {
    let report = every_seed("no_money_is_lost_when_answers_and_reversals_come_twice", |config| {
        config.network = Network::with_rules(vec![
            Rule::sometimes(0.3, Fault::Duplicate).going(Direction::ToTerminal),
            Rule::sometimes(0.5, Fault::Duplicate).of(Mti::REVERSAL),
            Rule::sometimes(0.2, Fault::Duplicate).of(Mti::NETWORK),
            Rule::sometimes(0.1, Fault::Lose),
            Rule::sometimes(0.1, Fault::Hold(seconds(0..=40))),
        ]);
    });
    assert!(report.strays > 100 && report.timed_out > 100, "{report:?}");
}

#[test]
fn no_money_is_lost_when_requests_come_twice_in_order() {
    let report = every_seed("no_money_is_lost_when_requests_come_twice_in_order", |config| {
        config.network = Network::with_rules(vec![Rule::sometimes(0.4, Fault::Duplicate)]);
        config.keeps_connection = true;
    });
    assert!(report.strays > 500 && report.timed_out == 0, "{report:?}");
}

#[test]
fn no_money_is_lost_when_the_power_fails() {
    let report = every_seed("no_money_is_lost_when_the_power_fails", |config| {
        config.workload.power_cut = 0.2;
        config.network = Network::with_rules(vec![Rule::sometimes(0.05, Fault::Lose)]);
    });
    assert!(report.power_cuts > 500, "{report:?}");
}

#[test]
fn no_money_is_lost_whatever_the_mood_of_the_host() {
    use host::Action::{
        Close, Delay, DropRequest, DropResponse, Duplicate, Garbage, HalfFrame, Oversized, Stray, WrongMac,
    };
    let report = every_seed("no_money_is_lost_whatever_the_mood_of_the_host", |config| {
        let actions = [
            Close,
            Delay(seconds(0..=60).into()),
            DropRequest,
            DropResponse,
            Duplicate,
            Garbage,
            HalfFrame,
            Oversized,
            Stray,
            WrongMac,
            host::Action::Respond(ResponseCode::MAC_FAILED),
        ];
        let when = || Match { probability: Some(0.04), ..Match::default() };
        config.host.rules = actions.into_iter().map(|action| host::Rule { when: when(), action }).collect();
    });
    assert!(report.strays > 100 && report.failed > 100, "{report:?}");
}

#[test]
fn no_money_is_lost_whatever_terminals_do_and_whatever_happens_to_it() {
    let mut done = BTreeMap::new();
    for seed in seeds(1000) {
        let mut config = tempest(seed);
        config.workload.script = shuffled(DAY, seed);
        let evidence =
            verified(config, "no_money_is_lost_whatever_terminals_do_and_whatever_happens_to_it", seed);
        evidence.done.into_iter().for_each(|(kind, count)| *done.entry(kind).or_default() += count);
    }
    if std::env::var_os("POSFLEET_SIM_SEED").is_none() {
        let seldom = |(kind, _): &(Kind, &str)| done.get(kind).copied().unwrap_or(0) < 100;
        let seldom: Vec<_> = Kind::ALL.into_iter().filter(seldom).collect();
        assert!(seldom.is_empty(), "hardly ever done: {seldom:?} of {done:?}");
    }
}

#[test]
fn no_money_is_lost_when_the_power_fails_between_any_two_events() {
    let calm = day(1);
    let events = run(calm.clone()).report.events;
    assert!(events > 300, "a whole day, {events} events");
    for event in 1..=events {
        let mut config = calm.clone();
        config.workload.power_cut_at = Some(event);
        let evidence = run(config);
        assert_eq!(evidence.report.power_cuts, 1);
        if let Err(violations) = evidence.verify() {
            panic!("power cut after event {event}:{}", list(&violations));
        }
    }
}

#[test]
fn a_day_without_trouble_does_every_kind() {
    let evidence = run(day(1));
    evidence.verify().unwrap_or_else(|violations| panic!("{}", list(&violations)));
    // What only follows from trouble.
    let never = [Kind::Reversal, Kind::ScriptResult, Kind::BatchUpload];
    let missing: Vec<_> =
        DAY.iter().filter(|kind| !never.contains(kind) && !evidence.done.contains_key(kind)).collect();
    assert!(missing.is_empty(), "never approved: {missing:?} of {:?}", evidence.done);
}

#[test]
fn no_money_is_lost_when_the_host_goes_down_or_is_late_twice() {
    let report = every_seed("no_money_is_lost_when_the_host_goes_down_or_is_late_twice", |config| {
        let late = host::Delay::Exponential { mean: Duration::from_secs(60) };
        let actions = [
            host::Action::Restart(Duration::from_secs(5)),
            host::Action::Late(late, Box::new(host::Action::Duplicate)),
        ];
        let when = || Match { probability: Some(0.06), ..Match::default() };
        config.host.rules = actions.into_iter().map(|action| host::Rule { when: when(), action }).collect();
        // A refused reversal would be a host that keeps the money, which is for the auditor to find.
        let sales = Match { mti: Some(Mti::FINANCIAL), ..when() };
        config.host.rules.push(host::Rule { when: sales, action: host::Action::Decline });
    });
    assert!(report.failed > 100 && report.timed_out > 50 && report.declined > 100, "{report:?}");
}

#[test]
fn the_same_seed_gives_the_same_events() {
    let trace = |seed| {
        let mut world = World::new(stormy(seed));
        world.run();
        (world.trace(), world.evidence().report)
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7).0, trace(8).0);
}

#[test]
fn limits_end_a_run_that_does_not_come_to_rest() {
    let mut config = stormy(1);
    config.limits.events = 50;
    let evidence = run(config);
    assert_eq!(evidence.report.events, 50);
    assert!(violations(&evidence).contains(&Violation::Incomplete));
}

#[test]
fn the_first_lost_answer_is_reversed_and_no_other() {
    let mut config = Config { terminals: 1, ..Config::default() };
    config.workload.mix = vec![(Kind::Sale, 1)];
    config.network.rules = vec![Rule::always(Fault::Lose).of(Mti::FINANCIAL.response()).nth(1)];
    let evidence = run(config);
    let believed = |belief| evidence.journal.iter().filter(|entry| entry.belief == belief).count();
    assert_eq!((believed(Belief::Unknown), believed(Belief::Reversed)), (1, 1));
    assert!(evidence.verify().is_ok());
}

// What verify() must find.

#[test]
fn a_host_that_confirms_reversals_and_does_nothing_is_found() {
    let mut config = Config::default();
    let when = Match { mti: Some(Mti::REVERSAL), ..Match::default() };
    config.host.rules = vec![host::Rule { when, action: host::Action::Respond(ResponseCode::APPROVED) }];
    config.network.rules = vec![Rule::sometimes(0.5, Fault::Lose).of(Mti::FINANCIAL.response())];
    let found = violations(&run(config));
    let is_not_reversed = |violation: &Violation| matches!(violation, Violation::Mismatch(m) if m.fault == Mistake::NotReversed);
    assert!(found.iter().any(is_not_reversed), "{found:?}");
    assert!(found.iter().any(|violation| matches!(violation, Violation::Totals { .. })));
}

#[test]
fn a_host_that_approves_and_books_nothing_is_found() {
    let mut config = Config::default();
    let when = Match { mti: Some(Mti::FINANCIAL), ..Match::default() };
    config.host.rules = vec![host::Rule { when, action: host::Action::Respond(ResponseCode::APPROVED) }];
    let found = violations(&run(config));
    let is_lost =
        |violation: &Violation| matches!(violation, Violation::Mismatch(m) if m.fault == Mistake::Lost);
    assert!(found.iter().any(is_lost), "{found:?}");
}

#[test]
fn every_mistake_of_a_host_is_found_by_its_name() {
    use Kind::{Sale, Void};
    let expected = |bug| match bug {
        Bug::ForgetsReversal => Mistake::NotReversed,
        Bug::BooksTwice => Mistake::Doubled,
        Bug::IgnoresVoid => Mistake::VoidIgnored,
        Bug::SettlesToNeighbour => Mistake::WrongTerminal,
        Bug::WrongAmount => Mistake::Amount,
    };
    for (bug, name) in Bug::ALL {
        let mut config = Config { seed: Seed(11), ..Config::default() };
        config.workload.script = vec![Sale, Sale, Void, Sale];
        config.workload.operations = 4;
        config.host.bug = Some(bug);
        config.network.rules = vec![Rule::always(Fault::Lose).of(Mti::FINANCIAL.response()).nth(2)];
        let found = violations(&run(config.clone()));
        let is_it =
            |violation: &Violation| matches!(violation, Violation::Mismatch(m) if m.fault == expected(bug));
        assert!(found.iter().any(is_it), "{name}: {found:?}");
        config.host.bug = None;
        assert_eq!(violations(&run(config)), [], "without {name}");
    }
}

#[test]
fn a_request_that_came_twice_and_lost_its_first_answer_is_found() {
    let mut config = Config { terminals: 1, ..Config::default() };
    config.workload.mix = vec![(Kind::Sale, 1)];
    config.network.rules = vec![
        Rule::always(Fault::Duplicate).of(Mti::FINANCIAL).nth(1),
        Rule::always(Fault::Lose).of(Mti::FINANCIAL.response()).nth(1),
    ];
    let found = violations(&run(config));
    let is_unknown = |violation: &Violation| matches!(violation, Violation::Mismatch(m) if m.fault == Mistake::UnknownToTerminals);
    assert!(found.iter().any(is_unknown), "94 hides an approval: {found:?}");
}

#[test]
fn a_terminal_that_drops_its_reversals_is_found() {
    let mut config = Config::default();
    config.profile.reversal.keep = false;
    config.network.rules = vec![
        Rule::sometimes(0.3, Fault::Lose).of(Mti::FINANCIAL.response()),
        Rule::always(Fault::Lose).of(Mti::REVERSAL),
    ];
    let found = violations(&run(config));
    assert!(found.iter().any(|violation| matches!(violation, Violation::Mismatch(_))), "{found:?}");
    assert!(!found.iter().any(|violation| matches!(violation, Violation::Overtaken(_))), "{found:?}");
}

#[test]
fn tampered_evidence_is_found() {
    let honest = run(stormy(3));
    honest.verify().unwrap();
    let approved = |evidence: &Evidence| {
        evidence.journal.iter().position(|entry| entry.belief == Belief::Approved).unwrap()
    };
    let captured = |evidence: &Evidence| {
        evidence.bookings.iter().position(|booking| booking.state == State::Captured).unwrap()
    };
    let reversal = |evidence: &Evidence| {
        let is_sent = |direction, mti| direction == Direction::ToHost && mti == Mti::REVERSAL;
        evidence.sightings.iter().position(|seen| is_sent(seen.direction, seen.mti)).unwrap()
    };
    type Tampering<'a> = (&'a str, Box<dyn Fn(&mut Evidence) + 'a>, fn(&Violation) -> bool);
    let cases: [Tampering<'_>; 12] = [
        (
            "journal line removed",
            Box::new(|e| {
                e.journal.remove(approved(e));
            }),
            |v| matches!(v, Violation::Mismatch(m) if m.fault == Mistake::UnknownToTerminals),
        ),
        (
            "approved twice",
            Box::new(|e| e.journal.push(e.journal[approved(e)].clone())),
            |v| matches!(v, Violation::Mismatch(m) if m.fault == Mistake::Doubled),
        ),
        (
            "captured twice",
            Box::new(|e| e.bookings.push(e.bookings[captured(e)].clone())),
            |v| matches!(v, Violation::Mismatch(m) if m.fault == Mistake::Doubled),
        ),
        (
            "captured twice, by the account",
            Box::new(|e| e.bookings.push(e.bookings[captured(e)].clone())),
            |v| matches!(v, Violation::Accounts { .. }),
        ),
        (
            "capture removed",
            Box::new(|e| {
                e.bookings.remove(captured(e));
            }),
            |v| matches!(v, Violation::Mismatch(m) if m.fault == Mistake::Lost),
        ),
        (
            "other amount captured",
            Box::new(|e| {
                let at = captured(e);
                e.bookings[at].amount += Amount::from_minor(1);
            }),
            |v| matches!(v, Violation::Totals { .. }),
        ),
        (
            "other amount captured, by what it moved",
            Box::new(|e| {
                let at = captured(e);
                e.bookings[at].amount += Amount::from_minor(1);
            }),
            |v| matches!(v, Violation::Moved { .. }),
        ),
        ("account short by one", Box::new(|e| e.accounts.values_mut().next().unwrap().free -= 1), |v| {
            matches!(v, Violation::Accounts { .. })
        }),
        (
            "reversal of another amount",
            Box::new(|e| {
                let at = reversal(e);
                e.sightings[at].copied.amount = Some(0);
            }),
            |v| matches!(v, Violation::Altered(_)),
        ),
        (
            "reversals never sent",
            Box::new(|e| {
                e.sightings.retain(|seen| ![Mti::REVERSAL, Mti::REVERSAL.response()].contains(&seen.mti))
            }),
            |v| matches!(v, Violation::Overtaken(_)),
        ),
        (
            "request sent twice",
            Box::new(|e| {
                let request = e.sightings.iter().find(|seen| seen.mti == Mti::FINANCIAL).unwrap().clone();
                e.sightings.push(request);
            }),
            |v| matches!(v, Violation::StanReused(_)),
        ),
        (
            "original never seen",
            Box::new(|e| {
                let (at, key) = (reversal(e), e.sightings[reversal(e)].key());
                let original = e.sightings[..at].iter().position(|seen| seen.key() == key).unwrap();
                e.sightings.remove(original);
            }),
            |v| matches!(v, Violation::NoOriginal(_)),
        ),
    ];
    for (what, tamper, expected) in cases {
        let mut evidence = honest.clone();
        tamper(&mut evidence);
        let found = violations(&evidence);
        assert!(found.iter().any(expected), "{what}: {found:?}");
    }
}

/// Runs a world of every seed, with and without kept connections; returns the sum of the reports.
fn every_seed(test: &str, change: impl Fn(&mut Config)) -> Report {
    let mut sum = Report::default();
    for seed in seeds(300) {
        for keeps_connection in [false, true] {
            let mut config = Config { seed: Seed(seed), keeps_connection, terminals: 2, ..Config::default() };
            config.workload.operations = 4;
            change(&mut config);
            let report = run(config).verify().unwrap_or_else(|violations| {
                let replay = format!("POSFLEET_SIM_SEED={seed} cargo test --test it sim::{test}");
                let list: String = violations.iter().map(|violation| format!("\n  {violation}")).collect();
                panic!("seed {seed}, keeps_connection {keeps_connection}:{list}\nreplay: {replay}")
            });
            sum.approved += report.approved;
            sum.declined += report.declined;
            sum.timed_out += report.timed_out;
            sum.failed += report.failed;
            sum.automatic += report.automatic;
            sum.strays += report.strays;
            sum.power_cuts += report.power_cuts;
            sum.events += report.events;
        }
    }
    sum
}

/// The seeds of a run, or the one to replay.
fn seeds(count: u64) -> RangeInclusive<u64> {
    match std::env::var("POSFLEET_SIM_SEED").map(|seed| seed.parse()) {
        Ok(Ok(seed)) => seed..=seed,
        _ => 1..=scaled(count),
    }
}

/// `POSFLEET_SIM_FACTOR=10` runs ten times as many seeds.
fn scaled(count: u64) -> u64 {
    let factor = std::env::var("POSFLEET_SIM_FACTOR").ok().and_then(|factor| factor.parse::<u64>().ok());
    count * factor.unwrap_or(1)
}

/// The evidence of a run that fits together.
fn verified(config: Config, test: &str, seed: u64) -> Evidence {
    let evidence = run(config);
    if let Err(violations) = evidence.verify() {
        let replay = format!("POSFLEET_SIM_SEED={seed} cargo test --test it sim::{test}");
        panic!("seed {seed}:{}\nreplay: {replay}", list(&violations));
    }
    evidence
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(|violation| format!("\n  {violation}")).collect()
}

/// One terminal does everything that a terminal can do, in an order in which it makes sense.
fn day(seed: u64) -> Config {
    let mut config = Config { seed: Seed(seed), terminals: 1, ..Config::default() };
    config.workload.script = DAY.to_vec();
    config.workload.operations = DAY.len() as u32;
    config
}

/// A network that loses, doubles, holds back and breaks, a host that does what it likes, and power that fails.
fn tempest(seed: u64) -> Config {
    let mut config = day(seed);
    config.workload.operations += 15;
    config.workload.mix = DAY.iter().map(|kind| (*kind, 1)).collect();
    config.keeps_connection = seed.is_multiple_of(2);
    config.profile.reversal.on_duplicate = true;
    config.profile.settlement.sign_out = seed.is_multiple_of(3);
    config.workload.power_cut = 0.03;
    config.network = Network::with_rules(vec![
        Rule::sometimes(0.06, Fault::Lose),
        Rule::sometimes(0.02, Fault::Reset),
        Rule::sometimes(0.05, Fault::Duplicate),
        Rule::sometimes(0.05, Fault::Hold(seconds(0..=60))),
    ]);
    config.network.refuse = 0.02;
    config.host.chip.scripts = 0.2;
    config.host.chip.wrong_answers = 0.05;
    config.host.settlement.drill.share = 0.5;
    config.host.orders.closed = 0.1;
    config.host.orders.expired = 0.1;
    config
}

/// Every third thing changes places with one shortly before it, so that originals mostly come before what is about them.
fn shuffled(kinds: &[Kind], seed: u64) -> Vec<Kind> {
    let mut kinds = kinds.to_vec();
    let mut rng = Seed(seed).stream(Domain::Fleet, u64::MAX, 0);
    for at in (1..kinds.len()).rev().step_by(3) {
        kinds.swap(at, at - rng.between(0, at.min(6) as u64) as usize);
    }
    kinds
}

fn stormy(seed: u64) -> Config {
    let mut config = Config { seed: Seed(seed), ..Config::default() };
    config.workload.power_cut = 0.05;
    config.network = Network::with_rules(vec![
        Rule::sometimes(0.15, Fault::Lose),
        Rule::sometimes(0.1, Fault::Hold(seconds(0..=60))),
    ]);
    config
}

fn run(config: Config) -> Evidence {
    let mut world = World::new(config);
    world.run();
    world.evidence()
}

fn violations(evidence: &Evidence) -> Vec<Violation> {
    evidence.verify().err().unwrap_or_default()
}

fn seconds(range: RangeInclusive<u64>) -> RangeInclusive<Duration> {
    Duration::from_secs(*range.start())..=Duration::from_secs(*range.end())
}

/// Everything that a terminal can be asked to do; what is about an earlier transaction follows it.
const DAY: &[Kind] = {
    use Kind::*;
    &[
        SignIn,
        ParameterDownload,
        AidDownload,
        CapkDownload,
        RateDownload,
        BlacklistDownload,
        ContactlessDownload,
        BinDownload,
        BinBlacklistDownload,
        KeyDownload,
        CashierSignIn,
        Echo,
        StatusUpload,
        Balance,
        Sale,
        ESignature,
        Void,
        Sale,
        Refund,
        PreAuth,
        PreAuthAdd,
        Completion,
        CompletionVoid,
        PreAuth,
        PreAuthVoid,
        PreAuth,
        CompletionNotice,
        OfflineSale,
        TipAdjust,
        Sale,
        SettleAdjust,
        CashSale,
        CashRefund,
        Load,
        CashLoad,
        CashLoadVoid,
        TransferLoad,
        QrSale,
        QrVoid,
        QrSale,
        QrRefund,
        QrOrder,
        QrQuery,
        Sale,
        Settlement,
        Sale,
        Void,
        Sale,
        Reversal,
        Settlement,
        SignOut,
    ]
};
