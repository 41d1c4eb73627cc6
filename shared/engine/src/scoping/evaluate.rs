//! Judging one object: assigned, and admitted by the filter.
//!
//! What cannot be told for one clause matters only when it decides: a clause that certainly fails puts its group
//! aside whatever else stands in it, and a group that certainly holds admits whatever the others say. So the result
//! does not depend on the order in which clauses were written.

use std::borrow::Cow;
use std::iter;

use serde::{Serialize, Serializer};

use super::check::{CheckedAssignment, CheckedClause, CheckedGroup, CheckedScope};
use crate::dotnet::pattern::{Exploded, Pattern};
use crate::model::{SourceObject, Value, elements};

/// Whether one person is in scope cannot be told. Names no value of theirs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("whether the person is in scope cannot be told; {part}: {problem}")]
pub struct ScopeError {
    /// The clause in words, or the attribute that lists a person's groups.
    pub part: String,
    /// What is wrong and what to do about it.
    pub problem: String,
}

impl Serialize for ScopeError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What keeps a person from being judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unjudged {
    Several,
    Parts,
    Forgotten,
    Steps,
    TooLong,
}

impl From<Exploded> for Unjudged {
    fn from(exploded: Exploded) -> Self {
        match exploded {
            Exploded::TooLong => Self::TooLong,
            // The last two are failures of replacing.
            Exploded::TooManySteps | Exploded::TooLarge | Exploded::CutCharacter => Self::Steps,
        }
    }
}

impl Unjudged {
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Several => {
                "the attribute has several values and a clause compares one; take an attribute with a single value, or, when it lists groups, name it in assigned.memberOf"
            }
            Self::Parts => "the value has parts and cannot be compared; take an attribute with a plain value",
            Self::Forgotten => {
                "the value was redacted and is no longer known; it will be once the person is read from the source again"
            }
            Self::Steps => {
                "the pattern takes too many steps on this value; avoid repeating what is repeated already, as in '(a+)+'"
            }
            Self::TooLong => {
                "the value is longer than patterns are searched in; take an attribute with a shorter value, or Includes or ENDS_WITH"
            }
        }
    }
}

/// What an operator does to a single value that is not empty, its operand ready.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// Has no value: the one test that is made without one, too.
    Null,
    Says(bool),
    Equals(String),
    /// Boxed: a compiled pattern is many times the size of the others.
    Meets(Box<Pattern>),
    Above(i128),
    AtLeast(i128),
    Includes(String),
    EndsWith(String),
    Within(String),
}

/// What an object has under a name, seen by a clause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Subject<'a> {
    /// Nothing, or an empty text.
    Null,
    Boolean(bool),
    Integer(i64),
    Text(&'a str),
    Unjudged(Unjudged),
}

impl CheckedScope {
    /// Whether an object is in scope.
    ///
    /// # Errors
    /// [`ScopeError`] when it cannot be told: then the person keeps what they have.
    pub fn admits(&self, object: &SourceObject) -> Result<bool, ScopeError> {
        let assigned = iter::once_with(|| self.assigns(object));
        let admitted = iter::once_with(|| {
            let groups = self.groups.iter().map(|group| group.admits(object));
            any(groups).map_err(|(clause, problem)| clause.error(problem))
        });
        all(assigned.chain(admitted.take(usize::from(!self.groups.is_empty()))))
    }

    fn assigns(&self, object: &SourceObject) -> Result<bool, ScopeError> {
        let Some(assignment) = &self.assignment else { return Ok(true) };
        assignment.way(object).map(|way| way.is_some()).map_err(|problem| assignment.error(problem))
    }
}

/// How somebody is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way<'a> {
    Directly,
    Member(&'a str),
}

impl CheckedAssignment {
    /// How an object is assigned, when it is.
    pub(super) fn way(&self, object: &SourceObject) -> Result<Option<Way<'_>>, Unjudged> {
        if self.users.contains(object.id.as_str()) {
            return Ok(Some(Way::Directly));
        }
        let groups = self.member_of.as_ref().and_then(|attribute| object.attributes.get(attribute));
        let mut unjudged = None;
        for group in groups.map(elements).unwrap_or_default() {
            match Subject::of(group).written() {
                Ok(Some(name)) => {
                    if let Some(group) = self.groups.get(name.as_ref()) {
                        return Ok(Some(Way::Member(group)));
                    }
                }
                Ok(None) => {}
                Err(problem) => unjudged = unjudged.or(Some(problem)),
            }
        }
        unjudged.map_or(Ok(None), Err)
    }

    pub(super) fn error(&self, problem: Unjudged) -> ScopeError {
        let attribute = self.member_of.as_deref().unwrap_or("assigned");
        ScopeError { part: attribute.to_owned(), problem: problem.sentence().to_owned() }
    }
}

impl CheckedGroup {
    fn admits(&self, object: &SourceObject) -> Result<bool, (&CheckedClause, Unjudged)> {
        all(self.clauses.iter().map(|clause| clause.holds(object).map_err(|problem| (clause, problem))))
    }
}

impl CheckedClause {
    pub(super) fn holds(&self, object: &SourceObject) -> Result<bool, Unjudged> {
        let met = self.test.is_met(Subject::find(object, &self.attribute))?;
        Ok(met.is_some_and(|met| met != self.negated))
    }

    pub(super) fn error(&self, problem: Unjudged) -> ScopeError {
        ScopeError { part: self.words.clone(), problem: problem.sentence().to_owned() }
    }
}

impl Test {
    /// Whether a subject meets it; `None` without a value, which satisfies neither an operator nor its opposite.
    fn is_met(&self, subject: Subject<'_>) -> Result<Option<bool>, Unjudged> {
        if matches!(self, Self::Null) {
            return subject.is_null().map(Some);
        }
        let Some(written) = subject.written()? else { return Ok(None) };
        Ok(Some(match self {
            Self::Null => false,
            Self::Says(expected) => subject.says() == Some(*expected),
            Self::Equals(operand) => match subject {
                // The vendor compares no Booleans; `True` and `true` can only mean the same one.
                Subject::Boolean(_) => written.eq_ignore_ascii_case(operand),
                _ => written == operand.as_str(),
            },
            Self::Meets(pattern) => pattern.is_match(&written).map_err(Unjudged::from)?,
            Self::Above(operand) => subject.number().is_some_and(|number| number > *operand),
            Self::AtLeast(operand) => subject.number().is_some_and(|number| number >= *operand),
            Self::Includes(operand) => written.contains(operand),
            Self::EndsWith(operand) => written.ends_with(operand),
            Self::Within(operand) => operand.contains(written.as_ref()),
        }))
    }

    /// Why a value can never meet it, where that may surprise.
    pub(super) fn surprise(&self, subject: Subject<'_>) -> Option<&'static str> {
        match (self, subject) {
            (_, Subject::Null | Subject::Unjudged(_)) => None,
            (Self::Above(_) | Self::AtLeast(_), subject) if subject.number().is_none() => {
                Some("the value is no whole number")
            }
            (Self::Says(_), subject) if subject.says().is_none() => {
                Some("the value is neither true nor false")
            }
            _ => None,
        }
    }
}

/// The words by which sources say that somebody is switched on or off.
const TRUE: [&str; 6] = ["true", "1", "yes", "y", "active", "enabled"];
const FALSE: [&str; 6] = ["false", "0", "no", "n", "inactive", "disabled"];

impl<'a> Subject<'a> {
    pub(super) fn find(object: &'a SourceObject, attribute: &str) -> Self {
        match object.attributes.get(attribute) {
            Some(Value::List(values)) => match values.as_slice() {
                [] => Self::Null,
                [one] => Self::of(one),
                _ => Self::Unjudged(Unjudged::Several),
            },
            Some(value) => Self::of(value),
            None if attribute == "objectId" => Self::Text(object.id.as_str()),
            None if attribute == "accountEnabled" => Self::Boolean(object.enabled),
            None => Self::Null,
        }
    }

    fn of(value: &'a Value) -> Self {
        match value {
            Value::Boolean(truth) => Self::Boolean(*truth),
            Value::Integer(number) => Self::Integer(*number),
            Value::Text(text) => Self::text(text),
            Value::Secret(secret) => secret.expose().map_or(Self::Unjudged(Unjudged::Forgotten), Self::text),
            Value::List(_) => Self::Unjudged(Unjudged::Several),
            Value::Complex(_) => Self::Unjudged(Unjudged::Parts),
        }
    }

    fn text(text: &'a str) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }

    /// Several values and values with parts are values, whatever they are.
    fn is_null(self) -> Result<bool, Unjudged> {
        match self {
            Self::Unjudged(Unjudged::Forgotten) => Err(Unjudged::Forgotten),
            subject => Ok(matches!(subject, Self::Null)),
        }
    }

    /// The value as text; Booleans are `True` and `False`, as in expressions. `None` without a value.
    fn written(self) -> Result<Option<Cow<'a, str>>, Unjudged> {
        match self {
            Self::Null => Ok(None),
            Self::Boolean(truth) => Ok(Some(Cow::Borrowed(if truth { "True" } else { "False" }))),
            Self::Integer(number) => Ok(Some(Cow::Owned(number.to_string()))),
            Self::Text(text) => Ok(Some(Cow::Borrowed(text))),
            Self::Unjudged(problem) => Err(problem),
        }
    }

    fn says(self) -> Option<bool> {
        let among =
            |text: &str, words: &[&str]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        match self {
            Self::Boolean(truth) => Some(truth),
            Self::Integer(1) => Some(true),
            Self::Integer(0) => Some(false),
            Self::Text(text) if among(text, &TRUE) => Some(true),
            Self::Text(text) if among(text, &FALSE) => Some(false),
            Self::Integer(_) | Self::Text(_) | Self::Null | Self::Unjudged(_) => None,
        }
    }

    fn number(self) -> Option<i128> {
        match self {
            Self::Integer(number) => Some(number.into()),
            Self::Text(text) => whole_number(text),
            Self::Boolean(_) | Self::Null | Self::Unjudged(_) => None,
        }
    }
}

/// A whole number with up to 38 digits: longer than any id that systems count up.
pub(super) fn whole_number(text: &str) -> Option<i128> {
    text.trim().parse().ok()
}

/// Whether all hold. One that does not decides, whatever cannot be told of the others.
pub(super) fn all<E>(results: impl IntoIterator<Item = Result<bool, E>>) -> Result<bool, E> {
    unless(false, results)
}

/// Whether any holds. One that does decides, whatever cannot be told of the others.
pub(super) fn any<E>(results: impl IntoIterator<Item = Result<bool, E>>) -> Result<bool, E> {
    unless(true, results)
}

/// The deciding result if it is there, else the first error, else its opposite.
fn unless<E>(deciding: bool, results: impl IntoIterator<Item = Result<bool, E>>) -> Result<bool, E> {
    let mut first = None;
    for result in results {
        match result {
            Ok(holds) if holds == deciding => return Ok(deciding),
            Ok(_) => {}
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(!deciding), Err)
}
