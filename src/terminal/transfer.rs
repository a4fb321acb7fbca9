//! A table on its way into a terminal: which message comes next, and what the answer to it brings (chapter 8.5).
//!
//! Lists of applications and keys are asked for page by page, then each item, then an end message follows. All other
//! tables come in pages of their own. Nothing counts before the end message is answered: a download that breaks leaves
//! the table that was there before.

use super::tables::Table;
use crate::{
    iso8583::{EntryError, EntryName, Mti, Page, PageQuery, Parameters, TaggedTable},
    operation::{Failure, Kind},
};

/// A table on its way into a terminal.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    kind: Kind,
    stage: Stage,
    /// What the list named so far.
    names: Vec<EntryName>,
    table: Table,
    /// The fingerprint of the last page, by which a repeated answer is known.
    last_page: Option<u64>,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The list of items is asked for.
    List,
    /// The item at this place of the list is asked for.
    Item(usize),
    /// So many pages have come.
    Pages(u8),
    /// Everything has come.
    End,
}

/// The message that comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) mti: Mti,
    /// DE 60.3.
    pub(super) management: u16,
    /// DE 62.
    pub(super) text: Vec<u8>,
}

/// What an answer brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The next message is due.
    More,
    /// This table has come as a whole.
    Done(Table),
    /// An earlier answer came again; the one that is waited for may still come.
    Repeated,
}

impl Transfer {
    pub(super) fn new(kind: Kind) -> Self {
        let stage = if tagged(kind).is_some() { Stage::List } else { Stage::Pages(0) };
        Self { kind, stage, names: Vec::new(), table: Table::EMPTY, last_page: None }
    }

    /// The message that comes next.
    pub(super) fn question(&self) -> Question {
        let first = self.kind.form().network_management;
        let page = |from: usize| PageQuery { from: from as u8 }.text().to_vec();
        let (mti, management, text) = match self.stage {
            Stage::List => (Mti::NETWORK_ADVICE, first + 2, page(self.names.len())),
            Stage::Item(place) => (Mti::NETWORK, first, self.name(place).as_bytes().to_vec()),
            Stage::Pages(_) if self.kind == Kind::ParameterDownload => (Mti::NETWORK, first, Vec::new()),
            Stage::Pages(pages) => (Mti::NETWORK, first, page(pages.into())),
            Stage::End => (Mti::NETWORK, first + 1, Vec::new()),
        };
        Question { mti, management, text }
    }

    /// Takes DE 62 of an answer that approves.
    ///
    /// # Errors
    /// [`Failure::BrokenDownload`] when it is cut off, not of the spec, or longer than a question can name.
    pub(super) fn take(&mut self, text: &[u8]) -> Result<Progress, Failure> {
        match self.stage {
            Stage::List => self.take_names(text),
            Stage::Item(place) => self.take_item(place, text),
            Stage::Pages(pages) => self.take_page(pages, text),
            Stage::End => Ok(Progress::Done(self.table)),
        }
    }

    fn take_names(&mut self, text: &[u8]) -> Result<Progress, Failure> {
        let page = Page::from_bytes(text).map_err(|_| Failure::BrokenDownload)?;
        let table = tagged(self.kind).ok_or(Failure::BrokenDownload)?;
        let names = table.names(page.body).map_err(|_| Failure::BrokenDownload)?;
        if names.iter().any(|name| self.names.contains(name)) {
            return Ok(Progress::Repeated);
        }
        let is_empty = names.is_empty();
        self.names.extend(names);
        if self.names.len() > usize::from(PageQuery::FROM_MAX) || page.marker.is_followed() && is_empty {
            return Err(Failure::BrokenDownload);
        }
        if !page.marker.is_followed() {
            self.stage = if self.names.is_empty() { Stage::End } else { Stage::Item(0) };
        }
        Ok(Progress::More)
    }

    fn take_item(&mut self, place: usize, text: &[u8]) -> Result<Progress, Failure> {
        let page = Page::from_bytes(text).map_err(|_| Failure::BrokenDownload)?;
        let table = tagged(self.kind).ok_or(Failure::BrokenDownload)?;
        match table.check(&self.name(place), page.body) {
            Ok(()) => {}
            Err(EntryError::Other(_)) if self.is_earlier(table, page.body, place) => {
                return Ok(Progress::Repeated);
            }
            Err(_) => return Err(Failure::BrokenDownload),
        }
        self.table.add(page.body);
        let next = place + 1;
        self.stage = if next < self.names.len() { Stage::Item(next) } else { Stage::End };
        Ok(Progress::More)
    }

    fn take_page(&mut self, pages: u8, text: &[u8]) -> Result<Progress, Failure> {
        if self.kind == Kind::ParameterDownload {
            Parameters::downloaded(text).check().map_err(|_| Failure::BrokenDownload)?;
            self.table.add(text);
            self.stage = Stage::End;
            return Ok(Progress::More);
        }
        let page = Page::from_bytes(text).map_err(|_| Failure::BrokenDownload)?;
        let mut alone = Table::EMPTY;
        alone.add(text);
        if self.last_page.replace(alone.fingerprint) == Some(alone.fingerprint) {
            return Ok(Progress::Repeated);
        }
        self.table.add(page.body);
        self.stage = match (page.marker.is_followed(), pages < PageQuery::FROM_MAX) {
            (false, _) => Stage::End,
            (true, true) => Stage::Pages(pages + 1),
            (true, false) => return Err(Failure::BrokenDownload),
        };
        Ok(Progress::More)
    }

    /// Whether an item was asked for before.
    fn is_earlier(&self, table: TaggedTable, entry: &[u8], place: usize) -> bool {
        let name = table.name_of(entry);
        self.names.iter().take(place).any(|known| Some(*known) == name)
    }

    fn name(&self, place: usize) -> EntryName {
        self.names.get(place).copied().unwrap_or_default()
    }
}

fn tagged(kind: Kind) -> Option<TaggedTable> {
    match kind {
        Kind::AidDownload => Some(TaggedTable::Aid),
        Kind::CapkDownload => Some(TaggedTable::Capk),
        _ => None,
    }
}
