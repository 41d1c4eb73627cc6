//! From Rollcall's own mapping to a schema.
//!
//! In: an [`ObjectMapping`](mapping::ObjectMapping), the names and ids it shall have, and what the target can
//! hold. Out: a whole [`SynchronizationSchema`], every member present as in the management API's answers, with
//! the definitions of the attributes that the mapping reads and writes.
//!
//! # Guarantees
//! [`to_mapping`](super::to_mapping) turns it into the same mapping again, given the same [`Kept`](super::Kept).
//! What a mapping may say and need not is left out of it: `caseExact: true`, `matches: whole`, the type of an attribute that the
//! target knows itself, and the brackets and quotes of an expression that is an attribute or a constant alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::convert::READING;
use super::document::{
    AttributeDefinition, AttributeMapping, AttributeMappingSource, DirectoryDefinition, Entry, Filter,
    FilterClause, FilterGroup, FilterOperand, ObjectDefinition, ObjectMapping, ReferencedObject,
    SynchronizationRule, SynchronizationSchema,
};
use super::given::Given;
use super::product;
use super::spelling::{AttributeType, Discoverability, Flags, Mutability, ObjectFlowType};
use crate::dotnet::pattern::readings_differ;
use crate::expression::Expression;
use crate::mapping::{self, TargetSchema};
use crate::scoping::{Clause, PatternReading};

/// The names and ids of a schema, which a mapping does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    /// The schema's id: the job's.
    pub schema: &'a str,
    /// Changes with every edit.
    pub version: &'a str,
    /// The rule's id, by which provisioning on demand names it.
    pub rule: &'a str,
    /// The source directory: its id and its name.
    pub source: (&'a str, &'a str),
    /// The target directory: its id and its name.
    pub target: (&'a str, &'a str),
    /// The type of object in the source, such as `User`.
    pub source_object: &'a str,
    /// The type of object in the target; for SCIM the URN of its schema.
    pub target_object: &'a str,
    /// The types of people in the source and in the target: those to whom references refer.
    pub users: (&'a str, &'a str),
}

/// Writes a schema.
#[must_use]
pub fn of_mapping(
    mapping: &mapping::ObjectMapping,
    names: &Names<'_>,
    target: &dyn TargetSchema,
) -> SynchronizationSchema {
    let (_, source_directory) = names.source;
    let (_, target_directory) = names.target;
    let rule = SynchronizationRule {
        id: names.rule.into(),
        name: format!("{}_TO_{}", last_word(names.source_object), last_word(names.target_object)).into(),
        editable: true.into(),
        priority: 1.into(),
        source_directory_name: source_directory.into(),
        target_directory_name: target_directory.into(),
        object_mappings: vec![object_mapping(mapping, names)].into(),
        metadata: Vec::new().into(),
        ..Default::default()
    };
    SynchronizationSchema {
        id: names.schema.into(),
        version: names.version.into(),
        directories: vec![
            directory(names.source, true, names.source_object, source_attributes(mapping, names, target)),
            directory(names.target, false, names.target_object, target_attributes(mapping, names, target)),
        ]
        .into(),
        synchronization_rules: vec![rule].into(),
        ..Default::default()
    }
}

/// `USER` of `urn:ietf:params:scim:schemas:core:2.0:User`.
fn last_word(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_uppercase()
}

fn object_mapping(mapping: &mapping::ObjectMapping, names: &Names<'_>) -> ObjectMapping {
    let mut flow_types: Vec<_> = mapping.actions.iter().copied().map(ObjectFlowType::from).collect();
    if flow_types.is_empty() {
        flow_types.push(ObjectFlowType::None);
    }
    let (_, source) = names.source;
    let (_, target) = names.target;
    ObjectMapping {
        name: format!("{source} {} to {target}", names.source_object).into(),
        enabled: true.into(),
        flow_types: Flags(flow_types).into(),
        source_object_name: names.source_object.into(),
        target_object_name: names.target_object.into(),
        scope: filter(mapping).into(),
        attribute_mappings: mapping.attributes.iter().map(attribute_mapping).collect::<Vec<_>>().into(),
        metadata: Vec::new().into(),
        ..Default::default()
    }
}

fn filter(mapping: &mapping::ObjectMapping) -> Option<Filter> {
    let groups: Vec<_> = mapping
        .scope
        .filter
        .iter()
        .map(|group| FilterGroup {
            name: group.name.clone().into(),
            clauses: group.clauses.iter().map(filter_clause).collect::<Vec<_>>().into(),
            ..Default::default()
        })
        .collect();
    (!groups.is_empty()).then(|| Filter {
        groups: groups.into(),
        input_filter_groups: Vec::new().into(),
        category_filter_groups: Vec::new().into(),
        ..Default::default()
    })
}

fn filter_clause(clause: &Clause) -> FilterClause {
    let values: Vec<_> = clause.value.iter().cloned().collect();
    let mut written = FilterClause {
        source_operand_name: clause.attribute.as_str().into(),
        operator_name: clause.operator.name().into(),
        target_operand: FilterOperand { values: values.into(), ..Default::default() }.into(),
        ..Default::default()
    };
    if let Some(word) = reading(clause) {
        written.extra.insert(READING.to_owned(), Value::String(word.to_owned()));
    }
    written
}

/// How the clause's pattern is read, where somebody could take it otherwise.
fn reading(clause: &Clause) -> Option<&'static str> {
    let is_pattern = clause.operator.takes_pattern();
    match clause.matches {
        Some(PatternReading::Search) => Some("search"),
        Some(PatternReading::Whole) | None => {
            let differ = is_pattern
                && clause.value.as_deref().is_some_and(|pattern| readings_differ(pattern).is_some());
            differ.then_some("whole")
        }
    }
}

fn attribute_mapping(mapping: &mapping::AttributeMapping) -> AttributeMapping {
    AttributeMapping {
        target_attribute_name: mapping.target.as_str().into(),
        source: source(mapping).into(),
        default_value: mapping.default_value.clone().into(),
        matching_priority: mapping
            .matching_priority
            .and_then(|priority| i32::try_from(priority).ok())
            .unwrap_or(0)
            .into(),
        flow_behavior: Given::Value(mapping.flow_behavior.into()),
        flow_type: Given::Value(mapping.flow_type.into()),
        export_missing_references: false.into(),
        ..Default::default()
    }
}

fn source(mapping: &mapping::AttributeMapping) -> Option<AttributeMappingSource> {
    if let Some(name) = &mapping.source {
        return Some(product::of_attribute(name));
    }
    if let Some(text) = &mapping.constant {
        return Some(product::of_constant(text));
    }
    mapping.expression.as_deref().map(product::of_text)
}

fn directory(
    (id, name): (&str, &str),
    read_only: bool,
    object: &str,
    attributes: Vec<AttributeDefinition>,
) -> DirectoryDefinition {
    DirectoryDefinition {
        id: id.into(),
        name: name.into(),
        objects: vec![object_of(object, attributes)].into(),
        read_only: read_only.into(),
        version: Given::Null,
        discovery_date_time: Given::Null,
        discoverabilities: Flags(vec![Discoverability::None]).into(),
        ..Default::default()
    }
}

/// An object type with its attributes, every other member as it is when there is nothing to say.
#[must_use]
pub fn object_of(name: &str, attributes: Vec<AttributeDefinition>) -> ObjectDefinition {
    ObjectDefinition {
        name: name.into(),
        attributes: attributes.into(),
        metadata: Vec::new().into(),
        supported_apis: Vec::new().into(),
        ..Default::default()
    }
}

/// What the mapping reads. Of a source nothing is known but the names: every attribute counts as a text, unless whom
/// it names is written.
fn source_attributes(
    mapping: &mapping::ObjectMapping,
    names: &Names<'_>,
    target: &dyn TargetSchema,
) -> Vec<AttributeDefinition> {
    let text = |name: &str| (name.to_owned(), definition(name, AttributeType::String));
    let mut read: BTreeMap<String, AttributeDefinition> = BTreeMap::new();
    for attribute in &mapping.attributes {
        read.extend(attribute.source.as_deref().map(text));
        if let Some(Ok(expression)) = attribute.expression.as_deref().map(str::parse::<Expression>) {
            read.extend(expression.facts().attributes.iter().map(|name| text(name)));
        }
    }
    read.extend(mapping.scope.filter.iter().flat_map(|group| &group.clauses).map(|one| text(&one.attribute)));
    read.extend(mapping.flow_null_values.iter().map(|name| text(name)));
    for attribute in &mapping.attributes {
        let known = target.attribute(&attribute.target).ok().filter(|known| known.refers);
        if let (Some(known), Some(name)) = (known, &attribute.source) {
            let (users, _) = names.users;
            read.insert(name.clone(), reference(name, known.multivalued, users));
        }
    }
    read.remove("objectId");
    let anchor = AttributeDefinition {
        anchor: true.into(),
        mutability: Mutability::ReadOnly.into(),
        required: true.into(),
        ..definition("objectId", AttributeType::String)
    };
    let flowing_nulls = |one: AttributeDefinition| {
        let flows = one.name.text().is_some_and(|name| mapping.flow_null_values.iter().any(|it| it == name));
        AttributeDefinition { flow_null_values: flows.into(), ..one }
    };
    std::iter::once(anchor).chain(read.into_values()).map(flowing_nulls).collect()
}

/// What the mapping writes, with what the target knows of it, and the target's anchor.
fn target_attributes(
    mapping: &mapping::ObjectMapping,
    names: &Names<'_>,
    target: &dyn TargetSchema,
) -> Vec<AttributeDefinition> {
    let mut definitions: BTreeMap<&str, AttributeDefinition> = BTreeMap::new();
    for attribute in &mapping.attributes {
        definitions.entry(&attribute.target).or_insert_with(|| target_attribute(attribute, names, target));
    }
    let anchor = AttributeDefinition {
        anchor: true.into(),
        mutability: Mutability::ReadOnly.into(),
        required: true.into(),
        ..definition("id", AttributeType::String)
    };
    definitions.entry("id").or_insert(anchor).anchor = true.into();
    definitions.into_values().collect()
}

fn target_attribute(
    mapping: &mapping::AttributeMapping,
    names: &Names<'_>,
    target: &dyn TargetSchema,
) -> AttributeDefinition {
    let known = target.attribute(&mapping.target).ok();
    let of_target = known.filter(|known| !known.custom);
    let value_type = of_target
        .map(|known| known.value_type)
        .or(mapping.value_type)
        .or(known.map(|known| known.value_type))
        .unwrap_or_default();
    let multivalued = of_target
        .map(|known| known.multivalued)
        .or(mapping.multivalued)
        .or(known.map(|known| known.multivalued))
        .unwrap_or_default();
    let is_writable = known.is_none_or(|known| known.writable);
    let (_, users) = names.users;
    let definition = match known {
        Some(known) if known.refers => reference(&mapping.target, multivalued, users),
        _ => definition(&mapping.target, value_type.into()),
    };
    AttributeDefinition {
        case_exact: mapping.case_exact.unwrap_or(true).into(),
        multivalued: multivalued.into(),
        mutability: if is_writable { Mutability::ReadWrite } else { Mutability::ReadOnly }.into(),
        required: target.required().contains(&mapping.target.as_str()).into(),
        flow_null_values: mapping.flow_null_values.into(),
        ..definition
    }
}

/// An attribute that names other objects.
#[must_use]
pub fn reference(name: &str, multivalued: bool, refers_to: &str) -> AttributeDefinition {
    AttributeDefinition {
        multivalued: multivalued.into(),
        referenced_objects: vec![ReferencedObject {
            referenced_object_name: refers_to.into(),
            referenced_property: Given::Null,
            ..Default::default()
        }]
        .into(),
        ..definition(name, AttributeType::Reference)
    }
}

/// An attribute of which only name and type are known.
#[must_use]
pub fn definition(name: &str, kind: AttributeType) -> AttributeDefinition {
    AttributeDefinition {
        name: name.into(),
        kind: kind.into(),
        anchor: false.into(),
        case_exact: true.into(),
        multivalued: false.into(),
        mutability: Mutability::ReadWrite.into(),
        required: false.into(),
        default_value: Given::Null,
        flow_null_values: false.into(),
        referenced_objects: Vec::new().into(),
        metadata: Vec::<Entry>::new().into(),
        api_expressions: Vec::new().into(),
        ..Default::default()
    }
}
