//! `posfleet ctl`: orders to a run under way, and how it is, over its control socket.

use super::{Exit, Format, complain, print};
use crate::{
    control::{Order, RateChange},
    driver,
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Debug, Args)]
pub(super) struct CtlArguments {
    /// The results folder of the run, or its control socket [default: the only run under way].
    #[arg(long, short, value_name = "RUN")]
    run: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows how the run is.
    Status,
    /// Starts nothing until it is resumed; paused time counts for no threshold.
    Pause,
    /// Goes on after a pause.
    Resume,
    /// Makes the load faster or slower.
    Rate {
        /// +5%, -25%, or iterations per second.
        #[arg(allow_hyphen_values = true)]
        change: RateChange,
        /// This scenario alone.
        #[arg(long, value_name = "NAME")]
        scenario: Option<String>,
    },
    /// Switches a scenario on or off.
    Scenario {
        /// Its name.
        name: String,
        /// Whether it runs.
        #[arg(value_enum)]
        state: Switch,
    },
    /// Puts a note on the time axis of the report.
    Mark {
        /// What it says.
        note: String,
    },
    /// Shows what the run waits for an operator to do.
    Prompts,
    /// Answers one of those.
    Answer {
        /// Its number.
        prompt: u64,
        /// What to say: `done`, `refused` with a reason, or `skip`.
        #[arg(default_value = "done")]
        text: Vec<String>,
    },
    /// Starts nothing more; what is under way may finish.
    Stop,
    /// Gives up what is under way.
    Abort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

pub(super) fn ctl(arguments: &CtlArguments) -> ExitCode {
    let answer = find(arguments.run.as_deref()).and_then(|socket| {
        let failed = |error: io::Error| format!("{}: nobody answers: {error}", socket.display());
        let answer = driver::ask(&socket, &arguments.what.line()).map_err(failed)?;
        serde_json::from_str::<Value>(&answer).map_err(|_| "the run answered no JSON".to_owned())
    });
    match answer {
        Ok(answer) => tell(&answer, arguments.format),
        Err(error) => {
            complain(error);
            Exit::Failed.into()
        }
    }
}

impl What {
    /// The line that asks for it.
    fn line(&self) -> String {
        let order = match self {
            Self::Status => return json!({ "ask": "status" }).to_string(),
            Self::Prompts => return json!({ "ask": "prompts" }).to_string(),
            Self::Answer { prompt, text } => {
                return json!({ "answer": prompt, "text": text.join(" ") }).to_string();
            }
            Self::Pause => Order::Pause,
            Self::Resume => Order::Resume,
            Self::Rate { change, scenario } => Order::Rate { scenario: scenario.clone(), change: *change },
            Self::Scenario { name, state } => {
                Order::Scenario { name: name.clone(), on: *state == Switch::On }
            }
            Self::Mark { note } => Order::Mark { note: note.clone() },
            Self::Stop => Order::Stop,
            Self::Abort => Order::Abort,
        };
        serde_json::to_string(&order).expect("an order is JSON")
    }
}

fn tell(answer: &Value, format: Format) -> ExitCode {
    let is_done = answer["ok"] == true;
    match (format, is_done) {
        (Format::Json, _) => print(&answer.to_string()),
        (Format::Human, false) => complain(answer["error"].as_str().unwrap_or("the run refused")),
        (Format::Human, true) => print(&text(answer)),
    }
    if is_done { Exit::Pass.into() } else { Exit::CheckFailed.into() }
}

/// An answer as people read it.
fn text(answer: &Value) -> String {
    if let Some(status) = answer.get("status") {
        return status_text(status);
    }
    let done = &answer["done"];
    let record = serde_json::from_value::<crate::control::OrderRecord>(done.clone());
    match (record, done.as_array()) {
        (Ok(record), _) => record.to_string(),
        (_, Some(prompts)) if prompts.is_empty() => "nothing is asked".to_owned(),
        (_, Some(prompts)) => {
            let line =
                |prompt: &Value| format!("{}  {}", prompt["number"], prompt["text"].as_str().unwrap_or(""));
            prompts.iter().map(line).collect::<Vec<String>>().join("\n")
        }
        _ => "done".to_owned(),
    }
}

fn status_text(status: &Value) -> String {
    let word = |key: &str| status[key].as_str().unwrap_or("?").to_owned();
    let seconds = status["elapsed_ms"].as_u64().unwrap_or(0) / 1000;
    let paused = if status["paused"] == true { ", paused" } else { "" };
    let counters = &status["counters"];
    let mut lines = vec![
        format!("{}: {}{paused}, {seconds} s", word("scenario"), word("phase")),
        format!(
            "iterations: {} planned, {} started, {} finished, {} dropped, {} in flight",
            counters["planned"],
            counters["started"],
            counters["finished"],
            counters["dropped"],
            status["in_flight"]
        ),
    ];
    for scenario in status["scenarios"].as_array().into_iter().flatten() {
        let rate = scenario["rate"].as_f64().map_or(String::new(), |rate| format!(", {rate:.1}/s"));
        let (name, state) =
            (scenario["name"].as_str().unwrap_or("?"), scenario["state"].as_str().unwrap_or("?"));
        lines.push(format!("scenario {name}: {state}{rate}"));
    }
    lines.join("\n")
}

/// What was done, in a sentence.
///
/// # Errors
/// Why the run refused, in one too.
pub(super) fn done(answer: &Value) -> Result<String, String> {
    let refusal = || Err(answer["error"].as_str().unwrap_or("the run refused").to_owned());
    if answer["ok"] == true { Ok(text(answer)) } else { refusal() }
}

/// The control socket of `run`, or of the only run under way.
pub(super) fn find(run: Option<&Path>) -> Result<PathBuf, String> {
    match run {
        Some(path) if path.is_dir() => socket_of(path).ok_or_else(|| {
            let over = ": it is over, see `posfleet watch`";
            let over = if path.join("summary.json").is_file() { over } else { "" };
            format!("{}: no run is under way there{over}", path.display())
        }),
        Some(path) if !path.exists() => Err(format!("{}: there is no such folder or socket", path.display())),
        Some(path) => Ok(path.to_owned()),
        None => {
            let mut found: Vec<PathBuf> = under_way();
            match (found.pop(), found.len()) {
                (Some(socket), 0) => Ok(socket),
                (Some(_), others) => Err(format!("{} runs are under way: name one by --run", others + 1)),
                (None, _) => Err("no run is under way below `results`: name one by --run".to_owned()),
            }
        }
    }
}

/// The sockets of all runs below `results` at which somebody listens.
fn under_way() -> Vec<PathBuf> {
    let folders = fs::read_dir(super::run::RESULTS).into_iter().flatten().flatten();
    let sockets = folders.filter_map(|folder| socket_of(&folder.path()));
    sockets.filter(|socket| driver::ask(socket, r#"{"ask":"status"}"#).is_ok()).collect()
}

/// The socket in a results folder, or where its file says it is.
fn socket_of(folder: &Path) -> Option<PathBuf> {
    let here = folder.join(super::run::SOCKET);
    if here.exists() {
        return Some(here);
    }
    let elsewhere = fs::read_to_string(folder.join(super::run::SOCKET_ELSEWHERE)).ok()?;
    Some(PathBuf::from(elsewhere.trim()))
}
