//! One device of a lab at large: what it is, what it did last and what went wrong with it, and its line, live.
//!
//! ```text
//! ╭ Device 3: till-3 ────────────────────────────────────────────────────╮
//! │ state open   port /dev/ttyUSB3   driver zvt   group lab              │
//! │ terminal 52500003   firmware 2.1.7   serial number 004413            │
//! │ last exchange 1:43 sale approved   exchanges 43   errors 0           │
//! │ last error none                                                      │
//! ╰──────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{
    panel::{
        devices::{last, state_name},
        facts::{self, Fact},
        trace,
    },
    state::State,
    text,
    words::Text,
};
use crate::metrics::{DeviceRow, Snapshot};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame, area: Rect, device: &DeviceRow, state: &State, snapshot: &Snapshot) {
    let [upper, lower] = Layout::vertical([Constraint::Length(6), Constraint::Fill(1)]).areas(area);
    about(frame, upper, device, state);
    trace::render(frame, lower, device.number, state, snapshot);
}

fn about(frame: &mut Frame, area: Rect, device: &DeviceRow, state: &State) {
    let look = &state.look;
    let title = look.fill(Text::DeviceTitle, &[&device.number.to_string(), &device.id]);
    let block = text::panel(title.into(), area, look);
    let columns = usize::from(block.inner(area).width);
    let facts =
        [place(device, state), identity(device, state), course(device, state), trouble(device, state)];
    let lines: Vec<_> = facts.into_iter().map(|facts| facts::line(facts, columns, look)).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn place(device: &DeviceRow, state: &State) -> Vec<Fact> {
    let look = &state.look;
    let style = if device.quarantined { look.theme.error } else { look.theme.strong };
    vec![
        Fact { what: Text::StateWord, value: state_name(device, look).to_owned(), style },
        Fact::of(Text::Port, device.port.clone(), look),
        Fact::of(Text::Driver, device.driver.clone(), look),
        Fact::of(Text::GroupWord, device.group.clone(), look),
    ]
}

fn identity(device: &DeviceRow, state: &State) -> Vec<Fact> {
    let look = &state.look;
    let told = |text: &String| if text.is_empty() { "–".to_owned() } else { text.clone() };
    vec![
        Fact::of(Text::TerminalId, told(&device.terminal_id), look),
        Fact::of(Text::Firmware, told(&device.firmware), look),
        Fact::of(Text::SerialNumber, told(&device.serial_number), look),
    ]
}

fn course(device: &DeviceRow, state: &State) -> Vec<Fact> {
    let look = &state.look;
    let (opened, hung_up) = device.opened;
    vec![
        Fact::of(Text::LastExchange, last(device), look),
        Fact::of(Text::ExchangesWord, device.exchanges.to_string(), look),
        Fact::of(Text::Opened, opened.to_string(), look),
        Fact::bad(Text::HungUp, hung_up.into(), look),
    ]
}

fn trouble(device: &DeviceRow, state: &State) -> Vec<Fact> {
    let look = &state.look;
    let room = LAST_ERROR_MAX;
    let error = match device.last_error.is_empty() {
        true => look.say(Text::None).to_owned(),
        false => text::fit_words(&device.last_error, room),
    };
    vec![Fact::bad(Text::ErrorsWord, device.errors, look), Fact::of(Text::LastError, error, look)]
}

/// In columns: it has a line of the narrowest screen.
const LAST_ERROR_MAX: usize = 36;
