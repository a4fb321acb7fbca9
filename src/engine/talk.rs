//! What is said over the control socket of a run: each line a request, and the lines that answer it.

use super::{Control, control::Questions};
use crate::{
    control::{Prompt, Request, Source},
    driver::{Answer, Talk},
    metrics::Snapshot,
};
use futures_util::stream;
use serde::Serialize;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// Answers requests about one run.
#[derive(Clone, Debug)]
pub struct RunTalk {
    control: Control,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl RunTalk {
    /// Answers with these snapshots, and hands orders on to `control`.
    pub fn new(control: Control, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self { control, snapshots }
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

    fn answer_prompt(&self, prompt: u64, text: &str) -> String {
        let none = || Err("this run asks its operator nothing".to_owned());
        said(self.control.questions().map_or_else(none, |questions| questions.answer(prompt, text)))
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

impl Talk for RunTalk {
    fn answer(&self, line: &str) -> Answer {
        let text = match Request::parse(line) {
            Err(error) => said::<()>(Err(error.to_string())),
            Ok(Request::Order(order)) => {
                said(self.control.order(&order, Source::Socket).map_err(|refusal| refusal.to_string()))
            }
            Ok(Request::Status) => self.status(),
            Ok(Request::Prompts) => said(Ok(self.open_prompts())),
            Ok(Request::Answer { prompt, text }) => self.answer_prompt(prompt, &text),
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

const BETWEEN: Duration = Duration::from_millis(250);
