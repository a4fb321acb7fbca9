//! Where the connections of a fleet come from.

use posfleet::{link::Sources, scenario::Plan};
use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU8, Ordering},
};

/// Has all connect from an address that no fleet before them had: its ports were those of connections that have just
/// ended, and with 19,000 of them not all can be had again at once.
pub fn from_elsewhere(plan: &mut Plan) {
    static FLEETS: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, high | 1, low, FLEETS.fetch_add(1, Ordering::Relaxed));
    let sources: Sources = address.to_string().parse().expect("an address");
    plan.groups.iter_mut().for_each(|group| group.link.sources = sources.clone());
}
