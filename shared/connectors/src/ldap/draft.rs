//! What a reading brought, while it is under way.
//!
//! In: entries, ids of who is there, ids of who is gone, in any order. Out: lines in a private file, checked: an
//! anchor stands for one entry, whoever is shown as an object is neither present nor gone besides.
//!
//! References still are names here; [`super::references`] turns them into anchors in a second pass.

use std::collections::{HashMap, HashSet};

use engine::ids::digest16;
use engine::model::{ObjectType, SourceId};
use engine::ports::Unreadable;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::convert::{self, Converted};
use super::dn;
use super::error::LdapFailure;
use super::plan::{Kind, Plan, USER_NAME};
use super::spool::{Lines, Spools};
use super::wire::Entry;

/// One line of the file before references are resolved.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Rough {
    Object(Box<Converted>),
    Unreadable { place: String, id: Option<SourceId>, reason: String },
}

/// Who an entry name stands for: sixteen bytes of the name's hash to the anchor, `None` for nobody.
pub(super) type Names = HashMap<[u8; 16], Option<Uuid>>;

/// What a reading brought so far.
pub(super) struct Draft {
    pub(super) lines: Lines,
    pub(super) spools: Spools,
    /// Objects and entries that could not be understood, by anchor.
    shown: HashSet<Uuid>,
    present: HashMap<Uuid, ObjectType>,
    gone: HashSet<Uuid>,
    /// The people shown, by what groups may call them; none where nobody asks.
    people: Option<Vec<Called>>,
    pub(super) names: Names,
    remember: bool,
    unreadable: u64,
    /// Names of entries without an anchor: they may be listed twice, for their changes and for being there.
    anchorless: HashSet<[u8; 16]>,
}

/// What groups may call a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) dn: String,
    pub(super) name: Option<String>,
}

/// What a reading brought besides objects.
pub(super) struct Rest {
    /// Those present who were not shown besides.
    pub(super) users: Vec<Uuid>,
    pub(super) groups: Vec<Uuid>,
    /// Those gone who were neither.
    pub(super) gone: Vec<Uuid>,
}

/// Count and digest of a set of anchors, whatever their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Presence {
    pub(super) count: u64,
    #[serde(with = "hexadecimal")]
    pub(super) digest: u128,
}

impl Presence {
    /// Of a set of anchors. Digests are added, so that the order does not matter; they are hashed first, because
    /// ids made from clocks differ in few bits.
    pub(super) fn of<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> Self {
        Self::of_digests(ids.into_iter().map(|id| digest16(&[id.as_bytes()])))
    }

    /// Of a set of digests.
    pub(super) fn of_digests(digests: impl IntoIterator<Item = [u8; 16]>) -> Self {
        let add = |sum: Self, digest| Self {
            count: sum.count + 1,
            digest: sum.digest.wrapping_add(u128::from_be_bytes(digest)),
        };
        digests.into_iter().fold(Self::default(), add)
    }
}

impl Draft {
    /// An empty draft. With `remember` it keeps the names of entries, for references among them.
    pub(super) fn begin(spools: &Spools, remember: bool) -> Result<Self, LdapFailure> {
        Ok(Self {
            lines: spools.begin()?,
            spools: spools.clone(),
            shown: HashSet::new(),
            present: HashMap::new(),
            gone: HashSet::new(),
            people: None,
            names: Names::new(),
            remember,
            unreadable: 0,
            anchorless: HashSet::new(),
        })
    }

    /// Begins to note what groups may call the people shown.
    pub(super) fn note_people(&mut self) {
        self.people = Some(Vec::new());
    }

    /// What groups may call the people shown since [`Draft::note_people`].
    pub(super) fn people(&mut self) -> Vec<Called> {
        self.people.take().unwrap_or_default()
    }

    /// Whether an object of this anchor was shown, or one that could not be understood.
    pub(super) fn has_shown(&self, id: &Uuid) -> bool {
        self.shown.contains(id)
    }

    /// Takes an entry in: an object, or one that could not be understood. Answers its anchor, when it has one.
    ///
    /// # Errors
    /// When the anchor was shown before: one of two people would be lost.
    pub(super) fn entry(
        &mut self,
        entry: &Entry,
        kind: &Kind,
        plan: &Plan,
    ) -> Result<Option<Uuid>, LdapFailure> {
        let id = match convert::anchor(entry, plan) {
            Ok(id) => id,
            Err(reason) => {
                self.without_anchor(entry, kind, reason)?;
                return Ok(None);
            }
        };
        self.remember(entry, id);
        if let Some(people) = self.people.as_mut().filter(|_| kind.object_type == ObjectType::User) {
            people.push(Called { dn: entry.dn.clone(), name: entry.text(USER_NAME).map(str::to_owned) });
        }
        if !self.shown.insert(id) {
            return Err(LdapFailure::Refused(format!(
                "the {} {id} was listed twice; it was moved while the listing was under way, in which case the next cycle mends it, or {} and the other selection overlap: make their filters exclude each other",
                plan.anchor.attribute(),
                kind.place
            )));
        }
        match convert::object(entry, id, kind, plan) {
            Ok(converted) => self.lines.write(&Rough::Object(Box::new(converted)))?,
            Err(reason) => self.unreadable(Unreadable {
                place: format!("entry {id}"),
                id: Some(SourceId::new(id.to_string())),
                reason,
            })?,
        }
        Ok(Some(id))
    }

    /// Takes in that an entry is there which did not change; entries give their anchor. Without one they cannot be
    /// told apart, and nobody may count as gone.
    pub(super) fn present_entry(
        &mut self,
        entry: &Entry,
        kind: &Kind,
        plan: &Plan,
    ) -> Result<(), LdapFailure> {
        match convert::anchor(entry, plan) {
            Ok(id) => {
                self.remember(entry, id);
                self.present(id, kind);
                Ok(())
            }
            Err(reason) => self.without_anchor(entry, kind, reason),
        }
    }

    /// Takes in that someone is there.
    pub(super) fn present(&mut self, id: Uuid, kind: &Kind) {
        self.present.insert(id, kind.object_type);
    }

    /// Takes in that someone is gone, or no longer selected.
    pub(super) fn gone(&mut self, id: Uuid) {
        self.gone.insert(id);
    }

    /// Those gone, so far, who were not shown besides.
    pub(super) fn gone_unless_shown(&self) -> Vec<Uuid> {
        self.gone.difference(&self.shown).copied().collect()
    }

    /// Takes back that someone is gone.
    pub(super) fn not_gone(&mut self, id: &Uuid) {
        self.gone.remove(id);
    }

    /// Takes in what could not be understood.
    pub(super) fn unreadable(
        &mut self,
        Unreadable { place, id, reason }: Unreadable,
    ) -> Result<(), LdapFailure> {
        self.unreadable += 1;
        self.lines.write(&Rough::Unreadable { place, id, reason })
    }

    fn without_anchor(&mut self, entry: &Entry, kind: &Kind, reason: String) -> Result<(), LdapFailure> {
        if !self.anchorless.insert(dn::hash(&entry.dn)) {
            return Ok(());
        }
        self.unreadable(Unreadable { place: format!("an entry of {}", kind.place), id: None, reason })
    }

    fn remember(&mut self, entry: &Entry, id: Uuid) {
        if self.remember {
            self.names.insert(dn::hash(&entry.dn), Some(id));
            if let Some(name) = entry.text(USER_NAME) {
                self.names.insert(name_hash(name), Some(id));
            }
        }
    }

    /// Whether nothing at all was taken in.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.lines == 0 && self.present.is_empty() && self.gone.is_empty()
    }

    /// Entries that could not be understood.
    pub(super) fn unreadables(&self) -> u64 {
        self.unreadable
    }

    /// Everyone who is there: shown or present. Those without an anchor count, so that it shows when they go.
    pub(super) fn presence(&self) -> Presence {
        let others = self.present.keys().filter(|id| !self.shown.contains(id));
        let mut presence = Presence::of(self.shown.iter().chain(others));
        presence.count += self.anchorless.len() as u64;
        presence
    }

    /// Forgets everything, to begin again in another way.
    pub(super) fn clear(&mut self) -> Result<(), LdapFailure> {
        let fresh = Self::begin(&self.spools, self.remember)?;
        let former = std::mem::replace(self, fresh);
        let _ = std::fs::remove_file(former.lines.path);
        Ok(())
    }

    /// Those present and those gone who were not shown besides, in order.
    pub(super) fn rest(&self) -> Rest {
        let there = |wanted: ObjectType| {
            let of_kind = self.present.iter().filter(|(_, object_type)| **object_type == wanted);
            sorted(of_kind.map(|(id, _)| *id).filter(|id| !self.shown.contains(id)))
        };
        let gone = self.gone.iter().filter(|id| !self.shown.contains(id) && !self.present.contains_key(id));
        Rest { users: there(ObjectType::User), groups: there(ObjectType::Group), gone: sorted(gone.copied()) }
    }
}

fn sorted(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids
}

/// Sixteen bytes that stand for a `uid`.
pub(super) fn name_hash(name: &str) -> [u8; 16] {
    digest16(&[b"uid", name.trim().to_lowercase().as_bytes()])
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:032x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        u128::from_str_radix(&String::deserialize(deserializer)?, 16).map_err(D::Error::custom)
    }
}
