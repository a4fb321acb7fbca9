//! The dashboard of a run that is not in this program: on this terminal, until somebody leaves or a signal comes.

use super::complain;
use crate::{
    dashboard::{self, Answer, Options, Request},
    metrics::{RowWindow, Snapshot},
};
use std::{
    io::{self, IsTerminal},
    sync::Arc,
};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// What a dashboard needs of the run that it shows.
pub(super) struct Stage {
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) window: watch::Sender<RowWindow>,
    pub(super) options: Options,
}

/// Whether there is a terminal for a dashboard; else says so, and what to do.
pub(super) fn has_terminal(instead: &str) -> bool {
    let is_there = io::stdout().is_terminal() && io::stdin().is_terminal();
    if !is_there {
        complain(format!("standard input and output are no terminal; {instead}"));
    }
    is_there
}

/// A runtime for [`show`], and for whatever goes on beside it.
pub(super) fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a current-thread runtime needs a few descriptors only")
}

/// Shows it until somebody leaves, or until this program is told to end; the terminal is as before then.
///
/// # Errors
/// When the terminal cannot be switched, read or written.
pub(super) async fn show(stage: Stage, requests: impl FnMut(Request) -> Answer) -> io::Result<()> {
    let Stage { snapshots, window, options } = stage;
    tokio::select! {
        shown = dashboard::run(snapshots, window, options, requests) => shown,
        () = told_to_end() => Ok(()),
    }
}

async fn told_to_end() {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
