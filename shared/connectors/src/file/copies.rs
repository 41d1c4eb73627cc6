//! The private copies in the work folder.
//!
//! In: raw copies of one version, of one file or of two. Out: their UTF-8 copies under a name derived from the version,
//! with a slip beside them that says what they are. The slip is written last and holds the copies' hashes: copies
//! without a slip, or changed ones, do not exist.
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

use super::encoding::to_utf8;
use super::error::FileError;
use super::intake::{Raw, hex};
use super::sheet::Sheet;
use crate::private;

/// Raw copies this process began.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// The work folder.
#[derive(Debug)]
pub(super) struct Copies {
    folder: PathBuf,
}

/// One version of what lies outside: the file of people and, where there is one, the file of groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    #[serde(flatten)]
    pub(super) people: Part,
    /// Digest of the configuration it was read with: other columns make another reading.
    pub(super) config: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) groups: Option<Part>,
}

/// One version of one file, as the outside describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part {
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// The S3 object's `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    /// The S3 object's version, in a versioned bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version_id: Option<String>,
}

impl Version {
    /// What stands for its bytes: the hash of the one file, or of the hashes of both.
    pub(super) fn sha256(&self) -> String {
        let Some(groups) = &self.groups else { return self.people.sha256.clone() };
        hex(&Sha256::new().chain_update(&self.people.sha256).chain_update(&groups.sha256).finalize())
    }

    /// The name of its copies.
    fn stem(&self) -> String {
        stem(&self.sha256(), &self.config)
    }
}

fn stem(sha256: &str, config: &str) -> String {
    hex(&digest16(&[sha256.as_bytes(), config.as_bytes()]))
}

/// The copies of a version.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) version: Version,
    pub(super) people: PathBuf,
    /// The copy of the file of groups, where there is one.
    pub(super) groups: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Slip {
    version: Version,
    copy_sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups_sha256: Option<String>,
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

    /// Keeps raw copies as the copies of `version`, and only them.
    pub(super) fn keep(
        &self,
        people: (Raw, &Sheet),
        groups: Option<(Raw, &Sheet)>,
        version: Version,
    ) -> Result<Kept, FileError> {
        let text = |(raw, sheet): (Raw, &Sheet)| {
            to_utf8(raw, sheet.dialect.encoding, &sheet.label, &self.incoming()?)
        };
        let (people, groups) = (text(people)?, groups.map(text).transpose()?);
        let (kept, slip) = self.paths(&version.stem(), version);
        let write = || -> io::Result<()> {
            let words = Slip {
                version: kept.version.clone(),
                copy_sha256: sha256_of(&people)?,
                groups_sha256: groups.as_deref().map(sha256_of).transpose()?,
            };
            let _ = fs::remove_file(&slip);
            fs::rename(&people, &kept.people)?;
            if let (Some(from), Some(to)) = (&groups, &kept.groups) {
                fs::rename(from, to)?;
            }
            private::create(&slip)?.write_all(&serde_json::to_vec(&words)?)
        };
        write().map_err(|cause| self.failed(cause))?;
        self.sweep(Some(&kept.version.stem()));
        Ok(kept)
    }

    /// The copies of a version, when they are there and whole.
    pub(super) fn find(&self, sha256: &str, config: &str) -> Option<Kept> {
        let stem = stem(sha256, config);
        let Slip { version, copy_sha256, groups_sha256 } =
            serde_json::from_slice(&fs::read(self.slip(&stem)).ok()?).ok()?;
        let (kept, _) = self.paths(&stem, version);
        let groups = kept.groups.as_deref().map(sha256_of).transpose().ok()?;
        let whole = kept.version.sha256() == sha256
            && sha256_of(&kept.people).ok()? == copy_sha256
            && groups == groups_sha256;
        whole.then_some(kept)
    }

    /// Deletes raw copies that came to nothing. Failing is no harm: the next one tries again.
    pub(super) fn tidy(&self) {
        self.sweep(None);
    }

    /// Deletes raw copies, and all versions but the one to keep.
    fn sweep(&self, keep: Option<&str>) {
        private::sweep(&self.folder, keep, &["csv", "groups", "json"]);
    }

    /// Where the copies of a version lie, and its slip.
    fn paths(&self, stem: &str, version: Version) -> (Kept, PathBuf) {
        let at = |kind: &str| self.folder.join(format!("{stem}.{kind}"));
        let groups = version.groups.is_some().then(|| at("groups"));
        (Kept { version, people: at("csv"), groups }, self.slip(stem))
    }

    fn slip(&self, stem: &str) -> PathBuf {
        self.folder.join(format!("{stem}.json"))
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
