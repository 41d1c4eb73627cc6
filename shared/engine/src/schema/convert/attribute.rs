//! Attribute mappings, one by one.

use super::super::document::{AttributeDefinition, AttributeMapping, AttributeMappingSource, ObjectMapping};
use super::super::finding::Findings;
use super::super::product;
use super::super::spelling::{
    AttributeFlowBehavior, AttributeFlowType, AttributeType, Mutability, SourceType,
};
use super::Definitions;
use crate::expression::{self, Expression, SyntaxKind};
use crate::mapping::{self, FlowBehavior, FlowType, TargetSchema, ValueType};

/// All of an object mapping's.
pub(super) fn to_mappings(
    object: &ObjectMapping,
    definitions: &Definitions<'_>,
    target: &dyn TargetSchema,
    place: &str,
    findings: &mut Findings,
) -> Vec<mapping::AttributeMapping> {
    let attributes = object.attribute_mappings.each();
    let empty = attributes.iter().filter(|attribute| attribute.default_value.text() == Some("")).count();
    if empty > 0 {
        findings.notice(
            format!("{place}.attributeMappings"),
            format!("the empty defaultValue of {empty} of them counts as none; nobody gets an empty text for want of a value"),
        );
    }
    let converted = attributes.iter().enumerate().filter_map(|(position, attribute)| {
        let place = format!("{place}.attributeMappings[{position}]");
        Converter { definitions, target, place, findings: &mut *findings }.mapping(attribute)
    });
    converted.collect()
}

struct Converter<'a> {
    definitions: &'a Definitions<'a>,
    target: &'a dyn TargetSchema,
    place: String,
    findings: &'a mut Findings,
}

/// One of the three places a value comes from.
enum Source {
    Attribute(String),
    Constant(String),
    Expression(String),
}

impl Converter<'_> {
    fn mapping(&mut self, attribute: &AttributeMapping) -> Option<mapping::AttributeMapping> {
        let Some(target) = attribute.target_attribute_name.text().filter(|name| !name.is_empty()) else {
            self.problem(
                "targetAttributeName",
                "the mapping writes no attribute; name one of the target's, or remove it",
            );
            return None;
        };
        let definition = self.definitions.of_target(target);
        let source = match attribute.source.value() {
            Some(source) => Some(self.source(source)?),
            None => None,
        };
        let default_value = default_value(attribute, definition);
        if source.is_none() && default_value.is_none() {
            let place = self.place.clone();
            self.findings.notice(
                place,
                format!(
                    "'{target}' gets neither a value nor a default; the mapping does nothing and is left out"
                ),
            );
            return None;
        }
        if attribute.export_missing_references.value() == Some(&true) {
            self.notice(
                "exportMissingReferences",
                "it is internal to the service the schema comes from and has no effect",
            );
        }
        let mut mapping = mapping::AttributeMapping {
            target: target.to_owned(),
            default_value,
            matching_priority: self.matching_priority(attribute),
            flow_type: self.flow_type(attribute),
            flow_behavior: self.flow_behavior(attribute),
            ..Default::default()
        };
        match source {
            Some(Source::Attribute(name)) => mapping.source = Some(name),
            Some(Source::Constant(text)) => mapping.constant = Some(text),
            Some(Source::Expression(text)) => mapping.expression = Some(text),
            None => {}
        }
        if let Some(definition) = definition {
            self.define(&mut mapping, definition);
        }
        Some(mapping)
    }

    fn source(&mut self, source: &AttributeMappingSource) -> Option<Source> {
        let text = match product::text(source) {
            Ok(text) => text,
            Err(problem) => {
                self.problem("source", problem);
                return None;
            }
        };
        // The usual case needs no parser: names of SCIM-shaped sources have brackets and quotes of their own.
        if source.kind.value().is_none_or(|kind| *kind == SourceType::Attribute)
            && let Some(name) = source.name.text()
            && text == format!("[{name}]")
        {
            return Some(attribute(name, text));
        }
        if let Err(error) = text.parse::<Expression>() {
            self.problem("source.expression", error.to_string());
            return None;
        }
        let syntax = expression::parse(&text).ok()?;
        if !product::agree(source, &product::of(&syntax)) {
            let place = self.at("source");
            self.findings.decision(
                place,
                format!("the expression {text} and its type, name and parameters say different things; let parseExpression parse the expression that is meant, and put its answer here"),
            );
        }
        Some(match syntax.kind {
            SyntaxKind::Attribute(name) => attribute(&name, text),
            SyntaxKind::Text(constant) | SyntaxKind::Number(constant) => Source::Constant(constant),
            _ => Source::Expression(text),
        })
    }

    fn matching_priority(&mut self, attribute: &AttributeMapping) -> Option<u32> {
        let priority = attribute.matching_priority.value().copied().unwrap_or_default();
        match u32::try_from(priority) {
            Ok(0) => None,
            Ok(priority) => Some(priority),
            Err(_) => {
                self.problem("matchingPriority", "it is below 0; write 0 for an attribute that does not match, and 1, 2, … for those that do");
                None
            }
        }
    }

    fn flow_type(&mut self, attribute: &AttributeMapping) -> FlowType {
        let Some(word) = attribute.flow_type.value() else { return FlowType::default() };
        word.to_mapping().unwrap_or_else(|| {
            self.problem(
                "flowType",
                format!("there is no flow type '{word}'; write {}", AttributeFlowType::WORDS.join(", ")),
            );
            FlowType::default()
        })
    }

    fn flow_behavior(&mut self, attribute: &AttributeMapping) -> FlowBehavior {
        let Some(word) = attribute.flow_behavior.value() else { return FlowBehavior::default() };
        word.to_mapping().unwrap_or_else(|| {
            self.problem(
                "flowBehavior",
                format!(
                    "there is no flow behavior '{word}'; write {}",
                    AttributeFlowBehavior::WORDS.join(", ")
                ),
            );
            FlowBehavior::default()
        })
    }

    /// Takes over what the schema defines of the target attribute.
    fn define(&mut self, mapping: &mut mapping::AttributeMapping, definition: &AttributeDefinition) {
        mapping.flow_null_values = definition.flow_null_values.value() == Some(&true);
        mapping.case_exact = (definition.case_exact.value() == Some(&false)).then_some(false);
        self.judge_members(mapping);
        self.judge_mutability(mapping, definition);
        self.judge_required(mapping, definition);
        let Some(word) = definition.kind.value() else { return };
        let Some(value_type) = word.to_mapping() else {
            let words = AttributeType::WORDS.join(", ");
            self.problem(
                "targetAttributeName",
                format!("its definition has the type '{word}', which there is not; write {words}"),
            );
            return;
        };
        let multivalued = definition.multivalued.value() == Some(&true);
        match self.target.attribute(&mapping.target) {
            Ok(known) if !known.custom => {
                let ours = if known.refers { ValueType::Reference } else { known.value_type };
                if (ours, known.multivalued) != (value_type, multivalued) {
                    let (target, ours) = (&mapping.target, described(ours, known.multivalued));
                    let theirs = described(value_type, multivalued);
                    self.notice(
                        "targetAttributeName",
                        format!("the target itself defines '{target}' as {ours}; the schema's definition, {theirs}, has no effect"),
                    );
                }
            }
            Ok(_) | Err(_) => {
                mapping.value_type = (value_type != ValueType::default()).then_some(value_type);
                mapping.multivalued = multivalued.then_some(true);
            }
        }
    }

    fn judge_members(&mut self, mapping: &mut mapping::AttributeMapping) {
        let known = self.target.attribute(&mapping.target);
        if mapping.flow_null_values && known.is_ok_and(|known| known.refers && known.multivalued) {
            mapping.flow_null_values = false;
            self.notice(
                "targetAttributeName",
                format!(
                    "the flowNullValues of '{}' has no effect: whoever leaves the group is taken out in any case",
                    mapping.target
                ),
            );
        }
    }

    fn judge_mutability(&mut self, mapping: &mapping::AttributeMapping, definition: &AttributeDefinition) {
        let target = &mapping.target;
        if definition.anchor.value() == Some(&true) {
            self.problem(
                "targetAttributeName",
                format!("'{target}' is the anchor, which the target gives; remove this mapping"),
            );
        }
        match definition.mutability.value() {
            Some(Mutability::ReadOnly) => self.problem(
                "targetAttributeName",
                format!("'{target}' is defined as ReadOnly; remove this mapping, or define the attribute as ReadWrite"),
            ),
            Some(Mutability::Immutable) if mapping.flow_type != FlowType::ObjectAddOnly => self.problem(
                "flowType",
                format!("'{target}' is defined as Immutable and cannot be written again; write ObjectAddOnly, or define it as ReadWrite"),
            ),
            Some(Mutability::WriteOnly) => self.notice(
                "targetAttributeName",
                format!("'{target}' is defined as WriteOnly, which has no effect: it is compared with what was written last"),
            ),
            _ => {}
        }
    }

    fn judge_required(&mut self, mapping: &mapping::AttributeMapping, definition: &AttributeDefinition) {
        let is_required = definition.required.value() == Some(&true);
        if is_required
            && mapping.default_value.is_none()
            && !self.target.required().contains(&mapping.target.as_str())
        {
            self.notice(
                "targetAttributeName",
                format!("'{}' is defined as required, which has no effect: whether an account can do without it, the target says", mapping.target),
            );
        }
    }

    fn notice(&mut self, member: &str, says: impl Into<String>) {
        let place = self.at(member);
        self.findings.notice(place, says);
    }

    fn problem(&mut self, member: &str, says: impl Into<String>) {
        let place = self.at(member);
        self.findings.problem(place, says);
    }

    fn at(&self, member: &str) -> String {
        format!("{}.{member}", self.place)
    }
}

/// A direct mapping; `IsSoftDeleted` is computed, and only expressions read it.
fn attribute(name: &str, text: String) -> Source {
    if name.eq_ignore_ascii_case("IsSoftDeleted") {
        Source::Expression(text)
    } else {
        Source::Attribute(name.to_owned())
    }
}

fn default_value(attribute: &AttributeMapping, definition: Option<&AttributeDefinition>) -> Option<String> {
    let of_definition = definition
        .filter(|definition| definition.required.value() == Some(&true))
        .and_then(|definition| definition.default_value.text());
    attribute.default_value.text().filter(|text| !text.is_empty()).or(of_definition).map(str::to_owned)
}

fn described(value_type: ValueType, multivalued: bool) -> String {
    let parts = if value_type == ValueType::Complex { " with parts" } else { "" };
    let number = if multivalued { "several values" } else { "one value" };
    format!("{number}{parts} of the type {}", AttributeType::from(value_type))
}
