//! `environment.json`: what a run ran on, as far as its figures depend on it; nothing of the run itself.

use super::{FolderError, log_file::LogFile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fs, num::NonZero, path::PathBuf, thread};

/// The program and the machine of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// The version of this program.
    pub version: String,
    /// Whether it was built without optimization: then its times say little.
    pub debug_build: bool,
    /// The system and its version, such as `linux 6.12.0 x86_64`.
    pub system: String,
    /// Processors that this program may use.
    pub processors: usize,
    /// What the processors call themselves; empty where the system does not tell.
    pub processor: String,
    /// Memory of the machine in bytes; 0 where the system does not tell.
    pub memory_bytes: u64,
}

impl Environment {
    /// Of this program on this machine.
    pub(super) fn here() -> Self {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let system = [std::env::consts::OS, release.trim(), std::env::consts::ARCH];
        let kilobytes = after("/proc/meminfo", "MemTotal:").split(' ').next().and_then(|kb| kb.parse().ok());
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            debug_build: cfg!(debug_assertions),
            system: system.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
            processors: thread::available_parallelism().map_or(1, NonZero::get),
            processor: after("/proc/cpuinfo", "model name").trim_start_matches([':', ' ']).to_owned(),
            memory_bytes: kilobytes.unwrap_or(0_u64).saturating_mul(1024),
        }
    }

    /// Writes it to `path`.
    pub(super) fn write(&self, path: PathBuf) -> Result<(), FolderError> {
        let mut json = serde_json::to_vec_pretty(self).expect("texts and numbers are JSON");
        json.push(b'\n');
        LogFile::create(path, &json).map(drop)
    }
}

/// What stands in the first line of a file of the system that begins with `word`; empty where there is none.
fn after(path: &str, word: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or_default().trim().to_owned()
}
