//! `posfleet devices`: the terminals of a lab – what is plugged in, whether all can be had, who they are; or pretended.

use super::{
    Exit, Format, complain,
    flakes::{FlakesArguments, flakes},
    print, print_json,
    scenario::{load_plain, tell},
};
use crate::{
    driver::{
        Clock, raise_descriptor_limit,
        serial::{Device, DeviceError, Inner, Leases, Locator, Place, Plugged, Pretended, Recorders, Setup},
    },
    ecr::{Answer, Verdict},
    engine::inner_terminals,
    rack::{self, FailureClass, Rack},
    scenario::load_rack,
    terminal::Terminal,
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{collections::HashMap, io, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};

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
    Flakes(FlakesArguments),
    /// Pretends the terminals of a rack that have a `sim:` port, or a `tcp:` port on this machine.
    Simulate(SimulateArguments),
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

pub(super) fn devices(arguments: &DevicesArguments) -> ExitCode {
    let done = match &arguments.command {
        DevicesCommand::List { rack: None, format } => Ok(list_ports(*format)),
        DevicesCommand::List { rack: Some(rack), format } => load(rack).map(|rack| list_rack(&rack, *format)),
        DevicesCommand::Check(arguments) => reach(arguments, Question::Open),
        DevicesCommand::Identify(arguments) => reach(arguments, Question::Identity),
        DevicesCommand::Flakes(arguments) => Ok(flakes(arguments)),
        DevicesCommand::Simulate(arguments) => simulate(arguments),
    };
    done.unwrap_or_else(|exit| exit).into()
}

fn load(path: &std::path::Path) -> Result<Rack, Exit> {
    load_rack(path).map_err(|diagnostics| {
        tell(&diagnostics, Format::Human);
        Exit::BadConfiguration
    })
}

fn list_ports(format: Format) -> Exit {
    let ports = Plugged::all();
    match format {
        Format::Json => drop(print_json(&ports.iter().map(port_json).collect::<Vec<_>>())),
        Format::Human if ports.is_empty() => print("no serial port is plugged in"),
        Format::Human => ports.iter().for_each(|port| print(&port_line(port))),
    }
    Exit::Pass
}

fn port_line(port: &Plugged) -> String {
    let mut line = port.path.display().to_string();
    if let Some(usb) = &port.usb {
        let serial = usb.serial.as_ref().map(|serial| format!(":{serial}")).unwrap_or_default();
        line += &format!("  usb:{:04x}:{:04x}{serial}  location:{}", usb.vendor, usb.product, usb.location);
        line += &usb.name.as_ref().map(|name| format!("  {name}")).unwrap_or_default();
        if let Some(latency) = usb.latency_ms.filter(|latency| *latency > 1) {
            line += &format!("  holds bytes for {latency} ms");
        }
    }
    port.links.iter().fold(line, |line, link| format!("{line}\n  {}", link.display()))
}

fn port_json(port: &Plugged) -> Value {
    let usb = port.usb.as_ref().map(|usb| {
        json!({
            "vendor": format!("{:04x}", usb.vendor),
            "product": format!("{:04x}", usb.product),
            "serial": usb.serial,
            "location": usb.location,
            "name": usb.name,
            "latency_ms": usb.latency_ms,
        })
    });
    json!({ "path": port.path, "usb": usb, "links": port.links })
}

/// One line of a rack's list: where the port is, and who has it.
fn list_rack(rack: &Rack, format: Format) -> Exit {
    let (locator, leases) = (Locator::new(&rack.sim_folder), Leases::of_user(OWNER));
    let rows: Vec<Value> = rack.devices.iter().map(|device| row(device, &locator, &leases)).collect();
    match format {
        Format::Json => drop(print_json(&rows)),
        Format::Human => rows.iter().for_each(|row| {
            let shown = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let lease =
                if row["lease"].is_null() { String::new() } else { format!("  held by {}", shown("lease")) };
            let line = format!(
                "{:16} {:9} {}  {}{lease}",
                shown("id"),
                shown("driver"),
                shown("port"),
                shown("state")
            );
            print(line.trim_end());
        }),
    }
    Exit::Pass
}

fn row(device: &rack::Device, locator: &Locator, leases: &Leases) -> Value {
    let place = locator.locate(&device.port);
    let lease = place.as_ref().ok().and_then(|place| leases.holder(&place.lease_name()).ok().flatten());
    let state = match &place {
        _ if !device.is_enabled => "switched off".to_owned(),
        Ok(Place::Serial(path)) if !path.exists() => format!("{} is not there", path.display()),
        Ok(place) => place.to_string(),
        Err(error) => error.to_string(),
    };
    json!({
        "id": device.id,
        "driver": device.speaker.name(),
        "port": device.port.to_string(),
        "line": device.port.is_serial().then(|| device.line.to_string()),
        "state": state,
        "lease": lease.map(|holder| holder.to_string()),
        "features": device.features,
        "labels": device.labels.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "notes": device.notes,
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

/// Asks all devices at once, and tells of each in the order of the file.
fn reach(arguments: &RackArguments, question: Question) -> Result<Exit, Exit> {
    let rack = load(&arguments.rack)?;
    let chosen = chosen(&rack, &arguments.device)?;
    let setup = setup(&rack, arguments)?;
    let within = Duration::from_secs(arguments.within);
    let mut results = runtime()?.block_on(async {
        let mut asking = JoinSet::new();
        for (place, device) in chosen.iter().enumerate() {
            let device = Device::new(device, &setup);
            asking.spawn(async move { (place, ask(device, question, within).await) });
        }
        asking.join_all().await
    });
    results.sort_by_key(|(place, _)| *place);
    let results = chosen.into_iter().zip(results.into_iter().map(|(_, result)| result));
    Ok(report(results.collect(), question, arguments.format))
}

async fn ask(
    mut device: Device,
    question: Question,
    within: Duration,
) -> Result<Option<Answer>, DeviceError> {
    let answer = match question {
        Question::Open => device.probe().await.map(|()| None),
        Question::Identity => device.identify(within).await.map(Some),
    };
    device.release().await;
    answer
}

fn chosen<'r>(rack: &'r Rack, ids: &[String]) -> Result<Vec<&'r rack::Device>, Exit> {
    if let Some(unknown) = ids.iter().find(|id| !rack.devices.iter().any(|device| device.id == **id)) {
        complain(format_args!("the rack has no device `{unknown}`"));
        return Err(Exit::Usage);
    }
    let is_chosen =
        |device: &&rack::Device| if ids.is_empty() { device.is_enabled } else { ids.contains(&device.id) };
    Ok(rack.devices.iter().filter(is_chosen).collect())
}

fn setup(rack: &Rack, arguments: &RackArguments) -> Result<Arc<Setup>, Exit> {
    let recorders = arguments.trace.as_deref().map(Recorders::at).transpose().map_err(failed)?;
    Ok(Arc::new(Setup {
        clock: Clock::start(),
        locator: Locator::new(&rack.sim_folder),
        leases: Leases::of_user(OWNER),
        lease_time: LEASE,
        recorders,
        host: None,
    }))
}

type Reached<'r> = (&'r rack::Device, Result<Option<Answer>, DeviceError>);

fn report(results: Vec<Reached<'_>>, question: Question, format: Format) -> Exit {
    match format {
        Format::Json => drop(print_json(&results.iter().map(result_json).collect::<Vec<_>>())),
        Format::Human => results.iter().for_each(|(device, result)| {
            let told = match result {
                Ok(answer) => told(answer.as_ref()),
                Err(error) => format!("FAILED ({}): {error}", error.class().word()),
            };
            print(&format!("{:16} {told}", device.id));
        }),
    }
    let failed = results.iter().filter_map(|(_, result)| result.as_ref().err());
    let classes: Vec<FailureClass> = failed.map(DeviceError::class).collect();
    match (classes.is_empty(), classes.contains(&FailureClass::Infrastructure), question) {
        (true, ..) => Exit::Pass,
        (_, true, _) => Exit::Failed,
        _ => Exit::CheckFailed,
    }
}

fn told(answer: Option<&Answer>) -> String {
    match answer {
        None => "the port opens".to_owned(),
        Some(answer) if answer.verdict == Verdict::Unsupported => {
            "its protocol has no question for that".to_owned()
        }
        Some(answer) if answer.terminal.0.is_empty() => "answers, and tells no terminal id".to_owned(),
        Some(answer) => format!("terminal {}", answer.terminal.0.escape_ascii()),
    }
}

fn result_json((device, result): &Reached<'_>) -> Value {
    let text = |bytes: &[u8]| (!bytes.is_empty()).then(|| bytes.escape_ascii().to_string());
    let answer = result.as_ref().ok().and_then(Option::as_ref);
    json!({
        "id": device.id,
        "ok": result.is_ok(),
        "terminal": answer.and_then(|answer| text(&answer.terminal.0)),
        "serial_number": answer.and_then(|answer| text(&answer.serial_number.0)),
        "class": result.as_ref().err().map(|error| error.class().word()),
        "error": result.as_ref().err().map(ToString::to_string),
    })
}

/// Pretends terminals until a signal comes.
fn simulate(arguments: &SimulateArguments) -> Result<Exit, Exit> {
    let mut rack = load(&arguments.rack)?;
    rack.seed = arguments.seed.unwrap_or(rack.seed);
    raise_descriptor_limit();
    let inside = |path| virtual_terminals(path, &rack);
    let inner = arguments.scenario.as_deref().map(inside).transpose()?.unwrap_or_default();
    runtime()?.block_on(serve(&rack, inner, &arguments.host))
}

/// The terminals of a scenario by the names of the devices that have them inside, each with the cards of the host.
///
/// A scenario that names the devices says which is which; terminals that are virtual there go into the first devices
/// that have none.
fn virtual_terminals(path: &std::path::Path, rack: &Rack) -> Result<HashMap<String, Inner>, Exit> {
    let plan = load_plain(path).map_err(|diagnostics| {
        tell(&diagnostics, Format::Human);
        Exit::BadConfiguration
    })?;
    let mut inner = inner_terminals(&plan);
    let virtual_ones = plan.groups.iter().filter(|group| group.devices.is_none());
    let mut others = virtual_ones.flat_map(|group| group.identities.iter().map(move |one| (group, one)));
    for device in rack.devices.iter().filter(|device| device.is_enabled) {
        if !inner.contains_key(&device.id)
            && let Some((group, one)) = others.next()
        {
            let terminal = Terminal::new(one.terminal, one.merchant, one.tmk.clone(), &group.profile, false);
            let (profile, cards) = (Arc::clone(&group.profile), Arc::clone(&plan.host.cards));
            inner.insert(device.id.clone(), Inner::new(one.terminal.to_string(), terminal, profile, cards));
        }
    }
    Ok(inner)
}

async fn serve(rack: &Rack, inner: HashMap<String, Inner>, host: &str) -> Result<Exit, Exit> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let pretended = Pretended::start_with(rack, Clock::start(), inner, host).await.map_err(failed)?;
    let count = pretended.ids().count();
    eprintln!("devices: {count} terminals pretended in {}; Ctrl-C stops", rack.sim_folder.display());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    for (id, tally) in pretended.finish().await {
        let (booked, reversed) = (tally.booked(), tally.reversed);
        eprintln!(
            "{id}: {} requests, {booked} booked, {reversed} reversed, {} faults",
            tally.asked, tally.faults
        );
    }
    Ok(Exit::Pass)
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
