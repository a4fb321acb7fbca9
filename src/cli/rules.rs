//! The rules file of a host that serves: read again when it changes and on SIGHUP.

use super::{Format, scenario};
use crate::{driver::HostServer, scenario::load_rules};
use std::{fs, os::unix::fs::MetadataExt, path::Path, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// Keeps the rules of `server` those of the file, for ever; without a file there is nothing to do.
pub(super) async fn watch(server: &HostServer, path: Option<&Path>) {
    let (Some(path), Ok(mut hangup)) = (path, signal(SignalKind::hangup())) else {
        return std::future::pending().await;
    };
    let mut known = Stamp::of(path);
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _ = hangup.recv() => {}
            _ = ticks.tick() => {
                let stamp = Stamp::of(path);
                if stamp == known {
                    continue;
                }
                known = stamp;
            }
        }
        reload(server, path);
    }
}

/// Takes the rules of the file, if there is nothing wrong with them.
fn reload(server: &HostServer, path: &Path) {
    match load_rules(path) {
        Ok(rules) => {
            eprintln!("host: {} rules from {}", rules.len(), path.display());
            server.set_rules(rules);
        }
        Err(diagnostics) => {
            scenario::tell(&diagnostics, Format::Human);
            eprintln!("host: the rules in force stay");
        }
    }
}

/// What tells one version of a file from the next: its number, its size, and when it was written.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(Option<(u64, u64, i64, i64)>);

impl Stamp {
    fn of(path: &Path) -> Self {
        let about = fs::metadata(path).ok();
        Self(about.map(|about| (about.ino(), about.len(), about.mtime(), about.mtime_nsec())))
    }
}

const EVERY: Duration = Duration::from_secs(1);
