//! What the operator has chosen to see, as a value: keys change it, drawing reads it. No terminal and no clock here.

use super::{
    keys::{self, Action},
    panel,
    theme::Theme,
};
use crate::{
    control::{Order, RateChange},
    metrics::{RowWindow, Snapshot},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

/// What the operator has chosen to see.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) theme: Theme,
    pub(super) screen: Screen,
    pub(super) help: bool,
    pub(super) frozen: bool,
    pub(super) quit: Quit,
    pub(super) asking: Asking,
    is_paused: bool,
    pub(super) time: TimeKind,
    /// The selected row of the latency screen.
    pub(super) step: usize,
    /// The number of the first terminal on the terminals screen.
    pub(super) top: usize,
    extent: Extent,
}

/// What an operator asks of the run.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// No new iterations; those under way may finish.
    Stop,
    /// The end, at once.
    Abort,
    /// Something of its load, or a note.
    Order(Order),
}

impl Command {
    /// The order that it is.
    pub fn order(self) -> Order {
        match self {
            Self::Stop => Order::Stop,
            Self::Abort => Order::Abort,
            Self::Order(order) => order,
        }
    }
}

/// A key that must be pressed twice, or a text that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Asking {
    /// Nothing is asked.
    #[default]
    Nothing,
    /// Whether the load shall be paused, or go on.
    Pause,
    /// Whether the run shall be aborted.
    Abort,
    /// The note of a mark, as far as it is typed.
    Note(String),
}

/// The screens, in the order of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Is the plan being met, is the system well, is the generator well?
    Overview,
    /// How long do the steps take?
    Latency,
    /// What do the terminals do?
    Terminals,
}

impl Screen {
    /// All screens in the order of their keys.
    pub const ALL: [Self; 3] = [Self::Overview, Self::Latency, Self::Terminals];

    /// The name that the operator reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Latency => "Latency",
            Self::Terminals => "Terminals",
        }
    }

    fn turn(self, places: isize) -> Self {
        Self::ALL[(self as isize + places).rem_euclid(Self::ALL.len() as isize) as usize]
    }
}

/// How far the wish to leave has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quit {
    No,
    Asked,
    Aborted,
}

/// Which of the two times of a step is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeKind {
    Response,
    Service,
}

/// A step through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

impl Motion {
    /// The place that this motion leads to from `place` when pages have `page` rows and `last` is the last place.
    fn from(self, place: usize, page: usize, last: usize) -> usize {
        let place = match self {
            Self::Up => place.saturating_sub(1),
            Self::Down => place.saturating_add(1),
            Self::PageUp => place.saturating_sub(page),
            Self::PageDown => place.saturating_add(page),
            Self::First => 0,
            Self::Last => last,
        };
        place.min(last)
    }
}

/// How much there is to move through, and how much of it the terminal shows.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    steps: usize,
    terminals: usize,
    page: usize,
}

impl State {
    /// The overview, live.
    pub fn new(theme: Theme) -> Self {
        Self {
            theme,
            screen: Screen::Overview,
            help: false,
            frozen: false,
            quit: Quit::No,
            asking: Asking::Nothing,
            is_paused: false,
            time: TimeKind::Response,
            step: 0,
            top: 0,
            extent: Extent::default(),
        }
    }

    /// Takes one key; answers what it asks of the run, if anything.
    pub fn on_key(&mut self, key: &KeyEvent) -> Option<Command> {
        match std::mem::take(&mut self.asking) {
            Asking::Nothing => {}
            Asking::Note(note) => return self.type_note(note, key),
            asked => {
                if key.code == KeyCode::Char('y') || self.asks_again(&asked, key) {
                    return Some(self.confirmed(&asked));
                }
            }
        }
        match keys::action(key)? {
            Action::Show(screen) => self.show(screen),
            Action::Turn(places) => self.show(self.screen.turn(places)),
            Action::Move(motion) => self.go(motion),
            Action::SwitchTime => {
                self.time = match self.time {
                    TimeKind::Response => TimeKind::Service,
                    TimeKind::Service => TimeKind::Response,
                }
            }
            Action::Freeze => self.frozen = !self.frozen,
            Action::Help => self.help = !self.help,
            Action::Back => self.help = false,
            Action::Quit => return Some(self.quit()),
            Action::Stop => return Some(self.stop()),
            Action::Abort => self.asking = Asking::Abort,
            Action::Pause => self.asking = Asking::Pause,
            Action::Mark => self.asking = Asking::Note(String::new()),
            Action::Rate(percent) => {
                let change = RateChange::By(f64::from(percent));
                return Some(Command::Order(Order::Rate { scenario: None, change }));
            }
        }
        None
    }

    /// Takes the size of the terminal and of the lists of `snapshot`, and keeps every place within them.
    pub fn fit(&mut self, area: Rect, snapshot: &Snapshot) {
        self.is_paused = snapshot.paused;
        self.extent = Extent {
            steps: snapshot.steps.len(),
            terminals: usize::try_from(snapshot.terminals.count).unwrap_or(usize::MAX),
            page: panel::terminals::page(area),
        };
        self.step = self.step.min(self.last_step());
        self.top = self.top.min(self.last_top());
    }

    /// The rows that the terminals screen may need next: those it shows, and a page on both sides.
    pub fn window(&self) -> RowWindow {
        let page = self.extent.page;
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        RowWindow { first: number(self.top.saturating_sub(page)), count: number(page.saturating_mul(3)) }
    }

    /// Whether the picture stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    fn show(&mut self, screen: Screen) {
        self.screen = screen;
        self.help = false;
    }

    fn go(&mut self, motion: Motion) {
        match self.screen {
            Screen::Overview => {}
            Screen::Latency => self.step = motion.from(self.step, STEPS_PAGE, self.last_step()),
            Screen::Terminals => self.top = motion.from(self.top, self.extent.page, self.last_top()),
        }
    }

    /// Whether the key is the one that asked.
    fn asks_again(&self, asked: &Asking, key: &KeyEvent) -> bool {
        let action = keys::action(key);
        matches!((asked, action), (Asking::Pause, Some(Action::Pause)) | (Asking::Abort, Some(Action::Abort)))
    }

    fn confirmed(&mut self, asked: &Asking) -> Command {
        match asked {
            Asking::Abort => {
                self.quit = Quit::Aborted;
                Command::Abort
            }
            _ if self.is_paused => Command::Order(Order::Resume),
            _ => Command::Order(Order::Pause),
        }
    }

    /// Takes a key while a note is typed: Enter ends it, Esc forgets it.
    fn type_note(&mut self, mut note: String, key: &KeyEvent) -> Option<Command> {
        let control = key.modifiers.contains(crossterm::event::KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Some(Command::Order(Order::Mark { note })),
            KeyCode::Esc => return None,
            KeyCode::Backspace => drop(note.pop()),
            KeyCode::Char('c') if control => return Some(self.quit()),
            KeyCode::Char(letter) if note.len() < NOTE_MAX => note.push(letter),
            _ => {}
        }
        self.asking = Asking::Note(note);
        None
    }

    fn stop(&mut self) -> Command {
        if self.quit == Quit::No {
            self.quit = Quit::Asked;
        }
        Command::Stop
    }

    fn quit(&mut self) -> Command {
        let (quit, command) = match self.quit {
            Quit::No => (Quit::Asked, Command::Stop),
            Quit::Asked | Quit::Aborted => (Quit::Aborted, Command::Abort),
        };
        self.quit = quit;
        command
    }

    fn last_step(&self) -> usize {
        self.extent.steps.saturating_sub(1)
    }

    fn last_top(&self) -> usize {
        self.extent.terminals.saturating_sub(self.extent.page)
    }
}

/// How many steps a page of the latency screen moves.
const STEPS_PAGE: usize = 5;
/// A note is a line, in bytes.
const NOTE_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{StepView, TerminalsView};
    use crossterm::event::{KeyCode, KeyModifiers};

    fn press(state: &mut State, keys: &str) -> Vec<Command> {
        keys.chars().filter_map(|key| state.on_key(&KeyCode::Char(key).into())).collect()
    }

    fn fitted(terminals: u64) -> State {
        let mut state = State::new(Theme::PLAIN);
        let snapshot = Snapshot {
            terminals: TerminalsView { count: terminals, ..TerminalsView::default() },
            steps: vec![StepView::default(); 3],
            ..Snapshot::default()
        };
        state.fit(Rect::new(0, 0, 80, 24), &snapshot);
        state
    }

    #[test]
    fn the_first_q_stops_and_every_further_one_aborts() {
        let mut state = fitted(1);
        assert_eq!(press(&mut state, "q"), [Command::Stop]);
        assert_eq!(press(&mut state, "qq"), [Command::Abort, Command::Abort]);
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        let mut state = fitted(1);
        assert_eq!(state.on_key(&control_c), Some(Command::Stop));
        assert_eq!(press(&mut state, "q"), [Command::Abort]);
    }

    #[test]
    fn live_control_asks_where_it_matters_and_takes_notes() {
        let mut state = fitted(1);
        let rate = |percent| Command::Order(Order::Rate { scenario: None, change: RateChange::By(percent) });
        assert_eq!(press(&mut state, "]{"), [rate(5.0), rate(-25.0)]);
        assert_eq!(press(&mut state, "p"), []);
        assert_eq!(press(&mut state, "n"), [], "anything else is a no");
        assert_eq!(press(&mut state, "py"), [Command::Order(Order::Pause)]);
        state.fit(Rect::new(0, 0, 80, 24), &Snapshot { paused: true, ..Snapshot::default() });
        assert_eq!(press(&mut state, "pp"), [Command::Order(Order::Resume)]);
        assert_eq!(press(&mut state, "mqx"), [], "keys are letters while a note is typed");
        assert_eq!(state.on_key(&KeyCode::Backspace.into()), None);
        let mark = Command::Order(Order::Mark { note: "q".to_owned() });
        assert_eq!(state.on_key(&KeyCode::Enter.into()), Some(mark));
        assert_eq!(press(&mut state, "xXX"), [Command::Stop, Command::Abort]);
    }

    #[test]
    fn screens_turn_in_a_circle_and_close_the_help() {
        let mut state = fitted(1);
        press(&mut state, "?");
        assert!(state.help);
        for screen in [Screen::Latency, Screen::Terminals, Screen::Overview] {
            state.on_key(&KeyCode::Tab.into());
            assert_eq!((state.screen, state.help), (screen, false));
        }
        state.on_key(&KeyCode::BackTab.into());
        assert_eq!(state.screen, Screen::Terminals);
        press(&mut state, "1");
        assert_eq!(state.screen, Screen::Overview);
    }

    #[test]
    fn moving_stays_within_the_lists() {
        let mut state = fitted(2000);
        let page = state.extent.page;
        press(&mut state, "3jjk");
        assert_eq!(state.top, 1);
        state.on_key(&KeyCode::PageDown.into());
        assert_eq!(state.top, 1 + page);
        press(&mut state, "G");
        assert_eq!(state.top, 2000 - page);
        press(&mut state, "j");
        assert_eq!(state.top, 2000 - page);
        state.on_key(&KeyCode::Home.into());
        press(&mut state, "k");
        assert_eq!(state.top, 0);
        press(&mut state, "2jjjj");
        assert_eq!(state.step, 2);
    }

    #[test]
    fn the_window_has_a_page_before_and_after_what_is_shown() {
        let mut state = fitted(2000);
        let page = state.extent.page as u32;
        assert_eq!(state.window(), RowWindow { first: 0, count: 3 * page });
        press(&mut state, "3G");
        assert_eq!(state.window(), RowWindow { first: 2000 - 2 * page, count: 3 * page });
    }

    #[test]
    fn a_fleet_that_shrinks_takes_the_place_with_it() {
        let mut state = fitted(2000);
        press(&mut state, "3G");
        state.fit(Rect::new(0, 0, 80, 24), &Snapshot::default());
        assert_eq!((state.top, state.step), (0, 0));
    }
}
