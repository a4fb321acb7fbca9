//! What people are asked to do while devices wait: who asks, who answers, and until when. Where it is shown is for
//! consoles, dashboards and the live control.

use crate::{driver::Clock, rack::Device, time::Instant};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{oneshot, watch};

/// Something that a person is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Its number: no other prompt of this desk has or had it.
    pub id: u64,
    /// The device that waits.
    pub device: String,
    /// Where the device is, in the lab's own words: `rack`, `slot`.
    pub labels: Vec<(String, String)>,
    /// What is to be done: `insert card 7`.
    pub text: String,
    /// The card that it is about, in the lab's own words.
    pub card: Option<String>,
    /// When nobody needs to do it any more.
    pub deadline: Instant,
}

/// What came of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptAnswer {
    /// It is done.
    Done,
    /// Somebody will not or cannot do it, and says why.
    Refused(String),
    /// Nobody has answered in time: what needs it is skipped.
    NoOperator,
}

/// A prompt that is answered already, or was never there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no prompt {0} is open")]
pub struct NotOpen(pub u64);

/// The desk of open prompts; copies are the same desk.
#[derive(Clone, Debug)]
pub struct Prompts {
    board: Arc<Mutex<Board>>,
    /// Counts changes of the board.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Board {
    last: u64,
    open: Vec<(Prompt, oneshot::Sender<PromptAnswer>)>,
    is_unattended: bool,
}

impl Prompt {
    /// A prompt about a device; the desk gives it number and deadline.
    pub fn new(device: &Device, text: String) -> Self {
        let (device, labels) = (device.id.clone(), device.labels.clone());
        Self { id: 0, device, labels, text, card: None, deadline: Instant::START }
    }

    /// The same about this card.
    #[must_use]
    pub fn with_card(self, card: &str) -> Self {
        Self { card: Some(card.to_owned()), ..self }
    }
}

impl fmt::Display for Prompt {
    /// As in `counter-7 (rack 2, slot 4): insert card 7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<String> = self.labels.iter().map(|(name, value)| format!("{name} {value}")).collect();
        match labels.is_empty() {
            true => write!(f, "{}: {}", self.device, self.text),
            false => write!(f, "{} ({}): {}", self.device, labels.join(", "), self.text),
        }
    }
}

impl Default for Prompts {
    /// A desk at which somebody may answer.
    fn default() -> Self {
        Self { board: Arc::default(), changes: watch::Sender::new(0) }
    }
}

impl Prompts {
    /// A desk at which nobody is: everything is answered by [`PromptAnswer::NoOperator`] at once.
    pub fn unattended() -> Self {
        let desk = Self::default();
        desk.board().is_unattended = true;
        desk
    }

    /// The prompts that wait for an answer, the oldest first.
    pub fn open(&self) -> Vec<Prompt> {
        self.board().open.iter().map(|(prompt, _)| prompt.clone()).collect()
    }

    /// Answers a prompt; the first answer counts.
    ///
    /// # Errors
    /// When it is not open, or no longer.
    pub fn answer(&self, id: u64, answer: PromptAnswer) -> Result<(), NotOpen> {
        let waiting = self.take(id).ok_or(NotOpen(id))?;
        waiting.send(answer).map_err(|_| NotOpen(id))
    }

    /// Tells of every change of what is open.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Puts a prompt on the desk and waits for its answer, so long at most. Giving up the wait takes it away.
    pub async fn ask(&self, clock: Clock, mut prompt: Prompt, within: Duration) -> PromptAnswer {
        prompt.deadline = clock.now() + within;
        let Some((id, answered)) = self.put(prompt) else { return PromptAnswer::NoOperator };
        let _withdrawn_at_the_end = Withdrawal { desk: self, id };
        match tokio::time::timeout(within, answered).await {
            Ok(Ok(answer)) => answer,
            _ => PromptAnswer::NoOperator,
        }
    }

    fn put(&self, mut prompt: Prompt) -> Option<(u64, oneshot::Receiver<PromptAnswer>)> {
        let mut board = self.board();
        if board.is_unattended || board.open.len() >= OPEN_MAX {
            return None;
        }
        board.last += 1;
        let (sender, answered) = oneshot::channel();
        prompt.id = board.last;
        let id = prompt.id;
        board.open.push((prompt, sender));
        drop(board);
        self.changes.send_modify(|count| *count += 1);
        Some((id, answered))
    }

    fn take(&self, id: u64) -> Option<oneshot::Sender<PromptAnswer>> {
        let mut board = self.board();
        let at = board.open.iter().position(|(prompt, _)| prompt.id == id)?;
        let (_, sender) = board.open.remove(at);
        drop(board);
        self.changes.send_modify(|count| *count += 1);
        Some(sender)
    }

    /// Nothing that happens under the lock panics; whoever did elsewhere leaves a board that is whole.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a prompt away that nobody waits for any more.
struct Withdrawal<'a> {
    desk: &'a Prompts,
    id: u64,
}

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        let _ = self.desk.take(self.id);
    }
}

/// So many prompts are open at most: every device of a large rack has one.
const OPEN_MAX: usize = 4_096;
