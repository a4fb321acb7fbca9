//! Concurrent clients of one merchant: whatever the order in which their requests arrive, a thing is done once.

use super::portal_rig::*;
use posfleet::{
    portal::*,
    rng::{Domain, Rng, Seed},
};
use std::{collections::BTreeMap, time::Duration};

/// Three clients confirm one draft: two with one key, one with its own, all of them more than once.
#[test]
fn however_confirmations_meet_one_application_opens() {
    let confirm = |key| Asked::new(key, Request::Card(CardRequest::Confirm));
    let scripts = [
        vec![confirm("a"), confirm("a"), confirm("a")],
        vec![confirm("a"), confirm("b"), confirm("a")],
        vec![confirm("c"), confirm("b")],
    ];
    let mut start = Rig::new();
    start.begin_verified(Page::Account, new_card(1, 1));
    let orders = explore(&start, &scripts, |rig, told| {
        assert_eq!(opened(told), 1, "{told:?}");
        rig.wait(DAY);
        assert_eq!(rig.cards()[1].state, CardState::Effective);
    });
    assert_eq!(orders, 560);
}

/// Two clients begin, and one of them confirms; the drafts replace each other, and whatever is confirmed is one card.
#[test]
fn however_two_drafts_meet_one_card_becomes_effective() {
    let begin = |key, card| {
        let new = new_card(1, card);
        Asked::new(key, Request::Card(CardRequest::Begin { page: Page::Account, new }))
    };
    let confirm = |key| Asked::new(key, Request::Card(CardRequest::Confirm));
    let verify = |rig: &Rig, key| Asked::new(key, Request::Card(CardRequest::Verify(rig.code(1))));
    let mut start = Rig::new();
    start.ask(Request::Card(CardRequest::Begin { page: Page::Account, new: new_card(1, 1) })).unwrap();
    start.ask(Request::Card(CardRequest::SendCode)).unwrap();
    let scripts = [
        vec![verify(&start, "verify"), confirm("mine"), confirm("mine")],
        vec![begin("other", 2), begin("other", 2), verify(&start, "verify too"), confirm("yours")],
    ];
    let orders = explore(&start, &scripts, |rig, told| {
        assert!(opened(told) <= 1, "{told:?}");
        rig.wait(DAY);
        let effective = rig.cards().into_iter().filter(|card| card.state == CardState::Effective);
        assert_eq!(effective.count(), 1);
    });
    assert_eq!(orders, 35);
}

#[test]
fn however_two_reviewers_and_a_duplicate_meet_a_decision_is_made_once() {
    let apply = |key| {
        let (name, number) = ("Shop 1".to_owned(), merchant(1));
        Asked::new(key, Request::Instant(InstantRequest::Apply { name, number }))
    };
    let approve = || Asked::Review(ApplicationNo(1), Decision::Approve);
    let reject = || Asked::Review(ApplicationNo(1), Decision::Reject("no".to_owned()));
    let scripts = [vec![apply("a"), apply("a")], vec![approve(), approve()], vec![reject(), apply("b")]];
    let orders = explore(&Rig::new(), &scripts, |rig, _| {
        let closed = rig.portal.history().iter().filter(|line| matches!(line.fact, Fact::Closed { .. }));
        let submitted =
            rig.portal.history().iter().filter(|line| matches!(line.fact, Fact::Submitted { .. }));
        let (closed, submitted) = (closed.count(), submitted.count());
        assert!(closed <= submitted && submitted <= 2, "{closed} of {submitted}");
    });
    assert_eq!(orders, 90);
}

/// Longer scripts with every kind of write, in random orders, with time between the requests.
#[test]
fn random_meetings_of_all_writes_leave_a_clean_history() {
    let mut repeated = 0;
    for seed in 0..300 {
        let mut rng = Seed(seed).stream(Domain::Fleet, 2, 0);
        let mut rig = Rig::new();
        rig.begin_verified(Page::Account, new_card(1, 1));
        let scripts: Vec<Vec<Asked>> = (0..3).map(|_| script(&rig, &mut rng)).collect();
        let mut told = Told::default();
        let mut places = [0; 3];
        while places.iter().zip(&scripts).any(|(place, script)| *place < script.len()) {
            let client = rng.between(0, 2) as usize;
            let Some(asked) = scripts[client].get(places[client]) else { continue };
            places[client] += 1;
            repeated += usize::from(told.send(&mut rig, asked));
            if rng.happens(0.2) {
                rig.wait(Duration::from_secs(rng.between(0, 3_600)));
            }
        }
        rig.wait(3 * DAY);
        check(&rig, &format!("seed {seed}"));
    }
    assert!(repeated >= 1_000, "{repeated}");
}

fn script(rig: &Rig, rng: &mut Rng) -> Vec<Asked> {
    let request = |rng: &mut Rng| match rng.between(0, 7) {
        0 => Request::Card(CardRequest::Begin { page: Page::Account, new: new_card(1, rng.between(1, 3)) }),
        1 => Request::Card(CardRequest::SendCode),
        2 => Request::Card(CardRequest::Verify(rig.code(1))),
        3..6 => Request::Card(CardRequest::Confirm),
        6 => Request::Instant(InstantRequest::Apply { name: "Shop 1".to_owned(), number: merchant(1) }),
        _ => Request::Unbind(UnbindRequest::Begin(CardId(1))),
    };
    // Keys are few, so that clients meet under them.
    (0..8).map(|_| Asked::Call(format!("shared {}", rng.between(0, 9)), request(rng))).collect()
}

/// What a client sends.
#[derive(Clone, Debug)]
enum Asked {
    Call(String, Request),
    Review(ApplicationNo, Decision),
}

impl Asked {
    fn new(key: &str, request: Request) -> Self {
        Self::Call(key.to_owned(), request)
    }
}

/// What was answered under each key the first time, with what was asked.
#[derive(Clone, Debug, Default)]
struct Told(BTreeMap<String, (Request, Result<Response, Refusal>)>);

impl Told {
    /// Sends a request, and holds the portal to what it has answered to the same one; says whether it was one.
    fn send(&mut self, rig: &mut Rig, asked: &Asked) -> bool {
        let (key, request) = match asked {
            Asked::Review(no, decision) => {
                let _ = rig.decide(*no, decision.clone());
                return false;
            }
            Asked::Call(key, request) => (key, request),
        };
        let before = rig.inputs.len();
        let answer = rig.call(rig.session, Some(key), request.clone());
        let Some((first, told)) = self.0.get(key) else {
            self.0.insert(key.clone(), (request.clone(), answer));
            return false;
        };
        let wanted = if first == request { told.clone() } else { Err(Refusal::KeyConflict) };
        assert_eq!(answer, wanted, "{key}: {request:?}");
        assert_eq!(rig.inputs.len(), before, "what was done before is not done, nor kept, again");
        true
    }
}

/// How many applications were opened, by the answers to confirmations.
fn opened(told: &Told) -> usize {
    let opened = told.0.values().filter_map(|(request, answer)| match (request, answer) {
        (Request::Card(CardRequest::Confirm), Ok(Response::Application(view))) => Some(view.no),
        _ => None,
    });
    opened.count()
}

/// Runs the scripts in every order in which they can meet; returns how many there are.
fn explore(start: &Rig, scripts: &[Vec<Asked>], end: impl Fn(&mut Rig, &Told)) -> usize {
    let mut orders = 0;
    let mut open = vec![(start.clone(), Told::default(), vec![0; scripts.len()])];
    while let Some((mut rig, told, places)) = open.pop() {
        let mut is_over = true;
        for (client, script) in scripts.iter().enumerate() {
            let Some(asked) = script.get(places[client]) else { continue };
            is_over = false;
            let (mut rig, mut told, mut places) = (rig.clone(), told.clone(), places.clone());
            places[client] += 1;
            told.send(&mut rig, asked);
            open.push((rig, told, places));
        }
        if is_over {
            orders += 1;
            end(&mut rig, &told);
            check(&rig, "explored");
        }
    }
    orders
}

/// The history is clean, and a portal that lives on the journal is the same.
fn check(rig: &Rig, what: &str) {
    assert_eq!(rig.findings(), [], "{what}");
    let mut again = Rig::with(quick_rules(), 1, 2).portal;
    rig.inputs.iter().for_each(|input| assert_eq!(again.restore(input), Ok(()), "{what}: {input:?}"));
    assert!(again.books() == rig.portal.books(), "{what}");
}
