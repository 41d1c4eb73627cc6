//! Groups and managers in a [`World`].

use std::collections::BTreeMap;

use connectors::scim::{ScimGroupSchema, ScimSchema};
use engine::cycle::{GroupRules, Nested};
use engine::mapping::{AttributeMapping, Mapping, ObjectMapping};
use engine::model::{ObjectType, SourceId, SourceObject, Value};
use serde_json::json;

use super::{ONE_BY_ONE, Target, World, mapping};

/// The attribute that names somebody's manager.
pub(crate) const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// An attribute that is copied.
pub(crate) fn direct(target: &str, source: &str, matching_priority: Option<u32>) -> AttributeMapping {
    AttributeMapping {
        target: target.to_owned(),
        source: Some(source.to_owned()),
        matching_priority,
        ..AttributeMapping::default()
    }
}

/// How groups flow, with these attributes.
pub(crate) fn group_rules(attributes: Vec<AttributeMapping>) -> GroupRules {
    let mapping = ObjectMapping { attributes, ..ObjectMapping::default() };
    GroupRules { mapping: Mapping::check(&mapping, &ScimGroupSchema).unwrap(), nested: Nested::Skip }
}

impl World {
    /// A world that provisions groups as well.
    pub(crate) async fn with_groups() -> Self {
        Self::with_groups_in(ONE_BY_ONE, 3).await
    }

    pub(crate) async fn with_groups_in(target: Target, page: usize) -> Self {
        let mut world = Self::with(target, page).await;
        let attributes = vec![direct("displayName", "name", Some(1)), direct("members", "members", None)];
        world.definition.groups = Some(group_rules(attributes));
        world
    }

    /// Managers are mapped from now on: the attribute `boss` names them.
    pub(crate) fn map_managers(&mut self) {
        let mut mapping = mapping(json!(["create", "update", "delete"]));
        mapping.attributes.push(direct(MANAGER, "boss", None));
        self.definition.mapping = Mapping::check(&mapping, &ScimSchema).unwrap();
    }

    /// A group with these members. Its id begins with a z, so that nobody's does.
    pub(crate) fn group(&self, name: &str, members: &[&str]) {
        self.group_named(name, name, members);
    }

    /// The group that was first known as `id`, under another name.
    pub(crate) fn group_named(&self, id: &str, name: &str, members: &[&str]) {
        let members = Value::List(members.iter().copied().map(Value::text).collect());
        self.directory.put(SourceObject {
            id: SourceId::new(format!("z-{id}")),
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
    pub(crate) fn members(&self, name: &str) -> Vec<String> {
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
