//! Power cuts between any two events: log, reversal, script, notices, orders, batch and STAN survive.

use crate::{
    draft::Draft,
    terminal_rig::{Rig, Step},
};
use posfleet::{
    iso8583::{De, Mti},
    money::Amount,
    operation::{Entry, Kind, Operation},
    reconcile::Belief,
    terminal::{Input, Standing},
};
use std::collections::BTreeMap;

#[test]
fn whatever_was_sent_without_an_answer_is_kept_as_its_kind_wants() {
    let cases = [
        (Kind::Sale, true, None),
        (Kind::Void, true, None),
        (Kind::PreAuth, true, None),
        (Kind::Refund, false, Some(Standing::Stored)),
        (Kind::QrOrder, false, Some(Standing::Waiting)),
        (Kind::Balance, false, None),
    ];
    for (kind, reverses, standing) in cases {
        let mut rig = Rig::signed_in(true);
        rig.approve(rig.sale(Entry::Keyed));
        let operation = Operation { kind, ..rig.sale(Entry::Keyed) };
        let card = operation.card.clone().filter(|_| kind.takes_card());
        rig.ask(Operation { card, ..operation });
        let step = rig.input(Input::PowerCut);
        assert_eq!(step.beliefs().len(), usize::from(reverses || standing.is_some()), "{}", kind.name());
        assert!(step.beliefs().iter().all(|belief| *belief == Belief::Unknown));
        assert_eq!(rig.terminal.has_pending_reversal(), reverses, "{}", kind.name());
        let log = rig.terminal.log();
        assert_eq!(log.at(1).map(|kept| kept.standing), standing, "{}", kind.name());
        assert_eq!(log.at(0).unwrap().standing, Standing::Done, "what it is about stands");
        assert_eq!((rig.terminal.next_stan().number(), rig.terminal.batch().number()), (4, 1));
        assert!(rig.terminal.is_idle() && rig.terminal.owes() == (kind != Kind::Balance));
    }
}

/// A day of every kind of debt, cut after every event, with the last request lost or not: in the end terminal and host
/// agree about every transaction, and nothing is owed.
#[test]
fn a_cut_after_any_exchange_loses_no_debt() {
    let (_, events) = Day::new(None, true).run();
    assert!(events > 20);
    for reaches_host in [false, true] {
        for cut in 0..events {
            let (day, _) = Day::new(Some(cut), reaches_host).run();
            assert!(!day.rig.terminal.owes(), "cut {cut}: all debts are paid");
            let stands = |belief: &Belief| matches!(belief, Belief::Approved | Belief::Adjusted);
            let believed: BTreeMap<u32, u64> = day
                .journal
                .iter()
                .filter(|(_, (belief, _))| stands(belief))
                .map(|(stan, (_, amount))| (*stan, *amount))
                .collect();
            assert_eq!(believed, day.booked, "cut {cut}, reaches host {reaches_host}: {:?}", day.journal);
        }
    }
}

/// A terminal, a cut after one of its events, and a host that books by STAN.
struct Day {
    rig: Rig,
    cut: Option<usize>,
    reaches_host: bool,
    events: usize,
    /// The last belief of every STAN, with its amount.
    journal: BTreeMap<u32, (Belief, u64)>,
    booked: BTreeMap<u32, u64>,
    /// What the last void gave back.
    voided: u32,
}

impl Day {
    fn new(cut: Option<usize>, reaches_host: bool) -> Self {
        let rig = Rig::signed_in(true);
        Self {
            rig,
            cut,
            reaches_host,
            events: 0,
            journal: BTreeMap::new(),
            booked: BTreeMap::new(),
            voided: 0,
        }
    }

    fn run(mut self) -> (Self, usize) {
        let sale = self.rig.sale(Entry::Chip);
        let order = Operation { amount: Amount::from_minor(900), ..Operation::of(Kind::QrOrder) };
        let plan = [
            sale.clone(),
            Operation { kind: Kind::OfflineSale, ..sale.clone() },
            Operation { tip: Amount::from_minor(10), ..Operation::of(Kind::TipAdjust) },
            sale.clone(),
            Operation::of(Kind::Refund),
            order,
            sale,
            Operation::of(Kind::Void),
            Operation::management(Kind::Reversal),
            Operation::management(Kind::Reversal),
        ];
        plan.into_iter().for_each(|operation| self.operate(operation));
        let events = self.events;
        (self, events)
    }

    fn operate(&mut self, operation: Operation) {
        let mut step = self.rig.input(Input::Operation(operation));
        loop {
            self.witness(&step);
            let is_cut = self.cut == Some(self.events);
            self.events += 1;
            if is_cut {
                if self.reaches_host
                    && let [request] = &step.sent[..]
                {
                    self.host(&request.clone());
                }
                step = self.rig.input(Input::PowerCut);
                self.witness(&step);
            }
            step = match &step.sent[..] {
                _ if self.rig.terminal.is_idle() => break,
                _ if step.connects == 1 => self.rig.input(Input::Connected),
                [] => {
                    self.rig.now = self.rig.deadline();
                    self.rig.input(Input::Timeout)
                }
                [request, ..] => {
                    let reply = self.host(&request.clone());
                    self.rig.answer(reply)
                }
            };
        }
    }

    fn witness(&mut self, step: &Step) {
        for entry in step.entries() {
            self.journal.insert(entry.stan.number(), (entry.belief, entry.amount.minor()));
        }
    }

    /// Books, reverses, voids and adjusts; what is told twice is booked once.
    fn host(&mut self, request: &[u8]) -> Draft {
        let draft = Draft::of(request);
        let number = |de| draft.text(de).and_then(|text| text.parse::<u64>().ok());
        let stan = number(De::STAN).unwrap() as u32;
        let original = draft.text(De::ORIGINAL_DATA).and_then(|text| text.get(6..12)?.parse::<u32>().ok());
        let amount = number(De::AMOUNT).unwrap_or_default();
        let kind = draft.text(De::PRIVATE_60).unwrap()[..2].to_owned();
        let mut reply = self.rig.approval(request);
        if self.booked.contains_key(&stan) && draft.mti == Mti::ADVICE {
            return reply.with(De::RESPONSE_CODE, b"94");
        }
        match (draft.mti, kind.as_str()) {
            (Mti::REVERSAL, _) => {
                if self.booked.remove(&stan).is_some() && kind == "23" {
                    self.booked.insert(self.voided, amount);
                }
            }
            (Mti::SCRIPT_RESULT, _) => {}
            (_, "61") => {
                self.booked.insert(original.unwrap(), 900);
            }
            (_, "62") => {}
            (_, "23") => {
                self.voided = original.unwrap();
                self.booked.remove(&self.voided);
                self.booked.insert(stan, amount);
            }
            (_, "34") => {
                self.booked.insert(original.unwrap(), amount);
                self.booked.insert(stan, amount);
            }
            _ => drop(self.booked.insert(stan, amount)),
        }
        if draft.text(De::ICC_DATA).is_some() {
            reply = reply.with(De::ICC_DATA, &[0x72, 1, 0]);
        }
        reply
    }
}
