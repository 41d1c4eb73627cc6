//! The roles that are assigned to a person in the application: `SingleAppRoleAssignment` and the lists.
//!
//! In: `appRoleAssignments`, the assignments made directly or through a directly assigned group, each an object
//! `{id, value, displayName}`, the same written as JSON, or just the role's name. Out: the name of the only role,
//! or all roles as names or as the objects of SCIM's `roles`.
//!
//! A role that was assigned twice, directly and through a group, counts once. Nobody without roles gets a value:
//! what is not there clears nothing.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;

use super::{Arguments, Body, Function, Help, Kind, Nature, Outcome, Parameter, Problem};
use crate::expression::Evaluated;
use crate::model::{Attributes, Value};

/// The type that Entra writes into every SCIM role.
const TYPE: &str = "WindowsAzureActiveDirectoryRole";

pub(super) const FUNCTIONS: &[Function] = &[
    row(
        "SingleAppRoleAssignment",
        Kind::Text,
        single,
        Help {
            says: "gives the name of the only role that is assigned; with several the person fails",
            example: "SingleAppRoleAssignment([appRoleAssignments])",
        },
    ),
    row(
        "AppRoleAssignmentsComplex",
        Kind::List,
        complex,
        Help {
            says: "gives all assigned roles as SCIM roles, which are added to those the account has",
            example: "AppRoleAssignmentsComplex([appRoleAssignments])",
        },
    ),
    row(
        "AssertiveAppRoleAssignmentsComplex",
        Kind::List,
        complex,
        Help {
            says: "gives all assigned roles as SCIM roles, which replace those the account has",
            example: "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])",
        },
    ),
    row(
        "AppRoleAssignments",
        Kind::List,
        names,
        Help {
            says: "gives the names of all assigned roles",
            example: "AppRoleAssignments([appRoleAssignments])",
        },
    ),
];

const fn row(
    name: &'static str,
    returns: Kind,
    body: for<'a> fn(&mut Arguments<'_, 'a>) -> Outcome<'a>,
    help: Help,
) -> Function {
    const PARAMETERS: &[Parameter] = &[Parameter::required("source", Kind::List)];
    Function {
        name,
        parameters: PARAMETERS,
        repeating: 0,
        returns,
        nature: Nature::Roles,
        help,
        prepare: None,
        body: Body::Strict(body),
    }
}

/// One role, as it is assigned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Role<'a> {
    value: Cow<'a, str>,
    name: Cow<'a, str>,
}

fn single<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let mut roles = assigned(arguments)?;
    match (roles.pop(), roles.len()) {
        (None, _) => Ok(Evaluated::Null),
        (Some(role), 0) => Ok(Evaluated::Text(role.name)),
        (Some(_), others) => Err(Problem::new(format!(
            "exactly one role must be assigned, and there are {}; take away the others, or map AssertiveAppRoleAssignmentsComplex",
            others + 1
        ))),
    }
}

fn names<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let roles = assigned(arguments)?;
    Ok(list(roles.into_iter().map(|role| Evaluated::Text(role.name)).collect()))
}

fn complex<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let roles = assigned(arguments)?;
    Ok(list(roles.into_iter().map(|role| Evaluated::Complex(Cow::Owned(role.into_scim()))).collect()))
}

fn list(values: Vec<Evaluated<'_>>) -> Evaluated<'_> {
    if values.is_empty() { Evaluated::Null } else { Evaluated::List(values) }
}

fn assigned<'a>(arguments: &mut Arguments<'_, 'a>) -> Result<Vec<Role<'a>>, Problem> {
    let mut roles = Vec::new();
    let mut seen = HashSet::new();
    for value in arguments.list(0) {
        if value.is_null_or_empty() {
            continue;
        }
        let role = Role::read(&value).ok_or_else(|| Problem {
            argument: Some(0),
            ..Problem::new("holds a role that is neither a name nor an object with value and displayName")
        })?;
        if seen.insert(role.clone()) {
            roles.push(role);
        }
    }
    Ok(roles)
}

impl<'a> Role<'a> {
    fn read(value: &Evaluated<'a>) -> Option<Self> {
        match value {
            Evaluated::Complex(parts) => {
                let part = |name| match parts.get(name) {
                    Some(Value::Text(text)) => Some(text.clone()),
                    Some(Value::Integer(number)) => Some(number.to_string()),
                    _ => None,
                };
                Self::of(part("value"), part("displayName"))
            }
            Evaluated::Text(text) if text.trim_start().starts_with('{') => {
                let json: Json = serde_json::from_str(text).ok()?;
                Self::of(json.value, json.display_name)
            }
            Evaluated::Text(text) => Some(Self { value: text.clone(), name: text.clone() }),
            Evaluated::Integer(_) => {
                let text = value.as_text()?.into_owned();
                Self::of(Some(text), None)
            }
            _ => None,
        }
    }

    /// A role of the default access has no value, a role of some apps no name: one stands for the other.
    fn of(value: Option<String>, name: Option<String>) -> Option<Self> {
        let value = value.filter(|value| !value.is_empty());
        let name = name.filter(|name| !name.is_empty());
        let either = value.clone().or_else(|| name.clone())?;
        Some(Self {
            value: Cow::Owned(value.unwrap_or_else(|| either.clone())),
            name: Cow::Owned(name.unwrap_or(either)),
        })
    }

    fn into_scim(self) -> Attributes {
        Attributes::from([
            ("primary".to_owned(), Value::Boolean(false)),
            ("type".to_owned(), Value::text(TYPE)),
            ("display".to_owned(), Value::text(self.name)),
            ("value".to_owned(), Value::text(self.value)),
        ])
    }
}

/// An assignment as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    value: Option<String>,
    display_name: Option<String>,
}
