//! `posfleet report`: one HTML file that shows a results folder, made without a network and read without one.

use super::{Exit, complain, note, progress};
use crate::report::{self, Archive};
use clap::Args;
use std::{fs, path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// The results folder of a run, whether it ended or not.
    results: PathBuf,
    /// Writes the report to this file [default: report.html in the results folder].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn report(arguments: &ReportArguments) -> ExitCode {
    let page = progress::shown("drawing the report", |meter| {
        Archive::open_metered(&arguments.results, meter).and_then(|archive| report::html_report(&archive))
    });
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            complain(error);
            return Exit::BadConfiguration.into();
        }
    };
    let out = arguments.out.clone().unwrap_or_else(|| arguments.results.join("report.html"));
    if let Err(error) = fs::write(&out, page) {
        complain(format!("cannot write {}: {error}; name another file with --out", out.display()));
        return Exit::Failed.into();
    }
    note(format!("the report is in {}", out.display()));
    Exit::Pass.into()
}
