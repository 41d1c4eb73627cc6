//! Functions that turn a value into another form: numbers, encodings, and what directories hold.
//!
//! In: arguments. Out: the value in its other form; null for null. What cannot be converted fails the person with a
//! sentence that says what would have been right, instead of becoming something unreadable in an account.

mod directory;
mod encodings;
#[cfg(test)]
mod tests;

use super::{Arguments, Body, Evaluated, Function, Help, Kind, Nature, Outcome, Parameter};

/// The conversions, in the order of their names.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "BitAnd",
        parameters: &[
            Parameter::required("value1", Kind::Integer),
            Parameter::required("value2", Kind::Integer),
        ],
        repeating: 0,
        returns: Kind::Integer,
        nature: Nature::Pure,
        help: Help { says: "Keeps the bits that are set in both numbers.", example: "BitAnd(&H1C, 6)" },
        prepare: None,
        body: Body::Strict(bit_and),
    },
    Function {
        name: "ConvertFromBase64",
        parameters: &[
            Parameter::required("source", Kind::Text),
            Parameter::optional("Encoding", Kind::Enumeration(encodings::ENCODINGS)),
        ],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Gives the text behind base64, which is UTF-16 unless you name another encoding.",
            example: r#"ConvertFromBase64("SGVsbG8=", UTF8)"#,
        },
        prepare: None,
        body: Body::Strict(encodings::from_base64),
    },
    Function {
        name: "ConvertToBase64",
        parameters: &[Parameter::required("source", Kind::Text)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Gives the base64 of a text in UTF-16.",
            example: r#"ConvertToBase64("Ana Ruiz")"#,
        },
        prepare: None,
        body: Body::Strict(encodings::to_base64),
    },
    Function {
        name: "ConvertToUTF8Hex",
        parameters: &[Parameter::required("source", Kind::Text)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Gives the hexadecimal digits of a text in UTF-8.",
            example: r#"ConvertToUTF8Hex("Zoë-7")"#,
        },
        prepare: None,
        body: Body::Strict(encodings::to_utf8_hex),
    },
    Function {
        name: "CRef",
        parameters: &[Parameter::required("value", Kind::Text)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Marks a text as the name of another object; the text stays as it is.",
            example: r#"CRef("cn=Kim,ou=People")"#,
        },
        prepare: None,
        body: Body::Strict(as_text),
    },
    Function {
        name: "CStr",
        parameters: &[Parameter::required("value", Kind::Any)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help { says: "Gives a number, a reference or a truth as text.", example: "CStr(42)" },
        prepare: None,
        body: Body::Strict(as_text),
    },
    Function {
        name: "DefaultDomain",
        parameters: &[],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Settings,
        help: Help {
            says: "Gives the organisation's own domain, as the settings of the mapping name it.",
            example: "DefaultDomain()",
        },
        prepare: None,
        body: Body::Strict(default_domain),
    },
    Function {
        name: "DNComponent",
        parameters: &[
            Parameter::required("dn", Kind::Text),
            Parameter::required("ComponentNumber", Kind::Integer),
        ],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Gives the value of one component of a distinguished name, counted from the left.",
            example: r#"DNComponent("cn=Kim,ou=People", 1)"#,
        },
        prepare: Some(directory::dn_component_constants),
        body: Body::Strict(directory::dn_component),
    },
    Function {
        name: "StringFromSid",
        parameters: &[Parameter::required("ObjectSID", Kind::Text)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Gives a binary security identifier as text.",
            example: r#"StringFromSid("AQIAAAAAAAUgAAAAIAIAAA==")"#,
        },
        prepare: None,
        body: Body::Strict(directory::string_from_sid),
    },
];

/// `BitAnd(value1, value2)`
fn bit_and<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(match (arguments.integer(0)?, arguments.integer(1)?) {
        (Some(first), Some(second)) => Evaluated::Integer(first & second),
        _ => Evaluated::Null,
    })
}

/// `CStr(value)` and `CRef(value)`
fn as_text<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(arguments.text(0)?.map_or(Evaluated::Null, Evaluated::Text))
}

/// `DefaultDomain()`: null when no domain is set, which the check of a mapping refuses before anybody is evaluated.
fn default_domain<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let settings = arguments.context.settings;
    Ok(settings.default_domain.as_deref().map_or(Evaluated::Null, Evaluated::text))
}
