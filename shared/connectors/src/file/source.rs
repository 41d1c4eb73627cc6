//! The port: a reading of one version of a file.
//!
//! # Expected flow
//! `open` fetches a version, looks at all of it, and answers [`Reading::Full`] or, when it is the version of the
//! watermark, [`Reading::Unchanged`]. `read` goes through its private copy.
//!
//! # Guarantees
//! Watermark and cursor name the version by the SHA-256 of its bytes and the digest of the configuration: a change
//! of the configuration makes another reading of the same file. A cut reading goes on in the private copy, on
//! another machine with the same bytes fetched again, and otherwise answers [`SourceError::Moved`].

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use engine::ids::digest16;
use engine::model::{Cursor, Watermark};
use engine::ports::{Reading, Source, SourceError, SourcePage};
use serde::{Deserialize, Serialize};

use super::client::{Fetched, Origin, S3Object};
use super::config::FileConfig;
use super::copies::{Copies, Version};
use super::error::FileError;
use super::intake::hex;
use super::scan::{Copy, Position, Scan};

/// Raised when rows are understood in another way than before, so that every file is read again.
const READING_VERSION: &[u8] = b"file source 1";

/// A CSV file as a source of people.
#[derive(Debug)]
pub struct FileSource {
    config: FileConfig,
    origin: Origin,
    /// Where the file lies, for messages about it.
    file: String,
    /// Its last part, for messages about a row.
    name: String,
    digest: String,
    copies: Arc<Copies>,
    calls: Arc<AtomicU64>,
    opened: Mutex<Option<Arc<Opened>>>,
}

/// A version that was looked at.
#[derive(Debug)]
struct Opened {
    version: Version,
    path: PathBuf,
    scan: Scan,
}

/// A cursor, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    sha256: String,
    config: String,
    offset: u64,
    row: u64,
    line: u64,
}

impl FileSource {
    /// A source that keeps its private copies in `work`, a folder of its own. A relative path begins at `base`, the
    /// folder of the application's document; `s3://` paths are fetched with `s3`.
    ///
    /// # Errors
    /// [`SourceError::Refused`] when the configuration cannot work, [`SourceError::Unavailable`] when the file lies
    /// in S3 and there is no client for it. The file itself is not looked at.
    pub fn connect(
        config: FileConfig,
        base: &Path,
        work: &Path,
        s3: Option<Client>,
    ) -> Result<Self, SourceError> {
        if let Some((field, problem)) = config.problems().into_iter().next() {
            return Err(FileError::Config { field, problem }.into());
        }
        let origin = match config.s3() {
            None => Origin::Local(base.join(&config.path)),
            Some((bucket, key)) => {
                let client = s3.ok_or_else(|| FileError::NoS3Client { file: config.path.clone() })?;
                Origin::S3(Box::new(S3Object { client, bucket: bucket.to_owned(), key: key.to_owned() }))
            }
        };
        let words = serde_json::to_vec(&config).unwrap_or_default();
        Ok(Self {
            file: origin.place(),
            name: config.path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
            digest: hex(&digest16(&[READING_VERSION, &words])),
            copies: Arc::new(Copies::new(work)),
            calls: Arc::default(),
            opened: Mutex::new(None),
            config,
            origin,
        })
    }

    async fn begin(&self, watermark: Option<&Watermark>) -> Result<Reading, FileError> {
        // A watermark of another shape or configuration says nothing about this reading: it is a first one.
        let known: Option<Version> = watermark.and_then(|mark| serde_json::from_value(mark.0.clone()).ok());
        let known = known.filter(|version| version.config == self.digest);
        match self.fetch(known.as_ref(), |_| Ok(())).await? {
            Some(opened) => self.full(&opened, opened.scan.first),
            None => Ok(Reading::Unchanged { watermark: None }),
        }
    }

    async fn resume(&self, cursor: &Cursor) -> Result<Reading, FileError> {
        let place = self.place(cursor)?;
        let opened = match self.find(&place).await? {
            Some(opened) => opened,
            None => {
                let moved = || FileError::Moved { file: self.file.clone() };
                let same = |sha256: &str| if sha256 == place.sha256 { Ok(()) } else { Err(moved()) };
                self.fetch(None, same).await?.ok_or_else(moved)?
            }
        };
        self.full(&opened, place.position())
    }

    /// Fetches the file, makes sure that it is `wanted`, and looks at all of it; `None` when it is the version known.
    async fn fetch(
        &self,
        known: Option<&Version>,
        wanted: impl Fn(&str) -> Result<(), FileError>,
    ) -> Result<Option<Arc<Opened>>, FileError> {
        let result = self.fetch_and_keep(known, wanted).await;
        self.copies.tidy();
        result
    }

    async fn fetch_and_keep(
        &self,
        known: Option<&Version>,
        wanted: impl Fn(&str) -> Result<(), FileError>,
    ) -> Result<Option<Arc<Opened>>, FileError> {
        let to = self.copies.incoming()?;
        let fetched = self.origin.fetch(to, known, self.config.max_bytes, &self.calls).await?;
        let Fetched::Copy { raw, etag, version_id } = fetched else { return Ok(None) };
        wanted(&raw.sha256)?;
        if known.is_some_and(|known| known.sha256 == raw.sha256) {
            return Ok(None);
        }
        let version = Version { sha256: raw.sha256.clone(), config: self.digest.clone(), etag, version_id };
        let (copies, encoding, file) = (self.copies.clone(), self.config.encoding, self.file.clone());
        let keeping = version.clone();
        let path = blocking(move || copies.keep(raw, &keeping, encoding, &file)).await?;
        self.look(path, version).await.map(Some)
    }

    /// The version a cursor points into, when its copy is still there.
    async fn find(&self, place: &Place) -> Result<Option<Arc<Opened>>, FileError> {
        let remembered = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) =
            remembered.filter(|opened| opened.version.sha256 == place.sha256 && opened.path.exists())
        {
            return Ok(Some(opened));
        }
        let (copies, wanted) = (self.copies.clone(), place.clone());
        let found = blocking(move || Ok(copies.find(&wanted.sha256, &wanted.config))).await?;
        match found {
            Some((path, version)) => self.look(path, version).await.map(Some),
            None => Ok(None),
        }
    }

    async fn look(&self, path: PathBuf, version: Version) -> Result<Arc<Opened>, FileError> {
        let (config, file, name) = (self.config.clone(), self.file.clone(), self.name.clone());
        let scanned = path.clone();
        let scan = blocking(move || Copy { path: &scanned, file: &file, name: &name }.scan(&config)).await?;
        let opened = Arc::new(Opened { version, path, scan });
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened.clone());
        Ok(opened)
    }

    fn full(&self, opened: &Opened, at: Position) -> Result<Reading, FileError> {
        Ok(Reading::Full {
            cursor: self.cursor(opened, at)?,
            total: Some(opened.scan.total),
            attributes: Some(opened.scan.layout.attributes()),
            watermark: Watermark(self.stored(&opened.version)?),
        })
    }

    fn place(&self, cursor: &Cursor) -> Result<Place, FileError> {
        let place: Option<Place> = serde_json::from_value(cursor.0.clone()).ok();
        place
            .filter(|place| place.config == self.digest)
            .ok_or_else(|| FileError::ForeignCursor { file: self.file.clone() })
    }

    fn cursor(&self, opened: &Opened, at: Position) -> Result<Cursor, FileError> {
        let Version { sha256, config, .. } = opened.version.clone();
        let Position { offset, row, line } = at;
        Ok(Cursor(self.stored(&Place { sha256, config, offset, row, line })?))
    }

    fn stored(&self, words: &impl Serialize) -> Result<serde_json::Value, FileError> {
        let file = self.file.clone();
        serde_json::to_value(words).map_err(|cause| FileError::Io { file, cause: cause.into() })
    }

    async fn page(&self, cursor: &Cursor) -> Result<SourcePage, FileError> {
        let place = self.place(cursor)?;
        let moved = || FileError::Moved { file: self.file.clone() };
        let opened = self.find(&place).await?.ok_or_else(moved)?;
        let (reading, file, name) = (opened.clone(), self.file.clone(), self.name.clone());
        let (mut page, next) = blocking(move || {
            let copy = Copy { path: &reading.path, file: &file, name: &name };
            copy.page(&reading.scan.layout, place.position(), reading.scan.total)
        })
        .await?;
        page.next = next.map(|at| self.cursor(&opened, at)).transpose()?;
        Ok(page)
    }
}

impl Place {
    fn position(&self) -> Position {
        Position { offset: self.offset, row: self.row, line: self.line }
    }
}

#[async_trait]
impl Source for FileSource {
    async fn open(
        &self,
        watermark: Option<&Watermark>,
        resume: Option<&Cursor>,
    ) -> Result<Reading, SourceError> {
        let reading = match resume {
            Some(cursor) => self.resume(cursor).await,
            None => self.begin(watermark).await,
        };
        reading.map_err(SourceError::from)
    }

    async fn read(&self, cursor: &Cursor) -> Result<SourcePage, SourceError> {
        self.page(cursor).await.map_err(SourceError::from)
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

/// Runs work on files where it holds up no other task.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| {
        Err(FileError::Io { file: "the private copy".into(), cause: std::io::Error::other(stopped) })
    })
}
