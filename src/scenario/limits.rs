//! Whether a machine can do what a plan asks: descriptors, ports, and the rate that its cores can make.

use super::{
    expansion::ScenarioExpansion,
    plan::{Group, Plan, Target},
};
use crate::link::Strategy;

/// What a machine allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Open descriptors that a process may have.
    pub descriptors: u64,
    /// Local ports for connections to one address.
    pub ports: u64,
    /// Its cores.
    pub cores: u64,
}

/// What the plan asks of `machine` and cannot get, each with the number and the remedy.
pub(super) fn shortages(plan: &Plan, scenarios: &[ScenarioExpansion], machine: Machine) -> Vec<String> {
    let mut found = Vec::new();
    let connections: Vec<u64> = plan
        .groups
        .iter()
        .enumerate()
        .map(|(number, group)| connections(plan, scenarios, (number, group), machine))
        .collect();
    let is_embedded = |group: &&Group| group.target == Target::Embedded;
    let all: u64 = connections.iter().sum();
    let of_host: u64 = plan
        .groups
        .iter()
        .zip(&connections)
        .filter(|(group, _)| is_embedded(group))
        .map(|(_, count)| count)
        .sum();
    let descriptors = all + of_host + OTHER_DESCRIPTORS;
    if descriptors > machine.descriptors {
        found.push(format!(
            "about {descriptors} open descriptors are needed for {all} connections, and this process may have {}: raise \
             the limit (`ulimit -n {descriptors}`), or {}",
            machine.descriptors,
            fewer(plan)
        ));
    }
    for (group, count) in
        plan.groups.iter().zip(&connections).filter(|(group, count)| **count > ports(group, machine))
    {
        found.push(format!(
            "`{}` has {count} connections to one address at once, and this machine has {} ports for them: widen \
             net.ipv4.ip_local_port_range, use several source addresses or several targets",
            group.name,
            ports(group, machine)
        ));
    }
    found.extend(scenarios.iter().zip(&plan.scenarios).flat_map(|(expansion, scenario)| {
        let group = plan.groups.get(scenario.group);
        let ports = group.and_then(|group| reusing_ports(expansion, group, machine));
        [ports, too_fast(expansion, machine)].into_iter().flatten()
    }));
    found
}

/// How a plan has fewer connections at once.
fn fewer(plan: &Plan) -> &'static str {
    let is_per_transaction = |group: &Group| group.link.strategy == Strategy::PerTransaction;
    if plan.groups.iter().all(is_per_transaction) {
        "let fewer terminals work at once (`maxInFlight`)"
    } else {
        "choose `connection: per-transaction`"
    }
}

/// How many connections a group has at once, at most.
fn connections(
    plan: &Plan,
    scenarios: &[ScenarioExpansion],
    (number, group): (usize, &Group),
    machine: Machine,
) -> u64 {
    let own = scenarios.iter().zip(&plan.scenarios).filter(|(_, scenario)| scenario.group == number);
    match group.link.strategy {
        Strategy::LongLived => group.identities.len() as u64,
        Strategy::Shared { pool, .. } => u64::from(pool.get()) * machine.cores,
        Strategy::PerTransaction => {
            let at_once = own.map(|(expansion, _)| expansion.in_flight.ceil()).sum::<f64>();
            at_once.min(group.identities.len() as f64) as u64
        }
    }
}

/// The local ports of a group: those of every address that it connects from.
fn ports(group: &Group, machine: Machine) -> u64 {
    machine.ports * (group.link.sources.iter().count() as u64).max(1)
}

/// A connection for each transaction leaves its port behind for a minute.
fn reusing_ports(expansion: &ScenarioExpansion, group: &Group, machine: Machine) -> Option<String> {
    let Target::Address(address) = &group.target else { return None };
    let is_local = ["127.", "localhost", "[::1]"].iter().any(|local| address.starts_with(local));
    let rate =
        expansion.peak_rate.filter(|_| !is_local && group.link.strategy == Strategy::PerTransaction)?;
    let most = ports(group, machine) / LINGERING_SECONDS;
    (rate > most as f64).then(|| {
        format!(
            "`{}` opens {rate:.0} connections a second, and {} ports that linger for a minute allow about {most}: use \
             `connection: long-lived`, several source addresses, or net.ipv4.tcp_tw_reuse=1",
            expansion.name,
            ports(group, machine)
        )
    })
}

fn too_fast(expansion: &ScenarioExpansion, machine: Machine) -> Option<String> {
    let most = machine.cores * RATE_OF_A_CORE;
    let rate = expansion.peak_rate.filter(|rate| *rate > most as f64)?;
    Some(format!(
        "`{}` asks for {rate:.0} iterations a second, and the {} cores of this machine make about {most}: lower \
         the rate, or share it between machines and join their results (`posfleet merge`)",
        expansion.name, machine.cores
    ))
}

/// Descriptors that are no connections: files, timers, the runtime.
const OTHER_DESCRIPTORS: u64 = 64;
/// How long a closed connection keeps its port (TIME_WAIT of Linux).
const LINGERING_SECONDS: u64 = 60;
/// Transactions a second that one core makes at most: a plain sale takes 11 to 14 µs of the fleet and about as much of
/// the host beside it; 79,000 a second is the most that docs/performance.md has for both on two cores.
const RATE_OF_A_CORE: u64 = 50_000;

#[cfg(test)]
mod tests {
    use crate::scenario::{Assumptions, Machine, Overrides, expand, load};

    fn shortages(connection: &str, target: &str, rate: u32, machine: Machine) -> Vec<String> {
        let text = format!(
            "schema: 1\nname: t\n{target}terminals: {{ a: {{ count: 30000, connection: {connection} }} }}\n\
             scenarios: {{ s: {{ flow: sign-in, executor: constant-arrival-rate, rate: {rate}, duration: 9s }} }}\n"
        );
        let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let plan = load(&text, "t", &Overrides::default(), 1, &no_files).expect("a scenario");
        expand(&plan, Assumptions { machine: Some(machine), ..Assumptions::default() }).shortages
    }

    const WIDE: Machine = Machine { descriptors: 1_000_000, ports: 60_000, cores: 2 };
    const FAR: &str = "targets: { host: { address: \"198.51.100.7:8583\" } }\n";

    #[test]
    fn every_shortage_has_its_number_and_its_remedy() {
        let few = Machine { descriptors: 1024, ..WIDE };
        let all = shortages("long-lived", "", 10, few);
        assert!(all.iter().any(|text| text.contains("60064") && text.contains("ulimit -n")), "{all:?}");
        let narrow = Machine { ports: 28_232, ..WIDE };
        let all = shortages("long-lived", FAR, 10, narrow);
        assert!(
            all.iter().any(|text| text.contains("28232") && text.contains("source addresses")),
            "{all:?}"
        );
        let all = shortages("per-transaction", FAR, 900, narrow);
        assert!(all.iter().any(|text| text.contains("about 470") && text.contains("long-lived")), "{all:?}");
        let all = shortages("per-transaction", FAR, 400_000, Machine { descriptors: 1024, ..narrow });
        assert!(all[0].contains("maxInFlight"), "it is per transaction already: {all:?}");
        assert!(all.iter().any(|text| text.contains("about 470")), "{all:?}");
        assert!(all.iter().any(|text| text.contains("about 100000")), "neither hides the other: {all:?}");
        let all = shortages("per-transaction", "", 400_000, WIDE);
        assert!(
            all.iter().any(|text| text.contains("about 100000") && text.contains("posfleet merge")),
            "{all:?}"
        );
    }

    #[test]
    fn a_machine_that_is_wide_enough_has_no_shortage() {
        assert_eq!(shortages("long-lived", "", 10, WIDE), Vec::<String>::new());
    }
}
