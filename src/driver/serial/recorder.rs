//! Writes the record of each line into a file of its own.

use crate::{
    rack::{Device, Direction, Record},
    time::Instant,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The folder of the records.
#[derive(Clone, Debug)]
pub struct Recorders(PathBuf);

/// The record of one line; what is still held is written when it is dropped.
#[derive(Debug)]
pub struct Recorder {
    record: Record,
    file: File,
    text: String,
    has_failed: bool,
}

impl Recorders {
    /// Records in this folder, which is made.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn at(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    /// The record of a device, which goes on where it was.
    ///
    /// # Errors
    /// When its file cannot be opened.
    pub fn of(&self, device: &Device) -> io::Result<Recorder> {
        let path = self.0.join(format!("{}.trace", device.id));
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Recorder { record: device.speaker.record(), file, text: String::new(), has_failed: false })
    }
}

impl Recorder {
    /// Takes bytes of the line.
    pub fn take(&mut self, now: Instant, direction: Direction, bytes: &[u8]) {
        self.record.take(now, direction, bytes, &mut self.text);
        self.write();
    }

    /// Notes that something other than bytes happened.
    pub fn note(&mut self, now: Instant, what: &str) {
        self.record.settle(&mut self.text);
        self.text.push_str(&format!("{:.6} # {what}\n", now.as_secs_f64()));
        self.write();
    }

    /// A disk that is full does not stop a terminal that has money in its hands; the first failure is told.
    fn write(&mut self) {
        if let Err(error) = self.file.write_all(self.text.as_bytes())
            && !std::mem::replace(&mut self.has_failed, true)
        {
            eprintln!("warning: the record of a line cannot be written: {error}");
        }
        self.text.clear();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.record.settle(&mut self.text);
        self.write();
    }
}
