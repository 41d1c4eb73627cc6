//! Documents are written as they were read.

use serde_json::json;

use super::super::document::LARGEST;
use super::super::{DocumentError, Given, SynchronizationSchema};
use super::FIXTURES;

#[test]
fn what_is_read_is_written_again_apart_from_the_case_of_words() {
    for fixture in FIXTURES {
        let mut expected = super::json(fixture.schema);
        for (pointer, word) in fixture.expected()["written"].as_object().unwrap() {
            let place =
                expected.pointer_mut(pointer).unwrap_or_else(|| panic!("{}: {pointer}", fixture.name));
            assert_ne!(place, word, "{}: {pointer}", fixture.name);
            *place = word.clone();
        }
        assert_eq!(serde_json::to_value(fixture.read()).unwrap(), expected, "{}", fixture.name);
    }
}

#[test]
fn what_was_written_once_is_written_the_same_again() {
    for fixture in FIXTURES {
        let written = serde_json::to_vec(&fixture.read()).unwrap();
        let again = SynchronizationSchema::read(&written).unwrap();
        assert_eq!(again, fixture.read(), "{}", fixture.name);
    }
}

#[test]
fn members_may_be_missing_or_null_or_unknown_at_every_level() {
    let cases = [
        json!({}),
        json!({ "id": null, "directories": null, "synchronizationRules": [] }),
        json!({ "@odata.etag": "W/1", "provisioningTaskIdentifier": null }),
        json!({ "directories": [{ "metadata": [], "objects": [{ "attributes": [{ "x": { "y": [1, 2.5, null] } }] }] }] }),
        json!({ "synchronizationRules": [{ "groupFilter": { "includedGroups": null, "z": true } }] }),
        json!({ "synchronizationRules": [{ "objectMappings": [{ "scope": { "groups": [{ "clauses": [{ "targetOperand": null, "u": 1 }] }] } }] }] }),
        json!({ "synchronizationRules": [{ "objectMappings": [{ "attributeMappings": [{ "source": { "parameters": [{ "key": null, "value": null, "w": "" }] } }] }] }] }),
        json!({ "synchronizationRules": [{ "objectMappings": [{ "flowTypes": "" , "metadata": [{ "key": "A", "value": false }] }] }] }),
        json!({ "synchronizationRules": [{ "objectMappings": [{ "flowTypes": "Add, Sideways" }] }] }),
        json!({ "directories": [{ "discoverabilities": "AttributeNames, unknown", "objects": [{ "attributes": [{ "mutability": "SomethingNew" }] }] }] }),
    ];
    for case in cases {
        let schema = SynchronizationSchema::read(case.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(schema).unwrap(), case);
    }
}

#[test]
fn words_are_read_in_any_case_and_written_as_documented() {
    let schema = |flow_types: &str, flow: &str, behavior: &str, kind: &str| {
        json!({ "synchronizationRules": [{ "objectMappings": [{ "flowTypes": flow_types, "attributeMappings": [
            { "flowType": flow, "flowBehavior": behavior, "source": { "type": kind } }
        ] }] }] })
    };
    let read = schema("delete,ADD ,update", "multivalueaddonly", "FLOWALWAYS", "function");
    let written = SynchronizationSchema::read(read.to_string().as_bytes()).unwrap();
    let expected = schema("Delete, Add, Update", "MultiValueAddOnly", "FlowAlways", "Function");
    assert_eq!(serde_json::to_value(written).unwrap(), expected);
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    let cases = [
        (r#"{"synchronizationRules": {}}"#, "line 1 column"),
        (r#"{"synchronizationRules": [{"priority": "1"}]}"#, "expected i32"),
        (r#"{"synchronizationRules": [{"priority": 3000000000}]}"#, "expected i32"),
        (r#"[1]"#, "invalid type"),
        (r#"{"id": "a""#, "EOF"),
        (r#"{"id": "a", "id": "b"}"#, "duplicate"),
    ];
    for (text, problem) in cases {
        let error = SynchronizationSchema::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
}

#[test]
fn a_schema_that_is_too_large_or_too_deep_is_refused() {
    let large = vec![b' '; LARGEST + 1];
    assert!(
        matches!(SynchronizationSchema::read(&large), Err(DocumentError::TooLarge(size)) if size == LARGEST + 1)
    );
    let mut source = String::from("{}");
    for _ in 0..60 {
        source = format!(r#"{{"parameters":[{{"value":{source}}}]}}"#);
    }
    let deep = format!(
        r#"{{"synchronizationRules":[{{"objectMappings":[{{"attributeMappings":[{{"source":{source}}}]}}]}}]}}"#
    );
    let error = SynchronizationSchema::read(deep.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("recursion limit"), "{error}");
}

#[test]
fn mappings_are_found_by_their_source_object_rules_of_lowest_priority_first() {
    let schema = json!({ "synchronizationRules": [
        { "priority": 2, "objectMappings": [{ "sourceObjectName": "Group" }, { "sourceObjectName": "user" }] },
        { "priority": 1, "objectMappings": [{ "sourceObjectName": "User" }, {}] },
    ] });
    let schema = SynchronizationSchema::read(schema.to_string().as_bytes()).unwrap();
    assert_eq!(schema.mappings_from("User"), [(1, 0), (0, 1)]);
    assert_eq!(schema.mappings_from("Group"), [(0, 0)]);
    assert_eq!(schema.mappings_from("Worker"), []);
}

#[test]
fn a_member_is_absent_null_or_there() {
    let given = |text: &str| serde_json::from_str::<SynchronizationSchema>(text).unwrap().id;
    assert_eq!(given("{}"), Given::Absent);
    assert_eq!(given(r#"{"id": null}"#), Given::Null);
    assert_eq!(given(r#"{"id": ""}"#), Given::from(""));
}
