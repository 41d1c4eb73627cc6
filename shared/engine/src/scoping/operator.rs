//! The operators of clauses, spelled as the management API spells them.
//!
//! In: a name as people write it. Out: the operator, or what they may have meant. Everything that is to be known of
//! an operator without a clause stands in one row: what the API's list of filter operators answers, and the help.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::mapping::ValueType;

/// How a clause judges an attribute. Without a value (absent, or an empty text) only `IS NULL` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// The same text, in the same case.
    Equals,
    /// Another text.
    NotEquals,
    /// True.
    IsTrue,
    /// False.
    IsFalse,
    /// No value.
    IsNull,
    /// A value.
    IsNotNull,
    /// The pattern is met.
    RegexMatch,
    /// The pattern is not met.
    NotRegexMatch,
    /// A whole number above the operand.
    GreaterThan,
    /// The operand or a whole number above it.
    GreaterThanOrEquals,
    /// The operand is part of the value.
    Includes,
    /// The operand ends the value.
    EndsWith,
    /// The value is part of the operand.
    Within,
    /// The value is not part of the operand.
    NotWithin,
}

/// Whether an operator takes something to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Arity {
    /// It does not.
    Unary,
    /// It does.
    Binary,
}

/// Of several values of an attribute, how many would have to satisfy a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum MultivaluedComparison {
    /// Every one. The API names this for all operators, and yet filters judge single values only: a person with
    /// several is a failure, so that nobody leaves the scope by a guess.
    All,
}

/// What is to be known of an operator.
struct Row {
    name: &'static str,
    arity: Arity,
    types: &'static [ValueType],
    help: &'static str,
}

/// The types whose values are compared as they are written.
const WRITTEN: &[ValueType] = &[ValueType::Integer, ValueType::Text];
const ANY: &[ValueType] = &[ValueType::Integer, ValueType::Text, ValueType::Binary, ValueType::Boolean];

impl Operator {
    /// Whether its operand is a pattern.
    #[must_use]
    pub fn takes_pattern(self) -> bool {
        matches!(self, Self::RegexMatch | Self::NotRegexMatch)
    }

    /// All operators, in the order people are shown them.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[
            Self::Equals,
            Self::NotEquals,
            Self::IsTrue,
            Self::IsFalse,
            Self::IsNull,
            Self::IsNotNull,
            Self::RegexMatch,
            Self::NotRegexMatch,
            Self::GreaterThan,
            Self::GreaterThanOrEquals,
            Self::Includes,
            Self::EndsWith,
            Self::Within,
            Self::NotWithin,
        ]
    }

    /// Its documented spelling: `NOT EQUALS`, `Greater_Than`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether it takes a value.
    #[must_use]
    pub const fn arity(self) -> Arity {
        self.row().arity
    }

    /// The types of attributes it is made for. Values of other types are judged by how they are written.
    #[must_use]
    pub const fn attribute_types(self) -> &'static [ValueType] {
        self.row().types
    }

    /// How it would judge several values.
    #[must_use]
    pub const fn multivalued_comparison(self) -> MultivaluedComparison {
        MultivaluedComparison::All
    }

    /// One sentence for people.
    #[must_use]
    pub const fn help(self) -> &'static str {
        self.row().help
    }

    const fn row(self) -> Row {
        use Arity::{Binary, Unary};
        let (name, arity, types, help) = match self {
            Self::Equals => ("EQUALS", Binary, WRITTEN, "The attribute is exactly the value; case matters."),
            Self::NotEquals => (
                "NOT EQUALS",
                Binary,
                WRITTEN,
                "The attribute has a value, and it is another one; case matters. To admit people without a value too, add a group with IS NULL.",
            ),
            Self::IsTrue => (
                "IS TRUE",
                Unary,
                &[ValueType::Boolean] as &[_],
                "The attribute is true: the Boolean, or one of the texts true, yes, y, active, enabled and 1.",
            ),
            Self::IsFalse => (
                "IS FALSE",
                Unary,
                &[ValueType::Boolean] as &[_],
                "The attribute is false: the Boolean, or one of the texts false, no, n, inactive, disabled and 0. Without a value it is neither.",
            ),
            Self::IsNull => ("IS NULL", Unary, ANY, "The attribute is absent or an empty text."),
            Self::IsNotNull => ("IS NOT NULL", Unary, ANY, "The attribute has a value that is not empty."),
            Self::RegexMatch => (
                "REGEX MATCH",
                Binary,
                WRITTEN,
                "The whole attribute meets the .NET regular expression, or with matches: search some part of it; case matters.",
            ),
            Self::NotRegexMatch => (
                "NOT REGEX MATCH",
                Binary,
                WRITTEN,
                "The attribute has a value that does not meet the .NET regular expression; case matters.",
            ),
            Self::GreaterThan => (
                "Greater_Than",
                Binary,
                &[ValueType::Integer] as &[_],
                "The attribute is a whole number above the value; what is no whole number never is.",
            ),
            Self::GreaterThanOrEquals => (
                "Greater_Than_OR_EQUALS",
                Binary,
                &[ValueType::Integer] as &[_],
                "The attribute is the value or a whole number above it; what is no whole number never is.",
            ),
            Self::Includes => {
                ("Includes", Binary, WRITTEN, "The value is found somewhere in the attribute; case matters.")
            }
            Self::EndsWith => {
                ("ENDS_WITH", Binary, WRITTEN, "The attribute ends with the value; case matters.")
            }
            Self::Within => (
                "&",
                Binary,
                WRITTEN,
                "The attribute is found somewhere in the value, as FR is in 'FR;DE'; case matters. It compares texts, not bits.",
            ),
            Self::NotWithin => (
                "!&",
                Binary,
                WRITTEN,
                "The attribute has a value that is found nowhere in the clause's value; case matters. It compares texts, not bits.",
            ),
        };
        Row { name, arity, types, help }
    }
}

/// A name without what people spell differently: case, and underscores for blanks.
fn plain(name: &str) -> String {
    let words = name.split(|c: char| c.is_whitespace() || c == '_').filter(|word| !word.is_empty());
    words.map(str::to_ascii_uppercase).collect::<Vec<_>>().join(" ")
}

/// There is no such operator. `Display` names the nearest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no operator '{written}'; {cure}")]
pub struct UnknownOperator {
    written: String,
    cure: String,
}

impl FromStr for Operator {
    type Err = UnknownOperator;

    fn from_str(written: &str) -> Result<Self, UnknownOperator> {
        let wanted = plain(written);
        let known = Self::all().iter().find(|operator| plain(operator.name()) == wanted);
        known.copied().ok_or_else(|| UnknownOperator {
            written: super::shortened(written),
            cure: nearest(&wanted).map_or_else(
                || {
                    format!(
                        "it is one of {}",
                        Self::all().iter().map(|known| known.name()).collect::<Vec<_>>().join(", ")
                    )
                },
                |nearest| format!("did you mean {nearest}?"),
            ),
        })
    }
}

/// The operator that takes the fewest changed letters, when they are at most a third of it.
fn nearest(wanted: &str) -> Option<Operator> {
    /// The longest name has 22 letters: what is much longer is near none, and costs nothing to say so.
    const LONGEST: usize = 40;
    if wanted.len() > LONGEST {
        return None;
    }
    let distances = Operator::all().iter().map(|known| {
        let name = plain(known.name());
        (strsim::damerau_levenshtein(wanted, &name), name.len(), *known)
    });
    distances.min().filter(|(distance, length, _)| *distance <= length / 3).map(|(_, _, known)| known)
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Operator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Operator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Operator {
    fn schema_name() -> Cow<'static, str> {
        "Operator".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// The documented spellings only: an editor shall propose those. Others are read all the same.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::all().iter().map(|operator| operator.name()).collect();
        let helps: Vec<_> = Self::all().iter().map(|operator| operator.help()).collect();
        // `enumDescriptions` is what editors show beside a proposal; validators pass over it.
        json_schema!({ "type": "string", "enum": names, "enumDescriptions": helps })
    }
}
