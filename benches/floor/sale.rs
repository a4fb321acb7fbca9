//! The whole sale: pack, MAC, send, receive, parse, MAC check, match, journal, record; by an engine with one shard.

use super::{
    common::plan,
    measure::{Measure, Point, spread},
    role::Role,
};
use posfleet::{
    driver::usage,
    engine::{self, NullObserver, Settings},
    metrics::{RowWindow, Snapshot},
    scenario::Target,
};
use std::{num::NonZero, sync::Arc, time::Duration};

/// A kind of sale.
pub struct Variant {
    /// What it is called.
    pub name: &'static str,
    group: &'static str,
    host: &'static str,
    /// Its bar: how many times the floor it may cost.
    pub most: f64,
}

/// All kinds.
pub const VARIANTS: [Variant; 4] = [
    Variant { name: "sale, ECB MAC, DES", group: "", host: "", most: 1.5 },
    Variant { name: "sale, ECB MAC, 3DES", group: "", host: "macKey: double", most: 1.5 },
    Variant { name: "sale, X9.19", group: ", mac: x919", host: "macKey: double", most: 2.0 },
    Variant { name: "sale, SM4-CBC", group: ", mac: sm4-cbc, keys: sm4", host: "", most: 2.0 },
];

impl Variant {
    /// The scenario of so many terminals, over connections of their own that are `kept` or not.
    pub fn scenario(&self, terminals: usize, kept: bool) -> String {
        let connection = if kept { "long-lived" } else { "per-transaction" };
        format!(
            "schema: 1
name: floor
seed: 1
terminals:
  fleet: {{ count: {terminals}, connection: {connection}, logCapacity: 9999{} }}
host: {{ openingBalance: 99999999.00, saleLimit: 99999999.00{}{} }}
flows:
  sell:
    steps:
      - sale: {{ amount: '${{ amount(1.00, 500.00) }}', card: '${{ cards.next }}', entry: stripe }}
scenarios:
  opening: {{ flow: sign-in, executor: per-terminal-iterations, iterations: 1, within: 500ms }}
  day: {{ flow: sell, executor: constant-terminals, terminals: {terminals}, duration: 2s, startAfter: opening }}
",
            self.group,
            if self.host.is_empty() { "" } else { ", " },
            self.host
        )
    }
}

/// One round of a scenario; one in which this machine stood still is made again.
pub fn round(scenario: &str, host: &mut Role, terminals: usize) -> Measure {
    let round = (0..TRIES).find_map(|_| try_round(scenario, host, terminals));
    round.unwrap_or_else(|| panic!("no two snapshots in the middle of {TRIES} rounds"))
}

/// What happened between two snapshots in the middle of the closed load; `None` when there were no two.
fn try_round(scenario: &str, host: &mut Role, terminals: usize) -> Option<Measure> {
    let mut plan = plan(scenario);
    plan.groups.iter_mut().for_each(|group| group.target = Target::Address(host.address.to_string()));
    let settings = Settings { shards: NonZero::new(1), ..Settings::default() };
    let mut run = engine::start(plan, &settings, Box::new(NullObserver)).expect("the run starts");
    run.window.send_replace(RowWindow::of(0, terminals as u32));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut points: Vec<Point> = Vec::new();
    let mut last: Arc<Snapshot> = Arc::default();
    runtime.block_on(async {
        while run.snapshots.changed().await.is_ok() {
            let snapshot = Arc::clone(&run.snapshots.borrow_and_update());
            let day = snapshot.stages.get(1).filter(|day| SETTLED < day.elapsed && day.elapsed < LENGTH);
            points.extend(day.map(|day| Point {
                at: snapshot.elapsed,
                count: day.counters.finished,
                cpu: usage().cpu,
                host_cpu: host.cpu(),
            }));
            last = snapshot;
        }
    });
    let summary = run.join();
    let failed = summary.counters.failed;
    assert_eq!(failed, 0, "{failed} of {} iterations failed", summary.counters.finished);
    let (first, end) = (points.first()?, points.last().filter(|_| points.len() > 1)?);
    let mut counts: Vec<u64> = last.terminals.rows.iter().map(|row| row.approved).collect();
    Some(Measure::between(first, end, spread(&mut counts)))
}

const TRIES: usize = 3;
const SETTLED: Duration = Duration::from_millis(500);
const LENGTH: Duration = Duration::from_millis(1900);
