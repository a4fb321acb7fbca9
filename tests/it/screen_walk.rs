//! A walk through all nine screens in `tmux`, as operators on remote machines have them.

use crate::program::{Folder, PATIENCE, shipped};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::Instant,
};

#[test]
fn tmux_shows_all_nine_screens_and_gets_its_window_back() {
    let folder = Folder::new("tmux");
    let tmux = Tmux::start(&folder);
    tmux.wait_for("Load");
    for (key, shows) in WALK {
        tmux.press(key);
        tmux.wait_for(shows);
    }
    tmux.press("Tab");
    tmux.wait_for("Load");
    tmux.press("q");
    tmux.wait_for("Results are in");
    assert!(folder.results().join("summary.json").exists());
}

/// A server of its own, with one window in which the program runs.
struct Tmux {
    socket: String,
    /// A client that tells of everything the window prints.
    watcher: Child,
    printed: Receiver<()>,
}

impl Tmux {
    fn start(folder: &Folder) -> Self {
        let socket = folder.results().with_extension("sock").display().to_string();
        let run = [
            env!("CARGO_BIN_EXE_posfleet").to_owned(),
            "run".to_owned(),
            shipped("quickstart.yaml").display().to_string(),
            "--out".to_owned(),
            folder.results().display().to_string(),
            "--terminals 40 --rate 40 --duration 120s".to_owned(),
        ];
        // The window stays when the program ends, so that what it leaves can be read.
        let shell = format!("LC_ALL=C.UTF-8 {}; cat", run.join(" "));
        tell(&socket, &["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", &shell]);
        let mut watcher = Command::new("tmux")
            .args(["-S", &socket, "-C", "attach"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(watcher.stdout.take().unwrap()).split(b'\n');
        let (sender, printed) = mpsc::channel();
        std::thread::spawn(move || {
            let prints = lines.map_while(Result::ok).filter(|line| line.starts_with(b"%output"));
            prints.take_while(|_| sender.send(()).is_ok()).for_each(drop);
        });
        Self { socket, watcher, printed }
    }

    fn press(&self, key: &str) {
        tell(&self.socket, &["send-keys", "-t", ":0", key]);
    }

    /// Looks at the window, and again whenever something was printed, until it shows `words`.
    fn wait_for(&self, words: &str) {
        let began = Instant::now();
        loop {
            let shown = tell(&self.socket, &["capture-pane", "-t", ":0", "-p"]);
            if shown.contains(words) {
                return;
            }
            let left = PATIENCE.saturating_sub(began.elapsed());
            let printed = self.printed.recv_timeout(left);
            assert!(printed.is_ok(), "no {words:?} in the window:\n{shown}");
        }
    }
}

/// Gives the server a command; returns what it prints.
fn tell(socket: &str, command: &[&str]) -> String {
    let told = Command::new("tmux").args(["-u", "-S", socket]).args(command).output();
    let told = told.expect("tmux is installed: `apt-get install tmux`");
    let said = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "tmux {command:?}: {said}");
    String::from_utf8_lossy(&told.stdout).into_owned()
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-S", &self.socket, "kill-server"]).status();
        let _ = self.watcher.wait();
    }
}

/// Keys, and what only the screen behind them shows.
const WALK: [(&str, &str); 9] = [
    ("1", "Throughput"),
    ("2", "distribution of the response time"),
    ("3", "Steps: response time"),
    ("4", "Terminals 0 to"),
    ("5", "Response codes over time"),
    ("6", "Since the start"),
    ("7", "Agents: who makes the load"),
    ("8", "ends the run"),
    ("9", "Log: "),
];
