//! The templates that a job begins with. There is one for each kind of target.

use engine::mapping::ObjectMapping;
use engine::schema::SynchronizationSchema;
use serde::Serialize;

use super::Frame;

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
