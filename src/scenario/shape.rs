//! Holds a tree of nodes against the JSON Schema of the file format and reports everything that does not fit at once.
//!
//! It knows the part of JSON Schema that the format's own schema uses: `type`, `properties`, `required`,
//! `additionalProperties`, `items`, `enum`, `const`, `anyOf`, `oneOf`, `$ref`, `minimum`, `maximum`, `minItems`, and
//! `format` for the text forms of this format.

use super::{
    diagnostic::Problem,
    node::{Entry, Node, Scalar, ScalarKind, Value},
    text,
};
use crate::expr::nearest;
use serde_json::Value as Json;

/// All that does not fit; what is to blame is marked as bad in the tree.
pub(super) fn check(root: &Node, schema: &Json) -> Vec<Problem> {
    let mut walk = Walk { definitions: &schema["$defs"], problems: Vec::new() };
    walk.node(root, schema);
    walk.problems
}

struct Walk<'s> {
    definitions: &'s Json,
    problems: Vec<Problem>,
}

impl<'s> Walk<'s> {
    fn node(&mut self, node: &Node, schema: &'s Json) {
        if node.is_bad.get() {
            return;
        }
        let schema = self.resolved(schema);
        let Some(schema) = self.branch(node, schema) else {
            return self.wrong_type(node, schema);
        };
        if let Some(options) = options(schema) {
            return self.option(node, &options, schema);
        }
        match &node.value {
            Value::Map(entries) => self.map(node, entries, schema),
            Value::List(items) => self.list(node, items, schema),
            Value::Scalar(scalar) => self.scalar(node, scalar, schema),
            Value::Null => {}
        }
    }

    /// Follows `$ref`, whose definition may be a reference again.
    fn resolved(&self, mut schema: &'s Json) -> &'s Json {
        while let Some(reference) = schema["$ref"].as_str() {
            schema = &self.definitions[reference.trim_start_matches("#/$defs/")];
        }
        schema
    }

    /// The alternative of `schema` that the kind of `node` belongs to; a choice of texts is taken as a whole.
    fn branch(&self, node: &Node, schema: &'s Json) -> Option<&'s Json> {
        if options(schema).is_some() {
            return matches!(node.value, Value::Scalar(_)).then_some(schema);
        }
        let alternatives = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
        match alternatives {
            None => admits(node, schema).then_some(schema),
            Some(all) => all.iter().map(|one| self.resolved(one)).find_map(|one| self.branch(node, one)),
        }
    }

    fn map(&mut self, node: &Node, entries: &[Entry], schema: &'s Json) {
        let properties = schema["properties"].as_object();
        for entry in entries {
            let known = properties.and_then(|properties| properties.get(&entry.key));
            match (known, &schema["additionalProperties"]) {
                (Some(property), _) => self.node(&entry.node, property),
                (None, others @ Json::Object(_)) => self.node(&entry.node, others),
                (None, Json::Bool(false)) => {
                    let known = properties.into_iter().flat_map(|properties| properties.keys());
                    self.unknown_key(entry, known.map(String::as_str).collect());
                }
                _ => {}
            }
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            match node.entry(required) {
                None => self.complain(node, format!("the key `{required}` is missing")),
                // Without something that it needs a thing cannot be read at all.
                Some(entry) if entry.node.is_bad.get() => node.is_bad.set(true),
                Some(_) => {}
            }
        }
    }

    fn unknown_key(&mut self, entry: &Entry, known: Vec<&str>) {
        let problem = Problem::new(entry.key_span.clone(), format!("unknown key `{}`", entry.key));
        let alias = ALIASES.iter().find(|(alias, key)| *alias == entry.key && known.contains(key));
        let problem = match (alias, nearest(&entry.key, known.iter().copied())) {
            (Some((_, key)), _) => problem.help(format!("write `{key}`")),
            (None, near) if !near.is_empty() => problem.did_you_mean(&near),
            _ if known.is_empty() => problem.help("there is nothing to set here"),
            _ if known.len() > MOST_LISTED => problem.help("the reference lists all keys: docs/scenarios.md"),
            _ => problem.help(format!("the keys here are {}", listed(&known))),
        };
        entry.node.is_bad.set(true);
        self.problems.push(problem);
    }

    fn list(&mut self, node: &Node, items: &[Node], schema: &'s Json) {
        if (items.len() as u64) < schema["minItems"].as_u64().unwrap_or(0) {
            self.problems.push(Problem::new(node.span.clone(), "this list is empty"));
        }
        for item in items {
            self.node(item, &schema["items"]);
        }
    }

    fn scalar(&mut self, node: &Node, scalar: &Scalar, schema: &Json) {
        let complaint = schema["format"].as_str().and_then(|format| text::complaint(format, &scalar.text));
        if let Some(message) = complaint.or_else(|| out_of_bounds(scalar, schema)) {
            self.complain(node, message);
        }
    }

    /// A word among many is complained about by its format, for a list of them all would help nobody.
    fn option(&mut self, node: &Node, options: &[&str], schema: &Json) {
        let written = node.scalar().map(|scalar| scalar.text.as_str());
        if written.is_some_and(|written| options.contains(&written)) {
            return;
        }
        let near = nearest(written.unwrap_or_default(), options.iter().copied());
        let own =
            schema["format"].as_str().zip(written).and_then(|(format, text)| text::complaint(format, text));
        let message =
            own.unwrap_or_else(|| format!("expected one of {}, found {}", listed(options), node.describe()));
        node.is_bad.set(true);
        self.problems.push(Problem::new(node.span.clone(), message).did_you_mean(&near));
    }

    fn wrong_type(&mut self, node: &Node, schema: &Json) {
        let format = schema["format"].as_str().zip(node.scalar());
        let message =
            format.and_then(|(format, scalar)| text::complaint(format, &scalar.text)).unwrap_or_else(|| {
                let kinds: Vec<&str> = self.kinds(schema);
                format!("expected {}, found {}", kinds.join(" or "), node.describe())
            });
        let problem = Problem::new(node.span.clone(), message);
        let lacks_braces = matches!(node.value, Value::Null) && self.kinds(schema) == ["a map"];
        node.is_bad.set(true);
        self.problems.push(if lacks_braces {
            problem.help("write `{}` for one without settings")
        } else {
            problem
        });
    }

    /// What may stand where `schema` applies, in words.
    fn kinds(&self, schema: &Json) -> Vec<&'static str> {
        if options(schema).is_some() {
            return vec!["a word"];
        }
        let alternatives = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
        if let Some(all) = alternatives {
            let mut kinds: Vec<&str> = Vec::new();
            for one in all {
                let name = one["$ref"].as_str().map(|reference| reference.trim_start_matches("#/$defs/"));
                let one = name.map_or(one, |name| &self.definitions[name]);
                kinds.extend(
                    self.kinds(one).into_iter().filter(|kind| !kinds.contains(kind)).collect::<Vec<_>>(),
                );
            }
            return kinds;
        }
        let words =
            types(schema).into_iter().filter_map(|name| WORDS.iter().find(|(known, _)| *known == name));
        words.map(|(_, word)| *word).collect()
    }

    fn complain(&mut self, node: &Node, message: String) {
        node.is_bad.set(true);
        self.problems.push(Problem::new(node.span.clone(), message));
    }
}

/// The texts that are allowed, if `schema` is a choice of texts.
fn options(schema: &Json) -> Option<Vec<&str>> {
    if let Some(all) = schema["enum"].as_array() {
        return all.iter().map(Json::as_str).collect();
    }
    let all = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array())?;
    let groups: Option<Vec<Vec<&str>>> = all
        .iter()
        .map(|one| one["const"].as_str().map(|option| vec![option]).or_else(|| options(one)))
        .collect();
    groups.map(|groups| groups.concat())
}

fn types(schema: &Json) -> Vec<&str> {
    match &schema["type"] {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether the kind of `node` is one that `schema` wants; text takes any scalar as it is written.
fn admits(node: &Node, schema: &Json) -> bool {
    let types = types(schema);
    types.is_empty()
        || types.iter().any(|name| match (*name, &node.value) {
            ("object", Value::Map(_)) | ("array", Value::List(_)) | ("string", Value::Scalar(_)) => true,
            ("boolean", Value::Scalar(scalar)) => matches!(scalar.kind, ScalarKind::Bool(_)),
            ("number", Value::Scalar(scalar)) => {
                scalar.kind == ScalarKind::Number && scalar.text.parse().is_ok_and(f64::is_finite)
            }
            ("integer", Value::Scalar(scalar)) => {
                scalar.kind == ScalarKind::Number && scalar.text.parse::<i128>().is_ok()
            }
            _ => false,
        })
}

fn out_of_bounds(scalar: &Scalar, schema: &Json) -> Option<String> {
    let is_number = types(schema).iter().any(|name| matches!(*name, "integer" | "number"));
    let number: f64 = scalar.text.parse().ok().filter(|_| is_number)?;
    let minimum = schema["minimum"].as_f64().unwrap_or(f64::NEG_INFINITY);
    let maximum = schema["maximum"].as_f64().unwrap_or_else(|| widest(schema));
    if minimum == maximum && number != minimum {
        Some(format!("expected {minimum}, found `{}`", scalar.text))
    } else if number < minimum {
        Some(format!("expected at least {minimum}, found `{}`", scalar.text))
    } else if number > maximum {
        Some(format!("expected at most {maximum}, found `{}`", scalar.text))
    } else {
        None
    }
}

/// The largest number of the integer type that the schema's format names.
fn widest(schema: &Json) -> f64 {
    match schema["format"].as_str() {
        Some("uint8") => f64::from(u8::MAX),
        Some("uint16") => f64::from(u16::MAX),
        Some("uint32") => f64::from(u32::MAX),
        Some("uint64") => u64::MAX as f64,
        _ => f64::INFINITY,
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// So many names are still a help to read.
const MOST_LISTED: usize = 24;
const WORDS: [(&str, &str); 6] = [
    ("object", "a map"),
    ("array", "a list"),
    ("string", "a text"),
    ("boolean", "true or false"),
    ("integer", "a whole number"),
    ("number", "a number"),
];

/// Words of other load testers and what they are called here.
const ALIASES: [(&str, &str); 16] = [
    ("arrivalRate", "rate"),
    ("vus", "terminals"),
    ("rampTo", "stages"),
    ("phases", "scenarios"),
    ("thinktime", "think"),
    ("thinkTime", "think"),
    ("wait", "think"),
    ("pause", "think"),
    ("sleep", "think"),
    ("expect", "checks"),
    ("assert", "checks"),
    ("check", "checks"),
    ("payload", "feeders"),
    ("saveAs", "capture"),
    ("url", "address"),
    ("exec", "flow"),
];
