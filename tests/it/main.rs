//! The one integration binary: everything that is tested from outside the library.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod card;
mod crypto;
mod dashboard;
mod dashboard_fixture;
mod documents;
mod draft;
mod expr;
mod host;
mod iso8583;
mod report;
mod scenario;
mod sim;
mod terminal;
