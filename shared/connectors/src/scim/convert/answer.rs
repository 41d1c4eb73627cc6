//! Answers: what a target says back, read with tolerance for spelling and none for shape.
//!
//! In: the JSON of an answer. Out: a list, an error, a bulk result, what the target offers; or a sentence that
//! says why it is none. Promise: nothing that is not a list is ever read as an empty one, because an empty list
//! means "there is no such account" and would lead to a second one.

use serde_json::Value as Json;

use super::{Object, field, flag, number};

/// A list answer (RFC 7644 §3.4.2).
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::scim) struct List {
    /// The resources on this page.
    pub(in crate::scim) resources: Vec<Object>,
    /// How many there are in all, when the target says.
    pub(in crate::scim) total: Option<u64>,
}

/// Reads a list. `Resources` may be missing when there are none; `totalResults` may be text.
///
/// # Errors
/// A sentence, when this is no list.
pub(in crate::scim) fn list(body: &Json) -> Result<List, String> {
    let object = body.as_object().ok_or("it is not a JSON object")?;
    let total = match field(object, "totalResults") {
        None | Some(Json::Null) => None,
        Some(value) => Some(number(value).ok_or("its totalResults is not a number")?),
    };
    match field(object, "Resources") {
        Some(Json::Array(list)) => {
            let resources = list.iter().map(|resource| resource.as_object().cloned()).collect();
            let resources: Option<Vec<Object>> = resources;
            Ok(List { resources: resources.ok_or("one of its Resources is not an object")?, total })
        }
        None | Some(Json::Null) if total == Some(0) => Ok(List { resources: Vec::new(), total }),
        None | Some(Json::Null) => Err("it has no Resources".into()),
        Some(_) => Err("its Resources is not an array".into()),
    }
}

/// What an error answer says (RFC 7644 §3.12). All of it may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::scim) struct ErrorBody {
    /// The detail keyword, `uniqueness` and the like.
    pub(in crate::scim) scim_type: Option<String>,
    /// The sentence for people.
    pub(in crate::scim) detail: Option<String>,
    /// The status again; text by the RFC, a number from many.
    pub(in crate::scim) status: Option<u16>,
}

/// Reads an error body; empty when it is none.
pub(in crate::scim) fn error(body: &Json) -> ErrorBody {
    let Some(object) = body.as_object() else { return ErrorBody::default() };
    let text =
        |name| field(object, name).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    ErrorBody {
        scim_type: text("scimType"),
        detail: text("detail"),
        status: field(object, "status").and_then(number).and_then(|status| status.try_into().ok()),
    }
}

/// One entry of a bulk answer (RFC 7644 §3.7.3).
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scim) struct BulkEntry {
    /// The id that the request gave the operation.
    pub(in crate::scim) bulk_id: Option<String>,
    /// The operation's own status.
    pub(in crate::scim) status: u16,
    /// Where the resource is.
    pub(in crate::scim) location: Option<String>,
    /// The answer, in case of an error.
    pub(in crate::scim) response: Json,
}

/// Reads a bulk answer. `status` is text by the RFC, a number from some, an object with `code` in old drafts.
///
/// # Errors
/// A sentence, when this is none.
pub(in crate::scim) fn bulk(body: &Json) -> Result<Vec<BulkEntry>, String> {
    let operations = body
        .as_object()
        .and_then(|object| field(object, "Operations"))
        .and_then(Json::as_array)
        .ok_or("it has no Operations")?;
    operations.iter().map(|entry| bulk_entry(entry).ok_or("an operation has no status".to_owned())).collect()
}

fn bulk_entry(entry: &Json) -> Option<BulkEntry> {
    let object = entry.as_object()?;
    let status = field(object, "status")?;
    let status = number(status).or_else(|| number(field(status.as_object()?, "code")?))?;
    let text = |name| field(object, name).and_then(Json::as_str).map(str::to_owned);
    Some(BulkEntry {
        bulk_id: text("bulkId"),
        status: status.try_into().ok()?,
        location: text("location"),
        response: field(object, "response").cloned().unwrap_or_default(),
    })
}

/// What a target offers (RFC 7643 §5), as far as it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scim) struct Offer {
    /// Whether PATCH is understood.
    pub(in crate::scim) patch: bool,
    /// Whether filters are.
    pub(in crate::scim) filter: bool,
    /// Whether bulk requests are, and how large.
    pub(in crate::scim) bulk: Option<BulkOffer>,
}

/// The limits of bulk requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scim) struct BulkOffer {
    /// Operations in one request.
    pub(in crate::scim) operations: usize,
    /// Bytes in one request.
    pub(in crate::scim) bytes: usize,
}

impl Default for Offer {
    /// What is assumed of a target that does not say: what Entra needs, and nothing beyond.
    fn default() -> Self {
        Self { patch: true, filter: true, bulk: None }
    }
}

/// Reads a `ServiceProviderConfig`; whatever it does not say is assumed.
pub(in crate::scim) fn offer(body: &Json) -> Offer {
    let assumed = Offer::default();
    let Some(object) = body.as_object() else { return assumed };
    let part = |name| field(object, name).and_then(Json::as_object);
    let supported = |name| part(name).and_then(|part| field(part, "supported")).and_then(flag);
    let limit = |name, otherwise| {
        let limit =
            part("bulk").and_then(|part| field(part, name)).and_then(number).filter(|limit| *limit > 0);
        limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(otherwise)
    };
    let bulk = (supported("bulk") == Some(true)).then(|| BulkOffer {
        operations: limit("maxOperations", 1),
        bytes: limit("maxPayloadSize", usize::MAX),
    });
    Offer {
        patch: supported("patch").unwrap_or(assumed.patch),
        filter: supported("filter").unwrap_or(assumed.filter),
        bulk,
    }
}
