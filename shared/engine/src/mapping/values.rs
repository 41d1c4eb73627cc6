//! From what an expression gives to the type that the target takes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::ValueType;
use super::check::CheckedAttribute;
use crate::expression::Evaluated;
use crate::ids::Key;
use crate::model::{Secret, Value};

const HAS_PARTS: &str = "the source gives a value with parts where the target takes a plain one";

/// The value in the target's type; `None` when there is none.
pub(super) fn typed(
    value: Evaluated<'_>,
    attribute: &CheckedAttribute,
    key: &Key,
) -> Result<Option<Value>, String> {
    if attribute.multivalued {
        return several(value, attribute.value_type);
    }
    let value = match value {
        Evaluated::List(mut values) if values.len() <= 1 => values.pop().unwrap_or(Evaluated::Null),
        Evaluated::List(_) => {
            return Err(
                "the source gives several values where the target takes one; choose one with Item, or put them together with Join"
                    .into(),
            );
        }
        other => other,
    };
    if attribute.redacts() {
        return match (value.as_text(), &value) {
            (Some(text), _) => Ok(Some(Value::Secret(Secret::new(&text, key)))),
            (None, Evaluated::Null | Evaluated::Ignored) => Ok(None),
            (None, _) => Err(HAS_PARTS.into()),
        };
    }
    element(value, attribute.value_type)
}

fn several(value: Evaluated<'_>, wanted: ValueType) -> Result<Option<Value>, String> {
    let values = match value {
        Evaluated::Null | Evaluated::Ignored => return Ok(None),
        Evaluated::List(values) => values,
        one => vec![one],
    };
    let one = |value| match value {
        // Elements of a list the schema does not know may have parts, such as roles.
        Evaluated::Complex(parts) if wanted == ValueType::Text => {
            Ok(Some(Value::Complex(parts.into_owned())))
        }
        plain => element(plain, wanted),
    };
    let typed: Vec<Value> =
        values.into_iter().filter_map(|value| one(value).transpose()).collect::<Result<_, _>>()?;
    Ok((!typed.is_empty()).then_some(Value::List(typed)))
}

fn element(value: Evaluated<'_>, wanted: ValueType) -> Result<Option<Value>, String> {
    match (value, wanted) {
        (Evaluated::Null | Evaluated::Ignored, _) => Ok(None),
        // The plainest and by far the most frequent case costs one copy.
        (Evaluated::Text(text), ValueType::Text | ValueType::Reference) => {
            Ok(Some(Value::Text(text.into_owned())))
        }
        (value @ Evaluated::Boolean(_), ValueType::Boolean)
        | (value @ Evaluated::Integer(_), ValueType::Integer)
        | (value, ValueType::Complex) => Ok(value.into_value()),
        (value, _) => match value.as_text() {
            Some(text) => converted(&text, wanted).map(Some),
            None => Err(HAS_PARTS.into()),
        },
    }
}

/// Text as a value of the wanted type. Booleans come as true and false in any case, and as numbers, of which only 0 is
/// false.
pub(super) fn converted(text: &str, wanted: ValueType) -> Result<Value, String> {
    match wanted {
        ValueType::Text | ValueType::Reference | ValueType::Complex => Ok(Value::text(text)),
        ValueType::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            number => match number.parse::<i64>() {
                Ok(number) => Ok(Value::Boolean(number != 0)),
                Err(_) => Err("the target takes true or false".into()),
            },
        },
        ValueType::Integer => {
            text.trim().parse().map(Value::Integer).map_err(|_| "the target takes a whole number".to_owned())
        }
        ValueType::DateTime => crate::dotnet::dates::to_rfc3339(text)
            .map(Value::Text)
            .ok_or_else(|| "the target takes a date, such as 2026-03-16 or 2026-03-16T07:00:00Z".to_owned()),
        ValueType::Binary => match BASE64_STANDARD.decode(text.trim()) {
            Ok(_) => Ok(Value::text(text.trim())),
            Err(_) => Err("the target takes bytes as base64".into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_the_type_the_target_takes_or_is_refused() {
        let cases = [
            ("Ada", ValueType::Text, Ok(Value::text("Ada"))),
            ("TRUE", ValueType::Boolean, Ok(Value::Boolean(true))),
            ("0", ValueType::Boolean, Ok(Value::Boolean(false))),
            ("1", ValueType::Boolean, Ok(Value::Boolean(true))),
            ("-2", ValueType::Boolean, Ok(Value::Boolean(true))),
            ("0.5", ValueType::Boolean, Err(())),
            ("yes", ValueType::Boolean, Err(())),
            (" 42 ", ValueType::Integer, Ok(Value::Integer(42))),
            ("4.2", ValueType::Integer, Err(())),
            ("3/16/2026 7:00:00 AM", ValueType::DateTime, Ok(Value::text("2026-03-16T07:00:00Z"))),
            ("next week", ValueType::DateTime, Err(())),
            (" QUJD ", ValueType::Binary, Ok(Value::text("QUJD"))),
            ("not base64!", ValueType::Binary, Err(())),
        ];
        for (text, wanted, expected) in cases {
            assert_eq!(converted(text, wanted).map_err(|_| ()), expected, "{text} as {wanted:?}");
        }
    }
}
