//! Racks: which terminals a lab has, how they are reached, and how pretended ones behave – as values.
//!
//! Files are for [`crate::scenario`], ports for the drivers.

mod device;
mod fault;
mod line;
mod protocol;
mod record;
mod selector;
mod service;
mod simulation;

pub use device::{CardSource, Device, Expected, FailureClass, Power, Rack, http_address};
pub use fault::{Act, Faults, Mangler};
pub use line::{BAUD_RATES, DataBits, LineSettings, OnOpen, Parity, StopBits};
pub use protocol::{BoxedRegister, BoxedTerminal, Profile, Protocol, Speaker};
pub use record::{Direction, Record, RecordLines};
pub use selector::{Selector, SelectorError, is_name};
pub use service::service_of;
pub use simulation::{Reply, Simulation};
