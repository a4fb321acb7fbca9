//! How the statement of a foreign host is read: which of its columns are ours, and what its words mean.
//!
//! A row comes as texts by column; what the file looks like around them is the business of whoever reads it.

use super::{Identity, Row, RowState};
use crate::{
    card::MaskedPan,
    iso8583::{BatchNo, Stan},
    money::Amount,
    operation::Kind,
};
use std::str::FromStr;

/// How the rows of a statement become rows of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Where each of our columns comes from; what is not there is not compared.
    pub sources: Vec<(Column, Source)>,
    /// What separates the columns of a CSV file.
    pub separator: u8,
    /// How amounts are written.
    pub amounts: AmountForm,
    /// The statement's words for states; `None` leaves such rows out.
    pub states: Vec<(String, Option<RowState>)>,
    /// The statement's words for kinds; `None` leaves such rows out.
    pub kinds: Vec<(String, Option<Kind>)>,
    /// Kinds that the statement does not list, so that they are not missed.
    pub unlisted: Vec<Kind>,
}

/// A column of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// DE 41.
    Terminal,
    /// DE 42.
    Merchant,
    /// DE 60.2.
    Batch,
    /// DE 11.
    Stan,
    /// Which transaction.
    Kind,
    /// DE 4.
    Amount,
    /// DE 37.
    Rrn,
    /// The card number, masked or not.
    Card,
    /// Where it stands.
    State,
}

/// Where the values of a column come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The column, or the key, of this name.
    Named(String),
    /// The same for all rows.
    Constant(String),
}

/// How amounts are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AmountForm {
    /// In the largest unit: `12.50`.
    #[default]
    Decimal,
    /// In the largest unit, with a comma: `12,50`.
    DecimalComma,
    /// In the smallest unit: `1250`.
    Minor,
}

/// The text of a cell; `None` where the row has none.
pub type Cell<'a> = Option<&'a str>;

/// Why a row cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column `{column}`: {message}")]
pub struct CellError {
    /// The name of the column in the statement.
    pub column: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Column {
    /// All columns with their names in our files.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Terminal, "terminal"),
        (Self::Merchant, "merchant"),
        (Self::Batch, "batch"),
        (Self::Stan, "stan"),
        (Self::Kind, "kind"),
        (Self::Amount, "amount"),
        (Self::Rrn, "rrn"),
        (Self::Card, "card"),
        (Self::State, "state"),
    ];

    /// The name in our files.
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("?", |(_, name)| name)
    }

    /// The column of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(column, _)| *column)
    }
}

impl Default for Mapping {
    /// That of the statements that this program writes.
    fn default() -> Self {
        let source = |column| match column {
            Column::Amount => Source::Named("amount_minor".to_owned()),
            _ => Source::Named(column.name().to_owned()),
        };
        Self {
            sources: Column::ALL.iter().map(|(column, _)| (*column, source(*column))).collect(),
            separator: b',',
            amounts: AmountForm::Minor,
            states: Vec::new(),
            kinds: Vec::new(),
            unlisted: Vec::new(),
        }
    }
}

impl Mapping {
    /// Where a column comes from.
    pub fn source(&self, column: Column) -> Option<&Source> {
        self.sources.iter().find(|(known, _)| *known == column).map(|(_, source)| source)
    }

    /// By what its rows name their transactions; nothing when they do not.
    pub fn identity(&self) -> Option<Identity> {
        let has = |columns: &[Column]| columns.iter().all(|column| self.source(*column).is_some());
        match () {
            () if has(&[Column::Terminal, Column::Batch, Column::Stan]) => Some(Identity::Number),
            () if has(&[Column::Rrn]) => Some(Identity::Rrn),
            () => None,
        }
    }

    /// Reads a row whose text in a column `cell` knows; `None` when the mapping leaves it out.
    ///
    /// # Errors
    /// The first column that cannot be read.
    pub fn row<'a>(&'a self, cell: impl Fn(Column) -> Cell<'a>) -> Result<Option<Row>, CellError> {
        let reader = Reader { mapping: self, cell };
        let state = match reader.text(Column::State) {
            None if self.source(Column::State).is_none() => Some(RowState::Captured),
            None => return Err(reader.error(Column::State, "it is empty".to_owned())),
            Some(text) => reader.word(Column::State, text, &self.states, RowState::from_name)?,
        };
        let Some(state) = state else { return Ok(None) };
        let kind = match reader.text(Column::Kind) {
            None => None,
            Some(text) => match reader.word(Column::Kind, text, &self.kinds, Kind::from_name)? {
                None => return Ok(None),
                kind => kind,
            },
        };
        let row = Row {
            terminal: reader.value(Column::Terminal, "1 to 8 printable ASCII characters")?,
            merchant: reader.value(Column::Merchant, "1 to 15 printable ASCII characters")?,
            batch: reader
                .number(Column::Batch)?
                .map(|number| BatchNo::new(number).ok_or(number))
                .transpose()
                .map_err(|_| {
                    reader.error(Column::Batch, "expected a number of at most 6 digits".to_owned())
                })?,
            stan: reader
                .number(Column::Stan)?
                .map(|number| Stan::new(number).ok_or(number))
                .transpose()
                .map_err(|_| reader.error(Column::Stan, "expected a number from 1 to 999999".to_owned()))?,
            kind,
            amount: reader.amount()?,
            rrn: reader.value(Column::Rrn, "1 to 12 printable ASCII characters")?,
            card: reader
                .value::<MaskedPan>(Column::Card, "a card number, whole or masked, or its last 4 digits")?,
            state,
        };
        reader.identified(&row)?;
        Ok(Some(row))
    }
}

/// One row under way.
struct Reader<'m, F> {
    mapping: &'m Mapping,
    cell: F,
}

impl<'a, 'm: 'a, F: Fn(Column) -> Cell<'a>> Reader<'m, F> {
    /// What stands in a column; nothing where it is blank.
    fn text(&self, column: Column) -> Cell<'a> {
        let text = match self.mapping.source(column)? {
            Source::Named(_) => (self.cell)(column)?,
            Source::Constant(text) => text,
        };
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    fn value<T: FromStr>(&self, column: Column, expected: &str) -> Result<Option<T>, CellError> {
        let parsed = self.text(column).map(str::parse).transpose();
        parsed.map_err(|_| self.error(column, format!("expected {expected}")))
    }

    /// A number whose leading zeros may be missing.
    fn number(&self, column: Column) -> Result<Option<u32>, CellError> {
        self.value(column, "a number")
    }

    fn amount(&self) -> Result<Amount, CellError> {
        let column = Column::Amount;
        let text = self.text(column).ok_or_else(|| self.error(column, "it is empty".to_owned()))?;
        // Some write what goes back to the card with a sign; which way it goes is said by the kind.
        let text = text.strip_prefix('-').unwrap_or(text);
        let amount = match self.mapping.amounts {
            AmountForm::Decimal => text.parse().ok(),
            AmountForm::DecimalComma if text.contains('.') => None,
            AmountForm::DecimalComma => text.replace(',', ".").parse().ok(),
            AmountForm::Minor => {
                text.parse().ok().map(Amount::from_minor).filter(|amount| *amount <= Amount::MAX)
            }
        };
        amount.ok_or_else(|| {
            self.error(column, format!("`{text}` is not an amount such as {}", self.example()))
        })
    }

    fn example(&self) -> &'static str {
        match self.mapping.amounts {
            AmountForm::Decimal => "12.50; `amounts` in the mapping says how they are written",
            AmountForm::DecimalComma => "12,50; `amounts` in the mapping says how they are written",
            AmountForm::Minor => {
                "1250, in the smallest unit; `amounts` in the mapping says how they are written"
            }
        }
    }

    /// What a word of the statement means: by the mapping, else by our own names.
    fn word<T: Copy>(
        &self,
        column: Column,
        text: &str,
        known: &[(String, Option<T>)],
        own: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, CellError> {
        let meant = known.iter().find(|(word, _)| word == text).map(|(_, meaning)| *meaning);
        let name = column.name();
        meant.or_else(|| own(text).map(Some)).ok_or_else(|| {
            self.error(
                column,
                format!("`{text}` is not known; say what it means below `{name}s` in the mapping"),
            )
        })
    }

    /// Refuses a row that does not say which transaction it is.
    fn identified(&self, row: &Row) -> Result<(), CellError> {
        if self.mapping.identity() != Some(Identity::Number) || row.key().is_some() {
            return Ok(());
        }
        let missing = [
            (Column::Terminal, row.terminal.is_none()),
            (Column::Batch, row.batch.is_none()),
            (Column::Stan, row.stan.is_none()),
        ];
        let column =
            missing.iter().find(|(_, is_missing)| *is_missing).map_or(Column::Stan, |(column, _)| *column);
        Err(self.error(column, "it is empty".to_owned()))
    }

    fn error(&self, column: Column, message: String) -> CellError {
        let name = match self.mapping.source(column) {
            Some(Source::Named(name)) => name,
            _ => column.name(),
        };
        CellError { column: name.to_owned(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping() -> Mapping {
        let named = |column, name: &str| (column, Source::Named(name.to_owned()));
        Mapping {
            sources: vec![
                named(Column::Rrn, "REF"),
                named(Column::Amount, "AMT"),
                named(Column::State, "STATUS"),
                named(Column::Kind, "TYPE"),
                (Column::Merchant, Source::Constant("898100012340001".to_owned())),
            ],
            amounts: AmountForm::Decimal,
            states: vec![("00".to_owned(), Some(RowState::Captured)), ("FEE".to_owned(), None)],
            kinds: vec![("PUR".to_owned(), Some(Kind::Sale))],
            ..Mapping::default()
        }
    }

    fn row(state: &str, amount: &str, kind: &str) -> Result<Option<Row>, String> {
        let cell = |column| match column {
            Column::Rrn => Some("123456789012"),
            Column::Amount => Some(amount),
            Column::State => Some(state),
            Column::Kind => Some(kind),
            _ => None,
        };
        mapping().row(cell).map_err(|error| error.to_string())
    }

    #[test]
    fn words_and_amounts_are_translated() {
        let read = row("00", "-12.5", "PUR").expect("a row").expect("not left out");
        assert_eq!((read.amount, read.state), (Amount::from_minor(1250), RowState::Captured));
        assert_eq!((read.kind, read.terminal), (Some(Kind::Sale), None));
        assert_eq!(read.merchant.map(|merchant| merchant.to_string()).as_deref(), Some("898100012340001"));
        assert_eq!(row("FEE", "12.50", "PUR"), Ok(None));
        assert_eq!(
            row("reversed", "1", "void").expect("our words").map(|row| row.kind),
            Some(Some(Kind::Void))
        );
        assert_eq!(mapping().identity(), Some(Identity::Rrn));
        assert_eq!(Mapping::default().identity(), Some(Identity::Number));
    }

    #[test]
    fn what_cannot_be_read_names_the_column_and_what_to_do() {
        let error = |state, amount, kind| row(state, amount, kind).expect_err("unreadable");
        assert!(
            error("00", "12,50", "PUR").starts_with("column `AMT`: `12,50` is not an amount such as 12.50")
        );
        assert_eq!(error("00", " ", "PUR"), "column `AMT`: it is empty");
        assert_eq!(
            error("99", "1", "PUR"),
            "column `STATUS`: `99` is not known; say what it means below `states` in the mapping"
        );
        assert!(error("00", "1", "PURR").ends_with("below `kinds` in the mapping"));
        let own = Mapping::default().row(|column| match column {
            Column::Amount => Some("1250"),
            Column::State => Some("captured"),
            Column::Terminal => Some("10000001"),
            Column::Batch => Some("1"),
            _ => None,
        });
        assert_eq!(own.expect_err("no STAN").to_string(), "column `stan`: it is empty");
    }
}
