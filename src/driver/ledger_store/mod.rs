//! The durable ledger of a host: records in one SQLite file, committed in groups by one thread.
//!
//! [`LedgerFile`] is the file, and knows nothing of time and threads; [`LedgerWriter`] is the thread. What the records
//! mean is the business of [`crate::ledger`], and which answers wait for them that of the host's driver.

mod error;
mod file;
mod read;
mod row;
mod write;
mod writer;

pub use error::StoreError;
pub use file::LedgerFile;
pub use writer::{Durable, DurableError, LedgerWriter, Restored};

use crate::ledger::Record;

/// Something that keeps records for good.
pub trait Store {
    /// Keeps all of `records` or none of them; they are durable when it returns.
    ///
    /// # Errors
    /// When they are not. Nothing may be committed after that: it is not known what the store holds.
    fn commit(&mut self, records: &[Record]) -> Result<(), StoreError>;
}
