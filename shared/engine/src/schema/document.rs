//! The schema as the management API reads and writes it (`synchronizationSchema` and everything in it).
//!
//! In: JSON somebody exported, at most [`LARGEST`] bytes of it. Out: the same JSON again.
//!
//! # Guarantees
//! * Members that are not known are kept where they stood ([`extra`](SynchronizationSchema::extra)), OData
//!   annotations among them.
//! * A missing member stays missing, and `null` stays `null`.
//! * What is normalised, and nothing else: the case of the words in [`super::spelling`], and the blanks between
//!   them where several stand in one text (`"add,update"` becomes `"Add, Update"`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::given::Given;
use super::spelling::{
    AttributeFlowBehavior, AttributeFlowType, AttributeType, Discoverability, Flags, Mutability,
    ObjectFlowType, SourceType,
};

/// The largest schema, in bytes. Exports of the widest HR configurations have about one million; four is below
/// what a Lambda function is handed (six), so that a schema that is too large gets this module's sentence.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// Why a schema could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is larger than [`LARGEST`].
    #[error(
        "the schema has {0} bytes and may have {LARGEST}; remove attribute definitions that no mapping uses"
    )]
    TooLarge(usize),
    /// It is not JSON, or not of this form.
    #[error("this is no synchronizationSchema: {0}; compare it with what GET …/schema answers")]
    Malformed(#[from] serde_json::Error),
}

/// Declares a resource: every member may be missing or `null`, and members that are not known are kept.
macro_rules! resource {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $(
                $(#[$member_doc])*
                #[serde(skip_serializing_if = "Given::is_absent")]
                pub $member: Given<$type>,
            )*
            /// Members that are not known, as they came.
            #[serde(flatten)]
            pub extra: Map<String, Value>,
        }
    };
}

resource! {
    /// Everything a job synchronizes, and how.
    SynchronizationSchema {
        /// Its id.
        id: String,
        /// Changes at every edit.
        version: String,
        /// What the source and the target hold.
        directories: Vec<DirectoryDefinition>,
        /// What flows from where to where.
        synchronization_rules: Vec<SynchronizationRule>,
    }
}

resource! {
    /// One direction between two directories.
    SynchronizationRule {
        /// Its id, by which provisioning on demand names it.
        id: String,
        /// For people.
        name: String,
        /// Whether it may be changed.
        editable: bool,
        /// Lowest first.
        priority: i32,
        /// The directory objects come from.
        source_directory_name: String,
        /// The directory objects go to.
        target_directory_name: String,
        /// One for each pair of object types.
        object_mappings: Vec<ObjectMapping>,
        /// Internal.
        metadata: Vec<Entry>,
        /// Containers to which the source is narrowed.
        container_filter: ContainerFilter,
        /// Groups to which the source is narrowed.
        group_filter: GroupFilter,
    }
}

resource! {
    /// Containers to which a rule is narrowed.
    ContainerFilter {
        /// Their names.
        included_containers: Vec<String>,
    }
}

resource! {
    /// Groups to which a rule is narrowed.
    GroupFilter {
        /// Their names.
        included_groups: Vec<String>,
    }
}

resource! {
    /// How objects of one type become objects of another.
    ObjectMapping {
        /// For people.
        name: String,
        /// Whether it takes part.
        enabled: bool,
        /// What it may do in the target.
        flow_types: Flags<ObjectFlowType>,
        /// The type in the source.
        source_object_name: String,
        /// The type in the target.
        target_object_name: String,
        /// Who is in scope.
        scope: Filter,
        /// The attributes.
        attribute_mappings: Vec<AttributeMapping>,
        /// Internal settings.
        metadata: Vec<Entry>,
    }
}

resource! {
    /// How one target attribute gets its value.
    AttributeMapping {
        /// The target attribute.
        target_attribute_name: String,
        /// Where the value comes from; without one the target only gets the default value.
        source: AttributeMappingSource,
        /// Written when the source has no value.
        default_value: String,
        /// Above 0: objects are matched by it, lowest first.
        matching_priority: i32,
        /// Whether a value is sent that the target has.
        flow_behavior: AttributeFlowBehavior,
        /// When it writes.
        flow_type: AttributeFlowType,
        /// Internal.
        export_missing_references: bool,
    }
}

resource! {
    /// Where a value comes from: an attribute, a constant, or a function of others.
    AttributeMappingSource {
        /// Which of them; an attribute unless said otherwise.
        #[serde(rename = "type")]
        kind: SourceType,
        /// The attribute's name, the constant's text, or the function's name.
        name: String,
        /// The same as text.
        expression: String,
        /// Of a function.
        parameters: Vec<SourceParameter>,
    }
}

resource! {
    /// A parameter of a function.
    SourceParameter {
        /// The parameter's name; repeated by parameters that repeat.
        key: String,
        /// What it is.
        value: AttributeMappingSource,
    }
}

resource! {
    /// Who is in scope: whoever meets one of the groups.
    Filter {
        /// Whoever meets none of them any more is deprovisioned.
        groups: Vec<FilterGroup>,
        /// Experimental: objects that meet none are dropped while reading, and not deprovisioned.
        input_filter_groups: Vec<FilterGroup>,
        /// Experimental: whether an object belongs to this mapping at all.
        category_filter_groups: Vec<FilterGroup>,
    }
}

resource! {
    /// Clauses that must all hold.
    FilterGroup {
        /// For people.
        name: String,
        /// The clauses.
        clauses: Vec<FilterClause>,
    }
}

resource! {
    /// One condition.
    FilterClause {
        /// The source attribute.
        source_operand_name: String,
        /// How it is judged.
        operator_name: String,
        /// What it is compared with.
        target_operand: FilterOperand,
    }
}

resource! {
    /// What a clause compares with.
    FilterOperand {
        /// One value, or none.
        values: Vec<String>,
    }
}

resource! {
    /// What a directory holds.
    DirectoryDefinition {
        /// Its id.
        id: String,
        /// Its name, by which rules refer to it.
        name: String,
        /// Its object types.
        objects: Vec<ObjectDefinition>,
        /// Whether it cannot be written.
        read_only: bool,
        /// Set by discovery.
        version: String,
        /// When it was discovered, as it came.
        discovery_date_time: String,
        /// What can be discovered.
        discoverabilities: Flags<Discoverability>,
    }
}

resource! {
    /// An object type.
    ObjectDefinition {
        /// Its name, by which object mappings refer to it.
        name: String,
        /// Its attributes.
        attributes: Vec<AttributeDefinition>,
        /// Internal settings.
        metadata: Vec<Entry>,
        /// The interfaces that are read for it.
        supported_apis: Vec<String>,
    }
}

resource! {
    /// An attribute of an object type.
    AttributeDefinition {
        /// Its name.
        name: String,
        /// Its type.
        #[serde(rename = "type")]
        kind: AttributeType,
        /// Whether it identifies the object.
        anchor: bool,
        /// Whether a change of case alone is a change.
        case_exact: bool,
        /// Whether it holds several values.
        multivalued: bool,
        /// Who may write it.
        mutability: Mutability,
        /// Whether an object cannot be created without it.
        required: bool,
        /// Its value when it is required and there is none.
        default_value: String,
        /// Whether a missing value may clear the target's.
        flow_null_values: bool,
        /// What it refers to.
        referenced_objects: Vec<ReferencedObject>,
        /// Internal settings.
        metadata: Vec<Entry>,
        /// How it is read from an HR system.
        api_expressions: Vec<Entry>,
    }
}

resource! {
    /// What a reference attribute refers to.
    ReferencedObject {
        /// The object type.
        referenced_object_name: String,
        /// The attribute; not supported by the API.
        referenced_property: String,
    }
}

resource! {
    /// A setting by name; of many of them the value is JSON within a text.
    Entry {
        /// Its name.
        key: String,
        /// Its value, a text as a rule.
        value: Value,
    }
}

impl SynchronizationSchema {
    /// Reads a schema. Sources nest as deep as JSON may (128 levels): about 40 calls.
    ///
    /// # Errors
    /// When it is too large, or not of this form: with the line and the column.
    pub fn read(json: &[u8]) -> Result<Self, DocumentError> {
        if json.len() > LARGEST {
            return Err(DocumentError::TooLarge(json.len()));
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// The directory of a name.
    #[must_use]
    pub fn directory(&self, name: &str) -> Option<&DirectoryDefinition> {
        self.directories.each().iter().find(|directory| directory.name.text() == Some(name))
    }

    /// The positions of the rules and object mappings that read a type of source object, rules of lowest priority
    /// first. Samples disagree on the case of `User`, so it does not count.
    #[must_use]
    pub fn mappings_from(&self, source_object: &str) -> Vec<(usize, usize)> {
        let mut rules: Vec<_> = self.synchronization_rules.each().iter().enumerate().collect();
        rules.sort_by_key(|(_, rule)| rule.priority.value().copied().unwrap_or_default());
        let reads = |mapping: &ObjectMapping| {
            mapping.source_object_name.text().is_some_and(|name| name.eq_ignore_ascii_case(source_object))
        };
        rules
            .into_iter()
            .flat_map(|(position, rule)| {
                let mappings = rule.object_mappings.each().iter().enumerate();
                mappings.filter(|(_, mapping)| reads(mapping)).map(move |(mapping, _)| (position, mapping))
            })
            .collect()
    }
}

impl DirectoryDefinition {
    /// The object type of a name.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&ObjectDefinition> {
        self.objects.each().iter().find(|object| object.name.text() == Some(name))
    }
}

impl ObjectDefinition {
    /// The attribute of a name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&AttributeDefinition> {
        self.attributes.each().iter().find(|attribute| attribute.name.text() == Some(name))
    }
}
