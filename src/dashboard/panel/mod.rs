//! The panels of the screens: a file each, and in it one `render` that draws a snapshot into an area.

pub(super) mod codes;
pub(super) mod events;
pub(super) mod generator;
pub(super) mod header;
pub(super) mod help;
pub(super) mod hints;
pub(super) mod histogram;
pub(super) mod latency;
pub(super) mod load;
pub(super) mod overview;
pub(super) mod response;
pub(super) mod scenarios;
pub(super) mod steps;
pub(super) mod terminals;
pub(super) mod thresholds;
pub(super) mod throughput;
mod timeline;
