//! What a cash register asks a terminal for when a flow asks for an operation.

use crate::{ecr::Service, operation::Kind};

/// The service of a register that an operation is; `None` where registers have no word for it.
pub const fn service_of(kind: Kind) -> Option<Service> {
    match kind {
        Kind::SignIn => Some(Service::SignIn),
        Kind::Sale => Some(Service::Sale),
        Kind::Void => Some(Service::Void),
        Kind::Refund => Some(Service::Refund),
        Kind::Settlement => Some(Service::Settlement),
        Kind::Echo | Kind::StatusUpload => Some(Service::Status),
        _ => None,
    }
}
