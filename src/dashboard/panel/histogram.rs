//! The distribution of one step's times in logarithmic buckets, with the place of the percentiles.
//!
//! ```text
//! ╭ sale: distribution of the response time ─────────────────────────────────────╮
//! │     from      to                                              count   share  │
//! │  10.0 ms 15.8 ms  ████████████                                 3120  12.1 %  │
//! │  15.8 ms 25.1 ms  ██████████████████████████████████████      12.3k  47.7 %  │ ◂ p50
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{
    format,
    state::{State, TimeKind},
    text,
    theme::Theme,
};
use crate::metrics::{Bucket, Percentiles, StepView};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, step: Option<&StepView>) {
    let block = text::panel(title(step, state.time, area.width.into()), area, &state.theme);
    let inner = block.inner(area);
    let lines = match step.map(|step| (step, state.time.buckets(step))) {
        Some((step, buckets)) if !buckets.is_empty() => {
            let percentiles = state.time.percentiles(step);
            lines(buckets, percentiles, inner, &state.theme)
        }
        _ => vec![Line::styled("   nothing recorded yet", state.theme.dim)],
    };
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn title<'a>(step: Option<&StepView>, time: TimeKind, columns: usize) -> Line<'a> {
    let distribution = format!("distribution of the {}", time.name());
    let room = columns.saturating_sub(text::width(&distribution) + 6);
    match step {
        Some(step) => Line::raw(format!("{}: {distribution}", text::fit(&step.name, room))),
        None => Line::raw(distribution),
    }
}

fn lines<'a>(buckets: &[Bucket], percentiles: &Percentiles, inner: Rect, theme: &Theme) -> Vec<Line<'a>> {
    let rows = usize::from(inner.height).saturating_sub(1).max(1);
    let buckets = merged(buckets, buckets.len().div_ceil(rows));
    let total = buckets.iter().map(|bucket| bucket.count).sum();
    let highest = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0).max(1);
    let bar = usize::from(inner.width).saturating_sub(BESIDE_BAR);
    let heading = format!(" {:>8} {:>8}  {}{:>7}{:>9}", "from", "to", " ".repeat(bar), "count", "share");
    let mut lines = vec![Line::styled(heading, theme.dim)];
    lines.extend(buckets.iter().enumerate().map(|(index, bucket)| {
        Line::from_iter([
            Span::raw(format!(" {:>8}", format::time(bucket.from_ms))),
            Span::styled(format!(" {:>8}  ", format::time(bucket.to_ms)), theme.dim),
            Span::styled(text::bar(bucket.count as f64 / highest as f64, bar), theme.fill),
            Span::raw(format!("{:>7}", format::count(bucket.count))),
            Span::styled(format!("{:>9}", format::share(bucket.count, total)), theme.dim),
            Span::styled(marks(bucket, index + 1 == buckets.len(), percentiles), theme.strong),
        ])
    }));
    lines
}

/// Every `group` neighbouring buckets as one.
fn merged(buckets: &[Bucket], group: usize) -> Vec<Bucket> {
    let merge = |group: &[Bucket]| {
        let (first, last) = (group.first()?, group.last()?);
        let count = group.iter().map(|bucket| bucket.count).sum();
        Some(Bucket { from_ms: first.from_ms, to_ms: last.to_ms, count })
    };
    buckets.chunks(group.max(1)).filter_map(merge).collect()
}

/// The percentiles that lie in `bucket`, as far as there is room to name them.
fn marks(bucket: &Bucket, is_last: bool, percentiles: &Percentiles) -> String {
    let named = [
        ("p50", percentiles.p50),
        ("p90", percentiles.p90),
        ("p99", percentiles.p99),
        ("p99.9", percentiles.p999),
    ];
    let within = |ms: f64| ms >= bucket.from_ms && (ms < bucket.to_ms || is_last);
    let names: Vec<&str> = named.into_iter().filter(|(_, ms)| within(*ms)).map(|(name, _)| name).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => format!("  ◂ {only}"),
        [first, .., last] => format!("  ◂ {first}–{}", last.trim_start_matches('p')),
    }
}

/// The columns of everything but the bar: two times, count, share and the names of percentiles.
const BESIDE_BAR: usize = 20 + 7 + 9 + 13;

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(from_ms: f64, to_ms: f64, count: u64) -> Bucket {
        Bucket { from_ms, to_ms, count }
    }

    #[test]
    fn merging_keeps_every_record_and_the_outer_edges() {
        let buckets = [bucket(1.0, 2.0, 3), bucket(2.0, 4.0, 5), bucket(4.0, 8.0, 7)];
        assert_eq!(merged(&buckets, 2), [bucket(1.0, 4.0, 8), bucket(4.0, 8.0, 7)]);
        assert_eq!(merged(&buckets, 0), buckets);
    }

    #[test]
    fn percentiles_are_named_at_their_bucket() {
        let percentiles = Percentiles { p50: 1.5, p90: 2.0, p99: 3.9, p999: 8.0, ..Percentiles::default() };
        assert_eq!(marks(&bucket(1.0, 2.0, 1), false, &percentiles), "  ◂ p50");
        assert_eq!(marks(&bucket(2.0, 4.0, 1), false, &percentiles), "  ◂ p90–99");
        assert_eq!(marks(&bucket(4.0, 8.0, 1), false, &percentiles), "");
        assert_eq!(marks(&bucket(4.0, 8.0, 1), true, &percentiles), "  ◂ p99.9");
    }
}
