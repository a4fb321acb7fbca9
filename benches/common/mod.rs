//! What benches of whole runs share: plans from text, and bars.

use posfleet::scenario::{self, Overrides, Plan};
use std::io;

/// The plan of a scenario that is right.
pub fn plan(text: &str) -> Plan {
    let no_files = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    scenario::load(text, "bench", &Overrides::default(), 1, &no_files)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

/// Says on a line of its own whether a bar is met; `benches/all` gathers these lines.
pub fn bar(what: &str, value: f64, most: f64) {
    let verdict = if value <= most { "met" } else { "missed" };
    println!("BAR {verdict:6} {what}: {value:.3} (at most {most})");
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
