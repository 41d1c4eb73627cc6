//! One look at the whole copy of the people before anything is exported, and pages of it afterwards.
//!
//! In: the private copy. Out: [`Scan`], or the sentence that refuses the file. A million rows take 24 MB while they
//! are looked at: of each id a hash and a line are kept, not the text.

use engine::ids::IdHash;
use engine::model::SourceId;
use engine::ports::SourcePage;

use super::config::{Dialect, FileConfig};
use super::convert::Layout;
use super::copy::{Copy, Position};
use super::error::FileError;
use super::records::Row;
use super::table::Table;

/// Rows a page: the page is what a killed cycle repeats and what its intent lists, so it should be small; the
/// checkpoint after it is one write, so it should not be tiny. A hundred thousand people are two hundred pages.
pub(super) const PAGE: usize = 500;

/// Text a page holds at most, so that five hundred rows of the longest cells do not fill the memory: 8 MiB is
/// 16 KiB for each row of a full page.
pub(super) const PAGE_TEXT: usize = 8 << 20;

/// Repeated ids shown in a message; more would only scroll.
pub(super) const SHOWN_REPEATS: usize = 5;

/// Ids by their hashes, with the lines they stand on.
pub(super) type Ids = Vec<(IdHash, u64)>;

/// What the whole copy is like.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) layout: Layout,
    /// Rows below the header, unreadable ones included.
    pub(super) total: u64,
    /// Where the first of them stands.
    pub(super) first: Position,
}

impl Scan {
    /// Looks at all of the copy. The ids are sorted.
    pub(super) fn of(
        copy: Copy<'_>,
        config: &FileConfig,
        dialect: &Dialect,
    ) -> Result<(Self, Ids), FileError> {
        let (table, mut rows) = copy.header(dialect)?;
        let layout = Layout::of(table, config, copy.label)?;
        let first = Position { offset: rows.offset, row: 0, line: rows.line };
        let mut row = Row::default();
        let mut ids = Ids::new();
        let mut total = 0;
        while copy.step(&mut rows, &mut row)? {
            total += 1;
            if let Some(id) = layout.table.id_of(&row) {
                ids.push((IdHash::of(&SourceId::new(id)), row.line));
            }
        }
        unique(copy, &layout.table, first, &mut ids)?;
        Ok((Self { layout, total, first }, ids))
    }

    /// Reads the page at `at`; the second part is where the next one begins.
    pub(super) fn page(
        &self,
        copy: Copy<'_>,
        at: Position,
    ) -> Result<(SourcePage, Option<Position>), FileError> {
        let mut records = copy.rows(self.layout.table.delimiter, at)?;
        let mut row = Row::default();
        let mut page = SourcePage::default();
        let (mut rows, mut text) = (0, 0);
        while rows < PAGE && text < PAGE_TEXT && copy.step(&mut records, &mut row)? {
            rows += 1;
            text += row.len();
            match self.layout.person(&row, &copy.label.name) {
                Ok(person) => page.objects.push(person),
                Err(unreadable) => page.unreadable.push(unreadable),
            }
        }
        let next = Position { offset: records.offset, row: at.row + rows as u64, line: records.line };
        Ok((page, (next.row < self.total).then_some(next)))
    }
}

/// Sorts ids and makes sure that each is there once. `first` is where the rows begin.
pub(super) fn unique(copy: Copy<'_>, table: &Table, first: Position, ids: &mut Ids) -> Result<(), FileError> {
    ids.sort_unstable();
    let repeats = repeated(ids);
    if repeats.is_empty() {
        return Ok(());
    }
    let examples = named(copy, table, first, repeats.iter().map(|(line, _)| *line));
    let examples = examples.into_iter().filter_map(|(line, id)| {
        let (_, again) = repeats.iter().find(|(first, _)| *first == line)?;
        Some(format!("'{id}' on lines {line} and {again}"))
    });
    Err(FileError::RepeatedIds {
        file: copy.label.clone(),
        column: table.id_column().to_owned(),
        examples: examples.collect::<Vec<_>>().join(", "),
    })
}

/// The ids on these lines, with the lines. Goes through the copy again for them: that costs a pass, but only when the
/// file is refused anyway.
pub(super) fn named(
    copy: Copy<'_>,
    table: &Table,
    first: Position,
    lines: impl Iterator<Item = u64>,
) -> Vec<(u64, String)> {
    let lines: Vec<u64> = lines.collect();
    let mut named = Vec::new();
    let mut row = Row::default();
    if let Ok(mut rows) = copy.rows(table.delimiter, first) {
        while named.len() < lines.len() && copy.step(&mut rows, &mut row).unwrap_or(false) {
            if lines.contains(&row.line) {
                named.push((row.line, table.id_of(&row).unwrap_or_default().to_owned()));
            }
        }
    }
    named
}

/// The first repeats, as pairs of lines in the order of the file.
fn repeated(sorted: &[(IdHash, u64)]) -> Vec<(u64, u64)> {
    let pairs = sorted.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let mut lines: Vec<(u64, u64)> = pairs.map(|pair| (pair[0].1, pair[1].1)).collect();
    lines.sort_unstable();
    lines.truncate(SHOWN_REPEATS);
    lines
}
