//! An application's mappings as the management API's schema of its job, and back; and the templates a schema begins with.
//!
//! ```text
//!  Application ──schema_of──▶ SynchronizationSchema      one rule; an object mapping for users, one for groups
//!              ──schema_with──▶                          the same with what the target was found to have besides
//!              ◀─with_schema─                            refused as a whole, with every place and cure
//!              ◀─with_default_schema                     as the template has it
//! ```
//!
//! In: documents and schemas. Out: the same again, or findings. Everything here is a value: nobody is asked.
//!
//! # Guarantees
//! * What a schema does not have stays as it is in the document: who is assigned, `skipOutOfScopeDeletions`, the settings
//!   of expressions, and everything besides the mappings.
//! * A schema that is written back as it was read changes nothing, also of how a mapping is spelled: one that was left to the
//!   template stays left to it.
//! * What was taken passes the document's own check.

mod taking;
mod templates;
#[cfg(test)]
mod tests;

use engine::mapping::{ObjectMapping, TargetSchema};
use engine::schema::document::DirectoryDefinition;
use engine::schema::export::object_of;
use engine::schema::spelling::{Discoverability, Flags};
use engine::schema::{Discovered, Given, Names, SynchronizationSchema, of_mapping};
use engine::scoping::Scope;
use jiff::Timestamp;

pub use self::taking::with_schema;
pub use self::templates::{Metadata, Template, template, templates};
use super::draft::users_of;
use super::{Application, SourceConfig};
use crate::scim::{CORE_GROUP, Description, ENTERPRISE, ScimGroupSchema, ScimSchema};

/// The id of the directory that people come from, in every schema.
pub const SOURCE_DIRECTORY: &str = "source";

/// The id of the directory that accounts are made in, in every schema.
pub const TARGET_DIRECTORY: &str = "target";

/// The id of the rule, by which provisioning on demand names it.
pub const RULE: &str = "rollcall";

/// What targets can be asked about themselves.
const DISCOVERABLE: [Discoverability; 3] = [
    Discoverability::AttributeNames,
    Discoverability::AttributeDataTypes,
    Discoverability::AttributeReadOnly,
];

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

const USERS: Kind = Kind { source: "User", target: ENTERPRISE, schema: &ScimSchema, section: "users" };

const GROUPS: Kind =
    Kind { source: "Group", target: CORE_GROUP, schema: &ScimGroupSchema, section: "groups" };

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

/// What a target says it can hold, as it is kept beside its application.
#[must_use]
pub fn discovered(
    application: &Application,
    said: Description,
    version: String,
    at: Timestamp,
) -> Discovered {
    let objects = [(USERS.target, said.users), (GROUPS.target, said.groups)];
    let objects = objects.into_iter().filter(|(_, attributes)| !attributes.is_empty());
    Discovered {
        from: application.target.address().to_owned(),
        version,
        at,
        objects: objects.map(|(name, attributes)| object_of(name, attributes)).collect(),
        left_out: said.left_out,
    }
}

/// The schema of an application's job, with what its target was found to have besides. Found at another address, it says
/// nothing of this target.
#[must_use]
pub fn schema_with(
    application: &Application,
    job: &str,
    version: u32,
    found: Option<Discovered>,
) -> SynchronizationSchema {
    let mut schema = schema_of(application, job, version);
    let found = found.filter(|found| found.from == application.target.address());
    let target = several(&mut schema.directories).find(|one| is_target(one));
    if let (Some(target), Some(found)) = (target, found) {
        target.add(found);
    }
    schema
}

fn is_target(directory: &DirectoryDefinition) -> bool {
    directory.id.text() == Some(TARGET_DIRECTORY)
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
        if let Some(target) = several(&mut schema.directories).find(|one| is_target(one)) {
            target.discoverabilities = Flags(DISCOVERABLE.to_vec()).into();
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

    /// What a schema says of a mapping, whatever it is called: two mappings of which it says the same are spelled
    /// differently at the most.
    fn said_of(&self, mapping: &ObjectMapping) -> SynchronizationSchema {
        Frame { id: "", version: "", source: "", target: "" }.of_kind(self, mapping)
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
    let attributes = match application.source {
        // People who are uploaded have other names of attributes than the template's.
        SourceConfig::Inbound(_) => users_of(&application.source).attributes,
        SourceConfig::File(_) | SourceConfig::Ldap(_) => Vec::new(),
    };
    Application {
        users: ObjectMapping { attributes, ..reset(&application.users) },
        groups: application.groups.as_ref().map(reset),
        ..application.clone()
    }
}
