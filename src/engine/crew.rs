//! The shards as the collector hears of them: what each does to the load, and what it costs.

use super::recorder::Gauges;
use crate::{
    driver::Footprint,
    metrics::{AgentKind, AgentRow, Generator, Interval, Latency},
    time::Instant,
};
use std::time::Duration;

/// What is known of every shard.
#[derive(Debug)]
pub(super) struct Crew(Vec<Member>);

#[derive(Clone, Debug, Default)]
struct Member {
    started: u64,
    lag: Latency,
    /// CPU time at the latest news with figures, and when that came.
    cpu: (Duration, Instant),
    cpu_cores: f64,
    terminals: u64,
    connections: u64,
    heard: Instant,
}

impl Crew {
    pub(super) fn new(shards: usize) -> Self {
        Self(vec![Member::default(); shards])
    }

    /// Takes what a shard hands over.
    pub(super) fn take(&mut self, shard: usize, interval: &Interval, gauges: &Gauges, now: Instant) {
        let Some(member) = self.0.get_mut(shard) else { return };
        member.started += interval.counters().started;
        member.lag.merge(&interval.lag);
        member.heard = now;
        if gauges.terminals == 0 {
            return;
        }
        let (before, since) = member.cpu;
        let (used, time) = (gauges.cpu.saturating_sub(before), now.since(since));
        member.cpu_cores = used.as_secs_f64() / time.as_secs_f64().max(0.001);
        member.cpu = (gauges.cpu, now);
        (member.terminals, member.connections) = (gauges.terminals, gauges.connections);
    }

    /// The process, whose figures `generator` and `footprint` are, and its shards.
    pub(super) fn rows(&self, generator: &Generator, footprint: Footprint, now: Instant) -> Vec<AgentRow> {
        let shards = self.0.iter().enumerate().map(|(index, member)| member.row(index, now));
        let shards: Vec<AgentRow> = shards.collect();
        let process = AgentRow {
            name: PROCESS.to_owned(),
            kind: AgentKind::Process,
            terminals: shards.iter().map(|row| row.terminals).sum(),
            started: shards.iter().map(|row| row.started).sum(),
            lag: generator.lag,
            cpu_cores: generator.cpu_cores,
            rss_bytes: Some(footprint.rss_bytes),
            descriptors: Some((footprint.descriptors, footprint.descriptors_max)),
            connections: shards.iter().map(|row| row.connections).sum(),
            age: shards.iter().map(|row| row.age).max().unwrap_or_default(),
        };
        [process].into_iter().chain(shards).collect()
    }
}

impl Member {
    fn row(&self, index: usize, now: Instant) -> AgentRow {
        AgentRow {
            name: format!("shard {index}"),
            kind: AgentKind::Shard,
            terminals: self.terminals,
            started: self.started,
            lag: self.lag.percentiles(),
            cpu_cores: self.cpu_cores,
            rss_bytes: None,
            descriptors: None,
            connections: self.connections,
            age: now.since(self.heard),
        }
    }
}

const PROCESS: &str = "this process";
