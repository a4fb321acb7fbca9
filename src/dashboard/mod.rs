//! The dashboard: a run on the operator's terminal, live.
//!
//! It reads snapshots and nothing else of a run; what the operator asks for goes out as a [`Request`] and as the
//! [`RowWindow`] of terminals worth knowing. Drawing is a pure function of state and
//! snapshot; only [`run`] touches the terminal.

mod ascii;
mod draw;
mod format;
mod keys;
mod locale;
mod look;
mod mode;
mod panel;
mod picture;
mod request;
mod screen;
mod state;
mod svg;
mod text;
mod theme;
mod view;
mod words;

pub use draw::draw;
pub use keys::{Keymap, KeymapError, Place};
pub use locale::look;
pub use look::{Charset, Look};
pub use mode::Mode;
pub use picture::text as text_of;
pub use request::{Answer, Picture, Play, Request};
pub use state::{Motion, Screen, State, Wish};
pub use svg::svg;
pub use theme::Theme;
pub use words::Language;

use crate::metrics::{Phase, RowWindow, Snapshot, StepView};
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::{Stream, StreamExt};
use ratatui::{
    CompletedFrame, Terminal,
    backend::Backend,
    layout::{Position, Rect},
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// How an operator wants the dashboard.
#[derive(Clone, Debug)]
pub struct Options {
    /// Colours, language, characters.
    pub look: Look,
    /// Which key does what.
    pub keymap: Keymap,
    /// The steps of an earlier run, to compare with; empty for none.
    pub baseline: Vec<StepView>,
    /// Where the run is.
    pub mode: Mode,
}

impl Options {
    /// The usual keys, and nothing to compare with.
    pub fn of(look: Look) -> Self {
        Self { look, keymap: Keymap::default(), baseline: Vec::new(), mode: Mode::Run }
    }
}

/// Shows `snapshots` full screen until the operator leaves; in [`Mode::Run`] also until one says that the run is done,
/// or until their sender is gone.
///
/// Publishes in `window` which terminals it would like to have in the next snapshot, and hands what the operator asks
/// for to `requests`, whose answer it shows. The terminal is as before when this returns, fails, panics or is dropped.
///
/// # Errors
/// When the terminal cannot be switched, read or written.
pub async fn run(
    snapshots: watch::Receiver<Arc<Snapshot>>,
    window: watch::Sender<RowWindow>,
    options: Options,
    requests: impl FnMut(Request) -> Answer,
) -> io::Result<()> {
    let state = State::new(options);
    let mut screen = screen::FullScreen::enter()?;
    follow(&mut screen.terminal, EventStream::new(), state, snapshots, window, requests).await
}

/// The loop of [`run`] over any terminal and any source of keys.
///
/// # Errors
/// When the terminal cannot be read or written.
pub async fn follow<B: Backend>(
    terminal: &mut Terminal<B>,
    events: impl Stream<Item = io::Result<Event>>,
    mut state: State,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    window: watch::Sender<RowWindow>,
    mut requests: impl FnMut(Request) -> Answer,
) -> io::Result<()>
where
    B::Error: Send + Sync + 'static,
{
    // A terminal that is gone sends no more keys; the run goes on without them.
    let events = events.chain(futures_util::stream::pending());
    let mut events = std::pin::pin!(events);
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shown = Arc::default();
    snapshots.mark_changed();
    let mut is_stale = true;
    let mut is_over = false;
    loop {
        tokio::select! {
            // A picture shows all that came before it.
            biased;
            changed = snapshots.changed(), if !is_over => {
                let latest = Arc::clone(&snapshots.borrow_and_update());
                is_over = changed.is_err() || (latest.phase == Phase::Done && state.mode != Mode::Replay);
                if is_over && state.mode == Mode::Run {
                    return Ok(());
                }
                if is_over {
                    state.on_end(latest.phase != Phase::Done);
                }
                if !state.is_frozen() {
                    shown = latest;
                    is_stale = true;
                }
            }
            Some(event) = events.next() => {
                if let Event::Key(key) = event? && key.kind != KeyEventKind::Release {
                    // Keys may come faster than pictures, and each acts on what the ones before it have brought up.
                    state.fit(area(terminal)?, &shown);
                    let was_frozen = state.is_frozen();
                    let wish = state.on_key(&key);
                    if was_frozen && !state.is_frozen() {
                        shown = Arc::clone(&snapshots.borrow());
                    }
                    let request = match wish {
                        Some(Wish::Leave) => return Ok(()),
                        Some(Wish::Picture) => Some(Request::Keep(pictured(terminal, &mut state, &shown)?)),
                        Some(Wish::Run(request)) => Some(request),
                        None => None,
                    };
                    if let Some(request) = request {
                        state.on_answer(requests(request));
                    }
                }
                is_stale = true;
            }
            _ = frames.tick(), if is_stale => {
                is_stale = false;
                redraw(terminal, &mut state, &shown)?;
                publish(&window, state.window());
            }
        }
    }
}

/// Brings the terminal up to date; of what is there already nothing is written again.
fn redraw<'t, B: Backend>(
    terminal: &'t mut Terminal<B>,
    state: &mut State,
    snapshot: &Snapshot,
) -> io::Result<CompletedFrame<'t>>
where
    B::Error: Send + Sync + 'static,
{
    state.fit(area(terminal)?, snapshot);
    terminal.draw(|frame| draw(frame, state, snapshot)).map_err(io::Error::other)
}

/// The screen as it is now, as files.
fn pictured<B: Backend>(
    terminal: &mut Terminal<B>,
    state: &mut State,
    snapshot: &Snapshot,
) -> io::Result<Picture>
where
    B::Error: Send + Sync + 'static,
{
    let frame = redraw(terminal, state, snapshot)?;
    Ok(picture::picture(frame.buffer, state, snapshot))
}

fn area<B: Backend>(terminal: &Terminal<B>) -> io::Result<Rect>
where
    B::Error: Send + Sync + 'static,
{
    Ok(Rect::from((Position::ORIGIN, terminal.size().map_err(io::Error::other)?)))
}

fn publish(window: &watch::Sender<RowWindow>, wanted: RowWindow) {
    window.send_if_modified(|window| {
        let is_other = *window != wanted;
        *window = wanted;
        is_other
    });
}

/// At most ten pictures a second.
const FRAME: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{control::Order, metrics::TerminalsView};
    use crossterm::event::KeyCode;
    use ratatui::backend::TestBackend;
    use std::cell::RefCell;
    use tokio::sync::mpsc;

    /// Runs the loop beside `play`, which sends keys and snapshots and waits for windows; then the screen and commands.
    async fn followed(play: impl AsyncFnOnce(Hands)) -> (String, Vec<Request>) {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a test backend has no errors");
        let (snapshots, latest) = watch::channel(named("before", Phase::Running));
        let (window, wanted) = watch::channel(RowWindow::default());
        let (keys, mut pressed) = mpsc::unbounded_channel::<char>();
        let events = futures_util::stream::poll_fn(move |context| {
            let event = |key| Ok(Event::Key(KeyCode::Char(key).into()));
            pressed.poll_recv(context).map(|key| key.map(event))
        });
        let commands = RefCell::new(Vec::new());
        let state = State::new(Options::of(Look::of(Theme::PLAIN)));
        let following = follow(&mut terminal, events, state, latest, window, |command| {
            commands.borrow_mut().push(command);
            Ok("it shall be so".to_owned())
        });
        let (outcome, ()) = tokio::join!(following, play(Hands { snapshots, wanted, keys }));
        outcome.expect("neither the backend nor the keys fail");
        (terminal.backend().to_string(), commands.into_inner())
    }

    struct Hands {
        snapshots: watch::Sender<Arc<Snapshot>>,
        wanted: watch::Receiver<RowWindow>,
        keys: mpsc::UnboundedSender<char>,
    }

    impl Hands {
        fn press(&self, keys: &str) {
            keys.chars().for_each(|key| self.keys.send(key).expect("the loop runs"));
        }

        /// Waits until the loop has ended, though snapshots and keys could go on.
        async fn end(&self) {
            self.keys.closed().await;
        }

        /// Waits for a picture whose window differs from the last one's.
        async fn window(&mut self) -> RowWindow {
            self.wanted.changed().await.expect("the loop runs");
            self.wanted.borrow_and_update().clone()
        }
    }

    fn named(name: &str, phase: Phase) -> Arc<Snapshot> {
        let terminals = TerminalsView { count: 2000, matching: 2000, ..TerminalsView::default() };
        Arc::new(Snapshot { name: name.to_owned(), phase, terminals, ..Snapshot::default() })
    }

    #[tokio::test]
    async fn the_end_of_the_run_ends_the_loop() {
        followed(async |hands| hands.snapshots.send(named("after", Phase::Done)).expect("the loop runs"))
            .await;
    }

    #[tokio::test]
    async fn a_sender_that_is_gone_ends_the_loop() {
        followed(async |hands| drop(hands.snapshots)).await;
    }

    #[tokio::test]
    async fn keys_become_commands_and_windows() {
        let (screen, commands) = followed(async |mut hands| {
            hands.press("4Gqq");
            assert_eq!(hands.window().await, RowWindow::of(2000 - 30, 45));
        })
        .await;
        assert_eq!(commands, [Order::Stop, Order::Abort].map(Request::Order));
        assert!(screen.contains("Terminals 1985 to 1999") && screen.contains("✔ it shall be so"), "{screen}");
    }

    #[tokio::test]
    async fn whoever_leaves_leaves_the_run_alone() {
        let (_, commands) = followed(async |hands| {
            hands.press("Q");
            hands.end().await;
        })
        .await;
        assert_eq!(commands, []);
    }

    #[tokio::test]
    async fn a_screen_is_kept_as_it_is_shown() {
        let (_, commands) = followed(async |mut hands| {
            hands.press("4G");
            hands.window().await;
            hands.press("2wQ");
            hands.end().await;
        })
        .await;
        let [Request::Keep(picture)] = &commands[..] else { panic!("{commands:?}") };
        assert_eq!(picture.name, "screen-00000s-latency");
        assert!(picture.text.contains("posfleet  before") && picture.svg.starts_with("<svg "));
    }

    #[tokio::test]
    async fn a_frozen_picture_stays_while_the_run_goes_on_and_catches_up_afterwards() {
        for (keys, shown) in [("", "after"), (" ", "before"), ("  ", "after")] {
            let (screen, _) = followed(async |mut hands| {
                hands.press(&format!("4G{}", keys.get(..1).unwrap_or_default()));
                hands.window().await;
                hands.snapshots.send(named("after", Phase::Running)).expect("the loop runs");
                hands.press(&format!("g{}", keys.get(1..).unwrap_or_default()));
                hands.window().await;
            })
            .await;
            assert!(screen.contains(&format!("posfleet  {shown}")), "{keys:?}: {screen}");
        }
    }
}
