//! Where the time of steps goes: how long each part took, over all steps since the start of the run.
//!
//! ```text
//! ╭ Where the time goes ─────────────────────────────────────────────╮
//! │   part                  count    mean     p50     p99     max    │
//! │   schedule lag          26.5k  0.12 ms … │
//! │   request to answer     26.4k  22.4 ms … │
//! ╰──────────────────────────────────────────────────────────────────╯
//! ```

use super::table::{Column, Table};
use crate::dashboard::{format, look::Look, text, words::Text};
use crate::metrics::{PartView, Snapshot, TimePart};
use ratatui::{Frame, layout::Rect, text::Line, widgets::Paragraph};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) {
    let block = text::panel(look.say(Text::PartsTitle).into(), area, look);
    let inner = block.inner(area);
    let longest = snapshot.parts.iter().map(|part| text::width(look.say(name(part.part)))).max().unwrap_or(0);
    let table = Table::of(COLUMNS, inner.width.into(), longest);
    let mut lines = vec![Line::styled(table.heading(look), look.theme.dim)];
    lines.extend(snapshot.parts.iter().map(|part| Line::raw(table.line(part, false, look))));
    if snapshot.parts.is_empty() {
        lines.push(Line::styled(look.say(Text::NothingRecorded), look.theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn name(part: TimePart) -> Text {
    match part {
        TimePart::Lag => Text::PartLag,
        TimePart::Wait => Text::PartWait,
        TimePart::Connect => Text::PartConnect,
        TimePart::Handshake => Text::PartHandshake,
        TimePart::HttpConnect => Text::PartHttpConnect,
        TimePart::HttpHandshake => Text::PartHttpHandshake,
        TimePart::FirstByte => Text::PartFirstByte,
        TimePart::Service => Text::PartService,
    }
}

const COLUMNS: &[Column<PartView>] = &[
    Column::text(Text::Part, 16, 0, |row, look| look.say(name(row.part)).to_owned()),
    Column::number(Text::Count, 6, 0, |row, _| format::count(row.count)),
    Column::number(Text::Mean, 8, 2, |row, _| format::time(row.times.mean)),
    Column::number(Text::P50, 8, 0, |row, _| format::time(row.times.p50)),
    Column::number(Text::P90, 8, 1, |row, _| format::time(row.times.p90)),
    Column::number(Text::P99, 8, 0, |row, _| format::time(row.times.p99)),
    Column::number(Text::P999, 8, 1, |row, _| format::time(row.times.p999)),
    Column::number(Text::Max, 8, 0, |row, _| format::time(row.times.max)),
];
