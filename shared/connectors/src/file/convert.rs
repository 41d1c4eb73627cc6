//! From the header of the file of people to a layout, from a row to a person. Pure.
//!
//! In: a [`Row`]. Out: a [`SourceObject`] whose attributes are the columns, or an [`Unreadable`] with its line and
//! its cure. Cells are taken as they are; only the id loses the white space around it. An empty cell is an absent
//! attribute.

use std::sync::Arc;

use engine::model::{ObjectType, SourceId, SourceObject, Value};
use engine::ports::Unreadable;

use super::config::FileConfig;
use super::error::{FileError, Label};
use super::records::Row;
use super::table::{Table, clipped};

/// The column that holds the name people know unless the configuration says otherwise.
pub(super) const DISPLAY_NAME: &str = "displayName";

/// How the cells of a row are to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) table: Table,
    enabled: Option<usize>,
    display_name: Option<usize>,
    separators: Vec<Option<String>>,
}

impl Layout {
    /// Understands a header.
    pub(super) fn of(table: Table, config: &FileConfig, file: &Arc<Label>) -> Result<Self, FileError> {
        let place = |field, column: &str| table.place(field, column, file);
        let enabled = config.enabled.as_deref().map(|column| place("enabled", column)).transpose()?;
        let display_name =
            table.place_or("displayName", config.display_name.as_deref(), DISPLAY_NAME, file)?;
        let mut separators = vec![None; table.columns.len()];
        for column in &config.lists {
            separators[place("lists", column)?].clone_from(&config.list_separator);
        }
        Ok(Self { enabled, display_name, separators, table })
    }

    /// Understands a row; `name` is what the file is called in messages.
    pub(super) fn person(&self, row: &Row, name: &str) -> Result<SourceObject, Unreadable> {
        let unreadable = |reason| self.table.unreadable(row, name, reason);
        let id = self.table.check(row).map_err(unreadable)?;
        Ok(SourceObject {
            id: SourceId::new(id),
            object_type: ObjectType::User,
            display_name: name_of(row, self.display_name),
            enabled: self.enabled(row).map_err(unreadable)?,
            soft_deleted: false,
            attributes: self.table.values(row, |at, cell| value(cell, self.separators[at].as_deref())),
        })
    }

    fn enabled(&self, row: &Row) -> Result<bool, String> {
        let Some(at) = self.enabled else { return Ok(true) };
        let cell = row.cell(at).unwrap_or_default().trim();
        switch(cell).ok_or_else(|| {
            let found = if cell.is_empty() { "is empty".to_owned() } else { format!("holds '{}'", clipped(cell)) };
            format!(
                "the column '{}' {found}, so nobody can tell whether the account is switched on; write true or false",
                self.table.columns[at]
            )
        })
    }
}

/// The name people know, where some column holds it.
pub(super) fn name_of(row: &Row, column: Option<usize>) -> Option<String> {
    column.and_then(|at| row.cell(at)).filter(|cell| !cell.is_empty()).map(str::to_owned)
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
    let Some(separator) = separator else { return plain(cell) };
    let values: Vec<Value> = parts(cell, separator).map(Value::text).collect();
    (!values.is_empty()).then_some(Value::List(values))
}

/// The value of a cell that is no list.
pub(super) fn plain(cell: &str) -> Option<Value> {
    (!cell.is_empty()).then(|| Value::text(cell))
}

/// The parts of a list, without the white space around them and without empty ones.
pub(super) fn parts<'a>(cell: &'a str, separator: &'a str) -> impl Iterator<Item = &'a str> {
    cell.split(separator).map(str::trim).filter(|part| !part.is_empty())
}
