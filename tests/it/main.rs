//! The one integration binary: everything that is tested from outside the library.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod card;
mod cli;
mod crypto;
mod dashboard;
mod dashboard_fixture;
mod documents;
mod draft;
mod expr;
mod foreign_host;
mod host;
mod host_books;
mod host_by_code;
mod host_originals;
mod host_reversals;
mod iso8583;
mod layers;
mod ledger;
mod ledger_file;
mod program;
mod report;
mod run;
mod scenario;
mod screen;
mod signal;
mod sim;
mod target;
mod tcp_till;
mod terminal;
mod till;
