//! The bytes of one version of the file: from a disk, or from S3.
//!
//! In: where it lies, and what was read last time. Out: a raw copy of exactly one version, or that nothing changed.
//! A local file that is written to meanwhile is copied again; an S3 object is fetched under the `ETag` that was
//! looked at.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::copies::Version;
use super::error::FileError;
use super::intake::{Intake, Raw};
use super::source::blocking;

/// How often a file that changes while it is copied is copied again, at once: an export that takes longer than
/// three copies is found again by the next cycle.
const ATTEMPTS: u32 = 3;

/// Bytes read at a time from a disk.
const CHUNK: usize = 64 * 1024;

/// Where the file lies.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    Local(PathBuf),
    S3(Box<S3Object>),
}

/// An object in a bucket.
#[derive(Debug, Clone)]
pub(super) struct S3Object {
    pub(super) client: Client,
    pub(super) bucket: String,
    pub(super) key: String,
}

/// What a fetch brought.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The object still has the `ETag` of the version known; its bytes were not fetched.
    Unchanged,
    /// A raw copy, with S3's `ETag` and version.
    Copy { raw: Raw, etag: Option<String>, version_id: Option<String> },
}

impl Origin {
    /// For a person: the path, or `s3://bucket/key`.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Local(path) => path.display().to_string(),
            Self::S3(object) => object.place(),
        }
    }

    /// Brings one version to `to`, unless it is `known`.
    pub(super) async fn fetch(
        &self,
        to: PathBuf,
        known: Option<&Version>,
        max: u64,
        calls: &Arc<AtomicU64>,
    ) -> Result<Fetched, FileError> {
        match self {
            Self::S3(object) => object.fetch(&to, known, max, calls).await,
            Self::Local(path) => {
                let (path, place, calls) = (path.clone(), self.place(), calls.clone());
                let raw = blocking(move || copy_local(&path, &place, &to, max, &calls)).await?;
                Ok(Fetched::Copy { raw, etag: None, version_id: None })
            }
        }
    }
}

/// By what a change of a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self { length: metadata.len(), modified: metadata.modified().ok(), inode }
    }
}

fn copy_local(path: &Path, place: &str, to: &Path, max: u64, calls: &AtomicU64) -> Result<Raw, FileError> {
    unchanged_copy(place, || {
        calls.fetch_add(1, Ordering::Relaxed);
        copy_once(path, place, to, max)
    })
}

/// Copies until what was seen before equals what is seen after.
fn unchanged_copy(
    place: &str,
    mut attempt: impl FnMut() -> Result<(Stamp, Raw, Stamp), FileError>,
) -> Result<Raw, FileError> {
    for _ in 0..ATTEMPTS {
        let (before, raw, after) = attempt()?;
        if before == after && raw.bytes == before.length {
            return Ok(raw);
        }
    }
    Err(FileError::Changing { file: place.to_owned(), attempts: ATTEMPTS })
}

fn copy_once(path: &Path, place: &str, to: &Path, max: u64) -> Result<(Stamp, Raw, Stamp), FileError> {
    let outside = |cause| FileError::reading(place, cause);
    // Asked before opening: opening a named pipe would wait for a writer.
    if !std::fs::metadata(path).map_err(outside)?.is_file() {
        return Err(FileError::NotAFile { file: place.to_owned() });
    }
    let mut file = File::open(path).map_err(outside)?;
    let before = Stamp::of(&file.metadata().map_err(outside)?);
    let mut intake = Sink::begin(to, place, max)?;
    let mut bytes = vec![0; CHUNK];
    loop {
        let read = file.read(&mut bytes).map_err(outside)?;
        if read == 0 {
            break;
        }
        intake.push(&bytes[..read])?;
    }
    // By the path, not by the handle: a file renamed over this one is a change, too.
    let after = Stamp::of(&std::fs::metadata(path).map_err(outside)?);
    Ok((before, intake.finish()?, after))
}

/// An [`Intake`] that knows the limit and speaks in sentences.
struct Sink<'a> {
    intake: Intake,
    to: &'a Path,
    place: &'a str,
    max: u64,
}

impl<'a> Sink<'a> {
    fn begin(to: &'a Path, place: &'a str, max: u64) -> Result<Self, FileError> {
        let intake = Intake::begin(to).map_err(|cause| work_folder(to, cause))?;
        Ok(Self { intake, to, place, max })
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        if self.intake.bytes() + bytes.len() as u64 > self.max {
            return Err(FileError::TooLarge { file: self.place.to_owned(), max: self.max });
        }
        self.intake.push(bytes).map_err(|cause| work_folder(self.to, cause))
    }

    fn finish(self) -> Result<Raw, FileError> {
        self.intake.finish().map_err(|cause| work_folder(self.to, cause))
    }
}

fn work_folder(to: &Path, cause: std::io::Error) -> FileError {
    FileError::WorkFolder { folder: to.display().to_string(), cause }
}

/// What a `HeadObject` said.
struct Seen {
    etag: Option<String>,
    version_id: Option<String>,
}

impl S3Object {
    fn place(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }

    async fn fetch(
        &self,
        to: &Path,
        known: Option<&Version>,
        max: u64,
        calls: &AtomicU64,
    ) -> Result<Fetched, FileError> {
        for _ in 0..ATTEMPTS {
            let seen = self.look(calls).await?;
            if seen.etag.is_some() && known.is_some_and(|known| known.etag == seen.etag) {
                return Ok(Fetched::Unchanged);
            }
            if let Some(raw) = self.get(&seen, to, max, calls).await? {
                return Ok(Fetched::Copy { raw, etag: seen.etag, version_id: seen.version_id });
            }
        }
        Err(FileError::Changing { file: self.place(), attempts: ATTEMPTS })
    }

    async fn look(&self, calls: &AtomicU64) -> Result<Seen, FileError> {
        calls.fetch_add(1, Ordering::Relaxed);
        let head = self.client.head_object().bucket(&self.bucket).key(&self.key).send().await;
        let head = head.map_err(|error| self.failed(&error))?;
        Ok(Seen { etag: head.e_tag, version_id: head.version_id })
    }

    /// Fetches the version seen; `None` when another has taken its place.
    async fn get(
        &self,
        seen: &Seen,
        to: &Path,
        max: u64,
        calls: &AtomicU64,
    ) -> Result<Option<Raw>, FileError> {
        calls.fetch_add(1, Ordering::Relaxed);
        let request = self.client.get_object().bucket(&self.bucket).key(&self.key);
        let mut object = match request.set_if_match(seen.etag.clone()).send().await {
            Ok(object) => object,
            Err(error) if status(&error) == Some(412) => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        let broken = |problem: String| FileError::S3Failed { file: self.place(), problem };
        let place = self.place();
        let mut sink = Sink::begin(to, &place, max)?;
        // Chunks are tens of kilobytes and go to a local disk: not worth a hop to another thread each.
        while let Some(chunk) = object.body.try_next().await.map_err(|error| broken(error.to_string()))? {
            sink.push(&chunk)?;
        }
        let raw = sink.finish()?;
        match object.content_length.and_then(|length| u64::try_from(length).ok()) {
            Some(length) if length != raw.bytes => {
                Err(broken(format!("{} of {length} bytes arrived", raw.bytes)))
            }
            _ => Ok(Some(raw)),
        }
    }

    fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> FileError
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let file = self.place();
        match (status(error), error.code()) {
            (Some(404), _) => FileError::Missing { file },
            (Some(status @ (401 | 403)), _) => FileError::S3Refused { file, status },
            (Some(status), Some("ExpiredToken" | "InvalidToken")) => FileError::S3Refused { file, status },
            (Some(status), code) => {
                let code = code.unwrap_or("no code");
                FileError::S3Failed { file, problem: format!("it answered {status} ({code})") }
            }
            (None, _) => FileError::S3Failed { file, problem: DisplayErrorContext(error).to_string() },
        }
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_under_every_copy_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("copy");
        let stamp = |length| Stamp { length, modified: None, inode: 1 };
        let raw = || Intake::begin(&to).and_then(Intake::finish).unwrap();
        let check = |stamps: &[(u64, u64)]| {
            let mut stamps = stamps.iter();
            unchanged_copy("people.csv", || {
                let (before, after) = stamps.next().copied().unwrap();
                Ok((stamp(before), raw(), stamp(after)))
            })
        };
        assert!(check(&[(0, 0)]).is_ok());
        assert!(check(&[(0, 7), (0, 9), (0, 0)]).is_ok(), "the third attempt met a quiet file");
        let error = check(&[(0, 7), (7, 7), (9, 11)]).unwrap_err();
        assert!(error.to_string().contains("rename it when it is complete"), "{error}");
    }
}
