//! Host, terminals and a merchant at the counter in virtual time: whatever is lost, doubled or cut off, what was sold is
//! paid once, to the card of that moment.

use crate::portal_rig;
use posfleet::{
    directory::Directory,
    host::{Host, PortalSetup, serial_number},
    iso8583::{BatchNo, MerchantId, Mti, TerminalId},
    money::Amount,
    operation::Kind,
    portal::{Books, Fact, Pair, Sale, Settlement},
    reconcile::Key,
    rng::{Domain, Seed},
    sim::{Config, Direction, Fault, Network, Rule, World},
    time::Instant,
};
use std::time::Duration;

#[test]
fn payouts_follow_the_books_whatever_the_network_and_the_merchant_do() {
    let (mut granted, mut facts) = (0, [0_usize; 5]);
    for number in 0..SEEDS {
        let mut world = World::new(config(Seed(number)));
        world.run();
        let (evidence, findings) = (world.evidence(), world.portal_findings());
        let at = format!("seed {number}");
        assert!(evidence.verify().is_ok(), "{at}: {:?}", evidence.verify());
        assert_eq!(findings, [], "{at}");
        granted += evidence.report.granted;
        for line in world.host().portal().unwrap().history() {
            let place = match line.fact {
                Fact::Cleared { .. } => 0,
                Fact::TakenBack { .. } => 1,
                Fact::Supplemented { .. } => 2,
                Fact::Held { .. } => 3,
                Fact::CardEffective { .. } => 4,
                _ => continue,
            };
            facts[place] += 1;
        }
    }
    println!("{granted} requests granted; cleared, taken back, supplemented, held, cards: {facts:?}");
    assert!(granted > 3_000 && facts[0] > 2_000, "{granted} {facts:?}");
    let [_, taken_back, supplemented, held, cards] = facts;
    assert!(taken_back > 500 && supplemented > 100 && held > 0 && cards > SEEDS as usize, "{facts:?}");
}

#[test]
fn a_host_cut_anywhere_comes_back_from_what_it_told() {
    let (mut owing, mut cleared_at_once) = (0, 0);
    for number in 0..SEEDS {
        let mut config = config(Seed(number));
        config.limits.events = Seed(number).stream(Domain::Fleet, CUT, 0).between(1, MOST_EVENTS);
        let mut world = World::new(config);
        world.run_until_quiet();
        let now = world.evidence().report.ended;
        let (was, is) = world.into_lives().unwrap_or_else(|error| panic!("seed {number}: {error}"));
        let (was, is) = (sight(was, now), sight(is, now));
        assert_eq!(was.merchant, is.merchant, "seed {number}");
        assert_eq!(was.terminals, is.terminals, "seed {number}");
        assert!(was.books == is.books, "seed {number}");
        owing += usize::from(was.merchant.0 > Amount::ZERO);
        cleared_at_once += usize::from(was.has_cleared_at_once);
    }
    assert!(owing > 30 && cleared_at_once > 30, "{owing} owing, {cleared_at_once} cleared at once");
}

/// What a portal sees of its host, and what it knows.
struct Sight {
    /// What the merchant is owed from open batches, and its sales.
    merchant: (Amount, Vec<Sale>),
    /// The open batches, and who has which numbers.
    terminals: Vec<(bool, Option<Pair>)>,
    books: Books,
    /// Whether a sale of an open batch was cleared already.
    has_cleared_at_once: bool,
}

fn sight(mut host: Host, now: Instant) -> Sight {
    let ids: Vec<TerminalId> = (1..=9).map(portal_rig::terminal).collect();
    let open =
        |host: &Host, key: &Key| host.ledger().batch(&key.terminal).unwrap_or(BatchNo::FIRST) == key.batch;
    let sales = host.look(now, |_, acquirer| acquirer.transactions(MERCHANT)).unwrap();
    let portal = host.portal().unwrap();
    let has_cleared_at_once = sales.iter().any(|sale| open(&host, &sale.key) && portal.is_cleared(&sale.key));
    host.look(now, |portal, acquirer| Sight {
        merchant: (acquirer.unsettled(MERCHANT), sales),
        terminals: ids
            .iter()
            .map(|id| (acquirer.has_open_batch(*id), portal.pair(&serial_number(*id))))
            .collect(),
        books: portal.books().clone(),
        has_cleared_at_once,
    })
    .unwrap()
}

fn config(seed: Seed) -> Config {
    let mut config = Config { seed, visits: 40 + seed.0 as u32 % 40, ..Config::default() };
    let mut rules = crate::portal_rig::quick_rules();
    rules.card_review =
        posfleet::portal::Review::ByMachine { after: posfleet::portal::Delay::seconds(1, 20), rejects: 0.1 };
    rules.instant_review = rules.card_review.clone();
    rules.effective_after = posfleet::portal::Delay::seconds(0, 20);
    rules.sms.pause = Duration::from_secs(5);
    rules.change_pause = Duration::from_secs(30);
    (rules.unbind.cooling_off, rules.unbind.attempts_per_day) = (Duration::ZERO, 100);
    rules.unbind.hours = 0..24;
    rules.payout.late = 0.2;
    let settlement = if seed.0.is_multiple_of(2) { Settlement::NextDay } else { Settlement::Instant };
    config.host.portal = Some(PortalSetup { rules, directory: Directory::new(seed), settlement });
    config.profile.tells_device = true;
    config.workload.operations = 12;
    config.workload.script = vec![Kind::StatusUpload];
    config.workload.mix = vec![
        (Kind::Sale, 10),
        (Kind::Void, 4),
        (Kind::QrSale, 2),
        (Kind::QrOrder, 1),
        (Kind::Refund, 2),
        (Kind::QrRefund, 1),
        (Kind::TipAdjust, 2),
        (Kind::PreAuth, 1),
        (Kind::Completion, 1),
        (Kind::CompletionVoid, 1),
        (Kind::OfflineSale, 1),
        (Kind::Settlement, 5),
    ];
    config.workload.power_cut = 0.02;
    config.network = Network::with_rules(vec![
        Rule::sometimes(0.1, Fault::Lose),
        Rule::sometimes(0.2, Fault::Duplicate).going(Direction::ToTerminal),
        Rule::sometimes(0.4, Fault::Duplicate).of(Mti::REVERSAL),
        Rule::sometimes(0.05, Fault::Reset),
    ]);
    // The payouts of the next days, and what follows from them, belong to the run.
    config.limits.time = Duration::from_secs(30 * 86_400);
    config
}

const SEEDS: u64 = 300;
/// The stream that says where a run is cut off.
const CUT: u64 = 99;
const MOST_EVENTS: u64 = 400;
/// Whose terminals they all are.
const MERCHANT: MerchantId = match MerchantId::from_bytes(b"898100012340001") {
    Ok(merchant) => merchant,
    Err(_) => panic!("fifteen digits are a merchant id"),
};
