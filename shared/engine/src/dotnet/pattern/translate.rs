//! From the tree to the engine's notation. Nothing is left to the engine's own reading of sets, cases, places or
//! options: each part is spelled out, so that it means what .NET means by it.

use std::fmt::Write;

use super::class::{Class, Named, character};
use super::syntax::{Anchor, Node};

/// Writes a tree for the engine.
pub(super) fn translate(node: &Node) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

fn write(node: &Node, out: &mut String) {
    match node {
        Node::Literal(c) => character(*c, out),
        Node::Class(class) => class.write(out),
        Node::Sequence(nodes) => nodes.iter().for_each(|node| write(node, out)),
        Node::Either(nodes) => {
            out.push_str("(?:");
            for (position, node) in nodes.iter().enumerate() {
                if position > 0 {
                    out.push('|');
                }
                write(node, out);
            }
            out.push(')');
        }
        Node::Group(_, body) => enclosed("(", body, out),
        Node::Atomic(body) => enclosed("(?>", body, out),
        Node::Look { ahead, wanted, body } => enclosed(
            match (ahead, wanted) {
                (true, true) => "(?=",
                (true, false) => "(?!",
                (false, true) => "(?<=",
                (false, false) => "(?<!",
            },
            body,
            out,
        ),
        Node::Repeat { body, least, most, lazy } => {
            if matches!(**body, Node::Literal(_) | Node::Class(_)) {
                write(body, out);
            } else {
                enclosed("(?:", body, out);
            }
            times(*least, *most, out);
            if *lazy {
                out.push('?');
            }
        }
        Node::Anchor(anchor) => place(*anchor, out),
        // Writing into a `String` never fails. The brackets keep a digit that follows out of the number.
        Node::Backreference(group) => {
            let _ = write!(out, r"(?:\{group})");
        }
    }
}

fn enclosed(open: &str, body: &Node, out: &mut String) {
    out.push_str(open);
    write(body, out);
    out.push(')');
}

fn times(least: u32, most: Option<u32>, out: &mut String) {
    let _ = match (least, most) {
        (0, None) => out.write_char('*'),
        (1, None) => out.write_char('+'),
        (0, Some(1)) => out.write_char('?'),
        (least, None) => write!(out, "{{{least},}}"),
        (least, Some(most)) => write!(out, "{{{least},{most}}}"),
    };
}

fn place(anchor: Anchor, out: &mut String) {
    match anchor {
        Anchor::Start => out.push_str(r"\A"),
        Anchor::End => out.push_str(r"\z"),
        Anchor::FinalEnd => out.push_str(r"(?=\x{A}?\z)"),
        Anchor::LineStart => out.push_str("(?m:^)"),
        Anchor::LineEnd => out.push_str("(?m:$)"),
        Anchor::Boundary | Anchor::NoBoundary => {
            let mut word = String::new();
            Class::of(Named::Boundary, false).write(&mut word);
            let _ = match anchor {
                Anchor::Boundary => write!(out, "(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"),
                _ => write!(out, "(?:(?<={word})(?={word})|(?<!{word})(?!{word}))"),
            };
        }
    }
}
