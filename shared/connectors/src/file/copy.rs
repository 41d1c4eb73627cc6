//! One private copy: its header, and rows from any position on.
//!
//! In: the copy and its [`Dialect`]. Out: the header under the right delimiter, and a reader of rows.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::config::Dialect;
use super::error::{FileError, Label};
use super::records::{MAX_COLUMNS, Records, RecordsError, Row};
use super::table::{Table, shown};

/// The mark some programs write before UTF-8.
const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// A reader of a copy's rows.
pub(super) type Rows = Records<BufReader<File>>;

/// Where a row begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) offset: u64,
    /// Rows before it.
    pub(super) row: u64,
    pub(super) line: u64,
}

/// A copy, and what the file it was taken from is called in messages.
#[derive(Clone, Copy)]
pub(super) struct Copy<'a> {
    pub(super) path: &'a Path,
    pub(super) label: &'a Arc<Label>,
}

impl Copy<'_> {
    /// Understands the header, under the delimiter that makes the id column appear, the most columns first; and the
    /// rows below it.
    pub(super) fn header(&self, dialect: &Dialect) -> Result<(Table, Rows), FileError> {
        let start = Position { offset: self.text_begins()?, row: 0, line: 1 };
        let mut best: Option<(Row, Rows, u8)> = None;
        let mut torn = None;
        for delimiter in dialect.delimiter.candidates() {
            let mut records = self.rows(*delimiter, start)?;
            let mut row = Row::default();
            match self.step(&mut records, &mut row) {
                Ok(true)
                    if best.as_ref().is_none_or(|(other, ..)| rank(&row, dialect) > rank(other, dialect)) =>
                {
                    best = Some((row, records, *delimiter));
                }
                Ok(_) => {}
                Err(error) => torn = Some(error),
            }
        }
        // With the wrong delimiter a header may look torn: that counts only where no other finds the id column.
        let found = best.as_ref().is_some_and(|(row, ..)| rank(row, dialect).0);
        if let Some(error) = torn.filter(|_| !found) {
            return Err(error);
        }
        let Some((row, records, delimiter)) = best else {
            return Err(FileError::NoHeader { file: self.label.clone() });
        };
        if row.cells == 1 && !found {
            return Err(self.unknown_delimiter(&row, dialect));
        }
        Ok((Table::of(&row, delimiter, &dialect.id, self.label)?, records))
    }

    fn unknown_delimiter(&self, header: &Row, dialect: &Dialect) -> FileError {
        let names = dialect.delimiter.candidates().iter().map(|delimiter| match delimiter {
            b'\t' => "tab".to_owned(),
            other => format!("'{}'", char::from(*other)),
        });
        FileError::UnknownDelimiter {
            file: self.label.clone(),
            id: dialect.id.clone(),
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

    /// The rows from a position on.
    pub(super) fn rows(&self, delimiter: u8, at: Position) -> Result<Rows, FileError> {
        let mut file = File::open(self.path).map_err(|cause| self.lost(cause))?;
        file.seek(SeekFrom::Start(at.offset)).map_err(|cause| self.lost(cause))?;
        Ok(Records::new(BufReader::with_capacity(CHUNK, file), delimiter, at.line, at.offset))
    }

    /// Reads the next row; `false` at the end.
    pub(super) fn step(&self, rows: &mut Rows, row: &mut Row) -> Result<bool, FileError> {
        rows.next_into(row).map_err(|error| match error {
            RecordsError::Io(cause) => self.lost(cause),
            RecordsError::Unclosed(line) => FileError::Unclosed { file: self.label.clone(), line },
        })
    }

    /// Reads the row that begins at byte `offset`, on `line`.
    pub(super) fn row_at(
        &self,
        rows: &mut Rows,
        offset: u64,
        line: u64,
        row: &mut Row,
    ) -> Result<(), FileError> {
        rows.jump(offset, line).map_err(|cause| self.lost(cause))?;
        let there = self.step(rows, row)?;
        there.then_some(()).ok_or_else(|| self.lost(std::io::ErrorKind::UnexpectedEof.into()))
    }

    fn lost(&self, cause: std::io::Error) -> FileError {
        FileError::WorkFolder { folder: self.path.display().to_string(), cause }
    }
}

/// Whether the id column is there, and how many columns a delimiter makes.
fn rank(header: &Row, dialect: &Dialect) -> (bool, usize) {
    (header.iter().any(|name| name.trim() == dialect.id.trim()), header.cells.min(MAX_COLUMNS + 1))
}
