//! From the file to the plan: names become numbers, texts become values, and everything that is wrong is collected.

mod abilities;
mod cases;
mod conduct;
mod connections;
mod feeders;
mod flows;
mod groups;
mod host;
mod http;
mod keys;
mod operations;
mod portal;
mod replay;
mod rules;
mod scenarios;
mod servers;
mod thresholds;

use super::{
    Read,
    acquirer::Acquirers,
    diagnostic::Problem,
    file::File,
    load,
    node::{Node, Span},
    overlay::{Overrides, Sources},
    plan::Plan,
    rack::Racks,
    words::LedgerPlace,
};
use crate::{crypto::Tmk, expr::nearest, metrics::StepNames, rng::Seed};

/// What compiling needs besides the file.
pub(super) struct Context<'c> {
    pub(super) overrides: &'c Overrides,
    pub(super) sources: &'c Sources,
    /// The profiles of the groups, one entry a group.
    pub(super) acquirers: &'c Acquirers,
    /// The devices of the groups, one entry a group.
    pub(super) racks: &'c Racks,
    pub(super) read: Read<'c>,
}

/// Makes the plan out of `file`; the tree below `root` says where everything stands.
///
/// Returns a plan only where nothing is wrong; sizes that were not known before are written back into `file`.
pub(super) fn compile(
    file: &mut File,
    root: &Node,
    context: &Context<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Plan> {
    let seed = Seed(file.seed.unwrap_or_default());
    let steps = StepNames::default();
    let mut compiler =
        Compiler { file, root, context, seed, steps, portal_uses: Vec::new(), meetings: 0, problems };
    let mut groups = compiler.groups();
    let servers = compiler.servers();
    compiler.check_networks();
    let feeders = compiler.feeders();
    let flows = compiler.flows(&groups);
    let scenarios = compiler.scenarios(&groups);
    compiler.check_abilities(&flows, &scenarios);
    let thresholds = compiler.thresholds();
    let health = compiler.health();
    let kept = scenarios.iter().flat_map(|scenario| &scenario.conduct.keeps);
    let selections = compiler.selections(thresholds.iter().chain(&health).chain(kept));
    let host = compiler.host(&groups, &feeders);
    let host_tls = compiler.embedded_tls();
    if let Some(host) = &host {
        let uses = std::mem::take(&mut compiler.portal_uses);
        compiler.check_portal(&uses, &groups, host.portal.is_some());
        if host.portal.is_some() {
            compiler.tell_devices(&mut groups);
        }
    }
    let (steps, problems) = (compiler.steps, compiler.problems);
    if !problems.is_empty() {
        return None;
    }
    for (group, compiled) in file.terminals.things_mut().zip(&groups) {
        let count = u32::try_from(compiled.identities.len()).ok();
        group.count = count.filter(|_| compiled.devices.is_none());
    }
    Some(Plan {
        name: file.name.clone(),
        description: file.description.clone(),
        seed,
        effective: effective(file, &groups),
        groups,
        feeders,
        flows,
        steps,
        scenarios,
        thresholds,
        health,
        selections,
        servers,
        host: host?,
        host_tls,
        keeps_ledger: file.host.ledger == LedgerPlace::Durable,
    })
}

struct Compiler<'c> {
    file: &'c File,
    root: &'c Node,
    context: &'c Context<'c>,
    seed: Seed,
    steps: StepNames,
    /// Where steps ask the merchant portal.
    portal_uses: Vec<Span>,
    /// How many rendezvous there are.
    meetings: u32,
    problems: &'c mut Vec<Problem>,
}

impl<'c> Compiler<'c> {
    fn complain(&mut self, span: &Span, message: impl Into<String>) {
        self.problems.push(Problem::new(span.clone(), message));
    }

    fn complain_with_help(&mut self, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(span.clone(), message).help(help));
    }

    /// Complains that there is no thing of the name that is written at `span`.
    fn unknown<'n>(&mut self, span: &Span, what: &str, name: &str, known: impl Iterator<Item = &'n str>) {
        let all: Vec<&str> = known.collect();
        let near = nearest(name, all.iter().copied());
        let problem = Problem::new(span.clone(), format!("unknown {what} `{name}`"));
        self.problems.push(match (near.is_empty(), all.is_empty()) {
            (_, true) => problem.help(format!("the scenario declares no {what}")),
            (true, _) => problem.help(format!("there is {}", all.join(", "))),
            _ => problem.did_you_mean(&near),
        });
    }

    /// The value of `result`, or a complaint at `span`.
    fn or_complain<T, E: std::fmt::Display>(&mut self, span: &Span, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.complain(span, error.to_string())).ok()
    }

    /// Reads a file that the value at `span` names.
    fn read(&mut self, span: &Span, name: &str) -> Option<String> {
        let text = (self.context.read)(name).and_then(super::text_of);
        text.map_err(|error| self.complain(span, format!("cannot read `{name}`: {error}"))).ok()
    }

    /// Reads a file that the value at `span` names, whatever it holds.
    fn read_bytes(&mut self, span: &Span, name: &str) -> Option<Vec<u8>> {
        let bytes = (self.context.read)(name);
        bytes.map_err(|error| self.complain(span, format!("cannot read `{name}`: {error}"))).ok()
    }

    /// The node of one thing of a section.
    fn node(&self, section: &str, name: &str) -> &'c Node {
        self.root.child(section).child(name)
    }
}

impl Node {
    /// Whether something in it has been complained about already, so that what is missing may be what was misspelt.
    fn is_tainted(&self) -> bool {
        self.entries().iter().any(|entry| entry.node.is_bad.get())
    }
}

/// The scenario as it will run; keys are shown by their check values.
fn effective(file: &File, groups: &[super::plan::Group]) -> String {
    let mut shown = file.clone();
    for (group, compiled) in shown.terminals.things_mut().zip(groups) {
        let kcv = compiled.identities.first().map(|identity| identity.tmk.to_string());
        group.tmk = group.tmk.as_ref().and(kcv);
        group.bdk = group.bdk.as_ref().map(|text| masked(text));
    }
    let steps = shown.flows.things_mut().flat_map(|flow| flow.steps.iter_mut().chain(&mut flow.on_interrupt));
    for load in steps.filter_map(|step| step.load.as_mut()) {
        if !load.master_key.0.contains("${") {
            load.master_key.0 = masked(&load.master_key.0);
        }
    }
    load::to_yaml(&shown).unwrap_or_default()
}

/// The check value of a key that a file says: a base derivation key's digits alone are a triple DES key.
fn masked(key: &str) -> String {
    key.parse::<Tmk>().map_or_else(|_| String::new(), |key| key.to_string())
}
