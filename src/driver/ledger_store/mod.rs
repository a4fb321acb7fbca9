//! The durable ledger of a host: what changes its books and its portal, in one SQLite file, committed in groups by one
//! thread.
//!
//! [`LedgerFile`] is the file, and knows nothing of threads; [`LedgerWriter`] is the thread. What the records mean is
//! the business of [`crate::ledger`], what the inputs mean that of [`crate::portal`], and which answers wait for them
//! that of the host's driver.

mod charter;
mod error;
mod file;
mod format;
mod input_row;
mod read;
mod row;
mod write;
mod writer;

pub use charter::Charter;
pub use error::StoreError;
pub use file::LedgerFile;
pub use writer::{Durable, DurableError, LedgerWriter, Restored};

use crate::{
    host::Host,
    ledger::Record,
    portal::{Diverged, Input},
};

/// One thing that a ledger keeps, numbered in the order in which the host told them.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A change of the books.
    Record(Record),
    /// Something that the portal has taken in.
    Input(Box<Input>),
}

/// Something that keeps entries for good.
pub trait Store {
    /// Keeps all of `entries` or none of them; they are durable when it returns.
    ///
    /// # Errors
    /// When they are not. Nothing may be committed after that: it is not known what the store holds.
    fn commit(&mut self, entries: &[Entry]) -> Result<(), StoreError>;
}

impl Entry {
    /// Gives a host what it told in an earlier life.
    ///
    /// # Errors
    /// [`Diverged`] when its portal does not come out as it was.
    pub fn restore(&self, host: &mut Host) -> Result<(), Diverged> {
        match self {
            Self::Record(record) => {
                host.restore(record);
                Ok(())
            }
            Self::Input(input) => host.resume(input),
        }
    }
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        Self::Record(record)
    }
}
