//! Two devices of a rack may share neither name nor port nor terminal id: one of them would be the other.

use super::super::{diagnostic::Problem, node::Node};
use std::collections::HashMap;

/// Complains about every second one; `devices` is the list of the file.
pub(super) fn check(devices: &Node, problems: &mut Vec<Problem>) {
    let all = || devices.items().iter();
    once(all().filter_map(|device| Some(&device.entry("id")?.node)), "the id", problems);
    once(all().filter_map(|device| Some(&device.entry("port")?.node)), "the port", problems);
    let expected = all().filter_map(|device| Some(&device.entry("expect")?.node));
    once(expected.filter_map(|expect| Some(&expect.entry("terminal")?.node)), "the terminal id", problems);
}

fn once<'n>(nodes: impl Iterator<Item = &'n Node>, what: &str, problems: &mut Vec<Problem>) {
    let mut known = HashMap::new();
    for node in nodes {
        let Some(scalar) = node.scalar().filter(|_| !node.is_bad.get()) else { continue };
        // A name of a USB adapter is written in either case.
        let count = known.entry(scalar.text.to_lowercase()).or_insert(0);
        *count += 1;
        if *count > 1 {
            problems
                .push(Problem::new(node.span.clone(), format!("{what} `{}` is there twice", scalar.text)));
        }
    }
}
