//! The drivers: the only place that reads a clock or opens a socket, carrying out what the machines want.
//!
//! Everything here runs on a current-thread runtime and belongs to one shard, or to the embedded host.

mod address;
mod books;
mod clock;
mod counter;
mod deadlines;
mod exposed;
mod held;
mod host;
mod http;
mod ledger_store;
mod line;
mod outage;
mod process;
mod push;
mod runtime;
mod secret;
pub mod serial;
mod talk;
mod tap;
mod timer;
mod tls;
mod trace;
mod web;
mod wire;

pub use address::resolve;
pub use clock::{Clock, since_1970, unix_seconds, wall_clock};
pub use counter::{Closed, Counter};
pub use deadlines::Deadlines;
pub use exposed::expose;
pub use host::{HostServer, ServeError};
pub use http::HttpClient;
pub use ledger_store::{
    Charter, Durable, DurableError, Entry, LedgerFile, LedgerWriter, Restored, Store, StoreError,
};
pub use line::{Audience, Desk, Line, Patron};
pub use outage::Outage;
pub use process::{
    Footprint, Usage, descriptor_limit, footprint, local_ports, raise_descriptor_limit, thread_cpu, usage,
};
pub use push::{PushUrl, Pushed, Pusher, UrlError};
pub use runtime::block_on;
pub use secret::secret;
pub use talk::{Answer, Lines, SOCKET_PATH_MAX, Talk, TalkServer, ask, listen};
pub use tap::{Heard, Tap};
pub use timer::Timer;
pub use trace::{Overheard, Trace};
pub use web::{HttpLimits, HttpServer};
pub use wire::{Dialer, HostSide, TlsError, make_certificates};
