//! RFC 4180: from bytes to rows that know their line.
//!
//! In: UTF-8 text and a delimiter. Out: one [`Row`] at a time, with the line and the byte offset it begins at.
//!
//! # Why not the `csv` crate's reader
//! It is lenient by design: text after a closing quotation mark joins the cell, and a quotation mark that is never
//! closed ends with the file, both without a word. Either way a quoted cell can swallow the rows after it, and
//! whoever is missing from a file is taken as a leaver. Here both are seen. The crate is the yardstick in the
//! tests: whatever it writes reads back equal.
//!
//! # Guarantees
//! Memory is bounded whatever the file holds: cells are cut at [`MAX_CELL`], columns at [`MAX_COLUMNS`], and what is
//! cut is marked.

use std::io::{self, BufRead, BufReader, Read, Seek};

/// The longest cell, in bytes: 64 KiB holds any name, address or list of groups; what is longer is a quotation
/// mark that was never closed, or a picture.
pub(super) const MAX_CELL: usize = 64 * 1024;

/// The longest cell with the members of a group, in bytes: 8 MiB are two hundred thousand ids of forty letters.
pub(super) const MAX_MEMBERS_CELL: usize = 8 << 20;

/// The most columns: the widest HR exports have about 300; five hundred keep a row's memory bounded.
pub(super) const MAX_COLUMNS: usize = 500;

/// One row, reused for the next to spare allocations.
#[derive(Debug, Default, Clone)]
pub(super) struct Row {
    /// The line it begins on, counted from 1.
    pub(super) line: u64,
    /// The byte it begins at.
    pub(super) offset: u64,
    /// How many cells it has, those cut off included.
    pub(super) cells: usize,
    /// Why its cells cannot be trusted.
    pub(super) fault: Option<Fault>,
    /// The position of the one cell that may be as long as [`MAX_MEMBERS_CELL`].
    long: Option<usize>,
    /// How long the cell under way may be.
    max: usize,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// Why a row's cells cannot be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// `"abc"def`: a quotation mark inside a quoted cell was not doubled, so rows may have run into one another.
    TextAfterQuote {
        /// Where.
        line: u64,
    },
    /// A cell is longer than [`MAX_CELL`], or than [`MAX_MEMBERS_CELL`].
    CellTooLong {
        /// Its number, counted from 1.
        column: usize,
        /// What it may have at most, in bytes.
        max: usize,
    },
}

/// Why rows could not be read on.
#[derive(Debug)]
pub(super) enum RecordsError {
    /// The copy could not be read.
    Io(io::Error),
    /// The file ends inside the quoted cell that began on this line.
    Unclosed(u64),
}

impl Row {
    /// A row whose cell at this position, if any, may hold the members of a group.
    pub(super) fn with_long(position: Option<usize>) -> Self {
        Self { long: position, ..Self::default() }
    }

    /// The cell at a position counted from 0.
    pub(super) fn cell(&self, position: usize) -> Option<&str> {
        let end = *self.ends.get(position)?;
        let start = position.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        std::str::from_utf8(self.text.get(start..end)?).ok()
    }

    /// All cells that were kept.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|position| self.cell(position).unwrap_or_default())
    }

    /// Bytes of text it holds.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Nothing in any cell: an empty line, or the `;;;;` that spreadsheets leave behind a table.
    fn is_blank(&self) -> bool {
        self.text.is_empty() && self.fault.is_none()
    }

    fn begin(&mut self, line: u64, offset: u64) {
        (self.line, self.offset, self.cells, self.fault) = (line, offset, 0, None);
        self.text.clear();
        self.ends.clear();
        self.begin_cell();
    }

    fn begin_cell(&mut self) {
        self.max = if self.long == Some(self.cells) { MAX_MEMBERS_CELL } else { MAX_CELL };
    }

    fn push(&mut self, byte: u8) {
        if self.cells > MAX_COLUMNS {
            return;
        }
        if self.text.len() - self.ends.last().copied().unwrap_or(0) == self.max {
            self.fault.get_or_insert(Fault::CellTooLong { column: self.cells + 1, max: self.max });
            return;
        }
        self.text.push(byte);
    }

    fn end_cell(&mut self) {
        if self.cells <= MAX_COLUMNS {
            self.ends.push(self.text.len());
        }
        self.cells += 1;
        self.begin_cell();
    }
}

/// Reads rows one after the other.
pub(super) struct Records<R> {
    input: R,
    delimiter: u8,
    /// The line the next row begins on.
    pub(super) line: u64,
    /// The byte the next row begins at.
    pub(super) offset: u64,
}

impl<R: BufRead> Records<R> {
    /// Rows from `input`, which stands at byte `offset`, the beginning of line `line`.
    pub(super) fn new(input: R, delimiter: u8, line: u64, offset: u64) -> Self {
        Self { input, delimiter, line, offset }
    }

    /// Reads the next row that is not blank; `false` at the end of the file.
    pub(super) fn next_into(&mut self, row: &mut Row) -> Result<bool, RecordsError> {
        loop {
            row.begin(self.line, self.offset);
            if !self.record(row)? {
                return Ok(false);
            }
            if !row.is_blank() {
                return Ok(true);
            }
        }
    }

    fn record(&mut self, row: &mut Row) -> Result<bool, RecordsError> {
        let mut machine = Machine::new(self.delimiter, self.line);
        loop {
            let buffer = self.input.fill_buf().map_err(RecordsError::Io)?;
            if buffer.is_empty() {
                return self.at_end(&machine, row);
            }
            let end = buffer.iter().position(|byte| machine.takes(*byte, row));
            let used = end.map_or(buffer.len(), |position| position + 1);
            self.input.consume(used);
            self.offset += used as u64;
            if end.is_some() {
                self.line = machine.line;
                self.finish_line_end(machine.last)?;
                return Ok(true);
            }
        }
    }

    fn at_end(&mut self, machine: &Machine, row: &mut Row) -> Result<bool, RecordsError> {
        if machine.state == State::Quoted {
            return Err(RecordsError::Unclosed(machine.quote_line));
        }
        self.line = machine.line;
        let began = self.offset > row.offset;
        if began {
            row.end_cell();
        }
        Ok(began)
    }

    /// The line feed behind a carriage return belongs to the same line end, so that a cursor never points
    /// between the two.
    fn finish_line_end(&mut self, last: u8) -> Result<(), RecordsError> {
        if last == b'\r' && self.input.fill_buf().map_err(RecordsError::Io)?.first() == Some(&b'\n') {
            self.input.consume(1);
            self.offset += 1;
        }
        Ok(())
    }
}

impl<R: Read + Seek> Records<BufReader<R>> {
    /// Goes to byte `offset`, the beginning of `line`; what was read ahead is kept where it helps.
    pub(super) fn jump(&mut self, offset: u64, line: u64) -> io::Result<()> {
        let way = i64::try_from(i128::from(offset) - i128::from(self.offset)).map_err(io::Error::other)?;
        self.input.seek_relative(way)?;
        (self.offset, self.line) = (offset, line);
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellBegins,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// Where in a row the reader stands.
struct Machine {
    delimiter: u8,
    state: State,
    line: u64,
    quote_line: u64,
    last: u8,
}

impl Machine {
    fn new(delimiter: u8, line: u64) -> Self {
        Self { delimiter, state: State::CellBegins, line, quote_line: line, last: 0 }
    }

    /// Takes one byte; true when it ends the row.
    fn takes(&mut self, byte: u8, row: &mut Row) -> bool {
        let before = std::mem::replace(&mut self.last, byte);
        match (self.state, byte) {
            (State::Quoted, b'"') => self.state = State::QuoteInQuoted,
            (State::Quoted, _) => {
                self.line += u64::from(byte == b'\r' || (byte == b'\n' && before != b'\r'));
                row.push(byte);
            }
            (State::QuoteInQuoted, b'"') => {
                row.push(byte);
                self.state = State::Quoted;
            }
            (_, byte) if byte == self.delimiter => {
                row.end_cell();
                self.state = State::CellBegins;
            }
            (_, b'\n' | b'\r') => {
                row.end_cell();
                self.line += 1;
                return true;
            }
            (State::CellBegins, b'"') => {
                self.quote_line = self.line;
                self.state = State::Quoted;
            }
            (State::QuoteInQuoted, _) => {
                row.fault = Some(Fault::TextAfterQuote { line: self.line });
                row.push(byte);
                self.state = State::Plain;
            }
            (State::CellBegins | State::Plain, _) => {
                row.push(byte);
                self.state = State::Plain;
            }
        }
        false
    }
}
