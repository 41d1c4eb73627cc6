//! Scopes by tables of cases.

mod checking;
mod judging;
mod operators;
mod properties;
mod telling;

use super::{Assignment, CheckedScope, Clause, FilterGroup, Operator, PatternReading, Scope};
use crate::model::{Attributes, ObjectType, Secret, SourceId, SourceObject, Value};

/// A clause as one says it: `"EQUALS"`, `Some("Sales")`.
fn clause(attribute: &str, operator: &str, value: Option<&str>) -> Clause {
    Clause {
        attribute: attribute.into(),
        operator: operator.parse().unwrap(),
        value: value.map(str::to_owned),
        matches: None,
    }
}

fn group(clauses: impl Into<Vec<Clause>>) -> FilterGroup {
    FilterGroup { name: None, clauses: clauses.into() }
}

fn filter(groups: impl Into<Vec<FilterGroup>>) -> Scope {
    Scope { filter: groups.into(), ..Scope::default() }
}

/// A scope of one clause.
fn only(clause: Clause) -> CheckedScope {
    filter([group([clause])]).check().unwrap()
}

/// Ada, switched on, with these attributes.
fn person(attributes: impl IntoIterator<Item = (&'static str, Value)>) -> SourceObject {
    SourceObject {
        id: SourceId::new("E1"),
        object_type: ObjectType::User,
        display_name: Some("Ada".into()),
        enabled: true,
        soft_deleted: false,
        attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn text(value: &str) -> Value {
    Value::text(value)
}

fn list(values: impl IntoIterator<Item = &'static str>) -> Value {
    Value::List(values.into_iter().map(Value::text).collect())
}

fn secret(value: &str) -> Value {
    Value::Secret(Secret::new(value, &crate::ids::Key::new([7; 32])))
}

/// A secret that was stored and read back: its text is gone.
fn forgotten(value: &str) -> Value {
    serde_json::from_value(serde_json::to_value(secret(value)).unwrap()).unwrap()
}

fn role() -> Value {
    Value::Complex(Attributes::from([("value".to_owned(), text("Admin"))]))
}
