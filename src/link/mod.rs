//! How terminals are connected to their host, as values and machines without I/O; sockets are the drivers' business.

mod bucket;
mod certificate;
mod mux;
mod network;
mod settings;
mod sources;
mod weather;

pub use bucket::Bucket;
pub use certificate::{HostTls, PemError, Tls, check_certificates, check_key};
pub use mux::Mux;
pub use network::{Network, Pause, Reset};
pub use settings::{Settings, Strategy};
pub use sources::{SourceError, Sources};
pub use weather::{Item, Weather};
