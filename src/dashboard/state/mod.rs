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
    Mode, Options, Play, Request,
    keys::{Action, Keymap},
    look::Look,
    request::Answer,
    view,
    words::Text,
};
use crate::{
    control::{self, Order, RateChange},
    metrics::{RowKey, RowOrder, RowWindow, Snapshot, StepView},
};
use crossterm::event::{KeyCode, KeyEvent};
use prompt::Typed;
use ratatui::layout::Rect;

/// What the operator has chosen to see.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) look: Look,
    pub(super) keymap: Keymap,
    /// Where the run is.
    pub(super) mode: Mode,
    /// Whether nothing more will come of the run, though it did not say that it is done.
    pub(super) is_gone: bool,
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
    /// The place among the devices below the fleet, and whether keys move there.
    pub(super) devices: List,
    pub(super) is_among_devices: bool,
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
    /// Whether there are devices.
    has_devices: bool,
    /// The device that is looked at.
    device: Option<String>,
    /// What the run asks somebody to do, the oldest first.
    questions: Vec<control::Prompt>,
    /// The number of the newest of all that were asked.
    newest_question: u64,
}

impl State {
    /// The overview, live.
    pub fn new(options: Options) -> Self {
        let Options { look, keymap, baseline, mode } = options;
        Self {
            look,
            keymap,
            mode,
            is_gone: false,
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
            devices: List::default(),
            is_among_devices: false,
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
        // What shows in the picture itself need not be said.
        self.notice = Some(answer).filter(|answer| answer.as_deref() != Ok(""));
    }

    /// Nothing more comes of the run; `is_gone` when it did not say that it is done.
    pub(super) fn on_end(&mut self, is_gone: bool) {
        (self.is_gone, self.frozen) = (is_gone, false);
    }

    /// The question of the run that is answered, or would be.
    pub(super) fn question(&self, number: u64) -> Option<&control::Prompt> {
        self.seen.questions.iter().find(|question| question.number == number)
    }

    /// Takes the size of the terminal and of the lists of `snapshot`, and keeps every place within them.
    pub fn fit(&mut self, area: Rect, snapshot: &Snapshot) {
        let extent = view::extent(self, area, snapshot);
        self.lists[self.screen as usize].fit(extent);
        let place = self.lists[Screen::Terminals as usize].selected as u64;
        let rows = &snapshot.terminals;
        self.devices.fit(view::device_extent(self, area, snapshot));
        self.is_among_devices &= !snapshot.devices.is_empty();
        let row = place.checked_sub(rows.first).and_then(|index| rows.rows.get(usize::try_from(index).ok()?));
        self.seen.is_paused = snapshot.paused;
        let newest = snapshot.questions.last().map_or(0, |question| question.number);
        if newest > self.seen.newest_question {
            // What is asked now matters more than what was said to the last request.
            (self.seen.newest_question, self.notice) = (newest, None);
        }
        if self.seen.questions != snapshot.questions {
            self.seen.questions.clone_from(&snapshot.questions);
        }
        let looked_at = self.terminal.or(self.seen.terminal.filter(|_| self.is_among_devices));
        let device = snapshot.devices.iter().find(|device| Some(device.number) == looked_at);
        self.seen.device =
            device.filter(|_| self.screen == Screen::Terminals).map(|device| device.id.clone());
        self.seen.has_devices = !snapshot.devices.is_empty();
        self.seen.terminal = match self.is_among_devices {
            true => view::device_at(self.devices.selected, self, snapshot),
            false => row.map(|row| row.number),
        };
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

    /// What is said where nothing is to be shown: a recording may lack what the run had.
    pub(super) fn nothing(&self, live: Text) -> &'static str {
        self.look.say(if self.mode == Mode::Replay { Text::NotRecorded } else { live })
    }

    /// The step of the baseline with this name, when it is to be shown.
    pub(super) fn baseline_of(&self, step: &str) -> Option<&StepView> {
        self.baseline.iter().find(|known| self.shows_baseline && known.name == step)
    }

    fn act(&mut self, action: Action) -> Option<Wish> {
        if self.mode == Mode::Replay && !action.works_in(self.mode) && action != Action::Leave {
            self.notice = Some(Err(self.look.say(Text::NotInReplay).to_owned()));
            return None;
        }
        match action {
            Action::Show(screen) => self.show(screen),
            Action::Turn(places) => self.show(self.screen.turn(places)),
            Action::Move(motion) => self.moving().go(motion),
            Action::Devices => self.is_among_devices = !self.is_among_devices && self.seen.has_devices,
            Action::Open => self.open(),
            Action::Back => self.back(),
            Action::Help => self.help = !self.help,
            Action::Wider => self.span = self.span.wider(),
            Action::Narrower => self.span = self.span.narrower(),
            Action::WholeRun => self.span = Span::Run,
            Action::Freeze if self.mode == Mode::Replay => return play(Play::Toggle),
            Action::Freeze if self.is_gone => {}
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
            Action::Answer => self.answer(),
            Action::Play(change) if self.mode == Mode::Replay => return play(change),
            Action::Play(_) => {}
            Action::Quit if self.mode != Mode::Run => return Some(Wish::Leave),
            Action::Quit => return order(self.quit()),
            Action::Leave => return Some(Wish::Leave),
        }
        None
    }

    fn type_in(&mut self, prompt: Prompt, key: &KeyEvent) -> Option<Wish> {
        let prompt = self.turned(prompt, key);
        match prompt.on_key(key) {
            Typed::More(prompt) => self.prompt = Some(prompt),
            Typed::Given => {}
            Typed::Line(Purpose::Filter, text) => self.filter = text,
            Typed::Line(Purpose::Search, text) => self.search = text,
            Typed::Line(Purpose::Mark, text) if text.is_empty() => {}
            Typed::Line(Purpose::Mark, text) => return order(Order::Mark { note: text }),
            Typed::Line(Purpose::Answer(prompt), text) => {
                return Some(Wish::Run(Request::Answer { prompt, text }));
            }
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

    /// The list that keys move through.
    fn moving(&mut self) -> &mut List {
        match self.screen == Screen::Terminals && self.is_among_devices {
            true => &mut self.devices,
            false => &mut self.lists[self.screen as usize],
        }
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

    /// Asks for the answer to the question of the device that is looked at, or else to the oldest one.
    fn answer(&mut self) {
        let questions = &self.seen.questions;
        let is_of = |device: &str, text: &str| {
            text.strip_prefix(device).is_some_and(|rest| rest.starts_with([':', ' ']))
        };
        let device = self.seen.device.as_deref();
        let its = questions.iter().find(|one| device.is_some_and(|device| is_of(device, &one.text)));
        match its.or(questions.first()) {
            Some(question) => {
                self.prompt = Some(Prompt::Line(Purpose::Answer(question.number), String::new()));
            }
            None => self.notice = Some(Err(self.look.say(Text::NothingAsked).to_owned())),
        }
    }

    /// While an answer is typed, up and down go to the questions before and after it.
    fn turned(&self, prompt: Prompt, key: &KeyEvent) -> Prompt {
        let Prompt::Line(Purpose::Answer(number), text) = &prompt else { return prompt };
        let questions = &self.seen.questions;
        let other = match key.code {
            KeyCode::Up => questions.iter().rev().find(|one| one.number < *number),
            KeyCode::Down => questions.iter().find(|one| one.number > *number),
            _ => None,
        };
        other.map_or(prompt.clone(), |other| Prompt::Line(Purpose::Answer(other.number), text.clone()))
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

fn play(change: Play) -> Option<Wish> {
    Some(Wish::Run(Request::Play(change)))
}

fn order(order: Order) -> Option<Wish> {
    Some(Wish::Run(Request::Order(order)))
}

#[cfg(test)]
mod tests;
