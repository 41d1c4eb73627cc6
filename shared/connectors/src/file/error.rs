//! Everything that can be wrong with a file, each as one sentence that names the place and the cure.

use std::fmt;
use std::io;
use std::sync::Arc;

use engine::ports::SourceError;

/// What one of the files is called in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    /// Where it lies: a path, or `s3://bucket/key`.
    pub(super) place: String,
    /// The last part of that, for messages about a row: `people.csv`.
    pub(super) name: String,
    /// Where the document speaks of it: `source.file`.
    pub(super) section: &'static str,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("source.file.{field} {problem}")]
    Config { field: &'static str, problem: String },
    #[error(
        "{file} lies in S3, but no S3 client was set up; give AWS credentials and a region, or use a local file"
    )]
    NoS3Client { file: Arc<Label> },
    #[error("{file} does not exist; put the file there or correct {section}.path", section = .file.section)]
    Missing { file: Arc<Label> },
    #[error("{file} may not be read by this process; give it read permission")]
    Forbidden { file: Arc<Label> },
    #[error("{file} is not a plain file; let {section}.path lead to one", section = .file.section)]
    NotAFile { file: Arc<Label> },
    #[error("{file} cannot be read ({cause}); the next cycle tries again")]
    Io { file: Arc<Label>, cause: io::Error },
    #[error(
        "{file} was written to during each of {attempts} attempts to copy it; write it under another name and rename it when it is complete"
    )]
    Changing { file: Arc<Label>, attempts: u32 },
    #[error("{file} is larger than {max} bytes; raise {section}.maxBytes if that is right", section = .file.section)]
    TooLarge { file: Arc<Label>, max: u64 },
    #[error(
        "the private copy in {folder} cannot be kept ({cause}); make room or give write permission there"
    )]
    WorkFolder { folder: String, cause: io::Error },

    #[error(
        "S3 refused {file} with {status}; allow s3:GetObject on it (a missing object also shows as 403 without s3:ListBucket)"
    )]
    S3Refused { file: Arc<Label>, status: u16 },
    #[error("{file} could not be fetched from S3: {problem}; the next cycle tries again")]
    S3Failed { file: Arc<Label>, problem: String },

    #[error("{file} is empty: truncated, or still being written; export it again")]
    Empty { file: Arc<Label> },
    #[error("{file} has no header; the first line must name the columns")]
    NoHeader { file: Arc<Label> },
    #[error(
        "{file} line {line} holds a NUL byte, so this is no text (a workbook or archive?), or UTF-16 without a mark; export it as CSV in UTF-8, or set {section}.encoding: utf-16le",
        section = .file.section
    )]
    NotText { file: Arc<Label>, line: u64 },
    #[error(
        "{file} line {line} is not {encoding} text; export the file as UTF-8, or name its encoding in {section}.encoding",
        section = .file.section
    )]
    BadText { file: Arc<Label>, line: u64, encoding: &'static str },
    #[error(
        "{file} mixes encodings: line {line} is not UTF-8 while other lines are; export the file as UTF-8, or name its encoding in {section}.encoding",
        section = .file.section
    )]
    MixedText { file: Arc<Label>, line: u64 },
    #[error(
        "{file} ends inside the cell whose quotation mark opens on line {line}: truncated, or the mark is never closed; export it again"
    )]
    Unclosed { file: Arc<Label>, line: u64 },

    #[error(
        "{file} has no column '{id}' with any of the delimiters {tried}; the header is {header}; correct {section}.id or set {section}.delimiter",
        section = .file.section
    )]
    UnknownDelimiter { file: Arc<Label>, id: String, tried: String, header: String },
    #[error("{file} has no column '{column}' ({section}.{field}); its columns are {columns}", section = .file.section)]
    MissingColumn { file: Arc<Label>, field: &'static str, column: String, columns: String },
    #[error("{file} names column '{column}' twice, as number {first} and {second}; rename one of them")]
    ColumnTwice { file: Arc<Label>, column: String, first: usize, second: usize },
    #[error("{file} has no name for column {position}; name it in the header, or remove it")]
    ColumnWithoutName { file: Arc<Label>, position: usize },
    #[error(
        "{file} has more than {max} columns; export only those that are mapped, or correct {section}.delimiter",
        section = .file.section
    )]
    TooManyColumns { file: Arc<Label>, max: usize },
    #[error("{file} line {line}: the header cannot be read, because {problem}; export it again")]
    BadHeader { file: Arc<Label>, line: u64, problem: String },
    #[error(
        "{file} repeats ids in column '{column}': {examples}; remove the repeated rows, or choose a column that is unique"
    )]
    RepeatedIds { file: Arc<Label>, column: String, examples: String },
    #[error(
        "{file} and the file of people share ids: {examples}; an id stands for one person or one group, so give one of the two another id, or choose other columns"
    )]
    SharedIds { file: Arc<Label>, examples: String },
    #[error(
        "{file} has a column 'members' beside '{column}', which holds the members; rename it or leave it out, because members are mapped by that name"
    )]
    MembersTwice { file: Arc<Label>, column: String },

    #[error("{file} changed since this reading began; the reading begins again with the new version")]
    Moved { file: Arc<Label> },
    #[error(
        "the reading of {file} cannot be continued from a position that another version of this program or of its configuration wrote; it begins again"
    )]
    ForeignCursor { file: Arc<Label> },
}

impl FileError {
    /// What a failed read of the outside file means.
    pub(super) fn reading(file: &Arc<Label>, cause: io::Error) -> Self {
        let file = file.clone();
        match cause.kind() {
            io::ErrorKind::NotFound => Self::Missing { file },
            io::ErrorKind::PermissionDenied => Self::Forbidden { file },
            _ => Self::Io { file, cause },
        }
    }
}

impl From<FileError> for SourceError {
    fn from(error: FileError) -> Self {
        let sentence = error.to_string();
        match error {
            FileError::Moved { .. } | FileError::ForeignCursor { .. } => Self::Moved(sentence),
            FileError::S3Refused { .. } => Self::Credentials(sentence),
            FileError::Missing { .. }
            | FileError::Forbidden { .. }
            | FileError::Io { .. }
            | FileError::Changing { .. }
            | FileError::WorkFolder { .. }
            | FileError::NoS3Client { .. }
            | FileError::S3Failed { .. } => Self::Unavailable(sentence),
            _ => Self::Refused(sentence),
        }
    }
}
