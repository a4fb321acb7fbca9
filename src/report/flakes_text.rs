//! Flake statistics for people: two tables, those that flake most first.

use super::{
    figures::{count, share},
    flakes::{FlakeCounts, Flakes},
    table::Table,
    text::plural,
};
use std::collections::BTreeMap;

/// Flake statistics as people read them, on a screen of so many columns.
pub fn flakes_text(flakes: &Flakes, width: usize) -> String {
    let head = plural(flakes.runs, "run");
    let mut lines = vec![format!("{head} with cases")];
    for (name, counts) in [("Devices", &flakes.devices), ("Cases", &flakes.cases)] {
        lines.push(String::new());
        lines.extend(table(name, counts).lines(width));
    }
    lines.join("\n")
}

fn table(name: &str, counts: &BTreeMap<String, FlakeCounts>) -> Table {
    let head = [name, "results", "passed", "flaky", "device", "infra", "scenario", "skipped", "flake rate"];
    let mut table = Table::new(&head);
    let mut rows: Vec<(&String, &FlakeCounts)> = counts.iter().collect();
    rows.sort_by(|(_, one), (_, other)| other.flake_rate().total_cmp(&one.flake_rate()));
    for (name, of) in rows {
        let counts = [
            of.results,
            of.passed,
            of.flaky,
            of.failed_device,
            of.failed_infrastructure,
            of.failed_scenario,
            of.skipped,
        ];
        let shown: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let cells = std::iter::once(format!("  {shown}")).chain(counts.map(count));
        table.push(cells.chain([share(of.flaky, of.results)]).collect());
    }
    table
}
