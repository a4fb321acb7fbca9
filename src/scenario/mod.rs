//! Scenario files: what is written becomes a [`Plan`], or the list of everything that is wrong with it.
//!
//! ```text
//! text ─ load ─► nodes ─ overlay ─► nodes ─ shape ─► nodes ─ decode ─► File ─ complete, scale ─► File ─ compile ─► Plan
//! ```
//!
//! Only this module knows the file format, and only `load` the YAML library.

mod compile;
mod complete;
mod decode;
mod diagnostic;
mod duration;
mod expansion;
mod file;
mod load;
mod named;
mod node;
mod overlay;
mod plan;
mod scale;
mod schema;
mod shape;
mod step;
mod table;
mod text;

pub use diagnostic::{Diagnostics, Problem, Report, Source};
pub use expansion::{Assumptions, Expansion, GroupExpansion, ScenarioExpansion, StageExpansion, expand};
pub use node::Span;
pub use overlay::Overrides;
pub use plan::{Connection, Group, Identity, Plan, Scenario, Start, Target};
pub use schema::schema;

use std::{fs, io, path::Path};

/// Reads the scenario file at `path`; the files that it names are looked for beside it.
///
/// `fallback_seed` is the seed where neither file nor command line have one.
///
/// # Errors
/// Everything that is wrong with the scenario.
pub fn load_file(path: &Path, overrides: &Overrides, fallback_seed: u64) -> Result<Plan, Diagnostics> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| unreadable(&name, &error))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    load(&text, &name, overrides, fallback_seed, &|file| fs::read_to_string(folder.join(file)))
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
    let mut sources = overlay::Sources::new(name, text);
    let mut problems = Vec::new();
    let result = plan(&mut sources, overrides, fallback_seed, read, &mut problems);
    match result {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(Diagnostics::new(sources.all, problems)),
    }
}

/// Reads a file that a scenario names.
pub type Read<'a> = &'a dyn Fn(&str) -> io::Result<String>;

/// Goes as far as it can, so that all problems are found at once.
fn plan(
    sources: &mut overlay::Sources,
    overrides: &Overrides,
    fallback_seed: u64,
    read: Read<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Plan> {
    let text = sources.all.first().map(|source| source.text.clone())?;
    let mut root = load::parse(0, &text).map_err(|problem| problems.push(*problem)).ok()?;
    let schema = schema();
    overlay::apply(&mut root, overrides, sources, problems);
    root.places_of("tmk").iter().for_each(|place| sources.hide(place));
    problems.extend(shape::check(&root, &schema));
    let file = decode::decode::<file::File>(&root);
    let mut file = file
        .map_err(|error| {
            if problems.is_empty() {
                problems.push(undecodable(error))
            }
        })
        .ok()?;
    complete::complete(&mut file, overrides, fallback_seed);
    scale::scale(&mut file, overrides, sources, problems);
    compile::compile(&mut file, &root, &compile::Context { overrides, sources, read }, problems)
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
