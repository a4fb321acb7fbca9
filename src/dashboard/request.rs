//! What an operator asks of the run; the run answers with a sentence.

/// What an operator asks of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// No new iterations; those under way may finish.
    Stop,
    /// The end, at once.
    Abort,
    /// No new iterations until [`Request::Resume`].
    Pause,
    /// The load goes on.
    Resume,
    /// A scenario shall start more iterations, or fewer, by this many percent of what it starts now.
    ChangeRate {
        /// The name of the scenario.
        scenario: String,
        /// Percent; negative for fewer.
        percent: i32,
    },
    /// A note on the time axis.
    Mark(String),
    /// The screen as it is now belongs into the results folder.
    Keep(Picture),
}

/// A screen as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// A name for the files: the time of the run and the screen, such as `screen-0133-latency`.
    pub name: String,
    /// The screen as text.
    pub text: String,
    /// The screen as a picture.
    pub svg: String,
}

/// What the run says to a request: what was done, or why it was not.
pub type Answer = Result<String, String>;
