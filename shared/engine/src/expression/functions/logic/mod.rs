//! Choosing, asking and refusing: `IIF`, `Switch`, `Coalesce`, the `Is…` family, `Not`, `CBool`,
//! `IgnoreFlowIfNullOrEmpty`, `Error`, `Redact` and `SelectUniqueValue`.
//!
//! In: arguments. Out: one of them, a Boolean, or a refusal. Promised:
//!
//! * `IIF`, `Switch` and `Coalesce` evaluate the branch they take and no other: an `Error` in the other branch is
//!   never raised.
//! * `IgnoreFlowIfNullOrEmpty` that found nothing wins wherever it is evaluated: nothing that encloses it puts a
//!   value in its place.
//! * Null compares as an empty text, unless `strictEntra` asks for Entra's refusal.

mod bodies;
#[cfg(test)]
mod tests;

use super::{Arguments, Body, Constant, Function, Help, Kind, Nature, Outcome, Parameter, Prepared};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "IIF",
        parameters: &[
            Parameter::required("condition", Kind::Boolean),
            Parameter::required("valueIfTrue", Kind::Any),
            Parameter::optional("valueIfFalse", Kind::Any),
        ],
        repeating: 0,
        returns: Kind::Any,
        nature: Nature::Settings,
        help: Help {
            says: "gives the second argument when the condition is true, and the third otherwise; for AND and OR, nest another IIF",
            example: r#"IIF([usageLocation] = "DE", "Munich", "Paris")"#,
        },
        prepare: None,
        body: Body::Lazy(bodies::iif),
    },
    Function {
        name: "Switch",
        parameters: &[
            Parameter::required("source", Kind::Text),
            Parameter::optional("defaultValue", Kind::Any),
            Parameter::required("key", Kind::Text),
            Parameter::required("value", Kind::Any),
        ],
        repeating: 2,
        returns: Kind::Any,
        nature: Nature::Pure,
        help: Help {
            says: "gives the value behind the first key that equals the source, case included, and the default when none does; the key \"\" stands for a source without value",
            example: r#"Switch([state], "none", "NSW", "Sydney", "QLD", "Brisbane", "", "unknown")"#,
        },
        prepare: None,
        body: Body::Lazy(bodies::switch),
    },
    Function {
        name: "Coalesce",
        parameters: &[Parameter::required("source", Kind::Any)],
        repeating: 1,
        returns: Kind::Any,
        nature: Nature::Pure,
        help: Help {
            says: "gives the first argument that has a value; an empty text is one",
            example: "Coalesce([mail], [userPrincipalName])",
        },
        prepare: None,
        body: Body::Lazy(bodies::coalesce),
    },
    asks(
        "IsNull",
        EXPRESSION,
        bodies::is_null,
        Help {
            says: "is true when the attribute is absent; an empty text is present",
            example: "IsNull([displayName])",
        },
    ),
    asks(
        "IsNothing",
        SOURCE,
        bodies::is_null,
        Help {
            says: "is true when the attribute is absent: an older name of IsNull",
            example: "IsNothing([displayName])",
        },
    ),
    asks(
        "IsNullOrEmpty",
        EXPRESSION,
        bodies::is_null_or_empty,
        Help {
            says: "is true when the attribute is absent or an empty text",
            example: "IsNullOrEmpty([displayName])",
        },
    ),
    asks(
        "IsPresent",
        EXPRESSION,
        bodies::is_present,
        Help {
            says: "is true when the attribute has a value other than an empty text",
            example: "IsPresent([displayName])",
        },
    ),
    asks(
        "IsString",
        EXPRESSION,
        bodies::is_string,
        Help {
            says: "is true for what can be written as one text: texts, numbers and Booleans, but not null and not several values",
            example: r#"IsString("5")"#,
        },
    ),
    asks(
        "CBool",
        EXPRESSION,
        bodies::to_boolean,
        Help {
            says: "makes a Boolean of a comparison, of \"true\" and \"false\" in any case, and of numbers, where only 0 is false",
            example: r#"CBool([city] = "Lyon")"#,
        },
    ),
    asks(
        "Not",
        SOURCE,
        bodies::not,
        Help {
            says: "is false when the source is true, and true for everything else, null included",
            example: "Not([IsSoftDeleted])",
        },
    ),
    Function {
        name: "IgnoreFlowIfNullOrEmpty",
        parameters: &[Parameter::required("Expression", Kind::Any)],
        repeating: 0,
        returns: Kind::Any,
        nature: Nature::Pure,
        help: Help {
            says: "leaves the attribute out of the operation, its default value included, when the argument is null or empty",
            example: "IgnoreFlowIfNullOrEmpty([middleName])",
        },
        prepare: None,
        body: Body::Strict(bodies::ignore_if_empty),
    },
    Function {
        name: "Error",
        parameters: &[Parameter::required("ErrorMessage", Kind::Text)],
        repeating: 0,
        returns: Kind::Any,
        nature: Nature::Pure,
        help: Help {
            says: "fails the person with this message",
            example: r#"IIF(IsPresent([surname]), [surname], Error("the surname is missing"))"#,
        },
        prepare: Some(|constants| {
            Ok(match constants {
                [Constant::Text(message), ..] => Prepared::Message((*message).into()),
                _ => Prepared::Nothing,
            })
        }),
        body: Body::Strict(bodies::error),
    },
    Function {
        name: "Redact",
        parameters: &[Parameter::required("value", Kind::Any)],
        repeating: 0,
        returns: Kind::Any,
        nature: Nature::Pure,
        help: Help {
            says: "gives its argument to the app, and shows it and everything made from it as [Redact] in logs",
            example: "Redact([employeeId])",
        },
        prepare: None,
        body: Body::Strict(bodies::redact),
    },
    Function {
        name: "SelectUniqueValue",
        parameters: &[
            Parameter::required("uniqueValueRule", Kind::Text),
            Parameter::required("uniqueValueRule", Kind::Text),
        ],
        repeating: 1,
        returns: Kind::Any,
        nature: Nature::Unique,
        help: Help {
            says: "gives the first of its arguments that no account in the app has yet",
            example: r#"SelectUniqueValue([mailNickname] & "@tessera.example", [mailNickname] & "2@tessera.example")"#,
        },
        prepare: None,
        body: Body::Strict(bodies::candidates),
    },
];

/// What functions of one argument call it.
const EXPRESSION: &[Parameter] = &[Parameter::required("Expression", Kind::Any)];
const SOURCE: &[Parameter] = &[Parameter::required("source", Kind::Any)];

/// A function of one argument whose answer is a Boolean.
const fn asks(
    name: &'static str,
    parameters: &'static [Parameter],
    body: for<'a> fn(&mut Arguments<'_, 'a>) -> Outcome<'a>,
    help: Help,
) -> Function {
    Function {
        name,
        parameters,
        repeating: 0,
        returns: Kind::Boolean,
        nature: Nature::Pure,
        help,
        prepare: None,
        body: Body::Strict(body),
    }
}
