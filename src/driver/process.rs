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
    Usage { cpu: cpu(&usage), max_rss_bytes: u64::try_from(usage.max_rss()).unwrap_or_default() * 1024 }
}

/// What this process holds at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Resident memory in bytes.
    pub rss_bytes: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// How many may be open.
    pub descriptors_max: u64,
}

/// What this process holds at this moment; zero where the system does not tell.
pub fn footprint() -> Footprint {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|resident| resident.parse::<u64>().ok()).unwrap_or(0);
    // Since Linux 6.2 the size of the directory is the number of its entries, which spares reading them all.
    let told = std::fs::metadata("/proc/self/fd").map_or(0, |directory| directory.len());
    let counted = || std::fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64);
    Footprint {
        rss_bytes: pages * PAGE_BYTES,
        descriptors: if told > 0 { told } else { counted() },
        descriptors_max: getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft),
    }
}

/// CPU time that this thread has used so far, user and system; zero where the system does not tell.
pub fn thread_cpu() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Duration::ZERO };
    cpu(&usage)
}

fn cpu(usage: &nix::sys::resource::Usage) -> Duration {
    let micros = |time: nix::sys::time::TimeVal| (time.tv_sec() * 1_000_000 + time.tv_usec()).max(0) as u64;
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
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

/// The size of a page where this program runs; other sizes exist, and only a figure on a screen would be off.
const PAGE_BYTES: u64 = 4096;
const ORDINARY_PORTS: u64 = 28_232;
