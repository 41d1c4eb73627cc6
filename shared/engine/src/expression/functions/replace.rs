//! `Replace`, five functions in one: which one it is shows in the arguments that are given.
//!
//! | Given besides `source` | What it does |
//! |---|---|
//! | `Find`, `Replacement` | replaces a text by another |
//! | `Find`, `Template` | replaces a text in the template by the source |
//! | a pattern, `Replacement` | replaces every match by what `$1` and `${name}` stand for |
//! | a pattern, its group, `Replacement` | replaces what the group holds by a text as it is |
//! | a pattern, its group, `ReplacementPropertyName` | takes the group out of that attribute when the source is empty |
//!
//! An empty text is given; an empty slot is not. The kind, the pattern and the group are settled when the expression is
//! saved ([`Plan`]); the texts may be computed for each person.

use std::borrow::Cow;
use std::sync::Arc;

use super::{
    ArgumentProblem, Arguments, Body, Constant, Evaluated, Function, Help, Kind, Nature, Outcome, Parameter,
    Prepared, Problem,
};
use crate::dotnet::pattern::{Exploded, LONGEST_RESULT, Pattern, Substitution};

pub(super) const FUNCTIONS: &[Function] = &[Function {
    name: "Replace",
    parameters: &[
        Parameter::required("source", Kind::Text),
        Parameter::optional("Find", Kind::Text),
        Parameter::optional("RegularExpression", Kind::Text),
        Parameter::optional("RegularExpressionGroupName", Kind::Text),
        Parameter::optional("Replacement", Kind::Text),
        Parameter::optional("ReplacementPropertyName", Kind::Text),
        Parameter::optional("Template", Kind::Text),
    ],
    repeating: 0,
    returns: Kind::Text,
    nature: Nature::Pure,
    help: Help {
        says: "Replaces a text, or what a regular expression matches; fills a template; or falls back to a part of another attribute.",
        example: r#"Replace([telephoneNumber], , "\\+(?<country>\\d+) (?<number>.*)", , "${number}", , )"#,
    },
    prepare: Some(prepare),
    body: Body::Strict(replace),
}];

// The arguments by position.
const SOURCE: usize = 0;
const FIND: usize = 1;
const PATTERN: usize = 2;
const GROUP: usize = 3;
const REPLACEMENT: usize = 4;
const ATTRIBUTE: usize = 5;
const TEMPLATE: usize = 6;

/// What can be combined, for whoever combined something else.
const COMBINATIONS: &str = "these arguments do not go together; give Find with Replacement, Find with Template, RegularExpression with Replacement, RegularExpression and RegularExpressionGroupName with Replacement, or those two with ReplacementPropertyName";

/// What `Replace` made ready.
#[derive(Debug)]
pub(in super::super) enum Plan {
    /// A text by another.
    Text,
    /// A text in the template by the source.
    Template,
    /// Every match. The substitution is absent while only a person will tell it.
    Matches(Pattern, Option<Substitution>),
    /// What a group holds.
    Group(Pattern, String),
    /// A group of another attribute, when the source is empty.
    Fallback(Pattern, String),
}

impl Plan {
    /// About how much was compiled for it.
    pub(in super::super) fn weight(&self) -> u32 {
        match self {
            Self::Text | Self::Template => 0,
            Self::Matches(pattern, _) | Self::Group(pattern, _) | Self::Fallback(pattern, _) => {
                pattern.weight()
            }
        }
    }
}

fn prepare(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    let slot = |position| constants.get(position).copied().unwrap_or(Constant::Omitted);
    let given = [FIND, PATTERN, GROUP, REPLACEMENT, ATTRIBUTE, TEMPLATE]
        .map(|position| slot(position) != Constant::Omitted);
    let plan = match given {
        // Find, RegularExpression, …GroupName, Replacement, ReplacementPropertyName, Template.
        [true, false, false, true, false, false] => {
            found(slot(FIND))?;
            Plan::Text
        }
        [true, false, false, false, false, true] => {
            found(slot(FIND))?;
            Plan::Template
        }
        [false, true, false, true, false, false] => {
            let pattern = pattern(slot(PATTERN))?;
            let by = match slot(REPLACEMENT) {
                Constant::Text(text) => Some(pattern.substitution(text)),
                _ => None,
            };
            Plan::Matches(pattern, by)
        }
        [false, true, true, true, false, false] => {
            let pattern = pattern(slot(PATTERN))?;
            let group = group(&pattern, slot(GROUP))?;
            Plan::Group(pattern, group)
        }
        [false, true, true, false, true, false] => {
            let pattern = pattern(slot(PATTERN))?;
            let group = group(&pattern, slot(GROUP))?;
            if let Constant::Text(name) = slot(ATTRIBUTE) {
                return Err(wrong(
                    ATTRIBUTE,
                    format!("ReplacementPropertyName takes an attribute; write [{name}] without quotes"),
                ));
            }
            Plan::Fallback(pattern, group)
        }
        _ => return Err(ArgumentProblem { argument: None, problem: COMBINATIONS.to_owned() }),
    };
    Ok(Prepared::Replace(Arc::new(plan)))
}

fn found(find: Constant<'_>) -> Result<(), ArgumentProblem> {
    match find {
        Constant::Text("") => {
            Err(wrong(FIND, "Find is empty, and there is nothing to look for; give it a text".to_owned()))
        }
        _ => Ok(()),
    }
}

fn pattern(pattern: Constant<'_>) -> Result<Pattern, ArgumentProblem> {
    match pattern {
        Constant::Text(text) => Pattern::search(text).map_err(|error| wrong(PATTERN, error.to_string())),
        _ => Err(wrong(PATTERN, "RegularExpression is computed, and must be a text between quotes; choose between several with IIF or Switch around Replace".to_owned())),
    }
}

fn group(pattern: &Pattern, name: Constant<'_>) -> Result<String, ArgumentProblem> {
    let Constant::Text(name) = name else {
        return Err(wrong(
            GROUP,
            "RegularExpressionGroupName is computed, and must be a text between quotes".to_owned(),
        ));
    };
    if pattern.has_group(name) {
        return Ok(name.to_owned());
    }
    let known = pattern.group_names().join(", ");
    Err(wrong(
        GROUP,
        match known.as_str() {
            "" => format!("the pattern has no group '{name}'; name one with '(?<{name}>…)'"),
            _ => format!("the pattern has no group '{name}'; it has {known}"),
        },
    ))
}

fn wrong(argument: usize, problem: String) -> ArgumentProblem {
    ArgumentProblem { argument: Some(argument), problem }
}

fn replace<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Prepared::Replace(plan) = arguments.prepared else {
        return Err(Problem::new("was not made ready when the expression was saved"));
    };
    let source = arguments.text(SOURCE)?;
    match (&**plan, source) {
        (Plan::Fallback(pattern, group), source) => fallback(arguments, source, pattern, group),
        (_, None) => Ok(Evaluated::Null),
        (Plan::Text, Some(source)) => {
            let find = find(arguments)?;
            let by = arguments.text(REPLACEMENT)?.unwrap_or_default();
            literally(source, &find, &by)
        }
        (Plan::Template, Some(source)) => {
            let find = find(arguments)?;
            match arguments.text(TEMPLATE)? {
                Some(template) => literally(template, &find, &source),
                None => Ok(Evaluated::Null),
            }
        }
        (Plan::Matches(pattern, Some(by)), Some(source)) => {
            replaced(pattern.replace_all(&source, by), source)
        }
        (Plan::Matches(pattern, None), Some(source)) => {
            let by = pattern.substitution(&arguments.text(REPLACEMENT)?.unwrap_or_default());
            replaced(pattern.replace_all(&source, &by), source)
        }
        (Plan::Group(pattern, group), Some(source)) => {
            let by = arguments.text(REPLACEMENT)?.unwrap_or_default();
            replaced(pattern.replace_group(&source, group, &by), source)
        }
    }
}

/// The source, unless it is empty: then a group of the other attribute.
fn fallback<'a>(
    arguments: &mut Arguments<'_, 'a>,
    source: Option<Cow<'a, str>>,
    pattern: &Pattern,
    group: &str,
) -> Outcome<'a> {
    if let Some(source) = source.filter(|source| !source.is_empty()) {
        return Ok(Evaluated::Text(source));
    }
    let Some(other) = arguments.text(ATTRIBUTE)? else { return Ok(Evaluated::Null) };
    let part = pattern.group_of(&other, group).map_err(|error| exploded(ATTRIBUTE, error, &other))?;
    Ok(part.map_or(Evaluated::Null, Evaluated::text))
}

fn find<'a>(arguments: &mut Arguments<'_, 'a>) -> Result<Cow<'a, str>, Problem> {
    match arguments.text(FIND)?.filter(|find| !find.is_empty()) {
        Some(find) => Ok(find),
        None => Err(Problem::of(FIND, "is empty, and there is nothing to look for; guard it with IIF", "")),
    }
}

/// Every occurrence of a text that is not empty.
fn literally<'a>(text: Cow<'a, str>, find: &str, by: &str) -> Outcome<'a> {
    let times = text.matches(find).count();
    if times == 0 {
        return Ok(Evaluated::Text(text));
    }
    if text.len().saturating_add(times.saturating_mul(by.len())) > LONGEST_RESULT {
        return Err(Problem::new(Exploded::TooLarge.to_string()));
    }
    Ok(Evaluated::text(text.replace(find, by)))
}

/// Without a match the source stays as it is.
fn replaced<'a>(result: Result<Option<String>, Exploded>, source: Cow<'a, str>) -> Outcome<'a> {
    match result {
        Ok(Some(text)) => Ok(Evaluated::text(text)),
        Ok(None) => Ok(Evaluated::Text(source)),
        Err(error) => Err(exploded(SOURCE, error, &source)),
    }
}

fn exploded(argument: usize, error: Exploded, value: &str) -> Problem {
    Problem::of(argument, format!("cannot be searched: {error}"), value)
}

#[cfg(test)]
mod tests;
