//! The dashboard as its operator sees it: pictures, keys, and terminals of every size.

use crate::dashboard_fixture::{running, terminals};
use crossterm::event::KeyCode;
use posfleet::{
    dashboard::{self, Command, State, Theme},
    metrics::{Phase, RowWindow, Snapshot},
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Color};
use std::sync::Arc;

#[test]
fn overview_80x24() {
    insta::assert_snapshot!(picture("1", (80, 24)));
}

#[test]
fn overview_120x36() {
    insta::assert_snapshot!(picture("1", (120, 36)));
}

#[test]
fn overview_200x60() {
    insta::assert_snapshot!(picture("1", (200, 60)));
}

#[test]
fn latency_80x24() {
    insta::assert_snapshot!(picture("2", (80, 24)));
}

#[test]
fn latency_120x36_of_the_second_step_in_service_time() {
    insta::assert_snapshot!(picture("2jo", (120, 36)));
}

#[test]
fn terminals_80x24() {
    insta::assert_snapshot!(picture("3", (80, 24)));
}

#[test]
fn terminals_120x36() {
    insta::assert_snapshot!(picture("3jjj", (120, 36)));
}

#[test]
fn help_80x24() {
    insta::assert_snapshot!(picture("1?", (80, 24)));
}

#[test]
fn help_120x36() {
    insta::assert_snapshot!(picture("3?", (120, 36)));
}

#[test]
fn a_run_that_has_just_started_has_no_numbers_and_no_gaps() {
    insta::assert_snapshot!(text(&draw(&mut state(), &Snapshot::default(), (80, 24))));
}

#[test]
fn a_frozen_and_stopping_run_says_both() {
    let mut state = state();
    press(&mut state, " ");
    assert!(text(&draw(&mut state, &running(), (80, 24))).contains("FROZEN"));
    assert_eq!(press(&mut state, "q"), [Command::Stop]);
    let screen = text(&draw(&mut state, &running(), (80, 24)));
    assert!(screen.contains("stopping…, q again aborts") && screen.contains("FROZEN"), "{screen}");
    assert_eq!(press(&mut state, " q"), [Command::Abort]);
    let screen = text(&draw(&mut state, &running(), (80, 24)));
    assert!(screen.contains("aborting…") && !screen.contains("FROZEN"), "{screen}");
}

#[test]
fn the_wish_to_stop_gives_way_to_what_follows_it() {
    let mut state = state();
    press(&mut state, "q");
    let snapshot = Snapshot { phase: Phase::Reconciling, ..running() };
    assert!(text(&draw(&mut state, &snapshot, (80, 24))).contains("reconciling"));
}

#[test]
fn a_late_generator_is_warned_of_on_every_screen_and_at_every_size() {
    let mut snapshot = running();
    snapshot.generator.lag.p99 = 10.0;
    assert!(!text(&draw(&mut state(), &snapshot, (80, 24))).contains("⚠ generator"));
    snapshot.generator.lag.p99 = 23.4;
    for keys in ["1", "2", "3"] {
        for size in [(60, 16), (80, 24), (200, 60)] {
            let mut state = state();
            press(&mut state, keys);
            let screen = text(&draw(&mut state, &snapshot, size));
            assert!(screen.contains("⚠ generator  lag p50 0.08 ms p99 23.4 ms > 10 ms"), "{screen}");
        }
    }
}

#[test]
fn scrolling_asks_for_the_rows_and_shows_what_came() {
    let (mut state, mut snapshot) = (state(), running());
    draw(&mut state, &snapshot, (80, 24));
    press(&mut state, "3G");
    let wanted = state.window();
    assert_eq!(wanted, RowWindow { first: 2000 - 30, count: 45 });
    let before = text(&draw(&mut state, &snapshot, (80, 24)));
    assert!(before.contains(" 1999 …") && before.contains("Terminals 1985 to 1999 of 2000"), "{before}");
    snapshot.terminals = terminals(wanted.first, wanted.count);
    let after = text(&draw(&mut state, &snapshot, (80, 24)));
    assert!(after.contains(" 1999 50002000") && !after.contains("…"), "{after}");
}

#[test]
fn long_and_wide_names_are_cut_between_characters() {
    let mut snapshot = running();
    snapshot.name = "银联终端压力测试".repeat(8);
    snapshot.target = "acquirer.test.example.com:8583".repeat(3);
    snapshot.stages[1].name = "营业日".repeat(20);
    snapshot.steps[0].name = "消费".repeat(30);
    snapshot.codes[1].1 = "余额不足".repeat(10);
    for keys in ["1", "2", "3"] {
        for size in [(60, 16), (80, 24), (81, 25), (200, 60)] {
            let mut state = state();
            press(&mut state, keys);
            let screen = text(&draw(&mut state, &snapshot, size));
            assert!(screen.contains("…"), "{screen}");
            assert_frames_are_closed(&screen);
        }
    }
}

#[test]
fn huge_numbers_stay_in_their_columns() {
    let mut snapshot = running();
    let huge = u64::MAX / 4;
    snapshot.seed = u64::MAX;
    snapshot.connections = huge;
    snapshot.generator.max_rss_bytes = huge;
    snapshot.terminals.count = u64::from(u32::MAX);
    snapshot.counters.planned = huge;
    snapshot.counters.started = huge;
    snapshot.codes[0].2 = huge;
    snapshot.steps[0].count = huge;
    snapshot.steps[0].response.max = 600_000.0;
    let series = Arc::make_mut(&mut snapshot.series);
    series.back_mut().expect("the fixture has points").counters.finished = 4_500_000;
    for keys in ["1", "2", "3"] {
        let mut state = state();
        press(&mut state, keys);
        assert_frames_are_closed(&text(&draw(&mut state, &snapshot, (80, 24))));
    }
    let overview = text(&draw(&mut state(), &snapshot, (80, 24)));
    assert!(overview.contains("4.5M"), "{overview}");
}

#[test]
fn no_size_and_no_snapshot_makes_drawing_panic() {
    let (full, empty) = (running(), Snapshot::default());
    let scattered =
        (1..=200).step_by(3).flat_map(|width| [(width, width * 37 % 60 + 1), (width, width * 11 % 16 + 1)]);
    let around_the_smallest = (59..=62).flat_map(|width| (15..=26).map(move |height| (width, height)));
    for size in scattered.chain(around_the_smallest) {
        for keys in ["1", "2", "3", "?"] {
            let mut state = state();
            press(&mut state, keys);
            draw(&mut state, &full, size);
            draw(&mut state, &empty, size);
        }
    }
}

#[test]
fn a_tiny_terminal_gets_one_line() {
    let screen = text(&draw(&mut state(), &running(), (20, 5)));
    assert_eq!(screen.trim(), "posfleet needs 60×16");
}

#[test]
fn without_colours_nothing_but_the_default_colour_is_used() {
    for keys in ["1", "2", "3", "?"] {
        let mut state = State::new(Theme::PLAIN);
        press(&mut state, keys);
        let buffer = draw(&mut state, &running(), (120, 36));
        assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    }
}

#[test]
fn pictures_are_deterministic_and_hold_the_text() {
    let buffer = draw(&mut state(), &running(), (120, 36));
    let svg = dashboard::svg(&buffer);
    assert_eq!(svg, dashboard::svg(&draw(&mut state(), &running(), (120, 36))));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains(">trading-hour</text>") && svg.contains("&lt;"), "{svg}");
    assert!(!svg.contains("╭") && !svg.contains("█"), "shapes are drawn");
}

fn picture(keys: &str, size: (u16, u16)) -> String {
    let mut state = state();
    draw(&mut state, &running(), size);
    press(&mut state, keys);
    text(&draw(&mut state, &running(), size))
}

fn state() -> State {
    State::new(Theme::COLOUR)
}

fn press(state: &mut State, keys: &str) -> Vec<Command> {
    keys.chars().filter_map(|key| state.on_key(&KeyCode::Char(key).into())).collect()
}

fn draw(state: &mut State, snapshot: &Snapshot, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test backend has no errors");
    terminal
        .draw(|frame| {
            state.fit(frame.area(), snapshot);
            dashboard::draw(frame, state, snapshot);
        })
        .expect("a test backend has no errors");
    terminal.backend().buffer().clone()
}

/// The characters of the screen; the second cell of a wide character adds nothing.
fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content().chunks(buffer.area.width.into()) {
        let mut covered = 0;
        for cell in row {
            if covered == 0 {
                text += cell.symbol();
                covered = ratatui::text::Span::raw(cell.symbol()).width();
            }
            covered = covered.saturating_sub(1);
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// Nothing has overwritten the right border of a panel.
fn assert_frames_are_closed(screen: &str) {
    for line in screen.lines() {
        let is_open = line.starts_with('│') && !line.ends_with(['│', '█']);
        assert!(!is_open, "{line}\n{screen}");
    }
}
