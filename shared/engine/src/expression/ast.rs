//! The checked tree: names are functions, constants are ready, and every arity is right. Built once when an
//! expression is saved, or once a cycle; evaluated for every person.

use std::collections::BTreeSet;
use std::ops::Range;

use super::context::AttributeRef;
use super::functions::{Function, Prepared};
use super::syntax::Comparison;

/// One node.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// Byte offsets into the expression's text.
    pub(super) at: Range<usize>,
}

/// What a node can be.
#[derive(Debug, Clone)]
pub(super) enum NodeKind {
    Attribute(AttributeRef),
    /// Text, a number or an enumeration's constant; hexadecimal numbers are written in decimal by now.
    Constant(String),
    /// `IgnoreAttributeFlow`: the attribute is left out of this operation.
    IgnoreFlow,
    Call(Call),
    Compare(Comparison, Box<Node>, Box<Node>),
    Concat(Vec<Node>),
}

/// A call with everything that could be made ready.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) function: &'static Function,
    pub(super) arguments: Vec<Option<Node>>,
    pub(super) prepared: Prepared,
}

/// What a whole expression reads and depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Every source attribute it reads. `IsSoftDeleted` is computed and not among them.
    pub attributes: BTreeSet<String>,
    /// Those of them that it reads within `Redact`: their values show nowhere.
    pub veiled: BTreeSet<String>,
    /// Whether `Redact` is in it: then its result shows nowhere.
    pub redacts: bool,
    /// Whether it reads the computed `IsSoftDeleted`.
    pub reads_soft_deleted: bool,
    /// Whether its result may change with the time alone.
    pub uses_time: bool,
    /// Whether its result is drawn.
    pub uses_chance: bool,
    /// Whether it gives candidates of which the target tells the first that is free (`SelectUniqueValue`).
    pub is_unique: bool,
    /// Whether its values are added to those that are there (`AppRoleAssignmentsComplex`).
    pub adds_only: bool,
    /// Whether having no value means having none of them: roles that are not assigned are taken away
    /// (`AssertiveAppRoleAssignmentsComplex`).
    pub asserts: bool,
    /// Whether it needs the organisation's own domain.
    pub uses_default_domain: bool,
    /// Whether it reads the roles that are assigned to the person.
    pub reads_roles: bool,
}

impl Node {
    /// Whether `Redact` is in it.
    pub(super) fn redacts(&self) -> bool {
        match &self.kind {
            NodeKind::Attribute(_) | NodeKind::Constant(_) | NodeKind::IgnoreFlow => false,
            NodeKind::Call(call) => {
                call.function.name == "Redact" || call.arguments.iter().flatten().any(Self::redacts)
            }
            NodeKind::Compare(_, left, right) => left.redacts() || right.redacts(),
            NodeKind::Concat(parts) => parts.iter().any(Self::redacts),
        }
    }
}
