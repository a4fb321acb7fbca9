//! The five counters of the plan, what is under way, and how much goes wrong.
//!
//! ```text
//! ╭ Load ────────────────────────────────────────────────────────────────────────╮
//! │  planned/s  started/s  done/s     in flight  late       dropped    errors    │
//! │  200.0      199.8      198.9      42         17         3          0.12 %    │
//! │  26.6k      26.6k      26.5k      of 2000    0.06 %     0.01 %     32        │   with room
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, look::Look, text, words::Text};
use crate::metrics::{Point, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) {
    let block = text::panel(look.say(Text::Load).into(), area, look);
    let inner = block.inner(area);
    let tiles = tiles(snapshot, look);
    let columns = usize::from(inner.width).saturating_sub(1) / tiles.len();
    let row = |text: &dyn Fn(&Tile) -> (String, Style)| {
        let cell = |tile| {
            let (text, style) = text(tile);
            Span::styled(text::left(&text, columns), style)
        };
        Line::from_iter(std::iter::once(Span::raw(" ")).chain(tiles.iter().map(cell)))
    };
    let lines = vec![
        row(&|tile| (look.say(tile.label).to_owned(), look.theme.dim)),
        row(&|tile| (tile.value.clone(), tile.style)),
        row(&|tile| (tile.total.clone(), look.theme.dim)),
    ];
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

struct Tile {
    label: Text,
    value: String,
    style: Style,
    total: String,
}

fn tiles(snapshot: &Snapshot, look: &Look) -> [Tile; 7] {
    let counters = snapshot.counters;
    let latest = snapshot.series.last().cloned().unwrap_or_default();
    let per_second = |label, of: &dyn Fn(&Point) -> u64, total| Tile {
        label,
        value: format::rate(latest.per_second(of(&latest))),
        style: look.theme.strong,
        total: format!("Σ {}", format::count(total)),
    };
    let since_start = |label, count, style| Tile {
        label,
        value: format::count(count),
        style: if count == 0 { look.theme.dim } else { style },
        total: format::share(count, counters.planned),
    };
    let (steps, errors) = snapshot
        .steps
        .iter()
        .fold((0, 0), |(steps, errors), step| (steps + step.count, errors + step.timeouts + step.errors));
    [
        per_second(Text::PlannedPerSecond, &|point| point.counters.planned, counters.planned),
        per_second(Text::StartedPerSecond, &|point| point.counters.started, counters.started),
        per_second(Text::DonePerSecond, &|point| point.counters.finished, counters.finished),
        Tile {
            label: Text::InFlight,
            value: format::count(counters.in_flight()),
            style: look.theme.strong,
            total: look.fill(Text::OfAll, &[&format::count(snapshot.terminals.count)]),
        },
        since_start(Text::Late, counters.late, look.theme.warning),
        since_start(Text::Dropped, counters.dropped, look.theme.warning),
        Tile {
            label: Text::ErrorsWord,
            value: format::share(errors, steps),
            style: if errors == 0 { look.theme.dim } else { look.theme.error },
            total: format!("Σ {}", format::count(errors)),
        },
    ]
}
