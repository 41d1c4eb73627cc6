//! What is asked for, and how answers are to be understood.
//!
//! In: the document, what the mapping wants, and what the server's schema says. Out: a [`Plan`], or a refusal that
//! names the attribute nobody knows. Pure.

use std::collections::{BTreeMap, BTreeSet};

use engine::mapping::Mapping;
use engine::model::ObjectType;
use engine::ports;

use super::client::names;
use super::config::{Anchor, EnabledRule, LdapConfig, Selection, parenthesised};
use super::error::LdapFailure;
use super::schema::{Definition, Schema, Syntax, bare};
use super::server::{Family, Server};
use super::verdict::Place;
use super::wire::PAGED_RESULTS;

/// By which people are called, best first.
const DISPLAY_NAMES: [&str; 2] = ["displayName", "cn"];

/// By which groups name their members: DNs, DNs with a unique id, and user names.
pub(super) const MEMBERS: [&str; 3] = ["member", "uniqueMember", "memberUid"];

/// The attribute that `memberUid` names people by.
pub(super) const USER_NAME: &str = "uid";

/// By which a group shows whether it must have members.
pub(super) const CLASS: &str = "objectClass";

/// What the schema says about the attributes that matter, by the name that the document uses.
pub(super) type Definitions = BTreeMap<String, Definition>;

/// What is asked for, and how answers are to be understood.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) anchor: Anchor,
    pub(super) kinds: Vec<Kind>,
    pub(super) definitions: Definitions,
    pub(super) switch: Switch,
    /// Entries a page; none when the server does not page.
    pub(super) page: Option<u32>,
}

/// One kind of object: a listing.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) object_type: ObjectType,
    pub(super) place: Place,
    pub(super) base: String,
    pub(super) filter: String,
    /// The attributes that are asked for.
    pub(super) asked: Vec<String>,
    /// The attributes that are handed on, by the name that the mapping uses.
    pub(super) wanted: Vec<String>,
}

/// By what an account shows that it is switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Switch {
    Always,
    /// Bit 2 of `userAccountControl`.
    AccountControl,
    /// The value says true or false.
    Says(String),
    Is(String, Vec<String>),
    IsNot(String, Vec<String>),
    Absent(String),
}

impl Switch {
    fn of(rule: Option<&EnabledRule>, family: Family) -> Self {
        let Some(rule) = rule else {
            return match family {
                Family::ActiveDirectory => Self::AccountControl,
                Family::Generic => Self::Always,
            };
        };
        let attribute = rule.attribute.clone();
        if rule.absent {
            Self::Absent(attribute)
        } else if !rule.is.is_empty() {
            Self::Is(attribute, rule.is.clone())
        } else if !rule.is_not.is_empty() {
            Self::IsNot(attribute, rule.is_not.clone())
        } else if attribute.eq_ignore_ascii_case(ACCOUNT_CONTROL) {
            Self::AccountControl
        } else {
            Self::Says(attribute)
        }
    }

    /// The attribute that is looked at.
    pub(super) fn attribute(&self) -> Option<&str> {
        match self {
            Self::Always => None,
            Self::AccountControl => Some(ACCOUNT_CONTROL),
            Self::Says(name) | Self::Is(name, _) | Self::IsNot(name, _) | Self::Absent(name) => Some(name),
        }
    }
}

/// Active Directory's flags of an account.
pub(super) const ACCOUNT_CONTROL: &str = "userAccountControl";

impl Plan {
    /// Users come first, groups next, whatever is done with them. Without `groups` there are users alone.
    pub(super) fn new(
        config: &LdapConfig,
        users: &Wanted,
        groups: Option<&Wanted>,
        server: &Server,
        definitions: Definitions,
    ) -> Self {
        let anchor = config.anchor.unwrap_or_else(|| server.anchor());
        let switch = Switch::of(config.enabled.as_ref(), server.family);
        let mut plan = Self {
            anchor,
            kinds: Vec::new(),
            definitions,
            switch,
            page: server.offers(PAGED_RESULTS).then_some(config.page_size),
        };
        let groups = config.groups.as_ref().zip(groups);
        let people = plan.kind(ObjectType::User, &config.users, server.family, users, groups.is_some());
        plan.kinds.push(people);
        if let Some((selection, wanted)) = groups {
            plan.kinds.push(plan.kind(ObjectType::Group, selection, server.family, wanted, true));
        }
        plan
    }

    fn kind(
        &self,
        object_type: ObjectType,
        selection: &Selection,
        family: Family,
        wanted: &Wanted,
        with_groups: bool,
    ) -> Kind {
        let known = |name: &&str| self.definitions.contains_key(*name);
        let wanted: Vec<String> = wanted.found(&self.definitions).cloned().collect();
        let mut asked: Vec<&str> = wanted.iter().map(String::as_str).collect();
        asked.push(self.anchor.attribute());
        asked.extend(DISPLAY_NAMES.iter().filter(|name| known(name)));
        let place = match object_type {
            ObjectType::User => {
                asked.extend(self.switch.attribute());
                let by_name = with_groups && known(&"memberUid");
                asked.extend(by_name.then_some(USER_NAME));
                Place::Users
            }
            ObjectType::Group => {
                asked.push(CLASS);
                asked.extend(MEMBERS.iter().filter(|name| known(name)));
                Place::Groups
            }
        };
        let filter = selection.filter.as_deref().unwrap_or(default_filter(object_type, family));
        Kind {
            object_type,
            place,
            base: selection.base.trim().to_owned(),
            filter: parenthesised(filter),
            asked: names(asked),
            wanted,
        }
    }

    /// The definition of an attribute, by the name that the document uses.
    pub(super) fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.get(name)
    }

    /// Whether objects refer to others, so that names of entries have to be remembered.
    pub(super) fn has_references(&self) -> bool {
        self.kinds.iter().any(|kind| {
            let refers = |name: &String| self.definition(name).is_some_and(|d| d.syntax == Syntax::Reference);
            kind.object_type == ObjectType::Group || kind.wanted.iter().any(refers)
        })
    }

    /// The kind of an object type that is read.
    pub(super) fn kind_of(&self, object_type: ObjectType) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.object_type == object_type)
    }
}

/// What someone asks for of one kind of objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The attributes, by the names the mapping uses.
    pub names: BTreeSet<String>,
    /// Those of them that are done without where the server's schema does not have them: a default mapping asks for
    /// them, and nobody by name.
    pub optional: BTreeSet<String>,
}

impl Wanted {
    /// What a mapping asks for.
    #[must_use]
    pub fn by(mapping: &Mapping) -> Self {
        let names = mapping.source_attributes().clone();
        let optional = names.difference(mapping.needed_attributes()).cloned().collect();
        Self { names, optional }
    }

    /// The attributes that servers have; a group's members are asked for in any case, under the names they have there.
    fn of_servers(&self) -> impl Iterator<Item = &String> {
        self.names.iter().filter(|name| *name != ports::MEMBERS)
    }

    /// Those of them that this server has.
    fn found<'a>(&'a self, definitions: &'a Definitions) -> impl Iterator<Item = &'a String> {
        self.of_servers().filter(|name| definitions.contains_key(*name))
    }
}

/// Looks everything up that a plan needs.
///
/// # Errors
/// [`LdapFailure::Refused`] when a mapping or the rule for `enabled` reads what the server does not know.
pub(super) fn define(
    config: &LdapConfig,
    users: &Wanted,
    groups: Option<&Wanted>,
    server: &Server,
    schema: &Schema,
    name: &str,
) -> Result<Definitions, LdapFailure> {
    let unknown = |attribute: &str, reader: &str, cure: &str| {
        let nearest = schema.nearest(bare(attribute));
        let nearest = nearest.map(|nearest| format!("; did you mean '{nearest}'?")).unwrap_or_default();
        LdapFailure::Refused(format!(
            "{reader} reads '{attribute}', which the schema of {name} does not have{nearest} Correct {cure}"
        ))
    };
    let mut definitions = Definitions::new();
    let of_users = (users, "the mapping", "users.attributes");
    let of_groups = groups.map(|groups| (groups, "the mapping of groups", "groups.attributes"));
    for (wanted, reader, cure) in std::iter::once(of_users).chain(of_groups) {
        for attribute in wanted.of_servers() {
            let found = schema.definition(attribute);
            if found.is_none() && wanted.optional.contains(attribute) {
                continue;
            }
            let found = found.ok_or_else(|| unknown(attribute, reader, cure))?;
            definitions.insert(attribute.clone(), found);
        }
    }
    let switch = Switch::of(config.enabled.as_ref(), server.family);
    if let Some(attribute) = switch.attribute() {
        let found = schema.definition(attribute);
        let refused = || unknown(attribute, "source.ldap.enabled", "source.ldap.enabled.attribute");
        definitions.insert(attribute.to_owned(), found.ok_or_else(refused)?);
    }
    for attribute in DISPLAY_NAMES.iter().chain(&MEMBERS).chain(&[USER_NAME]) {
        if let Some(found) = schema.definition(attribute) {
            definitions.insert((*attribute).to_owned(), found);
        }
    }
    Ok(definitions)
}

fn default_filter(object_type: ObjectType, family: Family) -> &'static str {
    match (object_type, family) {
        (ObjectType::User, Family::ActiveDirectory) => "(&(objectCategory=person)(objectClass=user))",
        (ObjectType::User, Family::Generic) => "(objectClass=inetOrgPerson)",
        (ObjectType::Group, Family::ActiveDirectory) => "(objectClass=group)",
        (ObjectType::Group, Family::Generic) => {
            "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"
        }
    }
}
