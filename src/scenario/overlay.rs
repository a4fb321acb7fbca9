//! What the command line and the chosen environment lay over a scenario file before anybody reads it.

use super::{
    diagnostic::{Problem, Source},
    load,
    node::{Entry, Node, Scalar, ScalarKind, Span, Value},
};
use crate::expr::{self, Binding, Unknown, nearest, parse_template};
use std::{ops::Range, time::Duration};

/// What the command line changes about a scenario.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--env`: the environment to lay over the file.
    pub environment: Option<String>,
    /// `--set KEY=VALUE`: a variable by its name, or any value of the file by its path
    /// (`scenarios.day.stages.0.target`).
    pub set: Vec<(String, String)>,
    /// `--target NAME=ADDRESS`.
    pub targets: Vec<(String, String)>,
    /// `--terminals`: how many terminals there are in all groups together, split in proportion to their sizes.
    pub terminals: Option<u32>,
    /// `--duration`: how long the scenarios take together, from the first start to the last end.
    ///
    /// All durations of stages and scenarios, `within` and `startTime` are scaled by one factor. A scenario of
    /// per-terminal-iterations counts with its `within`, since its end is not known beforehand; `maxDuration` and
    /// `gracefulStop` are limits and stay as they are.
    pub duration: Option<Duration>,
    /// `--rate`: iterations per second of all arrival-rate scenarios together at their highest moment; all rates are
    /// scaled by one factor.
    pub rate: Option<f64>,
    /// `--seed`.
    pub seed: Option<u64>,
    /// `--threshold "METRIC: CONDITION"`: conditions in addition to those of the file.
    pub thresholds: Vec<String>,
    /// `--scenario`: run these alone; empty is all. A `startAfter` of one that does not run counts from the start.
    pub scenarios: Vec<String>,
}

/// The texts that problems can point into.
pub(super) struct Sources {
    pub(super) all: Vec<Source>,
}

impl Sources {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self { all: vec![Source { name: name.to_owned(), text: text.to_owned() }] }
    }

    /// Adds an option of the command line; all of its text is the place.
    pub(super) fn option(&mut self, name: &str, text: String) -> Span {
        let span = Span { source: self.all.len(), range: 0..text.len() };
        self.all.push(Source { name: name.to_owned(), text });
        span
    }

    /// Covers what stands at `span`, so that no message can show it.
    pub(super) fn hide(&mut self, span: &Span) {
        let Some(source) = self.all.get_mut(span.source) else { return };
        if let Some(written) = source.text.get(span.range.clone()) {
            let cover = "*".repeat(written.len());
            source.text.replace_range(span.range.clone(), &cover);
        }
    }

    /// Covers what stands at `span` unless it has holes, in which no secret stands.
    pub(super) fn hide_what_is_fixed(&mut self, span: &Span) {
        let written = self.all.get(span.source).and_then(|source| source.text.get(span.range.clone()));
        if written.is_some_and(|written| !written.contains("${")) {
            self.hide(span);
        }
    }

    /// The place of a part of the text that is written at `span`; the whole place where the text is written with escapes.
    pub(super) fn inside(&self, span: &Span, text: &str, part: Range<usize>) -> Span {
        let written = self.all.get(span.source).and_then(|source| source.text.get(span.range.clone()));
        match written.and_then(|written| written.find(text)) {
            Some(at) => {
                let start = span.range.start + at;
                Span { source: span.source, range: start + part.start..start + part.end }
            }
            None => span.clone(),
        }
    }
}

/// Lays everything over `root`: environment, then `--set`, then `--target`; then puts variables in.
pub(super) fn apply(
    root: &mut Node,
    overrides: &Overrides,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) {
    if let Some(name) = &overrides.environment {
        problems.extend(environment(root, name, sources));
    }
    for (key, value) in &overrides.set {
        problems.extend(set(root, key, value, sources));
    }
    for (name, address) in &overrides.targets {
        let text = format!("{name}={address}");
        let mut span = sources.option("--target", text);
        span.range.start = name.len() + 1;
        let target = root.entry_or_insert("targets", &span).entry_or_insert(name, &span);
        let key = if target.has("url") { "url" } else { "address" };
        *target.entry_or_insert(key, &span) = Node::text(span.clone(), address);
    }
    for text in &overrides.thresholds {
        problems.extend(threshold(root, text, sources));
    }
    let variables = variables(root);
    substitute(root, &variables, sources, problems);
}

/// The values of `variables`.
pub(super) fn variables(root: &Node) -> Vec<(String, expr::Value<'static>)> {
    let scalars =
        root.child("variables").entries().iter().filter_map(|entry| Some((entry, entry.node.scalar()?)));
    scalars.map(|(entry, scalar)| (entry.key.clone(), scalar.value())).collect()
}

impl Scalar {
    /// Its value in expressions.
    fn value(&self) -> expr::Value<'static> {
        match (self.kind, self.text.parse::<f64>()) {
            (ScalarKind::Bool(value), _) => expr::Value::Bool(value),
            (ScalarKind::Number, Ok(number)) if number.is_finite() => expr::Value::Number(number),
            _ => expr::Value::text(self.text.clone()),
        }
    }
}

fn environment(root: &mut Node, name: &str, sources: &mut Sources) -> Option<Problem> {
    let Some(entry) = root.child("environments").entry(name).cloned() else {
        let span = sources.option("--env", name.to_owned());
        let known: Vec<&str> =
            root.child("environments").entries().iter().map(|entry| entry.key.as_str()).collect();
        let near = nearest(name, known.iter().copied());
        let problem = Problem::new(span, format!("unknown environment `{name}`"));
        return Some(match (near.is_empty(), known.is_empty()) {
            (_, true) => problem.help("the scenario declares no environments"),
            (true, _) => problem.help(format!("the scenario declares {}", known.join(", "))),
            _ => problem.did_you_mean(&near),
        });
    };
    for section in ["targets", "variables"] {
        if let Some(over) = entry.node.entry(section) {
            root.entry_or_insert(section, &over.key_span).overlay(&over.node);
        }
    }
    None
}

fn set(root: &mut Node, key: &str, value: &str, sources: &mut Sources) -> Option<Problem> {
    let mut span = sources.option("--set", format!("{key}={value}"));
    let source = span.source;
    let key_span = Span { source, range: 0..key.len() };
    span.range.start = key.len() + 1;
    let value = match load::parse(source, value) {
        Ok(node) => relocated(node, &span),
        Err(problem) => return Some(Problem { span, ..*problem }),
    };
    let is_variable = !key.contains('.') && !SECTIONS.contains(&key);
    if is_variable && !root.child("variables").has(key) {
        let known = root.child("variables").entries().iter().map(|entry| entry.key.as_str());
        let near = nearest(key, known.chain(SECTIONS));
        return Some(Problem::new(key_span, format!("unknown variable `{key}`")).did_you_mean(&near));
    }
    let mut node = if is_variable { root.entry_or_insert("variables", &key_span) } else { root };
    let mut path = Some(key);
    while let Some((part, below)) = path.map(|path| first_name(node, path)) {
        path = below;
        node = match (&node.value, part.parse::<usize>()) {
            (Value::List(items), Ok(index)) if index < items.len() => match &mut node.value {
                Value::List(items) => &mut items[index],
                _ => unreachable!("matched above"),
            },
            (Value::List(items), _) => {
                let message =
                    format!("`{part}` is not one of the {} items of this list, counted from 0", items.len());
                return Some(Problem::new(key_span, message));
            }
            (Value::Scalar(_), _) => {
                return Some(Problem::new(
                    key_span,
                    format!("there is nothing below `{part}`'s parent, it is a value"),
                ));
            }
            _ => node.entry_or_insert(part, &key_span),
        };
    }
    *node = value;
    None
}

/// The name at the head of a path below `node`, and the path behind it. Names may hold dots, as those of metrics do: the
/// longest one that is there comes first, and only where none is the next dot ends it.
fn first_name<'a>(node: &Node, path: &'a str) -> (&'a str, Option<&'a str>) {
    let heads_path =
        |name: &str| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let names = node.entries().iter().map(|entry| entry.key.as_str());
    let longest = names.filter(|name| heads_path(name)).map(str::len).max();
    let end = longest.or_else(|| path.find('.')).unwrap_or(path.len());
    (&path[..end], path.get(end + 1..))
}

/// Adds a condition of the command line to those of the file.
fn threshold(root: &mut Node, text: &str, sources: &mut Sources) -> Option<Problem> {
    let span = sources.option("--threshold", text.to_owned());
    let Some((metric, condition)) = text.split_once(": ") else {
        let help = "write a metric, a colon, a space and a condition: `failed: rate < 0.1%`";
        return Some(Problem::new(span, "this is not a threshold").help(help));
    };
    let node = root.entry_or_insert("thresholds", &span).entry_or_insert(metric.trim(), &span);
    let condition = Node::text(span.clone(), condition.trim());
    match &mut node.value {
        Value::List(items) => items.push(condition),
        _ => node.value = Value::List(vec![condition]),
    }
    None
}

/// The same tree with every place at `span`.
fn relocated(mut node: Node, span: &Span) -> Node {
    node.span = span.clone();
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| *item = relocated(item.clone(), span)),
        Value::Map(entries) => entries.iter_mut().for_each(|entry| {
            entry.key_span = span.clone();
            entry.node = relocated(entry.node.clone(), span);
        }),
        _ => {}
    }
    node
}

/// Puts variables into all texts with holes but those that are evaluated while the run goes on.
fn substitute(
    node: &mut Node,
    variables: &[(String, expr::Value<'static>)],
    sources: &Sources,
    problems: &mut Vec<Problem>,
) {
    match &mut node.value {
        Value::Map(entries) => {
            let late = |entry: &&mut Entry| !EVALUATED_LATE.contains(&entry.key.as_str());
            entries
                .iter_mut()
                .filter(late)
                .for_each(|entry| substitute(&mut entry.node, variables, sources, problems));
        }
        Value::List(items) => {
            items.iter_mut().for_each(|item| substitute(item, variables, sources, problems))
        }
        Value::Scalar(scalar) if scalar.text.contains("${") => {
            match parse_template(&scalar.text, &|name| resolve(name, variables)) {
                Ok(expression) => {
                    let text = expression.as_constant().map(ToString::to_string).unwrap_or_default();
                    scalar.kind = kind_of(&text);
                    scalar.text = text;
                }
                Err(error) => {
                    let span = sources.inside(&node.span, &scalar.text, error.range.clone());
                    problems.push(Problem::new(span, error.to_string()).did_you_mean(&error.suggestions));
                    node.is_bad.set(true);
                }
            }
        }
        _ => {}
    }
}

fn resolve(name: &str, variables: &[(String, expr::Value<'static>)]) -> Result<Binding, Unknown> {
    let found = variables.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| Binding::Constant(value.clone())).ok_or_else(|| Unknown {
        suggestions: nearest(name, variables.iter().map(|(known, _)| known.as_str())),
    })
}

fn kind_of(text: &str) -> ScalarKind {
    match text {
        "true" => ScalarKind::Bool(true),
        "false" => ScalarKind::Bool(false),
        _ if text.parse::<f64>().is_ok_and(f64::is_finite) => ScalarKind::Number,
        _ => ScalarKind::Text,
    }
}

/// Keys whose values are compiled with more than the variables, or are variables themselves.
const EVALUATED_LATE: [&str; 3] = ["flows", "variables", "environments"];

/// The keys at the top of a file.
const SECTIONS: [&str; 14] = [
    "schema",
    "name",
    "description",
    "seed",
    "variables",
    "environments",
    "targets",
    "terminals",
    "feeders",
    "flows",
    "scenarios",
    "thresholds",
    "health",
    "host",
];
