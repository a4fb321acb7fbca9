//! What a terminal believes of one transaction in the end: the lines of its journal, folded one by one.
//!
//! | state \ line | approved | unknown | reversed, abandoned | voided | adjusted | stored | refused | settled |
//! |---|---|---|---|---|---|---|---|---|
//! | none | stands | unknown | – | – | – | stored | – | – |
//! | stands | doubled | unknown | – | voided | stands | – | – | settled |
//! | unknown | stands | unknown | undone | – | – | – | refused | – |
//! | stored | stands | – | – | – | stored | – | refused | stands, settled |
//! | voided | – | – | – | – | – | – | – | settled |
//! | undone | – | – | – | – | – | – | – | – |
//! | refused | – | – | – | – | – | – | – | settled |
//!
//! A dash is a contradiction, and so is a line that follows on `settled`, is of another kind, or has another amount
//! without being an adjustment. An abandoned reversal may still be taken up again: *undone* takes `reversed` after
//! `reversal-abandoned`.

use super::{Belief, Key, Line};
use crate::{
    card::MaskedPan,
    iso8583::{MerchantId, Rrn},
    money::Amount,
    operation::Kind,
};
use std::time::Duration;

/// One transaction as its terminal believes in it; what the lines of the journal come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Terminal, batch and STAN.
    pub key: Key,
    /// DE 42.
    pub merchant: MerchantId,
    /// Which transaction.
    pub kind: Kind,
    /// The last belief that was written.
    pub belief: Belief,
    /// Where that leaves it.
    pub standing: Standing,
    /// DE 37, once an answer has brought it.
    pub rrn: Option<Rrn>,
    /// The masked card, if there was one.
    pub card: Option<MaskedPan>,
    /// When the last line was written, in milliseconds since the start of the run.
    pub at_ms: u32,
    /// DE 4, or what an adjustment made of it.
    pub amount: Amount,
    /// Whether its batch was settled.
    pub is_settled: bool,
}

/// Where the lines of a journal leave a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It happened.
    Stands,
    /// It may have happened; a reversal is owed.
    Unknown,
    /// It did not happen: it was reversed, or its reversal was given up.
    Undone,
    /// It happened, and a later transaction voided it.
    Voided,
    /// It was done offline, and the host may have heard of it.
    Stored,
    /// It was done offline, and the host refused it.
    Refused,
    /// It happened more than once.
    Doubled,
    /// The lines do not make sense together.
    Contradiction,
}

impl Transaction {
    /// What the first line of a transaction says.
    pub fn begin(line: &Line) -> Self {
        let standing = match line.belief {
            Belief::Approved => Standing::Stands,
            Belief::Unknown => Standing::Unknown,
            Belief::Stored => Standing::Stored,
            _ => Standing::Contradiction,
        };
        Self {
            key: line.key,
            merchant: line.merchant,
            kind: line.kind,
            belief: line.belief,
            standing,
            rrn: line.rrn,
            card: line.card,
            at_ms: millis(line.at),
            amount: line.amount,
            is_settled: false,
        }
    }

    /// Goes on with the next line of the same transaction.
    pub fn follow(&mut self, line: &Line) {
        let is_same =
            self.kind == line.kind && (self.amount == line.amount || line.belief == Belief::Adjusted);
        self.standing = if is_same && !self.is_settled {
            self.standing.after(self.belief, line.belief)
        } else {
            Standing::Contradiction
        };
        self.is_settled |= line.belief == Belief::Settled;
        (self.belief, self.amount, self.at_ms) = (line.belief, line.amount, millis(line.at));
        self.rrn = line.rrn.or(self.rrn);
        self.card = line.card.or(self.card);
    }

    /// When the last line was written, since the start of the run; exact to the millisecond for the first 49 days.
    pub fn at(&self) -> Duration {
        Duration::from_millis(u64::from(self.at_ms))
    }

    /// Whether the terminal is sure that it happened, so that the host must have it.
    pub fn is_believed(&self) -> bool {
        self.standing == Standing::Stands
    }
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Stands,
        Self::Unknown,
        Self::Undone,
        Self::Voided,
        Self::Stored,
        Self::Refused,
        Self::Doubled,
        Self::Contradiction,
    ];

    /// One step through the table at the top of this file.
    fn after(self, last: Belief, next: Belief) -> Self {
        use Belief as B;
        match (self, next) {
            (Self::Doubled, _) | (Self::Stands, B::Approved) => Self::Doubled,
            (Self::Stands, B::Unknown) | (Self::Unknown, B::Unknown) => Self::Unknown,
            (Self::Stands, B::Voided) => Self::Voided,
            (Self::Stands, B::Adjusted | B::Settled) => Self::Stands,
            (Self::Unknown, B::Approved) => Self::Stands,
            (Self::Unknown, B::Reversed | B::ReversalAbandoned) => Self::Undone,
            (Self::Undone, B::Reversed) if last == B::ReversalAbandoned => Self::Undone,
            (Self::Stored, B::Approved | B::Settled) => Self::Stands,
            (Self::Stored, B::Adjusted) => Self::Stored,
            (Self::Stored | Self::Unknown, B::Refused) => Self::Refused,
            (Self::Voided | Self::Refused, B::Settled) => self,
            _ => Self::Contradiction,
        }
    }
}

fn millis(at: Duration) -> u32 {
    u32::try_from(at.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso8583::{BatchNo, Stan, TerminalId};

    fn line(belief: Belief) -> Line {
        let terminal = TerminalId::from_bytes(b"10000001").expect("valid");
        Line {
            at: Duration::from_millis(7),
            key: Key { terminal, batch: BatchNo::FIRST, stan: Stan::FIRST },
            kind: Kind::Sale,
            merchant: MerchantId::from_bytes(b"898100012340001").expect("valid"),
            amount: Amount::from_minor(100),
            card: None,
            rrn: None,
            belief,
        }
    }

    fn fold(lines: &[Line]) -> Transaction {
        let (first, rest) = lines.split_first().expect("a line");
        let mut transaction = Transaction::begin(first);
        rest.iter().for_each(|line| transaction.follow(line));
        transaction
    }

    #[test]
    fn the_usual_stories_end_where_they_should() {
        use Belief::*;
        let stories: [(&[Belief], Standing); 15] = [
            (&[Approved], Standing::Stands),
            (&[Approved, Settled], Standing::Stands),
            (&[Approved, Adjusted, Settled], Standing::Stands),
            (&[Approved, Voided, Settled], Standing::Voided),
            (&[Unknown], Standing::Unknown),
            (&[Unknown, Unknown, Reversed], Standing::Undone),
            (&[Unknown, ReversalAbandoned, Reversed], Standing::Undone),
            (&[Approved, Unknown, Reversed], Standing::Undone),
            (&[Unknown, Approved], Standing::Stands),
            (&[Unknown, Refused, Settled], Standing::Refused),
            (&[Stored], Standing::Stored),
            (&[Stored, Approved, Settled], Standing::Stands),
            (&[Stored, Settled], Standing::Stands),
            (&[Stored, Refused, Settled], Standing::Refused),
            (&[Approved, Approved], Standing::Doubled),
        ];
        for (beliefs, expected) in stories {
            let lines: Vec<Line> = beliefs.iter().copied().map(line).collect();
            assert_eq!(fold(&lines).standing, expected, "{beliefs:?}");
        }
    }

    #[test]
    fn impossible_stories_are_contradictions_and_stay_so() {
        use Belief::*;
        let stories: [&[Belief]; 9] = [
            &[Reversed],
            &[Settled],
            &[Voided, Approved],
            &[Approved, Reversed],
            &[Approved, Voided, Approved],
            &[Unknown, Reversed, Approved],
            &[Approved, Settled, Voided],
            &[Stored, Refused, Approved],
            &[Approved, Stored, Approved],
        ];
        for beliefs in stories {
            let lines: Vec<Line> = beliefs.iter().copied().map(line).collect();
            assert_eq!(fold(&lines).standing, Standing::Contradiction, "{beliefs:?}");
        }
        let other_kind = Line { kind: Kind::Void, ..line(Belief::Voided) };
        let other_amount = Line { amount: Amount::ZERO, ..line(Belief::Settled) };
        for second in [other_kind, other_amount] {
            assert_eq!(fold(&[line(Belief::Approved), second]).standing, Standing::Contradiction);
        }
    }

    #[test]
    fn later_lines_add_what_they_know() {
        let rrn = "123456789012".parse().ok();
        let approved = Line { rrn, ..line(Belief::Approved) };
        let adjusted = Line { amount: Amount::from_minor(120), ..line(Belief::Adjusted) };
        let folded = fold(&[approved, adjusted]);
        assert_eq!((folded.rrn, folded.amount, folded.at()), (rrn, adjusted.amount, adjusted.at));
    }

    #[test]
    fn a_transaction_is_small() {
        assert!(size_of::<Transaction>() <= 80, "{} bytes", size_of::<Transaction>());
    }
}
