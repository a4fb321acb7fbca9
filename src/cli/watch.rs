//! `posfleet watch`: a finished run on the dashboard, played from its results folder.

use super::{
    Exit, complain, note,
    screen::{self, ScreenArguments},
    stage::{self, Stage},
};
use crate::{
    dashboard::{Mode, Options, Play, Request},
    driver::Clock,
    metrics::{RowWindow, Snapshot},
    report::Recording,
    time::Instant,
};
use clap::Args;
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, mpsc},
    time::Duration,
};
use tokio::sync::watch;

#[derive(Debug, Args)]
pub(super) struct WatchArguments {
    /// The results folder of a run, whether it ended or not.
    results: PathBuf,
    /// How many times as fast as the run was.
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(FASTEST)))]
    speed: u32,
    #[command(flatten)]
    screen: ScreenArguments,
}

pub(super) fn watch(arguments: &WatchArguments) -> ExitCode {
    let options = arguments.screen.options().map(|options| Options { mode: Mode::Replay, ..options });
    let recording = Recording::open(&arguments.results).map_err(|error| error.to_string());
    let (options, recording) = match options.and_then(|options| Ok((options, recording?))) {
        Ok(both) => both,
        Err(error) => {
            complain(error);
            return Exit::BadConfiguration.into();
        }
    };
    if !stage::has_terminal("`posfleet report` draws a results folder into a file") {
        return Exit::Usage.into();
    }
    recording.notes().for_each(note);
    match show(recording, options, arguments) {
        Ok(()) => Exit::Pass.into(),
        Err(error) => {
            complain(error);
            Exit::Failed.into()
        }
    }
}

fn show(recording: Recording, options: Options, arguments: &WatchArguments) -> Result<(), String> {
    let (publish, snapshots) = watch::channel(Arc::default());
    let (orders, changes) = mpsc::channel();
    let player = Player::new(recording, arguments.speed, publish);
    std::thread::spawn(move || player.play(&changes));
    let stage = Stage { snapshots, window: watch::Sender::new(RowWindow::default()), options };
    let shown = stage::runtime().block_on(stage::show(stage, |request| match request {
        Request::Play(change) => {
            orders.send(change).map(|()| String::new()).map_err(|_| "the player has ended".to_owned())
        }
        Request::Keep(picture) => screen::keep(&picture, &arguments.results),
        Request::Order(_) | Request::Answer { .. } => Err("the run is over".to_owned()),
    }));
    shown.map_err(|error| format!("the dashboard cannot be shown: {error}"))
}

/// Plays a recording.
struct Player {
    recording: Recording,
    clock: Clock,
    /// When the position was right.
    since: Instant,
    position: Duration,
    speed: u32,
    is_playing: bool,
    publish: watch::Sender<Arc<Snapshot>>,
}

impl Player {
    fn new(recording: Recording, speed: u32, publish: watch::Sender<Arc<Snapshot>>) -> Self {
        let (clock, position) = (Clock::start(), Duration::ZERO);
        Self { recording, clock, since: clock.now(), position, speed, is_playing: true, publish }
    }

    /// Plays until nobody looks any more; the body of its thread.
    fn play(mut self, changes: &mpsc::Receiver<Play>) {
        loop {
            self.show();
            // Standing still there is nothing to do before the next change.
            let change = match self.is_playing {
                true => changes.recv_timeout(FRAME),
                false => changes.recv().map_err(mpsc::RecvTimeoutError::from),
            };
            self.go_on();
            match change {
                Ok(change) => self.change(change),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn show(&mut self) {
        let mut snapshot = self.recording.at(self.position);
        snapshot.paused = !self.is_playing;
        snapshot.target = format!("recording ×{}", self.speed);
        self.publish.send_replace(Arc::new(snapshot));
    }

    /// Takes the position to where it is by now; at the end it stays.
    fn go_on(&mut self) {
        let now = self.clock.now();
        if self.is_playing {
            let end = self.recording.length();
            self.position = (self.position + now.since(self.since) * self.speed).min(end);
            self.is_playing = self.position < end;
        }
        self.since = now;
    }

    fn change(&mut self, change: Play) {
        let end = self.recording.length();
        match change {
            Play::Toggle if self.position >= end => (self.position, self.is_playing) = (Duration::ZERO, true),
            Play::Toggle => self.is_playing = !self.is_playing,
            Play::Seek(seconds) if seconds < 0 => {
                self.position = self.position.saturating_sub(Duration::from_secs(seconds.unsigned_abs()));
            }
            Play::Seek(seconds) => {
                self.position = (self.position + Duration::from_secs(seconds.unsigned_abs())).min(end);
            }
            Play::Begin => self.position = Duration::ZERO,
            Play::End => self.position = end,
            Play::Faster => self.speed = (self.speed * 2).min(FASTEST),
            Play::Slower => self.speed = (self.speed / 2).max(1),
        }
    }
}

const FASTEST: u32 = 1_024;
/// As often as a live run shows itself, or a little more.
const FRAME: Duration = Duration::from_millis(200);
