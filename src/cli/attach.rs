//! `posfleet attach`: the dashboard on a run in another program, over its control socket.
//!
//! ```text
//! run's socket ─ frames ─► a thread ─► snapshots ─► dashboard ─► orders, answers, windows ─► run's socket
//! ```

use super::{
    Exit, complain, ctl, note,
    screen::{self, ScreenArguments},
    stage::{self, Stage},
};
use crate::{
    dashboard::{Answer, Mode, Options, Request},
    driver::{self, Lines},
    metrics::{Frame, Phase, RowWindow, Snapshot},
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

#[derive(Debug, Args)]
pub(super) struct AttachArguments {
    /// The results folder of the run, or its control socket [default: the only run under way].
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    #[command(flatten)]
    screen: ScreenArguments,
}

/// A run that shows itself.
struct Remote {
    socket: PathBuf,
    /// Its results folder.
    results: PathBuf,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

pub(super) fn attach(arguments: &AttachArguments) -> ExitCode {
    let options = match arguments.screen.options() {
        Ok(options) => Options { mode: Mode::Attached, ..options },
        Err(error) => {
            complain(error);
            return Exit::BadConfiguration.into();
        }
    };
    if !stage::has_terminal("`posfleet ctl status` says how the run is") {
        return Exit::Usage.into();
    }
    let shown = ctl::find(arguments.run.as_deref()).and_then(Remote::open).and_then(|run| run.show(options));
    match shown {
        Ok(()) => Exit::Pass.into(),
        Err(error) => {
            complain(error);
            Exit::Failed.into()
        }
    }
}

impl Remote {
    /// Connects to the run, and waits for its first frame.
    fn open(socket: PathBuf) -> Result<Self, String> {
        let failed = |error: io::Error| format!("{}: {}", socket.display(), unanswered(&error));
        let line = json!({ "subscribe": "dashboard", "version": Frame::VERSION }).to_string();
        let mut lines = driver::listen(&socket, &line).map_err(failed)?;
        lines.patience(Some(PATIENCE)).map_err(failed)?;
        let greeting = lines.hear().map_err(failed)?.unwrap_or_default();
        let results = greeted(&greeting).map_err(|error| format!("{}: {error}", socket.display()))?;
        let first = lines.hear().map_err(failed)?.unwrap_or_default();
        let first = frame(&first).ok_or_else(|| format!("{}: {OTHER_VERSION}", socket.display()))?;
        lines.patience(None).map_err(failed)?;
        let since = Arc::new(first.after(&Snapshot::default()));
        let (publish, snapshots) = watch::channel(since);
        std::thread::spawn(move || follow(lines, &publish));
        Ok(Self { socket, results, snapshots })
    }

    fn show(self, options: Options) -> Result<(), String> {
        let (window, wanted) = watch::channel(RowWindow::default());
        let stage = Stage { snapshots: self.snapshots.clone(), window, options };
        let runtime = stage::runtime();
        let shown = runtime.block_on(async {
            let telling = tokio::spawn(tell_windows(self.socket.clone(), wanted));
            let shown = stage::show(stage, |request| self.carry_out(request)).await;
            telling.abort();
            shown
        });
        // A wish for rows that is under way is waited for by nobody.
        runtime.shutdown_background();
        shown
            .map_err(|error| format!("the dashboard cannot be shown: {error}; the run goes on without it"))?;
        self.farewell();
        Ok(())
    }

    fn carry_out(&self, request: Request) -> Answer {
        match request {
            Request::Order(order) => {
                let line = serde_json::to_string(&order).map_err(|error| error.to_string())?;
                ctl::done(&self.ask(&line)?)
            }
            Request::Answer { prompt, text } => {
                let line = json!({ "answer": prompt, "text": text }).to_string();
                ctl::done(&self.ask(&line)?).map(|_| screen::answered(prompt, &text))
            }
            Request::Keep(picture) => screen::keep(&picture, &self.results),
            Request::Play(_) => Err("only recordings are played".to_owned()),
        }
    }

    fn ask(&self, line: &str) -> Result<Value, String> {
        let answer = driver::ask(&self.socket, line).map_err(|error| unanswered(&error))?;
        serde_json::from_str(&answer).map_err(|_| OTHER_VERSION.to_owned())
    }

    /// Says what becomes of the run without a dashboard.
    fn farewell(&self) {
        let results = self.results.display();
        match (self.snapshots.borrow().phase, self.snapshots.has_changed().is_err()) {
            (Phase::Done, _) => note(format!("the run is over: its results are in {results}")),
            (_, true) => note(format!("the run went away without a verdict; what it wrote is in {results}")),
            (_, false) => note(format!("the run goes on: posfleet attach {results}")),
        }
    }
}

/// Takes frames to the end of the run, or of whoever looks.
fn follow(mut lines: Lines, publish: &watch::Sender<Arc<Snapshot>>) {
    while let Ok(Some(line)) = lines.hear() {
        let Some(frame) = frame(&line) else { return };
        let snapshot = frame.after(&publish.borrow());
        if publish.send(Arc::new(snapshot)).is_err() {
            return;
        }
    }
}

/// Tells the run which rows are shown, whenever these are others.
async fn tell_windows(socket: PathBuf, mut wanted: watch::Receiver<RowWindow>) {
    while wanted.changed().await.is_ok() {
        let line = json!({ "window": &*wanted.borrow_and_update() }).to_string();
        let socket = socket.clone();
        // A run that is gone shows in its frames.
        let _ = tokio::task::spawn_blocking(move || driver::ask(&socket, &line)).await;
    }
}

fn frame(line: &str) -> Option<Frame> {
    serde_json::from_str(line).ok()
}

/// The results folder of a run that lets dashboards look.
fn greeted(greeting: &str) -> Result<PathBuf, String> {
    let greeting: Value = serde_json::from_str(greeting).map_err(|_| OTHER_VERSION.to_owned())?;
    if greeting["ok"] != true {
        let said = greeting["error"].as_str().unwrap_or("it refused");
        let said: String = said.chars().filter(|letter| !letter.is_control()).collect();
        return Err(format!("{OTHER_VERSION} ({said})"));
    }
    let is_known = greeting["frames"] == u64::from(Frame::VERSION);
    let results = greeting["results"].as_str().filter(|_| is_known).ok_or(OTHER_VERSION)?;
    let is_plain = !results.chars().any(char::is_control);
    Ok(if is_plain { Path::new(results) } else { Path::new(".") }.to_owned())
}

fn unanswered(error: &io::Error) -> String {
    format!("nobody answers: {error}")
}

const OTHER_VERSION: &str =
    "what answers there is no run of this version of posfleet; attach with the program that runs it";
/// How long a run may take for its greeting and its first frame.
const PATIENCE: Duration = Duration::from_secs(10);
