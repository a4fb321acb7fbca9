//! What keys do, each thing with the name that a file of keys calls it by.

use crate::dashboard::{
    Mode, Play,
    state::{Motion, Screen},
};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dashboard) enum Action {
    /// Shows a screen.
    Show(Screen),
    /// Shows the screen so many places further.
    Turn(isize),
    /// Moves through the list of the screen.
    Move(Motion),
    /// Shows more of the selected row.
    Open,
    /// Goes back to where one came from.
    Back,
    /// Shows or hides the help.
    Help,
    /// Shows more time.
    Wider,
    /// Shows less time.
    Narrower,
    /// Shows the whole run.
    WholeRun,
    /// Freezes the picture, or lets it go on.
    Freeze,
    /// Response time, service time, or its parts.
    TimeKind,
    /// Histogram, heatmap, or percentile curve.
    ChartKind,
    /// Shows or hides the baseline.
    Baseline,
    /// Sorts by the next column.
    Sort,
    /// Turns the order around.
    Invert,
    /// Asks for a text that rows must hold.
    Filter,
    /// Goes from the list of the fleet to that of the devices, or back.
    Devices,
    /// Gives the charts the whole screen, or takes it back.
    Expand,
    /// Shows or hides the log over the screen.
    Log,
    /// Pauses the load, or lets it go on.
    Pause,
    /// Changes the rate of the selected scenario by so many percent.
    Rate(i32),
    /// Stops gracefully, after a question.
    Stop,
    /// Ends at once, after a question.
    Abort,
    /// Asks for a note to put on the time axis.
    Mark,
    /// Answers what the run asks somebody to do.
    Answer,
    /// Plays a recording in another way.
    Play(Play),
    /// Writes the screen into the results folder.
    Keep,
    /// Asks for a stop, and at the second time for an abort.
    Quit,
    /// Leaves the screen; the run goes on.
    Leave,
}

impl Action {
    /// All actions with their names.
    pub(super) const NAMES: [(&'static str, Self); 51] = [
        ("overview", Self::Show(Screen::Overview)),
        ("latency", Self::Show(Screen::Latency)),
        ("steps", Self::Show(Screen::Steps)),
        ("terminals", Self::Show(Screen::Terminals)),
        ("errors", Self::Show(Screen::Errors)),
        ("connections", Self::Show(Screen::Connections)),
        ("agents", Self::Show(Screen::Agents)),
        ("thresholds", Self::Show(Screen::Thresholds)),
        ("log", Self::Show(Screen::Log)),
        ("next-screen", Self::Turn(1)),
        ("previous-screen", Self::Turn(-1)),
        ("up", Self::Move(Motion::Up)),
        ("down", Self::Move(Motion::Down)),
        ("page-up", Self::Move(Motion::PageUp)),
        ("page-down", Self::Move(Motion::PageDown)),
        ("first", Self::Move(Motion::First)),
        ("last", Self::Move(Motion::Last)),
        ("open", Self::Open),
        ("back", Self::Back),
        ("help", Self::Help),
        ("wider", Self::Wider),
        ("narrower", Self::Narrower),
        ("whole-run", Self::WholeRun),
        ("freeze", Self::Freeze),
        ("time", Self::TimeKind),
        ("chart", Self::ChartKind),
        ("baseline", Self::Baseline),
        ("sort", Self::Sort),
        ("invert", Self::Invert),
        ("filter", Self::Filter),
        ("devices", Self::Devices),
        ("expand", Self::Expand),
        ("log-overlay", Self::Log),
        ("pause", Self::Pause),
        ("rate-up", Self::Rate(5)),
        ("rate-down", Self::Rate(-5)),
        ("rate-up-more", Self::Rate(25)),
        ("rate-down-more", Self::Rate(-25)),
        ("stop", Self::Stop),
        ("abort", Self::Abort),
        ("mark", Self::Mark),
        ("answer", Self::Answer),
        ("seek-on", Self::Play(Play::Seek(SEEK))),
        ("seek-back", Self::Play(Play::Seek(-SEEK))),
        ("faster", Self::Play(Play::Faster)),
        ("slower", Self::Play(Play::Slower)),
        ("to-begin", Self::Play(Play::Begin)),
        ("to-end", Self::Play(Play::End)),
        ("snapshot", Self::Keep),
        ("quit", Self::Quit),
        ("leave", Self::Leave),
    ];

    /// Whether it does something in this mode.
    pub(in crate::dashboard) fn works_in(self, mode: Mode) -> bool {
        match self {
            Self::Play(_) => mode == Mode::Replay,
            Self::Pause | Self::Rate(_) | Self::Stop | Self::Abort | Self::Mark | Self::Answer => {
                mode != Mode::Replay
            }
            // Elsewhere that is what `q` does.
            Self::Leave => mode == Mode::Run,
            _ => true,
        }
    }

    /// The action called `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, action)| *action)
    }

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, action)| *action == self).map_or("?", |(name, _)| name)
    }
}

/// How far a step through a recording goes, in seconds.
pub(super) const SEEK: i64 = 10;
