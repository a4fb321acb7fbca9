//! posfleet plays a fleet of payment terminals against an acquirer and proves that no money was lost.
//!
//! The folders of `src` are the architecture; `docs/architecture.md` says which may use which, and
//! `tests/it/layers.rs` holds them to it.

// Pure values and arithmetic.
pub mod money;
pub mod rng;
pub mod time;

// Pure protocol: bytes and values.
pub mod card;
pub mod crypto;
pub mod iso8583;

// Pure values and arithmetic over them.
pub mod load;
pub mod metrics;

// Faces.
pub mod dashboard;

// Values of the fleet's work.
pub mod operation;
pub mod reconcile;

// Machines without I/O.
pub mod host;
pub mod terminal;

// Virtual time.
pub mod sim;
