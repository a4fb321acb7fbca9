//! Rows of text in columns: the first one from the left and as wide as is left, the others from the right.

/// Rows of which the first is the head; all have the same number of cells.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    pub(super) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The rows at `width` columns, the first cell cut where it is too long.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let widths: Vec<usize> = (1..columns).map(|column| self.width(column)).collect();
        let others: usize = widths.iter().map(|width| width + GAP).sum();
        let first = width.saturating_sub(others).max(FIRST_MIN);
        self.rows.iter().map(|row| line(row, first, &widths)).collect()
    }

    fn width(&self, column: usize) -> usize {
        self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

fn line(row: &[String], first: usize, widths: &[usize]) -> String {
    let mut line = row.first().map_or_else(String::new, |cell| format!("{:<first$}", cut(cell, first)));
    for (cell, width) in row.iter().skip(1).zip(widths) {
        line.push_str(&format!("{:GAP$}{cell:>width$}", ""));
    }
    line.trim_end().to_owned()
}

/// The beginning of `text`, at most `width` characters with the ellipsis.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

const GAP: usize = 2;
const FIRST_MIN: usize = 8;
