//! What an operator asks of the run; the run answers with a sentence.

use crate::control::Order;

/// What an operator asks of the run.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The run shall do something.
    Order(Order),
    /// The screen as it is now belongs into the results folder.
    Keep(Picture),
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
