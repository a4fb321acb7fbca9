//! Who hears of a run as it happens: the results folder, or a test.

use super::PortalBooks;
use crate::{
    control::OrderRecord,
    metrics::{EventLine, Interval, Point, Selections, Severity, StepNames, Summary},
    reconcile::{Entry, Findings, Row},
};
use std::{io, time::Duration};

/// Hears of a run as it happens, on the collector's thread.
///
/// An error ends the reporting, not the run: the run goes on, and is not valid in the end.
pub trait Observer: Send {
    /// One second of the run is complete, merged over all shards.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn interval(&mut self, moment: &Moment<'_>) -> io::Result<()>;

    /// Something happened.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn event(&mut self, event: &EventLine) -> io::Result<()>;

    /// An operator gave an order, and it was carried out.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn order(&mut self, order: &OrderRecord) -> io::Result<()> {
        let (at, text) = (Duration::from_millis(order.at_ms), order.to_string());
        self.event(&EventLine { at, severity: Severity::Info, text })
    }

    /// Lines of the terminals' journals.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn journal(&mut self, entries: &[Entry]) -> io::Result<()>;

    /// What terminals printed: one text a receipt.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn receipts(&mut self, texts: &[String]) -> io::Result<()>;

    /// The run is over, and this is the statement of the host that belongs to it.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn statement(&mut self, rows: &mut dyn Iterator<Item = Row>) -> io::Result<()>;

    /// The run is over, and these are the books of the portal that belongs to it.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn portal(&mut self, books: PortalBooks<'_>) -> io::Result<()>;

    /// The run is over.
    ///
    /// # Errors
    /// When the last files cannot be written.
    fn finish(&mut self, summary: &Summary, findings: Option<&Findings>) -> io::Result<()>;
}

/// One second of a run.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Where it begins, since the start of the run.
    pub begin: Duration,
    /// What was recorded.
    pub interval: &'a Interval,
    /// The names of its steps.
    pub steps: &'a StepNames,
    /// What it has figures of beside steps.
    pub selections: &'a Selections,
    /// The same as figures.
    pub point: &'a Point,
}

/// Keeps nothing.
#[derive(Debug, Default)]
pub struct NullObserver;

impl Observer for NullObserver {
    fn interval(&mut self, _: &Moment<'_>) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, _: &EventLine) -> io::Result<()> {
        Ok(())
    }

    fn journal(&mut self, _: &[Entry]) -> io::Result<()> {
        Ok(())
    }

    fn receipts(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }

    fn statement(&mut self, _: &mut dyn Iterator<Item = Row>) -> io::Result<()> {
        Ok(())
    }

    fn portal(&mut self, _: PortalBooks<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: &Summary, _: Option<&Findings>) -> io::Result<()> {
        Ok(())
    }
}
