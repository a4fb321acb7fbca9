//! Why a device did not answer, and whose fault that is.

use super::{lease::LeaseError, locate::LocateError, port::OpenError, power::PowerError};
use crate::rack::FailureClass;
use std::{io, time::Duration};

/// Why a device did not answer. None of these is the fault of a scenario.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Its port is not to be found.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// Its port is somebody else's.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Its port was had for longer than was said.
    #[error("the lease of the port has run out")]
    LeaseExpired,
    /// Its port does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its record cannot be written.
    #[error("the line cannot be recorded: {0}")]
    Record(io::Error),
    /// The port vanished while something was asked.
    #[error("the port hung up")]
    HungUp,
    /// Another terminal is behind the port than the inventory says.
    #[error("this is terminal {told}, and {expected} is expected")]
    Wrong {
        /// Who is expected.
        expected: String,
        /// Who is there.
        told: String,
    },
    /// It said nothing.
    #[error("the terminal does not answer")]
    NoAnswer,
    /// It has not finished what was asked before.
    #[error("the terminal is still at an earlier request")]
    Busy,
    /// It was not switched off and on.
    #[error(transparent)]
    Power(#[from] PowerError),
    /// It was asked for longer than it may take.
    #[error("no result within {0:?}")]
    TimedOut(Duration),
}

impl DeviceError {
    /// Whose fault it is.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Power(error) => error.class(),
            Self::NoAnswer | Self::Busy | Self::TimedOut(_) => FailureClass::Device,
            _ => FailureClass::Infrastructure,
        }
    }
}
