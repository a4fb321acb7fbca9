//! A pseudo-terminal behind a name that stays: the end of a line that a pretended terminal has.

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    pty::openpty,
    sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr},
    unistd::ttyname,
};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};
use tokio::io::unix::AsyncFd;

/// Our end of a line, and the link to the other.
#[derive(Debug)]
pub(super) struct Pty {
    master: AsyncFd<File>,
    /// The other end, open until somebody comes: without anybody there the line is broken at once.
    keeper: Option<OwnedFd>,
    link: PathBuf,
}

impl Pty {
    /// A new line whose other end is behind `link`, in place of what was there.
    pub(super) fn open(link: &Path) -> io::Result<Self> {
        let pair = openpty(None, None)?;
        // Before anybody sets the line, it would echo what we send.
        let mut settings = tcgetattr(&pair.slave)?;
        cfmakeraw(&mut settings);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
        }
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        put_link(&ttyname(&pair.slave)?, link)?;
        let master = registered(File::from(pair.master))?;
        Ok(Self { master, keeper: Some(pair.slave), link: link.to_owned() })
    }

    /// Reads what comes; an error when the other side has closed. Giving up the wait loses nothing.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut guard = self.master.readable().await?;
            let was_closed = guard.ready().is_read_closed();
            match guard.try_io(|master| master.get_ref().read(buffer)) {
                Ok(read) => {
                    let count = read?;
                    // Now that somebody is there, his leaving is to be noticed.
                    self.keeper = None;
                    return Ok(count);
                }
                // Somebody has closed it and the next has opened it before we looked: what the runtime remembers of
                // the end never leaves a registration, and would be "ready" for ever.
                Err(_) if was_closed => self.master = registered(self.master.get_ref().try_clone()?)?,
                Err(_) => {}
            }
        }
    }

    /// Writes what the line takes; the rest is lost, as on a line whose other end does not listen.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let _ = self.master.get_ref().write(bytes);
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.link);
    }
}

#[expect(
    deprecated,
    reason = "its successor is unsafe; the descriptor is owned and outlives the registration"
)]
fn registered(master: File) -> io::Result<AsyncFd<File>> {
    AsyncFd::new(master)
}

/// Leads `link` to `target` in one step, so that nobody finds nothing there.
fn put_link(target: &Path, link: &Path) -> io::Result<()> {
    let mut fresh = link.as_os_str().to_owned();
    fresh.push(".new");
    let _ = fs::remove_file(&fresh);
    std::os::unix::fs::symlink(target, &fresh)?;
    fs::rename(&fresh, link)
}
