//! What is said over the control socket of a run: each line a request, and the lines that answer it.

use super::{Control, control::Questions};
use crate::{
    control::{Prompt, Request, Source},
    driver::{Answer, Talk},
    metrics::{Frame, Phase, RowWindow, Snapshot},
};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// Answers requests about one run.
#[derive(Clone, Debug)]
pub struct RunTalk {
    control: Control,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    /// What dashboards of other programs need.
    dashboard: Option<DashboardDesk>,
}

/// What dashboards of other programs need.
#[derive(Clone, Debug)]
struct DashboardDesk {
    /// The rows that snapshots shall hold.
    window: watch::Sender<RowWindow>,
    results: PathBuf,
    /// How many look.
    attached: Arc<AtomicUsize>,
}

/// One dashboard that looks; when the last one is gone, nobody needs any rows.
struct Attached(DashboardDesk);

impl Attached {
    fn to(desk: &DashboardDesk) -> Self {
        desk.attached.fetch_add(1, Ordering::Relaxed);
        Self(desk.clone())
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if self.0.attached.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.window.send_replace(RowWindow::default());
        }
    }
}

impl RunTalk {
    /// Answers with these snapshots, and hands orders on to `control`.
    pub fn new(control: Control, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self { control, snapshots, dashboard: None }
    }

    /// The same for dashboards of other programs too: they say in `window` which rows they show, and learn where the
    /// results are.
    #[must_use]
    pub fn with_dashboards(self, window: watch::Sender<RowWindow>, results: &Path) -> Self {
        let (results, attached) = (results.to_owned(), Arc::default());
        Self { dashboard: Some(DashboardDesk { window, results, attached }), ..self }
    }

    fn status(&self) -> String {
        let snapshot = Arc::clone(&self.snapshots.borrow());
        let status = Status {
            scenario: &snapshot.name,
            phase: snapshot.phase.name(),
            paused: self.control.is_paused(),
            elapsed_ms: snapshot.elapsed.as_millis() as u64,
            planned_ms: snapshot.planned_duration.map(|planned| planned.as_millis() as u64),
            counters: snapshot.counters,
            in_flight: snapshot.counters.in_flight(),
            scenarios: snapshot.stages.iter().map(ScenarioStatus::from).collect(),
            thresholds_broken: snapshot.thresholds.iter().filter(|one| one.pass == Some(false)).count(),
            prompts: self.open_prompts().len(),
        };
        json!({ "ok": true, "status": status }).to_string()
    }

    fn open_prompts(&self) -> Vec<Prompt> {
        self.control.questions().map(Questions::open).unwrap_or_default()
    }

    /// One line a snapshot, the latest whenever the last one was written, four a second at most.
    fn stream(&self) -> Answer {
        let lines = stream::unfold((self.snapshots.clone(), true), |(mut snapshots, is_first)| async move {
            if !is_first {
                tokio::time::sleep(BETWEEN).await;
                snapshots.changed().await.ok()?;
            }
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            let line = serde_json::to_string(&*snapshot).ok()?;
            Some((line, (snapshots, false)))
        });
        Answer::Lines(Box::pin(lines))
    }
}

impl RunTalk {
    /// A greeting, and then frames; the last one is of the end of the run, which is not waited for.
    fn frames(&self, version: u64) -> Answer {
        let Some(desk) = &self.dashboard else {
            return Answer::Line(said::<()>(Err(NO_DASHBOARD.to_owned())));
        };
        if version != u64::from(Frame::VERSION) {
            let error = format!("this run speaks version {} of frames, not {version}", Frame::VERSION);
            return Answer::Line(said::<()>(Err(error)));
        }
        let results = desk.results.to_string_lossy();
        let greeting = json!({ "ok": true, "frames": Frame::VERSION, "results": results }).to_string();
        let feed = Feed {
            snapshots: self.snapshots.clone(),
            since: None,
            last: None,
            _attached: Attached::to(desk),
        };
        let frames = stream::unfold(feed, Feed::next);
        Answer::Lines(Box::pin(stream::once(async { greeting }).chain(frames)))
    }

    fn window(&self, wanted: Value) -> String {
        let window =
            serde_json::from_value::<RowWindow>(wanted).map_err(|error| format!("no window: {error}"));
        let desk = self.dashboard.as_ref().ok_or_else(|| NO_DASHBOARD.to_owned());
        said(desk.and_then(|desk| {
            desk.window.send_replace(window?.bounded());
            Ok(())
        }))
    }
}

/// The frames of one dashboard.
struct Feed {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The end of the last second that was sent.
    since: Option<Duration>,
    /// How far the run was in the last frame.
    last: Option<Phase>,
    _attached: Attached,
}

impl Feed {
    async fn next(mut self) -> Option<(String, Self)> {
        match self.last {
            None => {}
            Some(Phase::Done) => return None,
            Some(_) => {
                let mut end = self.snapshots.clone();
                tokio::select! {
                    () = tokio::time::sleep(BETWEEN) => self.snapshots.changed().await.ok()?,
                    end = end.wait_for(|snapshot| snapshot.phase == Phase::Done) => drop(end.ok()?),
                }
            }
        }
        let snapshot = Arc::clone(&self.snapshots.borrow_and_update());
        let frame = Frame::of(&snapshot, self.since);
        (self.since, self.last) = (frame.until().or(self.since), Some(snapshot.phase));
        Some((serde_json::to_string(&frame).ok()?, self))
    }
}

impl Talk for RunTalk {
    fn answer(&self, line: &str) -> Answer {
        let text = match Request::parse(line) {
            Err(error) => said::<()>(Err(error.to_string())),
            Ok(Request::Order(order)) => {
                said(self.control.order(&order, Source::Socket).map_err(|refusal| refusal.to_string()))
            }
            Ok(Request::Status) => self.status(),
            Ok(Request::Prompts) => said(Ok(self.open_prompts())),
            Ok(Request::Answer { prompt, text }) => said(self.control.answer(prompt, &text)),
            Ok(Request::Window(wanted)) => self.window(wanted),
            Ok(Request::Dashboard { version }) => return self.frames(version),
            Ok(Request::Subscribe) => return self.stream(),
        };
        Answer::Line(text)
    }
}

/// How a run is, for those who ask.
#[derive(Serialize)]
struct Status<'s> {
    scenario: &'s str,
    phase: &'static str,
    paused: bool,
    elapsed_ms: u64,
    planned_ms: Option<u64>,
    counters: crate::metrics::Counters,
    in_flight: u64,
    scenarios: Vec<ScenarioStatus<'s>>,
    thresholds_broken: usize,
    prompts: usize,
}

#[derive(Serialize)]
struct ScenarioStatus<'s> {
    name: &'s str,
    state: &'static str,
    rate: Option<f64>,
    started: u64,
    dropped: u64,
}

impl<'s> From<&'s crate::metrics::StageProgress> for ScenarioStatus<'s> {
    fn from(stage: &'s crate::metrics::StageProgress) -> Self {
        let counters = stage.counters;
        Self {
            name: &stage.name,
            state: stage.state.name(),
            rate: stage.target_rate,
            started: counters.started,
            dropped: counters.dropped,
        }
    }
}

fn said<T: Serialize>(result: Result<T, String>) -> String {
    match result {
        Ok(done) => json!({ "ok": true, "done": done }),
        Err(error) => json!({ "ok": false, "error": error }),
    }
    .to_string()
}

const NO_DASHBOARD: &str = "this run shows itself to no dashboard";
const BETWEEN: Duration = Duration::from_millis(250);
