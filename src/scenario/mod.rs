//! (to come)
mod plan;
pub use plan::{Connection, Group, Identity, Plan, Scenario, Start, Target};
