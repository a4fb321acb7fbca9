//! The terminal in full-screen mode, given back as it was: on return, on an error and on a panic.

use ratatui::crossterm::{
    cursor::Show,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{Terminal, backend::CrosstermBackend, crossterm::execute};
use std::{
    io::{self, Stdout, stdout},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

/// The terminal in full-screen mode; dropping it ends that mode.
pub(super) struct FullScreen {
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl FullScreen {
    pub(super) fn enter() -> io::Result<Self> {
        restore_before_panic_messages();
        ENTERED.store(true, Ordering::SeqCst);
        // From here on every way out, the next lines' errors included, has to leave the mode again.
        let entered = enable_raw_mode()
            .and_then(|()| execute!(stdout(), EnterAlternateScreen))
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        match entered {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                leave();
                Err(error)
            }
        }
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        leave();
    }
}

/// A message written to the alternate screen would vanish with it.
fn restore_before_panic_messages() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let print_message = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            leave();
            print_message(info);
        }));
    });
}

/// Leaves the mode if it was entered. Nothing can be done about an error here, and it must not hide the first one.
fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
    }
}

static ENTERED: AtomicBool = AtomicBool::new(false);
