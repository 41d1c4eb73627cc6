//! What all tables have in common: a header that names the columns, and an id in each row. Pure.
//!
//! In: a header. Out: a [`Table`] that tells which rows can be trusted, and gives their cells by column.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::model::{Attributes, SourceId, Value};
use engine::ports::Unreadable;

use super::error::{FileError, Label};
use super::records::{Fault, MAX_COLUMNS, Row};

/// Column names shown in a message: twenty fit on a screen.
const SHOWN: usize = 20;

/// The columns of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// What stands between two cells.
    pub(super) delimiter: u8,
    pub(super) columns: Vec<String>,
    /// Cells of a row, nameless columns at the end included.
    width: usize,
    id: usize,
}

impl Table {
    /// Understands a header whose column `id` holds the ids.
    pub(super) fn of(header: &Row, delimiter: u8, id: &str, file: &Arc<Label>) -> Result<Self, FileError> {
        if header.cells > MAX_COLUMNS {
            return Err(FileError::TooManyColumns { file: file.clone(), max: MAX_COLUMNS });
        }
        if let Some(fault) = header.fault {
            let (file, line, problem) = (file.clone(), header.line, fault.sentence());
            return Err(FileError::BadHeader { file, line, problem });
        }
        let columns = names(header, file)?;
        let mut table = Self { delimiter, width: header.cells, id: 0, columns };
        table.id = table.place("id", id, file)?;
        Ok(table)
    }

    /// The position of a column that `field` of the document names.
    pub(super) fn place(
        &self,
        field: &'static str,
        column: &str,
        file: &Arc<Label>,
    ) -> Result<usize, FileError> {
        self.position(column).ok_or_else(|| FileError::MissingColumn {
            file: file.clone(),
            field,
            column: column.to_owned(),
            columns: shown(&self.columns),
        })
    }

    /// The position of the column that `field` names, or else of the usual one, where that is there.
    pub(super) fn place_or(
        &self,
        field: &'static str,
        column: Option<&str>,
        usual: &str,
        file: &Arc<Label>,
    ) -> Result<Option<usize>, FileError> {
        match column {
            Some(column) => self.place(field, column, file).map(Some),
            None => Ok(self.position(usual)),
        }
    }

    /// The position of a column.
    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column.trim())
    }

    /// The name of the id column.
    pub(super) fn id_column(&self) -> &str {
        &self.columns[self.id]
    }

    /// The row's id, when the row can be trusted as far as that.
    pub(super) fn id_of<'a>(&self, row: &'a Row) -> Option<&'a str> {
        if row.fault.is_some() || row.cells != self.width {
            return None;
        }
        row.cell(self.id).map(str::trim).filter(|id| !id.is_empty())
    }

    /// The id of a row all of whose cells can be trusted, or why they cannot.
    pub(super) fn check<'a>(&self, row: &'a Row) -> Result<&'a str, String> {
        if let Some(fault) = row.fault {
            return Err(fault.sentence());
        }
        if row.cells != self.width {
            return Err(format!(
                "the row has {} cells where the header has {}; a cell that holds the delimiter or a line end must be quoted",
                row.cells, self.width
            ));
        }
        if let Some(at) = (self.columns.len()..self.width).find(|at| row.cell(*at) != Some("")) {
            return Err(format!(
                "cell {} has a value but its column has no name; name it in the header",
                at + 1
            ));
        }
        self.id_of(row).ok_or_else(|| {
            format!("the id column '{}' is empty; fill it, or remove the row", self.id_column())
        })
    }

    /// A row that could not be understood; `name` is what the file is called in messages.
    pub(super) fn unreadable(&self, row: &Row, name: &str, reason: String) -> Unreadable {
        Unreadable {
            place: format!("{name} line {}", row.line),
            id: self.id_of(row).map(SourceId::new),
            reason,
        }
    }

    /// The cells of a row by column, as `value` understands each by its position.
    pub(super) fn values(&self, row: &Row, value: impl Fn(usize, &str) -> Option<Value>) -> Attributes {
        let cells = self.columns.iter().zip(row.iter()).enumerate();
        cells.filter_map(|(at, (column, cell))| Some((column.clone(), value(at, cell)?))).collect()
    }
}

impl Fault {
    fn sentence(self) -> String {
        match self {
            Self::TextAfterQuote { line } => format!(
                "text follows a closing quotation mark on line {line}, so rows may have run into one another; double quotation marks inside a quoted cell"
            ),
            Self::CellTooLong { column, max } => format!(
                "cell {column} is longer than {max} bytes; shorten it, or close the quotation mark it begins with"
            ),
        }
    }
}

fn names(header: &Row, file: &Arc<Label>) -> Result<Vec<String>, FileError> {
    let mut columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    // Spreadsheets leave nameless columns at the end; anywhere else a missing name is a mistake.
    while columns.last().is_some_and(String::is_empty) {
        columns.pop();
    }
    let mut first = BTreeMap::new();
    for (position, column) in columns.iter().enumerate() {
        if column.is_empty() {
            return Err(FileError::ColumnWithoutName { file: file.clone(), position: position + 1 });
        }
        if let Some(before) = first.insert(column, position) {
            let (column, first, second) = (column.clone(), before + 1, position + 1);
            return Err(FileError::ColumnTwice { file: file.clone(), column, first, second });
        }
    }
    Ok(columns)
}

/// The names of columns, for a message.
pub(super) fn shown(columns: &[String]) -> String {
    let more = columns.len().saturating_sub(SHOWN);
    let names: Vec<String> = columns.iter().take(SHOWN).map(|name| format!("'{}'", clipped(name))).collect();
    let names = names.join(", ");
    if more == 0 { names } else { format!("{names} and {more} more") }
}

/// The beginning of a text, for a message: forty characters tell which one is meant.
pub(super) fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}
