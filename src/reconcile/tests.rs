//! Every fault on its own, and random fleets with one injected mistake of the host.

use super::*;
use crate::{
    iso8583::{BatchNo, MerchantId, Rrn, Stan, TerminalId},
    money::Amount,
    operation::Kind,
};
use proptest::prelude::*;
use std::time::Duration;

/// Line number `number` of terminal `terminal`, with all that both sides know.
fn line(terminal: u32, number: u32, kind: Kind, belief: Belief) -> Line {
    let text = |text: String| text.into_bytes();
    Line {
        at: Duration::from_millis(u64::from(number)),
        key: Key {
            terminal: TerminalId::from_bytes(&text(format!("{:08}", 10_000_000 + terminal))).expect("valid"),
            batch: BatchNo::FIRST,
            stan: Stan::new(number).expect("valid"),
        },
        kind,
        merchant: MerchantId::from_bytes(&text(format!("8981{:011}", terminal / 2))).expect("valid"),
        amount: Amount::from_minor(100 * u64::from(number) + u64::from(terminal)),
        card: format!("622202******{number:04}").parse().ok(),
        rrn: format!("{terminal:06}{number:06}").parse().ok(),
        belief,
    }
}

/// What a host that makes no mistake says of it.
fn row(line: &Line, state: RowState) -> Row {
    Row {
        terminal: Some(line.key.terminal),
        merchant: Some(line.merchant),
        batch: Some(line.key.batch),
        stan: Some(line.key.stan),
        kind: Some(line.kind),
        amount: line.amount,
        rrn: line.rrn,
        card: line.card,
        state,
    }
}

fn findings(lines: &[Line], rows: &[Row], identity: Identity) -> Findings {
    let mut journals = Journals::default();
    lines.iter().for_each(|line| journals.take(line));
    let mut comparison = journals.against(identity, &[]);
    rows.iter().for_each(|row| comparison.row(*row));
    comparison.finish()
}

fn faults(lines: &[Line], rows: &[Row]) -> Vec<Fault> {
    findings(lines, rows, Identity::Number).mismatches.iter().map(|mismatch| mismatch.fault).collect()
}

fn sale(belief: Belief) -> Line {
    line(1, 1, Kind::Sale, belief)
}

#[test]
fn finds_what_is_lost_doubled_or_different_and_nothing_else() {
    use Belief::{Approved, Refused, ReversalAbandoned, Reversed, Settled, Stored, Unknown, Voided};
    use RowState::{Captured, Closed, Declined, Held, Reversed as Back, Voided as Given};
    let cases: [(&[Belief], &[RowState], &[Fault]); 24] = [
        (&[Approved], &[Captured], &[]),
        (&[Approved], &[Held], &[]),
        (&[Approved, Settled], &[Captured], &[]),
        (&[Unknown, Reversed], &[], &[]),
        (&[Unknown, Reversed], &[Back], &[]),
        (&[Unknown], &[], &[]),
        (&[Approved, Voided], &[Given], &[]),
        (&[Approved, Voided], &[], &[]),
        (&[Approved, Voided], &[Closed], &[]),
        (&[Stored], &[], &[]),
        (&[Stored], &[Captured], &[]),
        (&[], &[Declined], &[]),
        (&[Approved], &[Back, Captured], &[]),
        (&[Approved], &[], &[Fault::Lost]),
        (&[Approved], &[Back], &[Fault::Lost]),
        (&[Stored, Settled], &[], &[Fault::Lost]),
        (&[], &[Captured], &[Fault::UnknownToTerminals]),
        (&[Unknown, Reversed], &[Captured], &[Fault::NotReversed]),
        (&[Unknown, ReversalAbandoned], &[Captured], &[Fault::NotReversed]),
        (&[Stored, Refused], &[Captured], &[Fault::NotReversed]),
        (&[Unknown], &[Captured], &[Fault::ReversalPending]),
        (&[Approved, Voided], &[Captured], &[Fault::VoidIgnored]),
        (&[Approved], &[Captured, Captured], &[Fault::Doubled]),
        (&[Reversed], &[Back], &[Fault::Contradiction]),
    ];
    for (beliefs, states, expected) in cases {
        let lines: Vec<Line> = beliefs.iter().copied().map(sale).collect();
        let rows: Vec<Row> = states.iter().map(|state| row(&sale(Approved), *state)).collect();
        assert_eq!(faults(&lines, &rows), expected, "{beliefs:?} against {states:?}");
    }
}

#[test]
fn a_row_that_differs_in_one_thing_is_that_fault() {
    let believed = sale(Belief::Approved);
    let right = row(&believed, RowState::Captured);
    let other = line(4, 1, Kind::Void, Belief::Approved);
    let cases = [
        (Row { amount: other.amount, ..right }, Fault::Amount),
        (Row { kind: Some(other.kind), ..right }, Fault::Kind),
        (Row { merchant: Some(other.merchant), ..right }, Fault::WrongMerchant),
        (Row { terminal: Some(other.key.terminal), ..right }, Fault::WrongTerminal),
        (Row { stan: Stan::new(77), ..right }, Fault::WrongNumber),
        (Row { batch: BatchNo::new(77), ..right }, Fault::WrongNumber),
        (Row { terminal: Some(other.key.terminal), rrn: None, ..right }, Fault::WrongTerminal),
    ];
    for (wrong, fault) in cases {
        let found = findings(&[believed], &[wrong], Identity::Number);
        let [mismatch] = found.mismatches[..] else { panic!("{fault:?}: {:?}", found.mismatches) };
        assert_eq!(mismatch.fault, fault);
        assert_eq!(mismatch.terminal, Some(Transaction::begin(&believed)), "the terminal's record is there");
        assert_eq!(mismatch.host, Some(wrong), "and the host's beside it");
    }
    let strange = Row { terminal: Some(other.key.terminal), rrn: None, card: "5555".parse().ok(), ..right };
    assert_eq!(faults(&[believed], &[strange]), [Fault::Lost, Fault::UnknownToTerminals], "another card");
}

#[test]
fn what_a_statement_leaves_out_is_not_compared() {
    let believed = sale(Belief::Approved);
    assert_eq!(faults(&[believed], &[Row::captured(believed.key, believed.amount)]), []);
    let bare =
        Row { terminal: None, batch: None, stan: None, kind: None, ..row(&believed, RowState::Captured) };
    assert_eq!(findings(&[believed], &[bare], Identity::Rrn).mismatches, []);
    let elsewhere = Row { terminal: Some(line(2, 1, Kind::Sale, Belief::Approved).key.terminal), ..bare };
    let found = findings(&[believed], &[elsewhere], Identity::Rrn);
    assert_eq!(found.summary.wrong_terminal, 1);
    assert_eq!(findings(&[believed], &[bare, bare], Identity::Rrn).summary.doubled, 1);
}

#[test]
fn kinds_that_a_statement_does_not_list_are_not_missed() {
    let mut journals = Journals::default();
    journals.take(&line(1, 1, Kind::Void, Belief::Approved));
    journals.take(&line(1, 2, Kind::Sale, Belief::Approved));
    let found = journals.against(Identity::Number, &[Kind::Void]).finish();
    assert_eq!((found.summary.mismatches, found.summary.lost), (1, 1));
}

#[test]
fn the_counts_add_up_to_the_mismatches() {
    let all: Vec<Mismatch> =
        Fault::ALL.iter().map(|(fault, _)| Mismatch { fault: *fault, terminal: None, host: None }).collect();
    let summary = Findings::of(all, 0, 0).summary;
    let counts = crate::metrics::ReconciliationSummary::COUNTS.map(|(_, count)| count(&summary));
    assert_eq!(counts[0], Fault::ALL.len() as u64);
    assert!(counts[1..].iter().all(|count| *count == 1), "{counts:?}");
}

/// What a fleet believes, and what a host without mistakes says of it.
struct Day {
    lines: Vec<Line>,
    rows: Vec<Row>,
}

/// A story of one transaction: what is believed, and where the host has it.
const STORIES: [(&[Belief], Option<RowState>); 8] = [
    (&[Belief::Approved], Some(RowState::Captured)),
    (&[Belief::Approved, Belief::Settled], Some(RowState::Captured)),
    (&[Belief::Unknown, Belief::Reversed], Some(RowState::Reversed)),
    (&[Belief::Unknown, Belief::Reversed], None),
    (&[Belief::Stored, Belief::Approved], Some(RowState::Captured)),
    (&[Belief::Unknown], None),
    (&[Belief::Stored, Belief::Refused], Some(RowState::Declined)),
    (&[Belief::Approved, Belief::Voided], Some(RowState::Voided)),
];

/// The day of some terminals, whose transactions go by the numbers of [`STORIES`].
fn day(fleet: &[Vec<usize>]) -> Day {
    let mut day = Day { lines: Vec::new(), rows: Vec::new() };
    for (terminal, stories) in fleet.iter().enumerate() {
        for (place, story) in stories.iter().enumerate() {
            let (beliefs, state) = STORIES[*story];
            let (terminal, number) = (terminal as u32, 2 * place as u32 + 1);
            let lines = beliefs.iter().map(|belief| line(terminal, number, Kind::Sale, *belief));
            day.lines.extend(lines);
            day.rows
                .extend(state.map(|state| row(&line(terminal, number, Kind::Sale, Belief::Approved), state)));
            if state == Some(RowState::Voided) {
                let original = line(terminal, number, Kind::Sale, Belief::Approved);
                let void = Line {
                    amount: original.amount,
                    card: original.card,
                    ..line(terminal, number + 1, Kind::Void, Belief::Approved)
                };
                day.lines.push(void);
                day.rows.push(row(&void, RowState::Captured));
            }
        }
    }
    day
}

/// A mistake that a host makes with one row of its statement, and the fault that must be found.
#[derive(Clone, Copy, Debug)]
enum Mistake {
    ForgetsReversal,
    BooksTwice,
    IgnoresVoid,
    Neighbour,
    NeighbourWithSameNumbers,
    NeighbourWithoutRrn,
    Merchant,
    Amount,
    Loses,
    Invents,
}

impl Mistake {
    const ALL: [Self; 10] = [
        Self::ForgetsReversal,
        Self::BooksTwice,
        Self::IgnoresVoid,
        Self::Neighbour,
        Self::NeighbourWithSameNumbers,
        Self::NeighbourWithoutRrn,
        Self::Merchant,
        Self::Amount,
        Self::Loses,
        Self::Invents,
    ];

    /// Whether it can be made with a row.
    fn fits(self, row: &Row) -> bool {
        match self {
            Self::ForgetsReversal => row.state == RowState::Reversed,
            Self::IgnoresVoid => row.state == RowState::Voided,
            _ => row.state == RowState::Captured && row.kind == Some(Kind::Sale),
        }
    }

    fn make(self, rows: &mut Vec<Row>, at: usize) -> Fault {
        let neighbour = TerminalId::from_bytes(b"19999999").expect("valid");
        let wrong = &mut rows[at];
        match self {
            Self::ForgetsReversal => wrong.state = RowState::Captured,
            Self::BooksTwice => {
                let again = *wrong;
                rows.push(again);
            }
            Self::IgnoresVoid => {
                wrong.state = RowState::Captured;
                // The void is the row behind its original.
                rows.remove(at + 1);
            }
            Self::Neighbour => wrong.terminal = Some(neighbour),
            Self::NeighbourWithSameNumbers => {
                let first = line(0, 1, Kind::Sale, Belief::Approved).key.terminal;
                let second = line(1, 1, Kind::Sale, Belief::Approved).key.terminal;
                wrong.terminal = Some(if wrong.terminal == Some(first) { second } else { first });
            }
            Self::NeighbourWithoutRrn => (wrong.terminal, wrong.rrn) = (Some(neighbour), None),
            Self::Merchant => wrong.merchant = MerchantId::from_bytes(b"898999999999999").ok(),
            Self::Amount => wrong.amount += Amount::from_minor(1),
            Self::Loses => drop(rows.remove(at)),
            Self::Invents => {
                let invented = Row { stan: Stan::new(999_999), rrn: Rrn::from_bytes(b"ABC").ok(), ..*wrong };
                rows.push(invented);
            }
        }
        match self {
            Self::ForgetsReversal => Fault::NotReversed,
            Self::BooksTwice => Fault::Doubled,
            Self::IgnoresVoid => Fault::VoidIgnored,
            Self::Neighbour | Self::NeighbourWithSameNumbers | Self::NeighbourWithoutRrn => {
                Fault::WrongTerminal
            }
            Self::Merchant => Fault::WrongMerchant,
            Self::Amount => Fault::Amount,
            Self::Loses => Fault::Lost,
            Self::Invents => Fault::UnknownToTerminals,
        }
    }
}

proptest! {
    #[test]
    fn one_mistake_of_the_host_is_found_as_what_it_is_and_nothing_else(
        fleet in prop::collection::vec(prop::collection::vec(0..STORIES.len(), 0..12), 1..6),
        which in any::<prop::sample::Index>(),
        shuffle in any::<u64>(),
    ) {
        // One of each, so that every mistake can be made.
        let fleet: Vec<Vec<usize>> = fleet.into_iter().chain([(0..STORIES.len()).collect()]).collect();
        let honest = day(&fleet);
        prop_assert_eq!(faults(&honest.lines, &honest.rows), []);
        for mistake in Mistake::ALL {
            let mut rows = honest.rows.clone();
            let fitting: Vec<usize> = (0..rows.len()).filter(|at| mistake.fits(&rows[*at])).collect();
            let expected = mistake.make(&mut rows, *which.get(&fitting));
            // The order of a statement means nothing.
            rows.sort_by_cached_key(|row| std::hash::BuildHasher::hash_one(
                &std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default(),
                (shuffle, row.key(), row.amount, row.state),
            ));
            prop_assert_eq!(faults(&honest.lines, &rows), [expected], "{:?}", mistake);
        }
    }
}
