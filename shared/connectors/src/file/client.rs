//! The bytes of one version of a file: from a disk, or from S3.
//!
//! In: where it lies, and what was read last time. Out: a raw copy of exactly one version, or that nothing changed.
//! A local file that is written to meanwhile is copied again.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::copies::Part;
use super::error::{FileError, Label};
use super::intake::{Intake, Raw};
use super::s3::S3Object;
use super::versions::blocking;

/// How often a file that changes while it is copied is copied again, at once: an export that takes longer than
/// three copies is found again by the next cycle.
pub(super) const ATTEMPTS: u32 = 3;

/// Bytes read at a time from a disk.
const CHUNK: usize = 64 * 1024;

/// Where the file lies.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    Local(PathBuf),
    S3(Box<S3Object>),
}

/// A raw copy, and what the outside said of it.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) raw: Raw,
    pub(super) part: Part,
    /// What a local file looked like; an object in S3 is told by its `ETag`.
    pub(super) stamp: Option<Stamp>,
}

impl Origin {
    /// For a person: the path, or `s3://bucket/key`.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Local(path) => path.display().to_string(),
            Self::S3(object) => format!("s3://{}/{}", object.bucket, object.key),
        }
    }

    /// Brings one version to `to`; `None` when it is `known` to be unchanged without being read.
    pub(super) async fn fetch(
        &self,
        label: &Arc<Label>,
        to: PathBuf,
        known: Option<&Part>,
        max: u64,
        calls: &Arc<AtomicU64>,
    ) -> Result<Option<Fresh>, FileError> {
        match self {
            Self::S3(object) => object.fetch(label, &to, known, max, calls).await,
            Self::Local(path) => {
                let (path, label, calls) = (path.clone(), label.clone(), calls.clone());
                let (raw, stamp) = blocking(move || copy_local(&path, &label, &to, max, &calls)).await?;
                let part = Part { sha256: raw.sha256.clone(), etag: None, version_id: None };
                Ok(Some(Fresh { raw, part, stamp: Some(stamp) }))
            }
        }
    }

    /// Whether the outside file still is what `fresh` was copied from.
    pub(super) async fn is_still(
        &self,
        label: &Arc<Label>,
        fresh: &Fresh,
        calls: &AtomicU64,
    ) -> Result<bool, FileError> {
        match self {
            Self::S3(object) => Ok(object.etag(label, calls).await? == fresh.part.etag),
            Self::Local(path) => {
                let now = std::fs::metadata(path).map_err(|cause| FileError::reading(label, cause))?;
                Ok(fresh.stamp == Some(Stamp::of(&now)))
            }
        }
    }
}

/// By what a change of a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
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

fn copy_local(
    path: &Path,
    label: &Arc<Label>,
    to: &Path,
    max: u64,
    calls: &AtomicU64,
) -> Result<(Raw, Stamp), FileError> {
    unchanged_copy(label, || {
        calls.fetch_add(1, Ordering::Relaxed);
        copy_once(path, label, to, max)
    })
}

/// Copies until what was seen before equals what is seen after.
fn unchanged_copy(
    label: &Arc<Label>,
    mut attempt: impl FnMut() -> Result<(Stamp, Raw, Stamp), FileError>,
) -> Result<(Raw, Stamp), FileError> {
    for _ in 0..ATTEMPTS {
        let (before, raw, after) = attempt()?;
        if before == after && raw.bytes == before.length {
            return Ok((raw, after));
        }
    }
    Err(FileError::Changing { file: label.clone(), attempts: ATTEMPTS })
}

fn copy_once(path: &Path, label: &Arc<Label>, to: &Path, max: u64) -> Result<(Stamp, Raw, Stamp), FileError> {
    let outside = |cause| FileError::reading(label, cause);
    // Asked before opening: opening a named pipe would wait for a writer.
    if !std::fs::metadata(path).map_err(outside)?.is_file() {
        return Err(FileError::NotAFile { file: label.clone() });
    }
    let mut file = File::open(path).map_err(outside)?;
    let before = Stamp::of(&file.metadata().map_err(outside)?);
    let mut intake = Sink::begin(to, label, max)?;
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
pub(super) struct Sink<'a> {
    intake: Intake,
    to: &'a Path,
    label: &'a Arc<Label>,
    max: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn begin(to: &'a Path, label: &'a Arc<Label>, max: u64) -> Result<Self, FileError> {
        let intake = Intake::begin(to).map_err(|cause| work_folder(to, cause))?;
        Ok(Self { intake, to, label, max })
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        if self.intake.bytes() + bytes.len() as u64 > self.max {
            return Err(FileError::TooLarge { file: self.label.clone(), max: self.max });
        }
        self.intake.push(bytes).map_err(|cause| work_folder(self.to, cause))
    }

    pub(super) fn finish(self) -> Result<Raw, FileError> {
        self.intake.finish().map_err(|cause| work_folder(self.to, cause))
    }
}

fn work_folder(to: &Path, cause: std::io::Error) -> FileError {
    FileError::WorkFolder { folder: to.display().to_string(), cause }
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
            let label =
                Label { place: "people.csv".into(), name: "people.csv".into(), section: "source.file" };
            unchanged_copy(&Arc::new(label), || {
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
