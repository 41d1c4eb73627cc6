//! Checking a mapping once, when it is saved, so that no cycle has to.

use std::collections::{BTreeMap, BTreeSet};

use super::{AttributeMapping, FlowType, ObjectAction, ObjectMapping, TargetSchema, ValueType};
use crate::ids::digest16;

/// A mapping that was checked against its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    version: [u8; 16],
    actions: Vec<ObjectAction>,
    pub(super) attributes: Vec<CheckedAttribute>,
    matching: Vec<String>,
    enabled_attribute: Option<String>,
    source_attributes: BTreeSet<String>,
}

/// One attribute of a [`Mapping`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CheckedAttribute {
    pub(super) target: String,
    pub(super) value: ValueSource,
    pub(super) value_type: ValueType,
    pub(super) default_value: Option<String>,
    pub(super) flow_type: FlowType,
    pub(super) required: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValueSource {
    /// A source attribute.
    Attribute(String),
    /// Fixed text.
    Constant(String),
    /// The computed attribute behind every disable: true unless the object is switched off, in the recycle bin
    /// or out of scope.
    NotSoftDeleted,
}

/// Something wrong with a mapping, with its place in the document and its cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct MappingProblem {
    /// Where: `attributes[3].target`.
    pub place: String,
    /// What and how to mend it.
    pub problem: String,
}

/// The two spellings of "active unless soft-deleted" that administrators bring with them.
const NOT_SOFT_DELETED: [&str; 2] =
    ["not([issoftdeleted])", r#"switch([issoftdeleted],,"false","true","true","false")"#];

impl Mapping {
    /// Checks a mapping.
    ///
    /// # Errors
    /// Every problem found, not only the first.
    pub fn check(mapping: &ObjectMapping, target: &dyn TargetSchema) -> Result<Self, Vec<MappingProblem>> {
        let mut problems = Vec::new();
        let mut attributes = Vec::new();
        for (position, attribute) in mapping.attributes.iter().enumerate() {
            match checked(attribute, target) {
                Ok(attribute) => attributes.push(attribute),
                Err((field, problem)) => problems
                    .push(MappingProblem { place: format!("attributes[{position}].{field}"), problem }),
            }
        }
        problems.extend(written_twice(&mapping.attributes));
        let matching = matching_order(&mapping.attributes);
        problems.extend(matching_problems(mapping, &matching, target));
        problems.extend(missing_required(&attributes, target));
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            version: version(mapping),
            actions: mapping.actions.clone(),
            matching,
            enabled_attribute: target.enabled_attribute().map(str::to_owned),
            source_attributes: attributes.iter().filter_map(source_attribute).collect(),
            attributes,
        })
    }

    /// Whether an action is switched on.
    #[must_use]
    pub fn allows(&self, action: ObjectAction) -> bool {
        self.actions.contains(&action)
    }

    /// The matching attributes' target paths, lowest priority number first.
    #[must_use]
    pub fn matching(&self) -> &[String] {
        &self.matching
    }

    /// The target attribute that switches an account off.
    #[must_use]
    pub fn enabled_attribute(&self) -> Option<&str> {
        self.enabled_attribute.as_deref()
    }

    /// Every source attribute that some mapping reads.
    #[must_use]
    pub fn source_attributes(&self) -> &BTreeSet<String> {
        &self.source_attributes
    }

    /// Every target path that some mapping writes.
    #[must_use]
    pub fn target_paths(&self) -> Vec<String> {
        self.attributes.iter().map(|attribute| attribute.target.clone()).collect()
    }

    /// Changes whenever the mapping does: a job whose mapping changed looks at everyone again.
    #[must_use]
    pub fn version(&self) -> [u8; 16] {
        self.version
    }
}

fn version(mapping: &ObjectMapping) -> [u8; 16] {
    digest16(&[&serde_json::to_vec(mapping).unwrap_or_default()])
}

fn source_attribute(attribute: &CheckedAttribute) -> Option<String> {
    match &attribute.value {
        ValueSource::Attribute(name) => Some(name.clone()),
        ValueSource::Constant(_) | ValueSource::NotSoftDeleted => None,
    }
}

fn checked(
    attribute: &AttributeMapping,
    target: &dyn TargetSchema,
) -> Result<CheckedAttribute, (&'static str, String)> {
    let definition = target.attribute(&attribute.target).map_err(|problem| ("target", problem))?;
    if !definition.writable {
        return Err((
            "target",
            format!(
                "'{}' is read-only in the target; remove this mapping, the target fills it itself",
                attribute.target
            ),
        ));
    }
    let value = value_source(attribute)?;
    if let (ValueSource::Constant(text), ValueType::Boolean | ValueType::Integer) =
        (&value, definition.value_type)
    {
        super::apply::converted(text, definition.value_type).map_err(|problem| ("constant", problem))?;
    }
    if let Some(text) = &attribute.default_value {
        super::apply::converted(text, definition.value_type).map_err(|problem| ("defaultValue", problem))?;
    }
    Ok(CheckedAttribute {
        target: attribute.target.clone(),
        value,
        value_type: definition.value_type,
        default_value: attribute.default_value.clone(),
        flow_type: attribute.flow_type,
        required: target.required().contains(&attribute.target.as_str()),
    })
}

fn value_source(attribute: &AttributeMapping) -> Result<ValueSource, (&'static str, String)> {
    match (&attribute.source, &attribute.constant, &attribute.expression) {
        (Some(name), None, None) if name.eq_ignore_ascii_case("IsSoftDeleted") => Err((
            "source",
            "IsSoftDeleted is computed and true for leavers; write expression: Not([IsSoftDeleted]) to switch accounts off".into(),
        )),
        (Some(name), None, None) => Ok(ValueSource::Attribute(name.clone())),
        (None, Some(text), None) => Ok(ValueSource::Constant(text.clone())),
        (None, None, Some(expression)) => {
            let plain: String =
                expression.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
            if NOT_SOFT_DELETED.contains(&plain.as_str()) {
                Ok(ValueSource::NotSoftDeleted)
            } else {
                Err((
                    "expression",
                    format!(
                        "'{expression}' cannot be evaluated by this version, which knows Not([IsSoftDeleted]); use source or constant"
                    ),
                ))
            }
        }
        _ => Err(("source", "write exactly one of source, constant and expression".into())),
    }
}

fn written_twice(attributes: &[AttributeMapping]) -> Vec<MappingProblem> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for (position, attribute) in attributes.iter().enumerate() {
        if let Some(before) = first.insert(attribute.target.to_lowercase(), position) {
            problems.push(MappingProblem {
                place: format!("attributes[{position}].target"),
                problem: format!(
                    "'{}' is written by attributes[{before}] already; remove one of them",
                    attribute.target
                ),
            });
        }
    }
    problems
}

fn matching_order(attributes: &[AttributeMapping]) -> Vec<String> {
    let mut matching: Vec<(u32, &str)> = attributes
        .iter()
        .filter_map(|attribute| Some((attribute.matching_priority?, attribute.target.as_str())))
        .filter(|(priority, _)| *priority > 0)
        .collect();
    matching.sort_unstable();
    matching.into_iter().map(|(_, target)| target.to_owned()).collect()
}

fn matching_problems(
    mapping: &ObjectMapping,
    matching: &[String],
    target: &dyn TargetSchema,
) -> Vec<MappingProblem> {
    if matching.is_empty() {
        return vec![MappingProblem {
            place: "attributes".into(),
            problem: "no attribute matches accounts; give one that is unique on both sides matchingPriority: 1, for example userName".into(),
        }];
    }
    let mut problems = Vec::new();
    let mut used: BTreeMap<u32, usize> = BTreeMap::new();
    for (position, attribute) in mapping.attributes.iter().enumerate() {
        let Some(priority) = attribute.matching_priority.filter(|priority| *priority > 0) else { continue };
        let place = format!("attributes[{position}].matchingPriority");
        if let Some(before) = used.insert(priority, position) {
            problems.push(MappingProblem {
                place: place.clone(),
                problem: format!("{priority} is used by attributes[{before}] already; number them 1, 2, …"),
            });
        }
        if attribute.source.is_none() {
            problems.push(MappingProblem {
                place,
                problem: "a constant or a computed value is the same for many people; match by an attribute that is copied from the source".into(),
            });
        } else if target.attribute(&attribute.target).is_ok_and(|definition| !definition.matchable) {
            problems.push(MappingProblem {
                place,
                problem: format!(
                    "'{}' cannot be asked for in the target; match by another attribute",
                    attribute.target
                ),
            });
        }
    }
    problems
}

fn missing_required(attributes: &[CheckedAttribute], target: &dyn TargetSchema) -> Vec<MappingProblem> {
    target
        .required()
        .iter()
        .filter(|required| !attributes.iter().any(|attribute| attribute.target == **required))
        .map(|required| MappingProblem {
            place: "attributes".into(),
            problem: format!("the target requires '{required}', and no mapping writes it"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
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
            Ok(AttributeDefinition { value_type, writable: path != "id", matchable: path != "active" })
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
        Mapping::check(&ObjectMapping { actions: all(), attributes }, &Small)
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
            expression: Some("Join(\" \", [a], [b])".into()),
            ..Default::default()
        };
        let maybe = AttributeMapping {
            target: "active".into(),
            constant: Some("maybe".into()),
            ..Default::default()
        };
        let constant_match = AttributeMapping {
            target: "title".into(),
            constant: Some("Boss".into()),
            matching_priority: Some(2),
            ..Default::default()
        };
        let cases: Vec<(Vec<AttributeMapping>, &str, &str)> = vec![
            (vec![user_name(), direct("id", "upn")], "attributes[1].target", "read-only"),
            (
                vec![user_name(), direct("shoeSize", "size")],
                "attributes[1].target",
                "no attribute 'shoeSize'",
            ),
            (vec![user_name(), both], "attributes[1].source", "exactly one"),
            (vec![user_name(), expression], "attributes[1].expression", "Not([IsSoftDeleted])"),
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
}
