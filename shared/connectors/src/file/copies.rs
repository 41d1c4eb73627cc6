//! The private copies in the work folder.
//!
//! In: a raw copy of one version. Out: its UTF-8 copy under a name derived from the version, with a slip beside it
//! that says what it is. The slip is written last and holds the copy's hash: a copy without a slip, or one that was
//! changed, does not exist.
//!
//! # Assumptions
//! The folder belongs to one source: keeping one version deletes all others.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use engine::ids::digest16;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config::TextEncoding;
use super::encoding::to_utf8;
use super::error::FileError;
use super::intake::{Raw, hex};
use crate::private;

/// Raw copies this process began.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// The work folder.
#[derive(Debug)]
pub(super) struct Copies {
    folder: PathBuf,
}

/// One version of the outside file, as the outside describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// Digest of the configuration it was read with: other columns make another reading.
    pub(super) config: String,
    /// The S3 object's `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    /// The S3 object's version, in a versioned bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version_id: Option<String>,
}

impl Version {
    /// The name of its copy.
    fn stem(&self) -> String {
        stem(&self.sha256, &self.config)
    }
}

fn stem(sha256: &str, config: &str) -> String {
    hex(&digest16(&[sha256.as_bytes(), config.as_bytes()]))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Slip {
    version: Version,
    copy_sha256: String,
}

impl Copies {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// A new name for a raw copy. No process uses one twice: a copy that was given up may still be under way on its
    /// thread, and must not write into the next.
    pub(super) fn incoming(&self) -> Result<PathBuf, FileError> {
        fs::create_dir_all(&self.folder).map_err(|cause| self.failed(cause))?;
        let number = BEGUN.fetch_add(1, Ordering::Relaxed);
        Ok(self.folder.join(format!("incoming-{}-{number}.part", std::process::id())))
    }

    /// Keeps a raw copy as the copy of `version`, and only it.
    pub(super) fn keep(
        &self,
        raw: Raw,
        version: &Version,
        encoding: TextEncoding,
        file: &str,
    ) -> Result<PathBuf, FileError> {
        let text = to_utf8(raw, encoding, file, &self.incoming()?)?;
        let (copy, slip) = self.paths(&version.stem());
        let write = || -> io::Result<()> {
            let words = Slip { version: version.clone(), copy_sha256: sha256_of(&text)? };
            let _ = fs::remove_file(&slip);
            fs::rename(&text, &copy)?;
            private::create(&slip)?.write_all(&serde_json::to_vec(&words)?)
        };
        write().map_err(|cause| self.failed(cause))?;
        self.sweep(Some(&version.stem()));
        Ok(copy)
    }

    /// The copy of a version, when it is there and whole.
    pub(super) fn find(&self, sha256: &str, config: &str) -> Option<(PathBuf, Version)> {
        let (copy, slip) = self.paths(&stem(sha256, config));
        let words: Slip = serde_json::from_slice(&fs::read(slip).ok()?).ok()?;
        let whole = words.version.sha256 == sha256 && sha256_of(&copy).ok()? == words.copy_sha256;
        whole.then_some((copy, words.version))
    }

    /// Deletes raw copies that came to nothing. Failing is no harm: the next one tries again.
    pub(super) fn tidy(&self) {
        self.sweep(None);
    }

    /// Deletes raw copies, and all versions but the one to keep.
    fn sweep(&self, keep: Option<&str>) {
        private::sweep(&self.folder, keep, &["csv", "json"]);
    }

    fn paths(&self, stem: &str) -> (PathBuf, PathBuf) {
        (self.folder.join(format!("{stem}.csv")), self.folder.join(format!("{stem}.json")))
    }

    fn failed(&self, cause: io::Error) -> FileError {
        FileError::WorkFolder { folder: self.folder.display().to_string(), cause }
    }
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&bytes[..read]);
    }
}
