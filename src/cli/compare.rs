//! `posfleet compare`: runs held against a base, and the exit code a CI job gates on.

use super::{Exit, complain, note, print, print_json, progress};
use crate::report::{self, Archive, Comparison, Look, Meter, RunName};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// Results folders: the first is the base, the others are held against it; with --baseline all are. With --against
    /// all of these are the base.
    #[arg(required_unless_present = "against")]
    results: Vec<PathBuf>,
    /// Results folders that are held against the base all together: several runs of each side are pooled.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    against: Vec<PathBuf>,
    /// Takes the baseline of this name as the base.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Keeps the last of the runs as the baseline of this name.
    #[arg(long, value_name = "NAME")]
    save_baseline: Option<String>,
    /// Where baselines are kept.
    #[arg(long, value_name = "DIR", default_value = "results/baselines")]
    baselines: PathBuf,
    /// Exits with 98 when a run is surely slower or fails surely more often than the base by more than this.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_on_regression: Option<f64>,
    /// Compares runs of different plans.
    #[arg(long)]
    force: bool,
    /// How the comparison is printed.
    #[arg(long, value_enum, default_value_t)]
    format: ComparisonFormat,
}

/// How a comparison is printed.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ComparisonFormat {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
    /// For a job's page or a comment on a change.
    Markdown,
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
    let (base, run) = sides(arguments)?;
    let comparisons = progress::shown("comparing", |meter| {
        let base = open_all(&base, meter)?;
        let runs = open_all(&run, meter)?;
        hold(arguments, &base, &runs)
    })?;
    let other_plan = comparisons.iter().find(|comparison| !comparison.plan_differences.is_empty());
    if let Some(other) = other_plan.filter(|_| !arguments.force) {
        let text = format!(
            "{} ran another plan than {}:\n  {}\ncompare them all the same with --force",
            folders(&other.run),
            folders(&other.base),
            other.plan_differences.join("\n  ")
        );
        return Err((Exit::BadConfiguration, text));
    }
    show(arguments, &comparisons);
    Ok(verdict(arguments, &comparisons))
}

/// The folders of the base, and those that are held against it.
fn sides(arguments: &CompareArguments) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Refused> {
    let mut base = Vec::new();
    if let Some(name) = &arguments.baseline {
        let path = report::baseline_path(&arguments.baselines, name);
        base.push(path.map_err(|error| (Exit::Usage, error.to_string()))?);
    }
    let mut results = arguments.results.clone();
    let mut runs = arguments.against.clone();
    if runs.is_empty() {
        let firsts = usize::from(base.is_empty()).min(results.len());
        base.extend(results.drain(..firsts));
        runs = results;
    } else {
        base.append(&mut results);
    }
    let is_alone = base.is_empty() || runs.is_empty();
    if is_alone && (arguments.save_baseline.is_none() || !arguments.against.is_empty()) {
        let text = "there is nothing to compare with; name another folder or a --baseline";
        return Err((Exit::Usage, text.to_owned()));
    }
    Ok((base, runs))
}

/// Each run on its own, or all of them together.
fn hold(
    arguments: &CompareArguments,
    base: &[Archive],
    runs: &[Archive],
) -> Result<Vec<Comparison>, Refused> {
    let base: Vec<&Archive> = base.iter().collect();
    let runs: Vec<&Archive> = runs.iter().collect();
    let at_once = if arguments.against.is_empty() { 1 } else { runs.len() };
    let all = runs.chunks(at_once.max(1)).map(|runs| report::compare(&base, runs).map_err(unreadable));
    all.collect()
}

fn folders(names: &[RunName]) -> String {
    names.iter().map(|name| name.folder.as_str()).collect::<Vec<_>>().join(", ")
}

fn open_all(paths: &[PathBuf], meter: &Meter) -> Result<Vec<Archive>, Refused> {
    paths.iter().map(|path| Archive::open_metered(path, meter).map_err(unreadable)).collect()
}

fn unreadable(error: report::ArchiveError) -> Refused {
    (Exit::BadConfiguration, error.to_string())
}

fn show(arguments: &CompareArguments, comparisons: &[Comparison]) {
    let look = Look { width: WIDTH, colour: false };
    match arguments.format {
        ComparisonFormat::Json => drop(print_json(&comparisons)),
        ComparisonFormat::Human => {
            comparisons.iter().for_each(|one| print(&report::comparison_text(one, look)));
        }
        ComparisonFormat::Markdown => {
            let tolerance = arguments.fail_on_regression;
            comparisons.iter().for_each(|one| print(&report::comparison_markdown(one, tolerance)));
        }
    }
}

fn verdict(arguments: &CompareArguments, comparisons: &[Comparison]) -> Exit {
    let Some(tolerance) = arguments.fail_on_regression else { return Exit::Pass };
    let mut exit = Exit::Pass;
    for comparison in comparisons {
        for regression in comparison.regressions(tolerance) {
            let (run, base) = (folders(&comparison.run), folders(&comparison.base));
            complain(format!("{run} is worse than {base}: {regression}"));
            exit = Exit::Regression;
        }
    }
    exit
}

fn saved(arguments: &CompareArguments) -> Result<(), Refused> {
    let last = arguments.against.last().or(arguments.results.last());
    let (Some(name), Some(last)) = (&arguments.save_baseline, last) else { return Ok(()) };
    let last = Archive::open(last).map_err(unreadable)?;
    let path = report::save_baseline(&arguments.baselines, name, &last);
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
