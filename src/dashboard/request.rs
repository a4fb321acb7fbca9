//! What an operator asks of the run, or of the player of a recording; it answers with a sentence.

use crate::control::Order;

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The run shall do something.
    Order(Order),
    /// This answers a question of the run.
    Answer {
        /// The number of the question.
        prompt: u64,
        /// `done` or nothing, `refused` with a reason, or `skip`.
        text: String,
    },
    /// The screen as it is now belongs into the results folder.
    Keep(Picture),
    /// The recording shall be played in another way.
    Play(Play),
}

/// What becomes of the playing of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// Stands still, or goes on.
    Toggle,
    /// Goes so many seconds on, or back where it is negative.
    Seek(i64),
    /// Goes to its begin.
    Begin,
    /// Goes to its end.
    End,
    /// Goes twice as fast.
    Faster,
    /// Goes half as fast.
    Slower,
}

/// A screen as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// A name for the files: the time of the run and the screen, such as `screen-00133s-latency`.
    pub name: String,
    /// The screen as text.
    pub text: String,
    /// The screen as a picture.
    pub svg: String,
}

/// What the run says to a request: what was done, or why it was not.
pub type Answer = Result<String, String>;
