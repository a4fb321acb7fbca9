//! `posfleet reconcile`: the journals of a results folder against the statement of a host.

use super::{Exit, Format, complain, print, print_json, progress, scenario::tell};
use crate::{
    metrics::{MismatchSummary, ReconciliationSummary},
    reconcile::{Findings, Mapping},
    report, scenario,
};
use clap::Args;
use serde::Serialize;
use std::{num::NonZero, path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct ReconcileArguments {
    /// The results folder of a run.
    results: PathBuf,
    /// The statement of a host, CSV or JSON [default: journal/host.csv of the results folder].
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// Says what the columns and words of the statement mean.
    #[arg(long, value_name = "FILE", requires = "statement")]
    mapping: Option<PathBuf>,
    /// Prints all mismatches, not only the first 50.
    #[arg(long)]
    all: bool,
    /// Compares in so many parts, of which memory holds one [default: by the size of the files].
    #[arg(long, value_name = "N")]
    parts: Option<NonZero<usize>>,
    /// How the findings are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn reconcile(arguments: &ReconcileArguments) -> ExitCode {
    let mapping = match arguments.mapping.as_deref().map(scenario::load_mapping) {
        None => Mapping::default(),
        Some(Ok(mapping)) => mapping,
        Some(Err(diagnostics)) => {
            tell(&diagnostics, arguments.format);
            return Exit::BadConfiguration.into();
        }
    };
    let own = || arguments.results.join("journal/host.csv");
    let statement = arguments.statement.clone().unwrap_or_else(own);
    if arguments.statement.is_none() && !statement.exists() {
        complain(format!(
            "{} is not there: the host of that run was not ours, or the run was cut short; name a statement with --statement",
            statement.display()
        ));
        return Exit::BadConfiguration.into();
    }
    let found = progress::shown("reconciling", |meter| {
        report::reconcile_files(&arguments.results, &statement, &mapping, arguments.parts, meter)
    });
    match found {
        Ok(findings) => show(&findings, arguments),
        Err(error @ report::ReconcileError::Scratch { .. }) => {
            complain(error);
            Exit::Failed.into()
        }
        Err(error) => {
            complain(error);
            Exit::BadConfiguration.into()
        }
    }
}

fn show(findings: &Findings, arguments: &ReconcileArguments) -> ExitCode {
    let shown = if arguments.all { usize::MAX } else { SHOWN };
    let mismatches = findings.mismatches.iter().take(shown).map(MismatchSummary::from).collect();
    match arguments.format {
        Format::Json => drop(print_json(&Printed { reconciliation: findings.summary, mismatches })),
        Format::Human => print(&report::findings_text(&findings.summary, &mismatches)),
    }
    if findings.mismatches.is_empty() { Exit::Pass.into() } else { Exit::CheckFailed.into() }
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Printed {
    reconciliation: ReconciliationSummary,
    mismatches: Vec<MismatchSummary>,
}

const SHOWN: usize = 50;
