//! `posfleet init`: a commented beginning for the user's own host, lab and terminal, and nothing overwritten.

use super::{Exit, complain, print};
use clap::Args;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What `init` is told.
#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The folder to write into; it is made when it is not there.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where your acquirer listens, as host:port.
    #[arg(long, value_name = "ADDR", default_value = EXAMPLE)]
    address: String,
}

/// Writes the starting files, all of them or none.
pub(super) fn init(arguments: &InitArguments) -> ExitCode {
    match write_all(arguments) {
        Ok(()) => {
            print(&next_steps(&arguments.folder));
            Exit::Pass.into()
        }
        Err(error) => {
            complain(error);
            Exit::Failed.into()
        }
    }
}

/// Why the files were not written.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("{} is there already; nothing was written. Name another folder: posfleet init DIR", .0.display())]
    There(PathBuf),
    #[error("{0:?} is no address: write host:port, as in 127.0.0.1:8583")]
    Address(String),
    #[error("cannot write {}: {}", .0.display(), .1)]
    Write(PathBuf, #[source] io::Error),
}

fn write_all(arguments: &InitArguments) -> Result<(), InitError> {
    let InitArguments { folder, address } = arguments;
    if !is_address(address) {
        return Err(InitError::Address(address.clone()));
    }
    let paths = FILES.map(|(name, _)| folder.join(name));
    if let Some(there) = paths.iter().find(|path| path.exists()) {
        return Err(InitError::There(there.clone()));
    }
    fs::create_dir_all(folder).map_err(|error| InitError::Write(folder.clone(), error))?;
    for (path, (_, text)) in paths.iter().zip(FILES) {
        let text = text.replace(EXAMPLE, address);
        write_new(path, &text).map_err(|error| InitError::Write(path.clone(), error))?;
    }
    Ok(())
}

/// A host, a colon and a port, without what would end the text of the file around it.
fn is_address(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]%".contains(&byte);
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
    text.bytes().all(is_plain) && port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

fn next_steps(folder: &Path) -> String {
    let names = FILES.map(|(name, _)| format!("  {}", folder.join(name).display())).join("\n");
    let scenario = folder.join("my-host.yaml");
    let scenario = scenario.display();
    format!(
        "written:\n{names}\n\nNext: put your acquirer's address, terminals and cards into these files, then\n  \
         posfleet validate {scenario}\n  posfleet run {scenario}\nBefore you have a host, let the simulated one play \
         it in another window:\n  posfleet host --scenario {scenario}"
    )
}

/// The address that stands in the files as they are kept.
const EXAMPLE: &str = "127.0.0.1:8583";

const FILES: [(&str, &str); 6] = [
    ("my-host.yaml", include_str!("../../scenarios/starter/my-host.yaml")),
    ("my-bank.yaml", include_str!("../../scenarios/starter/my-bank.yaml")),
    ("my-terminals.csv", include_str!("../../scenarios/starter/my-terminals.csv")),
    ("my-cards.csv", include_str!("../../scenarios/starter/my-cards.csv")),
    ("my-rack.yaml", include_str!("../../scenarios/starter/my-rack.yaml")),
    ("my-terminal.yaml", include_str!("../../scenarios/starter/my-terminal.yaml")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["127.0.0.1:8583", "[::1]:8583", "bank.example:1"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "bank", ":8583", "bank:0", "bank:70000", "bank:1\" }", "a b:1"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
