//! The real binary as users start it: a folder of its own for each run, every wait bounded.

use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, Receiver},
    },
    thread::JoinHandle,
    time::Duration,
};

/// A folder that lives as long as the test that made it.
pub struct Folder(PathBuf);

/// A program under way.
pub struct Running {
    child: Child,
    arguments: String,
    lines: Receiver<String>,
    readers: Option<(JoinHandle<String>, JoinHandle<String>)>,
}

/// What a program left behind.
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    arguments: String,
}

/// One line of a results folder's journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub terminal: String,
    pub batch: String,
    pub stan: String,
    pub kind: String,
    pub amount: u64,
    pub card: String,
    pub belief: String,
}

impl Folder {
    pub fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("posfleet-{}-{number}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file into the folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The results folder of a run that was started with [`run_in`].
    pub fn results(&self) -> PathBuf {
        self.0.join("results")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A failed test leaves its folder for whoever looks into it.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// The binary with these arguments.
pub fn posfleet(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_posfleet"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// `posfleet run SCENARIO` without a screen, its results in the folder, its summary as JSON; valid on any machine.
pub fn run_in(folder: &Folder, scenario: &Path, arguments: &[&str]) -> Command {
    let mut command = posfleet(["run"]);
    command.arg(scenario).args(["--headless", "--format", "json", "--out"]).arg(folder.results());
    command.args(ANY_MACHINE).args(arguments);
    command
}

/// A scenario file of this repository.
pub fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)
}

/// The quickstart with a limit of its response time that any machine keeps.
pub fn patient_quickstart(folder: &Folder) -> PathBuf {
    let text = fs::read_to_string(shipped("quickstart.yaml")).unwrap();
    assert!(text.contains("p(99) < 800ms"), "{text}");
    folder.file("quickstart.yaml", &text.replace("p(99) < 800ms", "p(99) < 5m"))
}

impl Running {
    /// Starts a program, reading everything it says as it says it.
    pub fn start(command: &mut Command) -> Self {
        let arguments = format!("{command:?}");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (told, lines) = mpsc::channel();
        let stdout = read(child.stdout.take().unwrap(), told.clone());
        let stderr = read(child.stderr.take().unwrap(), told);
        Self { child, arguments, lines, readers: Some((stdout, stderr)) }
    }

    /// The next line, of either output, that holds `words`.
    pub fn wait_for(&self, words: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("{}: no {words:?}: {error}", self.arguments));
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Sends a signal: `TERM`, `INT` or `KILL`.
    pub fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends its standard input.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for the end, which must come within a bounded time.
    pub fn finish(mut self) -> Finished {
        // The outputs end when the program does: the wait is bounded by their readers' silence.
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("{} does not end", self.arguments),
            }
        }
        let (stdout, stderr) = self.readers.take().unwrap();
        Finished {
            status: self.child.wait().unwrap(),
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            arguments: std::mem::take(&mut self.arguments),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ends what a failed test leaves behind; after `finish` there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: impl Read + Send + 'static, lines: mpsc::Sender<String>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut all = String::new();
        for line in BufReader::new(output).lines() {
            let line = line.unwrap();
            all.push_str(&line);
            all.push('\n');
            // A test that waits for no line of its own has dropped nothing but the copy.
            let _ = lines.send(line);
        }
        all
    })
}

impl Finished {
    /// Starts a program and waits for its end.
    pub fn of(command: &mut Command) -> Self {
        Running::start(command).finish()
    }

    /// Checks the exit code, and that nothing panicked.
    pub fn exits_with(self, code: i32) -> Self {
        let Self { status, stdout, stderr, arguments } = &self;
        assert_eq!(status.code(), Some(code), "{arguments}\n{stdout}\n{stderr}");
        assert!(!stderr.contains("panicked"), "{arguments}\n{stderr}");
        self
    }

    /// The summary that `--format json` prints.
    pub fn summary(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }
}

/// The journal of a results folder, in the order in which it was written.
pub fn journal(results: &Path) -> Vec<Line> {
    let text = fs::read_to_string(results.join("journal/terminals.csv")).unwrap();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().skip(1).map(line).collect()
}

fn line(text: &str) -> Line {
    let columns: Vec<&str> = text.split(',').collect();
    let [_at, terminal, batch, stan, kind, amount, card, belief, _merchant, _rrn] = columns[..] else {
        panic!("not a line of a journal: {text}")
    };
    Line {
        terminal: terminal.to_owned(),
        batch: batch.to_owned(),
        stan: stan.to_owned(),
        kind: kind.to_owned(),
        amount: amount.parse().unwrap(),
        card: card.to_owned(),
        belief: belief.to_owned(),
    }
}

/// The texts of a results folder's events.
pub fn events(results: &Path) -> Vec<String> {
    let text = fs::read_to_string(results.join("events.ndjson")).unwrap();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let event = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
    whole.lines().map(|line| event(line)["text"].as_str().unwrap().to_owned()).collect()
}

/// What a run is told whose verdict must not say how well this machine kept the schedule.
pub const ANY_MACHINE: [&str; 6] = [
    "--set",
    "health.schedule_lag=[]",
    "--set",
    "health.schedule_achieved=[]",
    "--set",
    "health.standstill=[]",
];

/// How long a program may be silent before a test gives it up.
pub const PATIENCE: Duration = Duration::from_secs(180);
