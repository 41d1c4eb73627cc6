//! What the management API's methods `functions` and `filterOperators` answer.
//!
//! In: the functions of [`crate::expression`] and the operators of [`crate::scoping`]. Out: the collections,
//! ready to be written. Samples name entries by `name`, the API's type definitions by `id`: both are there.

use serde::Serialize;

use super::product;
use super::spelling::AttributeType;
use crate::expression::{self, Function, Kind};
use crate::scoping::{Arity, MultivaluedComparison, Operator};

/// A collection, as the API answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collection<T> {
    /// Its entries.
    pub value: Vec<T>,
}

/// A function (`attributeMappingFunctionSchema`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionSchema {
    /// Its name once more.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its parameters by position, those that repeat last.
    pub parameters: Vec<ParameterSchema>,
}

/// A parameter (`attributeMappingParameterSchema`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterSchema {
    /// Its name, which is its key in parse products.
    pub name: &'static str,
    /// What it takes. The API has no type for anything, lists and words: they are `String`.
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it may be given again and again.
    pub allow_multiple_occurrences: bool,
}

/// An operator of filter clauses (`filterOperatorSchema`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorSchema {
    /// Its name once more.
    pub id: &'static str,
    /// Its name, as clauses write it.
    pub name: &'static str,
    /// `Unary` when it compares with nothing.
    pub arity: Arity,
    /// How it would judge several values.
    pub multivalued_comparison_type: MultivaluedComparison,
    /// The types of attributes it judges.
    pub supported_attribute_types: Vec<AttributeType>,
}

/// Every function.
#[must_use]
pub fn functions() -> Collection<FunctionSchema> {
    let mut value: Vec<_> = expression::functions().map(function).collect();
    value.sort_by_key(|function| function.name.to_lowercase());
    Collection { value }
}

fn function(function: &'static Function) -> FunctionSchema {
    let first_repeating = function.parameters.len().saturating_sub(function.repeating);
    let mut parameters: Vec<ParameterSchema> = Vec::with_capacity(function.parameters.len());
    for (position, parameter) in function.parameters.iter().enumerate() {
        // The two halves of the pairs of `Switch` stand under one name.
        let name = product::key(function, position).unwrap_or(parameter.name);
        if parameters.last().is_some_and(|last| last.name == name) {
            continue;
        }
        parameters.push(ParameterSchema {
            name,
            kind: attribute_type(parameter.kind),
            required: parameter.required,
            allow_multiple_occurrences: position >= first_repeating,
        });
    }
    FunctionSchema { id: function.name, name: function.name, parameters }
}

fn attribute_type(kind: Kind) -> AttributeType {
    match kind {
        Kind::Any | Kind::Text | Kind::List | Kind::Enumeration(_) => AttributeType::String,
        Kind::Integer => AttributeType::Integer,
        Kind::Boolean => AttributeType::Boolean,
        Kind::DateTime => AttributeType::DateTime,
    }
}

/// Every operator.
#[must_use]
pub fn filter_operators() -> Collection<OperatorSchema> {
    Collection { value: Operator::all().iter().copied().map(operator).collect() }
}

fn operator(operator: Operator) -> OperatorSchema {
    OperatorSchema {
        id: operator.name(),
        name: operator.name(),
        arity: operator.arity(),
        multivalued_comparison_type: operator.multivalued_comparison(),
        supported_attribute_types: operator
            .attribute_types()
            .iter()
            .copied()
            .map(AttributeType::from)
            .collect(),
    }
}
