//! The devices of a lab, the ones in trouble first: each with its port, what it did last and what it is.
//!
//! ```text
//! ╭ Devices: 4, 1 quarantined ───────────────────────────────────────────────────╮
//! │   device  port           state        last exchange    err  firmware  serial │
//! │ ✘ till-3  ttyUSB3        quarantined  sale time-out      3  2.1.7     004411 │
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::table::{Column, Table};
use crate::dashboard::{format, look::Look, state::State, text, words::Text};
use crate::metrics::{DeviceRow, Snapshot};
use ratatui::{Frame, layout::Rect, style::Style, text::Line, widgets::Paragraph};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let block = text::panel(title(snapshot, look).into(), area, look);
    let inner = block.inner(area);
    let devices = shown(&snapshot.devices, &state.filter);
    let longest = devices.iter().map(|device| text::width(&device.id) + 2).max().unwrap_or(0);
    let table = Table::of(COLUMNS, inner.width.into(), longest);
    let rows = usize::from(inner.height).saturating_sub(1);
    let mut lines = vec![Line::styled(table.heading(look), look.theme.dim)];
    let room = if devices.len() > rows { rows.saturating_sub(1) } else { rows };
    lines.extend(
        devices
            .iter()
            .take(room)
            .map(|device| Line::styled(table.line(device, false, look), style(device, look))),
    );
    if devices.len() > room {
        let more = look.fill(Text::MoreRows, &[&(devices.len() - room).to_string()]);
        lines.push(Line::styled(more, look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// How many lines the panel wants, border and heading included; none where there is no device.
pub(in crate::dashboard) fn wanted(snapshot: &Snapshot) -> u16 {
    match snapshot.devices.len() {
        0 => 0,
        count => u16::try_from(count).unwrap_or(u16::MAX).saturating_add(3),
    }
}

fn title(snapshot: &Snapshot, look: &Look) -> String {
    let all = snapshot.devices.len().to_string();
    match snapshot.devices.iter().filter(|device| device.quarantined).count() {
        0 => look.fill(Text::Devices, &[&all]),
        some => look.fill(Text::DevicesTrouble, &[&all, &some.to_string()]),
    }
}

/// Those that hold the filter's text: quarantined ones, those with errors, all others.
fn shown<'s>(devices: &'s [DeviceRow], filter: &str) -> Vec<&'s DeviceRow> {
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

fn name(device: &DeviceRow) -> String {
    let sign = match device.state.as_str() {
        _ if device.quarantined => "✘",
        "closed" => "○",
        _ => "●",
    };
    format!("{sign} {}", device.id)
}

fn last(device: &DeviceRow) -> String {
    let at = device.last_at.map(|at| format!("{} ", format::clock(at))).unwrap_or_default();
    format!("{at}{}", device.last_exchange)
}

macro_rules! column {
    ($heading:ident, $width:literal, $rank:literal, $is_number:literal, |$row:ident| $value:expr) => {
        Column {
            heading: Text::$heading,
            width: $width,
            rank: $rank,
            is_number: $is_number,
            value: |$row: &DeviceRow, _| $value,
        }
    };
}

const COLUMNS: &[Column<DeviceRow>] = &[
    column!(Device, 10, 0, false, |row| name(row)),
    column!(Port, 14, 2, false, |row| row.port.clone()),
    column!(StateWord, 11, 0, false, |row| row.state.clone()),
    column!(LastExchange, 22, 0, false, |row| last(row)),
    column!(Exchanges, 5, 1, true, |row| format::count(row.exchanges)),
    column!(ErrorsShort, 5, 0, true, |row| format::count(row.errors)),
    column!(Firmware, 10, 3, false, |row| row.firmware.clone()),
    column!(SerialNumber, 13, 4, false, |row| row.serial_number.clone()),
];
