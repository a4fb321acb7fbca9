//! Keys change what is seen; whatever they ask of the run comes out as a wish.

use super::*;
use crate::{
    dashboard::Theme,
    metrics::{StageProgress, StepView, TerminalRow, TerminalsView},
};
use crossterm::event::{KeyCode, KeyModifiers};

fn press(state: &mut State, keys: &str) -> Vec<Wish> {
    keys.chars().filter_map(|key| state.on_key(&KeyCode::Char(key).into())).collect()
}

fn code(state: &mut State, code: KeyCode) -> Option<Wish> {
    state.on_key(&code.into())
}

fn orders(orders: impl IntoIterator<Item = Order>) -> Vec<Wish> {
    orders.into_iter().map(|order| Wish::Run(Request::Order(order))).collect()
}

fn snapshot(terminals: u64) -> Snapshot {
    let row = |number| TerminalRow { number, ..TerminalRow::default() };
    let stage = |name: &str| StageProgress { name: name.into(), ..StageProgress::default() };
    Snapshot {
        terminals: TerminalsView {
            count: terminals,
            matching: terminals,
            rows: (0..terminals.min(60) as u32).map(row).collect(),
            ..TerminalsView::default()
        },
        stages: vec![stage("day"), stage("night")],
        steps: vec![StepView::default(); 3],
        ..Snapshot::default()
    }
}

fn state() -> State {
    State::new(Options::of(Look::of(Theme::PLAIN)))
}

fn fit(state: &mut State, terminals: u64) {
    state.fit(Rect::new(0, 0, 80, 24), &snapshot(terminals));
}

#[test]
fn the_first_q_stops_and_every_further_one_aborts() {
    let mut state = state();
    assert_eq!(press(&mut state, "q"), orders([Order::Stop]));
    assert_eq!(press(&mut state, "qq"), orders([Order::Abort, Order::Abort]));
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let mut state = self::state();
    assert_eq!(state.on_key(&control_c).into_iter().collect::<Vec<_>>(), orders([Order::Stop]));
    assert_eq!(press(&mut state, "q"), orders([Order::Abort]));
}

#[test]
fn screens_turn_in_a_circle_and_close_the_help() {
    let mut state = state();
    press(&mut state, "?");
    assert!(state.help);
    for screen in Screen::ALL.into_iter().skip(1).chain([Screen::Overview]) {
        code(&mut state, KeyCode::Tab);
        assert_eq!((state.screen, state.help), (screen, false));
    }
    code(&mut state, KeyCode::BackTab);
    assert_eq!(state.screen, Screen::Log);
    for (key, screen) in ('1'..='9').zip(Screen::ALL) {
        press(&mut state, &key.to_string());
        assert_eq!(state.screen, screen);
    }
}

#[test]
fn stop_and_abort_ask_first_and_pause_asks_once() {
    let mut state = state();
    assert_eq!(press(&mut state, "xn"), []);
    assert_eq!(press(&mut state, "xy"), orders([Order::Stop]));
    assert_eq!(press(&mut state, "Xn"), []);
    assert_eq!(press(&mut state, "Xy"), orders([Order::Abort]));
    assert_eq!(press(&mut state, "pn"), []);
    assert_eq!(press(&mut state, "py"), orders([Order::Pause]));
    state.fit(Rect::new(0, 0, 80, 24), &Snapshot { paused: true, ..snapshot(1) });
    assert_eq!(press(&mut state, "p"), orders([Order::Resume]));
    fit(&mut state, 1);
    assert_eq!(press(&mut state, "p"), orders([Order::Pause]), "it has been confirmed once");
}

#[test]
fn rates_change_for_the_selected_scenario() {
    let mut state = state();
    let rate = |scenario: Option<&str>, percent| Order::Rate {
        scenario: scenario.map(str::to_owned),
        change: RateChange::By(percent),
    };
    assert_eq!(press(&mut state, "]"), orders([rate(None, 5.0)]), "before anything is known, all of them");
    fit(&mut state, 1);
    assert_eq!(press(&mut state, "]["), orders([rate(Some("day"), 5.0), rate(Some("day"), -5.0)]));
    assert_eq!(press(&mut state, "j}{"), orders([rate(Some("night"), 25.0), rate(Some("night"), -25.0)]));
}

#[test]
fn while_a_line_is_typed_keys_are_letters() {
    let mut state = state();
    assert_eq!(press(&mut state, "mqxX1"), []);
    let marked = code(&mut state, KeyCode::Enter).into_iter().collect::<Vec<_>>();
    assert_eq!(marked, orders([Order::Mark { note: "qxX1".to_owned() }]));
    press(&mut state, "m");
    assert_eq!(code(&mut state, KeyCode::Enter), None, "an empty mark is none");
    press(&mut state, "mabc");
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(state.on_key(&control_c).into_iter().collect::<Vec<_>>(), orders([Order::Stop]));
    assert_eq!((state.prompt, state.screen), (None, Screen::Overview));
}

#[test]
fn sorting_and_filtering_go_into_the_window() {
    let mut state = state();
    press(&mut state, "4");
    fit(&mut state, 2000);
    assert!(state.window().is_plain());
    press(&mut state, "si/idle");
    assert!(state.window().filter.is_empty(), "it counts once it is complete");
    code(&mut state, KeyCode::Enter);
    let RowWindow { order, filter, .. } = state.window();
    assert_eq!((order, &*filter), (RowOrder { key: RowKey::State, is_inverted: true }, "idle"));
    code(&mut state, KeyCode::Esc);
    assert!(state.window().filter.is_empty(), "Esc takes the filter away");
    press(&mut state, &"s".repeat(RowKey::ALL.len() - 1));
    assert_eq!(state.order.key, RowKey::Number);
}

#[test]
fn the_selected_terminal_is_listened_to_until_one_looks_elsewhere() {
    let mut state = state();
    press(&mut state, "4");
    fit(&mut state, 2000);
    press(&mut state, "jj");
    fit(&mut state, 2000);
    assert_eq!(state.window().selected, None);
    code(&mut state, KeyCode::Enter);
    assert_eq!(state.window().selected, Some(2));
    code(&mut state, KeyCode::Esc);
    assert_eq!(state.window().selected, None);
    code(&mut state, KeyCode::Enter);
    press(&mut state, "1");
    assert_eq!(state.window().selected, None);
}

#[test]
fn the_window_has_a_page_before_and_after_what_is_shown() {
    let mut state = state();
    press(&mut state, "4");
    fit(&mut state, 2000);
    let page = state.list().page() as u32;
    assert_eq!(state.window(), RowWindow::of(0, 3 * page));
    press(&mut state, "G");
    assert_eq!(state.window(), RowWindow::of(2000 - 2 * page, 3 * page));
    fit(&mut state, 0);
    assert_eq!((state.list().top, state.list().selected), (0, 0));
}

#[test]
fn a_baseline_that_is_not_there_cannot_be_shown() {
    let mut state = state();
    press(&mut state, "b");
    assert!(!state.shows_baseline);
    let baseline = vec![StepView { name: "sale".into(), ..StepView::default() }];
    let mut state = State::new(Options { baseline, ..Options::of(Look::of(Theme::PLAIN)) });
    assert!(state.baseline_of("sale").is_some() && state.baseline_of("void").is_none());
    press(&mut state, "b");
    assert!(state.baseline_of("sale").is_none());
}
