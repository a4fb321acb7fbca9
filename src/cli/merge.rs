//! `posfleet merge`: several results folders as one.

use super::{Exit, Format, complain, print, print_json, progress};
use crate::{
    metrics::Summary,
    report::{self, Archive, Look, Meter},
};
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
    match progress::shown("merging", |meter| merged(arguments, meter)) {
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

fn merged(arguments: &MergeArguments, meter: &Meter) -> Result<Summary, report::MergeError> {
    let open = |path: &PathBuf| Archive::open_metered(path, meter);
    let archives: Vec<Archive> = arguments.results.iter().map(open).collect::<Result<_, _>>()?;
    report::merge(&arguments.out, &archives)
}
