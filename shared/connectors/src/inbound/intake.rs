//! From the body of a `bulkUpload` to people, or to everything that is wrong with it.
//!
//! In: bytes that anybody may have sent. Out: an [`Upload`], or an [`IntakeError`] with a problem for each thing to
//! mend, its place in the body and its cure. Pure.
//!
//! | Operation | Says |
//! |---|---|
//! | `POST /Users` with `data` | this is how the person `data.externalId` is now |
//! | `DELETE /Users/{externalId}` | the person is gone; the vendor has no such operation |
//!
//! # Guarantees
//! Values are repeated in no problem, names and ids are, cut short. One problem refuses the whole body: whoever sent it
//! mends it and sends it again, and knows what was taken.

use engine::model::SourceId;
use serde_json::{Map, Value};

use super::Upload;
use super::person;

/// The longest body: 50 people of 20 KB each. People have 2 KB, with everything an HR system knows.
pub const MOST_BYTES: usize = 1 << 20;

/// Operations in one call: the vendor's limit.
pub const MOST_OPERATIONS: usize = 50;

/// The longest id: mail addresses have 254 characters, and no HR system issues longer ones.
const LONGEST_ID: usize = 256;

/// Problems told at once: whoever mends twenty has understood.
const MOST_PROBLEMS: usize = 20;

/// How much of a name or id is repeated.
const SHOWN: usize = 64;

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// What is wrong with a body. `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", sentence(.problems))]
pub struct IntakeError {
    /// Each thing to mend, at most twenty.
    pub problems: Vec<Problem>,
}

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Problem {
    /// Where: `Operations[3] (bulkId row-17) data.externalId`.
    pub place: String,
    /// What, and how to mend it.
    pub problem: String,
}

fn sentence(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Problem>);

impl Findings {
    /// Adds a problem, unless there are enough.
    pub(super) fn add(&mut self, place: impl Into<String>, problem: impl Into<String>) {
        if !self.is_full() {
            self.0.push(Problem { place: place.into(), problem: problem.into() });
        }
    }

    /// Whether there are enough: looking further would take time and tell nobody more.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST_PROBLEMS
    }
}

/// Understands the body of a `bulkUpload`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the body.
pub fn intake(body: &[u8]) -> Result<Upload, IntakeError> {
    let mut findings = Findings::default();
    let upload = read(body, &mut findings);
    match upload {
        Some(upload) if findings.0.is_empty() => Ok(upload),
        _ => Err(IntakeError { problems: findings.0 }),
    }
}

fn read(body: &[u8], findings: &mut Findings) -> Option<Upload> {
    if body.len() > MOST_BYTES {
        let problem =
            format!("has {} bytes, and at most {MOST_BYTES} are taken; send fewer people a call", body.len());
        findings.add("the body", problem);
        return None;
    }
    // Windows' editors and shells begin UTF-8 with a mark.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let request: Value = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => {
            let problem = format!(
                "is no JSON (line {}, column {}); send a BulkRequest, RFC 7644 §3.7",
                error.line(),
                error.column()
            );
            findings.add("the body", problem);
            return None;
        }
    };
    let Value::Object(request) = request else {
        findings.add("the body", "is no object; send a BulkRequest, RFC 7644 §3.7");
        return None;
    };
    only(&request, &["schemas", "failOnErrors", "Operations"], "", findings);
    if !lists(&request, REQUEST) {
        findings.add("schemas", format!("must list {REQUEST}; add it"));
    }
    let operations = request.get("Operations").and_then(Value::as_array).map(Vec::as_slice);
    match operations {
        None => findings.add("Operations", "is missing or no list; list what happened to people"),
        Some([]) => findings.add("Operations", "is empty; list at least one operation"),
        Some(many) if many.len() > MOST_OPERATIONS => {
            let count = many.len();
            let problem = format!("has {count} operations, and a call takes {MOST_OPERATIONS}; split it");
            findings.add("Operations", problem);
        }
        Some(operations) => return Some(read_operations(operations, findings)),
    }
    None
}

fn read_operations(operations: &[Value], findings: &mut Findings) -> Upload {
    let (mut upload, mut taken) = (Upload::default(), Vec::new());
    for (number, operation) in operations.iter().enumerate() {
        if findings.is_full() {
            break;
        }
        let Value::Object(operation) = operation else {
            findings
                .add(format!("Operations[{number}]"), "is no object; write method, path, bulkId and data");
            continue;
        };
        let bulk_id = operation.get("bulkId").and_then(Value::as_str);
        let place = match bulk_id {
            Some(id) => format!("Operations[{number}] (bulkId {})", shown(id)),
            None => format!("Operations[{number}]"),
        };
        only(operation, &["method", "bulkId", "version", "path", "data"], &format!("{place} "), findings);
        match bulk_id {
            Some(id) if taken.contains(&id) => {
                findings
                    .add(format!("{place} bulkId"), "stands at another operation already; give each its own");
            }
            Some(id) if !id.is_empty() => taken.push(id),
            _ => findings
                .add(format!("{place} bulkId"), "is missing; write a text that no other operation has"),
        }
        if let Some((id, person)) = read_operation(operation, &place, findings) {
            upload.people.insert(id, person);
        }
    }
    upload
}

type Person = (SourceId, Option<engine::model::SourceObject>);

fn read_operation(operation: &Map<String, Value>, place: &str, findings: &mut Findings) -> Option<Person> {
    let path = operation.get("path").and_then(Value::as_str).unwrap_or_default();
    let method = operation.get("method").and_then(Value::as_str).unwrap_or_default();
    match method.to_ascii_uppercase().as_str() {
        "POST" if path == "/Users" => {
            let Some(Value::Object(data)) = operation.get("data") else {
                findings.add(format!("{place} data"), "is missing or no object; write the SCIM user there");
                return None;
            };
            let place = format!("{place} data");
            let id = external_id(data, &place, findings);
            let person = person::read(data, id.as_ref(), &place, findings);
            Some((id?, Some(person?)))
        }
        "POST" => {
            findings.add(format!("{place} path"), "must be /Users: people are taken here, and nothing else");
            None
        }
        "DELETE" => match path.strip_prefix("/Users/").and_then(decoded) {
            Some(id) => Some((checked_id(&id, &format!("{place} path"), findings)?, None)),
            None => {
                let problem = "must be /Users/ and the person's externalId, percent-encoded as in a URL";
                findings.add(format!("{place} path"), problem);
                None
            }
        },
        _ => {
            let problem = "must be POST with the whole person as it is now, or DELETE when the person is gone; there is no PUT and no PATCH";
            findings.add(format!("{place} method"), problem);
            None
        }
    }
}

fn external_id(data: &Map<String, Value>, place: &str, findings: &mut Findings) -> Option<SourceId> {
    let place = format!("{place}.externalId");
    match data.get("externalId") {
        Some(Value::String(id)) => checked_id(id, &place, findings),
        Some(Value::Number(_)) => {
            findings.add(place, "is a number, and ids are text; write it in quotes");
            None
        }
        _ => {
            findings.add(place, "is missing; write the id that never changes, such as the employee number");
            None
        }
    }
}

/// An id is compared letter by letter for ever: what is hard to see or to repeat is refused.
fn checked_id(id: &str, place: &str, findings: &mut Findings) -> Option<SourceId> {
    let problem = if id.is_empty() {
        "is empty; write the id that never changes, such as the employee number".to_owned()
    } else if id.len() > LONGEST_ID {
        format!("is longer than {LONGEST_ID} bytes; write a shorter id")
    } else if id.trim() != id || id.contains(char::is_control) {
        "has spaces around it, or control characters in it; take them out".to_owned()
    } else {
        return Some(SourceId::new(id));
    };
    findings.add(place, problem);
    None
}

/// The text of a path segment; `None` when it is not well encoded.
fn decoded(segment: &str) -> Option<String> {
    if segment.contains('/') {
        return None;
    }
    let (mut bytes, mut rest) = (Vec::with_capacity(segment.len()), segment.bytes());
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// Whether `schemas` lists a schema. Names of schemas differ in case at will (RFC 8141 §3.1).
pub(super) fn lists(object: &Map<String, Value>, schema: &str) -> bool {
    let listed = object.get("schemas").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    listed.iter().filter_map(Value::as_str).any(|one| one.eq_ignore_ascii_case(schema))
}

/// Names every field that is not known.
fn only(object: &Map<String, Value>, known: &[&str], place: &str, findings: &mut Findings) {
    for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
        let problem = format!("is not known here; write {} as they are spelled here", known.join(", "));
        findings.add(format!("{place}{}", shown(name)), problem);
    }
}

/// A name as it is repeated in a problem.
pub(super) fn shown(name: &str) -> String {
    let short: String = name.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    if short.len() < name.len() { format!("{short}…") } else { short }
}
