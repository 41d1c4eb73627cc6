//! What the server says about itself (RFC 7643 sections 5 to 7, RFC 7644 section 4).
//!
//! In: the quirks and the page cap. Out: the documents at `/ServiceProviderConfig`, `/ResourceTypes` and
//! `/Schemas`. Promise: they tell the truth about the sandbox as it is set up at the moment.

use serde_json::{Value, json};

use super::quirks::Quirks;
use super::render::LIST_URN;
use super::schema::{
    Attribute, ENTERPRISE, ENTERPRISE_URN, GROUP, GROUP_URN, Mutability, ResourceType, Type, USER, USER_URN,
};

/// The most operations a bulk request may hold.
pub(crate) const BULK_OPERATIONS: usize = 1000;
/// The largest body of any request, in bytes.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;

const SCHEMA_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const CONFIG_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const TYPE_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";

/// `/ServiceProviderConfig`
pub(crate) fn service_provider_config(base_url: &str, page_cap: usize, quirks: &Quirks) -> Value {
    json!({
        "schemas": [CONFIG_URN],
        "patch": { "supported": !quirks.no_patch },
        "bulk": {
            "supported": !quirks.no_bulk,
            "maxOperations": if quirks.no_bulk { 0 } else { BULK_OPERATIONS },
            "maxPayloadSize": if quirks.no_bulk { 0 } else { LARGEST_BODY },
        },
        "filter": { "supported": !quirks.no_filter, "maxResults": page_cap },
        "changePassword": { "supported": false },
        "sort": { "supported": !quirks.no_sort },
        "etag": { "supported": !quirks.no_etag },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "The token the sandbox was started with.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base_url}/ServiceProviderConfig"),
        },
    })
}

/// `/ResourceTypes`, each with its id.
pub(crate) fn resource_types(base_url: &str) -> Vec<Value> {
    let extension = json!([{ "schema": ENTERPRISE_URN, "required": false }]);
    let document = |kind: ResourceType, description: &str| {
        json!({
            "schemas": [TYPE_URN],
            "id": kind.name(),
            "name": kind.name(),
            "description": description,
            "endpoint": format!("/{}", kind.endpoint()),
            "schema": kind.urn(),
            "schemaExtensions": if kind == ResourceType::User { extension.clone() } else { json!([]) },
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("{base_url}/ResourceTypes/{}", kind.name()),
            },
        })
    };
    vec![
        document(ResourceType::User, "A person's account."),
        document(ResourceType::Group, "A group of users."),
    ]
}

/// `/Schemas`, each with its URN as the id.
pub(crate) fn schemas(base_url: &str) -> Vec<Value> {
    let document = |id: &str, name: &str, description: &str, attributes: &[Attribute]| {
        json!({
            "schemas": [SCHEMA_URN],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes.iter().map(attribute).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base_url}/Schemas/{id}") },
        })
    };
    vec![
        document(USER_URN, "User", "A person's account.", USER),
        document(ENTERPRISE_URN, "EnterpriseUser", "What an organization adds to a user.", ENTERPRISE),
        document(GROUP_URN, "Group", "A group of users.", GROUP),
    ]
}

/// A list of documents that is never paged.
pub(crate) fn list(documents: &[Value]) -> Value {
    json!({
        "schemas": [LIST_URN],
        "totalResults": documents.len(),
        "startIndex": 1,
        "itemsPerPage": documents.len(),
        "Resources": documents,
    })
}

fn attribute(attribute: &Attribute) -> Value {
    let mut document = json!({
        "name": attribute.name,
        "type": type_name(attribute.kind),
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "mutability": match attribute.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
            Mutability::WriteOnly => "writeOnly",
        },
        "returned": if attribute.mutability == Mutability::WriteOnly { "never" } else { "default" },
    });
    if attribute.kind == Type::Complex {
        document["subAttributes"] = attribute.sub_attributes.iter().map(self::attribute).collect();
    } else {
        document["caseExact"] = attribute.case_exact.into();
        document["uniqueness"] = if attribute.unique { "server" } else { "none" }.into();
    }
    if !attribute.canonical_values.is_empty() {
        document["canonicalValues"] = attribute.canonical_values.into();
    }
    if !attribute.reference_types.is_empty() {
        document["referenceTypes"] = attribute.reference_types.into();
    }
    document
}

fn type_name(kind: Type) -> &'static str {
    match kind {
        Type::Text => "string",
        Type::Boolean => "boolean",
        Type::DateTime => "dateTime",
        Type::Binary => "binary",
        Type::Reference => "reference",
        Type::Complex => "complex",
    }
}
