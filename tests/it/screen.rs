//! The real binary in a pseudo-terminal, as an operator uses it.

use crate::program::{
    ANY_MACHINE, Finished, Folder, PATIENCE, events, patient_quickstart, posfleet, shipped,
};
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::{
    ffi::OsStr,
    io::{Read, Write},
    num::NonZero,
    sync::mpsc::{self, Receiver},
    time::Instant,
};

#[test]
fn the_dashboard_shows_the_run_obeys_keys_and_leaves_the_summary() {
    let folder = Folder::new("screen");
    let mut screen = Screen::start(&folder, &["--terminals", "40", "--duration", "60s", "--rate", "40"]);
    screen.wait_for("quickstart");
    screen.wait_for("╭ Load");
    assert!(screen.is_alternate(), "the dashboard has a screen of its own");
    screen.press("2");
    screen.wait_for("distribution of the response time");
    screen.press("4");
    screen.wait_for("merchant");
    screen.press("?");
    screen.wait_for("stop; again: abort");
    screen.press("?");
    screen.press("q");
    let (status, printed) = screen.finish();
    assert_eq!(status.exit_code(), 0, "{printed}");
    assert!(printed.contains("quickstart: PASS"), "{printed}");
    assert!(printed.contains("Results are in"), "{printed}");
    assert!(folder.results().join("summary.json").exists());
}

#[test]
fn a_run_that_ends_by_itself_leaves_the_dashboard_by_itself() {
    let folder = Folder::new("self");
    let screen = Screen::start(&folder, &["--terminals", "20", "--duration", "1s"]);
    let (status, printed) = screen.finish();
    assert_eq!(status.exit_code(), 0, "{printed}");
    assert!(printed.contains("quickstart: PASS"), "{printed}");
}

#[test]
fn every_screen_is_reached_by_its_key() {
    let folder = Folder::new("keys");
    let mut screen = Screen::start(&folder, &["--terminals", "40", "--duration", "120s", "--rate", "40"]);
    screen.wait_for("╭ Load");
    for (key, shows) in SCREENS {
        screen.press(key);
        screen.wait_for(shows);
    }
    screen.press("q");
    let (status, printed) = screen.finish();
    assert_eq!(status.exit_code(), 0, "{printed}");
}

#[test]
fn the_operator_listens_to_a_terminal_pauses_marks_and_keeps_a_screen() {
    let folder = Folder::new("control");
    let mut screen = Screen::start(&folder, &["--terminals", "2", "--duration", "120s", "--rate", "20"]);
    screen.wait_for("╭ Load");
    screen.press("4");
    screen.wait_for("▸   0 00000001");
    screen.press("\r");
    screen.wait_for("→ 0200");
    let shown = screen.contents();
    let mut digits = shown.split(|letter: char| !letter.is_ascii_digit());
    assert!(!digits.any(|run| run.starts_with("62") && run.len() >= 13), "a card number is shown: {shown}");
    assert!(shown.contains("****"), "it is hidden: {shown}");
    screen.press("1p");
    screen.wait_for("pause the load?");
    screen.press("y");
    screen.wait_for("‖ paused");
    screen.press("mthe switch\r");
    screen.wait_for("mark: the switch (by keys)");
    screen.press("p");
    screen.wait_for("▶ running");
    screen.press("w");
    screen.wait_for("screens/screen-");
    screen.press("q");
    let (status, printed) = screen.finish();
    // Whether the thresholds held says how quick this machine is, which is not asked here.
    assert!([0, 99].contains(&status.exit_code()), "{printed}");
    let kept: Vec<_> = std::fs::read_dir(folder.results().join("screens")).unwrap().collect();
    assert_eq!(kept.len(), 2, "a text and a picture");
    let told = events(&folder.results());
    assert!(told.iter().any(|text| text.contains("mark: the switch")), "{told:?}");
}

#[test]
fn whoever_leaves_the_screen_leaves_the_run_alone() {
    let folder = Folder::new("leave");
    let mut screen = Screen::start(&folder, &["--terminals", "20", "--duration", "2s"]);
    screen.wait_for("╭ Load");
    screen.press("Q");
    let (status, printed) = screen.finish();
    assert_eq!(status.exit_code(), 0, "{printed}");
    assert!(printed.contains("quickstart: PASS"), "{printed}");
}

#[test]
fn a_terminal_of_every_size_shows_what_fits() {
    let folder = Folder::new("sizes");
    let mut screen = Screen::start(&folder, &["--terminals", "20", "--duration", "120s"]);
    screen.wait_for("╭ Load");
    for (columns, rows) in [(20, 5), (1, 1), (80, 24), (2, 40), (200, 3)] {
        screen.resize(columns, rows);
    }
    screen.resize(59, 30);
    screen.wait_for("posfleet needs 60×16");
    screen.resize(100, 30);
    screen.wait_for("╭ Load");
    screen.press("q");
    let (status, printed) = screen.finish();
    assert_eq!(status.exit_code(), 0, "{printed}");
}

#[test]
fn language_characters_and_colours_are_those_of_the_environment() {
    let folder = Folder::new("chinese");
    let mut screen = Screen::start_in(&folder, QUICK, &[("LC_ALL", "zh_CN.UTF-8")]);
    screen.wait_for("运行中");
    screen.wait_for("╭ 负载");
    screen.press("q");
    screen.finish();
    let folder = Folder::new("ascii");
    let mut screen = Screen::start_in(&folder, QUICK, &[("LC_ALL", "C"), ("NO_COLOR", "1")]);
    screen.wait_for("+ Load");
    assert!(screen.contents().is_ascii(), "{}", screen.contents());
    assert!(!screen.has_colours());
    screen.press("q");
    screen.finish();
}

#[test]
fn a_file_of_keys_changes_them_and_one_that_is_wrong_is_refused_with_its_place() {
    let folder = Folder::new("bindings");
    let keys = folder.file("keys.yaml", "errors: e\nexpand: E\nquit: [Z, ctrl-c]\n");
    let mut screen = Screen::start(
        &folder,
        &["--terminals", "20", "--duration", "120s", "--keys", keys.to_str().unwrap()],
    );
    screen.wait_for("╭ Load");
    screen.press("e");
    screen.wait_for("Response codes over time");
    screen.press("Z");
    let (status, printed) = screen.finish();
    assert_eq!(status.exit_code(), 0, "{printed}");
    let keys = folder.file("wrong.yaml", "freeze: f\nfreze: g\n");
    let refused = Finished::of(posfleet(["run"]).arg(shipped("quickstart.yaml")).arg("--keys").arg(&keys));
    let refused = refused.exits_with(104);
    assert!(refused.stderr.contains("wrong.yaml:2:1: there is no action `freze`"), "{}", refused.stderr);
}

#[test]
fn a_terminal_that_is_closed_stops_the_run_in_order() {
    let folder = Folder::new("closed");
    let mut screen = Screen::start(&folder, &["--terminals", "20", "--duration", "120s"]);
    screen.wait_for("╭ Load");
    screen.hang_up();
    assert_eq!(screen.wait().exit_code(), 105);
    assert!(folder.results().join("summary.json").exists());
}

/// A program in a pseudo-terminal of 100 columns and 30 rows, and what it shows.
pub struct Screen {
    parser: vt100::Parser,
    output: Receiver<Vec<u8>>,
    keyboard: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    /// Keeps the terminal open.
    master: Option<Box<dyn MasterPty + Send>>,
}

impl Screen {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::start_in(folder, arguments, &[])
    }

    /// Starts in an environment with these variables, and none that says anything about languages and colours.
    fn start_in(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let (scenario, results) = (patient_quickstart(folder), folder.results());
        let run = ["run".as_ref(), scenario.as_os_str(), "--out".as_ref(), results.as_os_str()];
        let arguments = run.into_iter().chain(ANY_MACHINE.iter().chain(arguments).map(OsStr::new));
        Self::of(folder, arguments, variables)
    }

    /// The program with these arguments.
    pub fn of<'a>(
        folder: &Folder,
        arguments: impl IntoIterator<Item = &'a OsStr>,
        variables: &[(&str, &str)],
    ) -> Self {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_posfleet"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        for name in ["LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG", "NO_COLOR", "COLORTERM"] {
            command.env_remove(name);
        }
        // No file of keys but those of the test.
        command.env("XDG_CONFIG_HOME", folder.results());
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer)
                && count > 0
                && sender.send(buffer[..count].to_vec()).is_ok()
            {}
        });
        let keyboard = pair.master.take_writer().unwrap();
        let parser = vt100::Parser::new(ROWS, COLUMNS, SCROLLBACK);
        Self { parser, output, keyboard: Some(keyboard), child, master: Some(pair.master) }
    }

    pub fn press(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
        let [rows, columns] = [rows, columns].map(|cells| NonZero::new(cells).unwrap());
        self.parser.screen_mut().set_size(rows, columns);
    }

    /// Closes the terminal under the program, and tells it so as the kernel does when the last copy of it is closed.
    pub fn hang_up(&mut self) {
        let process = self.child.process_id().unwrap().to_string();
        (self.keyboard, self.master) = (None, None);
        let sent = std::process::Command::new("kill").args(["-s", "HUP", &process]).status().unwrap();
        assert!(sent.success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    fn has_colours(&self) -> bool {
        let screen = self.parser.screen();
        let cells = (0..ROWS.get()).flat_map(|row| (0..COLUMNS.get()).map(move |column| (row, column)));
        let mut cells = cells.filter_map(|(row, column)| screen.cell(row, column));
        cells.any(|cell| cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default)
    }

    /// Reads until the screen shows `words`.
    pub fn wait_for(&mut self, words: &str) {
        let began = Instant::now();
        while !self.contents().contains(words) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(error) => panic!("no {words:?} on the screen ({error}):\n{}", self.contents()),
            }
        }
    }

    pub fn contents(&self) -> String {
        self.parser.screen().contents()
    }

    pub fn is_alternate(&self) -> bool {
        self.parser.screen().alternate_screen()
    }

    /// Reads to the end of the program; returns how it ended and what stands on the plain screen then.
    pub fn finish(mut self) -> (ExitStatus, String) {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.contents()),
            }
        }
        assert!(!self.is_alternate(), "the screen of the shell is back");
        assert!(!self.parser.screen().hide_cursor(), "the cursor is back");
        let status = self.child.wait().unwrap();
        // The summary may be longer than the screen: what has scrolled away counts too.
        self.parser.screen_mut().set_scrollback(SCROLLBACK);
        let above = self.contents();
        self.parser.screen_mut().set_scrollback(0);
        (status, above + "\n" + &self.contents())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

const ROWS: NonZero<u16> = NonZero::new(30).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(100).unwrap();
const SCROLLBACK: usize = 200;
const QUICK: &[&str] = &["--terminals", "20", "--duration", "120s"];

/// The keys of the screens, and what only that screen shows.
pub const SCREENS: [(&str, &str); 9] = [
    ("1", "╭ Load"),
    ("2", "distribution of the response time"),
    ("3", "╭ Steps: response time"),
    ("4", "╭ Terminals 0 to"),
    ("5", "╭ Response codes over time"),
    ("6", "╭ Since the start"),
    ("7", "╭ Agents: who makes the load"),
    ("8", "ends the run"),
    ("9", "╭ Log: "),
];
