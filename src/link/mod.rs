//! How terminals are connected to their host, as values and machines without I/O; sockets are the drivers' business.

mod bucket;
mod certificate;
mod settings;
mod sources;

pub use bucket::Bucket;
pub use certificate::{HostTls, PemError, Tls, check_certificates, check_key};
pub use settings::{Settings, Strategy};
pub use sources::{SourceError, Sources};
