//! What a sale costs over the raw floor: CPU of client and host per round trip, measured side by side in one run.
//!
//! The floor is a task per connection on the same kind of runtime that sends and receives 200 bytes behind a length,
//! without looking at them. Against it stands the whole sale. Then the same with a connection for each transaction.
//! Rounds of the two alternate; the hosts are processes of their own, so that the CPU of this process is the client's;
//! figures are medians.
//!
//! `cargo bench --bench floor [-- CONNECTIONS… | -- visits]`

#[path = "../common/mod.rs"]
mod common;
mod measure;
mod raw;
mod role;
mod sale;

use common::{arguments, bar, option};
use measure::{Measure, median};
use role::Role;
use sale::VARIANTS;
use std::io::{self, Write};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    posfleet::driver::raise_descriptor_limit();
    let arguments = arguments();
    if role::play(&arguments) {
        return;
    }
    println!(
        "CPU per round trip in µs, medians of {} interleaved rounds of 1 s, one client thread",
        rounds()
    );
    println!(
        "{:>11}  {:22} {:>7} {:>7} {:>7} {:>7} {:>9} {:>9}",
        "connections", "what", "client", "ratio", "host", "ratio", "per s", "fairness"
    );
    let sizes = arguments.iter().take_while(|word| !word.starts_with("--"));
    let sizes: Vec<usize> = sizes.filter_map(|size| size.parse().ok()).collect();
    let is_visits = arguments.iter().any(|word| word == "visits");
    match (is_visits, sizes.is_empty()) {
        (true, _) => compare_visits(),
        (false, false) => sizes.into_iter().for_each(compare),
        (false, true) => {
            [1_000, 10_000].into_iter().for_each(compare);
            compare_visits();
        }
    }
}

/// Measures the floor and the sale with every kind of MAC, over so many connections.
fn compare(connections: usize) {
    let mut echo = Role::echo();
    let scenarios = VARIANTS.each_ref().map(|variant| variant.scenario(connections, true));
    let mut hosts = scenarios.each_ref().map(|scenario| Role::acquirer(scenario));
    let mut floor = Vec::new();
    let mut sales = VARIANTS.each_ref().map(|_| Vec::new());
    for _ in 0..rounds() {
        floor.push(raw::kept(&mut echo, connections));
        for ((scenario, host), measures) in scenarios.iter().zip(&mut hosts).zip(&mut sales) {
            measures.push(sale::round(scenario, host, connections));
        }
    }
    let base = Base::of(&floor);
    print_line(connections, "raw ping-pong", &floor, &base);
    for (variant, measures) in VARIANTS.iter().zip(&sales) {
        print_line(connections, variant.name, measures, &base);
    }
    for (variant, measures) in VARIANTS.iter().zip(&sales) {
        let what = format!("{}, {connections} connections", variant.name);
        bar(&format!("client CPU over raw, {what}"), base.client_ratio(measures), ..=variant.most);
        bar(&format!("fairness, {what}"), median(measures, |measure| measure.fairness), ..=FAIRNESS_MOST);
    }
    bar(&format!("host CPU over echo, {connections} connections"), base.host_ratio(&sales[0]), ..=HOST_MOST);
}

/// Measures a connection for each transaction, of as many terminals as are always under way.
fn compare_visits() {
    let mut echo = Role::echo();
    let scenario = VARIANTS[0].scenario(VISITORS, false);
    let mut host = Role::acquirer(&scenario);
    let (mut floor, mut sales) = (Vec::new(), Vec::new());
    for _ in 0..rounds() {
        floor.push(raw::visits(&mut echo, VISITORS));
        sales.push(sale::round(&scenario, &mut host, VISITORS));
    }
    let base = Base::of(&floor);
    print_line(VISITORS, "raw, connected anew", &floor, &base);
    print_line(VISITORS, "sale, connected anew", &sales, &base);
    bar("client CPU over raw, a connection per transaction", base.client_ratio(&sales), ..=VISITS_MOST);
}

/// What a raw round trip costs.
struct Base {
    client: f64,
    host: f64,
}

impl Base {
    fn of(floor: &[Measure]) -> Self {
        let [client, host] =
            [median(floor, |measure| measure.micros), median(floor, |measure| measure.host_micros)];
        Self { client, host }
    }

    fn client_ratio(&self, measures: &[Measure]) -> f64 {
        median(measures, |measure| measure.micros) / self.client
    }

    fn host_ratio(&self, measures: &[Measure]) -> f64 {
        median(measures, |measure| measure.host_micros) / self.host
    }
}

fn print_line(connections: usize, what: &str, measures: &[Measure], base: &Base) {
    let [client, host] =
        [median(measures, |measure| measure.micros), median(measures, |measure| measure.host_micros)];
    let (client_ratio, host_ratio) = (base.client_ratio(measures), base.host_ratio(measures));
    let rate = median(measures, |measure| measure.per_second);
    let fairness = median(measures, |measure| measure.fairness);
    println!(
        "{connections:>11}  {what:22} {client:>7.2} {client_ratio:>7.2} {host:>7.2} {host_ratio:>7.2} {rate:>9.0} \
         {fairness:>9.2}"
    );
    let _ = io::stdout().flush();
}

fn rounds() -> usize {
    option("--rounds").map_or(ROUNDS, |rounds| rounds.max(1.0) as usize)
}

const ROUNDS: usize = 7;
/// Terminals of the fleet that connects for each transaction.
const VISITORS: usize = 50;
const FAIRNESS_MOST: f64 = 2.5;
const HOST_MOST: f64 = 2.0;
const VISITS_MOST: f64 = 1.25;
