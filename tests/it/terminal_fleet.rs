//! Fleets that do every kind of transaction over a bad network: in the end terminals and host agree, and owe nothing.

use posfleet::{
    money::Amount,
    operation::{Effect, Kind},
    reconcile::{Belief, Entry, Key},
    rng::Seed,
    sim::{Config, Direction, Evidence, Fault, Network, Rule, World},
};
use std::{collections::BTreeMap, time::Duration};

#[test]
fn every_kind_ends_in_agreement_over_a_network_without_faults() {
    let seen = every_seed(0..40, |_| {});
    for (kind, _) in mix() {
        assert!(seen.contains_key(&kind) || !moves_money(kind), "{} never ran", kind.name());
    }
}

#[test]
fn every_kind_ends_in_agreement_when_messages_are_lost_late_or_doubled() {
    every_seed(0..60, |config| {
        config.network = Network::with_rules(vec![
            Rule::sometimes(0.1, Fault::Lose),
            Rule::sometimes(0.05, Fault::Reset),
            Rule::sometimes(0.1, Fault::Duplicate).going(Direction::ToTerminal),
            Rule::sometimes(0.05, Fault::Hold(Duration::from_secs(1)..=Duration::from_secs(90))),
        ]);
        config.network.refuse = 0.05;
    });
}

#[test]
fn every_kind_ends_in_agreement_when_the_power_fails() {
    every_seed(0..60, |config| {
        config.workload.power_cut = 0.15;
        config.network = Network::with_rules(vec![Rule::sometimes(0.05, Fault::Lose)]);
    });
}

/// Runs the seeds; returns what the terminals believe in at the end, counted by kind.
fn every_seed(seeds: std::ops::Range<u64>, change: impl Fn(&mut Config)) -> BTreeMap<Kind, usize> {
    let mut seen = BTreeMap::new();
    for seed in seeds {
        let mut config = Config { seed: Seed(seed), ..Config::default() };
        config.opening_balance = Amount::from_minor(10_000_000);
        config.workload.operations = 40;
        config.workload.mix = mix();
        change(&mut config);
        let mut world = World::new(config);
        world.run();
        let evidence = world.evidence();
        assert!(
            evidence.report.is_complete && evidence.owing.is_empty(),
            "seed {seed}: {:?}",
            evidence.owing
        );
        let (believed, captured) = sides(&evidence);
        for (key, entry) in &believed {
            let host = captured.get(key);
            assert_eq!(
                host,
                Some(&entry.amount),
                "seed {seed}: {:?} {entry:?}\n{}",
                key,
                history(&evidence, key)
            );
            *seen.entry(entry.kind).or_default() += 1;
        }
        for key in captured.keys() {
            assert!(believed.contains_key(key), "seed {seed}: {key:?}\n{}", history(&evidence, key));
        }
    }
    seen
}

/// What terminals believe in, and what the host has captured.
fn sides(evidence: &Evidence) -> (BTreeMap<Key, Entry>, BTreeMap<Key, Amount>) {
    let mut last: BTreeMap<Key, Entry> =
        evidence.journal.iter().map(|entry| (entry.key(), entry.clone())).collect();
    last.retain(|_, entry| {
        matches!(entry.belief, Belief::Approved | Belief::Adjusted) && moves_money(entry.kind)
    });
    let captured = evidence.captured.iter().map(|(key, amount, _)| (*key, *amount)).collect();
    (last, captured)
}

fn moves_money(kind: Kind) -> bool {
    let form = kind.form();
    form.effect != Effect::Hold && (form.reversible || form.effect != Effect::None)
}

fn history(evidence: &Evidence, key: &Key) -> String {
    let lines = evidence.journal.iter().filter(|entry| entry.terminal == key.terminal);
    lines
        .map(|line| {
            format!("{:?} {} {} {} {:?}\n", line.at, line.stan, line.kind.name(), line.amount, line.belief)
        })
        .collect()
}

fn mix() -> Vec<(Kind, u32)> {
    use Kind::*;
    let kinds = [
        Sale,
        Void,
        Refund,
        PreAuth,
        PreAuthAdd,
        PreAuthVoid,
        Completion,
        CompletionNotice,
        CompletionVoid,
        OfflineSale,
        SettleAdjust,
        TipAdjust,
        CashSale,
        CashRefund,
        Load,
        CashLoad,
        TransferLoad,
        CashLoadVoid,
        QrSale,
        QrOrder,
        QrQuery,
        QrVoid,
        QrRefund,
        ESignature,
        StatusUpload,
        Echo,
    ];
    kinds
        .into_iter()
        .map(|kind| (kind, if matches!(kind, Sale | PreAuth | QrOrder) { 4 } else { 1 }))
        .collect()
}
