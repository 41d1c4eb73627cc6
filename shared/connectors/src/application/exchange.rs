//! An application's mappings as the management API's schema of its job, and back; and the templates a schema begins with.
//!
//! ```text
//!  Application ──schema_of──▶ SynchronizationSchema      one rule; an object mapping for users, one for groups
//!              ◀─with_schema─                            refused as a whole, with every place and cure
//!              ◀─with_default_schema                     as the template has it
//! ```
//!
//! In: documents and schemas. Out: the same again, or findings. Everything here is a value: nobody is asked.
//!
//! # Guarantees
//! * What a schema does not have stays as it is in the document: who is assigned, `skipOutOfScopeDeletions`, the settings
//!   of expressions, and everything besides the mappings.
//! * A schema that is written back as it was read changes nothing. A mapping that was left to the template stays left to it.
//! * What was taken passes the document's own check.

use engine::cycle::Nested;
use engine::mapping::{ObjectMapping, TargetSchema};
use engine::schema::document::ObjectMapping as SchemaMapping;
use engine::schema::{
    Conversion, Finding, FindingKind, Given, Kept, Names, SynchronizationSchema, of_mapping, to_mapping,
};
use engine::scoping::Scope;
use serde::Serialize;

use super::{Application, Problem};
use crate::scim::{ScimGroupSchema, ScimSchema};

/// The id of the directory that people come from, in every schema.
pub const SOURCE_DIRECTORY: &str = "source";

/// The id of the directory that accounts are made in, in every schema.
pub const TARGET_DIRECTORY: &str = "target";

/// The id of the rule, by which provisioning on demand names it.
pub const RULE: &str = "rollcall";

/// What an application can begin with (`synchronizationTemplate`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Its id: the kind of the target.
    pub id: &'static str,
    /// Whether a job is made from it unless another one is named.
    pub default: bool,
    /// For people.
    pub description: &'static str,
    /// Whether it is offered.
    pub discoverable: bool,
    /// The connector, as the management API calls it.
    pub factory_tag: &'static str,
    /// What portals ask about it.
    pub metadata: &'static [Metadata],
}

/// Something told about a template (`synchronizationMetadataEntry`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// One of the words of the management API.
    pub key: &'static str,
    /// A text, also for yes and no.
    pub value: &'static str,
}

const TEMPLATES: [Template; 1] = [Template {
    id: "scim",
    default: true,
    description: "Users, and groups where the source shows them, to an application that speaks SCIM 2.0",
    discoverable: true,
    factory_tag: "CustomSCIM",
    metadata: &[
        Metadata { key: "IsOAuthEnabled", value: "false" },
        Metadata { key: "IsSynchronizationAgentAssignmentRequired", value: "false" },
        Metadata { key: "IsSynchronizationAgentRequired", value: "false" },
        Metadata { key: "IsSynchronizationInPreview", value: "false" },
    ],
}];

/// Every template.
#[must_use]
pub fn templates() -> &'static [Template] {
    &TEMPLATES
}

/// The template of an id.
#[must_use]
pub fn template(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}

impl Template {
    /// The schema that a job begins with, groups included.
    #[must_use]
    pub fn schema(&self) -> SynchronizationSchema {
        let frame = Frame { id: self.id, version: "v1", source: "Source", target: "Application" };
        let default = ObjectMapping::default();
        frame.schema(&default, Some(&default))
    }
}

/// One of the two types of objects.
struct Kind {
    /// Its name in the source.
    source: &'static str,
    /// Its name in the target: the URN of its schema, for users the one that Entra's template names.
    target: &'static str,
    /// What the target can hold of it.
    schema: &'static dyn TargetSchema,
    /// Its section of the document.
    section: &'static str,
}

const USERS: Kind = Kind {
    source: "User",
    target: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    schema: &ScimSchema,
    section: "users",
};

const GROUPS: Kind = Kind {
    source: "Group",
    target: "urn:ietf:params:scim:schemas:core:2.0:Group",
    schema: &ScimGroupSchema,
    section: "groups",
};

/// The schema of an application's job. The version counts with the application's.
#[must_use]
pub fn schema_of(application: &Application, job: &str, version: u32) -> SynchronizationSchema {
    let mut source = application.source.display_name();
    // Rules find their directories by name.
    if source == application.name {
        source.push_str(" (source)");
    }
    let version = format!("v{version}");
    let frame = Frame { id: job, version: &version, source: &source, target: &application.name };
    frame.schema(&application.users, application.groups.as_ref())
}

/// What a schema is called, and its directories.
struct Frame<'a> {
    id: &'a str,
    version: &'a str,
    source: &'a str,
    target: &'a str,
}

impl Frame<'_> {
    fn schema(&self, users: &ObjectMapping, groups: Option<&ObjectMapping>) -> SynchronizationSchema {
        let mut schema = self.of_kind(&USERS, users);
        if let Some(groups) = groups {
            join(&mut schema, self.of_kind(&GROUPS, groups));
        }
        schema
    }

    fn of_kind(&self, kind: &Kind, mapping: &ObjectMapping) -> SynchronizationSchema {
        let names = Names {
            schema: self.id,
            version: self.version,
            rule: RULE,
            source: (SOURCE_DIRECTORY, self.source),
            target: (TARGET_DIRECTORY, self.target),
            source_object: kind.source,
            target_object: kind.target,
            users: (USERS.source, USERS.target),
        };
        of_mapping(&kind.filled(mapping), &names, kind.schema)
    }
}

/// Adds the objects and the object mapping of one schema to another with the same directories and rule.
fn join(schema: &mut SynchronizationSchema, other: SynchronizationSchema) {
    for (mine, theirs) in several(&mut schema.directories).zip(each(other.directories)) {
        add(&mut mine.objects, theirs.objects);
    }
    for (mine, theirs) in several(&mut schema.synchronization_rules).zip(each(other.synchronization_rules)) {
        add(&mut mine.object_mappings, theirs.object_mappings);
    }
}

fn several<T>(given: &mut Given<Vec<T>>) -> impl Iterator<Item = &mut T> {
    match given {
        Given::Value(all) => all.iter_mut(),
        Given::Absent | Given::Null => [].iter_mut(),
    }
}

fn each<T>(given: Given<Vec<T>>) -> Vec<T> {
    match given {
        Given::Value(all) => all,
        Given::Absent | Given::Null => Vec::new(),
    }
}

fn add<T>(mine: &mut Given<Vec<T>>, theirs: Given<Vec<T>>) {
    if let Given::Value(mine) = mine {
        mine.extend(each(theirs));
    }
}

impl Kind {
    /// The mapping with its attributes, those of the template where it has none of its own.
    fn filled(&self, mapping: &ObjectMapping) -> ObjectMapping {
        let mut mapping = mapping.clone();
        if mapping.attributes.is_empty() {
            mapping.attributes = self.schema.default_attributes();
        }
        mapping
    }

    /// The other way: attributes that were left to the template and are the template's stay left to it.
    fn emptied(&self, mut mapping: ObjectMapping, before: Option<&ObjectMapping>) -> ObjectMapping {
        let was_left = before.is_some_and(|before| before.attributes.is_empty());
        if was_left && mapping.attributes == self.schema.default_attributes() {
            mapping.attributes.clear();
        }
        mapping
    }
}

/// The application with its schema as the template has it: attributes and actions are the template's, and everybody who
/// is assigned is in scope. Groups stay provisioned or not.
#[must_use]
pub fn with_default_schema(application: &Application) -> Application {
    let reset = |mapping: &ObjectMapping| ObjectMapping {
        scope: Scope { filter: Vec::new(), ..mapping.scope.clone() },
        expressions: mapping.expressions.clone(),
        ..ObjectMapping::default()
    };
    Application {
        users: reset(&application.users),
        groups: application.groups.as_ref().map(reset),
        ..application.clone()
    }
}

/// The application with the mappings of a schema, and what is to be known of them.
///
/// # Errors
/// Every problem and every open decision, with its place in the schema and its cure. Nothing is taken then.
pub fn with_schema(
    application: &Application,
    schema: &SynchronizationSchema,
) -> Result<(Application, Vec<Finding>), Vec<Finding>> {
    let mut reading = Reading { schema, findings: Vec::new() };
    let users = reading.users(&application.users);
    let groups = reading.groups(application.groups.as_ref());
    reading.judge_others();
    if reading.refuses() {
        return Err(reading.refusals());
    }
    let Some(users) = users else { return Err(reading.findings) };
    let mut changed = Application { users: users.mapping.clone(), ..application.clone() };
    changed.groups = groups.as_ref().map(|groups| groups.mapping.clone());
    if changed.groups.is_none() && application.groups.is_some() {
        reading.groups_end(&mut changed);
    }
    if let Err(problems) = changed.check() {
        let placed = problems.iter().map(|problem| placed(problem, &users, groups.as_ref()));
        reading.findings.extend(placed);
        return Err(reading.refusals());
    }
    Ok((changed, reading.findings))
}

/// What is read of a schema, and what was found.
struct Reading<'a> {
    schema: &'a SynchronizationSchema,
    findings: Vec<Finding>,
}

/// A mapping out of a schema, and where it stood.
struct Taken {
    mapping: ObjectMapping,
    place: String,
    /// Where each of its attributes stood: those without any effect were left out.
    positions: Vec<usize>,
}

impl Reading<'_> {
    fn users(&mut self, before: &ObjectMapping) -> Option<Taken> {
        let candidates = self.schema.mappings_from(USERS.source);
        let place = self.chosen(&candidates);
        if place.is_none() {
            let (at, says) = match candidates.first() {
                Some(off) => (
                    format!("{}.enabled", at(*off)),
                    "without users there is nothing to provision; leave it true, and pause the job to stop it",
                ),
                None => (
                    "synchronizationRules".to_owned(),
                    "no object mapping reads 'User'; take it over from what GET …/schema answers",
                ),
            };
            self.add(FindingKind::Problem, at, says);
        }
        self.taken(&USERS, place?, Some(before))
    }

    fn groups(&mut self, before: Option<&ObjectMapping>) -> Option<Taken> {
        let place = self.chosen(&self.schema.mappings_from(GROUPS.source))?;
        self.taken(&GROUPS, place, before)
    }

    /// The one object mapping that takes part. Several would compete for the same objects.
    fn chosen(&mut self, candidates: &[(usize, usize)]) -> Option<(usize, usize)> {
        let (on, off): (Vec<_>, Vec<_>) =
            candidates.iter().copied().partition(|place| self.is_enabled(*place));
        for place in off {
            self.add(
                FindingKind::Notice,
                at(place),
                "it is switched off and is not kept; keep a copy of it if it shall take part again",
            );
        }
        let (first, more) = on.split_first()?;
        for place in more {
            let says = format!(
                "{} reads the same objects already; keep one of them, or switch this one off with enabled: false",
                at(*first)
            );
            self.add(FindingKind::Problem, at(*place), says);
        }
        Some(*first)
    }

    fn taken(&mut self, kind: &Kind, place: (usize, usize), before: Option<&ObjectMapping>) -> Option<Taken> {
        let kept = before.map(Kept::from).unwrap_or_default();
        let Conversion { mut mapping, findings, .. } = to_mapping(self.schema, place, kind.schema, &kept)?;
        let count = self.mapping(place).map_or(0, |mapping| mapping.attribute_mappings.each().len());
        let place = at(place);
        let is_left_out = |position: &usize| {
            let place = format!("{place}.attributeMappings[{position}]");
            findings.iter().any(|finding| finding.place == place)
        };
        let positions: Vec<usize> = (0..count).filter(|position| !is_left_out(position)).collect();
        self.findings.extend(findings);
        for idle in mapping.shut_idle_gates() {
            let place = in_schema(&place, &idle.place, &positions);
            self.add(FindingKind::Notice, place, &*idle.problem);
        }
        let mapping = kind.emptied(mapping, before);
        Some(Taken { mapping, place, positions })
    }

    /// Objects that no source here has.
    fn judge_others(&mut self) {
        let known = |name: &str| [&USERS, &GROUPS].iter().any(|kind| kind.source.eq_ignore_ascii_case(name));
        for (rule, of_rule) in self.schema.synchronization_rules.each().iter().enumerate() {
            for (object, mapping) in of_rule.object_mappings.each().iter().enumerate() {
                let name = mapping.source_object_name.text().unwrap_or_default();
                if known(name) {
                    continue;
                }
                let (kind, says) = match is_on(mapping) {
                    true => (
                        FindingKind::Problem,
                        format!(
                            "no source has objects called '{name}'; write User or Group, or remove the object mapping"
                        ),
                    ),
                    false => (
                        FindingKind::Notice,
                        format!("no source has objects called '{name}'; it is not kept"),
                    ),
                };
                self.add(kind, format!("{}.sourceObjectName", at((rule, object))), says);
            }
        }
    }

    fn groups_end(&mut self, changed: &mut Application) {
        changed.nested_groups = Nested::default();
        self.add(
            FindingKind::Notice,
            "synchronizationRules",
            "groups are not provisioned any longer; those in the target stay as they are",
        );
    }

    fn mapping(&self, (rule, object): (usize, usize)) -> Option<&SchemaMapping> {
        self.schema.synchronization_rules.each().get(rule)?.object_mappings.each().get(object)
    }

    fn is_enabled(&self, place: (usize, usize)) -> bool {
        self.mapping(place).is_some_and(is_on)
    }

    fn refuses(&self) -> bool {
        self.findings.iter().any(|finding| finding.kind != FindingKind::Notice)
    }

    /// What stands against the schema, notices aside.
    fn refusals(self) -> Vec<Finding> {
        self.findings.into_iter().filter(|finding| finding.kind != FindingKind::Notice).collect()
    }

    fn add(&mut self, kind: FindingKind, place: impl Into<String>, says: impl Into<String>) {
        self.findings.push(Finding { kind, place: place.into(), says: says.into() });
    }
}

fn is_on(mapping: &SchemaMapping) -> bool {
    mapping.enabled.value().copied().unwrap_or(true)
}

fn at((rule, object): (usize, usize)) -> String {
    format!("synchronizationRules[{rule}].objectMappings[{object}]")
}

/// A problem of the document, at the place in the schema it came from.
fn placed(problem: &Problem, users: &Taken, groups: Option<&Taken>) -> Finding {
    let of = |taken: &Taken, section: &str| {
        let rest = problem.place.strip_prefix(section)?;
        match rest.strip_prefix('.') {
            Some(rest) => Some(in_schema(&taken.place, rest, &taken.positions)),
            None => rest.is_empty().then(|| taken.place.clone()),
        }
    };
    let place = of(users, USERS.section).or_else(|| of(groups?, GROUPS.section));
    Finding {
        kind: FindingKind::Problem,
        place: place.unwrap_or_else(|| problem.place.clone()),
        says: problem.problem.clone(),
    }
}

/// How the members of a mapping are called in a schema, where the two differ.
const MEMBERS: [(&str, &str); 7] = [
    (".target", ".targetAttributeName"),
    (".expression", ".source.expression"),
    (".constant", ".source"),
    (".attribute", ".sourceOperandName"),
    (".operator", ".operatorName"),
    (".value", ".targetOperand.values"),
    (".matches", ".@rollcall.matches"),
];

/// A place in a mapping as a place in a schema: `attributes[3].target` of the mapping is
/// `attributeMappings[3].targetAttributeName` of the object mapping.
fn in_schema(object_mapping: &str, place: &str, positions: &[usize]) -> String {
    let mut place = place.replacen("scope.filter", "scope.groups", 1);
    if let Some((position, rest)) = place.strip_prefix("attributes[").and_then(|rest| rest.split_once(']')) {
        let position = position.parse().ok().and_then(|position: usize| positions.get(position));
        place = match position {
            Some(position) => format!("attributeMappings[{position}]{rest}"),
            None => format!("attributeMappings{rest}"),
        };
    } else if place == "attributes" {
        place = "attributeMappings".to_owned();
    }
    for (ours, theirs) in MEMBERS {
        if let Some(rest) = place.strip_suffix(ours) {
            place = format!("{rest}{theirs}");
            break;
        }
    }
    format!("{object_mapping}.{place}")
}

#[cfg(test)]
mod tests;
