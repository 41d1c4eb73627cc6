//! Shapes of bodies: of types that say themselves what they look like, and of values that show it.

use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What a body looks like, and one such body.
#[derive(Clone)]
#[must_use]
pub struct Shape {
    pub(super) content_type: &'static str,
    pub(super) schema: RefOr<Schema>,
    /// What the schema refers to, by name.
    pub(super) parts: Vec<(String, RefOr<Schema>)>,
    pub(super) example: Option<Value>,
}

impl Shape {
    /// The JSON of a type.
    pub fn of<T: ToSchema>() -> Self {
        let mut parts = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut parts);
        Self::named(&T::name(), parts)
    }

    /// JSON like this: an object with these members, and maybe others. For what the engine or the configuration defines,
    /// and describes better than a schema could.
    pub fn like(name: &str, example: &Value) -> Self {
        let schema = match example {
            Value::Object(members) => RefOr::T(Schema::Object(object(members).build())),
            other => member(other),
        };
        Self::named(name, vec![(name.to_owned(), schema)]).such_as(example.clone())
    }

    /// Bytes of another kind, of which JSON Schema has nothing to say.
    pub fn file(content_type: &'static str) -> Self {
        Self { content_type, schema: member(&Value::Null), parts: Vec::new(), example: None }
    }

    /// A list of these, as Graph answers it: whole, or a page with a link to the next one.
    pub fn list(self) -> Self {
        let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
        let schema = ObjectBuilder::new()
            .property("@odata.context", text("What this is about."))
            .property("@odata.nextLink", text("Where the next page is; absent on the last one."))
            .property("value", ArrayBuilder::new().items(self.schema))
            .required("value");
        let example = self.example.map(|one| serde_json::json!({ "value": [one] }));
        Self { schema: RefOr::T(Schema::Object(schema.build())), example, ..self }
    }

    /// One such body.
    pub fn such_as(self, example: Value) -> Self {
        Self { example: Some(example), ..self }
    }

    fn named(name: &str, parts: Vec<(String, RefOr<Schema>)>) -> Self {
        let schema = RefOr::Ref(Ref::from_schema_name(name));
        Self { content_type: "application/json", schema, parts, example: None }
    }
}

fn object(members: &serde_json::Map<String, Value>) -> ObjectBuilder {
    let any = ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(true)));
    members.iter().fold(any, |object, (name, value)| object.property(name, member(value)))
}

/// A member that looks like this, or is `null`.
fn member(value: &Value) -> RefOr<Schema> {
    let or_null = |kind: Type| SchemaType::from_iter([kind, Type::Null]);
    let simple = |kind| Schema::Object(ObjectBuilder::new().schema_type(or_null(kind)).build());
    RefOr::T(match value {
        Value::Null => Schema::Object(ObjectBuilder::new().schema_type(SchemaType::AnyValue).build()),
        Value::Bool(_) => simple(Type::Boolean),
        Value::Number(_) => simple(Type::Number),
        Value::String(_) => simple(Type::String),
        Value::Array(items) => {
            let items = items.first().map_or_else(Value::schema, member);
            Schema::Array(ArrayBuilder::new().schema_type(or_null(Type::Array)).items(items).build())
        }
        Value::Object(members) => Schema::Object(object(members).schema_type(or_null(Type::Object)).build()),
    })
}
