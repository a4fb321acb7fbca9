//! Records on disk, in parts that fit into memory one by one: files of this process that nobody else reads.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufReader, BufWriter, Read, Write},
    marker::PhantomData,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// A record of a fixed number of bytes.
pub(super) trait Record: Sized {
    /// How many bytes.
    const SIZE: usize;

    /// Appends exactly [`Record::SIZE`] bytes.
    fn pack(&self, bytes: &mut Vec<u8>);

    /// Reads what [`Record::pack`] wrote.
    fn unpack(bytes: &mut &[u8]) -> Option<Self>;
}

/// A directory of ours for as long as it is needed.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

/// Parts being written.
#[derive(Debug)]
pub(super) struct Spill<R> {
    files: Vec<BufWriter<File>>,
    paths: Vec<PathBuf>,
    bytes: Vec<u8>,
    /// The first thing that went wrong; nothing is written after it.
    failure: Option<io::Error>,
    records: PhantomData<R>,
}

/// Parts that are written, to be read in any order.
#[derive(Debug)]
pub(super) struct Parts<R> {
    paths: Vec<PathBuf>,
    records: PhantomData<R>,
}

impl Scratch {
    /// Makes one where the system keeps what is temporary.
    pub(super) fn new() -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("posfleet-reconcile-{}-{number}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, like all that is temporary.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl<R: Record> Spill<R> {
    /// Begins `parts` parts in files whose names begin with `name`.
    pub(super) fn create(scratch: &Scratch, name: &str, parts: usize) -> io::Result<Self> {
        let paths: Vec<PathBuf> = (0..parts).map(|part| scratch.0.join(format!("{name}-{part}"))).collect();
        let create = |path| File::create_new(path).map(|file| BufWriter::with_capacity(BUFFER, file));
        let files: io::Result<Vec<_>> = paths.iter().map(create).collect();
        Ok(Self { files: files?, paths, bytes: Vec::new(), failure: None, records: PhantomData })
    }

    /// Adds a record to the part of its name.
    pub(super) fn push(&mut self, name: &impl Hash, record: &R) {
        if self.failure.is_some() {
            return;
        }
        self.bytes.clear();
        record.pack(&mut self.bytes);
        debug_assert_eq!(self.bytes.len(), R::SIZE);
        let part = part(name, self.files.len());
        if let Some(Err(error)) = self.files.get_mut(part).map(|file| file.write_all(&self.bytes)) {
            self.failure = Some(error);
        }
    }

    /// Ends the writing.
    pub(super) fn finish(self) -> io::Result<Parts<R>> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.files.into_iter().try_for_each(|mut file| file.flush())?;
        Ok(Parts { paths: self.paths, records: PhantomData })
    }
}

impl<R: Record> Parts<R> {
    /// Hands over every record of a part, in the order in which they were added, and removes the part.
    pub(super) fn read(&self, part: usize, mut take: impl FnMut(R)) -> io::Result<()> {
        let Some(path) = self.paths.get(part) else { return Ok(()) };
        let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
        let mut bytes = vec![0; R::SIZE];
        loop {
            match file.read_exact(&mut bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
            let record = R::unpack(&mut bytes.as_slice());
            take(record.ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, "somebody has changed the file")
            })?);
        }
        fs::remove_file(path)
    }
}

/// The part of a name; the same in every run, so that what goes wrong goes wrong again.
fn part(name: &impl Hash, parts: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    (hasher.finish() % parts.max(1) as u64) as usize
}

const BUFFER: usize = 64 * 1024;
