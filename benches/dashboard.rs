//! What the dashboard costs: a fleet that does all it can, with the dashboard drawing for nobody and without it, in turns.
//!
//! `cargo bench --bench dashboard`

#[path = "common/bar.rs"]
mod bar;

use bar::bar;
use futures_util::stream;
use posfleet::{
    dashboard::{self, Look, Options, Request, State, Theme},
    driver::raise_descriptor_limit,
    engine::{self, NullObserver, Run, Settings},
    scenario::{self, Overrides, Plan},
};
use ratatui::{Terminal, backend::TestBackend};
use std::{io, thread};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    raise_descriptor_limit();
    println!("sales/s of {TERMINALS} terminals against the host inside, {SECONDS} s a round, in turns");
    println!("  {:>12} {:>12} {:>12}", "without", "with", "ratio");
    let mut ratios: Vec<f64> = (0..ROUNDS).map(round).collect();
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ratios.len() / 2];
    println!("  median ratio {ratio:.4} (1 is no cost)");
    bar("sales with the dashboard over those without", ratio, 0.98..);
}

/// One round; which of both comes first changes from round to round.
fn round(number: usize) -> f64 {
    let (without, with) = match number % 2 {
        0 => (sales_per_second(false), sales_per_second(true)),
        _ => {
            let with = sales_per_second(true);
            (sales_per_second(false), with)
        }
    };
    println!("  {without:>12.0} {with:>12.0} {:>12.4}", with / without);
    with / without
}

fn sales_per_second(has_screen: bool) -> f64 {
    let run = engine::start(plan(), &Settings::default(), Box::new(NullObserver)).expect("the run starts");
    let screen = has_screen.then(|| show(&run));
    let summary = run.join();
    if let Some(screen) = screen {
        screen.join().expect("the screen does not panic");
    }
    summary.counters.finished as f64 / summary.duration_seconds
}

/// Follows the run on a large terminal in memory, where nobody presses a key.
fn show(run: &Run) -> thread::JoinHandle<()> {
    let (snapshots, window) = (run.snapshots.clone(), run.window.clone());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut terminal = Terminal::new(TestBackend::new(160, 50)).expect("it has no errors");
        let state = State::new(Options::of(Look::of(Theme::RGB)));
        let said = |_: Request| Ok(String::new());
        let shown = dashboard::follow(&mut terminal, stream::pending(), state, snapshots, window, said);
        runtime.block_on(shown).expect("a terminal in memory has no errors");
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
const ROUNDS: usize = 6;
