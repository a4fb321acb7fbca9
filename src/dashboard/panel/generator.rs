//! The line about the load generator: whether the measurement itself is to be trusted.
//!
//! ```text
//!  generator  lag p50 0.08 ms p99 1.20 ms  1.4 cores  1998 conns  84.2 MB RSS
//!  ⚠ generator  lag p50 0.08 ms p99 23.4 ms > 10 ms  1.4 cores  1998 conns
//! ```

use crate::dashboard::{format, look::Look, text, words::Text};
use crate::metrics::Snapshot;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

pub(in crate::dashboard) fn render(frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) {
    let generator = &snapshot.generator;
    let is_late = generator.lag.p99 > LAG_P99_MS_MAX;
    let lag = look.fill(Text::LagLine, &[&format::time(generator.lag.p50), &format::time(generator.lag.p99)]);
    let connections = look.say(if area.width < 100 { Text::ConnsWord } else { Text::ConnectionsWord });
    let shards = if generator.shards == 1 { Text::ShardWord } else { Text::ShardsWord };
    let name = look.say(Text::Generator);
    let lag = if is_late {
        Line::styled(format!("⚠ {name}  {lag} > 10 ms"), look.theme.warning)
    } else {
        Line::from_iter([Span::styled(format!("{name}  "), look.theme.dim), Span::raw(lag)])
    };
    let vitals = [
        fact(format!("{:.1}", generator.cpu_cores.max(0.0)), look.say(Text::Cores), look),
        fact(format::count(snapshot.connections), connections, look),
        fact(format::bytes(generator.max_rss_bytes), look.say(Text::Rss), look),
        fact(generator.shards.to_string(), look.say(shards), look),
    ];
    // A process without memory is one that nothing is known of: the recording of an earlier version.
    let is_known = generator.max_rss_bytes > 0;
    let facts = std::iter::once(lag).chain(vitals.into_iter().filter(|_| is_known));
    let mut line = Line::raw(" ");
    line.spans.extend(text::items_that_fit(facts, usize::from(area.width).saturating_sub(2), 2).spans);
    frame.render_widget(line, area);
}

fn fact<'a>(value: String, what: &'a str, look: &Look) -> Line<'a> {
    Line::from_iter([Span::raw(value), Span::raw(" "), Span::styled(what, look.theme.dim)])
}

/// Beyond this the generator, not the system under test, makes a visible part of the response times.
const LAG_P99_MS_MAX: f64 = 10.0;
