//! Scenario files: what is written becomes a [`Plan`], or the list of everything that is wrong with it.
//!
//! ```text
//! text ─ load ─► nodes ─ overlay ─► nodes ─ shape ─► nodes ─ decode ─► File ─ complete, scale ─► File ─ compile ─► Plan
//! ```
//!
//! Only this module knows the file format, and only `load` the YAML library.

mod acquirer;
mod case_keys;
mod compile;
mod complete;
mod condition;
mod connection;
mod decode;
mod diagnostic;
mod duration;
mod expansion;
mod file;
mod host;
mod http_keys;
mod limits;
mod load;
mod mapping;
mod named;
mod network;
mod node;
mod operation_keys;
mod overlay;
mod plan;
mod portal;
mod rack;
mod rule;
mod scale;
mod scenario_keys;
mod schema;
mod shape;
mod step;
mod table;
mod text;
mod valid;
mod words;

pub use acquirer::{
    Acquirer, KindTraits, SHIPPED as SHIPPED_PROFILES, abilities, load_profile, parse_profile,
    profile_schema, traits,
};
pub use diagnostic::{Diagnostics, Problem, Report, Source};
pub use duration::{Time, TimeError};
pub use expansion::{
    Assumptions, DeviceExpansion, Expansion, GroupExpansion, PortalExpansion, ScenarioExpansion,
    StageExpansion, expand,
};
pub use limits::Machine;
pub use mapping::load_mapping;
pub use node::Span;
pub use overlay::Overrides;
pub use plan::{Case, Cases, EmbeddedTls, Group, Identity, Plan, Scenario, Start, Target};
pub use rack::{
    SHIPPED_DEVICES, device_profile_schema, load_rack, parse_device_profile, parse_rack, rack_schema,
};
pub use schema::schema;
pub use valid::{Valid, validate_file};
pub use words::{Mac, TerminalKind};

use node::Node;
use overlay::Sources;
use std::{fs, io, path::Path};

/// Reads the scenario file at `path`; the files that it names are looked for beside it.
///
/// `fallback_seed` is the seed where neither file nor command line have one.
///
/// # Errors
/// Everything that is wrong with the scenario.
pub fn load_file(path: &Path, overrides: &Overrides, fallback_seed: u64) -> Result<Plan, Diagnostics> {
    let (name, text) = read_file(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    load(&text, &name, overrides, fallback_seed, &|file| fs::read(folder.join(file)))
}

/// Reads the scenario `text`, called `name` in messages; `read` reads the files that it names.
///
/// # Errors
/// Everything that is wrong with the scenario.
pub fn load(
    text: &str,
    name: &str,
    overrides: &Overrides,
    fallback_seed: u64,
    read: Read<'_>,
) -> Result<Plan, Diagnostics> {
    let mut pass = Pass { sources: Sources::new(name, text), problems: Vec::new() };
    let plan = pass.parse(0).and_then(|root| pass.plan(root, overrides, fallback_seed, read));
    pass.result(plan)
}

/// Reads the rules of a host from a file of their own: a list, as below `host.rules` of a scenario.
///
/// # Errors
/// Everything that is wrong with the rules.
pub fn load_rules(path: &Path) -> Result<Vec<crate::host::Rule>, Diagnostics> {
    let (name, text) = read_file(path)?;
    let mut pass = Pass { sources: Sources::new(&name, &text), problems: Vec::new() };
    let rules = pass.parse(0);
    let around = pass.sources.option("the scenario around the rules", AROUND_RULES.to_owned());
    let root = pass.parse(around.source).zip(rules).map(|(mut root, rules)| {
        let place = rules.span.clone();
        *root.entry_or_insert("host", &place).entry_or_insert("rules", &place) = rules;
        root
    });
    let plan = root.and_then(|root| pass.plan(root, &Overrides::default(), 0, &no_files));
    pass.result(plan).map(|plan| plan.host.rules)
}

/// The algorithms of MACs with their words in files and on the command line.
pub const MAC_ALGORITHMS: &[(Mac, &str)] = Mac::ALL;

/// Reads a file that a scenario names.
pub type Read<'a> = &'a dyn Fn(&str) -> io::Result<Vec<u8>>;

/// One pass over a scenario; it goes as far as it can, so that all problems are found at once.
struct Pass {
    sources: Sources,
    problems: Vec<Problem>,
}

impl Pass {
    fn parse(&mut self, source: usize) -> Option<Node> {
        let text = self.sources.all.get(source).map(|source| source.text.as_str()).unwrap_or_default();
        load::parse(source, text).map_err(|problem| self.problems.push(*problem)).ok()
    }

    fn plan(
        &mut self,
        mut root: Node,
        overrides: &Overrides,
        fallback_seed: u64,
        read: Read<'_>,
    ) -> Option<Plan> {
        let Self { sources, problems } = self;
        overlay::apply(&mut root, overrides, sources, problems);
        ["tmk", "bdk"].iter().flat_map(|key| root.places_of(key)).for_each(|place| sources.hide(&place));
        root.places_of("masterKey").iter().for_each(|place| sources.hide_what_is_fixed(place));
        problems.extend(shape::check(&root, &schema()));
        let file = decode::decode::<file::File>(&root);
        let file = file.map_err(|error| {
            if problems.is_empty() {
                problems.push(undecodable(error))
            }
        });
        let mut file = file.ok()?;
        complete::complete(&mut file, overrides, fallback_seed);
        scale::scale(&mut file, overrides, sources, problems);
        let acquirers = acquirer::of_groups(&mut file, &root, sources, read, problems);
        let racks = rack::of_groups(&file, &root, sources, read, problems);
        let context = compile::Context { overrides, sources, acquirers: &acquirers, racks: &racks, read };
        compile::compile(&mut file, &root, &context, problems)
    }

    fn result<T>(self, read: Option<T>) -> Result<T, Diagnostics> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(Diagnostics::new(self.sources.all, self.problems)),
        }
    }
}

fn read_file(path: &Path) -> Result<(String, String), Diagnostics> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(unreadable(&name, &error)),
    }
}

fn no_files(_: &str) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::NotFound.into())
}

/// The bytes of a file as text.
fn text_of(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn undecodable(error: decode::DecodeError) -> Problem {
    Problem::new(error.span.unwrap_or_default(), error.message)
}

fn unreadable(name: &str, error: &io::Error) -> Diagnostics {
    let source = Source { name: name.to_owned(), text: String::new() };
    Diagnostics::new(
        vec![source],
        vec![Problem::new(Span::default(), format!("cannot read the file: {error}"))],
    )
}

/// What rules stand in when they stand alone.
const AROUND_RULES: &str = "
schema: 1
name: rules
terminals: { none: { count: 1 } }
scenarios: { none: { flow: sign-in, executor: per-terminal-iterations } }
";
