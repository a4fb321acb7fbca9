//! Mapping files: how the statement of a user's own host becomes rows of ours.
//!
//! ```yaml
//! schema: 1
//! separator: ";"
//! amounts: decimal
//! columns: { rrn: REF, amount: AMT, state: STATUS, kind: TYPE }
//! constants: { merchant: "898100012340001" }
//! states: { "00": captured, REV: reversed, FEE: ignored }
//! kinds: { PURCHASE: sale }
//! unlisted: [ void ]
//! ```

use super::{
    Pass, decode,
    diagnostic::{Diagnostics, Problem},
    named::Named,
    node::Node,
    overlay::Sources,
    read_file, schema, shape, undecodable,
};
use crate::{
    expr::nearest,
    operation::Kind,
    reconcile::{AmountForm, Column, Mapping, RowState, Source},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;

/// Reads the mapping file at `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_mapping(path: &Path) -> Result<Mapping, Diagnostics> {
    let (name, text) = read_file(path)?;
    let mut pass = Pass { sources: Sources::new(&name, &text), problems: Vec::new() };
    let mapping = pass.parse(0).and_then(|root| {
        pass.problems.extend(shape::check(&root, &schema::of::<File>()));
        let decoded = decode::decode::<File>(&root);
        let unread = |error| {
            if pass.problems.is_empty() {
                pass.problems.push(undecodable(error))
            }
        };
        let file = decoded.map_err(unread).ok()?;
        Some(file.mapping(&root, &mut pass.problems))
    });
    pass.result(mapping)
}

/// How the statement of a host is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    /// The version of this format.
    #[serde(rename = "schema")]
    #[schemars(range(min = 1, max = 1))]
    _schema: u32,
    /// What separates the columns of a CSV file; `tab` for the tabulator.
    #[serde(default = "comma")]
    separator: String,
    /// How amounts are written.
    #[serde(default)]
    amounts: Amounts,
    /// The statement's names of our columns.
    columns: Columns,
    /// What is the same in all rows.
    #[serde(default)]
    constants: Columns,
    /// What the statement's words for states mean.
    #[serde(default)]
    states: Named<State>,
    /// What the statement's words for kinds of transactions mean: a kind, or `ignored`.
    #[serde(default)]
    kinds: Named<String>,
    /// Kinds of transactions that the statement does not list.
    #[serde(default)]
    unlisted: Vec<String>,
}

/// Our columns.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Columns {
    /// DE 41.
    terminal: Option<String>,
    /// DE 42.
    merchant: Option<String>,
    /// DE 60.2.
    batch: Option<String>,
    /// DE 11.
    stan: Option<String>,
    /// Which transaction.
    kind: Option<String>,
    /// DE 4.
    amount: Option<String>,
    /// DE 37.
    rrn: Option<String>,
    /// The card number, masked or not.
    card: Option<String>,
    /// Where the transaction stands.
    state: Option<String>,
}

/// How amounts are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Amounts {
    /// 12.50
    #[default]
    Decimal,
    /// 12,50
    DecimalComma,
    /// 1250
    Minor,
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// The money has moved.
    Captured,
    /// A later transaction gave it back.
    Voided,
    /// It was moved back.
    Reversed,
    /// It is set aside.
    Held,
    /// It was set aside, and is not any more.
    Closed,
    /// It never moved.
    Declined,
    /// The row is left out.
    Ignored,
}

impl File {
    fn mapping(self, root: &Node, problems: &mut Vec<Problem>) -> Mapping {
        let constants = self.constants.given();
        let mut sources: Vec<(Column, Source)> =
            self.columns.given().map(|(column, name)| (column, Source::Named(name))).collect();
        for (column, value) in constants {
            let place = root.child("constants").at_key(column.name());
            if sources.iter().any(|(known, _)| *known == column) {
                problems.push(Problem::new(place, format!("`{}` is a column already", column.name())));
            }
            sources.push((column, Source::Constant(value)));
        }
        let mapping = Mapping {
            sources,
            separator: separator(&self.separator).unwrap_or_else(|| {
                problems.push(Problem::new(root.at("separator"), "expected one character, or `tab`"));
                b','
            }),
            amounts: match self.amounts {
                Amounts::Decimal => AmountForm::Decimal,
                Amounts::DecimalComma => AmountForm::DecimalComma,
                Amounts::Minor => AmountForm::Minor,
            },
            states: self.states.0.into_iter().map(|(word, state)| (word, state.into())).collect(),
            kinds: kinds(&self.kinds, root.child("kinds"), problems),
            unlisted: unlisted(&self.unlisted, root.child("unlisted"), problems),
        };
        check(&mapping, root, problems);
        mapping
    }
}

impl Columns {
    fn given(self) -> impl Iterator<Item = (Column, String)> {
        let Self { terminal, merchant, batch, stan, kind, amount, rrn, card, state } = self;
        let all = [terminal, merchant, batch, stan, kind, amount, rrn, card, state];
        Column::ALL.into_iter().zip(all).filter_map(|((column, _), name)| Some((column, name?)))
    }
}

impl From<State> for Option<RowState> {
    fn from(state: State) -> Self {
        match state {
            State::Captured => Some(RowState::Captured),
            State::Voided => Some(RowState::Voided),
            State::Reversed => Some(RowState::Reversed),
            State::Held => Some(RowState::Held),
            State::Closed => Some(RowState::Closed),
            State::Declined => Some(RowState::Declined),
            State::Ignored => None,
        }
    }
}

/// Complains where the rows would say too little.
fn check(mapping: &Mapping, root: &Node, problems: &mut Vec<Problem>) {
    let place = root.at_key("columns");
    if mapping.source(Column::Amount).is_none() {
        problems.push(Problem::new(place.clone(), "the column of `amount` is missing"));
    }
    if mapping.identity().is_none() {
        let problem = Problem::new(place, "these columns do not tell transactions apart");
        problems.push(problem.help("name `terminal`, `batch` and `stan`, or `rrn`"));
    }
}

fn kinds(words: &Named<String>, node: &Node, problems: &mut Vec<Problem>) -> Vec<(String, Option<Kind>)> {
    let mut meanings = Vec::new();
    for (word, name) in words.iter() {
        match (name.as_str(), Kind::from_name(name)) {
            (IGNORED, _) => meanings.push((word.to_owned(), None)),
            (_, Some(kind)) => meanings.push((word.to_owned(), Some(kind))),
            (_, None) => problems.push(unknown_kind(node.child(word), name)),
        }
    }
    meanings
}

fn unlisted(names: &[String], node: &Node, problems: &mut Vec<Problem>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (place, name) in names.iter().enumerate() {
        match Kind::from_name(name) {
            Some(kind) => kinds.push(kind),
            None => problems.push(unknown_kind(node.item(place), name)),
        }
    }
    kinds
}

fn unknown_kind(node: &Node, name: &str) -> Problem {
    let known = Kind::ALL.into_iter().map(|(_, known)| known).chain([IGNORED]);
    Problem::new(node.span.clone(), format!("unknown kind `{name}`")).did_you_mean(&nearest(name, known))
}

fn separator(text: &str) -> Option<u8> {
    match text.as_bytes() {
        b"tab" => Some(b'\t'),
        [one] if one.is_ascii() && !matches!(one, b'"' | b'\n' | b'\r') => Some(*one),
        _ => None,
    }
}

fn comma() -> String {
    ",".to_owned()
}

const IGNORED: &str = "ignored";
