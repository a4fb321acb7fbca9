//! What a sale costs over the raw floor: CPU of client and host per round trip, measured side by side in one run.
//!
//! The floor is a task per connection on the same kind of runtime that sends and receives 200 bytes behind a length,
//! without looking at them. Against it stands the whole sale. Then the same with a connection for each transaction.
//! Rounds of the two alternate, and each sale is held against the floor right before and right after it: a machine that
//! is slower for some seconds is so for both. The hosts are processes of their own, so that the CPU of this process is
//! the client's; figures are medians.
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
    let mut floor = vec![raw::kept(&mut echo, connections)];
    let mut sales = VARIANTS.each_ref().map(|_| Vec::new());
    for _ in 0..rounds() {
        for ((scenario, host), rounds) in scenarios.iter().zip(&mut hosts).zip(&mut sales) {
            let sale = sale::round(scenario, host, connections);
            rounds.push(between(&mut floor, raw::kept(&mut echo, connections), sale));
        }
    }
    print_floor(connections, "raw ping-pong", &floor);
    for (variant, rounds) in VARIANTS.iter().zip(&sales) {
        print_rounds(connections, variant.name, rounds);
    }
    for (variant, rounds) in VARIANTS.iter().zip(&sales) {
        let what = format!("{}, {connections} connections", variant.name);
        bar(&format!("client CPU over raw, {what}"), median(rounds, |round| round.client), ..=variant.most);
        bar(&format!("fairness, {what}"), median(rounds, |round| round.sale.fairness), ..=FAIRNESS_MOST);
    }
    let host = median(&sales[0], |round| round.host);
    bar(&format!("host CPU over echo, {connections} connections"), host, ..=HOST_MOST);
}

/// Measures a connection for each transaction, of as many terminals as are always under way.
fn compare_visits() {
    let mut echo = Role::echo();
    let scenario = VARIANTS[0].scenario(VISITORS, false);
    let mut host = Role::acquirer(&scenario);
    let mut floor = vec![raw::visits(&mut echo, VISITORS)];
    let mut sales = Vec::new();
    for _ in 0..rounds() {
        let sale = sale::round(&scenario, &mut host, VISITORS);
        sales.push(between(&mut floor, raw::visits(&mut echo, VISITORS), sale));
    }
    print_floor(VISITORS, "raw, connected anew", &floor);
    print_rounds(VISITORS, "sale, connected anew", &sales);
    let client = median(&sales, |round| round.client);
    bar("client CPU over raw, a connection per transaction", client, ..=VISITS_MOST);
}

/// A round of sales, and its CPU over that of the floor around it.
struct Round {
    sale: Measure,
    client: f64,
    host: f64,
}

/// Holds a round of sales against the last one of the floor and the one that came `after`, which becomes the last.
fn between(floor: &mut Vec<Measure>, after: Measure, sale: Measure) -> Round {
    let before = floor.last().copied().unwrap_or(after);
    floor.push(after);
    let over = |of: fn(&Measure) -> f64| of(&sale) / f64::midpoint(of(&before), of(&after));
    Round { sale, client: over(|round| round.micros), host: over(|round| round.host_micros) }
}

fn print_floor(connections: usize, what: &str, floor: &[Measure]) {
    print_line(connections, what, |of| median(floor, of), [1.0, 1.0]);
}

fn print_rounds(connections: usize, what: &str, rounds: &[Round]) {
    let ratios = [median(rounds, |round| round.client), median(rounds, |round| round.host)];
    print_line(connections, what, |of| median(rounds, |round| of(&round.sale)), ratios);
}

fn print_line(connections: usize, what: &str, middle: impl Fn(fn(&Measure) -> f64) -> f64, ratios: [f64; 2]) {
    let [client, host] = [middle(|round| round.micros), middle(|round| round.host_micros)];
    let [rate, fairness] = [middle(|round| round.per_second), middle(|round| round.fairness)];
    let [client_ratio, host_ratio] = ratios;
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
