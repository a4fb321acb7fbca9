//! Regression: which case a device runs next, when it tries again, and what came of each – without I/O.
//!
//! A [`Course`] is one device's way through the cases of one scenario. It says what is next, is told what came of it,
//! and gives every case exactly one result. What a case *is* – a walk through a flow, a plug that is pulled – is for
//! those who carry it out.
//!
//! ```text
//!            ┌──────────────── after a power-cycle, or when the line is in doubt ───────────────┐
//!            ▼                                                                                  │
//!  start ► Identify ► Setup ► Case 0 ► Case 1 ► … ► Teardown ► Done                             │
//!                       ▲        └── one failed ──► Identify? ► Teardown ► (PowerCycle) ────────┤
//!                       └──────────── the next attempt, or the next case ──────────────────────┘
//! ```

mod course;
mod record;
mod result;

pub use course::{Course, Next, Policy, Report};
pub use record::Record;
pub use result::{Attempt, CaseResult, Line, Skip, Trouble, Verdict};
