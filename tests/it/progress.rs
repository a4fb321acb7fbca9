//! The bar of commands that may take long: on a terminal while they work, gone when they end, and nowhere else.

use crate::{
    program::{Finished, Folder, PATIENCE, posfleet},
    result_examples::example,
};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{self, Receiver},
};

/// The statement comes through a pipe that the test opens only when it has seen the bar.
#[test]
fn a_bar_is_there_while_a_command_works_and_gone_when_it_ends() {
    let folder = Folder::new("progress");
    let pipe = pipe_in(&folder);
    let run = example("quickstart-1");
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_posfleet"));
    command.args(["reconcile", "--statement"].map(Path::new).into_iter().chain([&*pipe, &*run]));
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut shown = Shown::read(pair.master.try_clone_reader().unwrap());
    shown.wait_for("reconciling [");
    fs::write(&pipe, fs::read(run.join("journal/host.csv")).unwrap()).unwrap();
    let screen = shown.last();
    assert_eq!(child.wait().unwrap().exit_code(), 0, "{screen}");
    assert!(screen.contains("agree") && !screen.contains("reconciling"), "{screen}");
}

#[test]
fn a_file_gets_no_bar() {
    let folder = Folder::new("no-progress");
    let pipe = pipe_in(&folder);
    let run = example("quickstart-1");
    let writer = std::thread::spawn({
        let (pipe, statement) = (pipe.clone(), fs::read(run.join("journal/host.csv")).unwrap());
        move || fs::write(pipe, statement).unwrap()
    });
    let finished = Finished::of(posfleet(["reconcile", "--statement"]).args([&pipe, &run])).exits_with(0);
    writer.join().unwrap();
    assert_eq!(finished.stderr, "");
}

fn pipe_in(folder: &Folder) -> PathBuf {
    let pipe = folder.results().with_extension("csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

/// What a terminal of 80 columns shows.
struct Shown {
    parser: vt100::Parser,
    output: Receiver<Vec<u8>>,
}

impl Shown {
    fn read(mut reader: Box<dyn Read + Send>) -> Self {
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer)
                && count > 0
                && sender.send(buffer[..count].to_vec()).is_ok()
            {}
        });
        let [rows, columns] = [24, 80].map(|cells| std::num::NonZero::new(cells).unwrap());
        Self { parser: vt100::Parser::new(rows, columns, 0), output }
    }

    fn wait_for(&mut self, words: &str) {
        while !self.contents().contains(words) {
            let bytes = self.output.recv_timeout(PATIENCE);
            let bytes = bytes.unwrap_or_else(|error| panic!("no {words:?}: {error}\n{}", self.contents()));
            self.parser.process(&bytes);
        }
    }

    /// What is left when nobody writes any more.
    fn last(mut self) -> String {
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.parser.process(&bytes);
        }
        self.contents()
    }

    fn contents(&self) -> String {
        self.parser.screen().contents()
    }
}
