//! The dashboard: a run on the operator's terminal, live.
//!
//! It reads snapshots and nothing else of a run; what the operator asks for goes out as a [`Command`] and as the
//! [`RowWindow`](crate::metrics::RowWindow) of terminals worth knowing. Drawing is a pure function of state and
//! snapshot; only [`run`] touches the terminal.

mod draw;
mod format;
mod keys;
mod panel;
mod screen;
mod state;
mod svg;
mod text;
mod theme;

pub use draw::draw;
pub use state::{Command, Screen, State};
pub use svg::svg;
pub use theme::Theme;

use crate::metrics::{Phase, RowWindow, Snapshot};
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::{Stream, StreamExt};
use ratatui::{Terminal, backend::Backend, layout::Rect};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// Shows `snapshots` full screen until one says that the run is done, or until their sender is gone.
///
/// Publishes in `window` which terminals it would like to have in the next snapshot, and hands what the operator asks
/// for to `commands`. The terminal is as before when this returns, fails, panics or is dropped.
///
/// # Errors
/// When the terminal cannot be switched, read or written.
pub async fn run(
    snapshots: watch::Receiver<Arc<Snapshot>>,
    window: watch::Sender<RowWindow>,
    commands: impl FnMut(Command),
) -> io::Result<()> {
    let state = State::new(Theme::for_no_color(std::env::var("NO_COLOR").ok().as_deref()));
    let mut screen = screen::FullScreen::enter()?;
    follow(&mut screen.terminal, EventStream::new(), state, snapshots, window, commands).await
}

/// The loop of [`run`] over any terminal and any source of keys.
async fn follow<B: Backend>(
    terminal: &mut Terminal<B>,
    events: impl Stream<Item = io::Result<Event>>,
    mut state: State,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    window: watch::Sender<RowWindow>,
    mut commands: impl FnMut(Command),
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
    loop {
        tokio::select! {
            changed = snapshots.changed() => {
                let latest = Arc::clone(&snapshots.borrow_and_update());
                if changed.is_err() || latest.phase == Phase::Done {
                    return Ok(());
                }
                if !state.is_frozen() {
                    shown = latest;
                    is_stale = true;
                }
            }
            Some(event) = events.next() => {
                if let Event::Key(key) = event? && key.kind != KeyEventKind::Release {
                    let was_frozen = state.is_frozen();
                    if let Some(command) = state.on_key(&key) {
                        commands(command);
                    }
                    if was_frozen && !state.is_frozen() {
                        shown = Arc::clone(&snapshots.borrow());
                    }
                }
                is_stale = true;
            }
            _ = frames.tick(), if is_stale => {
                is_stale = false;
                let area = Rect::from((ratatui::layout::Position::ORIGIN, terminal.size().map_err(io::Error::other)?));
                state.fit(area, &shown);
                terminal.draw(|frame| draw(frame, &state, &shown)).map_err(io::Error::other)?;
                publish(&window, state.window());
            }
        }
    }
}

fn publish(window: &watch::Sender<RowWindow>, wanted: RowWindow) {
    window.send_if_modified(|window| std::mem::replace(window, wanted) != wanted);
}

/// At most ten pictures a second.
const FRAME: Duration = Duration::from_millis(100);
