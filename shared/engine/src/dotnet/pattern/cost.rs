//! What a pattern can cost, as far as it shows in the pattern, and what it may.
//!
//! The engine counts the ways it gives up. It does not count what a look-around or an atomic group has read once that
//! succeeded, and may let it read the same again in the next step. So it is settled here how much that can be.

use super::LONGEST_VALUE;
use super::syntax::{Anchor, Node};

/// What a value may cost. A step is a way that is given up; it takes about 40 nanoseconds, unless it reads the value
/// once more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// How much may be compiled, in bytes, of each part that the engine does without steps.
    pub(super) compiled: usize,
    /// The steps of a search when there may be many: replacing looks for a match up to once a character.
    pub(super) few_steps: usize,
    /// The steps of a search that turns out to need more.
    pub(super) steps: usize,
    /// How many such searches a value may need.
    pub(super) long_searches: usize,
    /// How many searches a value may need.
    pub(super) searches: usize,
}

/// Where a step costs what it costs: 1,025 × 500 + 4 × 100,000 steps at most, about 40 milliseconds. What is no mistake
/// stays far below: trying each of 400 characters with each other is 80,000 steps.
pub(super) const LIGHT: Effort = Effort {
    compiled: 1 << 21,
    few_steps: 500,
    steps: 100_000,
    long_searches: 4,
    searches: LONGEST_VALUE + 1,
};

/// Where each step may read all of the value, in a microsecond or a few, because a look-around reaches so far or
/// because so much was compiled: 200 × 100 + 20,000 steps at most, some tens of milliseconds. Only here a pattern may
/// take 16 MB instead of 2.
pub(super) const HEAVY: Effort =
    Effort { compiled: 1 << 24, few_steps: 100, steps: 20_000, long_searches: 1, searches: 200 };

/// A look-around that reaches no further than this costs no more than the step it belongs to.
const NEAR: u32 = 16;

/// About how much there is to compile: a letter is one, a set with a name some dozen ranges, a repetition as often as it
/// may be. What weighs 20,000 takes about a twentieth of a second to compile, and some megabytes to search with.
pub(super) fn weight(node: &Node) -> u32 {
    const NAMED_SET: u32 = 64;
    const PLAIN_SET: u32 = 4;
    let of_children = || node.children().into_iter().map(weight).fold(1, u32::saturating_add);
    match node {
        Node::Class(class) if class.has_names() => NAMED_SET,
        Node::Class(_) => PLAIN_SET,
        Node::Repeat { body, least, most, .. } => {
            weight(body).saturating_mul(most.unwrap_or(least.saturating_add(1)).max(1))
        }
        _ => of_children(),
    }
}

/// Whether the engine must try one way after the other. What is left it does in time proportional to the value.
pub(super) fn takes_steps(node: &Node) -> bool {
    node.any(&|node| match node {
        Node::Atomic(_) | Node::Look { .. } | Node::Backreference(_) => true,
        Node::Anchor(anchor) => matches!(anchor, Anchor::FinalEnd | Anchor::Boundary | Anchor::NoBoundary),
        _ => false,
    })
}

/// Whether a single step may read all of the value.
pub(super) fn reads_on(node: &Node) -> bool {
    node.any(&|node| match node {
        Node::Atomic(body) | Node::Look { body, .. } => body.width().1.is_none_or(|most| most > NEAR),
        _ => false,
    })
}

/// Whether a single step may read all of the value, and from each place in it once more.
pub(super) fn reads_again(node: &Node) -> bool {
    let has_look = |node: &Node| node.any(&|node| matches!(node, Node::Look { .. }));
    let repeats_look = |node: &Node| match node {
        Node::Repeat { body, most, .. } => *most != Some(1) && has_look(body),
        _ => false,
    };
    node.any(&|node| match node {
        Node::Atomic(body) | Node::Look { body, .. } => body.any(&repeats_look),
        _ => false,
    })
}
