//! What the dashboard costs: a fleet that does all it can, with the dashboard drawing for nobody and without it, in turns.
//! Both cores are busy, so what the screen's thread takes of the CPU is taken from the sales; that share moves less from
//! round to round than the sales do.
//!
//! `cargo bench --bench dashboard`

#[path = "common/bar.rs"]
mod bar;

use bar::bar;
use futures_util::stream;
use posfleet::{
    dashboard::{self, Look, Options, Request, State, Theme},
    driver::{raise_descriptor_limit, thread_cpu, usage},
    engine::{self, NullObserver, Run, Settings},
    scenario::{self, Overrides, Plan},
};
use ratatui::{Terminal, backend::TestBackend};
use std::{io, thread, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    raise_descriptor_limit();
    println!("sales/s of {TERMINALS} terminals against the host inside, {SECONDS} s a round, in turns");
    println!("  {:>12} {:>12} {:>12} {:>12}", "without", "with", "ratio", "CPU share");
    let (ratios, shares) = (0..ROUNDS).map(round).unzip();
    let (ratio, share) = (median(ratios), median(shares));
    println!("  median ratio {ratio:.4} (1 is no cost), median share {:.2} %", share * 100.0);
    bar("sales with the dashboard over those without", ratio, 0.98..);
    bar("share of the CPU that the dashboard takes", share, ..=0.02);
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    (values[middle] + values[values.len() - 1 - middle]) / 2.0
}

/// One round: the ratio of the sales, and the screen's share of the CPU. Which of both comes first changes from round to
/// round.
fn round(number: usize) -> (f64, f64) {
    let ((without, _), (with, share)) = match number % 2 {
        0 => (sales(false), sales(true)),
        _ => {
            let with = sales(true);
            (sales(false), with)
        }
    };
    println!("  {without:>12.0} {with:>12.0} {:>12.4} {:>10.2} %", with / without, share * 100.0);
    (with / without, share)
}

/// Sales a second, and what share of the CPU the screen took.
fn sales(has_screen: bool) -> (f64, f64) {
    let before = usage().cpu;
    let run = engine::start(plan(), &Settings::default(), Box::new(NullObserver)).expect("the run starts");
    let screen = has_screen.then(|| show(&run));
    let summary = run.join();
    let drawing = screen.map_or(Duration::ZERO, |screen| screen.join().expect("the screen does not panic"));
    let all = usage().cpu.saturating_sub(before);
    (summary.counters.finished as f64 / summary.duration_seconds, drawing.as_secs_f64() / all.as_secs_f64())
}

/// Follows the run on a large terminal in memory, where nobody presses a key, and tells the CPU time that took.
fn show(run: &Run) -> thread::JoinHandle<Duration> {
    let (snapshots, window) = (run.snapshots.clone(), run.window.clone());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut terminal = Terminal::new(TestBackend::new(160, 50)).expect("it has no errors");
        let state = State::new(Options::of(Look::of(Theme::RGB)));
        let said = |_: Request| Ok(String::new());
        let shown = dashboard::follow(&mut terminal, stream::pending(), state, snapshots, window, said);
        runtime.block_on(shown).expect("a terminal in memory has no errors");
        thread_cpu()
    })
}

fn plan() -> Plan {
    let text = format!(
        "schema: 1
name: busy
seed: 1
terminals:
  fleet: {{ count: {TERMINALS}, connection: long-lived }}
feeders:
  cards: {{ generate: {{ count: 1000 }} }}
flows:
  sell: {{ steps: [ {{ sale: {{ amount: 12.50 }} }} ] }}
scenarios:
  opening: {{ flow: sign-in, executor: per-terminal-iterations, within: 1s }}
  busy: {{ flow: sell, startAfter: opening, executor: constant-terminals, duration: {SECONDS}s }}
"
    );
    let no_files = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    scenario::load(&text, "busy", &Overrides::default(), 1, &no_files)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

const TERMINALS: usize = 200;
const SECONDS: u32 = 5;
const ROUNDS: usize = 10;
