//! The management API's method `parseExpression`: what an expression is made of, and what it yields for an object
//! that somebody made up.
//!
//! In: the request, the time and a seed. Out: the response. A bad expression is no failure of the call: it stands
//! in `error`, and the answer is still a good one.
//!
//! What the API does not document, decided here:
//! * Without a test object nothing is evaluated: `evaluationSucceeded` is false and there is no error.
//! * The result is a list of texts. No value, and a value that is not to flow, is the empty list.
//!   `SelectUniqueValue` gives its candidates, because there is no target to ask.
//! * What passes through `Redact` shows as `[Redact]` here as everywhere.
//! * `targetAttributeDefinition` is read and has no effect: the result is what the expression yields, before it is
//!   converted to the attribute's type.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::document::{AttributeDefinition, AttributeMappingSource, ObjectDefinition};
use super::product;
use crate::expression::{Context, Evaluated, Expression, REDACTED, Settings};
use crate::model::{Attributes, ObjectType, SourceId, SourceObject, Value};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParseExpressionRequest {
    /// The expression.
    pub expression: String,
    /// The object to evaluate it for.
    pub test_input_object: Option<ExpressionInputObject>,
    /// The attribute it is meant for.
    pub target_attribute_definition: Option<AttributeDefinition>,
}

/// An object that somebody made up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExpressionInputObject {
    /// What defines it; has no effect.
    pub definition: Option<ObjectDefinition>,
    /// Its attributes.
    pub properties: Option<Vec<InputProperty>>,
}

/// An attribute of it. Annotations such as `value@odata.type` are not needed and pass.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InputProperty {
    /// Its name.
    pub key: String,
    /// Its value: whatever JSON has.
    pub value: Json,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParseExpressionResponse {
    /// What went wrong.
    pub error: Option<PublicError>,
    /// Whether it is a good expression.
    pub parsing_succeeded: bool,
    /// What it is made of.
    pub parsed_expression: Option<AttributeMappingSource>,
    /// Whether it was evaluated, and yields something.
    pub evaluation_succeeded: bool,
    /// What it yields.
    pub evaluation_result: Option<Vec<String>>,
}

/// An error, as the API has it within answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicError {
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// What it is about.
    pub target: Option<String>,
    /// More of them; there are none.
    pub details: Vec<PublicErrorDetail>,
    /// Where it came from; nowhere.
    pub inner_error: Option<PublicErrorDetail>,
}

/// A part of an error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicErrorDetail {
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// What it is about.
    pub target: Option<String>,
}

/// The code of an expression that is no good.
const INVALID: &str = "InvalidExpression";
/// The code of an expression that has no result for the test object.
const FAILED: &str = "ExpressionEvaluationFailed";

/// Parses an expression, and evaluates it when there is an object to evaluate it for.
#[must_use]
pub fn parse_expression(
    request: &ParseExpressionRequest,
    now: Timestamp,
    seed: [u8; 32],
    settings: &Settings,
) -> ParseExpressionResponse {
    let expression: Expression = match request.expression.parse() {
        Ok(expression) => expression,
        Err(error) => {
            return ParseExpressionResponse { error: Some(public(INVALID, &error)), ..Default::default() };
        }
    };
    let parsed = ParseExpressionResponse {
        parsing_succeeded: true,
        parsed_expression: Some(product::of(expression.syntax())),
        ..Default::default()
    };
    let Some(input) = &request.test_input_object else { return parsed };
    let object = object(input.properties.as_deref().unwrap_or_default());
    let context = Context { object: &object, soft_deleted: object.soft_deleted, now, seed, settings };
    match expression.evaluate(&context) {
        Ok(result) => ParseExpressionResponse {
            evaluation_succeeded: true,
            evaluation_result: Some(texts(result, expression.facts().redacts)),
            ..parsed
        },
        Err(error) => ParseExpressionResponse { error: Some(public(FAILED, &error)), ..parsed },
    }
}

fn public(code: &str, error: &dyn std::fmt::Display) -> PublicError {
    PublicError {
        code: code.to_owned(),
        message: error.to_string(),
        target: Some("expression".to_owned()),
        ..Default::default()
    }
}

fn object(properties: &[InputProperty]) -> SourceObject {
    let mut object = SourceObject {
        id: SourceId::new(""),
        object_type: ObjectType::User,
        display_name: None,
        enabled: true,
        soft_deleted: false,
        attributes: Attributes::new(),
    };
    for InputProperty { key, value } in properties {
        let Some(value) = value_of(value) else { continue };
        let is_true = value.to_string().eq_ignore_ascii_case("true");
        match key.as_str() {
            // Computed: no object has it as an attribute.
            _ if key.eq_ignore_ascii_case("IsSoftDeleted") => {
                object.soft_deleted = is_true;
                continue;
            }
            "objectId" => object.id = SourceId::new(value.to_string()),
            "accountEnabled" => object.enabled = is_true,
            _ => {}
        }
        object.attributes.insert(key.clone(), value);
    }
    object
}

/// A value of the test object; `None` for `null`.
fn value_of(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::text(number.to_string()), Value::Integer)
        }
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(values) => Value::List(values.iter().filter_map(value_of).collect()),
        Json::Object(parts) => Value::Complex(
            parts.iter().filter_map(|(name, value)| Some((name.clone(), value_of(value)?))).collect(),
        ),
    })
}

fn texts(result: Evaluated<'_>, redacts: bool) -> Vec<String> {
    match result.into_value() {
        None => Vec::new(),
        Some(_) if redacts => vec![REDACTED.to_owned()],
        Some(Value::List(values)) => values.iter().map(text).collect(),
        Some(value) => vec![text(&value)],
    }
}

/// One value as text; one with parts as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Complex(parts) => serde_json::to_string(parts).unwrap_or_default(),
        plain => plain.to_string(),
    }
}
