//! CSV files that scenarios name: rows by column names, and complaints with file and line that never show a value.

use csv::{ReaderBuilder, StringRecord, Trim};

/// The rows of a CSV file.
pub(super) struct Table {
    name: String,
    header: StringRecord,
    rows: Vec<StringRecord>,
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'t> {
    table: &'t Table,
    record: &'t StringRecord,
}

impl Table {
    /// Reads the text of the file `name`, whose header may name `columns` and must name the first `required` of them.
    pub(super) fn read(name: &str, text: &str, columns: &[&str], required: usize) -> Result<Self, String> {
        let mut reader =
            ReaderBuilder::new().trim(Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| complaint(name, &error))?.clone();
        if let Some(unknown) = header.iter().find(|column| !columns.contains(column)) {
            return Err(format!("{name}:1: unknown column `{unknown}`, expected {}", columns.join(", ")));
        }
        if let Some(missing) =
            columns.iter().take(required).find(|column| !header.iter().any(|known| known == **column))
        {
            return Err(format!("{name}:1: the column `{missing}` is missing"));
        }
        let rows: Result<Vec<StringRecord>, _> = reader.records().collect();
        let rows = rows.map_err(|error| complaint(name, &error))?;
        if rows.is_empty() {
            return Err(format!("{name}: there are no rows below the header"));
        }
        Ok(Self { name: name.to_owned(), header, rows })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<'t> Row<'t> {
    /// The text of a column; empty when there is no such column.
    pub(super) fn get(self, column: &str) -> &'t str {
        let index = self.table.header.iter().position(|known| known == column);
        index.and_then(|index| self.record.get(index)).unwrap_or("")
    }

    /// A complaint about a column of this row.
    pub(super) fn complaint(self, column: &str, message: impl std::fmt::Display) -> String {
        format!("{}:{}: column `{column}`: {message}", self.table.name, self.line())
    }

    /// A complaint about this row.
    pub(super) fn complaint_of_row(self, message: impl std::fmt::Display) -> String {
        format!("{}:{}: {message}", self.table.name, self.line())
    }

    fn line(self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }
}

/// The library's messages of what matters, without the data.
fn complaint(name: &str, error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("{name}:{line}: {len} fields where the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { pos, .. } => {
            format!("{name}:{}: not UTF-8", pos.as_ref().map_or(0, csv::Position::line))
        }
        _ => format!("{name}: not a CSV file"),
    }
}
