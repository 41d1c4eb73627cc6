//! Evaluating a checked tree for one person.
//!
//! In: nodes and a [`Context`]. Out: a value that borrows where it can, or an [`EvaluationError`]. A [`Witness`]
//! may watch; without one the watching costs nothing.
//!
//! Promised: every part is evaluated once at most, from left to right; no text that a part makes grows beyond
//! [`LARGEST`], and all parts together handle at most [`MOST`], so that no expression takes long or much memory;
//! `IgnoreFlowIfNullOrEmpty` that found nothing is the result of whatever encloses it.

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;

use std::borrow::Cow;
use std::cmp::Ordering;

use super::ast::{Call, Node, NodeKind};
use super::functions::{Arguments, Body, Lazy, Outcome, Problem};
use super::syntax::Comparison;
use super::{Context, Evaluated, EvaluationError};
use crate::model::Value;

/// What an evaluation yields.
pub(super) type Result<'a> = std::result::Result<Evaluated<'a>, EvaluationError>;

/// Watches an evaluation.
pub(super) trait Witness {
    /// A node is about to be evaluated.
    fn enters(&mut self, node: &Node);
    /// It was.
    fn leaves(&mut self, node: &Node, result: &Result<'_>);
}

/// Looks away.
pub(super) struct Nobody;

impl Witness for Nobody {
    fn enters(&mut self, _: &Node) {}
    fn leaves(&mut self, _: &Node, _: &Result<'_>) {}
}

/// The largest value a part may make, in bytes of text. An expression of 10,000 characters can double a text a few
/// hundred times with nested `Replace`; the largest values that directories really hold, photos as base64, are some
/// 100,000 bytes. What a part only passes on is not counted: the source has bounded it.
pub(super) const LARGEST: usize = 1 << 20;

/// What all parts may give together, in bytes: a value of 1 MB may go through a dozen functions. Without this an
/// expression of 10,000 characters could change the case of such a value 700 times, in ten seconds, and hold as many
/// copies. The slowest function takes some 20 nanoseconds a byte, so that a person takes a third of a second at most.
pub(super) const MOST: usize = 16 * LARGEST;

/// An evaluation under way.
struct Run<'w, W> {
    witness: &'w mut W,
    /// The bytes that its parts have given so far.
    handled: usize,
}

/// Evaluates a node.
pub(super) fn evaluate<'a, W: Witness>(node: &'a Node, context: &Context<'a>, witness: &mut W) -> Result<'a> {
    part(node, context, &mut Run { witness, handled: 0 })
}

fn part<'a, W: Witness>(node: &'a Node, context: &Context<'a>, run: &mut Run<'_, W>) -> Result<'a> {
    run.witness.enters(node);
    let result = match &node.kind {
        NodeKind::Attribute(attribute) => Ok(context.value(attribute)),
        NodeKind::IgnoreFlow => Ok(Evaluated::Ignored),
        NodeKind::Constant(text) => Ok(Evaluated::text(text.as_str())),
        NodeKind::Call(call) => called(node, call, context, run),
        NodeKind::Compare(comparison, left, right) => compared(*comparison, left, right, context, run),
        NodeKind::Concat(parts) => concatenated(parts, context, run),
    };
    let result = result.and_then(|value| run.handle(node, value));
    run.witness.leaves(node, &result);
    result
}

impl<W> Run<'_, W> {
    /// Passes a value on, unless that is more than an evaluation may handle.
    fn handle<'a>(&mut self, node: &Node, value: Evaluated<'a>) -> Result<'a> {
        // What `IIF` and its like choose was counted where it comes from.
        let chooses =
            matches!(&node.kind, NodeKind::Call(call) if matches!(call.function.body, Body::Lazy(_)));
        self.handled = self.handled.saturating_add(if chooses { 0 } else { size(&value) });
        if self.handled <= MOST { Ok(value) } else { Err(too_much(node)) }
    }
}

fn too_much(node: &Node) -> EvaluationError {
    let problem = "up to here the expression handles more than 16 MB for this person; shorten what goes into it, for example with Left, or use large values in fewer places";
    EvaluationError { at: node.at.clone(), problem: problem.into(), value: None }
}

/// The bytes of a value; an element of a list takes room besides its text.
fn size(value: &Evaluated<'_>) -> usize {
    size_of::<Evaluated<'_>>()
        + match value {
            Evaluated::Text(text) => text.len(),
            Evaluated::List(values) => values.iter().map(size).sum(),
            Evaluated::Complex(parts) => parts.values().map(size_of_part).sum(),
            Evaluated::Null | Evaluated::Ignored | Evaluated::Boolean(_) | Evaluated::Integer(_) => 0,
        }
}

fn size_of_part(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(text) => text.len(),
            Value::List(values) => values.iter().map(size_of_part).sum(),
            Value::Complex(parts) => parts.values().map(size_of_part).sum(),
            Value::Boolean(_) | Value::Integer(_) | Value::Secret(_) => 0,
        }
}

fn called<'a, W: Witness>(
    node: &'a Node,
    call: &'a Call,
    context: &Context<'a>,
    run: &mut Run<'_, W>,
) -> Result<'a> {
    let outcome = match call.function.body {
        Body::Strict(body) => {
            let mut values = Vec::with_capacity(call.arguments.len());
            for argument in &call.arguments {
                values.push(match argument {
                    Some(argument) => Some(part(argument, context, run)?),
                    None => None,
                });
            }
            if values.contains(&Some(Evaluated::Ignored)) {
                return Ok(Evaluated::Ignored);
            }
            body(&mut Arguments { values, context, prepared: &call.prepared, place: node.at.start })
        }
        Body::Lazy(body) => body(&mut Waiting { call, context, run }),
    };
    outcome.and_then(bounded).map_err(|problem| told(node, call, problem))
}

fn bounded(value: Evaluated<'_>) -> Outcome<'_> {
    if made(&value) > LARGEST {
        return Err(Problem::new(
            "makes more than 1 MB of text; shorten what goes into it, for example with Left",
        ));
    }
    Ok(value)
}

/// The bytes of text that were made, not borrowed.
fn made(value: &Evaluated<'_>) -> usize {
    match value {
        Evaluated::Text(Cow::Owned(text)) => text.len(),
        Evaluated::List(values) => values.iter().map(made).sum(),
        _ => 0,
    }
}

fn told(node: &Node, call: &Call, problem: Problem) -> EvaluationError {
    if let Some(told) = problem.told {
        return *told;
    }
    let argument = problem.argument.and_then(|position| call.arguments.get(position)?.as_ref());
    let name = problem.argument.and_then(|position| super::check::parameter(call.function, position));
    let subject = match name {
        Some(parameter) => format!("{}: '{}' {}", call.function.name, parameter.name, problem.problem),
        None => format!("{}: {}", call.function.name, problem.problem),
    };
    EvaluationError { at: argument.unwrap_or(node).at.clone(), problem: subject, value: problem.value }
}

/// The arguments of a call that decides itself which are evaluated.
struct Waiting<'r, 'w, 'a, W> {
    call: &'a Call,
    context: &'r Context<'a>,
    run: &'r mut Run<'w, W>,
}

impl<'a, W: Witness> Lazy<'a> for Waiting<'_, '_, 'a, W> {
    fn len(&self) -> usize {
        self.call.arguments.len()
    }

    fn value(&mut self, position: usize) -> Outcome<'a> {
        match self.call.arguments.get(position) {
            Some(Some(argument)) => part(argument, self.context, self.run)
                .map_err(|told| Problem { told: Some(Box::new(told)), ..Problem::new("") }),
            _ => Ok(Evaluated::Null),
        }
    }

    fn context(&self) -> &Context<'a> {
        self.context
    }

    fn lacks_value(&self, position: usize) -> bool {
        matches!(self.call.arguments.get(position), Some(Some(argument)) if lacks_value(argument, self.context))
    }
}

fn lacks_value(node: &Node, context: &Context<'_>) -> bool {
    match &node.kind {
        NodeKind::Attribute(attribute) => context.lacks(attribute),
        NodeKind::Constant(_) | NodeKind::IgnoreFlow => false,
        NodeKind::Call(call) => call.arguments.iter().flatten().any(|node| lacks_value(node, context)),
        NodeKind::Compare(_, left, right) => lacks_value(left, context) || lacks_value(right, context),
        NodeKind::Concat(parts) => parts.iter().any(|node| lacks_value(node, context)),
    }
}

fn compared<'a, W: Witness>(
    comparison: Comparison,
    left: &'a Node,
    right: &'a Node,
    context: &Context<'a>,
    run: &mut Run<'_, W>,
) -> Result<'a> {
    let before = part(left, context, run)?;
    let behind = part(right, context, run)?;
    if before == Evaluated::Ignored || behind == Evaluated::Ignored {
        return Ok(Evaluated::Ignored);
    }
    let what = "a comparison";
    let before = plain(before, left, what)?;
    let behind = plain(behind, right, what)?;
    let order = order(&before, &behind);
    Ok(Evaluated::Boolean(match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::Less => order.is_lt(),
    }))
}

/// Two numbers compare as numbers. Everything else compares character by character, case included: Booleans are
/// `True` and `False`, null is an empty text.
fn order(before: &str, behind: &str) -> Ordering {
    match (Decimal::read(before), Decimal::read(behind)) {
        (Some(before), Some(behind)) => before.cmp(&behind),
        // Bytes of UTF-8 stand in the order of their characters.
        _ => before.cmp(behind),
    }
}

fn concatenated<'a, W: Witness>(
    parts: &'a [Node],
    context: &Context<'a>,
    run: &mut Run<'_, W>,
) -> Result<'a> {
    let mut text = String::new();
    for one in parts {
        let value = part(one, context, run)?;
        if value == Evaluated::Ignored {
            return Ok(Evaluated::Ignored);
        }
        text.push_str(&plain(value, one, "&")?);
        if text.len() > LARGEST {
            let problem =
                "& makes more than 1 MB of text; shorten what goes into it, for example with Left".into();
            return Err(EvaluationError { at: one.at.clone(), problem, value: None });
        }
    }
    Ok(Evaluated::text(text))
}

/// One value as text; null is an empty text.
fn plain<'a>(
    value: Evaluated<'a>,
    node: &Node,
    what: &str,
) -> std::result::Result<Cow<'a, str>, EvaluationError> {
    super::functions::plain_text(value).map(Option::unwrap_or_default).map_err(|problem| EvaluationError {
        at: node.at.clone(),
        problem: format!("{what} {}", problem.problem),
        value: problem.value,
    })
}

/// A number as it is written, such as `-12.50`, without its superfluous zeros: so numbers of any length compare
/// exactly, as no float would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal<'t> {
    is_negative: bool,
    whole: &'t str,
    decimals: &'t str,
}

impl<'t> Decimal<'t> {
    /// Reads digits with an optional minus and decimals; blanks around them are ignored. Anything else is no number:
    /// neither `1,5` nor `1e3`.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix('-');
        let (whole, decimals) = match digits.unwrap_or(text).split_once('.') {
            Some((_, "")) => return None,
            Some(both) => both,
            None => (digits.unwrap_or(text), ""),
        };
        if whole.is_empty() || !whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (whole, decimals) = (whole.trim_start_matches('0'), decimals.trim_end_matches('0'));
        let is_zero = whole.is_empty() && decimals.is_empty();
        Some(Self { is_negative: digits.is_some() && !is_zero, whole, decimals })
    }

    pub(super) fn is_zero(self) -> bool {
        self.whole.is_empty() && self.decimals.is_empty()
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |number: &Self| (number.whole.len(), number.whole, number.decimals);
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
