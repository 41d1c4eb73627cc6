//! An app in memory: accounts and groups, unique sign-in names, members by id, and every way to fail.
//!
//! In: the calls of [`engine::ports::Target`], and what a test wants to go wrong ([`Faults`]). Out: what a strict app
//! answers, at once. Promise: ids are issued once and never again; nothing is half done; the same seed and the same
//! calls give the same answers. A clone is a copy: what happens to it does not happen to the original.

mod book;
mod faults;
mod port;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::model::{Attributes, ObjectType, TargetId};
use engine::ports::{Habits, TargetErrorKind};

pub use self::book::Account;
use self::book::Book;
pub use self::faults::{Fault, Faults};
use super::Chance;

/// How an app is to be spoken to, and what it puts up with.
#[derive(Debug, Clone)]
pub struct TargetSettings {
    /// Whether accounts can be listed.
    pub can_list: bool,
    /// Whether accounts can be found by an attribute.
    pub can_find: bool,
    /// How many calls may be under way at once.
    pub concurrency: usize,
    /// How many operations one call takes; more than 1 is an app with bulk.
    pub batch: usize,
    /// How many members one call adds or removes.
    pub members_per_call: usize,
    /// How many objects a page of a listing shows.
    pub page: usize,
    /// Whether nobody is told who is in a group.
    pub hides_members: bool,
    /// Whether two accounts may have one sign-in name.
    pub allows_duplicates: bool,
    /// Whether no two groups may have one name.
    pub unique_groups: bool,
    /// What the app says of a member, or of a reference, that it does not know.
    pub unknown_member: TargetErrorKind,
    /// Paths that name another account by its id: values that name nobody are refused.
    pub references: BTreeSet<String>,
    /// Whether calls take turns, so that answers come in another order than questions.
    pub restless: bool,
}

impl Default for TargetSettings {
    fn default() -> Self {
        Self {
            can_list: true,
            can_find: true,
            concurrency: 1,
            batch: 1,
            members_per_call: 100,
            page: 100,
            hides_members: false,
            allows_duplicates: false,
            unique_groups: false,
            unknown_member: TargetErrorKind::InvalidValue,
            references: BTreeSet::new(),
            restless: false,
        }
    }
}

/// The app.
#[derive(Debug)]
pub struct MemoryTarget {
    settings: TargetSettings,
    inside: Mutex<Inside>,
}

#[derive(Debug, Clone)]
struct Inside {
    book: Book,
    faults: Faults,
    poison: BTreeSet<String>,
    chance: Chance,
    calls: u64,
    probes: u64,
    struck: u64,
    journal: Option<Vec<String>>,
}

impl Clone for MemoryTarget {
    fn clone(&self) -> Self {
        Self { settings: self.settings.clone(), inside: Mutex::new(self.inside().clone()) }
    }
}

impl Default for MemoryTarget {
    fn default() -> Self {
        Self::new(TargetSettings::default(), 0)
    }
}

impl MemoryTarget {
    /// An app that knows nobody.
    #[must_use]
    pub fn new(settings: TargetSettings, seed: u64) -> Self {
        let inside = Inside {
            book: Book::default(),
            faults: Faults::none(),
            poison: BTreeSet::new(),
            chance: Chance::of(seed),
            calls: 0,
            probes: 0,
            struck: 0,
            journal: None,
        };
        Self { settings, inside: Mutex::new(inside) }
    }

    /// Puts an account or group there that nobody provisioned.
    pub fn seed(&self, kind: ObjectType, attributes: Attributes) -> TargetId {
        self.inside().book.insert(kind, attributes)
    }

    /// Puts somebody into a group, or takes them out, as an administrator of the app does.
    pub fn meddle(&self, group: &TargetId, member: &TargetId, belongs: bool) {
        let mut inside = self.inside();
        let Some(account) = inside.book.find(ObjectType::Group, group) else { return };
        if belongs {
            account.members.insert(member.clone());
        } else {
            account.members.remove(member);
        }
    }

    /// Changes an attribute behind Rollcall's back.
    pub fn edit(&self, kind: ObjectType, id: &TargetId, edit: impl FnOnce(&mut Attributes)) {
        let mut inside = self.inside();
        if let Some(account) = inside.book.find(kind, id) {
            edit(&mut account.attributes);
        }
    }

    /// Deletes an account or group behind Rollcall's back.
    pub fn forget(&self, kind: ObjectType, id: &TargetId) {
        self.inside().book.delete(kind, id);
    }

    /// What goes wrong from now on, counted from the next call.
    pub fn set_faults(&self, faults: Faults) {
        let mut inside = self.inside();
        inside.faults = faults.counted_from(inside.calls);
    }

    /// Objects that have this sign-in or display name, or are to get it, are refused from now on.
    pub fn poison(&self, name: &str) {
        self.inside().poison.insert(name.to_lowercase());
    }

    /// Nobody is refused for a name any more.
    pub fn cure(&self) {
        self.inside().poison.clear();
    }

    /// The accounts, or the groups, by id.
    pub fn accounts(&self, kind: ObjectType) -> BTreeMap<TargetId, Account> {
        self.inside().book.all(kind).clone()
    }

    /// Begins to write down every call, for whoever has to understand a failure.
    pub fn keep_journal(&self) {
        self.inside().journal.get_or_insert_default();
    }

    /// Takes what was written down since the last time.
    pub fn take_journal(&self) -> Vec<String> {
        self.inside().journal.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Probes so far.
    pub fn probes(&self) -> u64 {
        self.inside().probes
    }

    /// Calls that a fault struck so far.
    pub fn struck(&self) -> u64 {
        self.inside().struck
    }

    /// How it is to be spoken to.
    #[must_use]
    pub fn settings(&self) -> &TargetSettings {
        &self.settings
    }

    fn wishes(&self) -> Habits {
        Habits {
            can_list: self.settings.can_list,
            can_find: self.settings.can_find,
            concurrency: self.settings.concurrency,
            members_per_call: self.settings.members_per_call,
            longest_call: Duration::from_secs(30),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
