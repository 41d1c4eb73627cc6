//! Functions that take texts and give texts.
//!
//! In: arguments. Out: a text, which borrows from its argument where it is a part of it. For all of them:
//!
//! * Positions and lengths count UTF-16 units, as .NET does; no character is ever cut in two (see [`positions`]).
//! * Nobody's absent attribute becomes a text, except where documented: `Left` and `Word` give an empty one.
//! * No text grows beyond [`length::LONGEST`], however calls are nested.

mod case;
mod diacritics;
mod length;
mod positions;
#[cfg(test)]
pub(super) mod tests;
mod unicode;
mod words;

use std::borrow::Cow;

use super::{ArgumentProblem, Arguments, Body, Constant, Function, Help, Kind, Nature, Parameter, Problem};
pub(super) use length::{Growing, bounded};

const fn text(name: &'static str) -> Parameter {
    Parameter::required(name, Kind::Text)
}

/// The text functions, in the order of their names.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "Append",
        parameters: &[text("source"), text("suffix")],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help { says: "Puts a suffix behind a text.", example: r#"Append("lmo", "-ext")"# },
        prepare: None,
        body: Body::Strict(words::append),
    },
    Function {
        name: "InStr",
        parameters: &[
            text("value1"),
            text("value2"),
            Parameter::optional("start", Kind::Integer),
            Parameter::optional("compareType", Kind::Enumeration(positions::COMPARE_TYPES)),
        ],
        repeating: 0,
        returns: Kind::Integer,
        nature: Nature::Pure,
        help: Help {
            says: "Tells at which character a text occurs in another, counted from 1; 0 when it does not.",
            example: r#"InStr("ab-cd-ef", "-", 4)"#,
        },
        prepare: Some(positions::in_str_constants),
        body: Body::Strict(positions::in_str),
    },
    Function {
        name: "Join",
        parameters: &[text("separator"), Parameter::required("source", Kind::Any)],
        repeating: 1,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Puts texts and the elements of lists together, with a separator between those that are not empty.",
            example: r#"Join(", ", "Doe", "Jo")"#,
        },
        prepare: None,
        body: Body::Strict(words::join),
    },
    Function {
        name: "Left",
        parameters: &[text("String"), Parameter::required("NumChars", Kind::Integer)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Gives the first characters of a text; the whole text for a negative number.",
            example: r#"Left("Marseille", 4)"#,
        },
        prepare: None,
        body: Body::Strict(positions::left),
    },
    Function {
        name: "Mid",
        parameters: &[
            text("source"),
            Parameter::required("start", Kind::Integer),
            Parameter::optional("length", Kind::Integer),
        ],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Gives the part of a text from a character on, counted from 1, at most as long as you say.",
            example: r#"Mid("Marseille", 4, 20)"#,
        },
        prepare: Some(positions::mid_constants),
        body: Body::Strict(positions::mid),
    },
    Function {
        name: "NormalizeDiacritics",
        parameters: &[text("source")],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Takes the marks off Latin letters, for logon names and addresses.",
            example: r#"NormalizeDiacritics("Łukasz Müßig")"#,
        },
        prepare: None,
        body: Body::Strict(diacritics::normalize_diacritics),
    },
    Function {
        name: "PCase",
        parameters: &[text("source"), Parameter::optional("wordSeparators", Kind::Text)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Begins each word with a capital and puts the rest in lower case.",
            example: r#"PCase("ANNE-LISE D'ARC", " -'")"#,
        },
        prepare: None,
        body: Body::Strict(case::pcase),
    },
    Function {
        name: "Prepend",
        parameters: &[text("prefix"), text("source")],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help { says: "Puts a prefix before a text.", example: r#"Prepend("t-", "lmo")"# },
        prepare: None,
        body: Body::Strict(words::prepend),
    },
    Function {
        name: "Split",
        parameters: &[text("source"), text("delimiter")],
        repeating: 0,
        returns: Kind::List,
        nature: Nature::Pure,
        help: Help {
            says: "Makes a list of a text, one element between two delimiters, without white space around it.",
            example: r#"Split("A1, B2,C3", ",")"#,
        },
        prepare: Some(words::split_constants),
        body: Body::Strict(words::split),
    },
    Function {
        name: "StripSpaces",
        parameters: &[text("source")],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help { says: "Takes all spaces out of a text.", example: r#"StripSpaces(" de la Cruz ")"# },
        prepare: None,
        body: Body::Strict(words::strip_spaces),
    },
    Function {
        name: "ToLower",
        parameters: &[text("source"), Parameter::optional("culture", Kind::Text)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Puts a text in lower case, by the rules of a culture if you name one.",
            example: r#"ToLower("Jo.Doe@Acme.Example")"#,
        },
        prepare: Some(case::to_lower_constants),
        body: Body::Strict(case::to_lower),
    },
    Function {
        name: "ToUpper",
        parameters: &[text("source"), Parameter::optional("culture", Kind::Text)],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Puts a text in upper case, by the rules of a culture if you name one.",
            example: r#"ToUpper("paris")"#,
        },
        prepare: Some(case::to_upper_constants),
        body: Body::Strict(case::to_upper),
    },
    Function {
        name: "Trim",
        parameters: &[Parameter::required("value", Kind::Any)],
        repeating: 0,
        returns: Kind::Any,
        nature: Nature::Pure,
        help: Help {
            says: "Takes white space off both ends of a text, or of each element of a list.",
            example: r#"Trim("  x ")"#,
        },
        prepare: None,
        body: Body::Strict(words::trim),
    },
    Function {
        name: "Word",
        parameters: &[text("String"), Parameter::required("WordNumber", Kind::Integer), text("Delimiters")],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Pure,
        help: Help {
            says: "Gives one word of a text, counted from 1, where each of the delimiters separates words.",
            example: r#"Word("ops;eu!prod", 3, ";!")"#,
        },
        prepare: None,
        body: Body::Strict(words::word),
    },
];

/// A part of a text, which borrows what the text borrows.
fn part<'a>(text: Cow<'a, str>, choose: impl for<'t> FnOnce(&'t str) -> &'t str) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(choose(text)),
        Cow::Owned(text) => Cow::Owned(choose(&text).to_owned()),
    }
}

/// A whole number that must be there.
pub(super) fn whole_number(arguments: &mut Arguments<'_, '_>, position: usize) -> Result<i64, Problem> {
    arguments.integer(position)?.ok_or_else(|| Problem {
        argument: Some(position),
        ..Problem::new("takes a whole number, and what it is given has no value")
    })
}

/// The number an argument is, when that is known as the expression is saved.
pub(super) fn number(constants: &[Constant<'_>], position: usize) -> Option<i64> {
    match constants.get(position)? {
        Constant::Text(text) => text.trim().parse().ok(),
        Constant::Omitted | Constant::Computed => None,
    }
}

/// The refusal of a constant, in the words in which a person's value would be refused.
pub(super) fn refused(function: &str, parameter: &str, position: usize, problem: &str) -> ArgumentProblem {
    ArgumentProblem { argument: Some(position), problem: format!("'{parameter}' of {function} {problem}") }
}
