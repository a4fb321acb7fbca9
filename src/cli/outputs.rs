//! What tells other programs of a run while it is under way: its control socket, Prometheus, OpenTelemetry.
//!
//! Each has a thread of its own and reads snapshots, so that none can slow the run.

use super::{
    complain, note,
    run::{SOCKET, SOCKET_ELSEWHERE},
};
use crate::{
    driver::{HttpServer, PushUrl, Pusher, SOCKET_PATH_MAX, TalkServer, expose, since_1970},
    engine::{Run, RunTalk},
    exposition::{CONTENT_TYPE, otlp, prometheus},
};
use clap::Args;
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

#[derive(Debug, Args)]
pub(super) struct OutputArguments {
    /// Serves the figures of the run to Prometheus at http://ADDR/metrics.
    #[arg(long, value_name = "ADDR")]
    prometheus: Option<SocketAddr>,
    /// Pushes the figures of the run every ten seconds to an OpenTelemetry collector: http://127.0.0.1:4318.
    #[arg(long, value_name = "URL", value_parser = url)]
    otlp: Option<PushUrl>,
}

/// The outputs of a run; they end with [`Outputs::stop`].
pub(super) struct Outputs {
    folder: PathBuf,
    talk: Option<TalkServer>,
    prometheus: Option<HttpServer>,
    otlp: Option<Pusher>,
}

impl Outputs {
    /// Starts what was asked for; what cannot be started is told, and the run goes on without it.
    pub(super) fn start(arguments: &OutputArguments, run: &Run, folder: &Path) -> Self {
        let told = |what: &str, error: &dyn std::fmt::Display| {
            complain(format!("{what}: {error}; the run goes on without it"))
        };
        let talk = RunTalk::new(run.control.clone(), run.snapshots.clone());
        let results = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let talk = listen(folder, talk.with_dashboards(run.window.clone(), &results));
        let talk = talk.map_err(|error| told("control socket", &error)).ok();
        let prometheus = arguments.prometheus.and_then(|address| {
            let snapshots = run.snapshots.clone();
            let page = move || prometheus(&Arc::clone(&snapshots.borrow()));
            expose(address, CONTENT_TYPE, page).map_err(|error| told("prometheus", &error)).ok()
        });
        let otlp = arguments.otlp.clone().and_then(|url| {
            let (snapshots, started) = (run.snapshots.clone(), now_nanos());
            let body = move || otlp(&Arc::clone(&snapshots.borrow()), started, now_nanos());
            Pusher::start(url, PUSH_EVERY, PUSH_PATIENCE, body).map_err(|error| told("otlp", &error)).ok()
        });
        Self { folder: folder.to_owned(), talk, prometheus, otlp }
    }

    /// Ends them; what a receiver did not take is told.
    pub(super) fn stop(self) {
        drop(self.talk);
        let _ = fs::remove_file(self.folder.join(SOCKET_ELSEWHERE));
        if let Some(server) = self.prometheus {
            server.stop();
        }
        if let Some(pushed) = self.otlp.map(Pusher::stop)
            && pushed.lost > 0
        {
            note(format!("otlp: {} of {} pushes were not taken", pushed.lost, pushed.lost + pushed.sent));
        }
    }
}

/// Listens in the results folder, or in the user's directory for sockets where the path of the folder is too long.
fn listen(folder: &Path, talk: RunTalk) -> io::Result<TalkServer> {
    let here = std::path::absolute(folder)?.join(SOCKET);
    if here.as_os_str().len() <= SOCKET_PATH_MAX {
        return TalkServer::start(&here, talk);
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = runtime.join("posfleet");
    fs::create_dir_all(&directory)?;
    let elsewhere = directory.join(format!("{}.sock", std::process::id()));
    let server = TalkServer::start(&elsewhere, talk)?;
    fs::write(folder.join(SOCKET_ELSEWHERE), elsewhere.as_os_str().as_encoded_bytes())?;
    Ok(server)
}

fn url(text: &str) -> Result<PushUrl, crate::driver::UrlError> {
    PushUrl::parse(text, "/v1/metrics")
}

fn now_nanos() -> u64 {
    u64::try_from(since_1970().as_nanos()).unwrap_or(u64::MAX)
}

const PUSH_EVERY: Duration = Duration::from_secs(10);
const PUSH_PATIENCE: Duration = Duration::from_secs(3);
