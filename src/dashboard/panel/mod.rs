//! The panels that views are made of: a file each, and in it one `render` that draws a part of a snapshot.

pub(super) mod codes;
pub(super) mod curve;
pub(super) mod devices;
pub(super) mod events;
pub(super) mod facts;
pub(super) mod generator;
pub(super) mod header;
pub(super) mod heatmap;
pub(super) mod help;
pub(super) mod hints;
pub(super) mod histogram;
pub(super) mod load;
pub(super) mod parts;
pub(super) mod prompt;
pub(super) mod question;
pub(super) mod response;
mod scale;
pub(super) mod scenarios;
pub(super) mod scroll;
pub(super) mod spark;
pub(super) mod steps;
pub(super) mod table;
pub(super) mod thresholds;
pub(super) mod throughput;
pub(super) mod timeline;
pub(super) mod trace;
