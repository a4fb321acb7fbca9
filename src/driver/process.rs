//! What this process uses, and how much it may use.

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use std::time::Duration;

/// What this process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time, user and system.
    pub cpu: Duration,
    /// The largest resident memory, in bytes.
    pub max_rss_bytes: u64,
}

/// What this process has used so far; zero where the system does not tell.
pub fn usage() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Usage::default() };
    let micros = |time: nix::sys::time::TimeVal| (time.tv_sec() * 1_000_000 + time.tv_usec()).max(0) as u64;
    Usage {
        cpu: Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())),
        max_rss_bytes: u64::try_from(usage.max_rss()).unwrap_or_default() * 1024,
    }
}

/// Local ports for connections to one address; those of an ordinary Linux where the system does not tell.
pub fn local_ports() -> u64 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ends = range.split_whitespace().filter_map(|end| end.parse::<u64>().ok());
    let (Some(first), Some(last)) = (ends.next(), ends.next()) else { return ORDINARY_PORTS };
    (last + 1).saturating_sub(first)
}

/// Open descriptors that this process may have when it asks for as many as it can get.
pub fn descriptor_limit() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(_, hard)| hard)
}

/// Raises the limit of open descriptors as far as this process may, and returns it.
pub fn raise_descriptor_limit() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1024 };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    }
}

const ORDINARY_PORTS: u64 = 28_232;
