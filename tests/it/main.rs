//! The one integration binary: everything that is tested from outside the library.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod card;
mod chip;
mod cli;
mod crypto;
mod dashboard;
mod dashboard_fixture;
mod documents;
mod download;
mod draft;
mod dukpt;
mod emv;
mod expr;
mod foreign_host;
mod host;
mod host_books;
mod host_by_code;
mod host_originals;
mod host_reversals;
mod iso8583;
mod layers;
mod pair;
mod program;
mod report;
mod run;
mod scenario;
mod screen;
mod settlement;
mod signal;
mod sim;
mod target;
mod terminal;
mod terminal_fleet;
mod terminal_management;
mod terminal_notice;
mod terminal_order;
mod terminal_power;
mod terminal_request;
mod terminal_rig;
mod terminal_signature;
mod till;
mod wired;
