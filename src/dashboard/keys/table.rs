//! The one table of keys: what is pressed, what it is for, and what it does. Help and hints are drawn from it.

use super::action::{Action, SEEK};
use crate::dashboard::{
    Mode, Play,
    state::{Motion, Screen},
    words::Text,
};

/// One row of the table: actions that belong together.
#[derive(Debug)]
pub(in crate::dashboard) struct Row {
    /// What they are for.
    pub(in crate::dashboard) what: Text,
    /// The same in the fewest words, for the last line of the screen.
    pub(in crate::dashboard) hint: Text,
    /// On which screens they do something.
    pub(in crate::dashboard) screens: &'static [Screen],
    /// Each action with its usual keys.
    pub(in crate::dashboard) actions: &'static [(Action, &'static [&'static str])],
}

impl Row {
    /// What its keys are for in this mode.
    pub(in crate::dashboard) fn what(&self, mode: Mode) -> Text {
        match mode {
            Mode::Attached if self.is(Action::Quit) => Text::KeyLeave,
            Mode::Replay if self.is(Action::Quit) => Text::KeyClose,
            Mode::Replay if self.is(Action::Freeze) => Text::KeyPlay,
            _ => self.what,
        }
    }

    /// The same in the fewest words.
    pub(in crate::dashboard) fn hint(&self, mode: Mode) -> Text {
        match mode {
            Mode::Attached if self.is(Action::Quit) => Text::HintLeave,
            Mode::Replay if self.is(Action::Quit) => Text::HintClose,
            Mode::Replay if self.is(Action::Freeze) => Text::HintPlay,
            _ => self.hint,
        }
    }

    /// Whether its keys do something in this mode.
    pub(in crate::dashboard) fn is_in(&self, mode: Mode) -> bool {
        self.actions.iter().any(|(action, _)| action.works_in(mode))
    }

    fn is(&self, action: Action) -> bool {
        self.actions.iter().any(|(known, _)| *known == action)
    }
}

const EVERYWHERE: &[Screen] = &Screen::ALL;
const LISTS: &[Screen] = &[
    Screen::Overview,
    Screen::Latency,
    Screen::Steps,
    Screen::Terminals,
    Screen::Errors,
    Screen::Agents,
    Screen::Thresholds,
    Screen::Log,
];
const CHARTS: &[Screen] =
    &[Screen::Overview, Screen::Latency, Screen::Steps, Screen::Errors, Screen::Connections];

/// All keys, the most important first.
pub(in crate::dashboard) const ROWS: &[Row] = &[
    Row {
        what: Text::KeyQuit,
        hint: Text::HintQuit,
        screens: EVERYWHERE,
        actions: &[(Action::Quit, &["q", "ctrl-c"])],
    },
    Row {
        what: Text::KeyHelp,
        hint: Text::HintHelp,
        screens: EVERYWHERE,
        actions: &[(Action::Help, &["?", "h"])],
    },
    Row { what: Text::KeyAnswer, hint: Text::HintAnswer, screens: &[], actions: &[(Action::Answer, &["A"])] },
    Row {
        what: Text::KeySeek,
        hint: Text::HintSeek,
        screens: EVERYWHERE,
        actions: &[
            (Action::Play(Play::Seek(-SEEK)), &["left"]),
            (Action::Play(Play::Seek(SEEK)), &["right"]),
        ],
    },
    Row {
        what: Text::KeySpeed,
        hint: Text::HintSpeed,
        screens: EVERYWHERE,
        actions: &[(Action::Play(Play::Slower), &["<"]), (Action::Play(Play::Faster), &[">"])],
    },
    Row {
        what: Text::KeyToEnds,
        hint: Text::HintToEnds,
        screens: EVERYWHERE,
        actions: &[(Action::Play(Play::Begin), &["0"]), (Action::Play(Play::End), &["$"])],
    },
    Row {
        what: Text::KeyScreens,
        hint: Text::HintScreens,
        screens: &[],
        actions: &[
            (Action::Show(Screen::Overview), &["1"]),
            (Action::Show(Screen::Latency), &["2"]),
            (Action::Show(Screen::Steps), &["3"]),
            (Action::Show(Screen::Terminals), &["4"]),
            (Action::Show(Screen::Errors), &["5"]),
            (Action::Show(Screen::Connections), &["6"]),
            (Action::Show(Screen::Agents), &["7"]),
            (Action::Show(Screen::Thresholds), &["8"]),
            (Action::Show(Screen::Log), &["9"]),
        ],
    },
    Row {
        what: Text::KeyTurn,
        hint: Text::HintTurn,
        screens: EVERYWHERE,
        actions: &[(Action::Turn(1), &["tab"]), (Action::Turn(-1), &["shift-tab"])],
    },
    Row {
        what: Text::KeyOpen,
        hint: Text::HintOpen,
        screens: &[Screen::Steps, Screen::Terminals, Screen::Errors],
        actions: &[(Action::Open, &["enter"]), (Action::Back, &["esc"])],
    },
    Row {
        what: Text::KeyTimeKind,
        hint: Text::HintTimeKind,
        screens: &[Screen::Latency, Screen::Steps],
        actions: &[(Action::TimeKind, &["o"])],
    },
    Row {
        what: Text::KeyChartKind,
        hint: Text::HintChartKind,
        screens: &[Screen::Latency],
        actions: &[(Action::ChartKind, &["v"])],
    },
    Row {
        what: Text::KeyBaseline,
        hint: Text::HintBaseline,
        screens: &[Screen::Latency],
        actions: &[(Action::Baseline, &["b"])],
    },
    Row {
        what: Text::KeySort,
        hint: Text::HintSort,
        screens: &[Screen::Terminals],
        actions: &[(Action::Sort, &["s"]), (Action::Invert, &["i"])],
    },
    Row {
        what: Text::KeyFilter,
        hint: Text::HintFilter,
        screens: &[Screen::Terminals, Screen::Log],
        actions: &[(Action::Filter, &["/"])],
    },
    Row {
        what: Text::KeyDevices,
        hint: Text::HintDevices,
        screens: &[Screen::Terminals],
        actions: &[(Action::Devices, &["d"])],
    },
    Row {
        what: Text::KeyMove,
        hint: Text::HintMove,
        screens: LISTS,
        actions: &[(Action::Move(Motion::Up), &["up", "k"]), (Action::Move(Motion::Down), &["down", "j"])],
    },
    Row {
        what: Text::KeyPage,
        hint: Text::HintPage,
        screens: &[Screen::Terminals, Screen::Log],
        actions: &[(Action::Move(Motion::PageUp), &["pgup"]), (Action::Move(Motion::PageDown), &["pgdn"])],
    },
    Row {
        what: Text::KeyEnds,
        hint: Text::HintEnds,
        screens: &[Screen::Terminals, Screen::Log],
        actions: &[
            (Action::Move(Motion::First), &["g", "home"]),
            (Action::Move(Motion::Last), &["G", "end"]),
        ],
    },
    Row {
        what: Text::KeySpan,
        hint: Text::HintSpan,
        screens: CHARTS,
        actions: &[(Action::Wider, &["+"]), (Action::Narrower, &["-"]), (Action::WholeRun, &["a"])],
    },
    Row {
        what: Text::KeyFreeze,
        hint: Text::HintFreeze,
        screens: EVERYWHERE,
        actions: &[(Action::Freeze, &["space"])],
    },
    Row {
        what: Text::KeyExpand,
        hint: Text::HintExpand,
        screens: &[Screen::Overview, Screen::Latency],
        actions: &[(Action::Expand, &["e"])],
    },
    Row { what: Text::KeyLog, hint: Text::HintLog, screens: EVERYWHERE, actions: &[(Action::Log, &["l"])] },
    Row {
        what: Text::KeyPause,
        hint: Text::HintPause,
        screens: EVERYWHERE,
        actions: &[(Action::Pause, &["p"])],
    },
    Row {
        what: Text::KeyRate,
        hint: Text::HintRate,
        screens: &[Screen::Overview],
        actions: &[(Action::Rate(5), &["]"]), (Action::Rate(-5), &["["])],
    },
    Row {
        what: Text::KeyRateMore,
        hint: Text::HintRateMore,
        screens: &[],
        actions: &[(Action::Rate(25), &["}"]), (Action::Rate(-25), &["{"])],
    },
    Row {
        what: Text::KeyStop,
        hint: Text::HintStop,
        screens: &[],
        actions: &[(Action::Stop, &["x"]), (Action::Abort, &["X"])],
    },
    Row {
        what: Text::KeyMark,
        hint: Text::HintMark,
        screens: EVERYWHERE,
        actions: &[(Action::Mark, &["m"])],
    },
    Row {
        what: Text::KeyKeep,
        hint: Text::HintKeep,
        screens: EVERYWHERE,
        actions: &[(Action::Keep, &["w"])],
    },
    Row { what: Text::KeyLeave, hint: Text::HintLeave, screens: &[], actions: &[(Action::Leave, &["Q"])] },
];
