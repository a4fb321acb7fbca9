//! The control of a running simulator: a socket in its folder, one line in and one line out.
//!
//! ```text
//! request = ("plug" / "unplug") SP device LF
//! answer  = "ok" LF / "no" SP reason LF
//! ```

use super::Plugs;
use std::{
    fs::{self, File},
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    time::timeout,
};

/// What is done to the plug of a pretended terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lever {
    /// It is put in.
    Plug,
    /// It is pulled out.
    Unplug,
}

/// Why a plug was not pulled.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No simulator runs there.
    #[error("no simulator answers in {0}: {1}")]
    NobodyThere(PathBuf, #[source] io::Error),
    /// It says no.
    #[error("the simulator refuses: {0}")]
    Refused(String),
}

/// Has the simulator of a folder pull the plug of a device, or put it in again.
///
/// # Errors
/// When no simulator runs there, or it pretends no such device.
pub async fn pull(folder: &Path, device: &str, lever: Lever) -> Result<(), ControlError> {
    let asking = timeout(PATIENCE, ask(folder, device, lever));
    let answer = asking.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    match answer.map_err(|error| ControlError::NobodyThere(folder.to_owned(), error))?.as_str() {
        "ok" => Ok(()),
        answer => Err(ControlError::Refused(answer.strip_prefix("no ").unwrap_or(answer).to_owned())),
    }
}

async fn ask(folder: &Path, device: &str, lever: Lever) -> io::Result<String> {
    let folder = File::open(folder)?;
    let mut stream = UnixStream::connect(short_path(&folder)).await?;
    let word = if lever == Lever::Plug { "plug" } else { "unplug" };
    stream.write_all(format!("{word} {device}\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.take(LINE_MAX).read_to_string(&mut answer).await?;
    Ok(answer.trim_end().to_owned())
}

/// Listens in a folder, in place of a simulator that is gone.
pub(super) fn listen(folder: &Path) -> io::Result<UnixListener> {
    let _ = fs::remove_file(folder.join(SOCKET));
    UnixListener::bind(short_path(&File::open(folder)?))
}

/// Answers one after the other.
pub(super) async fn serve(listener: UnixListener, plugs: Arc<Plugs>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Whoever asks and does not go on keeps nobody else waiting for long.
        let _ = timeout(PATIENCE, answer(stream, &plugs)).await;
    }
}

async fn answer(stream: UnixStream, plugs: &Plugs) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    (&mut stream).take(LINE_MAX).read_line(&mut line).await?;
    let answer = match line.trim_end().split_once(' ') {
        Some(("plug", id)) if plugs.pull(id, Lever::Plug) => "ok".to_owned(),
        Some(("unplug", id)) if plugs.pull(id, Lever::Unplug) => "ok".to_owned(),
        Some(("plug" | "unplug", id)) => format!("no device `{id}` is not pretended here"),
        _ => "no there is no such command".to_owned(),
    };
    stream.get_mut().write_all(format!("{answer}\n").as_bytes()).await
}

/// The path of the socket by way of the open folder: names of sockets have at most 107 bytes, those of folders more.
fn short_path(folder: &File) -> PathBuf {
    Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(SOCKET)
}

/// No device has this name: it begins with a dot.
const SOCKET: &str = ".control";
const LINE_MAX: u64 = 1_024;
const PATIENCE: Duration = Duration::from_secs(5);
