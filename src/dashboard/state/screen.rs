//! The screens and their order.

use crate::dashboard::words::Text;

/// The screens, in the order of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Is the plan being met, is the system well, is the generator well?
    Overview,
    /// How long do the steps take?
    Latency,
    /// What becomes of each step?
    Steps,
    /// What do terminals and devices do?
    Terminals,
    /// What goes wrong, since when, and how often?
    Errors,
    /// What becomes of connections?
    Connections,
    /// Who makes the load, and what does it cost them?
    Agents,
    /// What does the verdict hang on?
    Thresholds,
    /// What happened?
    Log,
}

impl Screen {
    /// All screens in the order of their keys.
    pub const ALL: [Self; 9] = [
        Self::Overview,
        Self::Latency,
        Self::Steps,
        Self::Terminals,
        Self::Errors,
        Self::Connections,
        Self::Agents,
        Self::Thresholds,
        Self::Log,
    ];

    /// The name that the operator reads.
    pub(in crate::dashboard) fn name(self) -> Text {
        match self {
            Self::Overview => Text::Overview,
            Self::Latency => Text::Latency,
            Self::Steps => Text::Steps,
            Self::Terminals => Text::Terminals,
            Self::Errors => Text::Errors,
            Self::Connections => Text::Connections,
            Self::Agents => Text::Agents,
            Self::Thresholds => Text::Thresholds,
            Self::Log => Text::Log,
        }
    }

    /// The screen so many places further, in a circle.
    pub(super) fn turn(self, places: isize) -> Self {
        Self::ALL[(self as isize + places).rem_euclid(Self::ALL.len() as isize) as usize]
    }
}
