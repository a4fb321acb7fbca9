//! `posfleet compare`: runs held against a base, and the exit code a CI job gates on.

use super::{Exit, Format, complain, note, print, print_json};
use crate::report::{self, Archive, Comparison, Look};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// Results folders: the first is the base, the others are held against it; with --baseline all are.
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// Takes the baseline of this name as the base.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Keeps the last of the runs as the baseline of this name.
    #[arg(long, value_name = "NAME")]
    save_baseline: Option<String>,
    /// Where baselines are kept.
    #[arg(long, value_name = "DIR", default_value = "results/baselines")]
    baselines: PathBuf,
    /// Exits with 98 when a run is slower or fails more often than the base by more than this, and not by chance.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_on_regression: Option<f64>,
    /// Compares runs of different plans.
    #[arg(long)]
    force: bool,
    /// How the comparison is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn compare(arguments: &CompareArguments) -> ExitCode {
    let exit = compared(arguments).and_then(|exit| saved(arguments).map(|()| exit));
    exit.unwrap_or_else(|(exit, text)| {
        complain(text);
        exit
    })
    .into()
}

type Refused = (Exit, String);

fn compared(arguments: &CompareArguments) -> Result<Exit, Refused> {
    let mut folders = arguments.results.clone();
    if let Some(name) = &arguments.baseline {
        let path = report::baseline_path(&arguments.baselines, name)
            .map_err(|error| (Exit::Usage, error.to_string()))?;
        folders.insert(0, path);
    }
    if folders.len() == 1 && arguments.save_baseline.is_none() {
        return Err((
            Exit::Usage,
            "there is nothing to compare with; name another folder or a --baseline".to_owned(),
        ));
    }
    let runs: Vec<Archive> = folders.iter().map(|path| open(path)).collect::<Result<_, _>>()?;
    let Some((base, runs)) = runs.split_first() else { return Ok(Exit::Pass) };
    let comparisons = runs.iter().map(|run| report::compare(base, run).map_err(unreadable));
    let comparisons: Vec<Comparison> = comparisons.collect::<Result<_, _>>()?;
    let other_plan = comparisons.iter().find(|comparison| !comparison.plan_differences.is_empty());
    if let Some(other) = other_plan.filter(|_| !arguments.force) {
        let text = format!(
            "{} ran another plan than {}:\n  {}\ncompare them all the same with --force",
            other.run.folder,
            other.base.folder,
            other.plan_differences.join("\n  ")
        );
        return Err((Exit::BadConfiguration, text));
    }
    show(arguments.format, &comparisons);
    Ok(verdict(arguments, &comparisons))
}

fn open(path: &std::path::Path) -> Result<Archive, Refused> {
    Archive::open(path).map_err(unreadable)
}

fn unreadable(error: report::ArchiveError) -> Refused {
    (Exit::BadConfiguration, error.to_string())
}

fn show(format: Format, comparisons: &[Comparison]) {
    match format {
        Format::Json => drop(print_json(&comparisons)),
        Format::Human => {
            for comparison in comparisons {
                print(&report::comparison_text(comparison, Look { width: WIDTH, colour: false }));
            }
        }
    }
}

fn verdict(arguments: &CompareArguments, comparisons: &[Comparison]) -> Exit {
    let Some(tolerance) = arguments.fail_on_regression else { return Exit::Pass };
    let mut exit = Exit::Pass;
    for comparison in comparisons {
        for regression in comparison.regressions(tolerance) {
            complain(format!(
                "{} is worse than {}: {regression}",
                comparison.run.folder, comparison.base.folder
            ));
            exit = Exit::Regression;
        }
    }
    exit
}

fn saved(arguments: &CompareArguments) -> Result<(), Refused> {
    let (Some(name), Some(last)) = (&arguments.save_baseline, arguments.results.last()) else {
        return Ok(());
    };
    let path = report::save_baseline(&arguments.baselines, name, &open(last)?);
    let path = path.map_err(|error| (Exit::Failed, error.to_string()))?;
    note(format!("the baseline is in {}", path.display()));
    Ok(())
}

/// `5%` or `5` as 0.05.
fn percent(text: &str) -> Result<f64, String> {
    let number: f64 =
        text.trim_end_matches('%').trim().parse().map_err(|_| "expected a percentage such as 5%")?;
    if (0.0..=10_000.0).contains(&number) {
        Ok(number / 100.0)
    } else {
        Err("expected a percentage from 0%".to_owned())
    }
}

const WIDTH: usize = 100;
