//! Records of the log as a file, for whoever asked for it.
//!
//! In: which records, and in which format. Out: a file where [`Exports`](logs::exports::Exports) are, with what there is
//! to tell of it: `format`, `records`, `bytes`, `key`.
//!
//! Records go from the store into a compressed file on this machine, some at a time, and from there to the bucket. How far
//! it is shows in the operation.
//!
//! # Guarantees
//! There is a file when it has all the records, and none otherwise. What takes longer than the invocation, or more than the
//! disk, is refused with the cure: an export of half a year is two of a quarter.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use engine::ports::StoreError;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use logs::odata::Filter;
use logs::{Format, Question, Walk, WriteError, exports, text_to_search};
use runtime::ask::{Asked, Export, Refusal};
use serde_json::{Value, json};
use store::{Operation, QueryError};
use tempfile::NamedTempFile;
use tokio::runtime::Handle;

use crate::context::Context;

/// Records after which the operation tells how far it is: some seconds' worth.
const TOLD_AFTER: u64 = 5_000;

/// Writes the file and puts it where it is fetched. `deadline` is when this process has to be done with writing it, where
/// there is such a time.
///
/// # Errors
/// What is wrong with the question, that the export is too large for one go, or that store, disk or bucket failed.
pub async fn export(
    context: &Context,
    asked: &Asked,
    export: &Export,
    deadline: Option<Timestamp>,
) -> Result<Value, Refusal> {
    let format: Format = export.format.parse().map_err(bad_request)?;
    let question = question(export).map_err(bad_request)?;
    let mut walk = Walk::new(context.store.clone(), question);
    walk.begin().await.map_err(|error| refused(&error.into(), 0))?;
    let operation = context.store.operation(asked.operation, context.clock.now()).await;
    let progress = Progress {
        context: context.clone(),
        operation: operation.map_err(|error| refused(&read(error), 0))?,
        deadline,
        told: 0,
    };
    let work = context.work.clone();
    let runtime = Handle::current();
    let written = tokio::task::spawn_blocking(move || written(&runtime, walk, format, &work, progress)).await;
    let (records, file) = written.map_err(|error| failed("the writing of an export broke off", &error))??;
    let bytes = file.as_file().metadata().map_err(|error| failed("an export cannot be read", &error))?.len();
    let put = context.exports.put(asked.operation, format, file.path()).await;
    put.map_err(|error| failed("an export was not taken", &error))?;
    Ok(json!({
        "format": format.word(),
        "records": records,
        "bytes": bytes,
        "key": exports::key(asked.operation, format),
    }))
}

/// What is asked, understood.
fn question(export: &Export) -> Result<Question, String> {
    let filter =
        export.filter.as_deref().map(Filter::parse).transpose().map_err(|error| error.to_string())?;
    Ok(Question {
        filter: filter.unwrap_or_default(),
        search: export.search.as_deref().map(text_to_search).transpose()?,
        jobs: export.jobs.clone().map(FromIterator::from_iter),
        ..Question::default()
    })
}

/// Writes the file, on a thread that may wait for the disk.
fn written(
    runtime: &Handle,
    walk: Walk,
    format: Format,
    work: &Path,
    mut progress: Progress,
) -> Result<(u64, NamedTempFile), Refusal> {
    let disk = |error: io::Error| refused(&error.into(), 0);
    std::fs::create_dir_all(work).map_err(disk)?;
    let file = NamedTempFile::new_in(work).map_err(disk)?;
    let out = Packed::new(format, file.reopen().map_err(disk)?);
    let lines = logs::File::new(format, out, work).map_err(disk)?;
    let mut written = 0;
    let outcome = logs::write(runtime, walk, lines, |count| {
        written = count;
        runtime.block_on(progress.told(count))
    });
    let (records, out) = outcome.map_err(|stop| match stop {
        Stop::Failed(error) => refused(&error, written),
        Stop::Late => too_large(written),
    })?;
    out.finish().map_err(|error| refused(&error.into(), written))?;
    Ok((records, file))
}

/// Why the writing stopped.
enum Stop {
    Failed(WriteError),
    /// The invocation ends.
    Late,
}

impl From<WriteError> for Stop {
    fn from(error: WriteError) -> Self {
        Self::Failed(error)
    }
}

/// Tells how far it is, and when the time is over.
struct Progress {
    context: Context,
    /// `None` when nobody remembers it.
    operation: Option<Operation>,
    deadline: Option<Timestamp>,
    told: u64,
}

impl Progress {
    async fn told(&mut self, count: u64) -> Result<(), Stop> {
        if self.deadline.is_some_and(|deadline| self.context.clock.now() >= deadline) {
            return Err(Stop::Late);
        }
        let Some(operation) = self.operation.as_mut().filter(|_| count >= self.told + TOLD_AFTER) else {
            return Ok(());
        };
        self.told = count;
        operation.done = Some(count);
        self.context.store.note_operation(operation).await.map_err(|error| Stop::Failed(read(error)))
    }
}

/// The file on disk: a zip is compressed by itself, texts are here.
enum Packed {
    Zip(BufWriter<File>),
    Text(Box<GzEncoder<BufWriter<File>>>),
}

impl Packed {
    fn new(format: Format, file: File) -> Self {
        let file = BufWriter::new(file);
        match format {
            Format::Csv => Self::Zip(file),
            Format::Json | Format::Ndjson => {
                Self::Text(Box::new(GzEncoder::new(file, Compression::default())))
            }
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Zip(mut file) => file.flush(),
            Self::Text(text) => text.finish()?.flush(),
        }
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zip(file) => file.write(bytes),
            Self::Text(text) => text.write(bytes),
        }
    }

    /// At the end: each flush would begin a block of its own.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read(error: StoreError) -> WriteError {
    QueryError::from(error).into()
}

fn refused(error: &WriteError, written: u64) -> Refusal {
    match error {
        WriteError::Read(QueryError::Store(error)) => {
            tracing::error!("an export cannot read the log: {error}");
            let message = "the store did not answer; ask for the export again in a moment".to_owned();
            Refusal { status: 503, code: "serviceNotAvailable".to_owned(), message }
        }
        WriteError::Read(error) => bad_request(error.to_string()),
        WriteError::Write(error) if is_full(error) => too_large(written),
        WriteError::Write(error) => failed("an export cannot be written", error),
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn too_large(written: u64) -> Refusal {
    let message = format!(
        "the export is too large to be written in one go, which ended after {written} records; narrow activityDateTime \
         in the filter, and ask for one export for each stretch of time"
    );
    Refusal { status: 400, code: "exportTooLarge".to_owned(), message }
}

fn bad_request(message: String) -> Refusal {
    Refusal { status: 400, code: "Request_BadRequest".to_owned(), message }
}

/// What is ours to mend: the log says more than the caller needs to know.
fn failed(what: &str, error: &dyn std::error::Error) -> Refusal {
    tracing::error!("{what}: {error}");
    let message = format!("{what}; ask again, and if that does not help look into the function's log");
    Refusal { status: 500, code: "generalException".to_owned(), message }
}
