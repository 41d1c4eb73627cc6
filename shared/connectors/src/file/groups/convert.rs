//! From the header of the file of groups to a layout, from a group's rows to a group.
//!
//! In: the rows of one group. Out: a [`SourceObject`] whose attributes are the columns and, under
//! [`engine::ports::MEMBERS`], the ids of its members; or an [`Unreadable`] with its line and its cure.

use std::collections::HashSet;
use std::sync::Arc;

use engine::ids::IdHash;
use engine::model::{ObjectType, SourceId, SourceObject, Value};
use engine::ports::{MEMBERS, Unreadable};

use super::super::config::GroupsFile;
use super::super::convert::{DISPLAY_NAME, name_of, parts, plain};
use super::super::copy::{Copy, Rows};
use super::super::error::{FileError, Label};
use super::super::records::{MAX_MEMBERS_CELL, Row};
use super::super::table::Table;
use super::index::Spot;

/// The most members: some 20 MB with ids of forty letters, and as many as fit into a cell.
const MAX_MEMBERS: usize = 200_000;

/// What a member weighs in a page besides its text: the value that holds it, and its place in the heap.
const MEMBER_WEIGHT: usize = 64;

/// How the cells of a row are to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct GroupLayout {
    pub(in super::super) table: Table,
    name: Option<usize>,
    form: Form,
}

/// Where members stand.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Nowhere: nothing is known of them.
    Unknown,
    /// All in one cell of the group's one row.
    Listed { column: usize, separator: String },
    /// One in each of the group's rows.
    OneARow { column: usize },
}

impl GroupLayout {
    /// Understands a header.
    pub(super) fn of(table: Table, config: &GroupsFile, file: &Arc<Label>) -> Result<Self, FileError> {
        let name = table.place_or("name", config.name.as_deref(), DISPLAY_NAME, file)?;
        let form = match &config.member {
            Some(column) => Form::OneARow { column: table.place("member", column, file)? },
            None => match table.place_or("members", config.members.as_deref(), MEMBERS, file)? {
                Some(column) => Form::Listed { column, separator: config.separator.clone() },
                None => Form::Unknown,
            },
        };
        let layout = Self { name, form, table };
        match (layout.column(), layout.table.position(MEMBERS)) {
            (Some(column), Some(other)) if other != column => Err(FileError::MembersTwice {
                file: file.clone(),
                column: layout.table.columns[column].clone(),
            }),
            _ => Ok(layout),
        }
    }

    /// The column that members stand in.
    fn column(&self) -> Option<usize> {
        match self.form {
            Form::Unknown => None,
            Form::Listed { column, .. } | Form::OneARow { column } => Some(column),
        }
    }

    /// Whether a group may have several rows.
    pub(super) fn gathers(&self) -> bool {
        matches!(self.form, Form::OneARow { .. })
    }

    /// The attribute names groups can have.
    pub(in super::super) fn attributes(&self) -> impl Iterator<Item = String> {
        let members = self.column().map(|_| MEMBERS.to_owned());
        let columns = self.table.columns.iter().enumerate();
        columns.filter(|(at, _)| Some(*at) != self.column()).map(|(_, name)| name.clone()).chain(members)
    }

    /// An empty row of this file.
    pub(super) fn row(&self) -> Row {
        Row::with_long(match self.form {
            Form::Listed { column, .. } => Some(column),
            Form::Unknown | Form::OneARow { .. } => None,
        })
    }

    /// A reader of one group. `complete` says that no other row of the file may belong to it, too.
    pub(super) fn reader(&self, complete: bool) -> GroupReader<'_> {
        GroupReader {
            layout: self,
            complete,
            first: None,
            row: self.row(),
            members: Members::default(),
            wrong: None,
        }
    }
}

/// Takes in the rows of one group.
pub(super) struct GroupReader<'a> {
    layout: &'a GroupLayout,
    complete: bool,
    first: Option<Row>,
    row: Row,
    members: Members,
    /// The first row that something is wrong with, and what.
    wrong: Option<(Row, String)>,
}

/// Members, each once, in the order of the file.
#[derive(Default)]
struct Members {
    ids: Vec<Value>,
    seen: HashSet<IdHash>,
    text: usize,
}

impl Members {
    fn add(&mut self, id: &str) -> Result<(), String> {
        if !self.seen.insert(IdHash::of(&SourceId::new(id))) {
            return Ok(());
        }
        self.text += id.len();
        if self.ids.len() == MAX_MEMBERS || self.text > MAX_MEMBERS_CELL {
            return Err(format!(
                "the group has more than {MAX_MEMBERS} members, or their ids more than {MAX_MEMBERS_CELL} bytes; split the group"
            ));
        }
        self.ids.push(Value::text(id));
        Ok(())
    }
}

impl GroupReader<'_> {
    /// Takes in the row at a spot.
    pub(super) fn take(&mut self, copy: Copy<'_>, rows: &mut Rows, spot: Spot) -> Result<(), FileError> {
        if self.wrong.is_some() {
            return Ok(());
        }
        copy.row_at(rows, spot.offset, spot.line, &mut self.row)?;
        if let Err(reason) = self.add() {
            self.wrong = Some((self.row.clone(), reason));
        }
        if self.first.is_none() {
            self.first = Some(std::mem::replace(&mut self.row, self.layout.row()));
        }
        Ok(())
    }

    fn add(&mut self) -> Result<(), String> {
        let row = &self.row;
        self.layout.table.check(row).map_err(|reason| self.untold(row, reason))?;
        if let Some(first) = &self.first {
            self.agrees(first)?;
        }
        let cell = |column: usize| row.cell(column).unwrap_or_default();
        match &self.layout.form {
            Form::Unknown => Ok(()),
            Form::Listed { column, separator } => {
                parts(cell(*column), separator).try_for_each(|id| self.members.add(id))
            }
            Form::OneARow { column } => match cell(*column).trim() {
                "" => Ok(()),
                id => self.members.add(id),
            },
        }
    }

    /// Why a row cannot be understood, and what else follows from it.
    fn untold(&self, row: &Row, reason: String) -> String {
        if self.layout.gathers() && self.layout.table.id_of(row).is_none() {
            format!(
                "{reason}. Until then nobody can tell which group it belongs to, and no membership changes"
            )
        } else {
            reason
        }
    }

    /// Whether the row says the same of the group as the first one.
    fn agrees(&self, first: &Row) -> Result<(), String> {
        let columns = self.layout.table.columns.iter().enumerate();
        let mut others = columns.filter(|(at, _)| Some(*at) != self.layout.column());
        let id = self.layout.table.id_column();
        match others.find(|(at, name)| *name != id && self.row.cell(*at) != first.cell(*at)) {
            None => Ok(()),
            Some((_, name)) => Err(format!(
                "the column '{name}' says something else than on line {}, which is about the same group; write the same in all rows of a group",
                first.line
            )),
        }
    }

    /// The group, and what it weighs in a page; `name` is what the file is called in messages.
    pub(super) fn end(self, name: &str) -> (Result<SourceObject, Unreadable>, usize) {
        let Self { layout, complete, first, members, wrong, row } = self;
        let first = first.unwrap_or(row);
        let weight = first.len() + members.text + members.ids.len() * MEMBER_WEIGHT;
        if let Some((row, reason)) = wrong {
            return (Err(layout.table.unreadable(&row, name, reason)), weight);
        }
        let column = layout.column();
        let other = |at: usize, cell: &str| if Some(at) == column { None } else { plain(cell) };
        let mut attributes = layout.table.values(&first, other);
        if column.is_some() && complete {
            attributes.insert(MEMBERS.to_owned(), Value::List(members.ids));
        }
        let group = SourceObject {
            id: SourceId::new(layout.table.id_of(&first).unwrap_or_default()),
            object_type: ObjectType::Group,
            display_name: name_of(&first, layout.name),
            enabled: true,
            soft_deleted: false,
            attributes,
        };
        (Ok(group), weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_so_many_members_and_no_more() {
        let mut members = Members::default();
        for number in 0..MAX_MEMBERS {
            members.add(&number.to_string()).unwrap();
        }
        members.add("7").expect("who is a member already adds nothing");
        assert!(members.add("one more").unwrap_err().contains("split the group"));
        let mut members = Members::default();
        let half = "x".repeat(MAX_MEMBERS_CELL / 2);
        members.add(&half).unwrap();
        assert!(members.add(&format!("{half}x")).is_err());
    }
}
