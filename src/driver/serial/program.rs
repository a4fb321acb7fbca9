//! Programs of the lab – card robots, power switches: run with a time limit, and gone when it is over.

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{ffi::OsStr, io, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

/// Why a program has not done what it should.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It cannot be started.
    #[error("cannot start `{0}`: {1}")]
    Start(String, #[source] io::Error),
    /// It said no.
    #[error("`{program}` failed with {status}{said}")]
    Failed {
        /// Its name.
        program: String,
        /// How it ended: `exit status 3`, `signal 9`.
        status: String,
        /// The end of what it wrote, behind a colon; empty when it wrote nothing.
        said: String,
    },
    /// It did not end and was killed, with all that it had started.
    #[error("`{0}` was killed after {1:?}")]
    TimedOut(String, Duration),
}

/// A program with its arguments and what it is told in its environment.
pub(super) struct Program<'a> {
    /// The program and its arguments.
    pub(super) words: &'a [String],
    /// Arguments behind those.
    pub(super) more: &'a [&'a str],
    /// Names and values.
    pub(super) environment: &'a [(String, String)],
}

impl Program<'_> {
    /// Runs it to its end, so long at most.
    pub(super) async fn run(&self, within: Duration) -> Result<(), ProgramError> {
        let name = self.words.first().cloned().unwrap_or_default();
        let mut child = Command::new(&name)
            .args(self.words.iter().skip(1).map(OsStr::new))
            .args(self.more)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // A group of its own: what it has started goes with it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| ProgramError::Start(name.clone(), error))?;
        let group = Group(child.id());
        let said = child.stderr.take();
        let ending = async { tokio::join!(child.wait(), last_words(said)) };
        let Ok((status, said)) = tokio::time::timeout(within, ending).await else {
            drop(group);
            let _ = child.wait().await;
            return Err(ProgramError::TimedOut(name, within));
        };
        group.disband();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(ProgramError::Failed { program: name, status: status.to_string(), said }),
            Err(error) => Err(ProgramError::Start(name, error)),
        }
    }
}

/// The processes of a program; those that are left are killed when this is dropped.
struct Group(Option<u32>);

impl Group {
    /// The program has ended by itself: what it has left running is its own business.
    fn disband(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0.and_then(|id| i32::try_from(id).ok()) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

/// The end of what a program wrote, on one line behind a colon.
async fn last_words(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut words = Vec::new();
    if let Some(mut stream) = stream {
        let mut buffer = [0; 1_024];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            words.extend_from_slice(buffer.get(..count).unwrap_or_default());
            let cut = words.len().saturating_sub(SAID_MAX);
            words.drain(..cut);
        }
    }
    let text = String::from_utf8_lossy(&words);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { line } else { format!(": {line}") }
}

/// So much of what a program wrote is told, in bytes.
const SAID_MAX: usize = 400;
