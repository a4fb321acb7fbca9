//! `posfleet devices flakes`: what cases came to over many runs, by device and by case.

use crate::cli::{Exit, Format, complain, note, print, print_json, progress};
use crate::report::{self, Archive, ArchiveError, Flakes, Meter, flakes_text};
use clap::Args;
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Debug, Args)]
pub(super) struct FlakesArguments {
    /// The results folders of runs with cases.
    #[arg(required = true, value_name = "DIR")]
    results: Vec<PathBuf>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn flakes(arguments: &FlakesArguments) -> Exit {
    let (flakes, without) = match progress::shown("reading", |meter| added_up(&arguments.results, meter)) {
        Ok(found) => found,
        Err(error) => {
            complain(error);
            return Exit::BadConfiguration;
        }
    };
    without.iter().for_each(|path| note(format!("{}: no summary with cases", path.display())));
    if flakes.runs == 0 {
        complain("none of these runs had cases");
        return Exit::BadConfiguration;
    }
    match arguments.format {
        Format::Human => print(&flakes_text(&flakes, COLUMNS)),
        Format::Json => drop(print_json(&with_rates(&flakes))),
    }
    Exit::Pass
}

/// The cases of all runs, and which of them had none.
fn added_up(results: &[PathBuf], meter: &Meter) -> Result<(Flakes, Vec<PathBuf>), ArchiveError> {
    let (mut flakes, mut without) = (Flakes::default(), Vec::new());
    meter.expect(results.len() as u64);
    for path in results {
        if !flakes.add(&Archive::open(path)?) {
            without.push(path.clone());
        }
        meter.advance(1);
    }
    Ok((flakes, without))
}

/// The counts with the rates that follow from them.
fn with_rates(flakes: &Flakes) -> serde_json::Value {
    let rated = |counts: &BTreeMap<String, report::FlakeCounts>| {
        let rated = counts.iter().map(|(name, counts)| {
            let mut value = json!(counts);
            value["flake_rate"] = json!(counts.flake_rate());
            (name.clone(), value)
        });
        serde_json::Value::Object(rated.collect())
    };
    json!({ "runs": flakes.runs, "devices": rated(&flakes.devices), "cases": rated(&flakes.cases) })
}

const COLUMNS: usize = 110;
