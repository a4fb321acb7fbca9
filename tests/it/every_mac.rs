//! Terminals that verify the MAC of every answer: no damage on the way makes a refusal of what the host has booked.

use crate::terminal_rig::Rig;
use posfleet::{
    host::{Action, Match, Rule},
    iso8583::De,
    operation::{End, Entry, Failure, Kind},
    reconcile::Belief,
    rng::Seed,
    sim::{Config, World},
};

#[test]
fn damaged_answers_leave_no_doubt_behind() {
    for seed in 0..40 {
        let mut config = Config { seed: Seed(seed), ..Config::default() };
        config.profile.checks_every_mac = true;
        let sometimes = Match { probability: Some(0.3), ..Match::default() };
        config.host.rules = vec![Rule { when: sometimes, action: Action::Corrupt }];
        let mut world = World::new(config);
        world.run();
        assert_eq!(world.evidence().verify().err(), None, "seed {seed}");
    }
}

#[test]
fn a_refusal_with_a_wrong_mac_is_reversed() {
    let mut rig = Rig::with(true, |profile| profile.checks_every_mac = true);
    rig.sign_in();
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.answer(rig.reply(&sale).with(De::RESPONSE_CODE, b"51").wrong_mac());
    assert_eq!(step.outcome().end, End::Failed(Failure::WrongMac));
    assert_eq!(step.beliefs(), [Belief::Unknown]);
    let reversal = step.one_sent().to_vec();
    let step = rig.answer(rig.reply(&reversal));
    assert_eq!(step.beliefs(), [Belief::Reversed]);

    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.answer(rig.reply(&sale).with(De::RESPONSE_CODE, b"51"));
    assert_eq!(step.outcome().end, End::Declined, "its MAC is right");
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.answer(rig.reply(&sale).with(De::RESPONSE_CODE, b"51").without_mac());
    assert_eq!(step.outcome().end, End::Declined, "a refusal needs none");
}

#[test]
fn a_host_with_other_keys_is_signed_in_to_before_the_reversal() {
    let mut rig = Rig::with(true, |profile| profile.checks_every_mac = true);
    rig.sign_in();
    let sale = rig.ask(rig.sale(Entry::Stripe));
    let step = rig.answer(rig.reply(&sale).with(De::RESPONSE_CODE, b"A0").wrong_mac());
    assert_eq!(step.outcome().kind, Kind::Sale);
    let sign_in = step.one_sent().to_vec();
    let step = rig.answer(rig.sign_in_reply(&sign_in));
    let reversal = step.one_sent().to_vec();
    assert_eq!(rig.answer(rig.reply(&reversal)).beliefs(), [Belief::Reversed]);
}
