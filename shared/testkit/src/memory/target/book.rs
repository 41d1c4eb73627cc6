//! What the app holds, and the rules it keeps.

use std::collections::{BTreeMap, BTreeSet};

use engine::model::{AttributeChange, Attributes, ObjectType, TargetId, Value};
use engine::ports::{TargetErrorKind, TargetOperation};

use super::TargetSettings;

/// An account, or a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Values by target path.
    pub attributes: Attributes,
    /// Who is in it, of a group.
    pub members: BTreeSet<TargetId>,
}

/// Everything the app holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    users: BTreeMap<TargetId, Account>,
    groups: BTreeMap<TargetId, Account>,
    issued: u64,
}

/// Why an operation is refused.
pub(super) type Refusal = (TargetErrorKind, String);

impl Book {
    pub(super) fn all(&self, kind: ObjectType) -> &BTreeMap<TargetId, Account> {
        match kind {
            ObjectType::User => &self.users,
            ObjectType::Group => &self.groups,
        }
    }

    fn all_mut(&mut self, kind: ObjectType) -> &mut BTreeMap<TargetId, Account> {
        match kind {
            ObjectType::User => &mut self.users,
            ObjectType::Group => &mut self.groups,
        }
    }

    pub(super) fn find(&mut self, kind: ObjectType, id: &TargetId) -> Option<&mut Account> {
        self.all_mut(kind).get_mut(id)
    }

    pub(super) fn insert(&mut self, kind: ObjectType, attributes: Attributes) -> TargetId {
        self.issued += 1;
        let letter = if kind == ObjectType::User { 'u' } else { 'g' };
        // Filled with zeros, so that ids sort as they were issued.
        let id = TargetId::new(format!("{letter}{:06}", self.issued));
        self.all_mut(kind).insert(id.clone(), Account { attributes, members: BTreeSet::new() });
        id
    }

    /// Deletes an account or group, and with it its memberships.
    pub(super) fn delete(&mut self, kind: ObjectType, id: &TargetId) {
        self.all_mut(kind).remove(id);
        for group in self.groups.values_mut() {
            group.members.remove(id);
        }
    }

    /// Does an operation, or refuses it and does nothing.
    pub(super) fn execute(
        &mut self,
        operation: &TargetOperation,
        settings: &TargetSettings,
        poison: &BTreeSet<String>,
    ) -> Result<TargetId, Refusal> {
        match operation {
            TargetOperation::Create(kind, attributes) => {
                self.names_somebody(attributes.iter(), settings)?;
                self.accept(*kind, None, attributes, settings, poison)?;
                Ok(self.insert(*kind, attributes.clone()))
            }
            TargetOperation::Update(kind, id, changes) => {
                let account = self.all(*kind).get(id).ok_or_else(|| gone(id))?;
                let mut attributes = account.attributes.clone();
                changes.iter().for_each(|change| apply(&mut attributes, change));
                let written = changes.iter().filter_map(|change| Some((&change.path, change.new.as_ref()?)));
                self.names_somebody(written, settings)?;
                self.accept(*kind, Some(id), &attributes, settings, poison)?;
                self.find(*kind, id).ok_or_else(|| gone(id))?.attributes = attributes;
                Ok(id.clone())
            }
            TargetOperation::Delete(kind, id) => {
                self.delete(*kind, id);
                Ok(id.clone())
            }
            TargetOperation::AddMembers(group, members) => {
                cap(members, settings)?;
                let known =
                    |member: &TargetId| self.users.contains_key(member) || self.groups.contains_key(member);
                let unknown = members.iter().find(|member| !known(member)).cloned();
                let account = self.groups.get_mut(group).ok_or_else(|| gone(group))?;
                if let Some(member) = unknown {
                    return Err((settings.unknown_member, format!("there is no member {member}")));
                }
                account.members.extend(members.iter().cloned());
                Ok(group.clone())
            }
            TargetOperation::RemoveMembers(group, members) => {
                cap(members, settings)?;
                let account = self.groups.get_mut(group).ok_or_else(|| gone(group))?;
                account.members.retain(|member| !members.contains(member));
                Ok(group.clone())
            }
        }
    }

    /// Whether references that are written name somebody. What is there already may name somebody who is gone.
    fn names_somebody<'a>(
        &self,
        written: impl Iterator<Item = (&'a String, &'a Value)>,
        settings: &TargetSettings,
    ) -> Result<(), Refusal> {
        let mut references = written.filter(|(path, _)| settings.references.contains(*path));
        match references.find(|(_, value)| !self.users.contains_key(&TargetId::new(value.to_string()))) {
            Some((path, value)) => Err((settings.unknown_member, format!("{path} names nobody: {value}"))),
            None => Ok(()),
        }
    }

    /// Whether an account or group may hold these values.
    fn accept(
        &self,
        kind: ObjectType,
        id: Option<&TargetId>,
        attributes: &Attributes,
        settings: &TargetSettings,
        poison: &BTreeSet<String>,
    ) -> Result<(), Refusal> {
        let name =
            |attributes: &Attributes, path: &str| Some(attributes.get(path)?.to_string().to_lowercase());
        let sign_in = name(attributes, "userName");
        if [&sign_in, &name(attributes, "displayName")]
            .into_iter()
            .flatten()
            .any(|name| poison.contains(name))
        {
            return Err((TargetErrorKind::InvalidValue, "a value is not accepted".into()));
        }
        let unique = match kind {
            ObjectType::User if !settings.allows_duplicates => Some("userName"),
            ObjectType::Group if settings.unique_groups => Some("displayName"),
            _ => None,
        };
        let Some((path, own)) = unique.and_then(|path| Some((path, name(attributes, path)?))) else {
            return Ok(());
        };
        let mut others = self.all(kind).iter().filter(|(other, _)| Some(*other) != id);
        if others.any(|(_, other)| name(&other.attributes, path).as_ref() == Some(&own)) {
            return Err((TargetErrorKind::Conflict, format!("{own} is taken")));
        }
        Ok(())
    }
}

/// Whether two values are the same as SCIM compares them: without regard to case, ids aside.
pub(super) fn is_same(path: &str, one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) if !matches!(path, "id" | "externalId") => {
            one.to_lowercase() == other.to_lowercase()
        }
        _ => one == other,
    }
}

fn apply(attributes: &mut Attributes, change: &AttributeChange) {
    let held = AttributeChange { old: attributes.get(&change.path).cloned(), ..change.clone() };
    match held.outcome() {
        Some(value) => attributes.insert(change.path.clone(), value),
        None => attributes.remove(&change.path),
    };
}

fn gone(id: &TargetId) -> Refusal {
    (TargetErrorKind::NotFound, format!("{id} is gone"))
}

fn cap(members: &[TargetId], settings: &TargetSettings) -> Result<(), Refusal> {
    if members.len() <= settings.members_per_call {
        return Ok(());
    }
    Err((TargetErrorKind::TooLarge, format!("{} members in one call", members.len())))
}
