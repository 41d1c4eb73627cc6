//! The file of groups: one row a group with all members in one cell, or one row a membership.
//!
//! In: its private copy. Out: where the rows of each group stand ([`Index`]), and groups page by page, each once and
//! whole, in the order of their first rows.
//!
//! ```text
//!  groupId,displayName,members          groupId,displayName,member
//!  G1,Finance,E1;E2                     G1,Finance,E1
//!  G2,Treasury,E2                       G2,Treasury,E2
//!                                       G1,Finance,E2
//! ```
//!
//! # Guarantees
//! A membership never vanishes silently: while a row of the second form does not tell its group, no group shows its
//! members, because any of them may lack one.

mod convert;
mod index;

use engine::ports::SourcePage;

pub(super) use convert::GroupLayout;
pub(super) use index::Index;

use super::config::{Dialect, GroupsFile};
use super::copy::{Copy, Position};
use super::error::FileError;
use super::scan::{Ids, PAGE, PAGE_TEXT, SHOWN_REPEATS, named, unique};

/// What the whole copy is like.
#[derive(Debug)]
pub(super) struct Groups {
    pub(super) layout: GroupLayout,
    index: Index,
    /// Where the rows begin.
    first: Position,
}

impl Groups {
    /// Looks at all of the copy. `people` are the ids of all people, sorted, with their lines in the file `of_people`.
    pub(super) fn of(
        copy: Copy<'_>,
        config: &GroupsFile,
        dialect: &Dialect,
        people: &Ids,
        of_people: &str,
    ) -> Result<Self, FileError> {
        let (table, mut rows) = copy.header(dialect)?;
        let layout = GroupLayout::of(table, config, copy.label)?;
        let first = Position { offset: rows.offset, row: 0, line: rows.line };
        let (index, mut ids) = Index::of(copy, &mut rows, &layout)?;
        let groups = Self { layout, index, first };
        unique(copy, &groups.layout.table, first, &mut ids)?;
        groups.apart(copy, &ids, people, of_people)?;
        Ok(groups)
    }

    /// Makes sure that no group has a person's id.
    fn apart(&self, copy: Copy<'_>, ids: &Ids, people: &Ids, of_people: &str) -> Result<(), FileError> {
        let person = |(id, line): &(_, u64)| {
            let at = people.binary_search_by_key(id, |(person, _)| *person).ok()?;
            Some((*line, people.get(at)?.1))
        };
        let mut shared: Vec<(u64, u64)> = ids.iter().filter_map(person).collect();
        if shared.is_empty() {
            return Ok(());
        }
        shared.sort_unstable();
        shared.truncate(SHOWN_REPEATS);
        let here = named(copy, &self.layout.table, self.first, shared.iter().map(|(line, _)| *line));
        let examples = here.into_iter().zip(&shared).map(|((line, id), (_, there))| {
            format!("'{id}' on line {line} of {} and line {there} of {of_people}", copy.label.name)
        });
        let examples = examples.collect::<Vec<_>>().join(", ");
        Err(FileError::SharedIds { file: copy.label.clone(), examples })
    }

    /// How many groups there are, unreadable ones included.
    pub(super) fn total(&self) -> u64 {
        u64::from(self.index.total())
    }

    /// Reads groups from the one numbered `at` on; the second part is the number of the next one.
    pub(super) fn page(&self, copy: Copy<'_>, at: u32) -> Result<(SourcePage, Option<u32>), FileError> {
        let mut rows = copy.rows(self.layout.table.delimiter, self.first)?;
        let mut page = SourcePage::default();
        let (mut number, mut weight) = (at, 0);
        while number < self.index.total() && (number - at) < PAGE as u32 && weight < PAGE_TEXT {
            let mut reader = self.layout.reader(self.index.is_complete());
            for spot in self.index.rows_of(number) {
                reader.take(copy, &mut rows, *spot)?;
            }
            let (group, weighs) = reader.end(&copy.label.name);
            weight += weighs;
            match group {
                Ok(group) => page.objects.push(group),
                Err(unreadable) => page.unreadable.push(unreadable),
            }
            number += 1;
        }
        Ok((page, (number < self.index.total()).then_some(number)))
    }
}
