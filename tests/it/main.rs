//! The one integration binary: everything that is tested from outside the library.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod card;
mod crypto;
mod expr;
mod iso8583;
mod layers;
mod report;
