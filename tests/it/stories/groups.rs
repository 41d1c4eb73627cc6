//! Groups and their members in a real app's terms: over HTTP, with everything remembered in the real tables.

use std::collections::BTreeMap;

use connectors::scim::ScimSchema;
use engine::cycle::{GroupRules, Nested};
use engine::guard::Removed;
use engine::mapping::{
    AttributeDefinition, AttributeMapping, Mapping, ObjectMapping, TargetSchema, ValueType,
};
use engine::model::{ObjectType, SourceId, SourceObject, Value};
use serde_json::json;

use super::use_mapping;
use crate::world::{World, approved, mapping, person, set};

/// A group's name and members; nothing switches it off.
struct GroupSchema;

impl TargetSchema for GroupSchema {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        Ok(AttributeDefinition {
            value_type: ValueType::Text,
            writable: true,
            matchable: true,
            multivalued: path == "members",
            write_only: false,
            custom: false,
            refers: path == "members",
        })
    }

    fn required(&self) -> &[&str] {
        &["displayName"]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        None
    }
}

fn direct(target: &str, source: &str, matching_priority: Option<u32>) -> AttributeMapping {
    AttributeMapping {
        target: target.to_owned(),
        source: Some(source.to_owned()),
        matching_priority,
        ..AttributeMapping::default()
    }
}

impl World {
    /// A world that provisions groups as well, and managers.
    async fn with_groups() -> Self {
        let mut world = Self::new().await;
        let attributes = vec![direct("displayName", "name", Some(1)), direct("members", "members", None)];
        let mapping = ObjectMapping { attributes, ..ObjectMapping::default() };
        let mapping = Mapping::check(&mapping, &GroupSchema).unwrap();
        world.definition.groups = Some(GroupRules { mapping, nested: Nested::Skip });
        world
    }

    /// A group with these members. Its id begins with a z, so that it comes after all people.
    fn group(&self, name: &str, members: &[&str]) {
        let members = Value::List(members.iter().copied().map(Value::text).collect());
        self.directory.put(SourceObject {
            id: SourceId::new(format!("z-{name}")),
            object_type: ObjectType::Group,
            display_name: Some(name.to_owned()),
            enabled: true,
            soft_deleted: false,
            attributes: BTreeMap::from([
                ("name".to_owned(), Value::text(name)),
                ("members".to_owned(), members),
            ]),
        });
    }

    /// Who is in a group of the app, by display name.
    fn members(&self, name: &str) -> Vec<String> {
        let names: BTreeMap<String, String> = self
            .app
            .users()
            .into_iter()
            .map(|user| (user["id"].as_str().unwrap().into(), user["displayName"].as_str().unwrap().into()))
            .collect();
        let groups = self.app.groups();
        let group = groups.iter().find(|group| group["displayName"] == name).unwrap();
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let mut members: Vec<String> = members
            .iter()
            .map(|member| names.get(member["value"].as_str().unwrap()).cloned().unwrap_or_default())
            .collect();
        members.sort();
        members
    }
}

/// Three people and a group of the first two.
async fn staff() -> World {
    let world = World::with_groups().await;
    for (id, name) in [("01", "Ada"), ("02", "Bo"), ("03", "Cleo")] {
        world.directory.put(person(id, name, "Clerk"));
    }
    world.group("Staff", &["01", "02"]);
    world.cycle().await.unwrap();
    world
}

#[tokio::test]
async fn members_follow_the_directory_in_both_directions() {
    let world = staff().await;
    assert_eq!(world.members("Staff"), ["Ada", "Bo"]);
    // A difference by union would never see that Ada left.
    world.group("Staff", &["02", "03"]);
    let report = world.cycle().await.unwrap();
    assert_eq!(world.members("Staff"), ["Bo", "Cleo"]);
    assert_eq!((report.figures.members_added, report.figures.members_removed), (1, 1));
    world.directory.touch();
    let quiet = world.cycle().await.unwrap();
    assert_eq!((quiet.figures.target_calls, quiet.figures.log_records), (0, 0));
}

#[tokio::test]
async fn a_member_and_a_manager_who_come_later_are_noticed_without_a_restart() {
    let mut world = staff().await;
    use_mapping(&mut world, |mapping| {
        let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
        mapping.attributes.push(direct(manager, "boss", None));
    });
    world.group("Staff", &["01", "02", "09"]);
    world.directory.edit("01", |ada| set(ada, "boss", "09"));
    world.cycle().await.unwrap();
    assert_eq!((world.members("Staff").len(), world.state().await.counts.pending), (2, 2));

    world.directory.put(person("09", "Nadia", "Head"));
    let report = world.cycle().await.unwrap();

    assert_eq!(world.members("Staff"), ["Ada", "Bo", "Nadia"]);
    let nadia = world.account("nadia")["id"].clone();
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert_eq!(world.account("ada")[enterprise]["manager"]["value"], nadia);
    assert_eq!((report.figures.created, report.figures.updated, report.figures.members_added), (1, 1, 1));
    assert_eq!(world.state().await.counts.pending, 0);
}

#[tokio::test]
async fn too_many_who_leave_a_group_wait_for_a_person_while_others_join() {
    let mut world = staff().await;
    world.definition.thresholds.maximum = 1;
    world.group("Staff", &["03"]);
    let held = world.cycle().await.unwrap();
    assert_eq!(world.members("Staff"), ["Ada", "Bo", "Cleo"]);
    assert_eq!((held.figures.held, held.figures.members_added), (2, 1));
    assert!(held.verdicts.iter().any(|verdict| verdict.removed == Removed::Memberships));
    world.cycle_as(&approved()).await.unwrap();
    assert_eq!(world.members("Staff"), ["Cleo"]);
}

#[tokio::test]
async fn a_group_that_is_gone_is_deleted_and_nobody_is_taken_out_of_it_first() {
    let world = staff().await;
    world.directory.remove("z-Staff");
    let report = world.cycle().await.unwrap();
    assert!(world.app.groups().is_empty());
    assert_eq!((report.figures.deleted, report.figures.members_removed), (1, 0));
    assert_eq!(world.state().await.counts.groups.memberships, 0);
}

#[tokio::test]
async fn a_mapping_without_members_leaves_the_members_alone() {
    let mut world = World::with_groups().await;
    let attributes = vec![direct("displayName", "name", Some(1))];
    let rules =
        Mapping::check(&ObjectMapping { attributes, ..ObjectMapping::default() }, &GroupSchema).unwrap();
    world.definition.groups = Some(GroupRules { mapping: rules, nested: Nested::Skip });
    world.definition.mapping = Mapping::check(&mapping(json!(["create"])), &ScimSchema).unwrap();
    world.directory.put(person("01", "Ada", "Clerk"));
    world.group("Staff", &["01"]);
    world.cycle().await.unwrap();
    assert!(world.members("Staff").is_empty());
}
