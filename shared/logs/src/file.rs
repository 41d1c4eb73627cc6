//! Records as files, written while they are read.
//!
//! | Format | File |
//! |---|---|
//! | `csv` | a zip of three joined files, see [`crate::csv`] |
//! | `json` | one array of records, as the API shows them |
//! | `ndjson` | a line for each record |
//!
//! Written on a thread that may wait for the disk and for whoever takes the bytes.

use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use engine::report::ProvisioningRecord;
use store::QueryError;
use tokio::runtime::Handle;

use crate::csv::Joined;
use crate::{Walk, line};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Three joined files in a zip.
    Csv,
    /// One array.
    Json,
    /// A line for each record.
    Ndjson,
}

impl Format {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }

    /// What a file's name ends with.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "zip",
            other => other.word(),
        }
    }

    /// What HTTP calls it.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "application/zip",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let all = [Self::Csv, Self::Json, Self::Ndjson];
        all.into_iter()
            .find(|format| format.word() == word)
            .ok_or_else(|| format!("'{word}' is no format of the log; there are csv, json and ndjson"))
    }
}

/// Why a file could not be written to its end.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] QueryError),
    /// The file was not taken: the disk is full, or whoever asked for it went away.
    #[error("the file could not be written: {0}")]
    Write(#[from] io::Error),
}

/// A file while it is written.
pub struct File<W: Write>(Kind<W>);

enum Kind<W: Write> {
    Csv(Box<Joined<W>>),
    Json { out: W, begun: bool },
    Ndjson(W),
}

impl<W: Write> File<W> {
    /// A file without records. `work` is a folder for temporary files.
    ///
    /// # Errors
    /// What the writer or the disk says.
    pub fn new(format: Format, mut out: W, work: &Path) -> io::Result<Self> {
        Ok(Self(match format {
            Format::Csv => Kind::Csv(Box::new(Joined::new(out, work)?)),
            Format::Json => {
                out.write_all(b"[")?;
                Kind::Json { out, begun: false }
            }
            Format::Ndjson => Kind::Ndjson(out),
        }))
    }

    /// Some more records.
    ///
    /// # Errors
    /// What the writer or the disk says.
    pub fn add(&mut self, records: &[ProvisioningRecord]) -> io::Result<()> {
        match &mut self.0 {
            Kind::Csv(joined) => joined.add(records),
            Kind::Json { out, begun } => {
                for record in records {
                    let comma = if std::mem::replace(begun, true) { "," } else { "" };
                    write!(out, "{comma}{}", line(record)?)?;
                }
                Ok(())
            }
            Kind::Ndjson(out) => {
                for record in records {
                    writeln!(out, "{}", line(record)?)?;
                }
                Ok(())
            }
        }
    }

    /// The end of the file. A zip that does not come to it has no table of contents, an array no bracket at its end; that
    /// lines are missing is for the caller to show.
    ///
    /// # Errors
    /// What the writer or the disk says.
    pub fn finish(self) -> io::Result<W> {
        let mut out = match self.0 {
            Kind::Csv(joined) => joined.finish()?,
            Kind::Json { mut out, .. } => {
                out.write_all(b"]")?;
                out
            }
            Kind::Ndjson(out) => out,
        };
        out.flush()?;
        Ok(out)
    }
}

/// Writes all that a walk finds. `told` hears how many records there are by now, and may stop it.
///
/// # Errors
/// [`WriteError`], and what `told` says. The file is cut then.
pub fn write<W: Write, E: From<WriteError>>(
    runtime: &Handle,
    mut walk: Walk,
    mut file: File<W>,
    mut told: impl FnMut(u64) -> Result<(), E>,
) -> Result<(u64, W), E> {
    let mut count = 0;
    while let Some(records) = runtime.block_on(walk.next()).map_err(WriteError::from)? {
        file.add(&records).map_err(WriteError::from)?;
        count += records.len() as u64;
        told(count)?;
    }
    Ok((count, file.finish().map_err(WriteError::from)?))
}
