//! Functions whose results are drawn.
//!
//! In: a secret seed and the call's place. Out: always the same draw for the same two, so that what is planned for a
//! person is what is carried out; another draw for another place, so that two calls in one expression differ.
//!
//! # Guarantees
//! * Nobody without the seed can tell a draw from any number of others (HMAC-SHA-256, then ChaCha20).
//! * Every character is equally likely among those it is drawn from, and every order equally likely.

mod chance;
mod string;
#[cfg(test)]
mod tests;

use super::{Arguments, Body, Evaluated, Function, Help, Kind, Nature, Outcome, Parameter};
use chance::Chance;

/// The random functions, in the order of their names.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "Guid",
        parameters: &[],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Chance,
        help: Help { says: "Draws an identifier that nobody else has.", example: "Guid()" },
        prepare: None,
        body: Body::Strict(guid),
    },
    Function {
        name: "RandomString",
        parameters: &[
            Parameter::required("Length", Kind::Integer),
            Parameter::required("MinimumNumbers", Kind::Integer),
            Parameter::required("MinimumSpecialCharacters", Kind::Integer),
            Parameter::required("MinimumCapital", Kind::Integer),
            Parameter::required("MinimumLowerCase", Kind::Integer),
            Parameter::optional("CharactersToAvoid", Kind::Text),
        ],
        repeating: 0,
        returns: Kind::Text,
        nature: Nature::Chance,
        help: Help {
            says: "Draws a password with at least so many digits, special characters, capitals and small letters.",
            example: r#"RandomString(12, 2, 2, 2, 2, "0O1l")"#,
        },
        prepare: Some(string::constants),
        body: Body::Strict(string::random_string),
    },
];

/// `Guid()`: version 4, in lower case.
fn guid<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let mut chance = Chance::of(&arguments.context.seed, "Guid", arguments.place);
    let id = uuid::Builder::from_random_bytes(chance.bytes()).into_uuid();
    Ok(Evaluated::text(id.hyphenated().to_string()))
}
