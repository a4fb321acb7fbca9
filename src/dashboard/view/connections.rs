//! The connections screen: how many there are, what becomes of them, and which faults their network was told to have.
//!
//! ```text
//! ╭ Connections ───────────────────────────────────────────────────────────────╮
//! │ open 1998   connecting 2   idle 1956   opened/s 12.0   refused 0   resets 3 │
//! ╰─────────────────────────────────────────────────────────────────────────────╯
//! ╭ Over time ──────────────────────╮╭ Since the start ─────────────────────────╮
//! │ opened/s  ▁▁▂▂▁▁▁▁▁▂            ││ TLS full 2000  resumed 411               │
//! ╰─────────────────────────────────╯╰──────────────────────────────────────────╯
//! ```

use super::Extent;
use crate::dashboard::{
    format,
    look::Look,
    panel::{
        facts::{self, Fact},
        spark::spark,
        timeline::Timeline,
    },
    state::State,
    text,
    words::Text,
};
use crate::metrics::{ConnectionCounts, Fault, Percentiles, Point, Snapshot};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::Paragraph,
};

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let [upper, lower] = Layout::vertical([Constraint::Length(4), Constraint::Fill(1)]).areas(area);
    now(frame, upper, state, snapshot);
    if area.width >= TWO_PANELS {
        let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(lower);
        courses(frame, left, state, snapshot);
        return since_start(frame, right, state, snapshot);
    }
    let heights = [Constraint::Length(COURSES.len() as u16 + 2), Constraint::Fill(1)];
    let [above, below] = Layout::vertical(heights).areas(lower);
    courses(frame, above, state, snapshot);
    since_start(frame, below, state, snapshot);
}

/// There is no list on this screen.
pub(super) fn extent(_: &State, _: Rect, _: &Snapshot) -> Extent {
    Extent::default()
}

fn now(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let block = text::panel(look.say(Text::Connections).into(), area, look);
    let columns = usize::from(block.inner(area).width);
    let (counts, latest) = (&snapshot.connecting.counts, snapshot.series.last().cloned().unwrap_or_default());
    let idle = snapshot.connections.saturating_sub(snapshot.terminals.activity.busy);
    let present = [
        Fact::of(Text::Open, format::count(snapshot.connections), look),
        Fact::of(Text::Connecting, format::count(snapshot.connecting.waiting), look),
        Fact::of(Text::Idle, format::count(idle), look),
        Fact::of(Text::OpenedPerSecond, format::rate(latest.per_second(latest.connections.opened)), look),
    ];
    let trouble = [
        Fact::of(Text::Opened, format::count(counts.opened), look),
        Fact::bad(Text::Refused, counts.refused, look),
        Fact::bad(Text::Resets, counts.resets, look),
        Fact::of(Text::EndedByHost, format::count(counts.ended), look),
        Fact::bad(Text::Strays, counts.strays, look),
    ];
    let lines = vec![facts::line(present, columns, look), facts::line(trouble, columns, look)];
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// One line a rate: its course over the time that is shown, and its present value.
fn courses(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let title = format!("{}, {}", look.say(Text::PerSecond), look.say(state.span.name()));
    let block = text::panel(title.into(), area, look);
    let columns = usize::from(block.inner(area).width);
    let room = columns.saturating_sub(NAME + VALUE + 3);
    let timeline = Timeline::of(&snapshot.series, state.span).columns(room);
    let line = |(name, is_bytes, count): &(Text, bool, fn(&ConnectionCounts) -> u64)| {
        let course: Vec<f64> = timeline.iter().map(|points| rate(points, *count)).collect();
        let latest = snapshot.series.last().map_or(0.0, |point| rate(&[point], *count));
        let value = if *is_bytes { format::bytes(latest as u64) } else { format::rate(latest) };
        Line::from_iter([
            Span::styled(format!(" {} ", text::left(look.say(*name), NAME)), look.theme.dim),
            Span::styled(text::left(&spark(&course, room), room), look.theme.fill),
            Span::styled(text::right(&value, VALUE), look.theme.strong),
        ])
    };
    frame.render_widget(Paragraph::new(COURSES.iter().map(line).collect::<Vec<_>>()).block(block), area);
}

fn rate(points: &[&Point], count: fn(&ConnectionCounts) -> u64) -> f64 {
    let time: f64 = points.iter().map(|point| point.length.as_secs_f64()).sum();
    let total: u64 = points.iter().map(|point| count(&point.connections)).sum();
    if time > 0.0 { total as f64 / time } else { 0.0 }
}

fn since_start(frame: &mut Frame, area: Rect, state: &State, snapshot: &Snapshot) {
    let look = &state.look;
    let block = text::panel(look.say(Text::SinceStart).into(), area, look);
    let columns = usize::from(block.inner(area).width);
    let connecting = &snapshot.connecting;
    let counts = &connecting.counts;
    let handshakes = [
        Fact::of(Text::FullHandshakes, format::count(counts.full_handshakes), look),
        Fact::of(Text::ResumedHandshakes, format::count(counts.resumed_handshakes), look),
        Fact::of(Text::BytesOut, format::bytes(counts.bytes_out), look),
        Fact::of(Text::BytesIn, format::bytes(counts.bytes_in), look),
    ];
    let mut lines = vec![facts::line(handshakes, columns, look)];
    let times = [
        (Text::PartWait, &connecting.wait),
        (Text::PartConnect, &connecting.connect),
        (Text::PartHandshake, &connecting.handshake),
    ];
    lines.extend(times.iter().filter_map(|(name, times)| time(*name, times, columns, look)));
    lines.push(faults(counts, columns, look));
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn time<'a>(name: Text, times: &Percentiles, columns: usize, look: &Look) -> Option<Line<'a>> {
    let shown = [("p50", times.p50), ("p99", times.p99), ("max", times.max)];
    let shown: Vec<String> = shown.iter().map(|(word, ms)| format!("{word} {}", format::time(*ms))).collect();
    let fact = Fact::of(name, shown.join("  "), look);
    (times.max > 0.0).then(|| facts::line([fact], columns, look))
}

/// Faults that were injected, so that nobody takes them for those of the target.
fn faults<'a>(counts: &ConnectionCounts, columns: usize, look: &Look) -> Line<'a> {
    let injected =
        Fault::ALL.iter().map(|fault| (fault, counts.faults.get(*fault as usize).copied().unwrap_or(0)));
    let injected = injected.filter(|(_, count)| *count > 0);
    let told: Vec<String> =
        injected.map(|(fault, count)| format!("{} {}", fault.name(), format::count(count))).collect();
    let none = || look.say(Text::None).to_owned();
    let value =
        if told.is_empty() { none() } else { text::fit(&told.join("  "), columns.saturating_sub(20)) };
    let style = if told.is_empty() { look.theme.dim } else { look.theme.warning };
    facts::line([Fact { what: Text::FaultsInjected, value, style }], columns, look)
}

type Course = (Text, bool, fn(&ConnectionCounts) -> u64);

const COURSES: [Course; 6] = [
    (Text::Opened, false, |counts| counts.opened),
    (Text::Refused, false, |counts| counts.refused),
    (Text::Resets, false, |counts| counts.resets),
    (Text::Handshakes, false, |counts| counts.full_handshakes + counts.resumed_handshakes),
    (Text::BytesOut, true, |counts| counts.bytes_out),
    (Text::BytesIn, true, |counts| counts.bytes_in),
];
const NAME: usize = 18;
const VALUE: usize = 8;
const TWO_PANELS: u16 = 110;
