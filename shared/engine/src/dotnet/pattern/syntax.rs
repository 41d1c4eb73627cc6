//! A pattern as a tree: what .NET would do, before anybody does it.

use super::class::Class;

/// One part of a pattern. Groups are counted as they open, from 1: that is the engine's way. What .NET calls them
/// is kept in [`Groups`](super::groups::Groups).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// One character.
    Literal(char),
    /// One of several characters.
    Class(Class),
    /// One after the other; none of them is the empty text.
    Sequence(Vec<Node>),
    /// The first of them that leads to a match.
    Either(Vec<Node>),
    /// A group whose text is kept.
    Group(usize, Box<Node>),
    /// So many times, as often as possible or (lazy) as seldom as possible.
    Repeat { body: Box<Node>, least: u32, most: Option<u32>, lazy: bool },
    /// What it found once it does not give back.
    Atomic(Box<Node>),
    /// Whether something stands, or does not stand, behind or before this place.
    Look { ahead: bool, wanted: bool, body: Box<Node> },
    /// A place.
    Anchor(Anchor),
    /// The text of a group once more.
    Backreference(usize),
}

/// A place in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `\A`, and `^` unless lines are told apart.
    Start,
    /// `\z`.
    End,
    /// `\Z`, and `$` unless lines are told apart: the end, or before a line feed that ends the value.
    FinalEnd,
    /// `^` where lines are told apart.
    LineStart,
    /// `$` where lines are told apart.
    LineEnd,
    /// `\b`.
    Boundary,
    /// `\B`.
    NoBoundary,
}

impl Node {
    /// Several in a row; one alone is itself.
    pub(super) fn sequence(mut nodes: Vec<Node>) -> Self {
        match (nodes.len(), nodes.pop()) {
            (1, Some(only)) => only,
            (_, Some(last)) => {
                nodes.push(last);
                Self::Sequence(nodes)
            }
            (_, None) => Self::Sequence(nodes),
        }
    }

    /// How many characters it takes at least and, unless there is no telling, at most.
    pub(super) fn width(&self) -> (u32, Option<u32>) {
        match self {
            Self::Literal(_) | Self::Class(_) => (1, Some(1)),
            Self::Anchor(_) | Self::Look { .. } => (0, Some(0)),
            Self::Backreference(_) => (0, None),
            Self::Group(_, body) | Self::Atomic(body) => body.width(),
            Self::Sequence(nodes) => {
                nodes.iter().map(Self::width).fold((0, Some(0)), |(least, most), (l, m)| {
                    (least.saturating_add(l), most.zip(m).map(|(a, b)| a.saturating_add(b)))
                })
            }
            Self::Either(nodes) => wider(nodes.iter().map(Self::width)),
            Self::Repeat { body, least, most, .. } => {
                let (l, m) = body.width();
                (l.saturating_mul(*least), most.zip(m).map(|(a, b)| a.saturating_mul(b)))
            }
        }
    }

    /// Whether it, or something in it, is so.
    pub(super) fn any(&self, is_so: &impl Fn(&Self) -> bool) -> bool {
        is_so(self) || self.children().into_iter().any(|child| child.any(is_so))
    }

    /// What it directly consists of.
    pub(super) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Literal(_) | Self::Class(_) | Self::Anchor(_) | Self::Backreference(_) => Vec::new(),
            Self::Sequence(nodes) | Self::Either(nodes) => nodes.iter().collect(),
            Self::Group(_, body)
            | Self::Repeat { body, .. }
            | Self::Atomic(body)
            | Self::Look { body, .. } => {
                vec![body]
            }
        }
    }

    /// Its alternatives; itself when it has none.
    pub(super) fn alternatives(&self) -> &[Self] {
        match self {
            Self::Either(nodes) => nodes,
            other => std::slice::from_ref(other),
        }
    }
}

fn wider(widths: impl Iterator<Item = (u32, Option<u32>)>) -> (u32, Option<u32>) {
    widths
        .reduce(|(least, most), (l, m)| (least.min(l), most.zip(m).map(|(a, b)| a.max(b))))
        .unwrap_or((0, Some(0)))
}
