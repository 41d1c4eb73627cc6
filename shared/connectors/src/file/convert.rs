//! From the header to a layout, from a row to a person. Pure.
//!
//! In: a [`Row`]. Out: a [`SourceObject`] whose attributes are the columns, or an [`Unreadable`] with its line and
//! its cure. Cells are taken as they are; only the id loses the white space around it. An empty cell is an absent
//! attribute.

use std::collections::{BTreeMap, BTreeSet};

use engine::model::{Attributes, ObjectType, SourceId, SourceObject, Value};
use engine::ports::Unreadable;

use super::config::FileConfig;
use super::error::FileError;
use super::records::{Fault, MAX_CELL, MAX_COLUMNS, Row};

/// The column that holds the name people know unless the configuration says otherwise.
const DISPLAY_NAME: &str = "displayName";

/// Column names shown in a message: twenty fit on a screen.
const SHOWN: usize = 20;

/// How the cells of a row are to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// What stands between two cells.
    pub(super) delimiter: u8,
    columns: Vec<String>,
    /// Cells of a row, nameless columns at the end included.
    width: usize,
    id: usize,
    enabled: Option<usize>,
    display_name: Option<usize>,
    separators: Vec<Option<String>>,
}

impl Layout {
    /// Understands a header.
    pub(super) fn of(
        header: &Row,
        delimiter: u8,
        config: &FileConfig,
        file: &str,
    ) -> Result<Self, FileError> {
        let file = file.to_owned();
        if header.cells > MAX_COLUMNS {
            return Err(FileError::TooManyColumns { file, max: MAX_COLUMNS });
        }
        if let Some(fault) = header.fault {
            return Err(FileError::BadHeader { file, line: header.line, problem: fault.sentence() });
        }
        let columns = names(header, &file)?;
        let place = |field, column: &str| {
            position(&columns, column).ok_or_else(|| FileError::MissingColumn {
                file: file.clone(),
                field,
                column: column.to_owned(),
                columns: shown(&columns),
            })
        };
        let id = place("id", &config.id)?;
        let enabled = config.enabled.as_deref().map(|column| place("enabled", column)).transpose()?;
        let display_name = match config.display_name.as_deref() {
            Some(column) => Some(place("displayName", column)?),
            None => position(&columns, DISPLAY_NAME),
        };
        let mut separators = vec![None; columns.len()];
        for column in &config.lists {
            separators[place("lists", column)?].clone_from(&config.list_separator);
        }
        Ok(Self { delimiter, width: header.cells, id, enabled, display_name, separators, columns })
    }

    /// The attribute names people can have.
    pub(super) fn attributes(&self) -> BTreeSet<String> {
        self.columns.iter().cloned().collect()
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

    /// Understands a row; `name` is what the file is called in messages.
    pub(super) fn person(&self, row: &Row, name: &str) -> Result<SourceObject, Unreadable> {
        let unreadable = |reason| Unreadable {
            place: format!("{name} line {}", row.line),
            id: self.id_of(row).map(SourceId::new),
            reason,
        };
        self.check(row).map_err(unreadable)?;
        let id = self.id_of(row).ok_or_else(|| {
            unreadable(format!("the id column '{}' is empty; fill it, or remove the row", self.id_column()))
        })?;
        let enabled = self.enabled(row).map_err(unreadable)?;
        Ok(SourceObject {
            id: SourceId::new(id),
            object_type: ObjectType::User,
            display_name: self
                .display_name
                .and_then(|at| row.cell(at))
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned),
            enabled,
            soft_deleted: false,
            attributes: self.values(row),
        })
    }

    fn check(&self, row: &Row) -> Result<(), String> {
        if let Some(fault) = row.fault {
            return Err(fault.sentence());
        }
        if row.cells != self.width {
            return Err(format!(
                "the row has {} cells where the header has {}; a cell that holds the delimiter or a line end must be quoted",
                row.cells, self.width
            ));
        }
        let nameless = (self.columns.len()..self.width).find(|at| row.cell(*at) != Some(""));
        nameless.map_or(Ok(()), |at| {
            Err(format!("cell {} has a value but its column has no name; name it in the header", at + 1))
        })
    }

    fn enabled(&self, row: &Row) -> Result<bool, String> {
        let Some(at) = self.enabled else { return Ok(true) };
        let cell = row.cell(at).unwrap_or_default().trim();
        switch(cell).ok_or_else(|| {
            let found = if cell.is_empty() { "is empty".to_owned() } else { format!("holds '{}'", clipped(cell)) };
            format!(
                "the column '{}' {found}, so nobody can tell whether the account is switched on; write true or false",
                self.columns[at]
            )
        })
    }

    fn values(&self, row: &Row) -> Attributes {
        let cells = self.columns.iter().zip(&self.separators).zip(row.iter());
        cells
            .filter_map(|((column, separator), cell)| {
                Some((column.clone(), value(cell, separator.as_deref())?))
            })
            .collect()
    }
}

impl Fault {
    fn sentence(self) -> String {
        match self {
            Self::TextAfterQuote { line } => format!(
                "text follows a closing quotation mark on line {line}, so rows may have run into one another; double quotation marks inside a quoted cell"
            ),
            Self::CellTooLong { column } => format!(
                "cell {column} is longer than {MAX_CELL} bytes; shorten it, or close the quotation mark it begins with"
            ),
        }
    }
}

fn names(header: &Row, file: &str) -> Result<Vec<String>, FileError> {
    let mut columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    // Spreadsheets leave nameless columns at the end; anywhere else a missing name is a mistake.
    while columns.last().is_some_and(String::is_empty) {
        columns.pop();
    }
    let mut first = BTreeMap::new();
    for (position, column) in columns.iter().enumerate() {
        if column.is_empty() {
            return Err(FileError::ColumnWithoutName { file: file.to_owned(), position: position + 1 });
        }
        if let Some(before) = first.insert(column, position) {
            let (column, first, second) = (column.clone(), before + 1, position + 1);
            return Err(FileError::ColumnTwice { file: file.to_owned(), column, first, second });
        }
    }
    Ok(columns)
}

fn position(columns: &[String], column: &str) -> Option<usize> {
    columns.iter().position(|name| name == column.trim())
}

/// The names of columns, for a message.
pub(super) fn shown(columns: &[String]) -> String {
    let more = columns.len().saturating_sub(SHOWN);
    let names: Vec<String> = columns.iter().take(SHOWN).map(|name| format!("'{}'", clipped(name))).collect();
    let names = names.join(", ");
    if more == 0 { names } else { format!("{names} and {more} more") }
}

/// The beginning of a text, for a message: forty characters tell which one is meant.
fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}

fn switch(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "active" | "enabled" => Some(true),
        "false" | "0" | "no" | "n" | "inactive" | "disabled" => Some(false),
        _ => None,
    }
}

/// A cell's value; the parts of a list lose the white space around them, and empty parts are none.
fn value(cell: &str, separator: Option<&str>) -> Option<Value> {
    let Some(separator) = separator else { return (!cell.is_empty()).then(|| Value::text(cell)) };
    let parts = cell.split(separator).map(str::trim).filter(|part| !part.is_empty());
    let values: Vec<Value> = parts.map(Value::text).collect();
    (!values.is_empty()).then_some(Value::List(values))
}
