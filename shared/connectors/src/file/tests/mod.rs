//! The file source, through its port.

mod groups;
mod properties;
mod reading;
mod refusals;
mod resuming;
mod s3;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use engine::model::{Cursor, SourceObject, Value, Watermark};
use engine::ports::{Reading, Source, SourceError, Unreadable};
use tempfile::TempDir;

use super::{FileConfig, FileSource};

/// A folder with a file, and a work folder beside it.
struct Desk {
    folder: TempDir,
    config: FileConfig,
}

impl Desk {
    /// `people.csv` with these bytes and the id column `id`.
    fn with(bytes: impl AsRef<[u8]>) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), config: FileConfig::new("people.csv", "id") };
        desk.write(bytes);
        desk
    }

    fn configured(mut self, change: impl FnOnce(&mut FileConfig)) -> Self {
        change(&mut self.config);
        self
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("people.csv")
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn write(&self, bytes: impl AsRef<[u8]>) {
        fs::write(self.file(), bytes).unwrap();
    }

    fn write_groups(&self, bytes: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join("groups.csv"), bytes).unwrap();
    }

    /// A new source: what another process would have.
    fn source(&self) -> FileSource {
        FileSource::connect(self.config.clone(), self.folder.path(), &self.work(), None).unwrap()
    }

    /// What lies in the work folder, by extension.
    fn copies(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.work())
            .unwrap()
            .map(|entry| entry.unwrap().path().extension().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }
}

/// A reading that was opened.
#[derive(Debug)]
struct Full {
    cursor: Cursor,
    total: u64,
    attributes: Vec<String>,
    watermark: Watermark,
}

async fn open(source: &FileSource) -> Full {
    full(source.open(None, None).await.unwrap())
}

fn full(reading: Reading) -> Full {
    match reading {
        Reading::Full { cursor, total, attributes, watermark } => Full {
            cursor,
            total: total.unwrap(),
            attributes: attributes.unwrap().into_iter().collect(),
            watermark,
        },
        Reading::Unchanged { .. } | Reading::Delta { .. } => panic!("the reading should be full"),
    }
}

/// Reads from a cursor to the end.
async fn rest(source: &FileSource, cursor: &Cursor) -> (Vec<SourceObject>, Vec<Unreadable>) {
    let (mut people, mut unreadable) = (Vec::new(), Vec::new());
    let mut next = Some(cursor.clone());
    while let Some(cursor) = next {
        let page = source.read(&cursor).await.unwrap();
        people.extend(page.objects);
        unreadable.extend(page.unreadable);
        next = page.next;
    }
    (people, unreadable)
}

/// Opens the desk's file and reads all of it.
async fn read_all(desk: &Desk) -> (Vec<SourceObject>, Vec<Unreadable>) {
    let source = desk.source();
    let reading = open(&source).await;
    rest(&source, &reading.cursor).await
}

async fn refusal(desk: &Desk) -> SourceError {
    desk.source().open(None, None).await.unwrap_err()
}

/// A person's attributes, all of which are text.
fn texts(person: &SourceObject) -> BTreeMap<&str, &str> {
    person
        .attributes
        .iter()
        .map(|(name, value)| match value {
            Value::Text(text) => (name.as_str(), text.as_str()),
            other => panic!("{other:?} should be text"),
        })
        .collect()
}

fn ids(people: &[SourceObject]) -> Vec<&str> {
    people.iter().map(|person| person.id.as_str()).collect()
}
