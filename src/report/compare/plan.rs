//! Whether two runs had the same plan: their effective scenarios, section by section.
//!
//! The effective scenario is written by this program, so a section is what lies between two lines that are not
//! indented; no reader of YAML is needed to hold two of them against each other.

use std::collections::{BTreeMap, BTreeSet};

/// What differs between two effective scenarios, one sentence a section; empty when they are the same plan.
///
/// Seeds, names of targets' addresses, descriptions and thresholds do not make another plan.
pub(in crate::report) fn plan_differences(base: Option<&str>, run: Option<&str>) -> Vec<String> {
    let (Some(base), Some(run)) = (base, run) else {
        return vec!["scenario.yaml is missing, so nobody knows whether the plans are the same".to_owned()];
    };
    let (base, run) = (sections(base), sections(run));
    let names: BTreeSet<&str> = base.keys().chain(run.keys()).copied().collect();
    names.into_iter().filter_map(|name| section(name, base.get(name), run.get(name))).collect()
}

fn section(name: &str, base: Option<&Vec<&str>>, run: Option<&Vec<&str>>) -> Option<String> {
    match (base, run) {
        (Some(base), Some(run)) => {
            let lines = base.len().max(run.len());
            let differing = (0..lines).find(|&line| base.get(line) != run.get(line))?;
            let line =
                |side: &Vec<&str>| side.get(differing).map_or("nothing", |line| line.trim()).to_owned();
            Some(format!("{name}: `{}` / `{}`", line(base), line(run)))
        }
        (Some(_), None) => Some(format!("{name}: only the base has it")),
        _ => Some(format!("{name}: only the run has it")),
    }
}

/// The lines of each section that matters, by its key.
fn sections(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut key = "";
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if !line.starts_with([' ', '-', '#', '}', ']']) {
            key = line.split(':').next().unwrap_or_default();
        }
        if !IGNORED.contains(&key) {
            sections.entry(key).or_default().push(line);
        }
    }
    sections
}

/// What may differ between runs of the same plan.
const IGNORED: [&str; 7] = ["seed", "targets", "target", "description", "thresholds", "environments", "name"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_targets_and_thresholds_may_differ() {
        let base = "name: day\nseed: 1\ntargets:\n  host: a:1\nflows:\n  sell: 1\nthresholds:\n  a:\n  - b\n";
        let run = "name: day\nseed: 2\ntargets:\n  host: b:2\nflows:\n  sell: 1\n";
        assert_eq!(plan_differences(Some(base), Some(run)), [""; 0]);
    }

    #[test]
    fn what_differs_is_told_with_both_lines() {
        let base = "scenarios:\n  day:\n    rate: 200\nhost:\n  ledger: memory\n";
        let run = "scenarios:\n  day:\n    rate: 400\nfleet:\n  x: 1\n";
        assert_eq!(
            plan_differences(Some(base), Some(run)),
            [
                "fleet: only the run has it",
                "host: only the base has it",
                "scenarios: `rate: 200` / `rate: 400`"
            ]
        );
        let more = "scenarios:\n  day:\n    rate: 200\n    x: 1\nhost:\n  ledger: memory\n";
        assert_eq!(plan_differences(Some(base), Some(more)), ["scenarios: `nothing` / `x: 1`"]);
        assert_eq!(plan_differences(None, Some(run)).len(), 1);
    }
}
