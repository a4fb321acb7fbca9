//! `posfleet validate` and `expand`, and the arguments with which every command takes a scenario.

use super::{Exit, Format, print, print_json};
use crate::{
    driver::{descriptor_limit, local_ports},
    scenario::{self, Assumptions, Diagnostics, Machine, Overrides, Plan, Time},
};
use clap::Args;
use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

#[derive(Debug, Args)]
pub(super) struct ScenarioArguments {
    /// The scenario file.
    scenario: PathBuf,
    /// Applies the environment of this name.
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Sets a variable of the scenario, or any value by its path: scenarios.ramp.stages.1.target=50.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Sets the address of a target.
    #[arg(long, value_name = "NAME=ADDR", value_parser = pair)]
    target: Vec<(String, String)>,
    /// Scales the fleet to so many terminals.
    #[arg(long, value_name = "N")]
    terminals: Option<u32>,
    /// Scales the run to this time, such as 90s or 5m.
    #[arg(long, value_name = "D", value_parser = time)]
    duration: Option<Duration>,
    /// Scales open scenarios to this peak rate, in iterations per second.
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// Takes all chance from this number; the same seed makes the same transactions.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Adds a condition that decides the verdict, such as `sale.failed: rate < 0.1% over 10s`.
    #[arg(long, value_name = "METRIC: CONDITION")]
    threshold: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ValidateArguments {
    /// Scenario files, profiles of acquirers, and mapping files of statements.
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// How what is wrong is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ExpandArguments {
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Shows the split over so many parts of the fleet.
    #[arg(long, value_name = "N", default_value_t = 1)]
    agents: u32,
    /// How the plan is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl ScenarioArguments {
    /// The plan; what is wrong with it is printed.
    pub(super) fn load(&self) -> Result<Plan, Exit> {
        self.load_as(Format::Human)
    }

    fn load_as(&self, format: Format) -> Result<Plan, Exit> {
        scenario::load_file(&self.scenario, &self.overrides(), random_seed()).map_err(|diagnostics| {
            tell(&diagnostics, format);
            Exit::BadConfiguration
        })
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            environment: self.env.clone(),
            set: self.set.clone(),
            targets: self.target.clone(),
            terminals: self.terminals,
            duration: self.duration,
            rate: self.rate,
            seed: self.seed,
            thresholds: self.threshold.clone(),
            ..Overrides::default()
        }
    }
}

pub(super) fn validate(arguments: &ValidateArguments) -> ExitCode {
    let mut exit = Exit::Pass;
    for path in &arguments.scenarios {
        match scenario::validate_file(path, random_seed()) {
            Ok(valid) => {
                if arguments.format == Format::Human {
                    print(&format!("{}: valid ({valid})", path.display()));
                }
            }
            Err(diagnostics) => {
                tell(&diagnostics, arguments.format);
                exit = Exit::BadConfiguration;
            }
        }
    }
    exit.into()
}

/// Loads a scenario file as it stands.
pub(super) fn load_plain(path: &Path) -> Result<Plan, Diagnostics> {
    scenario::load_file(path, &Overrides::default(), random_seed())
}

pub(super) fn expand(arguments: &ExpandArguments) -> ExitCode {
    let plan = match arguments.scenario.load_as(arguments.format) {
        Ok(plan) => plan,
        Err(exit) => return exit.into(),
    };
    let assumptions =
        Assumptions { shares: arguments.agents, machine: Some(this_machine()), ..Assumptions::default() };
    let expansion = scenario::expand(&plan, assumptions);
    match arguments.format {
        Format::Json => print_json(&expansion),
        Format::Human => {
            print(&expansion.to_string());
            Exit::Pass.into()
        }
    }
}

/// What this machine allows.
fn this_machine() -> Machine {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Machine { descriptors: descriptor_limit(), ports: local_ports(), cores: cores as u64 }
}

/// Tells what a plan asks of this machine that it cannot have.
pub(super) fn warn(plan: &Plan) {
    let assumptions = Assumptions { machine: Some(this_machine()), ..Assumptions::default() };
    scenario::expand(plan, assumptions).shortages.iter().for_each(super::note);
}

/// Prints what is wrong with a scenario.
pub(super) fn tell(diagnostics: &Diagnostics, format: Format) {
    match format {
        Format::Json => drop(print_json(&diagnostics.reports())),
        Format::Human => {
            let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            eprintln!("{}", diagnostics.render(colour));
        }
    }
}

/// A seed for scenarios that have none; it is told in the summary.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(crate::driver::unix_seconds()) % SEED_MAX
}

pub(super) fn time(text: &str) -> Result<Duration, scenario::TimeError> {
    text.parse().map(|Time(time)| time)
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Seeds stay exact in JSON readers that know only doubles.
const SEED_MAX: u64 = 1 << 53;
