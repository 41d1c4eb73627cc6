//! The port: a reading of one version of a file, or of two.
//!
//! # Expected flow
//! `open` fetches a version, looks at all of it, and answers [`Reading::Full`] or, when it is the version of the
//! watermark, [`Reading::Unchanged`]. `read` goes through its private copies: people first, groups next.
//!
//! # Guarantees
//! Watermark and cursor name the version by the SHA-256 of its bytes and the digest of the configuration: a change
//! of the configuration makes another reading of the same file. A cut reading goes on in the private copies, on
//! another machine with the same bytes fetched again, and otherwise answers [`SourceError::Moved`].

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use engine::ids::digest16;
use engine::model::{Cursor, Watermark};
use engine::ports::{Reading, Source, SourceError, SourcePage};
use serde::{Deserialize, Serialize};

use super::config::FileConfig;
use super::copies::{Copies, Version};
use super::copy::Position;
use super::error::FileError;
use super::groups::Groups;
use super::intake::hex;
use super::sheet::Sheet;
use super::versions::{Opened, blocking};

/// Raised when rows are understood in another way than before, so that every file is read again.
const READING_VERSION: &[u8] = b"file source 1";

/// A CSV file as a source of people, and another one of groups.
#[derive(Debug)]
pub struct FileSource {
    pub(super) config: FileConfig,
    pub(super) people: Arc<Sheet>,
    pub(super) groups: Option<Arc<Sheet>>,
    pub(super) digest: String,
    pub(super) copies: Arc<Copies>,
    pub(super) calls: Arc<AtomicU64>,
    pub(super) opened: Mutex<Option<Arc<Opened>>>,
}

/// A cursor, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    pub(super) sha256: String,
    pub(super) config: String,
    offset: u64,
    row: u64,
    line: u64,
    /// The number of the group to go on with, once the people are through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<u32>,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy)]
enum Next {
    Person(Position),
    Group(u32),
}

impl FileSource {
    /// A source that keeps its private copies in `work`, a folder of its own. A relative path begins at `base`, the
    /// folder of the application's document; `s3://` paths are fetched with `s3`.
    ///
    /// # Errors
    /// [`SourceError::Refused`] when the configuration cannot work, [`SourceError::Unavailable`] when a file lies
    /// in S3 and there is no client for it. The files themselves are not looked at.
    pub fn connect(
        config: FileConfig,
        base: &Path,
        work: &Path,
        s3: Option<Client>,
    ) -> Result<Self, SourceError> {
        if let Some((field, problem)) = config.problems().into_iter().next() {
            return Err(FileError::Config { field, problem }.into());
        }
        let groups = config.groups.as_ref().map(|groups| Sheet::of_groups(groups, base, s3.clone()));
        let words = serde_json::to_vec(&config).unwrap_or_default();
        Ok(Self {
            people: Arc::new(Sheet::of_people(&config, base, s3)?),
            groups: groups.transpose()?.map(Arc::new),
            digest: hex(&digest16(&[READING_VERSION, &words])),
            copies: Arc::new(Copies::new(work)),
            calls: Arc::default(),
            opened: Mutex::new(None),
            config,
        })
    }

    async fn begin(&self, watermark: Option<&Watermark>) -> Result<Reading, FileError> {
        let known = watermark.and_then(|watermark| serde_json::from_value(watermark.0.clone()).ok());
        let known = known.filter(|version: &Version| version.config == self.digest);
        match self.fetch(known.as_ref(), |_| Ok(())).await? {
            Some(opened) => self.full(&opened, Next::Person(opened.people.first)),
            None => Ok(Reading::Unchanged { watermark: None }),
        }
    }

    async fn resume(&self, cursor: &Cursor) -> Result<Reading, FileError> {
        let place = self.place(cursor)?;
        let opened = match self.find(&place).await? {
            Some(opened) => opened,
            None => {
                let moved = || FileError::Moved { file: self.people.label.clone() };
                let same = |sha256: &str| if sha256 == place.sha256 { Ok(()) } else { Err(moved()) };
                self.fetch(None, same).await?.ok_or_else(moved)?
            }
        };
        self.full(&opened, place.next())
    }

    fn full(&self, opened: &Opened, at: Next) -> Result<Reading, FileError> {
        let columns = opened.people.layout.table.columns.iter().cloned();
        let mut attributes: BTreeSet<String> = columns.collect();
        attributes.extend(opened.groups.iter().flat_map(|groups| groups.layout.attributes()));
        let groups = opened.groups.as_ref().map_or(0, Groups::total);
        Ok(Reading::Full {
            cursor: self.cursor(opened, at)?,
            total: Some(opened.people.total + groups),
            attributes: Some(attributes),
            watermark: Watermark(self.stored(&opened.kept.version)?),
        })
    }

    fn place(&self, cursor: &Cursor) -> Result<Place, FileError> {
        let place: Option<Place> = serde_json::from_value(cursor.0.clone()).ok();
        place
            .filter(|place| place.config == self.digest)
            .ok_or_else(|| FileError::ForeignCursor { file: self.people.label.clone() })
    }

    fn cursor(&self, opened: &Opened, at: Next) -> Result<Cursor, FileError> {
        let (Position { offset, row, line }, group) = match at {
            Next::Person(position) => (position, None),
            Next::Group(number) => (opened.people.first, Some(number)),
        };
        let (sha256, config) = (opened.kept.version.sha256(), self.digest.clone());
        Ok(Cursor(self.stored(&Place { sha256, config, offset, row, line, group })?))
    }

    fn stored(&self, words: &impl Serialize) -> Result<serde_json::Value, FileError> {
        let file = self.people.label.clone();
        serde_json::to_value(words).map_err(|cause| FileError::Io { file, cause: cause.into() })
    }

    async fn page(&self, cursor: &Cursor) -> Result<SourcePage, FileError> {
        let place = self.place(cursor)?;
        let moved = || FileError::Moved { file: self.people.label.clone() };
        let opened = self.find(&place).await?.ok_or_else(moved)?;
        let reading = opened.clone();
        let (mut page, next) = blocking(move || match place.next() {
            Next::Person(at) => {
                let (page, next) = reading.people.page(reading.people_copy(), at)?;
                let groups = reading.groups.as_ref().filter(|groups| groups.total() > 0);
                Ok((page, next.map(Next::Person).or(groups.map(|_| Next::Group(0)))))
            }
            Next::Group(number) => {
                let Some((groups, copy)) = reading.groups.as_ref().zip(reading.groups_copy()) else {
                    return Ok(Default::default());
                };
                let (page, next) = groups.page(copy, number)?;
                Ok((page, next.map(Next::Group)))
            }
        })
        .await?;
        page.next = next.map(|at| self.cursor(&opened, at)).transpose()?;
        Ok(page)
    }
}

impl Place {
    fn next(&self) -> Next {
        let Self { offset, row, line, .. } = *self;
        self.group.map_or(Next::Person(Position { offset, row, line }), Next::Group)
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
