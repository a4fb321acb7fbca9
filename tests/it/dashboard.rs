//! The dashboard as its operator sees it: pictures, keys, and terminals of every size.

use crate::dashboard_fixture::{baseline, devices, running, terminals};
use crossterm::event::KeyCode;
use posfleet::{
    control::{Order, Prompt},
    dashboard::{self, Charset, Language, Look, Mode, Options, Play, Request, State, Theme, Wish},
    metrics::{EventLine, Phase, RowWindow, Snapshot, TraceLine, TraceView, Way},
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Color};
use std::{sync::Arc, time::Duration};

/// One test a screen, with a picture for each size.
macro_rules! pictures {
    ($($name:ident $keys:literal;)*) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(concat!(stringify!($name), "_80x24"), picture($keys, (80, 24)));
                insta::assert_snapshot!(concat!(stringify!($name), "_160x50"), picture($keys, (160, 50)));
            }
        )*
    };
}

pictures! {
    overview "1";
    latency "2";
    steps "3";
    terminals_of_the_fleet "4jjj";
    errors "5";
    connections "6";
    agents "7";
    thresholds "8";
    log "9";
    help "1?";
    heatmap "2v";
    percentile_curve "2vv";
    parts "2oo";
    opened_step "3\n";
    opened_terminal "4jjjjjjjjjjjjjjjjj\n";
    samples "5j\n";
}

#[test]
fn overview_200x60() {
    insta::assert_snapshot!(picture("1", (200, 60)));
}

#[test]
fn latency_of_the_second_step_in_service_time_beside_a_baseline() {
    let options = Options { baseline: baseline(), ..options() };
    insta::assert_snapshot!(picture_of(State::new(options), &running(), "2jo", (120, 36)));
    let options = Options { baseline: baseline(), ..self::options() };
    insta::assert_snapshot!(picture_of(State::new(options), &running(), "2vv", (120, 36)));
}

#[test]
fn devices_stand_below_the_terminals() {
    let snapshot = Snapshot { devices: devices(), ..running() };
    insta::assert_snapshot!(picture_of(state(), &snapshot, "4", (80, 24)));
    let wide = picture_of(state(), &snapshot, "4", (160, 50));
    assert!(wide.contains("✘ till-3") && wide.contains("2.1.7") && wide.contains("004413"), "{wide}");
}

#[test]
fn an_opened_device_has_its_line_beside_what_is_known_of_it() {
    let line = |ms, way, text: &str| TraceLine { at: Duration::from_millis(ms), way, text: text.to_owned() };
    let lines = [
        line(131_402, Way::Note, "asks: Sale 45.00"),
        line(131_403, Way::Out, "06 01 0a 04 00 00 00 00 45 00 49 09 78"),
        line(131_424, Way::In, "22 f0 f8 62 25 88 ** ** ** 67 83"),
    ];
    let trace = TraceView { terminal: Some(2_000), lines: Arc::new(lines.into()) };
    let snapshot = Snapshot { devices: devices(), trace, ..running() };
    // Those in trouble stand first: the second row is the first device.
    insta::assert_snapshot!(picture_of(state(), &snapshot, "4dj\n", (80, 24)));
    insta::assert_snapshot!(picture_of(state(), &snapshot, "4dj", (80, 24)));
}

#[test]
fn keys_move_among_the_devices_and_back_among_the_terminals() {
    let snapshot = Snapshot { devices: devices(), ..running() };
    let mut state = state();
    let mut selected = |keys: &str| {
        for key in keys.chars() {
            press(&mut state, &key.to_string());
            draw(&mut state, &snapshot, (80, 24));
        }
        state.window().selected
    };
    assert_eq!(selected("4d\n"), Some(2_002), "the quarantined one stands first");
    assert_eq!(selected("\u{1b}j\n"), Some(2_000));
    assert_eq!(selected("\u{1b}dj\n"), Some(1), "among the terminals nothing has moved");
}

#[test]
fn a_question_is_answered_in_the_last_line() {
    let asked = |number: u64, what: &str| Prompt { number, text: format!("till-{number} (slot 4): {what}") };
    let questions = vec![asked(1, "insert card 7"), asked(3, "remove card 7")];
    let snapshot = Snapshot { questions, devices: devices(), ..running() };
    let mut state = state();
    let last = |state: &mut State, keys: &str| {
        let mut wishes = Vec::new();
        for key in keys.chars() {
            draw(state, &snapshot, (100, 24));
            wishes.extend(press(state, &key.to_string()));
        }
        let screen = text(&draw(state, &snapshot, (100, 24)));
        (wishes, screen.lines().last().unwrap_or_default().trim_end().to_owned())
    };
    last(&mut state, "1");
    let (_, line) = last(&mut state, "A");
    assert_eq!(line, " till-1 (slot 4): insert card 7  Enter: done, refused WHY, skip: █");
    let answered = |prompt, text: &str| Wish::Run(Request::Answer { prompt, text: text.to_owned() });
    assert_eq!(last(&mut state, "\n").0, [answered(1, "")]);
    assert_eq!(last(&mut state, "Arefused it is broken\n").0, [answered(1, "refused it is broken")]);
    // The device that is looked at comes first, and one can go to the others.
    last(&mut state, "4d");
    assert_eq!(last(&mut state, "Askip\n").0, [answered(3, "skip")]);
    last(&mut state, "A");
    assert!(state.on_key(&KeyCode::Up.into()).is_none());
    assert_eq!(last(&mut state, "\n").0, [answered(1, "")]);
    last(&mut state, "A");
    assert_eq!(last(&mut state, "\u{1b}").0, [], "Esc answers nothing");
    let mut nobody = self::state();
    press(&mut nobody, "A");
    let screen = text(&draw(&mut nobody, &running(), (80, 24)));
    assert!(screen.contains("✘ nothing is asked"), "{screen}");
}

/// In another program's run `q` leaves; in a recording nothing can be ordered, and time moves.
#[test]
fn keys_do_what_the_place_of_the_run_allows() {
    let of = |mode| State::new(Options { mode, ..options() });
    let mut attached = of(Mode::Attached);
    assert_eq!(press(&mut attached, "q"), [Wish::Leave]);
    assert_eq!(press(&mut attached, "xy"), [Wish::Run(Request::Order(Order::Stop))]);
    let help = picture_of(of(Mode::Attached), &running(), "1?", (80, 24));
    assert!(help.contains("leave; the run goes on") && !help.contains("again: abort"), "{help}");
    let mut replay = of(Mode::Replay);
    let play = |change| Wish::Run(Request::Play(change));
    let played = [Play::Toggle, Play::Faster, Play::Slower, Play::End, Play::Begin].map(play);
    assert_eq!(press(&mut replay, " ><$0"), played);
    let seeks: Vec<Wish> =
        [KeyCode::Left, KeyCode::Right].into_iter().filter_map(|key| replay.on_key(&key.into())).collect();
    assert_eq!(seeks, [Play::Seek(-10), Play::Seek(10)].map(play));
    assert_eq!(press(&mut replay, "pxX]mA"), []);
    let screen = text(&draw(&mut replay, &running(), (80, 24)));
    assert!(screen.contains("✘ this is a recording: the run is over"), "{screen}");
    assert_eq!(press(&mut replay, "q"), [Wish::Leave]);
    let earlier = Snapshot { agents: Vec::new(), ..running() };
    for (keys, is_in_any) in [("4", false), ("6", true), ("7", true)] {
        for (snapshot, is_shown) in [(&earlier, false), (&running(), is_in_any)] {
            let screen = picture_of(of(Mode::Replay), snapshot, keys, (80, 24));
            assert_eq!(!screen.contains("results folders do not hold this"), is_shown, "{screen}");
        }
    }
    insta::assert_snapshot!(picture_of(of(Mode::Replay), &running(), "1?", (80, 24)));
}

/// Names come from files: no control character of them may reach the terminal.
#[test]
fn no_name_is_obeyed_by_the_terminal() {
    let bad = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\n".to_owned();
    let mut snapshot = Snapshot { name: bad.clone(), target: bad.clone(), devices: devices(), ..running() };
    snapshot.steps.iter_mut().for_each(|step| step.name.clone_from(&bad));
    snapshot.stages.iter_mut().for_each(|stage| stage.name.clone_from(&bad));
    snapshot.devices.iter_mut().for_each(|device| device.id.clone_from(&bad));
    snapshot.questions = vec![Prompt { number: 1, text: bad.clone() }];
    snapshot.events = Arc::new([EventLine { text: bad, ..EventLine::default() }].into());
    for keys in ["1", "2", "3", "4", "4d\n", "5", "6", "7", "8", "9", "A"] {
        let mut state = state();
        for key in keys.chars() {
            draw(&mut state, &snapshot, (120, 30));
            press(&mut state, &key.to_string());
        }
        let shown = draw(&mut state, &snapshot, (120, 30));
        let symbols = shown.content().iter().map(|cell| cell.symbol());
        assert!(symbols.clone().all(|symbol| !symbol.chars().any(char::is_control)), "{keys}");
    }
}

/// Who is asked to bring a card learns of it on every screen, and how to answer.
#[test]
fn an_open_question_stands_in_the_last_line() {
    let asked = |number: u64| Prompt { number, text: format!("till-{number} (slot 4): insert card 7") };
    let snapshot = Snapshot { questions: vec![asked(3), asked(4)], ..running() };
    for keys in ["1", "4", "9"] {
        let screen = picture_of(state(), &snapshot, keys, (80, 24));
        let last = "? till-3 (slot 4): insert card 7 (+1)  [A answer]";
        assert!(screen.trim_end().lines().last().unwrap().contains(last), "{screen}");
    }
}

#[test]
fn overview_in_chinese() {
    let look = Look { language: Language::Chinese, ..Look::of(Theme::SIXTEEN) };
    for keys in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        let screen = picture_of(State::new(Options::of(look)), &running(), keys, (80, 24));
        assert_frames_are_closed(&screen);
        assert_columns(&screen, 80);
    }
    insta::assert_snapshot!(picture_of(State::new(Options::of(look)), &running(), "1", (80, 24)));
    insta::assert_snapshot!(picture_of(State::new(Options::of(look)), &running(), "4", (80, 24)));
}

#[test]
fn without_utf_8_everything_is_ascii() {
    let look = Look { charset: Charset::Ascii, ..Look::of(Theme::PLAIN) };
    for keys in ["1", "2", "2v", "2vv", "3", "4", "5", "6", "7", "8", "9", "?"] {
        let screen = picture_of(State::new(Options::of(look)), &running(), keys, (100, 30));
        assert!(screen.is_ascii(), "{screen}");
    }
    insta::assert_snapshot!(picture_of(State::new(Options::of(look)), &running(), "1", (80, 24)));
}

#[test]
fn a_mark_is_typed_and_a_question_asked_in_the_last_line() {
    let mut state = state();
    let last = |state: &mut State| {
        let screen = text(&draw(state, &running(), (80, 24)));
        screen.lines().last().unwrap_or_default().to_owned()
    };
    press(&mut state, "mbefore the switch");
    assert_eq!(last(&mut state), " mark: before the switch█");
    assert_eq!(press(&mut state, "\n").len(), 1);
    state.on_answer(Ok("mark: before the switch (by keys)".to_owned()));
    assert_eq!(last(&mut state), " ✔ mark: before the switch (by keys)");
    press(&mut state, "X");
    assert_eq!(last(&mut state), " abort the run now? y/n");
    press(&mut state, "n");
    state.on_answer(Err("the run is ending".to_owned()));
    assert_eq!(last(&mut state), " ✘ the run is ending");
}

#[test]
fn the_log_lies_over_any_screen_and_can_be_searched() {
    let mut state = state();
    press(&mut state, "2l");
    let screen = text(&draw(&mut state, &running(), (80, 24)));
    assert!(screen.contains("Events") && screen.contains("Response time"), "{screen}");
    press(&mut state, "l9/REVERSAL\n");
    let screen = text(&draw(&mut state, &running(), (80, 24)));
    assert!(screen.contains("Log: 2 of 6 lines") && !screen.contains("dropped"), "{screen}");
}

#[test]
fn sorted_rows_are_those_that_came_for_the_order() {
    let mut state = state();
    press(&mut state, "4sssss");
    let mut snapshot = running();
    snapshot.terminals.rows.reverse();
    let screen = text(&draw(&mut state, &snapshot, (80, 24)));
    assert!(screen.contains("Terminals 0 to 14 of 1000, by failed ▼"), "{screen}");
    assert!(screen.contains("▸  199 50000200"), "{screen}");
}

#[test]
fn a_shorter_time_shows_less_of_the_run() {
    let mut state = state();
    press(&mut state, "-");
    let screen = text(&draw(&mut state, &running(), (120, 36)));
    assert!(screen.contains("Response time, last 5 min"), "{screen}");
    press(&mut state, "--");
    let screen = text(&draw(&mut state, &running(), (120, 36)));
    assert!(screen.contains("Response time, last 10 s") && screen.contains("2:03"), "{screen}");
    press(&mut state, "a");
    assert!(text(&draw(&mut state, &running(), (120, 36))).contains("Response time, whole run"));
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
    assert_eq!(press(&mut state, "q"), [Wish::Run(Request::Order(Order::Stop))]);
    let screen = text(&draw(&mut state, &running(), (80, 24)));
    assert!(screen.contains("stopping…, q again aborts") && screen.contains("FROZEN"), "{screen}");
    assert_eq!(press(&mut state, " q"), [Wish::Run(Request::Order(Order::Abort))]);
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
    for keys in SCREENS {
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
    press(&mut state, "4");
    draw(&mut state, &snapshot, (80, 24));
    press(&mut state, "G");
    let wanted = state.window();
    assert_eq!(wanted, RowWindow::of(2000 - 30, 45));
    let before = text(&draw(&mut state, &snapshot, (80, 24)));
    assert!(before.contains("▸ 1999 …") && before.contains("Terminals 1985 to 1999 of 2000"), "{before}");
    snapshot.terminals = terminals(wanted.first, wanted.count);
    let after = text(&draw(&mut state, &snapshot, (80, 24)));
    assert!(after.contains("▸ 1999 50002000") && !after.contains("…"), "{after}");
}

#[test]
fn long_and_wide_names_are_cut_between_characters() {
    let mut snapshot = running();
    snapshot.name = "银联终端压力测试".repeat(8);
    snapshot.target = "acquirer.test.example.com:8583".repeat(3);
    snapshot.stages[1].name = "营业日".repeat(20);
    snapshot.steps[0].name = "消费".repeat(30);
    snapshot.codes[1].meaning = "余额不足".repeat(10);
    for keys in SCREENS {
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
    snapshot.codes[0].count = huge;
    snapshot.steps[0].count = huge;
    snapshot.steps[0].response.max = 600_000.0;
    let mut points: Vec<_> = snapshot.series.iter().cloned().collect();
    points.last_mut().expect("the fixture has points").counters.finished = 4_500_000;
    snapshot.series = points.into_iter().collect();
    for keys in SCREENS {
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
        for keys in SCREENS.into_iter().chain(["?", "2v", "2vv", "2oo", "3\n", "4\n", "5j\n", "4l", "m"]) {
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
    for keys in SCREENS.into_iter().chain(["?", "2v", "2vv", "2oo", "3\n", "4\n", "5j\n", "4l", "m"]) {
        let mut state = State::new(Options::of(Look::of(Theme::PLAIN)));
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

const SCREENS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

fn picture(keys: &str, size: (u16, u16)) -> String {
    picture_of(state(), &running(), keys, size)
}

/// The screen after `keys`, of which each is pressed on what is shown at that moment.
fn picture_of(mut state: State, snapshot: &Snapshot, keys: &str, size: (u16, u16)) -> String {
    for key in keys.chars() {
        draw(&mut state, snapshot, size);
        press(&mut state, &key.to_string());
    }
    text(&draw(&mut state, snapshot, size))
}

fn options() -> Options {
    Options::of(Look::of(Theme::SIXTEEN))
}

fn state() -> State {
    State::new(options())
}

fn press(state: &mut State, keys: &str) -> Vec<Wish> {
    let code = |key| match key {
        '\n' => KeyCode::Enter,
        '\u{1b}' => KeyCode::Esc,
        key => KeyCode::Char(key),
    };
    keys.chars().filter_map(|key| state.on_key(&code(key).into())).collect()
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

fn text(buffer: &Buffer) -> String {
    dashboard::text_of(buffer)
}

/// Nothing has overwritten the right border of a panel.
fn assert_frames_are_closed(screen: &str) {
    for line in screen.lines() {
        let is_open = line.starts_with('│') && !line.ends_with(['│', '█']);
        assert!(!is_open, "{line}\n{screen}");
    }
}

/// No line is wider than the screen, whatever the width of its characters.
fn assert_columns(screen: &str, columns: usize) {
    for line in screen.lines() {
        assert!(ratatui::text::Span::raw(line).width() <= columns, "{line}\n{screen}");
    }
}
