//! A bar for commands that may take long: on a terminal only, on the standard error, and gone at the end.
//!
//! ```text
//! drawing the report [##############----------------------]  39 %
//! ```

use crate::report::Meter;
use std::{
    io::{self, IsTerminal, Write},
    sync::{
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

/// Does `work`, and shows how far its meter is when it takes longer than a moment.
pub(super) fn shown<T>(what: &str, work: impl FnOnce(&Meter) -> T) -> T {
    let meter = Meter::default();
    if !io::stderr().is_terminal() {
        return work(&meter);
    }
    thread::scope(|scope| {
        let (over, is_over) = channel();
        scope.spawn(|| draw(what, &meter, is_over));
        let done = work(&meter);
        drop(over);
        done
    })
}

/// The same for work that prints as it goes: a bar between lines of its own terminal would tear them.
pub(super) fn shown_beside_output<T>(what: &str, work: impl FnOnce(&Meter) -> T) -> T {
    if io::stdout().is_terminal() { work(&Meter::default()) } else { shown(what, work) }
}

/// Draws until the other end of `is_over` is gone, and takes away what it drew.
fn draw(what: &str, meter: &Meter, is_over: Receiver<()>) {
    let mut ticks = 0_u32;
    while is_over.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        ticks += 1;
        if ticks >= TICKS_BEFORE {
            let width = crossterm::terminal::size().map_or(WIDTH, |(columns, _)| usize::from(columns));
            IS_SHOWN.store(true, Relaxed);
            write(&format!("{CLEAR}{}", line(what, meter.share(), width)));
        }
    }
    make_way();
}

/// Takes a bar away, if there is one, for what else is to be told.
pub(super) fn make_way() {
    if IS_SHOWN.swap(false, Relaxed) {
        write(CLEAR);
    }
}

/// A terminal that is gone needs no bar.
fn write(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// One line that is shorter than the terminal is wide; in ASCII, which every terminal shows.
fn line(what: &str, share: Option<f64>, width: usize) -> String {
    let Some(share) = share else { return cut(format!("{what} ..."), width) };
    let percent = (share * 100.0).floor();
    let room = width.saturating_sub(what.len() + ROOM_OF_FIGURES).min(BAR_MAX);
    let filled = (share * room as f64) as usize;
    let (filled, empty) = ("#".repeat(filled), "-".repeat(room - filled));
    cut(format!("{what} [{filled}{empty}] {percent:>3} %"), width)
}

fn cut(line: String, width: usize) -> String {
    line.chars().take(width.saturating_sub(1)).collect()
}

/// Whether the last line of the terminal is a bar.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);
const TICK: Duration = Duration::from_millis(100);
/// What is over sooner needs no bar.
const TICKS_BEFORE: u32 = 3;
/// The beginning of the line, and nothing behind it.
const CLEAR: &str = "\r\x1b[K";
const WIDTH: usize = 80;
const BAR_MAX: usize = 40;
/// Blanks, brackets, percentage, and the last column, which some terminals wrap behind.
const ROOM_OF_FIGURES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_every_terminal_and_fills_with_the_work() {
        assert_eq!(line("merging", Some(0.39), 38), "merging [########-------------]  39 %");
        assert_eq!(line("merging", Some(1.0), 24), "merging [#######] 100 %");
        assert_eq!(line("merging", None, 80), "merging ...");
        for width in 0..100 {
            for share in [None, Some(0.0), Some(0.999), Some(1.0)] {
                assert!(line("drawing the report", share, width).chars().count() <= width.saturating_sub(1));
            }
        }
    }
}
