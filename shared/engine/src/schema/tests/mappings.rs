//! Schemas become mappings and come back.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::super::{
    Conversion, FindingKind, Given, Kept, Names, SynchronizationSchema, of_mapping, to_mapping,
};
use super::{FIXTURES, Fixture, Ledgerly, told, yields};
use crate::expression::Settings;
use crate::mapping::{AttributeMapping, FlowBehavior, FlowType, ObjectAction, ObjectMapping, ValueType};
use crate::scoping::{Assignment, Clause, FilterGroup, Operator, PatternReading, Scope};

const NAMES: Names<'_> = Names {
    schema: "scim.7f2c",
    version: "v1",
    rule: "d1a4",
    source: ("s", "Corporate Directory"),
    target: ("t", "Ledgerly"),
    source_object: "User",
    target_object: "urn:ietf:params:scim:schemas:core:2.0:User",
    users: ("User", "urn:ietf:params:scim:schemas:core:2.0:User"),
};

fn converted(fixture: &Fixture) -> Conversion {
    let schema = fixture.read();
    let [first, ..] = schema.mappings_from(fixture.source_object)[..] else { panic!("{}", fixture.name) };
    to_mapping(&schema, first, &Ledgerly, &Kept::default()).unwrap()
}

#[test]
fn published_schemas_become_the_expected_mappings() {
    for fixture in FIXTURES {
        let expected: ObjectMapping = serde_json::from_value(fixture.expected()["mapping"].clone())
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        assert_eq!(converted(fixture).mapping, expected, "{}", fixture.name);
    }
}

#[test]
fn what_is_found_in_published_schemas_is_named_with_its_place() {
    for fixture in FIXTURES {
        let findings = serde_json::to_value(converted(fixture).findings).unwrap();
        let (findings, expected) = (findings.as_array().unwrap(), fixture.expected()["findings"].clone());
        let expected = expected.as_array().unwrap();
        let matches = |(finding, expected): (&Json, &Json)| {
            finding["kind"] == expected["kind"]
                && finding["place"] == expected["place"]
                && finding["says"].as_str().unwrap().contains(expected["says"].as_str().unwrap())
        };
        assert!(
            findings.len() == expected.len() && findings.iter().zip(expected).all(matches),
            "{}: {findings:#?}",
            fixture.name
        );
    }
}

#[test]
fn a_mapping_is_taken_only_without_problems_and_open_decisions() {
    let sound: Vec<_> =
        FIXTURES.iter().filter(|fixture| converted(fixture).is_sound()).map(|fixture| fixture.name).collect();
    assert_eq!(sound, ["crm", "scim", "cross-tenant", "cloud-sync"]);
}

#[test]
fn the_expressions_of_published_schemas_yield_what_is_expected() {
    let mut wrong = Vec::new();
    for fixture in FIXTURES {
        let expected = fixture.expected();
        let Some(results) = expected["yields"].as_object() else { continue };
        let mapping = converted(fixture).mapping;
        for (target, result) in results {
            let attribute = mapping.attributes.iter().find(|attribute| attribute.target == *target).unwrap();
            let expression = attribute.expression.as_deref().unwrap();
            let yielded = yields(expression, &expected["person"], "2026-03-09T08:05:00Z");
            if yielded != Ok(told(result)) {
                wrong.push(format!(
                    "{} {target}: {expression} gives {yielded:?} and not {result}",
                    fixture.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn published_schemas_come_back_from_the_mapping_they_became() {
    for fixture in FIXTURES {
        let conversion = converted(fixture);
        if conversion.is_sound() {
            assert_eq!(there_and_back(&conversion.mapping).mapping, conversion.mapping, "{}", fixture.name);
        }
    }
}

/// What becomes of a mapping on its way through a schema, JSON included.
fn there_and_back(mapping: &ObjectMapping) -> Conversion {
    let written = serde_json::to_vec(&of_mapping(mapping, &NAMES, &Ledgerly)).unwrap();
    let schema = SynchronizationSchema::read(&written).unwrap();
    to_mapping(&schema, schema.mappings_from("User")[0], &Ledgerly, &Kept::from(mapping)).unwrap()
}

#[test]
fn a_schema_that_is_written_has_every_member_the_api_has() {
    let mapping = ObjectMapping {
        attributes: vec![
            AttributeMapping {
                target: "userName".into(),
                source: Some("upn".into()),
                matching_priority: Some(1),
                ..Default::default()
            },
            AttributeMapping {
                target: "active".into(),
                expression: Some("Not([IsSoftDeleted])".into()),
                ..Default::default()
            },
        ],
        scope: Scope {
            filter: vec![FilterGroup {
                name: None,
                clauses: vec![Clause {
                    attribute: "country".into(),
                    operator: Operator::Equals,
                    value: Some("FR".into()),
                    matches: None,
                }],
            }],
            ..Default::default()
        },
        ..Default::default()
    };
    let written = serde_json::to_value(of_mapping(&mapping, &NAMES, &Ledgerly)).unwrap();
    let expected = super::json(include_str!("../fixtures/written.json"));
    assert_eq!(written, expected, "{written:#}");
}

#[test]
fn what_a_schema_does_not_say_stays_as_it_was() {
    let kept = Kept {
        assigned: Some(Assignment {
            groups: vec!["Finance".into()],
            member_of: Some("memberOf".into()),
            ..Default::default()
        }),
        skip_out_of_scope_deletions: true,
        expressions: Settings { default_domain: Some("tessera.example".into()), strict_entra: true },
    };
    let schema = FIXTURES[1].read();
    let mapping = to_mapping(&schema, (0, 0), &Ledgerly, &kept).unwrap().mapping;
    assert_eq!(Kept::from(&mapping), kept);
}

#[test]
fn names_that_no_directory_defines_are_refused() {
    let mut schema = FIXTURES[2].read();
    let Given::Value(rules) = &mut schema.synchronization_rules else { panic!() };
    rules[0].target_directory_name = "Elsewhere".into();
    let Given::Value(mappings) = &mut rules[0].object_mappings else { panic!() };
    mappings[1].source_object_name = "Person".into();
    let findings = to_mapping(&schema, (0, 1), &Ledgerly, &Kept::default()).unwrap().findings;
    let problems: Vec<_> = findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::Problem)
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        problems,
        [
            "synchronizationRules[0].objectMappings[1].sourceObjectName: the directory 'Corporate Directory' defines no object 'Person'; define it there, or correct the name",
            "synchronizationRules[0].objectMappings[1].targetObjectName: the directory 'Elsewhere' of its rule is not among 'directories'; define it there, or correct the name",
        ]
    );
}

#[test]
fn a_pattern_that_can_be_read_in_two_ways_waits_for_a_decision_that_the_clause_then_holds() {
    let decided = |annotation: &str, pattern: &str| {
        let schema = format!(
            r#"{{"synchronizationRules": [{{"objectMappings": [{{"scope": {{"groups": [{{"clauses": [
            {{"sourceOperandName": "id", "operatorName": "REGEX MATCH", "targetOperand": {{"values": ["{pattern}"]}} {annotation}}}]}}]}}}}]}}]}}"#
        );
        let schema = SynchronizationSchema::read(schema.as_bytes()).unwrap();
        let conversion = to_mapping(&schema, (0, 0), &Ledgerly, &Kept::default()).unwrap();
        let kinds: Vec<_> = conversion.findings.iter().map(|finding| finding.kind).collect();
        (conversion.mapping.scope.filter[0].clauses[0].matches, kinds)
    };
    let cases = [
        ("", "[0-9]+", None, vec![FindingKind::Decision]),
        ("", "^[0-9]+$", None, vec![]),
        (r#", "@rollcall.matches": "whole""#, "[0-9]+", None, vec![]),
        (r#", "@rollcall.matches": "Search""#, "[0-9]+", Some(PatternReading::Search), vec![]),
        (r#", "@rollcall.matches": "part""#, "[0-9]+", None, vec![FindingKind::Problem]),
        (r#", "@rollcall.matches": null"#, "^[0-9]+$", None, vec![FindingKind::Problem]),
    ];
    for (annotation, pattern, matches, kinds) in cases {
        assert_eq!(decided(annotation, pattern), (matches, kinds), "{pattern}{annotation}");
    }
}

#[test]
fn a_mapping_that_is_switched_off_says_so() {
    let schema = FIXTURES[2].read();
    assert!(!to_mapping(&schema, (0, 0), &Ledgerly, &Kept::default()).unwrap().enabled);
    assert!(to_mapping(&schema, (0, 1), &Ledgerly, &Kept::default()).unwrap().enabled);
    assert_eq!(to_mapping(&schema, (0, 2), &Ledgerly, &Kept::default()), None);
}

fn name() -> impl Strategy<Value = String> {
    "[a-z][A-Za-z0-9]{0,8}"
}

fn attribute() -> impl Strategy<Value = AttributeMapping> {
    let value = prop_oneof![
        name().prop_map(|name| (Some(name), None, None)),
        "[ -~]{1,8}".prop_map(|text| (None, Some(text), None)),
        prop::sample::select(vec![
            "Join(\" \",[a], [b])",
            "IIF([a] = \"x\", [b], \"\")",
            "[IsSoftDeleted]",
            "Not([a]) & \"-\""
        ])
        .prop_map(|text| (None, None, Some(text.to_owned()))),
    ];
    let flow = prop::sample::select(vec![
        FlowType::Always,
        FlowType::ObjectAddOnly,
        FlowType::MultiValueAddOnly,
        FlowType::ValueAddOnly,
        FlowType::AttributeAddOnly,
    ]);
    let kind = prop::sample::select(vec![
        None,
        Some(ValueType::Boolean),
        Some(ValueType::DateTime),
        Some(ValueType::Reference),
    ]);
    (
        name(),
        value,
        prop::option::of("[ -~]{1,8}"),
        prop::option::of(1_u32..9),
        flow,
        any::<[bool; 4]>(),
        kind,
    )
        .prop_map(
            |(
                target,
                (source, constant, expression),
                default_value,
                matching_priority,
                flow_type,
                flags,
                value_type,
            )| {
                let [always, nulls, any_case, several] = flags;
                AttributeMapping {
                    target: format!("x{target}"),
                    source,
                    constant,
                    expression,
                    default_value,
                    matching_priority,
                    flow_type,
                    flow_behavior: if always {
                        FlowBehavior::FlowAlways
                    } else {
                        FlowBehavior::FlowWhenChanged
                    },
                    flow_null_values: nulls,
                    case_exact: any_case.then_some(false),
                    value_type,
                    multivalued: several.then_some(true),
                }
            },
        )
}

fn clause() -> impl Strategy<Value = Clause> {
    prop_oneof![
        (name(), prop::sample::select(vec![Operator::IsNull, Operator::IsTrue]))
            .prop_map(|(attribute, operator)| Clause { attribute, operator, value: None, matches: None }),
        (name(), prop::sample::select(vec![Operator::Equals, Operator::Within]), "[ -~]{0,8}").prop_map(
            |(attribute, operator, value)| Clause { attribute, operator, value: Some(value), matches: None }
        ),
        (
            name(),
            prop::sample::select(vec!["a+", "^a$", ".*"]),
            prop::sample::select(vec![None, Some(PatternReading::Search)])
        )
            .prop_map(|(attribute, pattern, matches)| Clause {
                attribute,
                operator: Operator::NotRegexMatch,
                value: Some(pattern.into()),
                matches,
            }),
    ]
}

fn object_mapping() -> impl Strategy<Value = ObjectMapping> {
    let group = (prop::option::of("[A-Z ]{1,6}"), prop::collection::vec(clause(), 1..4))
        .prop_map(|(name, clauses)| FilterGroup { name, clauses });
    let actions = prop::sample::subsequence(
        vec![ObjectAction::Create, ObjectAction::Update, ObjectAction::Delete],
        0..=3,
    );
    (
        actions,
        prop::collection::vec(group, 0..3),
        any::<bool>(),
        prop::collection::btree_map(name(), attribute(), 1..6),
        prop::collection::btree_set(name(), 0..3),
    )
        .prop_map(|(actions, filter, skip_out_of_scope_deletions, attributes, nulls)| ObjectMapping {
            actions,
            scope: Scope { filter, skip_out_of_scope_deletions, ..Default::default() },
            attributes: attributes
                .into_iter()
                .map(|(target, attribute)| AttributeMapping { target: format!("y{target}"), ..attribute })
                .collect(),
            flow_null_values: nulls.into_iter().collect(),
            expressions: Settings::default(),
        })
}

proptest! {
    #[test]
    fn a_mapping_comes_back_from_its_schema_as_it_was(mapping in object_mapping()) {
        let conversion = there_and_back(&mapping);
        prop_assert!(conversion.is_sound(), "{:?}", conversion.findings);
        prop_assert_eq!(conversion.mapping, mapping);
    }
}
