//! (stub)
#![allow(missing_docs)]
use crate::{engine::NullObserver, metrics::*};
use std::path::Path;
pub struct Folder(std::path::PathBuf, NullObserver);
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct FolderError;
impl Folder {
    pub fn create(p: &Path, _: &str, _: u64, _: &str) -> Result<Self, FolderError> {
        Ok(Self(p.to_owned(), NullObserver))
    }
    pub fn create_at(p: &Path, _: &str) -> Result<Self, FolderError> {
        Ok(Self(p.to_owned(), NullObserver))
    }
    pub fn path(&self) -> &Path {
        &self.0
    }
}
impl crate::engine::Observer for Folder {
    fn interval(&mut self, m: &crate::engine::Moment<'_>) -> std::io::Result<()> {
        self.1.interval(m)
    }
    fn event(&mut self, e: &EventLine) -> std::io::Result<()> {
        eprintln!("{e:?}");
        Ok(())
    }
    fn journal(&mut self, _: &[crate::reconcile::Entry]) -> std::io::Result<()> {
        Ok(())
    }
    fn finish(&mut self, _: &Summary, _: Option<&crate::reconcile::Findings>) -> std::io::Result<()> {
        Ok(())
    }
}
pub fn summary_text(s: &Summary, _: Option<&Path>) -> String {
    serde_json::to_string_pretty(s).unwrap_or_default()
}
pub fn status_line(s: &Snapshot) -> String {
    format!("{:?} {:?} {:?}", s.elapsed, s.counters, s.terminals.activity)
}
