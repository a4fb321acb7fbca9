//! The books of a host: double-entry accounts, every transaction that moved money or tried to, and how both grow.
//!
//! Everything that must survive is a [`Record`]. [`Ledger::apply`] is the only way to change the books, so that a ledger
//! that applies the records of a file again is the one that wrote them.

mod account;
mod booking;
mod books;
mod index;
mod postings;
mod record;
mod rules;
mod shelf;

pub use account::{Account, Posting};
pub use booking::{Booking, State};
pub use books::Ledger;
pub use postings::Postings;
pub use record::Record;
pub use rules::{Charge, Payer, fee, undone};
