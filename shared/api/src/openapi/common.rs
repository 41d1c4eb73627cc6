//! What operations have in common: the keys in their paths, and how they refuse.

use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema};

/// The name of the schema of every refusal.
pub(super) const ENVELOPE: &str = "Error";

/// The keys of paths: what they are, and one of them.
const KEYS: [(&str, &str, &str); 9] = [
    ("application", "An application's id or its name.", "Ledgerly"),
    ("job", "A job's id, as the application's list of jobs shows it.", "scim.7c1d4e5f.0b9c3f2e"),
    ("plan", "A plan's id.", "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f"),
    ("template", "A template's id, which is the kind of the target.", "scim"),
    ("record", "A record's id.", "5a1f7c0e-8f6b-5c1e-9d2a-0b9c3f2e7c1d"),
    ("operation", "The id of something that was asked for.", "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f"),
    ("id", "An id in the source or in the target.", "E0017"),
    ("directory", "The id or the name of a directory of the schema.", "Ledgerly"),
    ("assignment", "An assignment's id, as the list shows it.", "VXNlciBFMDAxNw"),
];

/// The ways to refuse: status, name, and when.
const REFUSALS: [(u16, &str, &str); 12] = [
    (
        400,
        "NotUnderstood",
        "The request is not understood, or its content is wrong. The message names the place and the cure.",
    ),
    (401, "NobodyKnown", "There is no token, or not a valid one. WWW-Authenticate says why."),
    (403, "NotAllowed", "The caller may not do this, or owns no application of this name."),
    (404, "NotFound", "There is no such thing."),
    (409, "Conflict", "It cannot be done as things stand."),
    (412, "ChangedMeanwhile", "It was changed since the version that If-Match names."),
    (413, "TooLarge", "The body is larger than anything that is read here."),
    (429, "TooOften", "The caller asked too often. Retry-After says when to go on."),
    (500, "Failed", "What is stored could not be read. The service's log says more."),
    (502, "OutsideFailed", "The outside system answered with an error, or not at all."),
    (503, "Unavailable", "What answers this is not there at the moment. Retry-After says when to try again."),
    (504, "TooSlow", "The answer was not there in time."),
];

/// The parameter of a key in a path.
pub(super) fn key(name: &str) -> Parameter {
    let known = KEYS.iter().find(|(key, _, _)| *key == name);
    let (about, example) = known.map_or(("A key.", "key"), |(_, about, example)| (*about, *example));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(about))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1))))
        .example(Some(json!(example)))
        .build()
}

/// Says that an operation may be refused like this.
pub(super) fn refuse(operation: &mut Operation, statuses: &[u16]) {
    for (status, name, _) in REFUSALS.iter().filter(|(status, _, _)| statuses.contains(status)) {
        let refusal = RefOr::Ref(Ref::from_response_name(*name));
        operation.responses.responses.insert(status.to_string(), refusal);
    }
}

/// The refusals, by name.
pub(super) fn refusals() -> impl Iterator<Item = (&'static str, Response)> {
    REFUSALS.iter().map(|(_, name, when)| {
        let schema = RefOr::<Schema>::Ref(Ref::from_schema_name(ENVELOPE));
        let content = ContentBuilder::new().schema(Some(schema)).example(Some(example())).build();
        (*name, ResponseBuilder::new().description(*when).content("application/json", content).build())
    })
}

fn example() -> Value {
    json!({ "error": {
        "code": "Request_ResourceNotFound",
        "message": "there is no application 'Legderly'",
        "target": null,
        "details": [],
        "innerError": {
            "date": "2026-03-02T12:00:00",
            "request-id": "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f",
            "client-request-id": "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f",
        },
    } })
}

/// What [`crate::ApiError::envelope`] writes.
pub(super) fn envelope() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let inner = ObjectBuilder::new()
        .property("date", text())
        .property("request-id", text())
        .property("client-request-id", text())
        .required("date")
        .required("request-id")
        .required("client-request-id");
    let error = ObjectBuilder::new()
        .property("code", text().description(Some("For programs.")))
        .property("message", text().description(Some("For people: what is wrong, and the cure.")))
        .property("target", text().schema_type(SchemaType::from_iter([Type::String, Type::Null])))
        .property("details", ArrayBuilder::new().items(ObjectBuilder::new()))
        .property("innerError", inner);
    let error = ["code", "message", "target", "details", "innerError"]
        .into_iter()
        .fold(error, utoipa::openapi::ObjectBuilder::required);
    Schema::Object(
        ObjectBuilder::new()
            .description(Some("Microsoft Graph's error envelope."))
            .property("error", error)
            .required("error")
            .build(),
    )
}
