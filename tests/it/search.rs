//! A search in virtual time, against hosts whose highest rate is known: what it finds, and how long that takes.

use posfleet::{
    load::{Finding, Move, Purpose, Pursuit, Search, SearchStage, Sight, Standing},
    rng::{Domain, Rng, Seed},
};
use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

/// Within five of a hundred, in less than a minute, whatever the capacity, the noise, and the way in which the host
/// shows that it is full.
#[test]
fn the_knee_is_found_within_a_twentieth_in_less_than_a_minute() {
    for (number, host) in hosts().into_iter().enumerate() {
        for start in [0.09, 0.4, 1.7] {
            let found = Run::of(host, host.knee() * start, number as u64).search();
            let error = found.rate.expect("a rate") / host.knee() - 1.0;
            assert!(error.abs() < 0.05, "{host:?} from {start}: {error:+.3}\n{found:#?}");
            assert!(found.took < Duration::from_secs(60), "{host:?} from {start}: {:?}", found.took);
        }
    }
}

/// The host stands still once, for 400 ms, at any time of the search.
#[test]
fn one_hiccup_at_any_time_moves_what_is_found_by_less_than_a_twentieth() {
    for tenth in 0..45 {
        let host = Host { stall: Some((f64::from(tenth), 0.4)), ..Host::queue(250.0) };
        let found = Run::of(host, 100.0, 1).search();
        let error = found.rate.expect("a rate") / 250.0 - 1.0;
        assert!(error.abs() < 0.05, "at {tenth} s: {error:+.3}\n{found:#?}");
        assert!(found.took < Duration::from_secs(75), "at {tenth} s: {:?}", found.took);
    }
}

/// This machine is too busy for the whole of the search: what it cannot tell bounds nothing unsaid.
#[test]
fn a_machine_that_is_always_too_busy_is_named_as_the_bound() {
    let found = Run { is_busy: true, ..Run::of(Host::queue(250.0), 100.0, 1) }.search();
    assert!(found.rate.is_some_and(|rate| rate > 225.0 && rate < 262.5), "{found:#?}");
    let (bound, is_of_target) = found.bound.expect("a rate was not kept");
    assert!(bound > 250.0 && !is_of_target, "{found:#?}");
}

#[test]
fn stages_far_from_the_knee_are_decided_early_and_the_rate_that_is_found_is_held_to_the_end() {
    let found = Run::of(Host::queue(250.0), 50.0, 1).search();
    let first = found.stages.first().expect("a stage");
    assert_eq!((first.0.trial.rate, first.1), (50.0, Finding::Kept));
    assert!(first.2 < Duration::from_secs(2), "{found:#?}");
    let missed = found.stages.iter().find(|stage| stage.0.trial.rate == 400.0).expect("a stage");
    assert!(missed.1 == Finding::Missed && missed.2 <= Duration::from_secs(1), "{found:#?}");
    let last = found.stages.last().expect("a stage");
    assert_eq!((last.0.trial.purpose, last.1), (Purpose::Hold, Finding::Kept));
    assert!(last.2 >= Duration::from_secs(5), "{found:#?}");
}

fn hosts() -> Vec<Host> {
    let rates = [100.0, 131.0, 250.0, 333.0, 777.0, 1500.0];
    let queues = rates.map(Host::queue);
    let noisy = rates.map(|rate| Host { noise: 0.5, ..Host::queue(rate) });
    let slow = rates.map(|rate| Host { kind: Kind::Slow, ..Host::queue(rate) });
    let slow_noisy = rates.map(|rate| Host { kind: Kind::Slow, noise: 0.3, ..Host::queue(rate) });
    let failing = rates.map(|rate| Host { kind: Kind::Refusing, ..Host::queue(rate) });
    [queues, noisy, slow, slow_noisy, failing].concat()
}

#[derive(Clone, Copy, Debug)]
struct Host {
    kind: Kind,
    /// Requests a second.
    capacity: f64,
    /// How far service times are from their mean, as a part of it.
    noise: f64,
    /// When it stands still, and for how long, in seconds.
    stall: Option<(f64, f64)>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// One after the other.
    Queue,
    /// The nearer to its capacity, the longer an answer takes.
    Slow,
    /// What is beyond its capacity is refused at once.
    Refusing,
}

impl Host {
    fn queue(capacity: f64) -> Self {
        Self { kind: Kind::Queue, capacity, noise: 0.0, stall: None }
    }

    /// The highest rate that keeps [`LIMIT`] and [`FAILED`].
    fn knee(&self) -> f64 {
        match self.kind {
            Kind::Queue | Kind::Refusing => self.capacity,
            // 95 of 100 answers take less than this part above the mean, whose noise is even.
            Kind::Slow => self.capacity * (1.0 - BASE * (1.0 + 0.9 * self.noise) / LIMIT),
        }
    }

    /// When the answer to a request at `at` comes, and whether it is one.
    fn answer(&self, at: f64, rate: f64, free_at: &mut f64, rng: &mut Rng) -> (f64, bool) {
        let noise = 1.0 + self.noise * (2.0 * rng.unit() - 1.0);
        if let Some((from, length)) = self.stall
            && at >= from
        {
            *free_at = free_at.max(from + length);
        }
        match self.kind {
            Kind::Queue => {
                *free_at = free_at.max(at) + noise / self.capacity;
                (*free_at, true)
            }
            Kind::Slow => (at + BASE * noise / (1.0 - (rate / self.capacity).min(0.99)), true),
            Kind::Refusing => (at + BASE, rng.unit() * rate < self.capacity),
        }
    }
}

struct Run {
    host: Host,
    search: Search,
    rng: Rng,
    is_busy: bool,
}

#[derive(Debug)]
struct Found {
    rate: Option<f64>,
    bound: Option<(f64, bool)>,
    took: Duration,
    stages: Vec<(SearchStage, Finding, Duration)>,
}

impl Run {
    /// The search of `scenarios/search-knee.yaml`.
    fn of(host: Host, start: f64, seed: u64) -> Self {
        let search = Search {
            start,
            max: 1e6,
            growth: 2.0,
            precision: 0.03,
            settle: Duration::from_millis(500),
            measure: Duration::from_secs(3),
            hold: Duration::from_secs(5),
            max_duration: Duration::from_secs(600),
        };
        Self { host, search, rng: Seed(seed).stream(Domain::Arrivals, 0, 0), is_busy: false }
    }

    /// Searches to the end, looking four times a second.
    fn search(mut self) -> Found {
        let mut pursuit = Pursuit::new(self.search, Duration::from_secs(30));
        let (mut rates, mut stages) = (vec![(0.0, 0.0)], Vec::new());
        let (mut due, mut free_at) = (0.0, 0.0);
        let mut under_way: BinaryHeap<Reverse<(u64, u64, bool)>> = BinaryHeap::new();
        let (mut started, mut window): (u64, Vec<(f64, bool)>) = (0, Vec::new());
        for tick in 1..10_000u32 {
            let now = f64::from(tick) * 0.25;
            // Arrivals until now, at the rates that were announced.
            while let Some((at, rate)) = next_arrival(&rates, due).filter(|(at, _)| *at < now) {
                due = at + 1.0 / rate;
                started += 1;
                let (end, is_good) = self.host.answer(at, rate, &mut free_at, &mut self.rng);
                under_way.push(Reverse(((end * 1e6) as u64, (at * 1e6) as u64, is_good)));
            }
            while let Some(Reverse((end, at, is_good))) = under_way.peek().copied()
                && end as f64 / 1e6 <= now
            {
                under_way.pop();
                window.push(((end - at) as f64 / 1e6, is_good));
            }
            let sight = Sight {
                in_flight: under_way.len() as u64,
                started,
                steps: window.len() as u64,
                standing: standing(&mut window),
                is_busy: self.is_busy,
            };
            for step in pursuit.look(Duration::from_secs_f64(now), &sight) {
                match step {
                    Move::Rate { rate, at } => rates.push((at.as_secs_f64(), rate)),
                    Move::Measure => {
                        started = 0;
                        window.clear();
                    }
                    Move::Judged { stage, finding, measured } => stages.push((stage, finding, measured)),
                    Move::Finish => {
                        let hunt = pursuit.hunt();
                        let took = Duration::from_secs_f64(now);
                        return Found { rate: hunt.knee(), bound: hunt.bound(), took, stages };
                    }
                }
            }
        }
        panic!("the search does not end: {stages:#?}")
    }
}

/// When the next arrival is due that is not before `due`, and at which rate; the last one of `rates` goes on.
fn next_arrival(rates: &[(f64, f64)], due: f64) -> Option<(f64, f64)> {
    let number = rates.iter().rposition(|(at, _)| *at <= due)?;
    let (at, rate) = rates[number..].iter().copied().find(|(_, rate)| *rate > 0.0)?;
    Some((at.max(due), rate))
}

/// p(95) < [`LIMIT`] and the rate of failures < [`FAILED`].
fn standing(window: &mut [(f64, bool)]) -> Standing {
    if window.is_empty() {
        return Standing::Held;
    }
    let place = (window.len() * 95 / 100).min(window.len() - 1);
    let p95 = window.select_nth_unstable_by(place, |one, other| one.0.total_cmp(&other.0)).1.0;
    let failed = window.iter().filter(|(_, is_good)| !is_good).count() as f64 / window.len() as f64;
    match (p95 < LIMIT && failed < FAILED, p95 <= LIMIT / 2.0 && failed <= FAILED / 2.0) {
        (false, _) => Standing::Broken,
        (true, true) => Standing::Easy,
        (true, false) => Standing::Held,
    }
}

/// Seconds.
const LIMIT: f64 = 0.15;
const FAILED: f64 = 0.001;
/// What an answer takes of a host that has nothing else to do, in seconds.
const BASE: f64 = 0.01;
