//! Users and groups, and what may be done to them (RFC 7644 sections 3.3 to 3.6).
//!
//! In: bodies that were parsed, with the rules of the call. Out: resources, or the error the client sees.
//! Promise: `userName` is unique without regard to case; a write that changes nothing leaves `lastModified` and
//! `version` alone; a failed write leaves everything alone; ids follow from the order of creates, and none is
//! used twice; a deleted resource is in no group, and who is in a group exists.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Members, check_reactivation, checked};
use super::collection::{Collection, Number};
use super::error::ScimError;
use super::filter::fold;
use super::members;
use super::patch::{Operation, apply};
use super::path::member;
use super::quirks::Quirks;
use super::schema::ResourceType;

/// The attributes whose equality is looked up rather than searched for.
const USER_INDEXES: &[&str] = &["userName", "externalId", "emails"];
const GROUP_INDEXES: &[&str] = &["displayName", "externalId"];

/// What a write must know besides its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) quirks: &'a Quirks,
    /// The user name whose writes fail.
    pub(crate) poisoned: Option<&'a str>,
    /// The `If-Match` header, or the `version` of a bulk operation.
    pub(crate) if_match: Option<&'a str>,
    pub(crate) now: Timestamp,
}

/// Everything the sandbox remembers.
#[derive(Debug)]
pub(crate) struct Directory {
    users: Collection,
    groups: Collection,
    /// Ids handed out so far.
    minted: u64,
    base_url: String,
}

impl Directory {
    /// An empty directory whose resources live below a base URL.
    pub(crate) fn new(base_url: String) -> Self {
        let users = Collection::new(USER_INDEXES);
        Self { users, groups: Collection::new(GROUP_INDEXES), minted: 0, base_url }
    }

    /// Forgets all resources. Their ids stay used.
    pub(crate) fn clear(&mut self) {
        self.users = Collection::new(USER_INDEXES);
        self.groups = Collection::new(GROUP_INDEXES);
    }

    pub(crate) fn of(&self, kind: ResourceType) -> &Collection {
        match kind {
            ResourceType::User => &self.users,
            ResourceType::Group => &self.groups,
        }
    }

    /// Where resources live.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    fn of_mut(&mut self, kind: ResourceType) -> &mut Collection {
        match kind {
            ResourceType::User => &mut self.users,
            ResourceType::Group => &mut self.groups,
        }
    }

    /// The user with this name, whatever its case.
    pub(crate) fn user_by_name(&self, name: &str) -> Option<&Arc<Value>> {
        let numbers = self.users.holders("userName", name)?;
        numbers.first().and_then(|number| self.users.get(*number))
    }

    /// # Errors
    /// 404.
    pub(crate) fn read(&self, kind: ResourceType, id: &str) -> Result<Arc<Value>, ScimError> {
        self.locate(kind, id).map(|(_, resource)| resource)
    }

    fn locate(&self, kind: ResourceType, id: &str) -> Result<(Number, Arc<Value>), ScimError> {
        let collection = self.of(kind);
        let number = collection.number_of(id);
        number
            .and_then(|number| Some((number, Arc::clone(collection.get(number)?))))
            .ok_or_else(|| ScimError::not_found(&format!("{} {id}", kind.name())))
    }

    /// Adds a resource.
    ///
    /// # Errors
    /// 400 `invalidValue`, 409 `uniqueness`.
    pub(crate) fn create(
        &mut self,
        kind: ResourceType,
        body: Members,
        rules: Rules<'_>,
    ) -> Result<Arc<Value>, ScimError> {
        let mut resource = checked(kind, body, rules.quirks)?;
        if kind == ResourceType::Group {
            members::complete(self, &mut resource, rules.quirks)?;
        }
        let name = name_of(kind, &resource).to_owned();
        check_poison(kind, rules, &name)?;
        self.check_unique(kind, &name, None)?;
        self.minted += 1;
        let seed = format!("{}/{}/{name}", self.minted, kind.endpoint());
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes()).to_string();
        let now = rules.now.to_string();
        let meta = json!({
            "resourceType": kind.name(),
            "created": now,
            "lastModified": now,
            "location": format!("{}/{}/{id}", self.base_url, kind.endpoint()),
            "version": version(1),
        });
        resource.insert("id".to_owned(), id.as_str().into());
        resource.insert("meta".to_owned(), meta);
        Ok(self.of_mut(kind).insert(id, resource.into()))
    }

    /// PUT: what the body leaves out is cleared.
    ///
    /// # Errors
    /// 404, 412, 400 `invalidValue`, 409 `uniqueness`.
    pub(crate) fn replace(
        &mut self,
        kind: ResourceType,
        id: &str,
        body: Members,
        rules: Rules<'_>,
    ) -> Result<Arc<Value>, ScimError> {
        self.change(kind, id, rules, |before| {
            let mut after = checked(kind, body, rules.quirks)?;
            for kept in ["id", "meta"] {
                after.extend(before.get(kept).map(|value| (kept.to_owned(), value.clone())));
            }
            Ok(after)
        })
    }

    /// PATCH.
    ///
    /// # Errors
    /// 404, 412, 409 `uniqueness`, and those of [`apply`].
    pub(crate) fn patch(
        &mut self,
        kind: ResourceType,
        id: &str,
        operations: &[Operation],
        rules: Rules<'_>,
    ) -> Result<Arc<Value>, ScimError> {
        self.change(kind, id, rules, |before| {
            let after = apply(kind, before, operations, rules.quirks)?;
            check_reactivation(before, &after, rules.quirks)?;
            Ok(after)
        })
    }

    fn change(
        &mut self,
        kind: ResourceType,
        id: &str,
        rules: Rules<'_>,
        work: impl FnOnce(&Members) -> Result<Members, ScimError>,
    ) -> Result<Arc<Value>, ScimError> {
        let (number, resource) = self.locate(kind, id)?;
        check_version(&resource, rules)?;
        let nothing = Members::new();
        let before = resource.as_object().unwrap_or(&nothing);
        check_poison(kind, rules, name_of(kind, before))?;
        let mut after = work(before)?;
        if kind == ResourceType::Group {
            members::complete(self, &mut after, rules.quirks)?;
        }
        let name = name_of(kind, &after);
        check_poison(kind, rules, name)?;
        self.check_unique(kind, name, Some(number))?;
        if &after == before {
            return Ok(resource);
        }
        let touched = touched(after, rules.now);
        Ok(self.of_mut(kind).update(number, touched).unwrap_or(resource))
    }

    /// DELETE.
    ///
    /// # Errors
    /// 404, 412.
    pub(crate) fn delete(&mut self, kind: ResourceType, id: &str, rules: Rules<'_>) -> Result<(), ScimError> {
        let (_, resource) = self.locate(kind, id)?;
        check_version(&resource, rules)?;
        let nothing = Members::new();
        let name = name_of(kind, resource.as_object().unwrap_or(&nothing));
        check_poison(kind, rules, name)?;
        if kind == ResourceType::User && rules.quirks.delete_deactivates {
            let deactivate = |before: &Members| {
                let mut after = before.clone();
                after.insert("active".to_owned(), false.into());
                Ok(after)
            };
            return self.change(kind, id, rules, deactivate).map(drop);
        }
        self.of_mut(kind).remove(id);
        self.leave_groups(id, rules.now);
        Ok(())
    }

    /// Takes someone who is gone out of all groups.
    fn leave_groups(&mut self, id: &str, now: Timestamp) {
        let everyone = self.groups.page(0, usize::MAX).iter();
        let concerned: Vec<(Number, Members)> =
            everyone.filter_map(|(number, group)| Some((*number, members::without(group, id)?))).collect();
        for (number, group) in concerned {
            self.groups.update(number, touched(group, now));
        }
    }

    fn check_unique(&self, kind: ResourceType, name: &str, own: Option<Number>) -> Result<(), ScimError> {
        let holders = match kind {
            ResourceType::User => self.users.holders("userName", name).unwrap_or_default(),
            ResourceType::Group => &[], // the RFC leaves a group's name free
        };
        if holders.iter().any(|number| Some(*number) != own) {
            return Err(ScimError::uniqueness(format!("userName `{name}` is taken")));
        }
        Ok(())
    }
}

fn name_of(kind: ResourceType, resource: &Members) -> &str {
    member(resource, kind.naming_attribute()).and_then(Value::as_str).unwrap_or_default()
}

/// A version is the count of states the resource has had; weak, since the same state can be written differently.
fn version(state: u64) -> String {
    format!("W/\"{state}\"")
}

/// The resource with a new `lastModified` and the next version.
fn touched(mut resource: Members, now: Timestamp) -> Value {
    if let Some(meta) = resource.get_mut("meta") {
        let digits = |text: &str| text.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().ok();
        let state = meta.get("version").and_then(Value::as_str).and_then(digits).unwrap_or_default();
        meta["version"] = version(state + 1).into();
        meta["lastModified"] = now.to_string().into();
    }
    resource.into()
}

fn check_version(resource: &Value, rules: Rules<'_>) -> Result<(), ScimError> {
    let looked_at = !rules.quirks.no_etag && !rules.quirks.ignore_if_match;
    let current = resource.pointer("/meta/version").and_then(Value::as_str).unwrap_or_default();
    match rules.if_match {
        Some(wanted) if looked_at && !names_version(wanted, current) => {
            Err(ScimError::version_mismatch(current))
        }
        _ => Ok(()),
    }
}

/// Whether a list of entity tags names a version; compared weakly, so `"1"` names `W/"1"`.
pub(crate) fn names_version(tags: &str, version: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == opaque(version))
}

fn check_poison(kind: ResourceType, rules: Rules<'_>, name: &str) -> Result<(), ScimError> {
    let Some(poisoned) = rules.poisoned.filter(|_| kind == ResourceType::User) else { return Ok(()) };
    if fold(name) == fold(poisoned) {
        let detail = format!("the value of userName `{poisoned}` is not accepted by this application");
        return Err(ScimError { injected: true, ..ScimError::invalid_value(detail) });
    }
    Ok(())
}
