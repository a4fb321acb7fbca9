//! What one terminal says and hears, line by line, for whoever looks at it: no card, no key.

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// Who sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// The terminal did; of a device, its register did.
    #[default]
    Out,
    /// The host did; of a device, the device did.
    In,
    /// Nobody: a word of the register about what goes on.
    Note,
}

/// One message, or a piece of one, as a line of masked text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLine {
    /// When, since the start of the run.
    pub at: Duration,
    /// Who sent it.
    pub way: Way,
    /// What it says: MTI and elements, or the bytes of a device's line; card data and keys hidden.
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

impl TraceView {
    /// Takes what `terminal`, who is listened to now, said and heard; of another one nothing is kept.
    pub fn take(&mut self, terminal: Option<u32>, lines: Vec<TraceLine>) {
        if self.terminal != terminal {
            *self = Self { terminal, ..Self::default() };
        }
        if terminal.is_some() && !lines.is_empty() {
            let kept = Arc::make_mut(&mut self.lines);
            kept.extend(lines);
            let surplus = kept.len().saturating_sub(LINES_MAX);
            kept.drain(..surplus);
        }
    }
}

const LINES_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_another_terminal_make_room_and_their_number_is_bounded() {
        let lines = |count| vec![TraceLine::default(); count];
        let mut trace = TraceView::default();
        trace.take(None, lines(3));
        assert_eq!(trace.lines.len(), 0);
        trace.take(Some(1), lines(150));
        trace.take(Some(1), lines(150));
        assert_eq!(trace.lines.len(), LINES_MAX);
        trace.take(Some(2), lines(1));
        assert_eq!((trace.terminal, trace.lines.len()), (Some(2), 1));
    }
}
