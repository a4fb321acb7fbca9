//! The devices of a lab, the ones in trouble first: each with its port, what it did last and what it is.
//!
//! ```text
//! ╭ Devices: 4, 1 quarantined ───────────────────────────────────────────────────╮
//! │   device  port           state        last exchange    err  firmware  serial │
//! │ ✘ till-3  ttyUSB3        quarantined  sale time-out      3  2.1.7     004411 │
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::{
    scroll,
    table::{Column, Table},
};
use crate::dashboard::{
    format,
    look::Look,
    state::{Extent, State},
    text,
    words::Text,
};
use crate::metrics::{DeviceRow, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::Line,
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let block = text::panel(title(snapshot, look).into(), area, look);
    let inner = block.inner(area);
    let devices = shown(&snapshot.devices, &state.filter);
    let longest = devices.iter().map(|device| text::width(&device.id) + 2).max().unwrap_or(0);
    let table = Table::of(COLUMNS, inner.width.into(), longest);
    let (list, page) = (state.devices, page(area));
    let mut lines = vec![Line::styled(table.heading(look), look.theme.dim)];
    lines.extend(devices.iter().enumerate().skip(list.top).take(page).map(|(place, device)| {
        let is_selected = state.is_among_devices && place == list.selected;
        let style = style(device, look);
        let style = if is_selected { style.add_modifier(Modifier::BOLD) } else { style };
        Line::styled(table.line(device, is_selected, look), style)
    }));
    frame.render_widget(Paragraph::new(lines).block(block), area);
    scroll::render(frame, area, &list, page, devices.len());
}

/// The list of devices that keys move through.
pub(in crate::dashboard) fn extent(area: Rect, state: &State, snapshot: &Snapshot) -> Extent {
    Extent { rows: shown(&snapshot.devices, &state.filter).len(), page: page(area) }
}

fn page(area: Rect) -> usize {
    usize::from(area.height).saturating_sub(3).max(1)
}

/// How many lines the panel wants, border and heading included; none where there is no device.
pub(in crate::dashboard) fn wanted(snapshot: &Snapshot) -> u16 {
    match snapshot.devices.len() {
        0 => 0,
        count => u16::try_from(count).unwrap_or(u16::MAX).saturating_add(3),
    }
}

fn title(snapshot: &Snapshot, look: &Look) -> String {
    let all = (snapshot.devices.len() as u64 + snapshot.devices_left_out).to_string();
    let title = match snapshot.devices.iter().filter(|device| device.quarantined).count() {
        0 => look.fill(Text::Devices, &[&all]),
        some => look.fill(Text::DevicesTrouble, &[&all, &some.to_string()]),
    };
    match snapshot.devices_left_out {
        0 => title,
        some => title + ", " + &look.fill(Text::DevicesLeftOut, &[&some.to_string()]),
    }
}

/// Those that hold the filter's text: quarantined ones, those with errors, all others.
pub(in crate::dashboard) fn shown<'s>(devices: &'s [DeviceRow], filter: &str) -> Vec<&'s DeviceRow> {
    let filter = filter.to_lowercase();
    let holds = |device: &&DeviceRow| {
        let texts = [&device.id, &device.group, &device.port, &device.state, &device.terminal_id];
        texts.into_iter().any(|text| text.to_lowercase().contains(&filter))
    };
    let mut shown: Vec<&DeviceRow> = devices.iter().filter(holds).collect();
    shown.sort_by_key(|device| (!device.quarantined, std::cmp::Reverse(device.errors)));
    shown
}

fn style(device: &DeviceRow, look: &Look) -> Style {
    match device.state.as_str() {
        _ if device.quarantined => look.theme.error,
        "busy" => look.theme.accent,
        "closed" => look.theme.warning,
        _ => Style::new(),
    }
}

/// The name of its state in the operator's language.
pub(in crate::dashboard) fn state_name<'d>(device: &'d DeviceRow, look: &Look) -> &'d str {
    match device.state.as_str() {
        _ if device.quarantined => look.say(Text::Quarantined),
        "busy" => look.say(Text::Busy),
        "open" => look.say(Text::Open),
        "closed" => look.say(Text::Closed),
        other => other,
    }
}

fn name(device: &DeviceRow) -> String {
    let sign = match device.state.as_str() {
        _ if device.quarantined => "✘",
        "closed" => "○",
        _ => "●",
    };
    format!("{sign} {}", device.id)
}

/// What it did last, and when.
pub(in crate::dashboard) fn last(device: &DeviceRow) -> String {
    let at = device.last_at.map(|at| format!("{} ", format::clock(at))).unwrap_or_default();
    format!("{at}{}", device.last_exchange)
}

const COLUMNS: &[Column<DeviceRow>] = &[
    Column::text(Text::Device, 10, 0, |row, _| name(row)),
    Column::text(Text::Port, 14, 2, |row, _| row.port.clone()),
    Column::text(Text::StateWord, 11, 0, |row, look| state_name(row, look).to_owned()),
    Column::text(Text::LastExchange, 22, 0, |row, _| last(row)),
    Column::number(Text::Exchanges, 5, 1, |row, _| format::count(row.exchanges)),
    Column::number(Text::ErrorsShort, 5, 0, |row, _| format::count(row.errors)),
    Column::text(Text::Firmware, 10, 3, |row, _| row.firmware.clone()),
    Column::text(Text::SerialNumber, 13, 4, |row, _| row.serial_number.clone()),
];
