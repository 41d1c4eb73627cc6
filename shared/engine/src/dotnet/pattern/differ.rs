//! Whether it matters if a pattern is meant for a whole value or for any part of it.
//!
//! The vendor documents neither reading of its scoping filters. Where both select the same people nobody need be asked.

use std::fmt;

use super::Pattern;
use super::class::{Class, Item, Named};
use super::syntax::{Anchor, Node};

/// How the two readings differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    /// A value that the pattern matches in a part and not as a whole.
    Example(String),
    /// They may differ, and no value was found that shows it.
    Possible,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Example(value) => {
                write!(f, "the value {value:?} matches in a part of it but not as a whole")
            }
            Self::Possible => f.write_str("it may match a part of a value without matching the whole"),
        }
    }
}

/// Whether "the whole value" and "anywhere in the value" can select different values. `None` only when they cannot, or
/// when the pattern is refused anyway. One difference is not counted: `$` also matches before a line feed that ends the
/// value, and no directory keeps one there.
pub(crate) fn readings_differ(pattern: &str) -> Option<Difference> {
    let (node, _) = super::read(pattern).ok()?;
    if is_bound(&node, Side::Start, &node) && is_bound(&node, Side::End, &node) {
        return None;
    }
    let search = Pattern::search(pattern).ok()?;
    let whole = Pattern::whole(pattern).ok()?;
    let shows = |value: &String| search.is_match(value) == Ok(true) && whole.is_match(value) == Ok(false);
    let example = samples(&node).iter().flat_map(|sample| surroundings(sample)).find(shows);
    Some(example.map_or(Difference::Possible, Difference::Example))
}

/// An end of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Start,
    End,
}

/// Whether every match begins (ends) where the value does, or could be extended until it does.
fn is_bound(node: &Node, side: Side, pattern: &Node) -> bool {
    match node {
        Node::Anchor(anchor) => match side {
            Side::Start => *anchor == Anchor::Start,
            Side::End => matches!(anchor, Anchor::End | Anchor::FinalEnd),
        },
        Node::Either(nodes) => nodes.iter().all(|node| is_bound(node, side, pattern)),
        Node::Sequence(nodes) => {
            let outermost = if side == Side::Start { nodes.first() } else { nodes.last() };
            outermost.is_some_and(|node| is_bound(node, side, pattern))
        }
        // What a group holds must not matter to the rest: an extended one may hold more.
        Node::Group(_, body) => {
            is_bound(body, side, pattern) && !pattern.any(&|node| matches!(node, Node::Backreference(_)))
        }
        Node::Repeat { body, most: None, .. } => takes_anything(body),
        _ => false,
    }
}

/// Whether it is one character, whichever it is, line feeds included. `.` is not.
fn takes_anything(node: &Node) -> bool {
    let Node::Class(Class { negated: false, items, minus: None }) = node else { return false };
    items.iter().any(|item| match item {
        Item::Range(first, last) => *first == '\0' && *last == char::MAX,
        Item::Named(named, false) => items.contains(&Item::Named(*named, true)),
        _ => false,
    })
}

/// A value with something before it, behind it, twice, and on a line of its own.
fn surroundings(sample: &str) -> Vec<String> {
    let mut values = Vec::new();
    for filler in ["x", "1", " ", "-", "\n"] {
        values.push(format!("{sample}{filler}"));
        values.push(format!("{filler}{sample}"));
        values.push(format!("{filler}{sample}{filler}"));
    }
    values.push(format!("{sample}\nx"));
    values.push(format!("x\n{sample}"));
    values
}

/// Samples are at most this many: one for each of the first alternatives.
const SAMPLES: usize = 8;

/// Samples are at most this long, in characters.
const SAMPLE: usize = 200;

/// Values that may match, one for each way through the outer alternatives. They are tried before they are believed.
fn samples(node: &Node) -> Vec<String> {
    let mut samples: Vec<String> = node.alternatives().iter().take(SAMPLES).map(sample).collect();
    if let Node::Sequence(nodes) = node
        && let Some(inner) = nodes.iter().find_map(|node| match node {
            Node::Either(alternatives) => Some((node, alternatives)),
            _ => None,
        })
    {
        samples.extend(inner.1.iter().take(SAMPLES).map(|alternative| {
            nodes
                .iter()
                .map(|node| sample(if std::ptr::eq(node, inner.0) { alternative } else { node }))
                .collect()
        }));
    }
    samples
}

fn sample(node: &Node) -> String {
    let mut text = match node {
        Node::Literal(c) => c.to_string(),
        Node::Class(class) => sample_of(class).to_string(),
        Node::Sequence(nodes) => nodes.iter().map(sample).collect(),
        Node::Either(nodes) => nodes.first().map(sample).unwrap_or_default(),
        Node::Group(_, body) | Node::Atomic(body) => sample(body),
        Node::Repeat { body, least, most, .. } => {
            let times = (*least).max(u32::from(*most != Some(0)));
            sample(body).repeat(usize::try_from(times).unwrap_or_default().min(SAMPLE))
        }
        Node::Look { .. } | Node::Anchor(_) | Node::Backreference(_) => String::new(),
    };
    if let Some((end, _)) = text.char_indices().nth(SAMPLE) {
        text.truncate(end);
    }
    text
}

/// A character of a set, as good as any; it need not be right.
fn sample_of(class: &Class) -> char {
    if class.negated || class.minus.is_some() {
        return 'q';
    }
    match class.items.first() {
        Some(Item::Range('\0', _)) | Some(Item::Outside(..)) | None => 'a',
        Some(Item::Range(first, _)) => *first,
        Some(Item::Named(Named::Digit, false)) => '7',
        Some(Item::Named(Named::Space, false)) => ' ',
        Some(Item::Named(Named::Category("Lu" | "Lt"), false)) => 'A',
        Some(Item::Named(Named::Category("N" | "Nd"), false)) => '7',
        Some(Item::Named(Named::Category("P" | "Pd" | "S"), false)) => '-',
        Some(Item::Named(_, false)) => 'a',
        Some(Item::Named(_, true)) => '-',
    }
}
