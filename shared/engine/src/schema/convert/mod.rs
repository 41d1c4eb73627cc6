//! From a schema to Rollcall's own mapping.
//!
//! In: one object mapping of a [`SynchronizationSchema`] with its rule and directories, what the target can hold,
//! and what the API keeps outside of schemas ([`Kept`]). Out: an [`ObjectMapping`](mapping::ObjectMapping), and
//! [`Finding`]s: problems and decisions, each of which forbids to take the mapping, and notices.
//!
//! What the definitions of the directories say goes into the mapping where the target's own schema is silent:
//!
//! | Definition | Mapping |
//! |---|---|
//! | target `type`, `multivalued` | `type`, `multivalued`, of attributes that the target does not know itself |
//! | target `caseExact: false` | `caseExact: false` |
//! | target `flowNullValues` | the attribute's `flowNullValues` |
//! | target `defaultValue` with `required` | the attribute's `defaultValue`, when the mapping has none |
//! | source `flowNullValues` | the mapping's list `flowNullValues` |
//!
//! A `defaultValue` of `""` is none: that is how exports write a field that was left empty.

mod attribute;
mod scope;

pub(super) use scope::READING;

use super::document::{
    AttributeDefinition, ContainerFilter, Entry, GroupFilter, ObjectDefinition, ObjectMapping,
    SynchronizationRule, SynchronizationSchema,
};
use super::finding::{Finding, FindingKind, Findings};
use super::spelling::ObjectFlowType;
use crate::expression::Settings;
use crate::mapping::{self, ObjectAction, TargetSchema};
use crate::scoping::Assignment;

/// What a mapping has and a schema has not: the management API keeps it with the credentials, or nowhere. It stays
/// as it is when a schema is saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// Who is assigned; `None` is the API's `SyncAll`.
    pub assigned: Option<Assignment>,
    /// The API's `SkipOutOfScopeDeletions`.
    pub skip_out_of_scope_deletions: bool,
    /// What holds for all expressions.
    pub expressions: Settings,
}

impl From<&mapping::ObjectMapping> for Kept {
    fn from(mapping: &mapping::ObjectMapping) -> Self {
        Self {
            assigned: mapping.scope.assigned.clone(),
            skip_out_of_scope_deletions: mapping.scope.skip_out_of_scope_deletions,
            expressions: mapping.expressions.clone(),
        }
    }
}

/// A schema's object mapping as Rollcall understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The mapping. To be taken only when [`is_sound`](Self::is_sound).
    pub mapping: mapping::ObjectMapping,
    /// Whether it takes part in cycles.
    pub enabled: bool,
    /// What was found, in the order of the schema.
    pub findings: Vec<Finding>,
}

impl Conversion {
    /// Whether nothing forbids to take the mapping.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.kind == FindingKind::Notice)
    }
}

/// Converts the object mapping at a position, as [`SynchronizationSchema::mappings_from`] gives it. `None` when
/// there is none.
#[must_use]
pub fn to_mapping(
    schema: &SynchronizationSchema,
    (rule, object): (usize, usize),
    target: &dyn TargetSchema,
    kept: &Kept,
) -> Option<Conversion> {
    let of_rule = schema.synchronization_rules.each().get(rule)?;
    let of_object = of_rule.object_mappings.each().get(object)?;
    let rule_place = format!("synchronizationRules[{rule}]");
    let place = format!("{rule_place}.objectMappings[{object}]");
    let mut findings = Findings::default();
    judge_rule(of_rule, &rule_place, &mut findings);
    let source =
        definition(schema, of_rule.source_directory_name.text(), of_object.source_object_name.text());
    let aim = definition(schema, of_rule.target_directory_name.text(), of_object.target_object_name.text());
    for (found, name) in [(&source, "sourceObjectName"), (&aim, "targetObjectName")] {
        if let Err(problem) = found {
            findings.problem(format!("{place}.{name}"), problem);
        }
    }
    judge_metadata(of_object.metadata.each(), &place, &mut findings);
    let definitions = Definitions { source: source.ok().flatten(), target: aim.ok().flatten() };
    let mapping = mapping::ObjectMapping {
        actions: actions(of_object, &place, &mut findings),
        scope: scope::to_scope(of_object.scope.value(), kept, &place, &mut findings),
        attributes: attribute::to_mappings(of_object, &definitions, target, &place, &mut findings),
        flow_null_values: definitions.flowing_nulls(),
        expressions: kept.expressions.clone(),
    };
    let enabled = of_object.enabled.value().copied().unwrap_or(true);
    Some(Conversion { mapping, enabled, findings: findings.into_vec() })
}

/// The definitions of the objects on both sides, where the schema has them.
struct Definitions<'a> {
    source: Option<&'a ObjectDefinition>,
    target: Option<&'a ObjectDefinition>,
}

impl<'a> Definitions<'a> {
    fn of_target(&self, attribute: &str) -> Option<&'a AttributeDefinition> {
        self.target?.attribute(attribute)
    }

    fn flowing_nulls(&self) -> Vec<String> {
        let attributes = self.source.map_or(&[][..], |object| object.attributes.each());
        let mut names: Vec<_> = attributes
            .iter()
            .filter(|attribute| attribute.flow_null_values.value() == Some(&true))
            .filter_map(|attribute| attribute.name.text().map(str::to_owned))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The definition of an object. A rule that names no directory, and a directory without any object, define
/// nothing; documentation has such schemas.
fn definition<'a>(
    schema: &'a SynchronizationSchema,
    directory: Option<&str>,
    object: Option<&str>,
) -> Result<Option<&'a ObjectDefinition>, String> {
    let (Some(directory), Some(object)) = (directory, object) else { return Ok(None) };
    if schema.directories.each().is_empty() {
        return Ok(None);
    }
    let of_directory = schema.directory(directory).ok_or_else(|| {
        format!("the directory '{directory}' of its rule is not among 'directories'; define it there, or correct the name")
    })?;
    if of_directory.objects.each().iter().all(|object| object.name.text().is_none()) {
        return Ok(None);
    }
    let of_object = of_directory.object(object).ok_or_else(|| {
        format!(
            "the directory '{directory}' defines no object '{object}'; define it there, or correct the name"
        )
    })?;
    Ok(Some(of_object))
}

fn judge_rule(rule: &SynchronizationRule, place: &str, findings: &mut Findings) {
    let containers = rule
        .container_filter
        .value()
        .is_some_and(|ContainerFilter { included_containers, .. }| !included_containers.each().is_empty());
    let groups = rule
        .group_filter
        .value()
        .is_some_and(|GroupFilter { included_groups, .. }| !included_groups.each().is_empty());
    for (narrows, name) in [(containers, "containerFilter"), (groups, "groupFilter")] {
        if narrows {
            findings.problem(
                format!("{place}.{name}"),
                "this narrows whom the source gives, and more people would be provisioned without it; say the same with the scope's groups, and empty it",
            );
        }
    }
}

/// Settings of which only some values can be honoured. The others describe where the mapping came from.
fn judge_metadata(metadata: &[Entry], place: &str, findings: &mut Findings) {
    for (position, entry) in metadata.iter().enumerate() {
        let Some(key) = entry.key.text() else { continue };
        let value = plain(entry);
        let place = format!("{place}.metadata[{position}]");
        match key {
            "Disposition" if !is_one_of(&value, &["", "Normal"]) => findings.problem(
                place,
                format!("'{value}' drops or holds back the objects of this mapping; switch the mapping off with enabled: false"),
            ),
            "Unsynchronized" if is_one_of(&value, &["true"]) => findings.problem(
                place,
                "objects of this mapping are read and never written; switch the mapping off with enabled: false",
            ),
            "EscrowBehavior" if !is_one_of(&value, &["", "Default"]) => findings.notice(
                place,
                format!("'{value}' has no effect: a reference that cannot be resolved is tried again, and the object's other values are written"),
            ),
            "DisableMonitoringForChanges" | "ExcludeFromReporting" if is_one_of(&value, &["true"]) => {
                findings.notice(place, format!("'{key}' has no effect: changes are noticed and counted as anywhere else"));
            }
            _ => {}
        }
    }
}

/// A value without the quotes that many of them have within their text.
fn plain(entry: &Entry) -> String {
    match entry.value.value() {
        Some(serde_json::Value::String(text)) => text.trim().trim_matches('"').to_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn is_one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(value))
}

fn actions(object: &ObjectMapping, place: &str, findings: &mut Findings) -> Vec<ObjectAction> {
    let all = [ObjectAction::Create, ObjectAction::Update, ObjectAction::Delete];
    let Some(flags) = object.flow_types.value() else { return all.to_vec() };
    for flag in &flags.0 {
        if let ObjectFlowType::Other(word) = flag {
            findings.problem(
                format!("{place}.flowTypes"),
                format!("there is no flow type '{word}'; write {}", ObjectFlowType::WORDS.join(", ")),
            );
        }
    }
    all.into_iter().filter(|action| flags.0.contains(&ObjectFlowType::from(*action))).collect()
}
