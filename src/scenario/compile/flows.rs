//! Flows: steps become templates of operations and requests, texts become expressions.

use super::{Compiler, http};
use crate::{
    expr::{self, Binding, Expr, Unknown, ValueKind, nearest, parse_expression},
    flow::{Action, Capture, CardTemplate, Check, Draw, Flow, Meeting, OnError, Step, Template, Variable},
    operation::Kind,
    scenario::{
        complete::SIGN_IN,
        diagnostic::Problem,
        duration::TimeRange,
        node::{Node, Span},
        overlay,
        plan::Group,
        step::{HTTP, LOAD, RendezvousKeys, Settings, Step as Written, actions},
        words,
    },
};

/// What expressions of a flow can name, at one of its steps.
pub(super) struct Names {
    variables: Vec<(String, expr::Value<'static>)>,
    captured: Vec<String>,
}

impl Compiler<'_> {
    pub(super) fn flows(&mut self, groups: &[Group]) -> Vec<Flow> {
        let file = self.file;
        // Terminals sign in and reverse of their own accord, so these have figures whatever the flows say.
        self.steps.intern(SIGN_IN);
        let variables = overlay::variables(self.root);
        self.variables(&variables);
        let mut flows = Vec::new();
        for (name, flow) in file.flows.iter() {
            let node = self.node("flows", name);
            let mut names = Names { variables: variables.clone(), captured: Vec::new() };
            let steps = self.steps_of(node.child("steps"), &flow.steps, &mut names);
            let after = self.steps_of(node.child("onInterrupt"), &flow.on_interrupt, &mut names);
            let all = steps.iter().chain(&after);
            let card_draws = all.filter(|step| draws_a_card(step)).count() as u64;
            let captures = names.captured.len();
            let of =
                |steps, on_interrupt| Flow { name: name.into(), steps, captures, card_draws, on_interrupt };
            let on_interrupt = (!after.is_empty()).then(|| Box::new(of(after, None)));
            flows.push(of(steps, on_interrupt));
        }
        for kind in of_their_own_accord(&flows, groups) {
            self.steps.intern(kind.name());
        }
        flows
    }

    fn steps_of(&mut self, node: &Node, written: &[Written], names: &mut Names) -> Vec<Step> {
        let steps = written.iter().enumerate();
        steps.filter_map(|(index, step)| self.step(node.item(index), step, names)).collect()
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

    fn step(&mut self, node: &Node, written: &Written, names: &mut Names) -> Option<Step> {
        let action = self.only_action(node, written)?;
        let settings = &written.settings;
        if action != HTTP {
            self.no_request(node, action, &written.request);
        }
        if let Some(wait) = self.wait(written) {
            return Some(self.pause(node, action, wait));
        }
        if settings.name.as_ref().is_some_and(|name| name.is_empty() || name.contains('.')) {
            self.complain(&node.at("name"), "the name of a step is not empty and has no dots");
        }
        let own = match &written.request.http {
            Some(text) => http::name_of(text),
            None => action.to_owned(),
        };
        let name = settings.name.as_deref().unwrap_or(&own);
        let compiled = self.measured(node, action, written, names);
        let checks = self.checks(node, settings, names);
        let captures = self.captures(node, settings, names);
        if let Some(network) = &settings.network {
            self.step_network(node, network, written);
        }
        Some(Step {
            action: compiled?,
            id: Some(self.steps.intern(name)),
            checks,
            captures,
            on_error: match settings.on_error.unwrap_or_default() {
                words::OnError::Abort => OnError::Abort,
                words::OnError::Continue => OnError::Continue,
            },
            network: settings.network.as_ref().map(crate::scenario::network::Network::compiled),
        })
    }

    /// What a measured step does.
    fn measured(&mut self, node: &Node, action: &str, written: &Written, names: &Names) -> Option<Action> {
        match (&written.request.http, &written.load, written.operations.first()) {
            (Some(text), ..) => {
                let request = self.request(node, text, &written.request, names);
                request.map(|request| Action::Request(Box::new(request)))
            }
            (None, Some(keys), _) => {
                let loading = self.loading(node.child(LOAD), keys, names);
                loading.map(|loading| Action::Load(Box::new(loading)))
            }
            (None, None, Some((kind, keys))) => {
                self.template(node.child(action), *kind, keys, names).map(Action::Operate)
            }
            (None, None, None) => None,
        }
    }

    /// The one thing that a step does.
    fn only_action(&mut self, node: &Node, written: &Written) -> Option<&'static str> {
        match written.actions()[..] {
            [only] => Some(only),
            [] => {
                if !node.is_tainted() {
                    let message = "a step needs something to do: an operation, `http`, `load-terminal`, `think`, `pace` or `rendezvous`";
                    self.complain_with_help(
                        &node.span,
                        message,
                        format!("there is {}", actions().join(", ")),
                    );
                }
                None
            }
            [first, second, ..] => {
                let message = format!("a step does one thing, this one says `{first}` and `{second}`");
                self.complain(&node.at_key(second), message);
                None
            }
        }
    }

    /// What a step does that only waits.
    fn wait(&mut self, written: &Written) -> Option<Action> {
        let think = written.think.map(|TimeRange { min, max }| Action::Think { min: min.0, max: max.0 });
        let pace = written.pace.map(|TimeRange { min, max }| Action::Pace { min: min.0, max: max.0 });
        let rendezvous = written.rendezvous.map(|RendezvousKeys { terminals, timeout }| {
            self.meetings += 1;
            Action::Meet(Meeting { number: self.meetings, terminals, timeout: timeout.0 })
        });
        think.or(pace).or(rendezvous)
    }

    fn pause(&mut self, node: &Node, name: &str, action: Action) -> Step {
        for key in ["name", "checks", "capture", "onError", "network"].into_iter().filter(|key| node.has(key))
        {
            self.complain(&node.at_key(key), format!("`{name}` takes no `{key}`: it has no answer"));
        }
        Step {
            action,
            id: None,
            checks: Vec::new(),
            captures: Vec::new(),
            on_error: OnError::Continue,
            network: None,
        }
    }

    pub(super) fn of_kind(
        &mut self,
        span: &Span,
        expression: Expr,
        kinds: &[ValueKind],
        wanted: &str,
    ) -> Option<Expr> {
        match expression.kind() {
            Some(kind) if !kinds.contains(&kind) => {
                self.complain(span, format!("expected {wanted}, found {kind}"));
                None
            }
            _ => Some(expression),
        }
    }

    fn checks(&mut self, node: &Node, keys: &Settings, names: &Names) -> Vec<Check> {
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

    fn captures(&mut self, node: &Node, keys: &Settings, names: &mut Names) -> Vec<Capture> {
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
    pub(super) fn parsed(
        &mut self,
        span: &Span,
        text: &str,
        parsed: Result<Expr, expr::ParseError>,
    ) -> Option<Expr> {
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
    pub(super) fn resolve(&self, name: &str) -> Result<Binding, Unknown> {
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

/// What terminals may do without being asked: what is due after and before others, and what a header asks for.
fn of_their_own_accord(flows: &[Flow], groups: &[Group]) -> Vec<Kind> {
    let requests = groups.iter().flat_map(|group| group.profile.processing_requests.into_iter().flatten());
    let asked = |wanted: fn(Kind) -> bool| {
        let steps = flows.iter().flat_map(|flow| flow.all_steps());
        steps.filter_map(move |step| match &step.action {
            Action::Operate(template) => Some(template.kind).filter(|kind| wanted(*kind)),
            _ => None,
        })
    };
    // A notice is sent some time after its step, whatever name the step has.
    let notices = asked(Kind::is_notice);
    let queries = asked(|kind| kind == Kind::QrOrder).map(|_| Kind::QrQuery);
    let mut kinds =
        vec![Kind::Reversal, Kind::ScriptResult, Kind::Settlement, Kind::BatchUpload, Kind::SignOut];
    kinds.extend(notices.chain(queries).chain(requests));
    kinds
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
