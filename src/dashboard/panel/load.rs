//! The five counters of the plan, what is under way, and how much goes wrong.
//!
//! ```text
//! ╭ Load ────────────────────────────────────────────────────────────────────────╮
//! │  planned/s  started/s  done/s     in flight  late       dropped    errors    │
//! │  200.0      199.8      198.9      42         17         3          0.12 %    │
//! │  26.6k      26.6k      26.5k      of 2000    0.06 %     0.01 %     32        │   with room
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, text, theme::Theme};
use crate::metrics::{Point, Snapshot};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, theme: &Theme) {
    let block = text::panel("Load".into(), area, theme);
    let inner = block.inner(area);
    let tiles = tiles(snapshot, theme);
    let columns = usize::from(inner.width).saturating_sub(1) / tiles.len();
    let row = |text: &dyn Fn(&Tile) -> (String, Style)| {
        let cell = |tile| {
            let (text, style) = text(tile);
            Span::styled(text::left(&text, columns), style)
        };
        Line::from_iter(std::iter::once(Span::raw(" ")).chain(tiles.iter().map(cell)))
    };
    let lines = vec![
        row(&|tile| (tile.label.to_owned(), theme.dim)),
        row(&|tile| (tile.value.clone(), tile.style)),
        row(&|tile| (tile.total.clone(), theme.dim)),
    ];
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

struct Tile {
    label: &'static str,
    value: String,
    style: Style,
    total: String,
}

fn tiles(snapshot: &Snapshot, theme: &Theme) -> [Tile; 7] {
    let counters = snapshot.counters;
    let latest = snapshot.series.back().cloned().unwrap_or_default();
    let per_second = |label, of: &dyn Fn(&Point) -> u64, total| Tile {
        label,
        value: format::rate(latest.per_second(of(&latest))),
        style: theme.strong,
        total: format!("Σ {}", format::count(total)),
    };
    let since_start = |label, count, style| Tile {
        label,
        value: format::count(count),
        style: if count == 0 { theme.dim } else { style },
        total: format::share(count, counters.planned),
    };
    let (steps, errors) = snapshot
        .steps
        .iter()
        .fold((0, 0), |(steps, errors), step| (steps + step.count, errors + step.timeouts + step.errors));
    [
        per_second("planned/s", &|point| point.counters.planned, counters.planned),
        per_second("started/s", &|point| point.counters.started, counters.started),
        per_second("done/s", &|point| point.counters.finished, counters.finished),
        Tile {
            label: "in flight",
            value: format::count(counters.in_flight()),
            style: theme.strong,
            total: format!("of {}", format::count(snapshot.terminals.count)),
        },
        since_start("late", counters.late, theme.warning),
        since_start("dropped", counters.dropped, theme.warning),
        Tile {
            label: "errors",
            value: format::share(errors, steps),
            style: if errors == 0 { theme.dim } else { theme.error },
            total: format!("Σ {}", format::count(errors)),
        },
    ]
}
