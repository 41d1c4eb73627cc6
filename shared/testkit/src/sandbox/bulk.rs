//! `/Bulk` (RFC 7644 section 3.7).
//!
//! In: operations, which may name the resources that others of them create. Out: one result each, in the order
//! of the request. Promise: an operation that refers to a `bulkId` runs after the POST that defines it, wherever
//! that stands; `failOnErrors` stops after that many errors and leaves the rest out of the answer.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::directory::{Directory, Rules};
use super::discovery::BULK_OPERATIONS;
use super::error::ScimError;
use super::patch::operations;
use super::quirks::Quirks;
use super::routes::{Answer, Here, answer, json as json_body, resource};
use super::schema::ResourceType;
use super::shared::Shared;

const REQUEST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// What a reference to another operation's resource starts with.
const REFERENCE: &str = "bulkId:";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    schemas: Vec<String>,
    #[serde(default)]
    fail_on_errors: Option<usize>,
    #[serde(rename = "Operations")]
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    method: String,
    #[serde(default)]
    bulk_id: Option<String>,
    #[serde(default)]
    version: Option<String>,
    path: String,
    #[serde(default)]
    data: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bulk_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Value>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Value>,
}

#[derive(Serialize)]
struct Response {
    schemas: [&'static str; 1],
    #[serde(rename = "Operations")]
    operations: Vec<Outcome>,
}

/// `POST /Bulk`
pub(crate) async fn run(State(shared): Here, body: Body) -> Answer {
    let quirks = shared.quirks();
    if quirks.no_bulk {
        return Err(ScimError::not_implemented("Bulk"));
    }
    let request: Request = serde_json::from_value(json_body(body).await?)
        .map_err(|error| ScimError::invalid_syntax(format!("not a bulk request: {error}")))?;
    if !request.schemas.iter().any(|urn| urn.eq_ignore_ascii_case(REQUEST_URN)) {
        return Err(ScimError::invalid_syntax(format!("schemas of a bulk request must name {REQUEST_URN}")));
    }
    if request.operations.len() > BULK_OPERATIONS {
        return Err(ScimError::too_large(format!("a bulk request may hold {BULK_OPERATIONS} operations")));
    }
    let batch = Batch {
        shared: &shared,
        quirks: &quirks,
        allowed: request.fail_on_errors.unwrap_or(usize::MAX).max(1),
        ids: HashMap::new(),
    };
    let operations = batch.run(request.operations);
    Ok(answer(StatusCode::OK, &Response { schemas: [RESPONSE_URN], operations }))
}

struct Batch<'a> {
    shared: &'a Shared,
    quirks: &'a Quirks,
    /// After how many errors the batch stops.
    allowed: usize,
    /// From bulkId to the id of the resource it became.
    ids: HashMap<String, String>,
}

impl Batch<'_> {
    /// Runs what can be run, again and again until nothing waits for another operation any more. What still
    /// waits then refers in a circle, or to nothing, or to what failed.
    fn run(mut self, operations: Vec<Operation>) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = operations.iter().map(|_| None).collect();
        let mut errors = 0;
        let mut waiting: Vec<(usize, Operation)> = operations.into_iter().enumerate().collect();
        let mut last_round = false;
        while !waiting.is_empty() && errors < self.allowed {
            let before = waiting.len();
            let mut still_waiting = Vec::new();
            for (at, mut operation) in waiting {
                if errors >= self.allowed {
                    break;
                }
                let unresolved = self.resolve(&mut operation);
                match unresolved {
                    Some(_) if !last_round => still_waiting.push((at, operation)),
                    unresolved => {
                        let outcome = self.carry_out(operation, unresolved);
                        errors += usize::from(outcome.response.is_some());
                        outcomes[at] = Some(outcome);
                    }
                }
            }
            last_round = still_waiting.len() == before;
            waiting = still_waiting;
        }
        outcomes.into_iter().flatten().collect()
    }

    /// Puts ids in the place of references; gives back a reference that has no id yet.
    fn resolve(&self, operation: &mut Operation) -> Option<String> {
        let mut unresolved = None;
        let path = operation.path.split('/').map(|segment| self.id(segment, &mut unresolved));
        operation.path = path.collect::<Vec<_>>().join("/");
        self.resolve_in(&mut operation.data, &mut unresolved);
        unresolved
    }

    fn resolve_in(&self, value: &mut Value, unresolved: &mut Option<String>) {
        match value {
            Value::String(text) if text.starts_with(REFERENCE) => *text = self.id(text, unresolved),
            Value::Array(items) => items.iter_mut().for_each(|item| self.resolve_in(item, unresolved)),
            Value::Object(members) => {
                members.values_mut().for_each(|value| self.resolve_in(value, unresolved));
            }
            _ => {}
        }
    }

    fn id(&self, text: &str, unresolved: &mut Option<String>) -> String {
        match text.strip_prefix(REFERENCE).map(|bulk_id| self.ids.get(bulk_id)) {
            Some(Some(id)) => id.clone(),
            Some(None) => unresolved.insert(text.to_owned()).clone(),
            None => text.to_owned(),
        }
    }

    fn carry_out(&mut self, operation: Operation, unresolved: Option<String>) -> Outcome {
        let (method, bulk_id) = (operation.method.to_ascii_uppercase(), operation.bulk_id.clone());
        let done = match unresolved {
            Some(reference) => Err(ScimError::new(
                StatusCode::CONFLICT,
                format!("{reference} is not created by this request"),
            )),
            None => self.write(&method, operation),
        };
        self.shared.tally.note(|counters| counters.bulk_operations += 1);
        match done {
            Ok((status, written)) => {
                let id = written.pointer("/id").and_then(Value::as_str).map(str::to_owned);
                self.ids.extend(bulk_id.clone().zip(id));
                let version = written.pointer("/meta/version").filter(|_| !self.quirks.no_etag).cloned();
                let location = written.pointer("/meta/location").cloned();
                Outcome {
                    method,
                    bulk_id,
                    version,
                    location,
                    status: status.as_str().to_owned(),
                    response: None,
                }
            }
            Err(error) => {
                let status = error.status.as_str().to_owned();
                let response = Some(error.body());
                Outcome { method, bulk_id, version: None, location: None, status, response }
            }
        }
    }

    /// Carries one operation out; gives back the resource, or of a deleted one what is left to say.
    fn write(&self, method: &str, operation: Operation) -> Result<(StatusCode, Value), ScimError> {
        let Operation { path, data, version, bulk_id, .. } = operation;
        let mut segments = path.trim_matches('/').split('/');
        let kind = segments.next().and_then(ResourceType::at_endpoint);
        let kind = kind.ok_or_else(|| ScimError::not_found(&path))?;
        let write = |status, work: Work<'_>| {
            let written = self.shared.write(self.quirks, version.as_deref(), work)?;
            Ok((status, Value::clone(&written)))
        };
        match (method, segments.next()) {
            ("POST", None) if bulk_id.is_none() => {
                Err(ScimError::invalid_value("a POST in a bulk request needs a bulkId"))
            }
            ("POST", None) => {
                let members = resource(kind, data)?;
                write(
                    StatusCode::CREATED,
                    Box::new(|directory, rules| directory.create(kind, members, rules)),
                )
            }
            ("PUT", Some(id)) => {
                let members = resource(kind, data)?;
                write(
                    StatusCode::OK,
                    Box::new(|directory, rules| directory.replace(kind, id, members, rules)),
                )
            }
            ("PATCH", Some(_)) if self.quirks.no_patch => Err(ScimError::not_implemented("PATCH")),
            ("PATCH", Some(id)) => {
                let operations = operations(&data)?;
                write(
                    StatusCode::OK,
                    Box::new(|directory, rules| directory.patch(kind, id, &operations, rules)),
                )
            }
            ("DELETE", Some(id)) => {
                let location = format!("{}/{}/{id}", self.shared.base_url, kind.endpoint());
                let left = Arc::new(json!({ "meta": { "location": location } }));
                write(
                    StatusCode::NO_CONTENT,
                    Box::new(|directory, rules| directory.delete(kind, id, rules).map(|()| left)),
                )
            }
            _ => Err(ScimError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("{method} of {path} is not served"),
            )),
        }
    }
}

/// A write to the directory, still to be done.
type Work<'a> = Box<dyn FnOnce(&mut Directory, Rules<'_>) -> Result<Arc<Value>, ScimError> + 'a>;
