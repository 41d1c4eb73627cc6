//! Mapping one object: from source attributes to target values, each evaluated once.

use jiff::Timestamp;
use uuid::Uuid;

use super::check::{CheckedAttribute, Mapping, ValueSource};
use super::references::anchor;
use super::values::typed;
use crate::expression::{Context, Evaluated};
use crate::ids::Key;
use crate::model::{SourceId, SourceObject, Value};

/// What an evaluation is given besides the object: the time, and where chance begins.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// The time, for expressions that ask for it.
    pub now: Timestamp,
    /// The change that comes of it: a replay of the same change draws the same.
    pub change: Uuid,
    /// Secret. Nobody can draw again what was drawn, or try out what was hidden, without it.
    pub key: Key,
}

/// What the target shall hold for one object. Values stand in the order of the mapping's attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    pub(super) flows: Vec<Flow>,
}

/// What flows to one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flow {
    /// This value.
    Value(Value),
    /// The first of these that the target does not have yet.
    Candidates(Vec<Value>),
    /// Nothing: the source has no value.
    Null,
    /// Nothing, and no default either: the expression says so.
    Ignored,
    /// The account of this object, which is not known, or has yet to be looked up: nothing flows until then.
    Refers(SourceId),
}

/// Why a value cannot be had, or not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value for '{target}' cannot be used: {problem}")]
pub struct MappedError {
    /// The target attribute.
    pub target: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl Mapping {
    /// Maps one object. `soft_deleted` is the computed `IsSoftDeleted`: switched off, in the recycle bin, or out
    /// of scope. Whom it refers to flows once it is [`resolved`](Mapped::resolve).
    ///
    /// # Errors
    /// [`MappedError`] when an expression has no result for this object, or a value cannot be converted to its
    /// target attribute's type.
    pub fn evaluate(
        &self,
        object: &SourceObject,
        soft_deleted: bool,
        occasion: &Occasion,
    ) -> Result<Mapped, MappedError> {
        let mut context = self.context(object, soft_deleted, occasion);
        let mut flows = Vec::with_capacity(self.attributes.len());
        for attribute in &self.attributes {
            self.seed(&mut context, attribute, occasion);
            let flow = flow(attribute, &context, &occasion.key)
                .map_err(|problem| MappedError { target: attribute.target.clone(), problem })?;
            flows.push(flow);
        }
        Ok(Mapped { flows })
    }

    pub(super) fn context<'a>(
        &'a self,
        object: &'a SourceObject,
        soft_deleted: bool,
        occasion: &Occasion,
    ) -> Context<'a> {
        Context { object, soft_deleted, now: occasion.now, seed: [0; 32], settings: &self.settings }
    }

    /// Two attributes of one person draw differently, and so does the same attribute in another change.
    pub(super) fn seed(&self, context: &mut Context<'_>, attribute: &CheckedAttribute, occasion: &Occasion) {
        if attribute.expression().is_some_and(|expression| expression.facts().uses_chance) {
            let purpose =
                [b"chance\n", occasion.change.as_bytes().as_slice(), attribute.target.as_bytes()].concat();
            context.seed = occasion.key.bytes_for(&purpose);
        }
    }
}

pub(super) fn flow<'a>(
    attribute: &'a CheckedAttribute,
    context: &Context<'a>,
    key: &Key,
) -> Result<Flow, String> {
    let value = match &attribute.value {
        ValueSource::Nowhere => return Ok(Flow::Null),
        ValueSource::Constant(value) => return Ok(Flow::Value(value.clone())),
        ValueSource::Attribute(name) if attribute.refers => {
            return Ok(anchor(context.value(name))?.map_or(Flow::Null, Flow::Refers));
        }
        ValueSource::Attribute(name) => context.value(name),
        ValueSource::Expression(expression) => expression.evaluate(context).map_err(|error| {
            format!("the expression fails at column {}: {error}", expression.column(error.at.start))
        })?,
    };
    flowing(value, attribute, key)
}

/// What flows of a value that was evaluated.
pub(super) fn flowing(value: Evaluated<'_>, attribute: &CheckedAttribute, key: &Key) -> Result<Flow, String> {
    let is_unique = attribute.expression().is_some_and(|expression| expression.facts().is_unique);
    match value {
        Evaluated::Ignored => Ok(Flow::Ignored),
        Evaluated::List(candidates) if is_unique => candidates
            .into_iter()
            .filter_map(|candidate| typed(candidate, attribute, key).transpose())
            .collect::<Result<_, _>>()
            .map(Flow::Candidates),
        // A required attribute cannot be empty, so an empty text is no value there.
        Evaluated::Text(text) if text.is_empty() && attribute.required => Ok(Flow::Null),
        value => Ok(typed(value, attribute, key)?.map_or(Flow::Null, Flow::Value)),
    }
}
