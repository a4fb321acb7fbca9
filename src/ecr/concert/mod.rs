//! Concert V2 E+: the fixed columns and sessions of French cash registers.

mod message;
mod register;
mod terminal;

pub use message::{ColumnError, Reply, Request};
pub use register::Asking;
pub use terminal::Answering;
