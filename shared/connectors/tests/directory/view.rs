//! What the engine would know of a directory: pages of readings, applied one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connectors::ldap::{LdapConfig, LdapSource, Wanted};
use engine::model::{ObjectType, SourceId, SourceObject, Value, Watermark};
use engine::ports::{Reading, Source, SourceError, Unreadable};
use jiff::SignedDuration;
use tempfile::TempDir;
use testkit::time::TestClock;

/// What a reading turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Unchanged,
    Delta,
    Full,
}

/// Makes sure that users come before groups: no page has both, and none with users follows one with groups.
#[derive(Default)]
struct Order {
    groups: bool,
}

impl Order {
    fn page(&mut self, types: &[ObjectType]) {
        let users = types.contains(&ObjectType::User);
        self.groups |= types.contains(&ObjectType::Group);
        assert!(!(users && self.groups), "a user comes with or after a group");
    }
}

/// A source and all that its readings told.
pub(crate) struct View {
    pub(crate) source: LdapSource,
    pub(crate) objects: BTreeMap<SourceId, SourceObject>,
    pub(crate) unreadable: Vec<Unreadable>,
    pub(crate) watermark: Option<Watermark>,
    clock: Arc<TestClock>,
    _work: TempDir,
}

impl View {
    /// A source that asks for `wanted` of people.
    #[track_caller]
    pub(crate) fn new(config: LdapConfig, password: &str, wanted: &[&str]) -> Self {
        Self::try_of(config, password, wanted, None).expect("the configuration is sound")
    }

    /// A source that asks for `wanted` of people, and for names and members of groups.
    #[track_caller]
    pub(crate) fn with_groups(config: LdapConfig, password: &str, wanted: &[&str]) -> Self {
        Self::try_of(config, password, wanted, Some(&["cn", "members"])).expect("the configuration is sound")
    }

    pub(crate) fn try_of(
        config: LdapConfig,
        password: &str,
        users: &[&str],
        groups: Option<&[&str]>,
    ) -> Result<Self, SourceError> {
        let work = tempfile::tempdir().expect("a folder can be made");
        let clock = Arc::new(TestClock::at("2026-03-02T09:00:00Z".parse().expect("a time")));
        let wanted = |names: &[&str]| Wanted {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Wanted::default()
        };
        let (users, groups) = (wanted(users), groups.map(wanted));
        let password = Some(password.to_owned().into());
        let source =
            LdapSource::connect(config, work.path(), work.path(), password, users, groups, clock.clone())?;
        let (objects, unreadable, watermark) = (BTreeMap::new(), Vec::new(), None);
        Ok(Self { source, objects, unreadable, watermark, clock, _work: work })
    }

    /// Reads, as a cycle does, and takes in what was told.
    pub(crate) async fn cycle(&mut self) -> Result<Told, SourceError> {
        self.clock.advance(SignedDuration::from_mins(40));
        let reading = self.source.open(self.watermark.as_ref(), None).await?;
        let (told, mut next, watermark) = match reading {
            Reading::Unchanged { watermark } => {
                self.watermark = watermark.or(self.watermark.take());
                return Ok(Told::Unchanged);
            }
            Reading::Delta { cursor, watermark, .. } => (Told::Delta, Some(cursor), watermark),
            Reading::Full { cursor, watermark, .. } => (Told::Full, Some(cursor), watermark),
        };
        let (mut shown, mut gone) = (BTreeSet::new(), Vec::new());
        let mut order = Order::default();
        self.unreadable.clear();
        while let Some(cursor) = next {
            let page = self.source.read(&cursor).await?;
            let known = page.present.iter().filter_map(|id| self.objects.get(id));
            order
                .page(&page.objects.iter().chain(known).map(|object| object.object_type).collect::<Vec<_>>());
            for object in page.objects {
                assert!(shown.insert(object.id.clone()), "{} is shown twice", object.id);
                self.objects.insert(object.id.clone(), object);
            }
            let unknown: Vec<SourceId> =
                page.present.iter().filter(|id| !self.objects.contains_key(id)).cloned().collect();
            for id in page.present {
                assert!(shown.insert(id.clone()), "{id} is shown twice");
            }
            for object in self.source.get(&unknown).await? {
                self.objects.insert(object.id.clone(), object);
            }
            gone.extend(page.gone);
            self.unreadable.extend(page.unreadable);
            next = page.next;
        }
        match told {
            Told::Full if self.unreadable.is_empty() => self.objects.retain(|id, _| shown.contains(id)),
            Told::Full => {}
            _ => gone.iter().for_each(|id| drop(self.objects.remove(id))),
        }
        self.watermark = Some(watermark);
        Ok(told)
    }

    /// Reads, and expects it to succeed.
    #[track_caller]
    pub(crate) fn told(&mut self) -> impl Future<Output = Told> {
        let place = std::panic::Location::caller();
        async move {
            match self.cycle().await {
                Ok(told) => told,
                Err(error) => panic!("{place}: the reading failed: {error}"),
            }
        }
    }

    /// Reads, and expects it to fail: the message. Nothing may have changed.
    pub(crate) async fn failure(&mut self) -> SourceError {
        let before = (self.objects.clone(), self.watermark.clone());
        let error = self.cycle().await.expect_err("the reading fails");
        assert_eq!(before, (self.objects.clone(), self.watermark.clone()), "nobody changed");
        error
    }

    /// The values of an attribute of everyone, sorted.
    pub(crate) fn all(&self, attribute: &str) -> Vec<String> {
        let mut values: Vec<String> =
            self.objects.values().filter_map(|object| text(object, attribute)).collect();
        values.sort_unstable();
        values
    }

    /// The one object whose attribute has this value.
    #[track_caller]
    pub(crate) fn one(&self, attribute: &str, value: &str) -> &SourceObject {
        let same = |object: &&SourceObject| text(object, attribute).as_deref() == Some(value);
        let mut found = self.objects.values().filter(same);
        match (found.next(), found.next()) {
            (Some(one), None) => one,
            (one, _) => panic!(
                "one object has {attribute} {value}, not {}",
                if one.is_some() { "more" } else { "none" }
            ),
        }
    }
}

/// An attribute as text.
pub(crate) fn text(object: &SourceObject, attribute: &str) -> Option<String> {
    object.attributes.get(attribute).map(Value::to_string)
}

/// Asserts that a message holds all of these words.
#[track_caller]
pub(crate) fn says(error: &SourceError, words: &[&str]) {
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "'{word}' is missing in: {message}");
    }
}
