//! What is said of one route.

use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, ContentBuilder, RefOr, Required, ResponseBuilder, Schema};

use super::common;
use super::shape::Shape;

/// What any route may answer when it is refused: the request, its size, the store, the time.
const ALWAYS: [u16; 5] = [400, 413, 500, 503, 504];

/// Options of a query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// Which records.
    Filter,
    /// A person's name, or an id.
    Search,
    /// How many.
    Top,
    /// In which order.
    OrderBy,
    /// Which properties.
    Select,
    /// How many there are.
    Count,
    /// The next page.
    SkipToken,
    /// Which kind of file.
    Format,
    /// Only applications that need somebody.
    InNeed,
    /// A part of an application's name.
    NamePart,
    /// Names of applications, and nothing that takes longer.
    Names,
}

/// What is said of one route.
#[must_use]
pub struct About {
    operation: OperationBuilder,
    parts: Vec<(String, RefOr<Schema>)>,
    refused: Vec<u16>,
}

impl About {
    /// A route: its id, what it belongs to, and a sentence.
    pub fn new(id: &str, tag: &str, summary: &str) -> Self {
        let operation = OperationBuilder::new().operation_id(Some(id)).tag(tag).summary(Some(summary));
        Self { operation, parts: Vec::new(), refused: ALWAYS.to_vec() }
    }

    /// More sentences.
    pub fn more(self, description: &str) -> Self {
        Self { operation: self.operation.description(Some(description)), ..self }
    }

    /// Options that it takes.
    pub fn taking(self, options: &[Query]) -> Self {
        let operation = options.iter().fold(self.operation, |it, option| it.parameter(option.parameter()));
        Self { operation, ..self }
    }

    /// A path whose `{decision}` is one of these.
    pub fn deciding(self, words: &[&str]) -> Self {
        let words = words.to_vec();
        let word = ParameterBuilder::new()
            .name("decision")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("What is decided."))
            .example(words.first().map(|first| json!(first)))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))));
        Self { operation: self.operation.parameter(word), ..self }
    }

    /// A change of one version: with `If-Match`, or of whichever is the present one.
    pub fn versioned(self) -> Self {
        let header = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The ETag of the version that was read; any version when left out or *."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .example(Some(json!("*")));
        Self { operation: self.operation.parameter(header), ..self }.refuses(&[412])
    }

    /// A body that must be there.
    pub fn reads(self, shape: Shape) -> Self {
        self.body(shape, Required::True)
    }

    /// A body that may be left out.
    pub fn may_read(self, shape: Shape) -> Self {
        self.body(shape, Required::False)
    }

    fn body(mut self, shape: Shape, required: Required) -> Self {
        let body = RequestBodyBuilder::new().required(Some(required));
        let operation =
            self.operation.request_body(Some(body.content(shape.content_type, content(&shape)).build()));
        self.parts.extend(shape.parts);
        Self { operation, ..self }
    }

    /// An answer with a body; several kinds of one answer are said one by one.
    pub fn answers(self, status: u16, about: &str, shape: Shape) -> Self {
        self.answers_in(status, about, [shape])
    }

    /// An answer with a body of one of several kinds.
    pub fn answers_in(mut self, status: u16, about: &str, shapes: impl IntoIterator<Item = Shape>) -> Self {
        let mut response = ResponseBuilder::new().description(about);
        for shape in shapes {
            response = response.content(shape.content_type, content(&shape));
            self.parts.extend(shape.parts);
        }
        Self { operation: self.operation.response(status.to_string(), response.build()), ..self }
    }

    /// An answer without a body.
    pub fn answers_nothing(self, status: u16, about: &str) -> Self {
        self.answers_in(status, about, [])
    }

    /// Refusals beside those that any route has.
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refused.extend(statuses);
        self
    }

    /// The operation at a path, and the schemas that it refers to.
    pub(super) fn of(mut self, path: &str) -> (Operation, Vec<(String, RefOr<Schema>)>) {
        for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            self.refused.push(404);
            if name != "decision" {
                self.operation = self.operation.parameter(common::key(name));
            }
        }
        let mut operation = self.operation.build();
        common::refuse(&mut operation, &self.refused);
        (operation, self.parts)
    }
}

fn content(shape: &Shape) -> Content {
    ContentBuilder::new().schema(Some(shape.schema.clone())).example(shape.example.clone()).build()
}

impl Query {
    fn parameter(self) -> Parameter {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let one_of =
            |words: &[&str]| ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.to_vec()));
        let (name, about, example, schema): (_, _, Value, _) = match self {
            Self::Filter => (
                "$filter",
                "Conditions on properties of a record, joined by and, or, not.",
                json!("provisioningAction eq 'create'"),
                text,
            ),
            Self::Search => (
                "$search",
                "The beginning of a word of a person's name, also of a former one, or an id in either system.",
                json!("nadia"),
                text.min_length(Some(1)),
            ),
            Self::Top => (
                "$top",
                "How many a page has at the most; 100 when nobody says.",
                json!(25),
                ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(1_000)),
            ),
            Self::OrderBy => (
                "$orderby",
                "The newest first, or the oldest.",
                json!("activityDateTime desc"),
                one_of(&["activityDateTime desc", "activityDateTime asc", "activityDateTime"]),
            ),
            Self::Select => (
                "$select",
                "The properties of a record that are wanted, with commas between them.",
                json!("id,activityDateTime,sourceIdentity"),
                text,
            ),
            Self::Count => (
                "$count",
                "Whether to count all there are, told with the first page.",
                json!(true),
                ObjectBuilder::new().schema_type(Type::Boolean),
            ),
            Self::SkipToken => (
                "$skiptoken",
                "Where the next page begins: part of @odata.nextLink, never made up.",
                json!("as @odata.nextLink has it"),
                text,
            ),
            Self::Format => {
                ("$format", "The kind of file.", json!("csv"), one_of(&["csv", "json", "ndjson"]))
            }
            Self::InNeed => (
                "$filter",
                "Only those whose job needs somebody, by their jobs' ids.",
                json!("attention ne null"),
                one_of(&["attention ne null"]),
            ),
            Self::NamePart => (
                "$search",
                "A part of the name, whatever its case.",
                json!("ledger"),
                text.min_length(Some(1)),
            ),
            Self::Names => (
                "$select",
                "Names alone, which are read faster: id, appId and displayName with commas between them.",
                json!("id,displayName"),
                text,
            ),
        };
        let required = if self == Self::Format { Required::True } else { Required::False };
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(required)
            .description(Some(about))
            .schema(Some(schema))
            .example(Some(example))
            .build()
    }
}
