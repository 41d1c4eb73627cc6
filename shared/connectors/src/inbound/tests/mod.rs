//! What bodies are taken, how, and what is said of the others.

mod bodies;
mod following;
mod people;
mod refusals;

use serde_json::{Value, json};

use super::{IntakeError, Upload, intake};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A call with these operations.
fn request(operations: &Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "failOnErrors": null,
        "Operations": operations,
    })
}

/// An operation that says how a person is.
fn post(bulk_id: &str, data: &Value) -> Value {
    json!({ "method": "POST", "bulkId": bulk_id, "path": "/Users", "data": data })
}

/// A person with these attributes besides what each has.
fn person(id: &str, more: &Value) -> Value {
    let mut person = json!({ "schemas": [USER], "externalId": id, "active": true });
    for (name, value) in more.as_object().unwrap() {
        person[name] = value.clone();
    }
    person
}

fn taken(request: &Value) -> Result<Upload, IntakeError> {
    intake(&serde_json::to_vec(request).unwrap())
}
