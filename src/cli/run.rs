//! `posfleet run`: a run with its results folder, on the dashboard or headless.

use super::{
    Exit, complain, note,
    outputs::{OutputArguments, Outputs},
    print, print_json,
    scenario::ScenarioArguments,
    screen::{self, ScreenArguments},
};
use crate::{
    control::Source,
    dashboard::{self, Options, Request},
    driver::{
        Clock, Durable, secret,
        serial::{Prompts, attend, typed_lines},
        unix_seconds,
    },
    engine::{self, Control, Observer, Run, Settings},
    metrics::{Phase, Snapshot, Summary},
    report::{self, Folder, Look, Rotation},
    scenario::Plan,
    web::Console,
};
use clap::{Args, ValueEnum};
use std::{
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    num::NonZero,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct RunArguments {
    #[command(flatten)]
    scenario: ScenarioArguments,
    #[command(flatten)]
    outputs: OutputArguments,
    #[command(flatten)]
    screen: ScreenArguments,
    /// Runs without the dashboard, printing a status line every few seconds.
    #[arg(long)]
    headless: bool,
    /// Writes the results into this folder, which must be new or empty [default: results/<time>-<scenario>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Begins new parts of the files in the results folder after this time or size, such as 1h or 256MiB.
    #[arg(long, value_name = "WHEN")]
    rotate: Option<Rotation>,
    /// Prints nothing while running.
    #[arg(long, short)]
    quiet: bool,
    /// How progress and summary are printed.
    #[arg(long, value_enum, default_value_t)]
    format: RunFormat,
    /// Shards that run the fleet [default: one a core].
    #[arg(long, value_name = "N")]
    shards: Option<NonZero<usize>>,
    /// Keeps the books of the run's own host in this directory, which must be new or empty.
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// When those books are on disk: `always` before an answer leaves, or every so often, as in `interval:100ms`.
    #[arg(long, value_name = "WHEN", default_value_t, requires = "ledger")]
    durable: Durable,
    /// Where the run's own host listens: terminals with a line of their own to it are told this address [default: any
    /// free port of this machine].
    #[arg(long, value_name = "ADDR")]
    host: Option<SocketAddr>,
    /// Records every byte of the lines of devices in this directory, card data hidden.
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
    /// How long people have for what they are asked to do at devices, on the console or by `posfleet
    /// ctl`; what needs it is skipped then. 0s asks nobody.
    #[arg(long, value_name = "TIME", value_parser = super::scenario::time, default_value = "60s")]
    operator: Duration,
    /// Where the merchant portal of the run's own host listens, when the scenario has one [default: any free port of
    /// this machine].
    #[arg(long, value_name = "ADDR")]
    portal: Option<SocketAddr>,
    /// Lets the portal listen on an address that other machines reach.
    #[arg(long, requires = "portal")]
    portal_public: bool,
    /// Opens the operator's console beside the portal, and prints the link to it.
    #[arg(long)]
    console: bool,
}

/// How a run tells of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum RunFormat {
    /// For people.
    #[default]
    Human,
    /// For programs: the summary at the end.
    Json,
    /// For programs: a line of JSON every second, and the summary as the last.
    Ndjson,
}

pub(super) fn run(arguments: RunArguments) -> ExitCode {
    if let Some(address) = arguments.portal
        && let Err(error) = super::portal::check(address, arguments.portal_public)
    {
        complain(error);
        return Exit::BadConfiguration.into();
    }
    let options = match arguments.screen.options() {
        Ok(options) => options,
        Err(error) => {
            complain(error);
            return Exit::BadConfiguration.into();
        }
    };
    let plan = match arguments.scenario.load() {
        Ok(plan) => plan,
        Err(exit) => return exit.into(),
    };
    if !arguments.quiet {
        super::scenario::warn(&plan);
    }
    let folder = match folder(&arguments, &plan) {
        Ok(folder) => folder,
        Err(error) => {
            complain(error);
            return Exit::Failed.into();
        }
    };
    let path = folder.path().to_owned();
    let in_results = plan.keeps_ledger.then(|| path.join("ledger"));
    let ledger = arguments.ledger.clone().or(in_results).map(|directory| (directory, arguments.durable));
    let mut settings = Settings { shards: arguments.shards, ledger, ..Settings::default() };
    settings.host_address = arguments.host.unwrap_or(settings.host_address);
    settings.operator = Some(arguments.operator).filter(|time| !time.is_zero());
    settings.device_trace = arguments.trace.clone();
    settings.portal_address = arguments.portal.unwrap_or(settings.portal_address);
    settings.console = arguments.console.then(|| Console { token: secret() });
    let console = settings.console.clone();
    let observer: Box<dyn Observer> = Box::new(folder.rotating(arguments.rotate));
    let run = match engine::start(plan, &settings, observer) {
        Ok(run) => run,
        Err(error) => {
            complain(error);
            return Exit::Failed.into();
        }
    };
    if let Some(address) = run.portal.filter(|_| !arguments.quiet) {
        eprintln!("portal: http://{address}, described at /openapi.json");
    }
    match (console, run.portal) {
        (Some(console), Some(address)) => eprintln!("console: {}", console.url(address)),
        (Some(_), None) => note("this scenario has no portal, and so there is no console"),
        (None, _) => {}
    }
    let outputs = Outputs::start(&arguments.outputs, &run, &path);
    let summary = watch_and_wait(run, &arguments, options, &path);
    outputs.stop();
    match arguments.format {
        RunFormat::Json => drop(print_json(&summary)),
        RunFormat::Ndjson => print(&report::summary_line(&summary)),
        RunFormat::Human => print(&report::summary_text(&summary, Some(&path), look())),
    }
    ExitCode::from(summary.exit_code)
}

fn folder(arguments: &RunArguments, plan: &Plan) -> Result<Folder, report::FolderError> {
    match &arguments.out {
        Some(path) => Folder::create_at(path, unix_seconds(), &plan.effective),
        None => Folder::create(RESULTS.as_ref(), &plan.name, unix_seconds(), &plan.effective),
    }
}

/// How text looks where it is printed.
fn look() -> Look {
    let is_terminal = io::stdout().is_terminal();
    let width =
        crossterm::terminal::size().ok().filter(|_| is_terminal).map(|(columns, _)| usize::from(columns));
    let colour = is_terminal && std::env::var_os("NO_COLOR").is_none();
    width.map_or_else(Look::default, |width| Look { width, colour })
}

/// Shows the run until it is over.
fn watch_and_wait(run: Run, arguments: &RunArguments, options: Options, folder: &Path) -> Summary {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a current-thread runtime needs a few descriptors only");
    runtime.block_on(async {
        let is_interactive = io::stdout().is_terminal() && io::stdin().is_terminal();
        let has_screen = is_interactive && !arguments.headless && arguments.format == RunFormat::Human;
        let signals = tokio::spawn(obey_signals(run.control.clone(), has_screen));
        let asking = (!has_screen).then(|| tokio::spawn(ask_here(run.prompts.clone(), run.clock)));
        if has_screen {
            let control = run.control.clone();
            let shown =
                dashboard::run(run.snapshots.clone(), run.window.clone(), options, |request| match request {
                    Request::Order(order) => {
                        let done = control.order(&order, Source::Keys);
                        done.map(|record| record.to_string()).map_err(|refusal| refusal.to_string())
                    }
                    Request::Answer { prompt, text } => {
                        control.answer(prompt, &text).map(|()| screen::answered(prompt, &text))
                    }
                    Request::Keep(picture) => screen::keep(&picture, folder),
                    Request::Play(_) => Err("only recordings are played".to_owned()),
                });
            if let Err(error) = shown.await {
                complain(format!("the dashboard cannot be shown: {error}; the run goes on without it"));
            }
        }
        match arguments.format {
            RunFormat::Ndjson if !arguments.quiet => print_progress(run.snapshots.clone()).await,
            _ => print_status(run.snapshots.clone(), arguments.quiet).await,
        }
        signals.abort();
        asking.into_iter().for_each(|asking| asking.abort());
    });
    run.join()
}

/// Prints a status line every few seconds, and when the run enters another phase, until it is done.
async fn print_status(mut snapshots: watch::Receiver<Arc<Snapshot>>, quiet: bool) {
    let mut told = (Phase::Starting, 0);
    loop {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        if snapshot.phase == Phase::Done {
            return;
        }
        let now = (snapshot.phase, snapshot.elapsed.as_secs() / STATUS_EVERY.as_secs());
        if !quiet && now != told {
            told = now;
            // Nobody may be reading; the run does not depend on it.
            let _ = writeln!(io::stderr(), "{}", report::status_line(&snapshot));
        }
        if snapshots.changed().await.is_err() {
            return;
        }
    }
}

/// Prints a line of JSON every second, and when the run enters another phase, until it is done.
async fn print_progress(mut snapshots: watch::Receiver<Arc<Snapshot>>) {
    let mut told = None;
    loop {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        if snapshot.phase == Phase::Done {
            return;
        }
        let now = Some((snapshot.phase, snapshot.elapsed.as_secs()));
        if now != told {
            told = now;
            print(&report::progress_line(&snapshot));
        }
        if snapshots.changed().await.is_err() {
            return;
        }
    }
}

/// Shows what people are asked to do at devices, and takes what is typed as the answer, where somebody can type.
async fn ask_here(prompts: Prompts, clock: Clock) {
    let mut changes = prompts.changes();
    // Nobody's typing is taken as long as nothing is asked.
    while prompts.open().is_empty() && changes.changed().await.is_ok() {}
    if let Some(lines) = typed_lines() {
        attend(&prompts, clock, lines, |line| eprintln!("{line}")).await;
    }
    let mut told = 0;
    loop {
        let open = prompts.open();
        for prompt in open.iter().filter(|prompt| prompt.id > told) {
            // Nobody may be reading; the run does not depend on it.
            let _ = writeln!(io::stderr(), "{prompt}  [posfleet ctl answer {}]", prompt.id);
        }
        told = open.last().map_or(told, |last| last.id);
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// The first signal stops the run, the second one aborts it, the third one waits for nothing.
///
/// A terminal that is closed under the dashboard is such a signal; without the dashboard nobody needs the terminal.
async fn obey_signals(control: Control, needs_terminal: bool) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let mut hangup = needs_terminal.then(|| signal(SignalKind::hangup()).ok()).flatten();
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            Some(()) = async { hangup.as_mut()?.recv().await } => {}
        }
        control.signal();
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    all thresholds hold, and no case failed
  99   a threshold does not hold, or a device failed a case
  104  the scenario is not valid
  105  stopped by a signal, or aborted
  107  a step could not be carried out, or cases failed by the lab's fault only
  108  ended by a threshold with `abortOnFail`, or by a scenario that must not be saturated
  110  the run is not valid: results that could not be kept, a generator that was not well, a machine that slept";
/// Where results folders are.
pub(super) const RESULTS: &str = "results";
/// The control socket in a results folder.
pub(super) const SOCKET: &str = "control.sock";
/// Says where the control socket is when the path of the folder is too long for one.
pub(super) const SOCKET_ELSEWHERE: &str = "control.path";
const STATUS_EVERY: Duration = Duration::from_secs(5);
