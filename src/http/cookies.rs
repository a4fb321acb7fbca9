//! The cookies of one visitor.

/// The cookies that servers have set, to be sent back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cookies {}
