//! `posfleet devices`: the terminals of a lab – what is plugged in, whether all can be had, who they are; or pretended.

mod flakes;
mod hands;
mod list;
mod reach;
mod simulate;

use super::{Exit, Format, complain, scenario::tell};
use crate::{
    driver::{
        Clock,
        serial::{Leases, Lever, Locator, Recorders, Setup},
    },
    rack::{self, Rack},
    scenario::load_rack,
};
use clap::{Args, Subcommand};
use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::runtime::Runtime;

#[derive(Debug, Args)]
pub(super) struct DevicesArguments {
    #[command(subcommand)]
    command: DevicesCommand,
}

#[derive(Debug, Subcommand)]
enum DevicesCommand {
    /// Shows the serial ports of this machine, or where the ports of a rack lead and who has them.
    List {
        /// The rack file.
        rack: Option<PathBuf>,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Leases and opens every port of a rack once.
    Check(RackArguments),
    /// Asks every terminal of a rack who it is; nothing that moves money is sent.
    Identify(RackArguments),
    /// Counts what the cases of many runs came to, by device and by case.
    Flakes(flakes::FlakesArguments),
    /// Pretends the terminals of a rack that have a `sim:` port, or a `tcp:` port on this machine.
    Simulate(SimulateArguments),
    /// Pulls the plug of a terminal that `simulate` pretends: its port vanishes.
    Unplug(PlugArguments),
    /// Puts the plug of a terminal that `simulate` pretends in again: its port comes back.
    Plug(PlugArguments),
    /// Switches a terminal off and on as its rack says, proves that its port went and came back, and asks who is there.
    PowerCycle(HandArguments),
    /// Has a card put into a terminal as its rack says: by a person at this console, a program or a robot.
    Card(CardArguments),
}

#[derive(Debug, Args)]
struct RackArguments {
    /// The rack file.
    rack: PathBuf,
    /// Only the device of this id; may be repeated.
    #[arg(long, value_name = "ID")]
    device: Vec<String>,
    /// Records every byte of the lines in this directory, card data hidden.
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
    /// How long one device may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    within: u64,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct SimulateArguments {
    /// The rack file.
    rack: PathBuf,
    /// Takes all chance from this number instead of that of the file.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Takes virtual terminals, keys and cards from this scenario: what a register asks for is done at a host.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Where that host is; devices with `relay` have the register carry their messages to it.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8583", requires = "scenario")]
    host: String,
}

#[derive(Debug, Args)]
struct PlugArguments {
    /// The rack file.
    rack: PathBuf,
    /// The id of the device.
    device: String,
}

#[derive(Debug, Args)]
struct HandArguments {
    /// The rack file.
    rack: PathBuf,
    /// The id of the device.
    device: String,
    /// How long an answer may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    within: u64,
}

#[derive(Debug, Args)]
struct CardArguments {
    #[command(flatten)]
    hand: HandArguments,
    /// The card, in the lab's own words.
    card: String,
}

pub(super) fn devices(arguments: &DevicesArguments) -> ExitCode {
    let done = match &arguments.command {
        DevicesCommand::List { rack: None, format } => Ok(list::list_ports(*format)),
        DevicesCommand::List { rack: Some(rack), format } => {
            load(rack).map(|rack| list::list_rack(&rack, *format))
        }
        DevicesCommand::Check(arguments) => reach::reach(arguments, Question::Open),
        DevicesCommand::Identify(arguments) => reach::reach(arguments, Question::Identity),
        DevicesCommand::Flakes(arguments) => Ok(flakes::flakes(arguments)),
        DevicesCommand::Simulate(arguments) => simulate::simulate(arguments),
        DevicesCommand::Unplug(arguments) => simulate::lever(arguments, Lever::Unplug),
        DevicesCommand::Plug(arguments) => simulate::lever(arguments, Lever::Plug),
        DevicesCommand::PowerCycle(arguments) => hands::power_cycle(arguments),
        DevicesCommand::Card(arguments) => hands::card(arguments),
    };
    done.unwrap_or_else(|exit| exit).into()
}

fn load(path: &Path) -> Result<Rack, Exit> {
    load_rack(path).map_err(|diagnostics| {
        tell(&diagnostics, Format::Human);
        Exit::BadConfiguration
    })
}

/// What is to be learned of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// Whether its port can be had.
    Open,
    /// Who it is.
    Identity,
}

/// The device of this id.
fn one<'r>(rack: &'r Rack, id: &str) -> Result<&'r rack::Device, Exit> {
    rack.devices.iter().find(|device| device.id == id).ok_or_else(|| {
        complain(format_args!("the rack has no device `{id}`"));
        Exit::Usage
    })
}

fn setup(rack: &Rack, trace: Option<&Path>) -> Result<Arc<Setup>, Exit> {
    let recorders = trace.map(Recorders::at).transpose().map_err(failed)?;
    Ok(Arc::new(Setup {
        clock: Clock::start(),
        locator: Locator::new(&rack.sim_folder),
        leases: Leases::of_user(OWNER),
        lease_time: LEASE,
        recorders,
        host: None,
    }))
}

fn runtime() -> Result<Runtime, Exit> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error: io::Error| failed(error))
}

fn failed(error: impl std::fmt::Display) -> Exit {
    complain(error);
    Exit::Failed
}

/// The name on leases.
const OWNER: &str = "posfleet devices";
/// So long a command may have a port.
const LEASE: Duration = Duration::from_secs(600);
