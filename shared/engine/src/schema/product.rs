//! The parse product of an expression: the tree of functions, attributes and constants in which the management
//! API hands expressions around, beside their text.
//!
//! In: a [`Syntax`]. Out: an [`AttributeMappingSource`], and from one the text of its expression again.
//!
//! What the API documents: a function's parameters stand under the function's own names,
//! a repeating one under the same name again and again; arguments that were left out are missing; a constant is
//! a quoted text, a number too (`8` has the name `8` and the expression `"8"`).
//!
//! What it does not document, decided here:
//! * Comparisons and `&` are functions whose name is the sign: `=` with the parameters `left` and `right`, `&`
//!   with `source` for each part. No function has such a name, so that nobody mistakes them.
//! * Hexadecimal numbers and words such as `vbTextCompare` stand unquoted in their `expression`, because in
//!   quotes they could mean something else.
//! * Below [`DEEPEST`] levels a function keeps its text and loses its parameters. Its text is what counts.
//! * An expression that cannot be parsed is a function without name and parameters, with its text.

use super::document::{AttributeMappingSource, SourceParameter};
use super::given::Given;
use super::spelling::SourceType;
use crate::expression::{self, Comparison, Function, Syntax, SyntaxKind};

/// How many levels of functions are written. JSON is read to a depth of 128, each level takes three of them, and
/// those above a schema's expressions take eight; 32 leaves room for what is put around a schema.
pub const DEEPEST: usize = 32;

/// The name under which the parts of `&` stand.
const PART: &str = "source";

/// The product of an expression's text.
#[must_use]
pub fn of_text(text: &str) -> AttributeMappingSource {
    match expression::parse(text) {
        Ok(syntax) => AttributeMappingSource { expression: text.into(), ..of(&syntax) },
        Err(_) => AttributeMappingSource {
            kind: SourceType::Function.into(),
            name: Given::Null,
            expression: text.into(),
            parameters: Vec::new().into(),
            ..Default::default()
        },
    }
}

/// The product of a tree; its text is printed in the normal form.
#[must_use]
pub fn of(syntax: &Syntax) -> AttributeMappingSource {
    level(syntax, 1)
}

/// The product of a direct mapping.
#[must_use]
pub fn of_attribute(name: &str) -> AttributeMappingSource {
    leaf(SourceType::Attribute, name, format!("[{name}]"))
}

/// The product of a constant mapping.
#[must_use]
pub fn of_constant(text: &str) -> AttributeMappingSource {
    leaf(SourceType::Constant, text, quoted(text))
}

fn level(syntax: &Syntax, depth: usize) -> AttributeMappingSource {
    let (name, arguments): (&str, Vec<(String, &Syntax)>) = match &syntax.kind {
        SyntaxKind::Attribute(name) => return of_attribute(name),
        SyntaxKind::Text(text) | SyntaxKind::Number(text) => return of_constant(text),
        SyntaxKind::Hex(_) | SyntaxKind::Identifier(_) => {
            let text = syntax.to_string();
            return leaf(SourceType::Constant, &text, text.clone());
        }
        SyntaxKind::Call { name, arguments } => (name, named(name, arguments)),
        SyntaxKind::Compare { comparison, left, right } => {
            (comparison.sign(), vec![("left".to_owned(), left), ("right".to_owned(), right)])
        }
        SyntaxKind::Concat(parts) => ("&", parts.iter().map(|part| (PART.to_owned(), part)).collect()),
    };
    let arguments = if depth < DEEPEST { arguments } else { Vec::new() };
    let parameters: Vec<_> = arguments
        .into_iter()
        .map(|(key, argument)| SourceParameter {
            key: key.into(),
            value: level(argument, depth + 1).into(),
            ..Default::default()
        })
        .collect();
    AttributeMappingSource {
        kind: SourceType::Function.into(),
        name: spelled(name).into(),
        expression: syntax.to_string().into(),
        parameters: parameters.into(),
        ..Default::default()
    }
}

fn leaf(kind: SourceType, name: &str, expression: String) -> AttributeMappingSource {
    AttributeMappingSource {
        kind: kind.into(),
        name: name.into(),
        expression: expression.into(),
        parameters: Vec::new().into(),
        ..Default::default()
    }
}

/// A text as the expression language writes it.
fn quoted(text: &str) -> String {
    Syntax { kind: SyntaxKind::Text(text.to_owned()), at: 0..0 }.to_string()
}

/// The arguments that were given, under their parameters' names. Those of a function that is not known, or too
/// many of them, are numbered.
fn named<'a>(name: &str, arguments: &'a [Option<Syntax>]) -> Vec<(String, &'a Syntax)> {
    let function = function(name);
    arguments
        .iter()
        .enumerate()
        .filter_map(|(position, argument)| {
            let key = function
                .and_then(|function| key(function, full_position(function, arguments.len(), position)));
            Some((key.map_or_else(|| (position + 1).to_string(), str::to_owned), argument.as_ref()?))
        })
        .collect()
}

/// Where an argument stands in the full form of a call: `FormatDateTime` may be called with three arguments, and
/// then it is its second, the styles, that is left out.
fn full_position(function: &Function, given: usize, position: usize) -> usize {
    let is_short = function.name == "FormatDateTime" && given == 3;
    if is_short && position > 0 { position + 1 } else { position }
}

fn function(name: &str) -> Option<&'static Function> {
    expression::functions().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// A function's name as it is documented, whatever the case it was written in.
fn spelled(name: &str) -> &str {
    function(name).map_or(name, |function| function.name)
}

/// The key of the argument at a position: its parameter's name, and again for those that repeat. The API has one
/// name for both halves of the pairs of `Switch`.
pub(super) fn key(function: &'static Function, position: usize) -> Option<&'static str> {
    let all = function.parameters;
    let mut at = position;
    if position >= all.len() && function.repeating > 0 {
        let first = all.len().checked_sub(function.repeating)?;
        at = first + (position - first) % function.repeating;
    }
    let name = all.get(at)?.name;
    Some(if function.name == "Switch" && at >= 2 { "switchValue" } else { name })
}

/// The text of the expression a product stands for: its `expression` where it has one, else rebuilt from its
/// parameters.
///
/// # Errors
/// A sentence that says what is missing.
pub fn text(source: &AttributeMappingSource) -> Result<String, String> {
    match source.expression.text() {
        Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
        _ => Ok(rebuilt(source, 1)?.to_string()),
    }
}

fn rebuilt(source: &AttributeMappingSource, depth: usize) -> Result<Syntax, String> {
    if depth > DEEPEST {
        return Err(format!(
            "its parameters nest deeper than {DEEPEST} levels; write the expression as text in 'expression'"
        ));
    }
    if let Some(text) = source.expression.text().filter(|text| !text.trim().is_empty()) {
        return expression::parse(text).map_err(|error| format!("'{text}' cannot be read: {error}"));
    }
    let name = source.name.text();
    let kind = match source.kind.value().unwrap_or(&SourceType::Attribute) {
        SourceType::Attribute => SyntaxKind::Attribute(needed(name, "an attribute")?.to_owned()),
        SourceType::Constant => SyntaxKind::Text(name.unwrap_or_default().to_owned()),
        SourceType::Function => {
            let mut parameters = Vec::new();
            for parameter in source.parameters.each() {
                let value =
                    parameter.value.value().ok_or("a parameter has no value; give it one, or remove it")?;
                parameters.push((parameter.key.text().unwrap_or_default(), rebuilt(value, depth + 1)?));
            }
            called(needed(name, "a function")?, parameters)?
        }
        SourceType::Other(word) => {
            return Err(format!("there is no source type '{word}'; write {}", SourceType::WORDS.join(", ")));
        }
    };
    Ok(Syntax { kind, at: 0..0 })
}

fn needed<'a>(name: Option<&'a str>, of: &str) -> Result<&'a str, String> {
    name.filter(|name| !name.is_empty())
        .ok_or_else(|| format!("it has neither an 'expression' nor the 'name' of {of}; write the expression"))
}

fn called(name: &str, parameters: Vec<(&str, Syntax)>) -> Result<SyntaxKind, String> {
    if name == "&" {
        return Ok(SyntaxKind::Concat(parameters.into_iter().map(|(_, part)| part).collect()));
    }
    if let Some(comparison) = comparison(name) {
        let [(_, left), (_, right)]: [_; 2] = parameters
            .try_into()
            .map_err(|_| format!("'{name}' compares two values; give it left and right"))?;
        return Ok(SyntaxKind::Compare { comparison, left: Box::new(left), right: Box::new(right) });
    }
    Ok(SyntaxKind::Call { name: name.to_owned(), arguments: placed(name, parameters)? })
}

fn comparison(sign: &str) -> Option<Comparison> {
    [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::GreaterOrEqual,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::Less,
    ]
    .into_iter()
    .find(|comparison| comparison.sign() == sign)
}

/// Arguments by position: each takes the first free slot of its name. Those of a function that is not known stay
/// in their order; saving the expression refuses it anyway.
fn placed(name: &str, parameters: Vec<(&str, Syntax)>) -> Result<Vec<Option<Syntax>>, String> {
    let Some(function) = function(name) else {
        return Ok(parameters.into_iter().map(|(_, argument)| Some(argument)).collect());
    };
    // A repeating parameter may take one slot more for each argument, and its companions as many.
    let most = function.parameters.len() + parameters.len() * function.repeating;
    let mut slots: Vec<Option<Syntax>> = vec![None; function.parameters.len()];
    for (key, argument) in parameters {
        let is_free = |position: &usize| slots.get(*position).is_none_or(Option::is_none);
        let is_named = |position: &usize| {
            self::key(function, *position).is_some_and(|name| name.eq_ignore_ascii_case(key))
        };
        let position =
            (0..most).find(|position| is_free(position) && is_named(position)).ok_or_else(|| {
                let mut names: Vec<_> =
                    (0..function.parameters.len()).filter_map(|at| self::key(function, at)).collect();
                names.dedup();
                format!("{} has no free parameter '{key}'; it takes {}", function.name, names.join(", "))
            })?;
        if slots.len() <= position {
            slots.resize(position + 1, None);
        }
        if let Some(slot) = slots.get_mut(position) {
            *slot = Some(argument);
        }
    }
    Ok(slots)
}

/// Whether a product that somebody gave can be that of an expression whose own product is `parsed`.
///
/// Judged is what the API documents: kinds, names and the number of arguments. Parameters that were left out beside
/// a text do not count; nor do keys, which are documented for some functions only, nor what stands for
/// comparisons, `&` and hexadecimal numbers.
pub(super) fn agree(given: &AttributeMappingSource, parsed: &AttributeMappingSource) -> bool {
    let name = parsed.name.text().unwrap_or_default();
    if name == "&" || name.starts_with("&H") || comparison(name).is_some() {
        return true;
    }
    let kind = given.kind.value().unwrap_or(&SourceType::Attribute);
    let is_named = match given.name.text() {
        None | Some("") => true,
        Some(given) if *kind == SourceType::Attribute => given == name,
        Some(given) => given.eq_ignore_ascii_case(name),
    };
    let (ours, theirs) = (given.parameters.each(), parsed.parameters.each());
    let arguments_agree = ours.is_empty()
        || (ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|(ours, theirs)| {
                match (ours.value.value(), theirs.value.value()) {
                    (Some(ours), Some(theirs)) => agree(ours, theirs),
                    _ => true,
                }
            }));
    Some(kind) == parsed.kind.value() && is_named && arguments_agree
}
