//! What the operator has chosen to see, as a value: keys change it, drawing reads it. No terminal and no clock here.

mod choice;
mod list;
mod prompt;
mod screen;

pub(super) use choice::{ChartKind, Span, TimeKind};
pub use list::Motion;
pub(super) use list::{Extent, List};
pub(super) use prompt::{Prompt, Purpose, Question};
pub use screen::Screen;

use super::{
    Options, Request,
    keys::{Action, Keymap},
    look::Look,
    request::Answer,
    view,
};
use crate::{
    control::{Order, RateChange},
    metrics::{RowKey, RowOrder, RowWindow, Snapshot, StepView},
};
use crossterm::event::KeyEvent;
use prompt::Typed;
use ratatui::layout::Rect;

/// What the operator has chosen to see.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) look: Look,
    pub(super) keymap: Keymap,
    /// The steps of an earlier run, to compare with.
    pub(super) baseline: Vec<StepView>,
    pub(super) screen: Screen,
    pub(super) help: bool,
    pub(super) frozen: bool,
    /// Whether the log lies over the screen.
    pub(super) log: bool,
    /// Whether charts have the whole screen.
    pub(super) expanded: bool,
    pub(super) shows_baseline: bool,
    pub(super) quit: Quit,
    pub(super) time: TimeKind,
    pub(super) chart: ChartKind,
    pub(super) span: Span,
    pub(super) order: RowOrder,
    /// The text that terminals must hold, and that lines of the log must hold.
    pub(super) filter: String,
    pub(super) search: String,
    pub(super) prompt: Option<Prompt>,
    /// What the run said to the latest request.
    pub(super) notice: Option<Answer>,
    /// Whether the selected row of steps, or of errors, is shown at large.
    pub(super) is_open: bool,
    /// The terminal that is looked at closely.
    pub(super) terminal: Option<u32>,
    lists: [List; Screen::ALL.len()],
    seen: Seen,
    has_confirmed_pause: bool,
}

/// How far the wish to leave has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quit {
    No,
    Asked,
    Aborted,
}

/// What a key asks of those around the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// The run shall do something.
    Run(Request),
    /// The screen shall be kept as a picture.
    Picture,
    /// The screen shall go away, the run go on.
    Leave,
}

/// What keys need to know of the latest snapshot.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// The names of the scenarios.
    scenarios: Vec<String>,
    /// The number of the terminal in the selected row, where it is known.
    terminal: Option<u32>,
    /// Whether the load is paused.
    is_paused: bool,
}

impl State {
    /// The overview, live.
    pub fn new(options: Options) -> Self {
        let Options { look, keymap, baseline } = options;
        Self {
            look,
            keymap,
            shows_baseline: !baseline.is_empty(),
            baseline,
            screen: Screen::Overview,
            help: false,
            frozen: false,
            log: false,
            expanded: false,
            quit: Quit::No,
            time: TimeKind::default(),
            chart: ChartKind::default(),
            span: Span::default(),
            order: RowOrder::default(),
            filter: String::new(),
            search: String::new(),
            prompt: None,
            notice: None,
            is_open: false,
            terminal: None,
            lists: Default::default(),
            seen: Seen::default(),
            has_confirmed_pause: false,
        }
    }

    /// Takes one key; answers what it asks of those around the screen, if anything.
    pub fn on_key(&mut self, key: &KeyEvent) -> Option<Wish> {
        self.notice = None;
        let action = self.keymap.action(key);
        let is_interrupt = action == Some(Action::Quit) && !key.modifiers.is_empty();
        match self.prompt.take() {
            // Whoever types a line can still get away by Ctrl-C.
            Some(prompt) if !is_interrupt => self.type_in(prompt, key),
            _ => self.act(action?),
        }
    }

    /// Takes what the run said to a request.
    pub fn on_answer(&mut self, answer: Answer) {
        self.notice = Some(answer);
    }

    /// Takes the size of the terminal and of the lists of `snapshot`, and keeps every place within them.
    pub fn fit(&mut self, area: Rect, snapshot: &Snapshot) {
        let extent = view::extent(self, area, snapshot);
        self.lists[self.screen as usize].fit(extent);
        let place = self.lists[Screen::Terminals as usize].selected as u64;
        let rows = &snapshot.terminals;
        let row = place.checked_sub(rows.first).and_then(|index| rows.rows.get(usize::try_from(index).ok()?));
        self.seen.is_paused = snapshot.paused;
        self.seen.terminal = row.map(|row| row.number);
        if self.seen.scenarios.len() != snapshot.stages.len() {
            self.seen.scenarios = snapshot.stages.iter().map(|stage| stage.name.clone()).collect();
        }
    }

    /// The rows that the terminals screen may need next: those it shows, and a page on both sides.
    pub fn window(&self) -> RowWindow {
        let list = &self.lists[Screen::Terminals as usize];
        let page = list.page();
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        RowWindow {
            first: number(list.top.saturating_sub(page)),
            count: number(page.saturating_mul(3)),
            order: self.order,
            filter: self.filter.clone(),
            selected: self.terminal,
        }
    }

    /// Whether the picture stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// The place in the list of the screen that is shown.
    pub(super) fn list(&self) -> &List {
        &self.lists[self.screen as usize]
    }

    /// The step of the baseline with this name, when it is to be shown.
    pub(super) fn baseline_of(&self, step: &str) -> Option<&StepView> {
        self.baseline.iter().find(|known| self.shows_baseline && known.name == step)
    }

    fn act(&mut self, action: Action) -> Option<Wish> {
        match action {
            Action::Show(screen) => self.show(screen),
            Action::Turn(places) => self.show(self.screen.turn(places)),
            Action::Move(motion) => self.lists[self.screen as usize].go(motion),
            Action::Open => self.open(),
            Action::Back => self.back(),
            Action::Help => self.help = !self.help,
            Action::Wider => self.span = self.span.wider(),
            Action::Narrower => self.span = self.span.narrower(),
            Action::WholeRun => self.span = Span::Run,
            Action::Freeze => self.frozen = !self.frozen,
            Action::TimeKind => self.time = self.time.next(),
            Action::ChartKind => self.chart = self.chart.next(),
            Action::Baseline => self.shows_baseline = !self.shows_baseline && !self.baseline.is_empty(),
            Action::Sort => self.sort(),
            Action::Invert => self.order.is_inverted = !self.order.is_inverted,
            Action::Filter => self.ask_for_text(),
            Action::Expand => self.expanded = !self.expanded,
            Action::Log => self.log = !self.log,
            Action::Mark => self.prompt = Some(Prompt::Line(Purpose::Mark, String::new())),
            Action::Stop => self.prompt = Some(Prompt::Question(Question::Stop)),
            Action::Abort => self.prompt = Some(Prompt::Question(Question::Abort)),
            Action::Pause => return self.pause(),
            Action::Rate(percent) => return self.change_rate(percent),
            Action::Keep => return Some(Wish::Picture),
            Action::Quit => return order(self.quit()),
            Action::Leave => return Some(Wish::Leave),
        }
        None
    }

    fn type_in(&mut self, prompt: Prompt, key: &KeyEvent) -> Option<Wish> {
        match prompt.on_key(key) {
            Typed::More(prompt) => self.prompt = Some(prompt),
            Typed::Given => {}
            Typed::Line(Purpose::Filter, text) => self.filter = text,
            Typed::Line(Purpose::Search, text) => self.search = text,
            Typed::Line(Purpose::Mark, text) if text.is_empty() => {}
            Typed::Line(Purpose::Mark, text) => return order(Order::Mark { note: text }),
            Typed::Yes(Question::Pause) => {
                self.has_confirmed_pause = true;
                return self.pause();
            }
            Typed::Yes(Question::Stop) => {
                self.quit = Quit::Asked;
                return order(Order::Stop);
            }
            Typed::Yes(Question::Abort) => {
                self.quit = Quit::Aborted;
                return order(Order::Abort);
            }
        }
        None
    }

    fn show(&mut self, screen: Screen) {
        self.screen = screen;
        self.help = false;
        self.is_open = false;
        self.terminal = None;
    }

    fn open(&mut self) {
        match self.screen {
            Screen::Steps | Screen::Errors => self.is_open = true,
            Screen::Terminals => self.terminal = self.terminal.or(self.seen.terminal),
            _ => {}
        }
    }

    /// Closes what lies on top: help, log, details, a filter.
    fn back(&mut self) {
        match self.screen {
            _ if self.help => self.help = false,
            _ if self.log => self.log = false,
            _ if self.is_open => self.is_open = false,
            Screen::Terminals if self.terminal.is_some() => self.terminal = None,
            Screen::Terminals => self.filter.clear(),
            Screen::Log => self.search.clear(),
            _ => self.expanded = false,
        }
    }

    fn sort(&mut self) {
        let place = RowKey::ALL.iter().position(|key| *key == self.order.key).unwrap_or(0);
        self.order.key = RowKey::ALL[(place + 1) % RowKey::ALL.len()];
    }

    fn ask_for_text(&mut self) {
        let (purpose, text) = match self.screen {
            Screen::Terminals => (Purpose::Filter, &self.filter),
            _ => (Purpose::Search, &self.search),
        };
        if matches!(self.screen, Screen::Terminals | Screen::Log) {
            self.prompt = Some(Prompt::Line(purpose, text.clone()));
        }
    }

    fn pause(&mut self) -> Option<Wish> {
        if !self.has_confirmed_pause && !self.seen.is_paused {
            self.prompt = Some(Prompt::Question(Question::Pause));
            return None;
        }
        order(if self.seen.is_paused { Order::Resume } else { Order::Pause })
    }

    fn change_rate(&self, percent: i32) -> Option<Wish> {
        let selected = self.lists[Screen::Overview as usize].selected;
        let scenario = self.seen.scenarios.get(selected).filter(|_| self.seen.scenarios.len() > 1).cloned();
        order(Order::Rate { scenario, change: RateChange::By(f64::from(percent)) })
    }

    fn quit(&mut self) -> Order {
        let (quit, order) = match self.quit {
            Quit::No => (Quit::Asked, Order::Stop),
            Quit::Asked | Quit::Aborted => (Quit::Aborted, Order::Abort),
        };
        self.quit = quit;
        order
    }
}

fn order(order: Order) -> Option<Wish> {
    Some(Wish::Run(Request::Order(order)))
}

#[cfg(test)]
mod tests;
