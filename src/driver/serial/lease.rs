//! Who has which port: a locked file for each, free as soon as its process is gone, however it went.

use crate::driver::unix_seconds;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// The folder of the leases.
#[derive(Clone, Debug)]
pub struct Leases {
    folder: PathBuf,
    owner: String,
}

/// The sole right to a port, until it is dropped or its process ends.
#[derive(Debug)]
pub struct Lease {
    file: File,
    expires: u64,
}

/// Who holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub process: u32,
    /// What it says that it is.
    pub owner: String,
    /// How long it holds the port, in seconds.
    pub age: u64,
    /// Whether it has had the port for longer than it said.
    pub is_expired: bool,
}

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody has it.
    #[error("{port} is held by {holder}")]
    Held {
        /// The port.
        port: String,
        /// Who has it.
        holder: Holder,
    },
    /// The file cannot be made, read or locked.
    #[error("cannot lease {0}: {1}")]
    File(String, #[source] io::Error),
}

impl Leases {
    /// The leases of this user, taken in the name of `owner`.
    pub fn of_user(owner: &str) -> Self {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
        let user = nix::unistd::getuid();
        let folder = runtime.unwrap_or_else(|| std::env::temp_dir().join(format!("posfleet-user-{user}")));
        Self::at(&folder.join("leases"), owner)
    }

    /// The leases in a folder, taken in the name of `owner`.
    pub fn at(folder: &Path, owner: &str) -> Self {
        Self { folder: folder.to_owned(), owner: owner.to_owned() }
    }

    /// Takes the lease of a port for so long at most.
    ///
    /// # Errors
    /// When somebody has it, or its file cannot be written.
    pub fn take(&self, port: &str, within: Duration) -> Result<Lease, LeaseError> {
        let failed = |error| LeaseError::File(port.to_owned(), error);
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path(port))
            .map_err(failed)?;
        let mut tries = TRIES;
        while let Err(error) = file.try_lock() {
            if let TryLockError::Error(error) = error {
                return Err(failed(error));
            }
            let holder = Holder::read(&mut file).map_err(failed)?;
            // Whoever only looks who holds it has written nothing, and is gone in a moment.
            if holder.process != 0 || tries == 0 {
                return Err(LeaseError::Held { port: port.to_owned(), holder });
            }
            tries -= 1;
            std::thread::sleep(MOMENT);
        }
        let now = unix_seconds();
        let expires = now.saturating_add(within.as_secs());
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        writeln!(file, "{} {now} {expires} {}", std::process::id(), self.owner).map_err(failed)?;
        Ok(Lease { file, expires })
    }

    /// Who holds a port now.
    ///
    /// # Errors
    /// When the file of the lease is there and cannot be read.
    pub fn holder(&self, port: &str) -> Result<Option<Holder>, LeaseError> {
        let failed = |error| LeaseError::File(port.to_owned(), error);
        let mut file = match File::open(self.path(port)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Holder::read(&mut file).map(Some).map_err(failed),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    fn path(&self, port: &str) -> PathBuf {
        let name = port.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
        self.folder.join(name.collect::<String>())
    }
}

impl Lease {
    /// Whether it was held for longer than was said when it was taken.
    pub fn is_expired(&self) -> bool {
        unix_seconds() >= self.expires
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The file stays: whoever removes a locked file lets two processes lock two files of one name.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

impl Holder {
    fn read(file: &mut File) -> io::Result<Self> {
        let mut text = String::new();
        file.rewind()?;
        file.take(LONGEST).read_to_string(&mut text)?;
        let mut words = text.trim_end().splitn(4, ' ');
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        let (process, since, expires) = (number(), number(), number());
        let now = unix_seconds();
        Ok(Self {
            process: process as u32,
            age: if since == 0 { 0 } else { now.saturating_sub(since) },
            is_expired: expires > 0 && now >= expires,
            owner: words.next().unwrap_or("somebody who has just come").to_owned(),
        })
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { process, owner, age, is_expired } = self;
        write!(f, "{owner} (process {process}) for {age} s")?;
        if *is_expired { f.write_str(", longer than it said") } else { Ok(()) }
    }
}

const TRIES: u32 = 10;
const MOMENT: Duration = Duration::from_millis(1);
/// No lease file is longer.
const LONGEST: u64 = 4_096;
