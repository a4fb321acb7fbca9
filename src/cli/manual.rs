//! `posfleet man`: manual pages made from the command line's own descriptions.

use super::{Exit, complain};
use clap::{Args, Command};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// What `man` is told.
#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// Writes a page for every command into this folder, as `posfleet-run.1`; it must be there.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints or writes the pages of `command`.
pub(super) fn man(arguments: &ManArguments, command: Command) -> ExitCode {
    let done = match &arguments.out {
        Some(folder) => clap_mangen::generate_to(command, folder),
        None => print_page(command),
    };
    match done {
        Ok(()) => Exit::Pass.into(),
        Err(error) => {
            complain(format_args!("cannot write the manual: {error}"));
            Exit::Failed.into()
        }
    }
}

/// Prints the page of the program; a reader that has gone away is not an error.
fn print_page(command: Command) -> io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    match io::stdout().write_all(&page) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
