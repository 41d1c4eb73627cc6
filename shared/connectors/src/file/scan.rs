//! One look at the whole copy before anything is exported, and pages of it afterwards.
//!
//! In: the private copy. Out: [`Scan`], or the sentence that refuses the file. A million rows take 24 MB: of each id
//! a hash and a line are kept, not the text.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;

use engine::ids::IdHash;
use engine::model::SourceId;
use engine::ports::SourcePage;

use super::config::FileConfig;
use super::convert::{Layout, shown};
use super::error::FileError;
use super::records::{MAX_COLUMNS, Records, RecordsError, Row};

/// Rows a page: the page is what a killed cycle repeats and what its intent lists, so it should be small; the
/// checkpoint after it is one write, so it should not be tiny. A hundred thousand people are two hundred pages.
pub(super) const PAGE: usize = 500;

/// Text a page holds at most, so that five hundred rows of the longest cells do not fill the memory: 8 MiB is
/// 16 KiB for each row of a full page.
const PAGE_TEXT: usize = 8 << 20;

/// Repeated ids shown in a message; more would only scroll.
const SHOWN_REPEATS: usize = 5;

/// The mark some programs write before UTF-8.
const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What the whole copy is like.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) layout: Layout,
    /// Rows below the header, unreadable ones included.
    pub(super) total: u64,
    /// Where the first of them stands.
    pub(super) first: Position,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) offset: u64,
    /// Rows before it.
    pub(super) row: u64,
    pub(super) line: u64,
}

/// A copy, and what it is called in messages.
pub(super) struct Copy<'a> {
    pub(super) path: &'a Path,
    /// Where the file came from.
    pub(super) file: &'a str,
    /// Its last part: `people.csv`.
    pub(super) name: &'a str,
}

impl Copy<'_> {
    /// Looks at all of it.
    pub(super) fn scan(&self, config: &FileConfig) -> Result<Scan, FileError> {
        let (layout, mut records) = self.header(config)?;
        let first = Position { offset: records.offset, row: 0, line: records.line };
        let mut row = Row::default();
        let mut ids = Vec::new();
        let mut total = 0;
        while self.step(&mut records, &mut row)? {
            total += 1;
            if let Some(id) = layout.id_of(&row) {
                ids.push((IdHash::of(&SourceId::new(id)), row.line));
            }
        }
        ids.sort_unstable();
        let repeats = repeated(&ids);
        if repeats.is_empty() {
            Ok(Scan { layout, total, first })
        } else {
            Err(self.refusal(&layout, first, &repeats))
        }
    }

    /// Reads the page at `at`, of `total` rows; the second part is where the next one begins.
    pub(super) fn page(
        &self,
        layout: &Layout,
        at: Position,
        total: u64,
    ) -> Result<(SourcePage, Option<Position>), FileError> {
        let mut records = self.records(layout.delimiter, at)?;
        let mut row = Row::default();
        let mut page = SourcePage::default();
        let (mut rows, mut text) = (0, 0);
        while rows < PAGE && text < PAGE_TEXT && self.step(&mut records, &mut row)? {
            rows += 1;
            text += row.len();
            match layout.person(&row, self.name) {
                Ok(person) => page.objects.push(person),
                Err(unreadable) => page.unreadable.push(unreadable),
            }
        }
        let next = Position { offset: records.offset, row: at.row + rows as u64, line: records.line };
        Ok((page, (next.row < total).then_some(next)))
    }

    /// Finds the delimiter under which the header has the id column, the most columns first.
    fn header(&self, config: &FileConfig) -> Result<(Layout, Records<BufReader<File>>), FileError> {
        let start = Position { offset: self.text_begins()?, row: 0, line: 1 };
        let mut best: Option<(Row, Records<BufReader<File>>, u8)> = None;
        let mut torn = None;
        for delimiter in config.delimiter.candidates() {
            let mut records = self.records(*delimiter, start)?;
            let mut row = Row::default();
            match self.step(&mut records, &mut row) {
                Ok(true)
                    if best.as_ref().is_none_or(|(other, ..)| rank(&row, config) > rank(other, config)) =>
                {
                    best = Some((row, records, *delimiter));
                }
                Ok(_) => {}
                Err(error) => torn = Some(error),
            }
        }
        // With the wrong delimiter a header may look torn: that counts only where no other finds the id column.
        let found = best.as_ref().is_some_and(|(row, ..)| rank(row, config).0);
        if let Some(error) = torn.filter(|_| !found) {
            return Err(error);
        }
        let Some((row, records, delimiter)) = best else {
            return Err(FileError::NoHeader { file: self.file.to_owned() });
        };
        if row.cells == 1 && !found {
            return Err(self.unknown_delimiter(&row, config));
        }
        Ok((Layout::of(&row, delimiter, config, self.file)?, records))
    }

    fn unknown_delimiter(&self, header: &Row, config: &FileConfig) -> FileError {
        let names = config.delimiter.candidates().iter().map(|delimiter| match delimiter {
            b'\t' => "tab".to_owned(),
            other => format!("'{}'", char::from(*other)),
        });
        FileError::UnknownDelimiter {
            file: self.file.to_owned(),
            id: config.id.clone(),
            tried: names.collect::<Vec<_>>().join(" "),
            header: shown(&header.iter().map(str::to_owned).collect::<Vec<_>>()),
        }
    }

    fn text_begins(&self) -> Result<u64, FileError> {
        use std::io::Read;
        let mut head = Vec::new();
        let file = File::open(self.path).map_err(|cause| self.lost(cause))?;
        file.take(UTF8_MARK.len() as u64).read_to_end(&mut head).map_err(|cause| self.lost(cause))?;
        Ok(if head == UTF8_MARK { head.len() as u64 } else { 0 })
    }

    fn records(&self, delimiter: u8, at: Position) -> Result<Records<BufReader<File>>, FileError> {
        let mut file = File::open(self.path).map_err(|cause| self.lost(cause))?;
        file.seek(SeekFrom::Start(at.offset)).map_err(|cause| self.lost(cause))?;
        Ok(Records::new(BufReader::with_capacity(64 * 1024, file), delimiter, at.line, at.offset))
    }

    fn step(&self, records: &mut Records<BufReader<File>>, row: &mut Row) -> Result<bool, FileError> {
        records.next_into(row).map_err(|error| match error {
            RecordsError::Io(cause) => self.lost(cause),
            RecordsError::Unclosed(line) => FileError::Unclosed { file: self.file.to_owned(), line },
        })
    }

    fn lost(&self, cause: std::io::Error) -> FileError {
        FileError::WorkFolder { folder: self.path.display().to_string(), cause }
    }

    /// Goes through the copy again for the ids behind the hashes: that costs a pass, but only when the file is
    /// refused anyway.
    fn refusal(&self, layout: &Layout, first: Position, repeats: &[(u64, u64)]) -> FileError {
        let mut examples = Vec::new();
        let mut row = Row::default();
        if let Ok(mut records) = self.records(layout.delimiter, first) {
            while self.step(&mut records, &mut row).unwrap_or(false) && examples.len() < repeats.len() {
                if let Some((line, again)) = repeats.iter().find(|(line, _)| *line == row.line) {
                    let id = layout.id_of(&row).unwrap_or_default();
                    examples.push(format!("'{id}' on lines {line} and {again}"));
                }
            }
        }
        FileError::RepeatedIds {
            file: self.file.to_owned(),
            column: layout.id_column().to_owned(),
            examples: examples.join(", "),
        }
    }
}

/// Whether the id column is there, and how many columns a delimiter makes.
fn rank(header: &Row, config: &FileConfig) -> (bool, usize) {
    (header.iter().any(|name| name.trim() == config.id.trim()), header.cells.min(MAX_COLUMNS + 1))
}

/// The first repeats, as pairs of lines in the order of the file.
fn repeated(sorted: &[(IdHash, u64)]) -> Vec<(u64, u64)> {
    let pairs = sorted.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let mut lines: Vec<(u64, u64)> = pairs.map(|pair| (pair[0].1, pair[1].1)).collect();
    lines.sort_unstable();
    lines.truncate(SHOWN_REPEATS);
    lines
}
