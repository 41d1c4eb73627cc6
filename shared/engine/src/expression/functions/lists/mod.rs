//! Attributes with several values: `Count`, `Item`, `RemoveDuplicates`, `Contains`.
//!
//! In: a list; a single value counts as a list of one, null as a list of none. Out: a number, one element, or a
//! list. Positions begin at 1 and 0 means "not found", as in the language's other functions.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::{ArgumentProblem, Arguments, Body, Constant, Function, Help, Kind, Nature, Outcome, Parameter};
use super::{Prepared, Problem};
use crate::expression::Evaluated;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "Count",
        parameters: &[Parameter::required("attribute", Kind::List)],
        repeating: 0,
        returns: Kind::Integer,
        nature: Nature::Pure,
        help: Help {
            says: "tells how many values an attribute has: 0 when it is absent",
            example: "Count([proxyAddresses])",
        },
        prepare: None,
        body: Body::Strict(count),
    },
    Function {
        name: "Item",
        parameters: &[
            Parameter::required("attribute", Kind::List),
            Parameter::required("index", Kind::Integer),
        ],
        repeating: 0,
        returns: Kind::Any,
        nature: Nature::Pure,
        help: Help {
            says: "gives one value of an attribute that has several, counted from 1; null when the attribute is absent",
            example: "Item([otherMails], 1)",
        },
        prepare: Some(from_one),
        body: Body::Strict(item),
    },
    Function {
        name: "RemoveDuplicates",
        parameters: &[Parameter::required("attribute", Kind::List)],
        repeating: 0,
        returns: Kind::List,
        nature: Nature::Pure,
        help: Help {
            says: "leaves out every value that came before, case included, and keeps the order",
            example: "RemoveDuplicates([proxyAddresses])",
        },
        prepare: None,
        body: Body::Strict(remove_duplicates),
    },
    Function {
        name: "Contains",
        parameters: &[
            Parameter::required("attribute", Kind::List),
            Parameter::required("search", Kind::Text),
        ],
        repeating: 0,
        returns: Kind::Integer,
        nature: Nature::Pure,
        help: Help {
            says: "tells which value is the first to contain a text, case included, counted from 1; 0 when none does",
            example: r#"Contains([proxyAddresses], "SMTP:")"#,
        },
        prepare: None,
        body: Body::Strict(contains),
    },
];

fn count<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(position(arguments.list(0).len()))
}

/// A constant index that is never right is refused when the expression is saved.
fn from_one(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    match constants {
        [_, Constant::Text(index), ..] if index.trim().parse::<i64>().is_ok_and(|index| index < 1) => {
            let problem = format!("'index' of Item counts from 1, and '{index}' never finds a value");
            Err(ArgumentProblem { argument: Some(1), problem })
        }
        _ => Ok(Prepared::Nothing),
    }
}

fn item<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let mut values = arguments.list(0);
    if values.is_empty() {
        return Ok(Evaluated::Null);
    }
    let Some(index) = arguments.integer(1)? else {
        return Err(Problem { argument: Some(1), ..Problem::new("has no value, so no value can be chosen") });
    };
    let found = usize::try_from(index)
        .ok()
        .and_then(|index| index.checked_sub(1))
        .filter(|index| *index < values.len());
    match found {
        Some(index) => Ok(values.swap_remove(index)),
        None => {
            let problem =
                format!("is outside of 1 to {}, the values there are; test with Count", values.len());
            Err(Problem::of(1, problem, index.to_string()))
        }
    }
}

fn remove_duplicates<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    match arguments.take(0) {
        Evaluated::List(mut values) => {
            let mut seen = BTreeSet::new();
            values.retain(|value| seen.insert(value.clone().into_value()));
            Ok(Evaluated::List(values))
        }
        one => Ok(one),
    }
}

fn contains<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let values = arguments.list(0);
    // Every text contains the empty one: whoever looks for nothing has found nothing.
    let Some(search) = arguments.text(1)?.filter(|search| !search.is_empty()) else { return Ok(position(0)) };
    let found = values
        .iter()
        .position(|value| value.as_text().is_some_and(|text| text.contains(search.as_ref())))
        .map_or(0, |index| index + 1);
    Ok(position(found))
}

fn position<'a>(number: usize) -> Evaluated<'a> {
    Evaluated::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
