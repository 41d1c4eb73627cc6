//! What a mapping is refused for, with place and cure.

use super::super::AttributeDefinition;
use super::*;

/// A target with a required name, a switch, a read-only id and nothing else.
struct Small;

impl TargetSchema for Small {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        let value_type = match path {
            "userName" | "title" | "id" => ValueType::Text,
            "active" => ValueType::Boolean,
            _ => return Err(format!("there is no attribute '{path}'")),
        };
        Ok(AttributeDefinition {
            value_type,
            writable: path != "id",
            matchable: path != "active",
            multivalued: false,
            write_only: false,
            custom: false,
            refers: false,
        })
    }

    fn required(&self) -> &[&str] {
        &["userName"]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        Some("active")
    }
}

fn direct(target: &str, source: &str) -> AttributeMapping {
    AttributeMapping { target: target.into(), source: Some(source.into()), ..Default::default() }
}

fn user_name() -> AttributeMapping {
    AttributeMapping { matching_priority: Some(1), ..direct("userName", "upn") }
}

fn check(attributes: Vec<AttributeMapping>) -> Result<Mapping, Vec<String>> {
    Mapping::check(&ObjectMapping { actions: all(), attributes, ..Default::default() }, &Small)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn all() -> Vec<ObjectAction> {
    vec![ObjectAction::Create, ObjectAction::Update, ObjectAction::Delete]
}

#[test]
fn a_sound_mapping_passes_and_knows_what_it_reads_and_writes() {
    let active = AttributeMapping {
        target: "active".into(),
        expression: Some("Not( [IsSoftDeleted] )".into()),
        ..Default::default()
    };
    let mapping = check(vec![user_name(), direct("title", "jobTitle"), active]).unwrap();
    assert_eq!(mapping.matching(), ["userName"]);
    assert_eq!(mapping.target_paths(), ["userName", "title", "active"]);
    assert_eq!(
        mapping.source_attributes().iter().collect::<Vec<_>>(),
        ["jobTitle", "upn"].iter().collect::<Vec<_>>()
    );
}

#[test]
fn the_vendors_switch_expression_means_the_same() {
    let active = AttributeMapping {
        target: "active".into(),
        expression: Some(r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#.into()),
        ..Default::default()
    };
    check(vec![user_name(), active]).unwrap();
}

#[test]
fn every_problem_is_named_with_its_place_and_cure() {
    let both = AttributeMapping { constant: Some("x".into()), ..direct("title", "jobTitle") };
    let expression = AttributeMapping {
        target: "title".into(),
        expression: Some("Joyn(\" \", [a], [b])".into()),
        ..Default::default()
    };
    let maybe =
        AttributeMapping { target: "active".into(), constant: Some("maybe".into()), ..Default::default() };
    let constant_match = AttributeMapping {
        target: "title".into(),
        constant: Some("Boss".into()),
        matching_priority: Some(2),
        ..Default::default()
    };
    let cases: Vec<(Vec<AttributeMapping>, &str, &str)> = vec![
        (vec![user_name(), direct("id", "upn")], "attributes[1].target", "read-only"),
        (vec![user_name(), direct("shoeSize", "size")], "attributes[1].target", "no attribute 'shoeSize'"),
        (vec![user_name(), both], "attributes[1].source", "only one"),
        (vec![user_name(), expression], "attributes[1].expression", "did you mean Join?"),
        (vec![user_name(), maybe], "attributes[1].constant", "true or false"),
        (
            vec![user_name(), direct("title", "a"), direct("TITLE", "b")],
            "attributes[2].target",
            "no attribute",
        ),
        (
            vec![user_name(), direct("title", "a"), direct("title", "b")],
            "attributes[2].target",
            "attributes[1]",
        ),
        (vec![user_name(), constant_match], "attributes[1].matchingPriority", "same for many"),
        (vec![direct("userName", "upn")], "attributes", "matchingPriority: 1"),
        (vec![], "attributes", "requires 'userName'"),
    ];
    for (attributes, place, cure) in cases {
        let problems = check(attributes).unwrap_err();
        assert!(
            problems.iter().any(|problem| problem.starts_with(place) && problem.contains(cure)),
            "{problems:?} should name {place} and {cure}"
        );
    }
}

#[test]
fn the_version_changes_with_the_mapping_and_only_then() {
    let first = check(vec![user_name(), direct("title", "jobTitle")]).unwrap();
    let same = check(vec![user_name(), direct("title", "jobTitle")]).unwrap();
    let other = check(vec![user_name(), direct("title", "position")]).unwrap();
    assert_eq!(first.version(), same.version());
    assert_ne!(first.version(), other.version());
}

#[test]
fn what_an_expression_may_not_do_is_said_where_it_stands() {
    let with = |expression: &str, flow_type| AttributeMapping {
        target: "title".into(),
        expression: Some(expression.into()),
        flow_type,
        ..Default::default()
    };
    let on_create = FlowType::ObjectAddOnly;
    let matching = |expression: &str| AttributeMapping {
        matching_priority: Some(2),
        ..with(expression, FlowType::Always)
    };
    let cases = [
        (with("Guid()", FlowType::Always), "expression", "flowType: ObjectAddOnly"),
        (with("SelectUniqueValue([a], [b])", FlowType::Always), "expression", "flowType: ObjectAddOnly"),
        (with("ToLower(SelectUniqueValue([a], [b]))", on_create), "expression", "outermost"),
        (with("DefaultDomain()", FlowType::Always), "expression", "defaultDomain"),
        (with("Mid([a], 1", FlowType::Always), "expression", "column"),
        (with("[a]", FlowType::MultiValueAddOnly), "flowType", "lists"),
        (matching("Redact([a])"), "matchingPriority", "Redact"),
        (matching("Not([IsSoftDeleted])"), "matchingPriority", "same for many"),
    ];
    for (attribute, field, cure) in cases {
        let told = format!("{attribute:?}");
        let problems = check(vec![user_name(), attribute]).unwrap_err();
        let place = format!("attributes[1].{field}");
        assert!(
            problems.iter().any(|problem| problem.starts_with(&place) && problem.contains(cure)),
            "{told}: {problems:?} should name {place} and {cure}"
        );
    }
    check(vec![user_name(), with("Guid()", on_create)]).unwrap();
    check(vec![user_name(), matching("ToLower([a])")]).unwrap();
}

#[test]
fn one_gate_of_clearing_alone_is_refused_with_the_other_named() {
    let clearing = AttributeMapping { flow_null_values: true, ..direct("title", "jobTitle") };
    let with = |attributes, gates: &[&str]| {
        let flow_null_values = gates.iter().map(|name| (*name).to_owned()).collect();
        Mapping::check(&ObjectMapping { attributes, flow_null_values, ..Default::default() }, &Small)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    let only_here = with(vec![user_name(), clearing.clone()], &[]).unwrap_err();
    assert!(
        only_here.contains("attributes[1].flowNullValues") && only_here.contains("[jobTitle]"),
        "{only_here}"
    );
    let only_there = with(vec![user_name(), direct("title", "jobTitle")], &["jobTitle"]).unwrap_err();
    assert!(only_there.starts_with("flowNullValues") && only_there.contains("jobTitle"), "{only_there}");
    let matching = AttributeMapping { flow_null_values: true, ..user_name() };
    assert!(with(vec![matching], &["upn"]).unwrap_err().contains("cannot be cleared"));
    with(vec![user_name(), clearing], &["jobTitle"]).unwrap();
}

#[test]
fn the_computed_attribute_switches_off_by_its_opposite_and_may_be_copied_elsewhere() {
    let problems = check(vec![user_name(), direct("active", "IsSoftDeleted")]).unwrap_err();
    assert!(problems[0].contains("Not([IsSoftDeleted])"), "{problems:?}");
    let mapping = check(vec![user_name(), direct("title", "IsSoftDeleted")]).unwrap();
    assert!(!mapping.source_attributes().contains("IsSoftDeleted"));
}

#[test]
fn an_edit_of_scope_or_settings_is_an_edit_of_the_mapping() {
    let base = ObjectMapping { attributes: vec![user_name()], ..Default::default() };
    let version = |mapping: &ObjectMapping| Mapping::check(mapping, &Small).unwrap().version();
    let mut scoped = base.clone();
    scoped.scope.skip_out_of_scope_deletions = true;
    let mut strict = base.clone();
    strict.expressions.strict_entra = true;
    assert_ne!(version(&base), version(&scoped));
    assert_ne!(version(&base), version(&strict));
}

#[test]
fn gates_that_nothing_passes_can_be_shut() {
    let clearing = |target: &str, source: &str, flow_type| AttributeMapping {
        flow_null_values: true,
        flow_type,
        ..direct(target, source)
    };
    let mut mapping = ObjectMapping {
        attributes: vec![
            user_name(),
            clearing("title", "jobTitle", FlowType::Always),
            clearing("nickName", "alias", FlowType::Always),
            clearing("locale", "jobTitle", FlowType::ObjectAddOnly),
        ],
        flow_null_values: vec!["jobTitle".into(), "mobile".into()],
        ..Default::default()
    };
    let told: Vec<String> = mapping.shut_idle_gates().into_iter().map(|notice| notice.place).collect();
    assert_eq!(told, ["attributes[2].flowNullValues", "attributes[3].flowNullValues"]);
    assert_eq!(
        mapping.attributes.iter().map(|one| one.flow_null_values).collect::<Vec<_>>(),
        [false, true, false, false]
    );
    assert_eq!(mapping.flow_null_values, ["jobTitle"]);
    assert!(mapping.shut_idle_gates().is_empty());
}
