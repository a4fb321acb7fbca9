//! Why a ledger cannot be opened, read or written.

use crate::money::Amount;
use std::{io, path::PathBuf};

/// Why a ledger cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be made, or files in it cannot.
    #[error("ledger {}: {source}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process keeps its books there.
    #[error("ledger {}: another process uses it; stop that host, or name another directory", .0.display())]
    InUse(PathBuf),
    /// The file is something else.
    #[error("{} is not a ledger of posfleet; name another directory", .0.display())]
    NotALedger(PathBuf),
    /// The ledger is in a format that this program does not know.
    #[error(
        "ledger {} has format {found}, written by {creator}; this program knows format {}: use that program, or name \
         another directory", path.display(), super::format::FORMAT
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// What wrote it.
        creator: String,
    },
    /// The cards of the ledger were opened with another amount.
    #[error(
        "ledger {}: its cards were opened with {kept}, not {wanted}; set host.openingBalance to {kept}, or name another \
         directory", path.display()
    )]
    OpeningBalance {
        /// The file.
        path: PathBuf,
        /// What the ledger says.
        kept: Amount,
        /// What the host was told.
        wanted: Amount,
    },
    /// The ledger was begun without a merchant portal.
    #[error(
        "ledger {}: it was kept without a merchant portal, which cannot know what was sold before it; take host.portal \
         out of the scenario, or name another directory", .0.display()
    )]
    PortalNew(PathBuf),
    /// The ledger has a merchant portal, and the host has none.
    #[error(
        "ledger {}: it was kept with a merchant portal; start the host with the scenario that has its host.portal, or \
         name another directory", .0.display()
    )]
    PortalGone(PathBuf),
    /// The portal of the ledger had other rules, merchants, terminals or another seed.
    #[error(
        "ledger {}: its merchant portal was kept under other rules, with other terminals or another seed; start the \
         host with the scenario it was made with, or name another directory", .0.display()
    )]
    PortalOther(PathBuf),
    /// The portal does not come out of its inputs as it was.
    #[error(
        "ledger {}: entry {number} was written by {creator}, and the merchant portal of this program answers \
         otherwise; it was left as it is: use that program, or name another directory", path.display()
    )]
    PortalDiverged {
        /// The file.
        path: PathBuf,
        /// The number of the input.
        number: i64,
        /// What wrote the ledger.
        creator: String,
    },
    /// The file is cut off, or its contents contradict each other.
    #[error("ledger {} is damaged: {what}; it was left as it is: restore a copy of it, or name another directory", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The disk is full or cannot be written, or a record moves money that comes from nowhere or of a transaction
    /// that was never booked.
    #[error("ledger {}: cannot write: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The thread that writes could not be made, or has panicked.
    #[error("the ledger's thread: {0}")]
    Thread(#[source] io::Error),
}
