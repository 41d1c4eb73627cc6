//! A source held in memory, with pages as small as a test wants them.
//!
//! In: what the test puts into it. Out: full readings, or what changed, page by page, users before groups, with every
//! failure a real directory has: a page that cannot be read, rows that make no sense, a version that moved on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use engine::model::{Cursor, ObjectType, SourceId, SourceObject, Watermark};
use engine::ports::{Reading, Source, SourceError, SourcePage, Unreadable};
use serde_json::{Value, json};

/// The source.
#[derive(Debug)]
pub struct MemorySource {
    contents: Mutex<Contents>,
    page: usize,
    calls: AtomicU64,
}

/// How a source answers who knows its watermark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Manner {
    /// With everyone: a file.
    #[default]
    Everyone,
    /// With what changed, and who is gone: a directory with a change log.
    Changes,
    /// With what changed, and the ids of everyone else who is there: a directory that remembers times only.
    Presence,
}

#[derive(Debug, Default, Clone)]
struct Contents {
    version: u64,
    objects: BTreeMap<SourceId, SourceObject>,
    /// The version that touched an object last, also of objects that are gone.
    touched: BTreeMap<SourceId, u64>,
    /// The ids of groups, also of those that are gone.
    groups: BTreeSet<SourceId>,
    manner: Manner,
    unreadable: Vec<Unreadable>,
    failing_page: Option<usize>,
    has_gaps: bool,
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
            contents.touch(&object.id);
            contents.insert(object);
        });
    }

    /// Takes an object away.
    pub fn remove(&self, id: &str) {
        self.change(|contents| {
            contents.touch(&SourceId::new(id));
            contents.objects.remove(&SourceId::new(id));
        });
    }

    /// Changes one object, if it is there.
    pub fn edit(&self, id: &str, edit: impl FnOnce(&mut SourceObject)) {
        self.change(|contents| {
            contents.touch(&SourceId::new(id));
            if let Some(object) = contents.objects.get_mut(&SourceId::new(id)) {
                edit(object);
            }
        });
    }

    /// Adds an object that no change log will ever tell of: a subtree that was moved in.
    pub fn put_unnoticed(&self, object: SourceObject) {
        self.change(|contents| contents.insert(object));
    }

    /// How the source answers from now on.
    pub fn set_manner(&self, manner: Manner) {
        self.contents().manner = manner;
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

    /// A page without anybody before each other one, from now on: directories with rights per object show such pages.
    pub fn set_gaps(&self) {
        self.change(|contents| contents.has_gaps = true);
    }

    fn change(&self, change: impl FnOnce(&mut Contents)) {
        let mut contents = self.contents();
        contents.version += 1;
        change(&mut contents);
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn touch(&mut self, id: &SourceId) {
        self.touched.insert(id.clone(), self.version);
    }

    fn insert(&mut self, object: SourceObject) {
        let id = object.id.clone();
        if object.object_type == ObjectType::Group {
            self.groups.insert(id.clone());
        } else {
            self.groups.remove(&id);
        }
        self.objects.insert(id, object);
    }

    /// What a reading of those `since` shows, in order: users first, groups next, each by id.
    fn entries(&self, since: Option<u64>) -> Vec<Entry<'_>> {
        let changed = |id: &SourceId| self.touched.get(id).copied() > since;
        let manner = if since.is_none() { Manner::Everyone } else { self.manner };
        let everyone = self.objects.values();
        let mut entries: Vec<Entry<'_>> = match manner {
            Manner::Everyone => everyone.map(Entry::Object).collect(),
            Manner::Presence => everyone
                .map(
                    |object| {
                        if changed(&object.id) { Entry::Object(object) } else { Entry::Present(&object.id) }
                    },
                )
                .collect(),
            Manner::Changes => self
                .touched
                .keys()
                .filter(|id| changed(id))
                .map(|id| self.objects.get(id).map_or(Entry::Gone(id), Entry::Object))
                .collect(),
        };
        entries.sort_by_key(|entry| self.groups.contains(entry.id()));
        entries
    }
}

/// What stands on a page.
enum Entry<'a> {
    Object(&'a SourceObject),
    Present(&'a SourceId),
    Gone(&'a SourceId),
}

impl Entry<'_> {
    fn id(&self) -> &SourceId {
        match self {
            Self::Object(object) => &object.id,
            Self::Present(id) | Self::Gone(id) => id,
        }
    }
}

fn number(value: &Value, name: &str) -> Option<u64> {
    value.get(name).and_then(Value::as_u64)
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
            && number(cursor, "version") != Some(contents.version)
        {
            return Err(SourceError::Moved("the directory changed meanwhile".into()));
        }
        let known = watermark.and_then(|Watermark(known)| number(known, "version"));
        if resume.is_none() && known == Some(contents.version) {
            return Ok(Reading::Unchanged { watermark: None });
        }
        let since = known.filter(|_| contents.manner != Manner::Everyone);
        let first = || Cursor(json!({ "version": contents.version, "since": since, "page": 0 }));
        let cursor = resume.cloned().unwrap_or_else(first);
        let watermark = Watermark(json!({ "version": contents.version }));
        let total = Some(contents.entries(since).len() as u64);
        if since.is_some() && contents.manner == Manner::Changes {
            return Ok(Reading::Delta { cursor, total, watermark });
        }
        Ok(Reading::Full { cursor, total, attributes: None, watermark })
    }

    async fn read(&self, Cursor(cursor): &Cursor) -> Result<SourcePage, SourceError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let contents = self.contents();
        if number(cursor, "version") != Some(contents.version) {
            return Err(SourceError::Moved("the directory changed meanwhile".into()));
        }
        let page = number(cursor, "page").and_then(|page| usize::try_from(page).ok()).unwrap_or(usize::MAX);
        if contents.failing_page == Some(page) {
            return Err(SourceError::Unavailable(format!("page {page} cannot be read")));
        }
        let since = number(cursor, "since");
        let entries = contents.entries(since);
        let (turn, shown) = match (contents.has_gaps, page % 2) {
            (false, _) => (page, self.page),
            (true, 0) => (page / 2, 0),
            (true, _) => (page / 2, self.page),
        };
        let begin = turn.saturating_mul(self.page);
        let more = begin.saturating_add(shown) < entries.len();
        let mut answer = SourcePage {
            unreadable: if page == 0 { contents.unreadable.clone() } else { Vec::new() },
            next: more
                .then(|| Cursor(json!({ "version": contents.version, "since": since, "page": page + 1 }))),
            ..SourcePage::default()
        };
        for entry in entries.into_iter().skip(begin).take(shown) {
            match entry {
                Entry::Object(object) => answer.objects.push(object.clone()),
                Entry::Present(id) => answer.present.push(id.clone()),
                Entry::Gone(id) => answer.gone.push(id.clone()),
            }
        }
        Ok(answer)
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use engine::model::Attributes;

    use super::*;

    fn object(id: &str, object_type: ObjectType) -> SourceObject {
        SourceObject {
            id: SourceId::new(id),
            object_type,
            display_name: None,
            enabled: true,
            soft_deleted: false,
            attributes: Attributes::new(),
        }
    }

    /// What a reading shows, in order, with a mark before those named by id alone and those gone.
    async fn shown(source: &MemorySource, watermark: Option<&Watermark>) -> (Vec<String>, Watermark) {
        let (Reading::Full { cursor, watermark, .. } | Reading::Delta { cursor, watermark, .. }) =
            source.open(watermark, None).await.unwrap()
        else {
            panic!("something changed");
        };
        let (mut names, mut next) = (Vec::new(), Some(cursor));
        while let Some(cursor) = next {
            let page = source.read(&cursor).await.unwrap();
            names.extend(page.objects.iter().map(|object| object.id.to_string()));
            names.extend(page.present.iter().map(|id| format!("={id}")));
            names.extend(page.gone.iter().map(|id| format!("-{id}")));
            next = page.next;
        }
        (names, watermark)
    }

    #[tokio::test]
    async fn users_come_before_groups_in_every_manner() {
        let source = MemorySource::with_pages_of(1);
        for (id, object_type) in [
            ("a", ObjectType::Group),
            ("b", ObjectType::User),
            ("c", ObjectType::Group),
            ("d", ObjectType::User),
            ("e", ObjectType::Group),
        ] {
            source.put(object(id, object_type));
        }
        let (names, watermark) = shown(&source, None).await;
        assert_eq!(names, ["b", "d", "a", "c", "e"]);
        source.edit("c", |group| group.enabled = false);
        source.edit("d", |user| user.enabled = false);
        source.remove("a");
        let cases: [(Manner, &[&str]); 3] = [
            (Manner::Everyone, &["b", "d", "c", "e"]),
            (Manner::Presence, &["=b", "d", "c", "=e"]),
            (Manner::Changes, &["d", "-a", "c"]),
        ];
        for (manner, expected) in cases {
            source.set_manner(manner);
            assert_eq!(shown(&source, Some(&watermark)).await.0, expected, "{manner:?}");
        }
    }
}
