//! What one terminal says and hears, line by line, for whoever looks at it: no card, no key.

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// Who sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// The terminal did.
    #[default]
    Out,
    /// The host did.
    In,
}

/// One message, or a piece of one, as a line of masked text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLine {
    /// When, since the start of the run.
    pub at: Duration,
    /// Who sent it.
    pub way: Way,
    /// What it says: MTI and elements, card data and keys hidden.
    pub text: String,
}

/// The messages of the terminal that is looked at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TraceView {
    /// The number of the terminal in the fleet; `None` when none is looked at.
    pub terminal: Option<u32>,
    /// The newest lines, the oldest first; bounded.
    pub lines: Arc<VecDeque<TraceLine>>,
}
