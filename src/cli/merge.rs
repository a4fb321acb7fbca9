//! `posfleet merge`: several results folders as one.

use super::{Exit, Format, complain, print, print_json};
use crate::report::{self, Archive, Look};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    /// The folder to write, which must be new or empty.
    out: PathBuf,
    /// The results folders of runs of one plan.
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// How the summary of all is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Exits with the verdict of all runs together.
pub(super) fn merge(arguments: &MergeArguments) -> ExitCode {
    let archives = arguments.results.iter().map(|path| Archive::open(path)).collect::<Result<Vec<_>, _>>();
    let merged =
        archives.map_err(report::MergeError::from).and_then(|all| report::merge(&arguments.out, &all));
    match merged {
        Ok(summary) => {
            match arguments.format {
                Format::Json => drop(print_json(&summary)),
                Format::Human => {
                    print(&report::summary_text(&summary, Some(&arguments.out), Look::default()))
                }
            }
            ExitCode::from(summary.exit_code)
        }
        Err(error @ (report::MergeError::Archive(_) | report::MergeError::DoesNotFit { .. })) => {
            complain(error);
            Exit::BadConfiguration.into()
        }
        Err(error) => {
            complain(error);
            Exit::Failed.into()
        }
    }
}
