//! A socket of this machine over which lines are said and answered; what they mean is somebody else's business.
//!
//! Everything has a bound: connections, the length of a line, the time in which a line must come to its end, and the
//! time in which an answer must be taken. Only the user who started the program may connect.

use futures_util::{Stream, StreamExt};
use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    pin::Pin,
    rc::Rc,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, oneshot},
};

/// Says what answers a line.
pub trait Talk: Send + 'static {
    /// The answer to one line, both without their ends.
    fn answer(&self, line: &str) -> Answer;
}

/// What answers a line.
pub enum Answer {
    /// One line.
    Line(String),
    /// Lines for as long as the other side listens; it is heard no more.
    Lines(Pin<Box<dyn Stream<Item = String>>>),
}

/// A thread that talks; the socket goes with it.
#[derive(Debug)]
pub struct TalkServer {
    path: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TalkServer {
    /// Listens at `path`; a socket that a dead program left there is replaced.
    ///
    /// # Errors
    /// When it cannot be listened on: the path is too long for a socket, taken, or in a directory that is not ours.
    pub fn start(path: &Path, talk: impl Talk) -> io::Result<Self> {
        remove_dead(path)?;
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::sync_channel(1);
        let at = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || serve(&at, talk, stopped, &ready))?;
        started.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Self { path: path.to_owned(), stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TalkServer {
    fn drop(&mut self) {
        // A receiver that is gone means that the thread has ended already.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes a socket at which nobody listens; anything else at the path stays.
fn remove_dead(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() || std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    fs::remove_file(path)
}

/// The body of the thread; says over `ready` whether it listens.
fn serve(
    path: &Path,
    talk: impl Talk,
    stopped: oneshot::Receiver<()>,
    ready: &mpsc::SyncSender<io::Result<()>>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(error))),
    };
    runtime.block_on(async {
        let listening = UnixListener::bind(path).and_then(|listener| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map(|()| listener)
        });
        let listener = match listening {
            Ok(listener) => listener,
            Err(error) => return drop(ready.send(Err(error))),
        };
        drop(ready.send(Ok(())));
        let streams = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        tokio::select! {
            _ = stopped => {}
            () = accept(&listener, Rc::new(talk), &streams) => {}
        }
        // Whoever listens hears the last of it; everybody else is cut off with the runtime.
        let all_done = streams.acquire_many(CONNECTIONS_MAX as u32);
        let _ = tokio::time::timeout(LAST_WORDS, all_done).await;
    });
}

async fn accept(listener: &UnixListener, talk: Rc<impl Talk>, streams: &Arc<Semaphore>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("places are never closed");
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let is_ours = stream.peer_cred().is_ok_and(|peer| peer.uid() == nix::unistd::geteuid().as_raw());
        if is_ours {
            let (talk, streams) = (Rc::clone(&talk), Arc::clone(streams));
            tokio::task::spawn_local(async move {
                // Whoever breaks off, or keeps no time, is no longer talked to.
                let _ = attend(stream, &*talk, &streams).await;
                drop(place);
            });
        }
    }
}

/// Talks to one peer to its end.
async fn attend(mut stream: UnixStream, talk: &impl Talk, streams: &Semaphore) -> io::Result<()> {
    let mut heard = Vec::new();
    loop {
        while let Some(end) = heard.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = heard.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line);
            match talk.answer(text.trim()) {
                Answer::Line(answer) => say(&mut stream, &answer).await?,
                Answer::Lines(lines) => {
                    let _heard_to_the_end = streams.acquire().await;
                    return say_all(stream, lines).await;
                }
            }
        }
        if heard.len() > LINE_MAX {
            say(&mut stream, TOO_LONG).await?;
            return Ok(());
        }
        let mut part = [0; 1024];
        let reading = stream.read(&mut part);
        // Between lines a peer may be silent for long; within one it may not.
        let patience = if heard.is_empty() { IDLE_MAX } else { WITHIN_LINE };
        let read = tokio::time::timeout(patience, reading).await.map_err(io::Error::from)??;
        if read == 0 {
            return Ok(());
        }
        heard.extend_from_slice(part.get(..read).unwrap_or_default());
    }
}

async fn say_all(stream: UnixStream, mut lines: Pin<Box<dyn Stream<Item = String>>>) -> io::Result<()> {
    let (mut heard, mut said) = stream.into_split();
    let mut ignored = [0; 64];
    loop {
        tokio::select! {
            line = lines.next() => {
                let Some(line) = line else { return Ok(()) };
                tokio::time::timeout(TAKEN_WITHIN, write_line(&mut said, &line)).await.map_err(io::Error::from)??;
            }
            read = heard.read(&mut ignored) => {
                if read? == 0 {
                    return Ok(());
                }
            }
        }
    }
}

async fn say(stream: &mut UnixStream, line: &str) -> io::Result<()> {
    tokio::time::timeout(TAKEN_WITHIN, write_line(stream, line)).await.map_err(io::Error::from)?
}

async fn write_line(stream: &mut (impl AsyncWriteExt + Unpin), line: &str) -> io::Result<()> {
    stream.write_all(line.as_bytes()).await?;
    stream.write_all(b"\n").await
}

/// The other side: says `line` at the socket at `path`, and returns the line that answers it.
///
/// # Errors
/// When nobody listens, or nothing comes back in time.
pub fn ask(path: &Path, line: &str) -> io::Result<String> {
    let mut stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_read_timeout(Some(TAKEN_WITHIN))?;
    stream.set_write_timeout(Some(TAKEN_WITHIN))?;
    stream.write_all(format!("{line}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).take(ANSWER_MAX).read_line(&mut answer)?;
    if answer.pop() == Some('\n') { Ok(answer) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The other side of [`Answer::Lines`]: says `line` at the socket at `path`, and hears what answers it.
///
/// # Errors
/// When nobody listens.
pub fn listen(path: &Path, line: &str) -> io::Result<Lines> {
    let mut stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_write_timeout(Some(TAKEN_WITHIN))?;
    stream.write_all(format!("{line}\n").as_bytes())?;
    Ok(Lines(BufReader::new(stream)))
}

/// Lines that answer one line, for as long as the other side says any.
#[derive(Debug)]
pub struct Lines(BufReader<std::os::unix::net::UnixStream>);

impl Lines {
    /// From now on, waits so long at most for each line; for ever without.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn patience(&self, patience: Option<Duration>) -> io::Result<()> {
        self.0.get_ref().set_read_timeout(patience)
    }

    /// The next line without its end; `None` when the other side has ended between two lines.
    ///
    /// # Errors
    /// When it ends within a line, says none in time, or one that is too long.
    pub fn hear(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.0.by_ref().take(ANSWER_MAX).read_line(&mut line)?;
        match line.pop() {
            _ if read == 0 => Ok(None),
            Some('\n') => Ok(Some(line)),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The longest path that a socket can have, in bytes.
pub const SOCKET_PATH_MAX: usize = 100;

const CONNECTIONS_MAX: usize = 16;
/// Of a request, in bytes.
const LINE_MAX: usize = 4096;
const TOO_LONG: &str = r#"{"ok":false,"error":"a line has at most 4096 bytes"}"#;
const ANSWER_MAX: u64 = 16 << 20;
const IDLE_MAX: Duration = Duration::from_secs(3600);
const WITHIN_LINE: Duration = Duration::from_secs(10);
const TAKEN_WITHIN: Duration = Duration::from_secs(5);
/// How long those who listen have for the last lines.
const LAST_WORDS: Duration = Duration::from_secs(1);
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
