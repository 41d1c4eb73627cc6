//! Why an expression gave what it gave: each part with its result, the whole first.
//!
//! Made only for objects that are logged or explained. Promised:
//!
//! * Explaining gives the same result as evaluating.
//! * An expression that has `Redact` in it, or reads a secret, shows no value and no way it took: its trace is one
//!   line, and what `Redact` encloses is left out of that, for it may be a constant.
//! * A trace is bounded, whatever the expression: see [`STEPS`].

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;

use std::ops::Range;

use serde::Serialize;

use super::ast::{Node, NodeKind};
use super::error::shortened;
use super::evaluate::{Result, Witness, evaluate};
use super::{Context, Evaluated, EvaluationError, Expression};

/// What shows instead of a redacted value.
pub const REDACTED: &str = "[Redact]";

/// The most parts a trace tells of, the whole included; the first that are evaluated are the ones it tells of. An
/// expression of 10,000 characters has thousands of parts. 32 are more than any published expression has, and with
/// the 240 characters that are shown of each, the traces of a whole mapping still fit into one stored log record.
const STEPS: usize = 32;

/// The most elements of a list that are written out before it is cut: each takes 3 characters or more, so these are
/// more than [`shortened`] shows.
const ELEMENTS: usize = 64;

/// One part of an expression and what it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// The part as it was written, on one line, and cut when it is long.
    pub part: String,
    /// What it gave: texts in quotes, `null`, or the error; `error` alone where one of its steps tells it.
    pub result: String,
    /// Whether it failed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The parts it consists of that were evaluated, in order; constants are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Trace>,
    /// How many further steps were left out, because the trace was long enough.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Expression {
    /// Evaluates for one person and tells how.
    pub fn explain<'a>(
        &'a self,
        context: &Context<'a>,
    ) -> (std::result::Result<Evaluated<'a>, EvaluationError>, Trace) {
        if self.hides(context) {
            let result = self.evaluate(context);
            let shown = result.as_ref().map_or_else(ToString::to_string, |_| REDACTED.to_owned());
            let trace = Trace { result: shown, failed: result.is_err(), ..Trace::of(&self.root, &self.text) };
            return (result, trace);
        }
        let mut recorder = Recorder { text: &self.text, open: Vec::new(), whole: None, begun: 0 };
        let result = evaluate(&self.root, context, &mut recorder);
        let trace = recorder.whole.unwrap_or_else(|| Trace::of(&self.root, &self.text).with(&result));
        (result, trace)
    }
}

impl Trace {
    fn of(node: &Node, text: &str) -> Self {
        let part = shortened(&written(node, text));
        Self { part, result: String::new(), failed: false, steps: Vec::new(), left_out: 0 }
    }

    fn with(self, result: &Result<'_>) -> Self {
        let shown = match result {
            Ok(value) => shown(value),
            Err(_) if self.steps.iter().any(|step| step.failed) => "error".into(),
            Err(error) => error.to_string(),
        };
        Self { result: shown, failed: result.is_err(), ..self }
    }
}

/// Writes down what is evaluated: a tree that grows where the evaluation stands.
struct Recorder<'a> {
    text: &'a str,
    /// The parts that are being evaluated, outermost first; `None` for those that are left out.
    open: Vec<Option<Trace>>,
    whole: Option<Trace>,
    begun: usize,
}

impl Witness for Recorder<'_> {
    fn enters(&mut self, node: &Node) {
        if matches!(node.kind, NodeKind::Constant(_)) {
            return;
        }
        let is_told = self.begun < STEPS;
        self.begun += 1;
        self.open.push(is_told.then(|| Trace::of(node, self.text)));
    }

    fn leaves(&mut self, node: &Node, result: &Result<'_>) {
        if matches!(node.kind, NodeKind::Constant(_)) {
            return;
        }
        let trace = self.open.pop().flatten().map(|trace| trace.with(result));
        match (self.open.last_mut(), trace) {
            (Some(Some(around)), Some(trace)) => around.steps.push(trace),
            (Some(Some(around)), None) => around.left_out += 1,
            (Some(None), _) => {}
            (None, trace) => self.whole = trace,
        }
    }
}

/// A part as it was written, without what `Redact` encloses, on one line.
fn written(node: &Node, text: &str) -> String {
    let mut veiled = Vec::new();
    find_veiled(node, &mut veiled);
    let mut shown = String::new();
    let mut from = node.at.start;
    for veil in veiled {
        shown.push_str(text.get(from..veil.start).unwrap_or_default());
        shown.push_str("Redact(…)");
        from = veil.end;
    }
    shown.push_str(text.get(from..node.at.end).unwrap_or_default());
    shown.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The places of the outermost calls of `Redact`, from left to right.
fn find_veiled(node: &Node, places: &mut Vec<Range<usize>>) {
    match &node.kind {
        NodeKind::Attribute(_) | NodeKind::Constant(_) | NodeKind::IgnoreFlow => {}
        NodeKind::Call(call) if call.function.name == "Redact" => places.push(node.at.clone()),
        NodeKind::Call(call) => call.arguments.iter().flatten().for_each(|node| find_veiled(node, places)),
        NodeKind::Compare(_, left, right) => [left, right].iter().for_each(|node| find_veiled(node, places)),
        NodeKind::Concat(parts) => parts.iter().for_each(|node| find_veiled(node, places)),
    }
}

/// A value as traces show it.
#[must_use]
pub fn shown(value: &Evaluated<'_>) -> String {
    match value {
        Evaluated::Null => "null".into(),
        Evaluated::Ignored => "ignored".into(),
        Evaluated::Text(text) => format!("\"{}\"", shortened(text)),
        Evaluated::List(values) => {
            let elements: Vec<_> = values.iter().take(ELEMENTS).map(shown).collect();
            format!("[{}]", shortened(&elements.join(", ")))
        }
        Evaluated::Complex(parts) => {
            let parts: Vec<_> =
                parts.iter().take(ELEMENTS).map(|(name, value)| format!("{name}: {value}")).collect();
            format!("{{{}}}", shortened(&parts.join(", ")))
        }
        Evaluated::Boolean(_) | Evaluated::Integer(_) => value.as_text().unwrap_or_default().into_owned(),
    }
}

impl std::fmt::Display for Trace {
    /// One line: `Join(" ", [a], [b]) = "A B"`, with what it was made from in parentheses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = {}", self.part, self.result)?;
        let more = (self.left_out > 0).then(|| format!("{} more", self.left_out));
        let steps: Vec<String> = self.steps.iter().map(ToString::to_string).chain(more).collect();
        if steps.is_empty() { Ok(()) } else { write!(f, " ({})", steps.join("; ")) }
    }
}
