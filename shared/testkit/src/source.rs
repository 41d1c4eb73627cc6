//! A source held in memory, with pages as small as a test wants them.
//!
//! In: what the test puts into it. Out: full readings, page by page, with every failure a real directory has:
//! a page that cannot be read, rows that make no sense, a version that moved on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use engine::model::{Cursor, SourceId, SourceObject, Watermark};
use engine::ports::{Reading, Source, SourceError, SourcePage, Unreadable};
use serde_json::{Value, json};

/// The source.
#[derive(Debug)]
pub struct MemorySource {
    contents: Mutex<Contents>,
    page: usize,
    calls: AtomicU64,
}

#[derive(Debug, Default, Clone)]
struct Contents {
    version: u64,
    objects: BTreeMap<SourceId, SourceObject>,
    unreadable: Vec<Unreadable>,
    failing_page: Option<usize>,
}

impl MemorySource {
    /// An empty source that shows `page` objects a page.
    #[must_use]
    pub fn with_pages_of(page: usize) -> Self {
        Self { contents: Mutex::default(), page: page.max(1), calls: AtomicU64::new(0) }
    }

    /// Adds an object, or replaces the one of its id.
    pub fn put(&self, object: SourceObject) {
        self.change(|contents| {
            contents.objects.insert(object.id.clone(), object);
        });
    }

    /// Takes an object away.
    pub fn remove(&self, id: &str) {
        self.change(|contents| {
            contents.objects.remove(&SourceId::new(id));
        });
    }

    /// Changes one object, if it is there.
    pub fn edit(&self, id: &str, edit: impl FnOnce(&mut SourceObject)) {
        self.change(|contents| {
            if let Some(object) = contents.objects.get_mut(&SourceId::new(id)) {
                edit(object);
            }
        });
    }

    /// Counts as changed although nothing is different: a file written again.
    pub fn touch(&self) {
        self.change(|_| {});
    }

    /// Rows that cannot be read, from now on.
    pub fn set_unreadable(&self, rows: Vec<Unreadable>) {
        self.change(|contents| contents.unreadable = rows);
    }

    /// A page that cannot be read, from now on; `None` heals it.
    pub fn set_failing_page(&self, page: Option<usize>) {
        self.contents().failing_page = page;
    }

    fn change(&self, change: impl FnOnce(&mut Contents)) {
        let mut contents = self.contents();
        change(&mut contents);
        contents.version += 1;
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX)
}

#[async_trait]
impl Source for MemorySource {
    async fn open(
        &self,
        watermark: Option<&Watermark>,
        resume: Option<&Cursor>,
    ) -> Result<Reading, SourceError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let contents = self.contents();
        if let Some(Cursor(cursor)) = resume
            && number(cursor, "version") != contents.version
        {
            return Err(SourceError::Moved("the directory changed meanwhile".into()));
        }
        if resume.is_none()
            && watermark.is_some_and(|Watermark(known)| number(known, "version") == contents.version)
        {
            return Ok(Reading::Unchanged { watermark: None });
        }
        let first = || Cursor(json!({ "version": contents.version, "page": 0 }));
        Ok(Reading::Full {
            cursor: resume.cloned().unwrap_or_else(first),
            total: Some(contents.objects.len() as u64),
            attributes: None,
            watermark: Watermark(json!({ "version": contents.version })),
        })
    }

    async fn read(&self, Cursor(cursor): &Cursor) -> Result<SourcePage, SourceError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let contents = self.contents();
        if number(cursor, "version") != contents.version {
            return Err(SourceError::Moved("the directory changed meanwhile".into()));
        }
        let page = usize::try_from(number(cursor, "page")).unwrap_or(usize::MAX);
        if contents.failing_page == Some(page) {
            return Err(SourceError::Unavailable(format!("page {page} cannot be read")));
        }
        let begin = page.saturating_mul(self.page);
        let objects: Vec<SourceObject> =
            contents.objects.values().skip(begin).take(self.page).cloned().collect();
        let more = begin + objects.len() < contents.objects.len();
        Ok(SourcePage {
            objects,
            present: Vec::new(),
            gone: Vec::new(),
            unreadable: if page == 0 { contents.unreadable.clone() } else { Vec::new() },
            next: more.then(|| Cursor(json!({ "version": contents.version, "page": page + 1 }))),
        })
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}
