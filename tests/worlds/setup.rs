//! What differs from world to world beside its people: how the source answers, what the app can do, how the job is
//! configured.

use std::collections::BTreeSet;

use engine::cycle::{Definition, GroupRules, Naming, Nested};
use engine::guard::Thresholds;
use engine::mapping::{
    AttributeDefinition, AttributeMapping, Mapping, ObjectMapping, TargetSchema, ValueType,
};
use engine::model::{Attributes, JobId, ObjectType, Value};
use engine::ports::{MEMBERS, TargetErrorKind};
use serde_json::json;
use testkit::memory::{Chance, MemoryTarget, TargetSettings};
use testkit::source::{Manner, MemorySource};

use crate::directory::{Directory, Features, OUT_OF_SCOPE};
use crate::model::{Account, Manager, Model};

/// Where the manager stands in the target.
pub(crate) const MANAGER: &str = "manager";

/// A source with pages and a memory of its own.
pub(crate) fn source(chance: &mut Chance) -> MemorySource {
    let source = MemorySource::with_pages_of(chance.between(1, 12));
    source.set_manner([Manner::Everyone, Manner::Changes, Manner::Presence][chance.below(3)]);
    source
}

/// An app with limits and habits of its own.
pub(crate) fn target(chance: &mut Chance) -> MemoryTarget {
    let (can_list, can_find) = [(true, true), (true, true), (true, false), (false, true)][chance.below(4)];
    let concurrency = chance.between(1, 4);
    let settings = TargetSettings {
        can_list,
        can_find,
        concurrency,
        batch: if chance.in_thousand(600) { 1 } else { chance.between(2, 6) },
        members_per_call: chance.between(1, 10),
        page: chance.between(1, 40),
        hides_members: chance.in_thousand(500),
        allows_duplicates: false,
        // Of a target that neither finds anything nor minds a second group of one name, nobody can learn whether a
        // create whose answer was lost was done.
        unique_groups: !can_find || chance.in_thousand(500),
        unknown_member: [TargetErrorKind::InvalidValue, TargetErrorKind::NotFound][chance.below(2)],
        references: BTreeSet::from([MANAGER.to_owned()]),
        restless: concurrency > 1 && chance.in_thousand(700),
    };
    MemoryTarget::new(settings, chance.draw())
}

/// Accounts that somebody made by hand: some for people of the directory, some for nobody.
pub(crate) fn strangers(
    directory: &Directory,
    target: &MemoryTarget,
    model: &mut Model,
    chance: &mut Chance,
) {
    let expected =
        directory.people.values().filter(|_| chance.in_thousand(100)).map(|one| one.sign_in.clone());
    let mut names: Vec<String> = expected.collect();
    names.extend((0..chance.below(4)).map(|number| format!("stranger{number}@tessera.example")));
    for sign_in in names {
        let attributes = Attributes::from([
            ("userName".to_owned(), Value::text(&sign_in)),
            ("title".to_owned(), Value::text("Stranger")),
            ("active".to_owned(), Value::Boolean(true)),
        ]);
        target.seed(ObjectType::User, attributes);
        let title = Some("Stranger".to_owned());
        model.add_stranger(Account { sign_in, name: None, title, active: true, manager: Manager::Nobody });
    }
}

/// A job: everybody but one department. In a fifth of the worlds the guard holds what is much.
pub(crate) fn definition(features: Features, chance: &mut Chance) -> Definition {
    let naming = Naming {
        tenant_id: "tenant".to_owned(),
        application_id: "app".to_owned(),
        application_name: "Ledgerly".to_owned(),
        source_id: "source".to_owned(),
        source_name: "people".to_owned(),
        target_id: "target".to_owned(),
    };
    let key = engine::ids::Key::new([7; 32]);
    let mut definition = Definition::new(JobId::new("scim.world"), users(features), naming, key);
    if features.groups {
        definition.groups = Some(GroupRules { mapping: groups(), nested: Nested::Skip });
    }
    if !chance.in_thousand(200) {
        definition.thresholds = Thresholds { maximum: 1_000_000, percent: 100.0, at_least: 1_000_000 };
    }
    definition
}

fn direct(target: &str, source: &str, matching_priority: Option<u32>) -> AttributeMapping {
    AttributeMapping {
        target: target.to_owned(),
        source: Some(source.to_owned()),
        matching_priority,
        ..AttributeMapping::default()
    }
}

/// Clears the account's value when the source has none.
fn clearing(target: &str, source: &str) -> AttributeMapping {
    AttributeMapping { flow_null_values: true, ..direct(target, source, None) }
}

fn users(features: Features) -> Mapping {
    let active = AttributeMapping {
        target: "active".to_owned(),
        expression: Some("Not([IsSoftDeleted])".to_owned()),
        ..AttributeMapping::default()
    };
    let mut attributes = vec![
        direct("userName", "upn", Some(1)),
        direct("displayName", "displayName", None),
        clearing("title", "jobTitle"),
        active,
    ];
    let mut clears = vec!["jobTitle".to_owned()];
    if features.managers {
        attributes.push(clearing(MANAGER, "manager"));
        clears.push("manager".to_owned());
    }
    let filter = json!({ "filter": [{ "clauses": [
        { "attribute": "department", "operator": "NOT EQUALS", "value": OUT_OF_SCOPE },
    ] }] });
    let scope = serde_json::from_value(filter).unwrap();
    checked(&ObjectMapping { scope, attributes, flow_null_values: clears, ..ObjectMapping::default() })
}

fn groups() -> Mapping {
    let attributes = vec![direct("displayName", "displayName", Some(1)), direct(MEMBERS, MEMBERS, None)];
    checked(&ObjectMapping { attributes, ..ObjectMapping::default() })
}

fn checked(mapping: &ObjectMapping) -> Mapping {
    let is_of_groups = mapping.attributes.iter().any(|attribute| attribute.target == MEMBERS);
    Mapping::check(mapping, &Schema { is_of_groups }).unwrap()
}

/// What the app can hold.
struct Schema {
    is_of_groups: bool,
}

impl TargetSchema for Schema {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        let refers = matches!(path, MANAGER | MEMBERS);
        Ok(AttributeDefinition {
            value_type: match path {
                "active" => ValueType::Boolean,
                _ if refers => ValueType::Reference,
                _ => ValueType::Text,
            },
            writable: true,
            matchable: !refers,
            multivalued: path == MEMBERS,
            write_only: false,
            custom: false,
            refers,
        })
    }

    fn required(&self) -> &[&str] {
        if self.is_of_groups { &["displayName"] } else { &["userName"] }
    }

    fn enabled_attribute(&self) -> Option<&str> {
        (!self.is_of_groups).then_some("active")
    }
}
