//! What benches of whole runs share: plans from text, and bars.

mod bar;

pub use bar::bar;

use posfleet::scenario::{self, Overrides, Plan};
use std::io;

/// The plan of a scenario that is right.
pub fn plan(text: &str) -> Plan {
    let no_files = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    scenario::load(text, "bench", &Overrides::default(), 1, &no_files)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

/// The arguments of a bench, without what cargo adds.
pub fn arguments() -> Vec<String> {
    std::env::args().skip(1).filter(|argument| argument != "--bench").collect()
}

/// The number that follows `name` in the arguments.
pub fn option(name: &str) -> Option<f64> {
    let arguments = arguments();
    let place = arguments.iter().position(|argument| argument == name)?;
    arguments.get(place + 1).and_then(|value| value.parse().ok())
}
