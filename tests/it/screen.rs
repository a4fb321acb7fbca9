//! The real binary in a pseudo-terminal, as an operator uses it.

use crate::program::{Folder, PATIENCE, shipped};
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::{
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
    screen.press("3");
    screen.wait_for("merchant");
    screen.press("?");
    screen.wait_for("stop gracefully");
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

/// A program in a pseudo-terminal of 100 columns and 30 rows, and what it shows.
struct Screen {
    parser: vt100::Parser,
    output: Receiver<Vec<u8>>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// Keeps the terminal open.
    _master: Box<dyn MasterPty + Send>,
}

impl Screen {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_posfleet"));
        command.arg("run");
        command.arg(shipped("quickstart.yaml"));
        command.arg("--out");
        command.arg(folder.results());
        command.args(arguments);
        command.env("TERM", "xterm-256color");
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
        Self { parser, output, keyboard, child, _master: pair.master }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Reads until the screen shows `words`.
    fn wait_for(&mut self, words: &str) {
        let began = Instant::now();
        while !self.contents().contains(words) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(error) => panic!("no {words:?} on the screen ({error}):\n{}", self.contents()),
            }
        }
    }

    fn contents(&self) -> String {
        self.parser.screen().contents()
    }

    fn is_alternate(&self) -> bool {
        self.parser.screen().alternate_screen()
    }

    /// Reads to the end of the program; returns how it ended and what stands on the plain screen then.
    fn finish(mut self) -> (ExitStatus, String) {
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
