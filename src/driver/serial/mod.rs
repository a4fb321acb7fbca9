//! Serial lines: ports, leases, records, devices behind them, and pretended devices on pseudo-terminals.
//!
//! ```text
//! Selector ─ locate ─► path or address ─ open ─► Port ─ Wire (one task owns it) ─► Device (the register's machine)
//! ```
//!
//! What bytes mean is for [`crate::ecr`].

mod device;
mod inner;
mod lane;
mod lease;
mod locate;
mod paced;
mod plugged;
mod port;
mod pretended;
mod pty;
mod recorder;
mod relay;
mod troupe;
mod wire;

pub use device::{Contact, Device, DeviceError, Setup};
pub use inner::Inner;
pub use lease::{Holder, Lease, LeaseError, Leases};
pub use locate::{LocateError, Locator, Place};
pub use plugged::{Plugged, UsbAdapter};
pub use port::{OpenError, Port, open};
pub use pretended::{Pretended, SimError, Tally};
pub use recorder::{Recorder, Recorders};
pub use troupe::Troupe;
pub use wire::{Arrival, Wire};
