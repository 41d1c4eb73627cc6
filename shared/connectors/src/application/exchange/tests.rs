//! What a schema says of an application, and what an application takes from a schema.

use engine::cycle::Nested;
use engine::expression::Settings;
use engine::mapping::{AttributeMapping, FlowType, ObjectAction, ValueType, defaults};
use engine::schema::FindingKind;
use engine::schema::export::definition;
use engine::schema::spelling::AttributeType;
use engine::scoping::{Assignment, Clause, FilterGroup, Operator};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

/// What somebody changes in a schema.
type Edit = fn(&mut Json);

const DOCUMENT: &str = include_str!("../fixtures/ledgerly.yaml");

/// The document of the introduction; its source also shows groups.
fn ledgerly() -> Application {
    let shows = "enabled: accountEnabled, groups: { path: groups.csv, id: id } }";
    let text = DOCUMENT.replace("enabled: accountEnabled }", shows);
    assert_ne!(text, DOCUMENT);
    Application { groups: None, ..Application::from_yaml(&text, "ledgerly.yaml").unwrap() }
}

fn with_groups() -> Application {
    Application { groups: Some(ObjectMapping::default()), ..ledgerly() }
}

/// The application's schema as somebody reads it, changed by them, and read again.
fn edited(application: &Application, edit: impl FnOnce(&mut Json)) -> SynchronizationSchema {
    let mut json = serde_json::to_value(schema_of(application, "scim.ledgerly", 3)).unwrap();
    edit(&mut json);
    SynchronizationSchema::read(json.to_string().as_bytes()).unwrap()
}

fn object_mapping(schema: &mut Json, position: usize) -> &mut Json {
    &mut schema["synchronizationRules"][0]["objectMappings"][position]
}

#[test]
fn users_and_groups_are_two_object_mappings_of_one_rule_between_two_directories() {
    let schema = serde_json::to_value(schema_of(&with_groups(), "scim.ledgerly", 3)).unwrap();
    assert_eq!([&schema["id"], &schema["version"]], ["scim.ledgerly", "v3"]);
    let names = |list: &Json, name: &str| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&schema["directories"], "id"), [SOURCE_DIRECTORY, TARGET_DIRECTORY]);
    assert_eq!(names(&schema["directories"], "name"), ["people.csv", "Ledgerly"]);
    assert_eq!(names(&schema["directories"][0]["objects"], "name"), ["User", "Group"]);
    assert_eq!(names(&schema["directories"][1]["objects"], "name"), [USERS.target, GROUPS.target]);
    let [rule] = &schema["synchronizationRules"].as_array().unwrap()[..] else { panic!("{schema:#}") };
    assert_eq!(rule["id"], RULE);
    assert_eq!(names(&rule["objectMappings"], "sourceObjectName"), ["User", "Group"]);
    let groups = &rule["objectMappings"][1]["attributeMappings"];
    assert_eq!(names(groups, "targetAttributeName"), ["displayName", "externalId", "members"]);
    let alone = serde_json::to_value(schema_of(&ledgerly(), "scim.ledgerly", 3)).unwrap();
    assert_eq!(alone["synchronizationRules"][0]["objectMappings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_source_that_is_called_like_the_application_is_told_from_it() {
    let mut application = ledgerly();
    application.name = "people.csv".to_owned();
    let schema = schema_of(&application, "job", 1);
    assert!(schema.directory("people.csv (source)").is_some() && schema.directory("people.csv").is_some());
    assert_eq!(with_schema(&application, &schema), Ok((application, vec![])));
}

/// What the target of [`ledgerly`] might say.
fn described() -> Description {
    let all = |names: [&str; 2]| names.map(|name| definition(name, AttributeType::Integer)).to_vec();
    Description { users: all(["userName", BADGE]), groups: all(["displayName", "motto"]), left_out: 0 }
}

const BADGE: &str = "urn:ietf:params:scim:schemas:extension:badge:2.0:User:number";

fn found(application: &Application) -> Discovered {
    discovered(application, described(), "7".to_owned(), "2026-03-02T12:00:00Z".parse().unwrap())
}

#[test]
fn what_was_discovered_shows_beside_what_the_mappings_have_and_changes_nothing_of_it() {
    for application in [ledgerly(), with_groups()] {
        let plain = schema_of(&application, "job", 1);
        let schema = schema_with(&application, "job", 1, Some(found(&application)));
        assert_eq!(with_schema(&application, &schema), Ok((application.clone(), vec![])));
        let directory = |schema: &SynchronizationSchema| schema.directory("Ledgerly").unwrap().clone();
        let (before, after) = (directory(&plain), directory(&schema));
        assert_eq!([before.version, before.discovery_date_time], [Given::Null, Given::Null]);
        assert_eq!((after.version.text(), &after.discoverabilities), (Some("7"), &before.discoverabilities));
        for object in before.objects.each() {
            let now = after.object(object.name.text().unwrap()).unwrap();
            assert!(object.attributes.each().iter().all(|one| now.attributes.each().contains(one)));
        }
        let user = after.object(USERS.target).unwrap();
        assert_eq!(user.attribute("userName").unwrap().kind, AttributeType::String.into());
        assert_eq!(user.attribute(BADGE).unwrap().kind, AttributeType::Integer.into());
        assert!(after.object(GROUPS.target).unwrap().attribute("motto").is_some());
        assert_eq!(schema.directories.each()[0], plain.directories.each()[0], "the source's stays as it is");
    }
}

#[test]
fn what_one_target_said_is_not_shown_of_another() {
    let application = ledgerly();
    let said = Discovered { from: "https://elsewhere.example/scim".to_owned(), ..found(&application) };
    assert_eq!(schema_with(&application, "job", 1, Some(said)), schema_of(&application, "job", 1));
}

#[test]
fn an_attribute_that_was_discovered_is_mapped_as_the_target_defines_it() {
    let application = ledgerly();
    let schema = schema_with(&application, "job", 1, Some(found(&application)));
    let mut json = serde_json::to_value(schema).unwrap();
    let mapped = json!({ "targetAttributeName": BADGE, "source": { "type": "Attribute", "name": "badge", "expression": "[badge]" } });
    object_mapping(&mut json, 0)["attributeMappings"].as_array_mut().unwrap().push(mapped);
    let schema = SynchronizationSchema::read(json.to_string().as_bytes()).unwrap();
    let (changed, findings) = with_schema(&application, &schema).unwrap();
    let added = changed.users.attributes.last().unwrap();
    assert_eq!((added.target.as_str(), added.value_type), (BADGE, Some(ValueType::Integer)));
    assert_eq!(findings, []);
}

#[test]
fn what_somebody_changes_in_the_schema_changes_in_the_application_and_nothing_else() {
    let application = with_groups();
    let schema = edited(&application, |schema| {
        object_mapping(schema, 0)["flowTypes"] = "add, update".into();
        let clause = json!({ "sourceOperandName": "department", "operatorName": "EQUALS",
            "targetOperand": { "values": ["Sales"] } });
        object_mapping(schema, 0)["scope"] = json!({ "groups": [{ "name": "Sales", "clauses": [clause] }] });
        object_mapping(schema, 1)["attributeMappings"].as_array_mut().unwrap().remove(1);
    });
    let (changed, findings) = with_schema(&application, &schema).unwrap();
    assert_eq!(findings, []);
    let mut expected = application;
    expected.users.actions = vec![ObjectAction::Create, ObjectAction::Update];
    expected.users.scope.filter =
        vec![FilterGroup { name: Some("Sales".to_owned()), clauses: vec![clause("department", "Sales")] }];
    let mut groups = defaults::group();
    groups.attributes.remove(1);
    expected.groups = Some(groups);
    assert_eq!(changed, expected);
}

fn clause(attribute: &str, value: &str) -> Clause {
    Clause {
        attribute: attribute.to_owned(),
        operator: Operator::Equals,
        value: Some(value.to_owned()),
        matches: None,
    }
}

#[test]
fn a_mapping_that_did_not_change_stays_as_it_was_spelled() {
    let mut application = with_groups();
    let [matching, ..] = &mut application.users.attributes[..] else { panic!("it has attributes") };
    (matching.source, matching.expression) = (None, Some("[mail]".to_owned()));
    matching.case_exact = Some(true);
    application.check().unwrap();
    let schema = edited(&application, |schema| object_mapping(schema, 1)["flowTypes"] = "Add".into());
    let (changed, findings) = with_schema(&application, &schema).unwrap();
    assert_eq!(findings, []);
    assert_eq!(changed.users, application.users);
    assert_eq!(changed.groups.unwrap().actions, [ObjectAction::Create]);
}

#[test]
fn groups_that_are_switched_off_or_taken_out_are_not_provisioned() {
    let mut application = with_groups();
    application.nested_groups = Nested::Expand;
    let edits: [(Edit, &str); 2] = [
        (|schema| object_mapping(schema, 1)["enabled"] = false.into(), "is switched off and is not kept"),
        (
            |schema| {
                schema["synchronizationRules"][0]["objectMappings"].as_array_mut().unwrap().remove(1);
            },
            "groups are not provisioned any longer",
        ),
    ];
    for (edit, told) in edits {
        let (changed, findings) = with_schema(&application, &edited(&application, edit)).unwrap();
        assert_eq!(changed, ledgerly());
        assert!(findings.iter().any(|finding| finding.says.contains(told)), "{findings:?}");
        assert!(findings.iter().all(|finding| finding.kind == FindingKind::Notice));
    }
    let (again, _) = with_schema(&ledgerly(), &schema_of(&with_groups(), "job", 1)).unwrap();
    assert_eq!(again.groups, Some(defaults::group()), "they come with the mapping the schema has");
}

#[test]
fn what_cannot_be_taken_is_refused_with_every_place_and_cure() {
    type Case = (Edit, &'static [(&'static str, &'static str)]);
    const USER: &str = "synchronizationRules[0].objectMappings[0]";
    let cases: [Case; 8] = [
        (
            |schema| object_mapping(schema, 0)["enabled"] = false.into(),
            &[("synchronizationRules[0].objectMappings[0].enabled", "pause the job")],
        ),
        (|schema| schema["synchronizationRules"] = json!([]), &[("synchronizationRules", "GET …/schema")]),
        (
            |schema| {
                let again = object_mapping(schema, 0).clone();
                schema["synchronizationRules"][0]["objectMappings"].as_array_mut().unwrap().push(again);
            },
            &[("synchronizationRules[0].objectMappings[2]", "reads the same objects already")],
        ),
        (
            |schema| object_mapping(schema, 1)["sourceObjectName"] = "Contact".into(),
            &[("synchronizationRules[0].objectMappings[1].sourceObjectName", "write User or Group")],
        ),
        (
            |schema| {
                object_mapping(schema, 0)["attributeMappings"][0]["flowType"] = "Sometimes".into();
                object_mapping(schema, 1)["attributeMappings"][1]["source"]["expression"] =
                    "Nonsense(".into();
            },
            &[
                ("synchronizationRules[0].objectMappings[0].attributeMappings[0].flowType", "Always"),
                (
                    "synchronizationRules[0].objectMappings[1].attributeMappings[1].source.expression",
                    "column",
                ),
            ],
        ),
        (
            |schema| object_mapping(schema, 0)["attributeMappings"][0]["matchingPriority"] = 0.into(),
            &[("synchronizationRules[0].objectMappings[0].attributeMappings", "match")],
        ),
        // The one before it does nothing and is left out; the place is still that of the schema.
        (
            |schema| {
                let mappings = object_mapping(schema, 0)["attributeMappings"].as_array_mut().unwrap();
                let mut idle = mappings[1].clone();
                idle["source"] = Json::Null;
                let mut twice = mappings[0].clone();
                twice["matchingPriority"] = 0.into();
                mappings.insert(1, idle);
                mappings.push(twice);
            },
            &[("attributeMappings[LAST].targetAttributeName", "is written by")],
        ),
        (
            |schema| {
                let clause = |value: &str| {
                    json!({ "sourceOperandName": "age", "operatorName": "GREATER_THAN",
                    "targetOperand": { "values": [value] } })
                };
                object_mapping(schema, 0)["scope"] = json!({ "groups": [{ "clauses": [clause("old")] }] });
            },
            &[("synchronizationRules[0].objectMappings[0].scope.groups[0].clauses[0]", "whole number")],
        ),
    ];
    for (edit, expected) in cases {
        let application = with_groups();
        let schema = edited(&application, edit);
        let refused = with_schema(&application, &schema).unwrap_err();
        for (place, says) in expected {
            let last = schema.synchronization_rules.each().first().map_or(0, |rule| {
                rule.object_mappings.each().first().map_or(0, |one| one.attribute_mappings.each().len())
            });
            let place = match place.contains("LAST") {
                true => format!("{USER}.{}", place.replace("LAST", &(last - 1).to_string())),
                false => (*place).to_owned(),
            };
            let found = refused.iter().any(|one| one.place.starts_with(&place) && one.says.contains(says));
            assert!(found, "{place} {says}: {refused:#?}");
        }
        assert!(refused.iter().all(|one| one.kind != FindingKind::Notice));
    }
}

#[test]
fn groups_of_a_source_that_shows_none_are_refused_where_they_stand() {
    let blind = Application { source: Application::from_yaml(DOCUMENT, "x").unwrap().source, ..ledgerly() };
    let refused = with_schema(&blind, &schema_of(&with_groups(), "job", 1)).unwrap_err();
    let [finding] = &refused[..] else { panic!("{refused:#?}") };
    assert_eq!(finding.place, "synchronizationRules[0].objectMappings[1]");
    assert!(finding.says.contains("source.file.groups"), "{}", finding.says);
}

#[test]
fn the_default_schema_keeps_who_is_assigned_and_whether_there_are_groups() {
    let assigned = Some(Assignment { groups: vec!["sales".to_owned()], ..Assignment::default() });
    let mut application = with_groups();
    application.users.scope = Scope {
        assigned,
        filter: vec![FilterGroup { name: None, clauses: vec![clause("department", "Sales")] }],
        skip_out_of_scope_deletions: true,
    };
    application.users.actions = vec![ObjectAction::Create];
    let reset = with_default_schema(&application);
    assert_eq!(reset.users.scope, Scope { filter: Vec::new(), ..application.users.scope.clone() });
    assert_eq!(reset.users.actions.len(), 3);
    let users = serde_json::to_value(schema_of(&reset, "job", 1)).unwrap();
    assert_eq!(
        users["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"].as_array().unwrap().len(),
        23
    );
    assert_eq!((reset.groups, reset.removals), (Some(ObjectMapping::default()), application.removals));
    assert_eq!(with_default_schema(&ledgerly()).groups, None);
}

#[test]
fn the_schema_of_a_template_can_be_taken_as_it_is() {
    let [template] = templates() else { panic!("another template needs a test of its own") };
    assert_eq!(super::template("scim"), Some(template));
    assert_eq!((super::template("SCIM"), super::template("aws")), (None, None));
    let json = serde_json::to_value(template).unwrap();
    assert_eq!([&json["default"], &json["factoryTag"]], [&json!(true), &json!("CustomSCIM")]);
    let (taken, findings) = with_schema(&ledgerly(), &template.schema()).unwrap();
    assert_eq!(findings, []);
    assert_eq!((taken.users, taken.groups), (defaults::user(), Some(defaults::group())));
}

/// Mappings that pass the check: some of the template's attributes, the matching one always.
fn mapping(default: ObjectMapping) -> impl Strategy<Value = ObjectMapping> {
    let more = default.attributes[1..].to_vec();
    let matching = default.attributes[0].clone();
    let flow =
        prop::sample::select(vec![FlowType::Always, FlowType::ObjectAddOnly, FlowType::AttributeAddOnly]);
    let attributes = (
        prop::sample::subsequence(more.clone(), 0..=more.len()),
        prop::collection::vec((flow, prop::option::of("[a-z]{1,5}"), any::<bool>()), more.len()),
    )
        .prop_map(move |(some, changes)| {
            let changed = some.into_iter().zip(changes).map(|(attribute, (flow_type, default, exact))| {
                let refers = attribute.target == "members" || attribute.target.ends_with("manager");
                let default_value = default.filter(|_| !refers && attribute.target != "active");
                let case_exact = (!exact && !refers && attribute.target != "active").then_some(false);
                let flow_type = if refers { FlowType::Always } else { flow_type };
                AttributeMapping { flow_type, default_value, case_exact, ..attribute }
            });
            std::iter::once(matching.clone()).chain(changed).collect::<Vec<_>>()
        });
    let attributes = prop_oneof![1 => Just(Vec::new()), 3 => attributes, 1 => Just(default.attributes)];
    let group = ("[A-Z]{1,6}", "[a-z]{1,5}", "[a-z]{1,5}");
    (
        attributes,
        prop::collection::btree_map("[A-Z]{1,6}", ("[a-z]{1,5}", group), 0..3),
        prop::option::of(prop::collection::btree_set("[a-z]{1,4}", 1..3)),
        any::<[bool; 2]>(),
        prop::sample::subsequence(
            vec![ObjectAction::Create, ObjectAction::Update, ObjectAction::Delete],
            0..=3,
        ),
    )
        .prop_map(|(attributes, filter, assigned, [skip, strict], actions)| ObjectMapping {
            actions,
            scope: Scope {
                assigned: assigned
                    .map(|ids| Assignment { users: ids.into_iter().collect(), ..Assignment::default() }),
                filter: filter
                    .into_iter()
                    .map(|(name, (attribute, (_, value, _)))| FilterGroup {
                        name: Some(name),
                        clauses: vec![clause(&attribute, &value)],
                    })
                    .collect(),
                skip_out_of_scope_deletions: skip,
            },
            attributes,
            expressions: Settings { strict_entra: strict, ..Settings::default() },
            ..ObjectMapping::default()
        })
}

proptest! {
    #[test]
    fn a_schema_that_is_written_back_as_it_was_read_changes_nothing(
        users in mapping(defaults::user()),
        groups in prop::option::of(mapping(defaults::group())),
    ) {
        let application = Application { users, groups, ..ledgerly() };
        prop_assume!(application.check().is_ok());
        let schema = edited(&application, |_| ());
        prop_assert_eq!(with_schema(&application, &schema), Ok((application, vec![])));
    }
}
