//! The command line: what the user typed becomes what the program does, and its verdict an exit code.

mod attach;
mod codec;
mod compare;
mod ctl;
mod devices;
mod host;
mod init;
mod manual;
mod merge;
mod outputs;
mod portal;
mod progress;
mod reconcile;
mod report;
mod rules;
mod run;
mod scenario;
mod screen;
mod stage;
mod watch;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use std::{io, process::ExitCode};

/// Plays a fleet of payment terminals against an acquirer, and proves that no money was lost.
#[derive(Debug, Parser)]
#[command(name = "posfleet", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a commented scenario, profiles and a rack to begin with, for a host and a lab of your own.
    Init(init::InitArguments),
    /// Runs a scenario: live on the terminal, with a results folder in the end.
    Run(Box<run::RunArguments>),
    /// Opens the dashboard on a run that is under way in another program.
    Attach(attach::AttachArguments),
    /// Plays a finished run from its results folder on the dashboard.
    Watch(watch::WatchArguments),
    /// Controls a run under way: pause, rate, scenarios, marks, its end.
    Ctl(ctl::CtlArguments),
    /// Checks files of scenarios, profiles and mappings, and shows everything that is wrong with them.
    Validate(scenario::ValidateArguments),
    /// Shows the effective plan of a scenario: stages, arrivals, split, expected in-flight.
    Expand(scenario::ExpandArguments),
    /// Compares the terminals' journals of a run with what a host has booked.
    Reconcile(reconcile::ReconcileArguments),
    /// Draws a report of a run: one HTML file that needs nothing else.
    Report(report::ReportArguments),
    /// Holds runs against a base: per step and percentile, what differs and what chance explains.
    Compare(compare::CompareArguments),
    /// Puts several results folders together: histograms lossless, thresholds judged anew.
    Merge(merge::MergeArguments),
    /// Runs the simulated acquirer on its own.
    Host(host::HostArguments),
    /// Lists, checks, identifies and pretends the real terminals of a lab.
    Devices(devices::DevicesArguments),
    /// Shows ISO 8583 messages: from digits, files and captures of the network, card data hidden.
    Decode(codec::DecodeArguments),
    /// Writes the bytes of messages that `decode --format json` printed.
    Encode(codec::EncodeArguments),
    /// Prints the JSON Schema of scenario files, profiles, rack files, or summaries of runs, for editors.
    Schema {
        /// Which files.
        #[arg(value_enum, default_value_t)]
        of: SchemaOf,
    },
    /// Prints the manual page, or writes those of all commands into a folder.
    Man(manual::ManArguments),
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// What a schema is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum SchemaOf {
    /// Scenario files.
    #[default]
    Scenario,
    /// Profile files of acquirers.
    Profile,
    /// The file `summary.json` of a results folder.
    Results,
    /// Rack files of labs.
    Rack,
    /// Device profiles of terminals.
    Device,
}

/// The exit codes of the program, beside those of a run's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    Pass = 0,
    /// The command line is wrong.
    Usage = 2,
    /// A run is worse than the one it was held against.
    Regression = 98,
    /// Something that was to be checked does not hold.
    CheckFailed = 99,
    /// The scenario, or something it names, is not valid.
    BadConfiguration = 104,
    /// This machine did not let the run happen: no file, no port, no thread.
    Failed = 107,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Init(arguments) => init::init(&arguments),
        Command::Run(arguments) => run::run(*arguments),
        Command::Attach(arguments) => attach::attach(&arguments),
        Command::Watch(arguments) => watch::watch(&arguments),
        Command::Ctl(arguments) => ctl::ctl(&arguments),
        Command::Validate(arguments) => scenario::validate(&arguments),
        Command::Expand(arguments) => scenario::expand(&arguments),
        Command::Reconcile(arguments) => reconcile::reconcile(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::Compare(arguments) => compare::compare(&arguments),
        Command::Merge(arguments) => merge::merge(&arguments),
        Command::Host(arguments) => host::host(&arguments),
        Command::Devices(arguments) => devices::devices(&arguments),
        Command::Decode(arguments) => codec::decode(&arguments),
        Command::Encode(arguments) => codec::encode(&arguments),
        Command::Schema { of: SchemaOf::Scenario } => print_json(&crate::scenario::schema()),
        Command::Schema { of: SchemaOf::Profile } => print_json(&crate::scenario::profile_schema()),
        Command::Schema { of: SchemaOf::Results } => print_json(&crate::report::summary_schema()),
        Command::Schema { of: SchemaOf::Rack } => print_json(&crate::scenario::rack_schema()),
        Command::Schema { of: SchemaOf::Device } => print_json(&crate::scenario::device_profile_schema()),
        Command::Man(arguments) => manual::man(&arguments, Arguments::command()),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "posfleet", &mut io::stdout());
            Exit::Pass.into()
        }
    }
}

/// Prints a value as JSON; a reader that has gone away is not an error.
fn print_json(value: &impl serde::Serialize) -> ExitCode {
    let text =
        serde_json::to_string_pretty(value).expect("values of ours have string keys and finite numbers");
    print(&text);
    Exit::Pass.into()
}

/// Prints text and a line end; a reader that has gone away is not an error.
fn print(text: &str) {
    use io::Write;
    let _ = writeln!(io::stdout(), "{text}");
}

/// Tells the user what is worth knowing, though nothing went wrong.
fn note(what: impl std::fmt::Display) {
    use io::Write;
    progress::make_way();
    let _ = writeln!(io::stderr(), "note: {what}");
}

/// Tells the user what went wrong.
fn complain(what: impl std::fmt::Display) {
    use io::Write;
    progress::make_way();
    let _ = writeln!(io::stderr(), "error: {what}");
}
