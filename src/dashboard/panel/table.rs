//! A table whose columns give way one by one where it is narrow, and stand further apart where it is wide.

use crate::dashboard::{look::Look, text, words::Text};

/// One column of a table of `R`s.
pub(in crate::dashboard) struct Column<R: 'static> {
    heading: Text,
    width: usize,
    /// Columns of a higher rank are left out first; those of rank 0 always stay.
    rank: u8,
    is_number: bool,
    value: fn(&R, &Look) -> String,
}

impl<R> Column<R> {
    /// A column of texts, which begin at its left.
    pub(in crate::dashboard) const fn text(
        heading: Text,
        width: usize,
        rank: u8,
        value: fn(&R, &Look) -> String,
    ) -> Self {
        Self { heading, width, rank, is_number: false, value }
    }

    /// A column of numbers, which end at its right.
    pub(in crate::dashboard) const fn number(
        heading: Text,
        width: usize,
        rank: u8,
        value: fn(&R, &Look) -> String,
    ) -> Self {
        Self { heading, width, rank, is_number: true, value }
    }
}

/// The columns that fit; the first one takes what room is left, up to what its texts need.
pub(in crate::dashboard) struct Table<R: 'static> {
    columns: Vec<&'static Column<R>>,
    first: usize,
    gap: usize,
}

impl<R> Table<R> {
    /// The columns for a table of `width` columns of text whose first texts take up to `longest`.
    pub(in crate::dashboard) fn of(all: &'static [Column<R>], width: usize, longest: usize) -> Self {
        let used =
            |columns: &[&Column<R>]| MARK + columns.iter().map(|column| column.width + 1).sum::<usize>();
        let mut columns: Vec<&Column<R>> = all.iter().collect();
        let highest = all.iter().map(|column| column.rank).max().unwrap_or(0);
        for rank in (1..=highest).rev() {
            if used(&columns) > width {
                columns.retain(|column| column.rank != rank);
            }
        }
        let least = columns.first().map_or(0, |column| column.width);
        let spare = width.saturating_sub(used(&columns));
        let first = least + spare.min(longest.saturating_sub(least));
        let gap = 1 + (spare - (first - least)).checked_div(columns.len()).unwrap_or(0).min(GAP_MAX);
        Self { columns, first, gap }
    }

    /// The line of headings.
    pub(in crate::dashboard) fn heading(&self, look: &Look) -> String {
        self.row(NO_MARK, |column| look.say(column.heading).to_owned())
    }

    /// The line of one row.
    pub(in crate::dashboard) fn line(&self, row: &R, is_selected: bool, look: &Look) -> String {
        self.row(if is_selected { " ▸ " } else { NO_MARK }, |column| (column.value)(row, look))
    }

    /// The line of a row that is not known yet, but for its first text.
    pub(in crate::dashboard) fn unknown(&self, first: &str, is_selected: bool) -> String {
        let mut first = Some(first.to_owned());
        self.row(if is_selected { " ▸ " } else { NO_MARK }, |_| {
            first.take().unwrap_or_else(|| "…".to_owned())
        })
    }

    fn row(&self, mark: &str, mut text: impl FnMut(&Column<R>) -> String) -> String {
        let mut line = mark.to_owned();
        for (index, column) in self.columns.iter().enumerate() {
            let width = if index == 0 { self.first } else { column.width };
            let align = if column.is_number { text::right } else { text::left };
            line += &" ".repeat(if index == 0 { 0 } else { self.gap });
            line += &align(&text(column), width);
        }
        line
    }
}

const NO_MARK: &str = "   ";
const MARK: usize = 2;
const GAP_MAX: usize = 3;
