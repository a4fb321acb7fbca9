//! Flows: steps become templates of operations, texts become expressions.

use super::Compiler;
use crate::{
    expr::{self, Binding, Expr, Unknown, ValueKind, nearest, parse_expression, parse_template},
    flow::{Action, Capture, CardTemplate, Check, Draw, Flow, OnError, Step, Template, Variable},
    money::Amount,
    operation::{Entry, Kind},
    scenario::{
        complete::SIGN_IN,
        diagnostic::Problem,
        node::{Node, Span},
        overlay,
        step::{self, ACTIONS, CardKeys, StepKeys},
    },
};
use std::sync::Arc;

/// What expressions of a flow can name, at one of its steps.
struct Names {
    variables: Vec<(String, expr::Value<'static>)>,
    captured: Vec<String>,
}

impl Compiler<'_> {
    pub(super) fn flows(&mut self) -> Vec<Arc<Flow>> {
        let file = self.file;
        // Terminals sign in and reverse of their own accord, so these have figures whatever the flows say.
        self.steps.intern(SIGN_IN);
        let variables = overlay::variables(self.root);
        self.variables(&variables);
        let mut flows = Vec::new();
        for (name, flow) in file.flows.iter() {
            let node = self.node("flows", name).child("steps");
            let mut names = Names { variables: variables.clone(), captured: Vec::new() };
            let steps: Vec<Step> = flow
                .steps
                .iter()
                .enumerate()
                .filter_map(|(index, step)| self.step(node.item(index), &step.0, &mut names))
                .collect();
            let card_draws = steps.iter().filter(|step| draws_a_card(step)).count() as u64;
            flows.push(Arc::new(Flow {
                name: name.into(),
                steps,
                captures: names.captured.len(),
                card_draws,
            }));
        }
        self.steps.intern(Kind::Reversal.name());
        flows
    }

    fn variables(&mut self, variables: &[(String, expr::Value<'static>)]) {
        for (name, _) in variables {
            if Variable::BUILT_IN.iter().any(|(known, _)| known == name) {
                let at = self.root.child("variables").at_key(name);
                self.complain(&at, format!("`{name}` is a variable that every flow has"));
            } else if !is_name(name) {
                let at = self.root.child("variables").at_key(name);
                self.complain(&at, format!("`{name}` is not a name that expressions can use"));
            }
        }
    }

    fn step(&mut self, node: &Node, keys: &StepKeys, names: &mut Names) -> Option<Step> {
        let action = match keys.actions()[..] {
            [only] => only,
            [] => {
                if !node.is_tainted() {
                    self.complain(&node.span, format!("a step needs one of {}", ACTIONS.join(", ")));
                }
                return None;
            }
            [first, second, ..] => {
                let message = format!("a step does one thing, this one says `{first}` and `{second}`");
                self.complain(&node.at_key(second), message);
                return None;
            }
        };
        if let Some(range) = keys.think {
            for key in ["name", "checks", "capture", "onError"].into_iter().filter(|key| node.has(key)) {
                self.complain(&node.at_key(key), format!("`think` takes no `{key}`: it has no answer"));
            }
            return Some(Step {
                action: Action::Think { min: range.min.0, max: range.max.0 },
                id: None,
                checks: Vec::new(),
                captures: Vec::new(),
                on_error: OnError::Continue,
            });
        }
        let name = keys.name.as_deref().unwrap_or(action);
        if name.is_empty() || name.contains('.') {
            self.complain(&node.at("name"), "the name of a step is not empty and has no dots");
        }
        let template = self.template(node.child(action), action, keys, names);
        let checks = self.checks(node, keys, names);
        let captures = self.captures(node, keys, names);
        Some(Step {
            action: Action::Operate(template?),
            id: Some(self.steps.intern(name)),
            checks,
            captures,
            on_error: match keys.on_error.unwrap_or_default() {
                step::OnError::Abort => OnError::Abort,
                step::OnError::Continue => OnError::Continue,
            },
        })
    }

    fn template(&mut self, node: &Node, action: &str, keys: &StepKeys, names: &Names) -> Option<Template> {
        let kind = Kind::ALL.iter().find(|(_, name)| *name == action).map(|(kind, _)| *kind)?;
        let card = keys.balance.clone().or_else(|| {
            keys.sale.as_ref().map(|sale| CardKeys {
                card: sale.card.clone(),
                entry: sale.entry,
                pin: sale.pin,
            })
        });
        let card = match card {
            Some(card) => Some(self.card(node, &card)?),
            None => None,
        };
        let amount = match &keys.sale {
            Some(sale) => Some(self.amount(&node.at("amount"), &sale.amount, names)?),
            None => None,
        };
        Some(Template { kind, amount, card })
    }

    fn amount(&mut self, span: &Span, text: &str, names: &Names) -> Option<Expr> {
        let parsed = parse_template(text, &|name| names.resolve(name));
        let expression = self.parsed(span, text, parsed)?;
        let amount = match expression.as_constant() {
            None => {
                return self.of_kind(span, expression, &[ValueKind::Amount, ValueKind::Number], "an amount");
            }
            Some(expr::Value::Text(text)) => text.trim().parse::<Amount>().map_err(|error| error.to_string()),
            Some(value) => value.amount().map_err(|error| error.to_string()),
        };
        let amount = self.or_complain(span, amount)?;
        if amount == Amount::ZERO {
            self.complain(span, "the amount of a sale is more than 0");
        }
        Some(Expr::constant(expr::Value::Amount(amount)))
    }

    fn of_kind(&mut self, span: &Span, expression: Expr, kinds: &[ValueKind], wanted: &str) -> Option<Expr> {
        match expression.kind() {
            Some(kind) if !kinds.contains(&kind) => {
                self.complain(span, format!("expected {wanted}, found {kind}"));
                None
            }
            _ => Some(expression),
        }
    }

    fn card(&mut self, node: &Node, keys: &CardKeys) -> Option<CardTemplate> {
        let file = self.file;
        let at = node.at("card");
        let inside = keys.card.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let drawn = inside.and_then(|inside| inside.trim().rsplit_once('.'));
        let (feeder, draw) = match drawn {
            Some((feeder, "next")) => (feeder, Draw::Next),
            Some((feeder, "current")) => (feeder, Draw::Current),
            _ => {
                self.complain(&at, "expected `${ FEEDER.next }` or `${ FEEDER.current }`");
                return None;
            }
        };
        let Some(number) = file.feeders.position(feeder) else {
            if !self.root.child("feeders").is_tainted() {
                self.unknown(&at, "feeder", feeder, file.feeders.names());
            }
            return None;
        };
        let entry = match keys.entry {
            step::Entry::Chip => Entry::Chip,
            step::Entry::Contactless => Entry::Contactless,
            step::Entry::Stripe => Entry::Stripe,
            step::Entry::Keyed => Entry::Keyed,
        };
        Some(CardTemplate { feeder: number, draw, entry, pin: keys.pin })
    }

    fn checks(&mut self, node: &Node, keys: &StepKeys, names: &Names) -> Vec<Check> {
        let mut checks = Vec::new();
        for (index, text) in keys.checks.iter().enumerate() {
            let at = &node.child("checks").item(index).span;
            let parsed = parse_expression(text, &|name| names.resolve(name));
            let Some(condition) = self.parsed(at, text, parsed) else { continue };
            if let Some(value) = condition.as_constant() {
                self.complain(at, format!("this check does not look at anything: it is always {value}"));
            }
            let condition = self.of_kind(at, condition, &[ValueKind::Bool], "a condition");
            checks.extend(condition.map(|condition| Check { condition, text: text.as_str().into() }));
        }
        checks
    }

    fn captures(&mut self, node: &Node, keys: &StepKeys, names: &mut Names) -> Vec<Capture> {
        let mut captures = Vec::new();
        let mut captured = names.captured.clone();
        for (name, text) in keys.capture.iter() {
            let entry = node.child("capture");
            if !is_name(name) {
                self.complain(
                    &entry.at_key(name),
                    format!("`{name}` is not a name that expressions can use"),
                );
            }
            let at = entry.at(name);
            let parsed = parse_expression(text, &|name| names.resolve(name));
            let slot = captured.iter().position(|known| known == name).unwrap_or_else(|| {
                captured.push(name.to_owned());
                captured.len() - 1
            });
            captures.extend(self.parsed(&at, text, parsed).map(|value| Capture { slot, value }));
        }
        names.captured = captured;
        captures
    }

    /// The expression, or a complaint about the part of `text` at `span` that is to blame.
    fn parsed(&mut self, span: &Span, text: &str, parsed: Result<Expr, expr::ParseError>) -> Option<Expr> {
        parsed
            .map_err(|error| {
                let at = self.context.sources.inside(span, text, error.range.clone());
                self.problems.push(Problem::new(at, error.to_string()).did_you_mean(&error.suggestions));
            })
            .ok()
    }
}

impl Names {
    /// Captured names hide those that every flow has, which hide the variables of the file.
    fn resolve(&self, name: &str) -> Result<Binding, Unknown> {
        let slot = self.captured.iter().position(|known| known == name).map(Variable::Slot);
        let built_in =
            Variable::BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, variable)| *variable);
        if let Some(variable) = slot.or(built_in) {
            return Ok(Binding::Variable(variable.id()));
        }
        let constant = self.variables.iter().find(|(known, _)| known == name);
        constant
            .map(|(_, value)| Binding::Constant(value.clone()))
            .ok_or_else(|| Unknown { suggestions: nearest(name, self.all()) })
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        let captured = self.captured.iter().map(String::as_str);
        let built_in = Variable::BUILT_IN.iter().map(|(name, _)| *name);
        captured.chain(built_in).chain(self.variables.iter().map(|(name, _)| name.as_str()))
    }
}

fn draws_a_card(step: &Step) -> bool {
    matches!(
        &step.action,
        Action::Operate(Template { card: Some(CardTemplate { draw: Draw::Next, .. }), .. })
    )
}

fn is_name(text: &str) -> bool {
    let begins_right = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let is_word = matches!(text, "true" | "false" | "nothing");
    begins_right && !is_word && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
