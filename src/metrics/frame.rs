//! Snapshots as they go to a face in another program: each second once, everything else bounded.
//!
//! A run has hundreds of seconds and intervals, overall and of each step. A frame holds those that are new since the one
//! before; whoever takes frames in their order has all of them.

use super::{RowWindow, Snapshot};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// A snapshot without what the frame before it held.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Frame {
    /// The snapshot; its seconds are those since the frame before.
    pub snapshot: Snapshot,
}

impl Frame {
    /// The version of the lines that frames are sent in; another one is not understood.
    pub const VERSION: u32 = 1;

    /// `snapshot` for somebody who has the seconds until `since`.
    pub fn of(snapshot: &Snapshot, since: Option<Duration>) -> Self {
        let mut snapshot = snapshot.clone();
        if let Some(since) = since {
            snapshot.series = snapshot.series.after(since).cloned().collect();
            for step in &mut snapshot.steps {
                step.series = step.series.after(since).cloned().collect();
            }
        }
        let lines = &mut snapshot.trace.lines;
        let surplus = lines.len().saturating_sub(LINES_MAX);
        *lines = Arc::new(lines.iter().skip(surplus).cloned().collect());
        snapshot.devices_left_out = snapshot.devices.len().saturating_sub(DEVICES_MAX) as u64;
        snapshot.devices.sort_by_key(|device| (!device.quarantined, std::cmp::Reverse(device.errors)));
        snapshot.devices.truncate(DEVICES_MAX);
        Self { snapshot }
    }

    /// The end of the last second that it holds.
    pub fn until(&self) -> Option<Duration> {
        self.snapshot.series.last().map(|point| point.at)
    }

    /// The whole snapshot, for somebody who has the one before.
    pub fn after(self, before: &Snapshot) -> Snapshot {
        let mut snapshot = self.snapshot;
        snapshot.series = before.series.followed_by(&snapshot.series);
        for step in &mut snapshot.steps {
            let Some(known) = before.steps.iter().find(|known| known.name == step.name) else { continue };
            step.series = known.series.followed_by(&step.series);
        }
        snapshot
    }
}

impl RowWindow {
    /// What of a wish from outside is granted: no more rows than a screen has, no longer texts than people type.
    #[must_use]
    pub fn bounded(self) -> Self {
        let filter = self.filter.chars().take(FILTER_MAX).collect();
        Self { count: self.count.min(ROWS_MAX), filter, ..self }
    }
}

/// A screen shows fewer lines of a trace.
const LINES_MAX: usize = 100;
/// The devices in trouble come first; a screen shows fewer.
const DEVICES_MAX: usize = 500;
/// Three pages of a very high screen.
const ROWS_MAX: u32 = 600;
const FILTER_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{DeviceRow, Point, Series, StepPoint, StepView};

    fn snapshot(seconds: u64) -> Snapshot {
        let at = Duration::from_secs;
        let step = StepView {
            name: "sale".to_owned(),
            series: (1..=seconds).map(|s| StepPoint { at: at(s), ..StepPoint::default() }).collect(),
            ..StepView::default()
        };
        Snapshot {
            series: (1..=seconds).map(|s| Point { at: at(s), ..Point::default() }).collect(),
            steps: vec![step],
            elapsed: at(seconds),
            ..Snapshot::default()
        }
    }

    #[test]
    fn frames_in_their_order_are_the_snapshots() {
        let (mut seen, mut since) = (Snapshot::default(), None);
        for seconds in [0, 3, 3, 4, 9] {
            let frame = Frame::of(&snapshot(seconds), since);
            since = frame.until().or(since);
            let line = serde_json::to_string(&frame).expect("finite numbers are JSON");
            let frame: Frame = serde_json::from_str(&line).expect("what was written");
            seen = frame.after(&seen);
            assert_eq!(format!("{seen:?}"), format!("{:?}", snapshot(seconds)));
        }
        let small = Frame::of(&snapshot(9), Some(Duration::from_secs(8)));
        assert_eq!((small.snapshot.series.len(), small.snapshot.steps[0].series.len()), (1, 1));
    }

    #[test]
    fn a_frame_is_bounded_whatever_the_run_has() {
        let device =
            |number| DeviceRow { number, errors: u64::from(number == 2_999), ..DeviceRow::default() };
        let huge = Snapshot { devices: (0..3_000).map(device).collect(), ..snapshot(5_000) };
        let frame = Frame::of(&huge, None);
        assert_eq!(frame.snapshot.devices.len() as u64 + frame.snapshot.devices_left_out, 3_000);
        assert_eq!(frame.snapshot.devices[0].number, 2_999, "those in trouble are there");
        let (shown, line) = (frame.snapshot.series.len(), serde_json::to_string(&frame).expect("JSON"));
        assert!(shown <= Series::<Point>::KEPT && line.len() < 2 << 20, "{shown}, {} bytes", line.len());
        let wish = RowWindow { filter: "x".repeat(1_000), ..RowWindow::of(0, u32::MAX) }.bounded();
        assert_eq!((wish.count, wish.filter.len()), (ROWS_MAX, FILTER_MAX));
    }
}
