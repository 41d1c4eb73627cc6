//! The private file that a reading is kept in.
//!
//! In: the lines of a reading, written once. Out: pages of it. The file is named by its content's hash; a slip beside
//! it, written last, says what it is. A spool without a slip, or of another length, does not exist.
//!
//! # Assumptions
//! The folder belongs to one source: a new spool deletes all others.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use engine::ids::IdHash;
use engine::model::{SourceId, SourceObject, Watermark};
use engine::ports::Unreadable;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::LdapFailure;
use crate::private;

/// Drafts this process began: a reading that was given up may still be under way on its thread.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// One line of a spool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    Object(SourceObject),
    Present(SourceId),
    Gone(SourceId),
    Unreadable { place: String, id: Option<SourceId>, reason: String },
}

impl From<Unreadable> for Line {
    fn from(Unreadable { place, id, reason }: Unreadable) -> Self {
        Self::Unreadable { place, id, reason }
    }
}

/// What a spool is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Slip {
    /// Of configuration and mapping: other ones make another reading.
    pub(super) identity: String,
    /// Whether it names who is gone ([`engine::ports::Reading::Delta`]) or shows everyone.
    pub(super) delta: bool,
    pub(super) lines: u64,
    pub(super) bytes: u64,
    /// Where groups begin, when there are any: no page has users and groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) groups_at: Option<u64>,
    pub(super) watermark: Watermark,
}

/// A whole spool.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    pub(super) name: String,
    pub(super) slip: Slip,
    path: PathBuf,
}

/// The work folder.
#[derive(Debug, Clone)]
pub(super) struct Spools {
    folder: PathBuf,
}

/// A file being written: JSON lines.
pub(super) struct Lines {
    file: BufWriter<File>,
    pub(super) path: PathBuf,
    pub(super) lines: u64,
    bytes: u64,
    groups_at: Option<u64>,
    hash: Sha256,
    folder: Spools,
}

impl Spools {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Begins a file that only this user may read. No process uses a name twice.
    pub(super) fn begin(&self) -> Result<Lines, LdapFailure> {
        let begin = || -> io::Result<Lines> {
            fs::create_dir_all(&self.folder)?;
            let number = BEGUN.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("incoming-{}-{number}.part", std::process::id()));
            let file = BufWriter::new(private::create(&path)?);
            let (lines, bytes, groups_at, folder) = (0, 0, None, self.clone());
            Ok(Lines { file, path, lines, bytes, groups_at, hash: Sha256::new(), folder })
        };
        begin().map_err(|cause| self.failed(cause))
    }

    /// The spool of that name, when it is there and whole.
    pub(super) fn find(&self, name: &str) -> Option<Spool> {
        let (path, slip) = self.paths(if private::is_name(name) { name } else { return None });
        let slip: Slip = serde_json::from_slice(&fs::read(slip).ok()?).ok()?;
        let whole = fs::metadata(&path).ok()?.len() == slip.bytes;
        whole.then(|| Spool { name: name.to_owned(), slip, path })
    }

    /// Deletes files that came to nothing. Failing is no harm: the next reading tries again.
    pub(super) fn tidy(&self) {
        self.sweep(None);
    }

    /// Deletes files that came to nothing, and all spools but the one to keep. Failing is no harm: the next reading
    /// tries again.
    fn sweep(&self, keep: Option<&str>) {
        private::sweep(&self.folder, keep, &["jsonl", "slip"]);
    }

    fn paths(&self, name: &str) -> (PathBuf, PathBuf) {
        (self.folder.join(format!("{name}.jsonl")), self.folder.join(format!("{name}.slip")))
    }

    pub(super) fn failed(&self, cause: impl Into<io::Error>) -> LdapFailure {
        LdapFailure::Spool { folder: self.folder.display().to_string(), cause: cause.into() }
    }
}

impl Lines {
    pub(super) fn write(&mut self, line: &impl Serialize) -> Result<(), LdapFailure> {
        let mut bytes = serde_json::to_vec(line).map_err(|cause| self.folder.failed(cause))?;
        bytes.push(b'\n');
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        self.lines += 1;
        self.file.write_all(&bytes).map_err(|cause| self.folder.failed(cause))
    }

    /// From here on there are groups.
    pub(super) fn groups_begin(&mut self) {
        self.groups_at.get_or_insert(self.bytes);
    }

    /// Ends the file, to be read again at once.
    pub(super) fn again(mut self) -> Result<PathBuf, LdapFailure> {
        self.file.flush().map_err(|cause| self.folder.failed(cause))?;
        Ok(self.path)
    }

    /// Keeps the file as a spool, and only it.
    pub(super) fn keep(
        mut self,
        identity: &str,
        delta: bool,
        watermark: Watermark,
    ) -> Result<Spool, LdapFailure> {
        let mut short = [0; 16];
        self.hash.update(identity);
        self.hash.update([u8::from(delta)]);
        short.copy_from_slice(&self.hash.finalize()[..16]);
        let name = IdHash(short).to_string();
        let (identity, lines, bytes, groups_at) =
            (identity.to_owned(), self.lines, self.bytes, self.groups_at);
        let slip = Slip { identity, delta, lines, bytes, groups_at, watermark };
        let (path, slip_path) = self.folder.paths(&name);
        let mut write = || -> io::Result<()> {
            self.file.flush()?;
            let _ = fs::remove_file(&slip_path);
            fs::rename(&self.path, &path)?;
            private::create(&slip_path)?.write_all(&serde_json::to_vec(&slip)?)
        };
        write().map_err(|cause| self.folder.failed(cause))?;
        self.folder.sweep(Some(&name));
        Ok(Spool { name, slip, path })
    }
}

/// Reads lines from an offset on, until `most` were read or `end` is reached, if not the end of the file; answers how
/// many bytes that were.
pub(super) fn read<T: DeserializeOwned>(
    path: &Path,
    offset: u64,
    end: Option<u64>,
    most: usize,
    mut each: impl FnMut(T),
) -> io::Result<u64> {
    let mut file = BufReader::new(File::open(path)?);
    file.seek(SeekFrom::Start(offset))?;
    let (mut text, mut bytes) = (Vec::new(), 0);
    for _ in 0..most {
        if end == Some(offset + bytes) {
            break;
        }
        text.clear();
        let read = file.read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        each(serde_json::from_slice(&text)?);
        bytes += read as u64;
    }
    Ok(bytes)
}

impl Spool {
    /// The lines from an offset on, and the offset after them; `None` at the end.
    pub(super) fn page(&self, offset: u64, most: usize) -> io::Result<(Vec<Line>, Option<u64>)> {
        let mut lines = Vec::new();
        let end = self.slip.groups_at.filter(|at| offset < *at);
        let next = offset + read(&self.path, offset, end, most, |line| lines.push(line))?;
        Ok((lines, (next < self.slip.bytes).then_some(next)))
    }
}
