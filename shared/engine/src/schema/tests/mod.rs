//! The fixtures of `fixtures/README.md` and the rules that hold for all schemas.

mod documents;
mod expressions;
mod mappings;
mod products;
mod references;

use serde_json::Value as Json;

use super::SynchronizationSchema;
use crate::expression::{Context, Expression, Settings};
use crate::mapping::{self, TargetSchema, ValueType};
use crate::model::{Attributes, ObjectType, SourceId, SourceObject, Value};

/// A schema somebody published, and what is expected of it.
struct Fixture {
    name: &'static str,
    schema: &'static str,
    expected: &'static str,
    /// The type of source object whose mapping is converted.
    source_object: &'static str,
}

macro_rules! fixture {
    ($name:literal, $source_object:literal) => {
        Fixture {
            name: $name,
            schema: include_str!(concat!("../fixtures/", $name, ".json")),
            expected: include_str!(concat!("../fixtures/", $name, ".expected.json")),
            source_object: $source_object,
        }
    };
}

const FIXTURES: &[Fixture] = &[
    fixture!("documentation", "User"),
    fixture!("crm", "User"),
    fixture!("scim", "user"),
    fixture!("cross-tenant", "User"),
    fixture!("cloud-sync", "User"),
    fixture!("workday", "Worker"),
    fixture!("filters", "User"),
];

impl Fixture {
    fn read(&self) -> SynchronizationSchema {
        SynchronizationSchema::read(self.schema.as_bytes())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn expected(&self) -> Json {
        json(self.expected)
    }
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

/// A target that knows a few attributes of users and takes any other.
struct Ledgerly;

impl TargetSchema for Ledgerly {
    fn attribute(&self, path: &str) -> Result<mapping::AttributeDefinition, String> {
        let (value_type, multivalued, custom) = match path {
            "id" | "userName" | "externalId" | "displayName" => (ValueType::Text, false, false),
            "active" => (ValueType::Boolean, false, false),
            "roles" => (ValueType::Complex, true, false),
            _ => (ValueType::Text, false, true),
        };
        Ok(mapping::AttributeDefinition {
            value_type,
            writable: path != "id",
            matchable: true,
            multivalued,
            write_only: false,
            custom,
            refers: false,
        })
    }

    fn required(&self) -> &[&str] {
        &["userName"]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        Some("active")
    }
}

/// What an expression yields for a person with these attributes, as texts; `null` is no value.
fn yields(expression: &str, attributes: &Json, now: &str) -> Result<Json, String> {
    let expression: Expression = expression.parse().map_err(|error| format!("{error}"))?;
    let object = SourceObject {
        id: SourceId::new("7"),
        object_type: ObjectType::User,
        display_name: None,
        enabled: true,
        soft_deleted: false,
        attributes: serde_json::from_value::<Attributes>(attributes.clone()).unwrap(),
    };
    let settings = Settings::default();
    let context = Context {
        object: &object,
        soft_deleted: false,
        now: now.parse().unwrap(),
        seed: [7; 32],
        settings: &settings,
    };
    let value = expression.evaluate(&context).map_err(|error| error.to_string())?.into_value();
    Ok(match value {
        None => Json::Null,
        Some(Value::List(values)) => values.iter().map(|value| Json::from(value.to_string())).collect(),
        Some(value) => Json::from(value.to_string()),
    })
}

/// An expected value as [`yields`] tells values.
fn told(expected: &Json) -> Json {
    match expected {
        Json::Bool(true) => Json::from("True"),
        Json::Bool(false) => Json::from("False"),
        Json::Number(number) => Json::from(number.to_string()),
        other => other.clone(),
    }
}
