//! Serial lines: ports, leases, records, devices behind them, and pretended devices on pseudo-terminals; people,
//! programs and robots that do what a line cannot.
//!
//! ```text
//! Selector ─ locate ─► path or address ─ open ─► Port ─ Wire (one task owns it) ─► Device (the register's machine)
//! ```
//!
//! What bytes mean is for [`crate::ecr`].

mod cards;
mod console;
mod device;
mod ear;
mod inner;
mod lane;
mod lease;
mod locate;
mod opener;
mod paced;
mod plugged;
mod port;
mod power;
mod pretended;
mod program;
mod prompt;
mod pty;
mod recorder;
mod relay;
mod robot;
mod trouble;
mod troupe;
mod wire;

pub use cards::{Absent, CardFeeder};
pub use console::{attend, typed_lines};
pub use device::{Contact, Device, Setup};
pub use ear::{Ear, Murmur, Sound};
pub use inner::Inner;
pub use lease::{Holder, Lease, LeaseError, Leases};
pub use locate::{LocateError, Locator, Place};
pub use plugged::{Plugged, UsbAdapter};
pub use port::{OpenError, Port, open};
pub use power::{PowerCycled, PowerError, power_cycle};
pub use pretended::{ControlError, Lever, Pretended, SimError, Tally, pull};
pub use program::ProgramError;
pub use prompt::{NotOpen, Prompt, PromptAnswer, Prompts};
pub use recorder::{Recorder, Recorders};
pub use robot::RobotError;
pub use trouble::DeviceError;
pub use troupe::Troupe;
pub use wire::{Arrival, Wire};
