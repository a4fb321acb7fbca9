//! From what somebody has of a message, be it digits, a dump, a file or a capture of the network, to its frames.
//!
//! Everything here works on bytes that are in memory already; reading files and showing messages is left to `cli`.

mod capture;
mod cutting;
mod segment;
mod stream;
mod text;

pub use capture::{Capture, CaptureError, is_capture};
pub use cutting::{Cut, Cutting, MAC_MISSING, cut, cut_as, framing_from_text, framing_text};
pub use stream::{Chunk, Half, streams};
pub use text::{TextError, bytes_of_text};
