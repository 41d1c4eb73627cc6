//! Everything that can be wrong with a file, each as one sentence that names the place and the cure.

use std::io;

use engine::ports::SourceError;

/// Why a file could not be read. `file` is where it lies: a path, or `s3://bucket/key`.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("source.file.{field} {problem}")]
    Config { field: &'static str, problem: String },
    #[error(
        "{file} lies in S3, but no S3 client was set up; give AWS credentials and a region, or use a local file"
    )]
    NoS3Client { file: String },
    #[error("{file} does not exist; put the file there or correct source.file.path")]
    Missing { file: String },
    #[error("{file} may not be read by this process; give it read permission")]
    Forbidden { file: String },
    #[error("{file} is not a plain file; let source.file.path lead to one")]
    NotAFile { file: String },
    #[error("{file} cannot be read ({cause}); the next cycle tries again")]
    Io { file: String, cause: io::Error },
    #[error(
        "{file} was written to during each of {attempts} attempts to copy it; write it under another name and rename it when it is complete"
    )]
    Changing { file: String, attempts: u32 },
    #[error("{file} is larger than {max} bytes; raise source.file.maxBytes if that is right")]
    TooLarge { file: String, max: u64 },
    #[error(
        "the private copy in {folder} cannot be kept ({cause}); make room or give write permission there"
    )]
    WorkFolder { folder: String, cause: io::Error },

    #[error(
        "S3 refused {file} with {status}; allow s3:GetObject on it (a missing object also shows as 403 without s3:ListBucket)"
    )]
    S3Refused { file: String, status: u16 },
    #[error("{file} could not be fetched from S3: {problem}; the next cycle tries again")]
    S3Failed { file: String, problem: String },

    #[error("{file} is empty: truncated, or still being written; export it again")]
    Empty { file: String },
    #[error("{file} has no header; the first line must name the columns")]
    NoHeader { file: String },
    #[error(
        "{file} line {line} holds a NUL byte, so this is no text (a workbook or archive?), or UTF-16 without a mark; export it as CSV in UTF-8, or set source.file.encoding: utf-16le"
    )]
    NotText { file: String, line: u64 },
    #[error(
        "{file} line {line} is not {encoding} text; export the file as UTF-8, or name its encoding in source.file.encoding"
    )]
    BadText { file: String, line: u64, encoding: &'static str },
    #[error(
        "{file} mixes encodings: line {line} is not UTF-8 while other lines are; export the file as UTF-8, or name its encoding in source.file.encoding"
    )]
    MixedText { file: String, line: u64 },
    #[error(
        "{file} ends inside the cell whose quotation mark opens on line {line}: truncated, or the mark is never closed; export it again"
    )]
    Unclosed { file: String, line: u64 },

    #[error(
        "{file} has no column '{id}' with any of the delimiters {tried}; the header is {header}; correct source.file.id or set source.file.delimiter"
    )]
    UnknownDelimiter { file: String, id: String, tried: String, header: String },
    #[error("{file} has no column '{column}' (source.file.{field}); its columns are {columns}")]
    MissingColumn { file: String, field: &'static str, column: String, columns: String },
    #[error("{file} names column '{column}' twice, as number {first} and {second}; rename one of them")]
    ColumnTwice { file: String, column: String, first: usize, second: usize },
    #[error("{file} has no name for column {position}; name it in the header, or remove it")]
    ColumnWithoutName { file: String, position: usize },
    #[error(
        "{file} has more than {max} columns; export only those that are mapped, or correct source.file.delimiter"
    )]
    TooManyColumns { file: String, max: usize },
    #[error("{file} line {line}: the header cannot be read, because {problem}; export it again")]
    BadHeader { file: String, line: u64, problem: String },
    #[error(
        "{file} repeats ids in column '{column}': {examples}; remove the repeated rows, or choose a column that is unique"
    )]
    RepeatedIds { file: String, column: String, examples: String },

    #[error("{file} changed since this reading began; the reading begins again with the new version")]
    Moved { file: String },
    #[error(
        "the reading of {file} cannot be continued from a position that another version of this program or of its configuration wrote; it begins again"
    )]
    ForeignCursor { file: String },
}

impl FileError {
    /// What a failed read of the outside file means.
    pub(super) fn reading(file: &str, cause: io::Error) -> Self {
        let file = file.to_owned();
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
