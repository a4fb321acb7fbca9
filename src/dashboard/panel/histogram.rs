//! The distribution of one step's times in logarithmic buckets, with the place of the percentiles.
//!
//! ```text
//! ╭ sale: distribution of the response time ─────────────────────────────────────╮
//! │     from      to                                              count   share  │
//! │  10.0 ms 15.8 ms  ████████████                                 3120  12.1 %  │
//! │  15.8 ms 25.1 ms  ██████████████████████████████████████      12.3k  47.7 %  │ ◂ p50
//! ╰──────────────────────────────────────────────────────────────────────────────╯
//! ```

use crate::dashboard::{format, look::Look, state::State, text, words::Text};
use crate::metrics::{Bucket, Percentiles, StepView};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, state: &State, step: Option<&StepView>) {
    let block = text::panel(title(step, state, area.width.into()), area, &state.look);
    let inner = block.inner(area);
    let lines = match step.map(|step| (step, state.time.buckets(step))) {
        Some((step, buckets)) if !buckets.is_empty() => {
            let percentiles = state.time.percentiles(step);
            let baseline = state.baseline_of(&step.name).map(|step| state.time.buckets(step));
            lines(buckets, baseline.unwrap_or_default(), percentiles, inner, &state.look)
        }
        _ => vec![Line::styled(state.look.say(Text::NothingRecorded), state.look.theme.dim)],
    };
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn title<'a>(step: Option<&StepView>, state: &State, columns: usize) -> Line<'a> {
    let distribution = state.look.say(state.time.distribution_title());
    let room = columns.saturating_sub(text::width(distribution) + 6);
    match step {
        Some(step) => Line::raw(format!("{}: {distribution}", text::fit(&step.name, room))),
        None => Line::raw(distribution),
    }
}

fn lines<'a>(
    buckets: &[Bucket],
    baseline: &[Bucket],
    percentiles: &Percentiles,
    inner: Rect,
    look: &Look,
) -> Vec<Line<'a>> {
    let rows = usize::from(inner.height).saturating_sub(1).max(1);
    let buckets = merged(buckets, buckets.len().div_ceil(rows));
    let total: u64 = buckets.iter().map(|bucket| bucket.count).sum();
    let before: u64 = baseline.iter().map(|bucket| bucket.count).sum();
    let highest = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0).max(1);
    let bar = usize::from(inner.width).saturating_sub(BESIDE_BAR);
    let headings =
        [(Text::From, 9), (Text::To, 9)].map(|(text, columns)| text::right(look.say(text), columns));
    let counts =
        [(Text::Count, 7), (Text::Share, 9)].map(|(text, columns)| text::right(look.say(text), columns));
    let heading = format!("{}  {}{}", headings.concat(), " ".repeat(bar), counts.concat());
    let mut lines = vec![Line::styled(heading, look.theme.dim)];
    lines.extend(buckets.iter().enumerate().map(|(index, bucket)| {
        let mark =
            (before > 0).then(|| share_of(baseline, bucket) / before as f64 * total as f64 / highest as f64);
        let mut line = Line::from_iter([
            Span::raw(format!(" {:>8}", format::time(bucket.from_ms))),
            Span::styled(format!(" {:>8}  ", format::time(bucket.to_ms)), look.theme.dim),
        ]);
        line.spans.extend(bars(bucket.count as f64 / highest as f64, mark, bar, look));
        line.spans.extend([
            Span::raw(format!("{:>7}", format::count(bucket.count))),
            Span::styled(format!("{:>9}", format::share(bucket.count, total)), look.theme.dim),
            Span::styled(marks(bucket, index + 1 == buckets.len(), percentiles), look.theme.strong),
        ]);
        line
    }));
    lines
}

/// A bar, and in it, or beyond it, the mark of where the baseline's bar ends.
fn bars<'a>(share: f64, mark: Option<f64>, columns: usize, look: &Look) -> Vec<Span<'a>> {
    let bar = text::bar(share, columns);
    let place = mark.map(|mark| (mark.clamp(0.0, 1.0) * columns as f64).round() as usize);
    let Some(place) = place.filter(|place| *place > 0 && columns > 0).map(|place| place - 1) else {
        return vec![Span::styled(bar, look.theme.fill)];
    };
    let (before, after): (String, String) =
        (bar.chars().take(place).collect(), bar.chars().skip(place + 1).collect());
    vec![
        Span::styled(before, look.theme.fill),
        Span::styled("┃", look.theme.baseline),
        Span::styled(after, look.theme.fill),
    ]
}

/// How many records of `baseline` lie in `bucket`; those of a bucket that lies across an edge are shared out.
fn share_of(baseline: &[Bucket], bucket: &Bucket) -> f64 {
    let overlap = |other: &Bucket| {
        let (low, high) = (other.from_ms.max(bucket.from_ms), other.to_ms.min(bucket.to_ms));
        if high > low { (high - low) / (other.to_ms - other.from_ms) } else { 0.0 }
    };
    baseline.iter().map(|other| other.count as f64 * overlap(other)).sum()
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
    fn records_of_the_baseline_are_shared_out_over_other_edges() {
        let baseline = [bucket(1.0, 2.0, 4), bucket(2.0, 4.0, 8)];
        let shares = [bucket(1.0, 3.0, 0), bucket(3.0, 4.0, 0)].map(|wanted| share_of(&baseline, &wanted));
        assert_eq!(shares, [8.0, 4.0]);
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
