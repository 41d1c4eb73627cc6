//! References come and go as what they are: managers, and members of groups.

use serde_json::{Value as Json, json};

use super::super::{Conversion, Kept, Names, SynchronizationSchema, of_mapping, to_mapping};
use crate::mapping::{Mapping, ObjectMapping};
use crate::testing::{SmallGroups, SmallTarget};

const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn names<'a>(source_object: &'a str, target_object: &'a str) -> Names<'a> {
    Names {
        schema: "scim.7f2c",
        version: "v1",
        rule: "d1a4",
        source: ("s", "Corporate Directory"),
        target: ("t", "Ledgerly"),
        source_object,
        target_object,
        users: ("User", CORE_USER),
    }
}

fn definition<'j>(schema: &'j Json, directory: usize, name: &str) -> &'j Json {
    let attributes = schema["directories"][directory]["objects"][0]["attributes"].as_array().unwrap();
    attributes.iter().find(|attribute| attribute["name"] == name).unwrap()
}

fn refers_to(object: &str) -> Json {
    json!([{ "referencedObjectName": object, "referencedProperty": null }])
}

#[test]
fn a_manager_is_written_as_a_reference_to_people_on_both_sides_and_comes_back() {
    let mapping: ObjectMapping = serde_json::from_value(json!({ "flowNullValues": ["boss"], "attributes": [
        { "target": "userName", "source": "upn", "matchingPriority": 1 },
        { "target": "manager", "source": "boss", "flowNullValues": true },
    ] }))
    .unwrap();
    let schema = of_mapping(&mapping, &names("User", CORE_USER), &SmallTarget);
    let written = serde_json::to_value(&schema).unwrap();
    for (directory, name, users) in [(0, "boss", "User"), (1, "manager", CORE_USER)] {
        let attribute = definition(&written, directory, name);
        assert_eq!(
            (&attribute["type"], &attribute["multivalued"], &attribute["flowNullValues"]),
            (&json!("Reference"), &json!(false), &json!(true)),
            "{name}"
        );
        assert_eq!(attribute["referencedObjects"], refers_to(users));
    }
    assert_eq!(definition(&written, 0, "upn")["referencedObjects"], json!([]));
    let back = to_mapping(&schema, (0, 0), &SmallTarget, &Kept::from(&mapping)).unwrap();
    assert_eq!((back.findings.as_slice(), back.mapping), (&[][..], mapping));
}

#[test]
fn members_are_written_as_a_list_of_references_and_come_back() {
    let mapping: ObjectMapping = serde_json::from_value(json!({ "attributes": [
        { "target": "displayName", "source": "displayName", "matchingPriority": 1 },
        { "target": "members", "source": "people" },
    ] }))
    .unwrap();
    let schema = of_mapping(&mapping, &names("Group", CORE_GROUP), &SmallGroups);
    let written = serde_json::to_value(&schema).unwrap();
    for (directory, name, users) in [(0, "people", "User"), (1, "members", CORE_USER)] {
        let attribute = definition(&written, directory, name);
        assert_eq!((&attribute["type"], &attribute["multivalued"]), (&json!("Reference"), &json!(true)));
        assert_eq!(attribute["referencedObjects"], refers_to(users), "{name}");
    }
    let back = to_mapping(&schema, (0, 0), &SmallGroups, &Kept::from(&mapping)).unwrap();
    assert_eq!((back.findings.as_slice(), back.mapping), (&[][..], mapping));
}

/// A group mapping as such configurations are exported, with this definition of `members`.
fn exported(members: &Json) -> Conversion {
    let mut attribute = json!({ "name": "members", "type": "Reference", "multivalued": true,
        "referencedObjects": [{ "referencedObjectName": "User" }, { "referencedObjectName": "Group" }] });
    attribute.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let direct = |target: &str, source: &str, priority: u32| {
        json!({ "targetAttributeName": target, "matchingPriority": priority,
            "source": { "type": "Attribute", "name": source, "expression": format!("[{source}]") } })
    };
    let schema = json!({
        "directories": [
            { "name": "Corporate Directory", "objects": [{ "name": "Group", "attributes": [] }] },
            { "name": "Ledgerly", "objects": [{ "name": "Group", "attributes": [attribute] }] },
        ],
        "synchronizationRules": [{
            "sourceDirectoryName": "Corporate Directory", "targetDirectoryName": "Ledgerly",
            "objectMappings": [{ "sourceObjectName": "Group", "targetObjectName": "Group",
                "attributeMappings": [direct("displayName", "displayName", 1), direct("members", "members", 0)] }],
        }],
    });
    let schema = SynchronizationSchema::read(schema.to_string().as_bytes()).unwrap();
    to_mapping(&schema, (0, 0), &SmallGroups, &Kept::default()).unwrap()
}

#[test]
fn an_exported_group_mapping_is_taken_with_its_members() {
    let conversion = exported(&json!({}));
    assert_eq!(conversion.findings, []);
    let mapping = Mapping::check(&conversion.mapping, &SmallGroups).unwrap();
    assert_eq!(mapping.members(), Some("members"));
}

#[test]
fn what_an_export_says_of_members_without_effect_is_told_and_left_out() {
    let cases = [
        (json!({ "flowNullValues": true }), "in any case"),
        (json!({ "type": "String" }), "several values of the type Reference"),
    ];
    for (members, told) in cases {
        let conversion = exported(&members);
        assert!(conversion.is_sound(), "{:?}", conversion.findings);
        assert!(
            conversion.findings.iter().any(|finding| finding.says.contains(told)),
            "{:?}",
            conversion.findings
        );
        Mapping::check(&conversion.mapping, &SmallGroups).unwrap();
    }
}
