//! posfleet plays a fleet of payment terminals against an acquirer and proves that no money was lost.
//!
//! The folders of `src` are the architecture; `docs/architecture.md` says which may use which, and
//! `tests/it/layers.rs` holds them to it.

// No dependencies at all.
pub mod money;
pub mod rng;
pub mod time;

// Pure protocol: bytes and values.
pub mod card;
pub mod crypto;
pub mod ecr;
pub mod emv;
pub mod iso8583;

// Merchants out of a seed; requests and answers as values.
pub mod directory;
pub mod http;

// The terminals of a lab, as values; how cases go on them.
pub mod rack;
pub mod regression;

// From dumps and captures to messages.
pub mod inspect;

// Pure values and arithmetic.
pub mod control;
pub mod exposition;
pub mod expr;
pub mod flow;
pub mod ledger;
pub mod link;
pub mod load;
pub mod metrics;
pub mod operation;
pub mod reconcile;

// Machines without I/O.
pub mod host;
pub mod portal;
pub mod terminal;

// The file format; sockets and clocks; virtual time.
pub mod driver;
pub mod scenario;
pub mod sim;

// The portal over HTTP.
pub mod web;

// The engine.
pub mod engine;

// Faces.
pub mod cli;
pub mod dashboard;
pub mod report;
