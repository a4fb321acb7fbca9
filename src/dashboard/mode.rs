//! Where the run is that the dashboard shows: it decides which keys do something, and what the end of the run means.

/// Where the run is that the dashboard shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// In this program: the dashboard ends with it.
    #[default]
    Run,
    /// In another program: whoever leaves leaves it alone, and its last screen stays.
    Attached,
    /// In the past, in a results folder: nothing can be ordered, but time can be moved.
    Replay,
}
