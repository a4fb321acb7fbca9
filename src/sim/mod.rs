//! Virtual time: a fleet of terminals and a host, wired through a network that loses, doubles and delays messages.
//!
//! The machines are those of real runs; only the driver is another. A [`World`] decides everything from a seed, so that
//! the same configuration gives the same events, whose hash is [`World::trace`]. It reads no clock and does no I/O.
//! After a run, [`World::evidence`] holds what the terminals, the host and an observer of the wire have to say, and
//! [`Evidence::verify`] whether it fits together: whether money was lost, doubled or left hanging.

mod config;
mod evidence;
mod network;
mod queue;
mod sighting;
mod trace;
mod visitor;
mod wire;
mod world;

pub use config::{Config, Limits, Workload};
pub use evidence::{CardAccounts, Evidence, Report, Violation};
pub use network::{Direction, Fault, Network, Rule, Verdict};
pub use sighting::{Copied, Sighting};
pub use world::World;
