//! The JSON Schema of the document, for editors: completion, descriptions and mistakes while one writes.
//!
//! In: the types of the document, with what they say about themselves. Out: a schema that refuses what
//! [`Application::from_yaml`] and [`Application::check`] refuse, as far as a schema can know: which attributes a
//! target has, and whether two of them clash, it cannot.
//!
//! It is written in draft 7, the newest that the language servers of editors know wholly, and without references, so
//! that they show the description of the place rather than that of the type.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{Application, SecretRef};

/// What the schema is called: a name, not a place.
const ID: &str = "urn:rollcall:application:1";

/// A sound document, shown by editors as an example.
const EXAMPLE: &str = include_str!("fixtures/ledgerly.yaml");

/// The schema of an application's document.
#[must_use]
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.with_transform(Plain).into_generator().into_root_schema_for::<Application>();
    schema.insert("$id".to_owned(), ID.into());
    schema.insert("title".to_owned(), "A Rollcall application".into());
    let example = Application::from_yaml(EXAMPLE, "the example").ok();
    let example = example.and_then(|example| serde_json::to_value(example).ok());
    schema.insert("examples".to_owned(), Value::Array(example.into_iter().collect()));
    schema
}

/// Takes away what only programs care for: widths of numbers, `null` for what may as well be left out, and the line
/// breaks of the source code in descriptions.
#[derive(Debug, Clone)]
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        let _width = schema.remove("format");
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = description.replace("\n\n", "\0").replace('\n', " ").replace('\0', "\n\n");
        }
        if schema.get("default") == Some(&Value::Null) {
            let _nothing = schema.remove("default");
        }
        transform_subschemas(self, schema);
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "SecretRef".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.*\S.*|secretsmanager:arn:[^:]*:secretsmanager:[^:]+:[^:]+:secret:.+)$",
            "examples": ["env:LEDGERLY_TOKEN", "file:/run/secrets/ledgerly"],
        })
    }
}

/// A duration as people write it.
pub(crate) struct Humane;

impl JsonSchema for Humane {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let unit = "(h|hr|hrs|hours?|m|min|mins|minutes?|s|sec|secs|seconds?)";
        let part = format!("[0-9]+([.,][0-9]+)?\\s*{unit}");
        let example: Value = json!(["40m", "2h", "1h 30m"]);
        json_schema!({
            "type": "string",
            "pattern": format!("^({part}(,?\\s*{part})*|PT[0-9.,]+[HMS]([0-9.,]+[MS])*)$"),
            "examples": example,
        })
    }
}
