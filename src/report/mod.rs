//! The results of a run: the folder that grows while it runs, and the texts that people read of it.
//!
//! [`Folder`] hears of a run as the engine's [`Observer`](crate::engine::Observer). Every file but `summary.json` grows
//! by whole records, each handed to the system in one write, so that a run that is killed leaves a folder that is
//! readable up to its last second. `results/README.md` describes the files for those who read them.

mod archive;
mod cases;
mod compare;
mod connection_text;
mod environment;
mod error;
mod events;
mod figures;
mod flakes;
mod flakes_text;
mod folder;
mod host_journal;
mod html;
mod intervals;
mod journal;
mod journal_reader;
mod junit;
mod junit_cases;
mod load_text;
mod log_file;
mod markdown;
mod merge;
mod meter;
mod mismatch_text;
mod mismatches;
mod parts;
mod payload;
mod portal_files;
mod portal_text;
mod progress;
mod receipts;
mod reconciliation;
mod records;
mod replay;
mod schema;
mod series;
mod spill;
mod statement;
mod statement_json;
mod status;
mod step_views;
mod summary_file;
mod table;
mod tag;
mod text;

pub use archive::{Archive, ArchiveError, EventRecord, SeriesRow};
pub use compare::{
    BaselineError, Comparison, Difference, Judgement, PercentileComparison, RunName, StepComparison,
    baseline_path, compare, comparison_markdown, comparison_text, save_baseline,
};
pub use environment::Environment;
pub use error::FolderError;
pub use flakes::{FlakeCounts, Flakes};
pub use flakes_text::flakes_text;
pub use folder::Folder;
pub use html::html_report;
pub use journal_reader::{JournalError, read_journal};
pub use junit::junit_xml;
pub use markdown::summary_markdown;
pub use merge::{MergeError, merge};
pub use meter::Meter;
pub use mismatch_text::findings_text;
pub use parts::{Rotation, RotationError};
pub use progress::{progress_line, summary_line};
pub use reconciliation::{ReconcileError, reconcile_files};
pub use replay::Recording;
pub use schema::summary_schema;
pub use statement::{StatementError, read_statement};
pub use status::status_line;
pub use step_views::step_views;
pub use text::{Look, summary_text};
