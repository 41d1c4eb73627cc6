//! References: attributes that name another account by its id in the target.
//!
//! In: the anchor that the source gives, and the accounts of those who have one. Out: the account's id, or that its
//! object has none yet.
//!
//! ```text
//! manager: "E0008" ─evaluate─▶ refers to E0008 ─resolve─┬─▶ "usr_8" flows like any other value
//!                                                        └─▶ nothing flows, nothing is cleared: pending
//! ```
//!
//! A list of references is a group's members. There may be a hundred thousand of them, and they come and go without the
//! group: no value is made of them here. The mapping only says from which attribute they are read, and which of their
//! changes may be made.

use std::collections::BTreeMap;

use super::check::{CheckedAttribute, FieldProblem, MappingProblem, ValueSource};
use super::evaluate::{Flow, Mapped};
use super::{AttributeMapping, FlowBehavior, FlowType, Mapping, ObjectAction};
use crate::expression::{AttributeRef, Evaluated};
use crate::model::{Attributes, SourceId, SourceObject, TargetId, Value};
use crate::scoping::CheckedScope;

/// Where the members of a group come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    /// Where the mapping stands among the attributes of the document.
    pub(super) position: usize,
    /// The source attribute that lists their anchors.
    pub(super) source: String,
    /// Whether nobody is ever taken out.
    pub(super) only_adds: bool,
}

impl Mapping {
    /// The objects that `object` refers to, by the target path that shall name their accounts; a group's members
    /// aside. What cannot be read as an anchor is left out: mapping the object fails by it.
    #[must_use]
    pub fn references(&self, object: &SourceObject) -> Vec<(String, SourceId)> {
        let of_one = |attribute: &CheckedAttribute| {
            let ValueSource::Attribute(AttributeRef::Named(name)) = &attribute.value else { return None };
            let anchor = anchor(Evaluated::from(object.attributes.get(name)?)).ok()??;
            Some((attribute.target.clone(), anchor))
        };
        self.attributes.iter().filter(|attribute| attribute.refers).filter_map(of_one).collect()
    }

    /// The source attribute that lists a group's members, when the mapping provisions them.
    #[must_use]
    pub fn members(&self) -> Option<&str> {
        self.members.as_ref().map(|members| members.source.as_str())
    }

    /// Whether members are put into groups at all: each of them is an update of the group.
    #[must_use]
    pub fn allows_members(&self) -> bool {
        self.members.is_some() && self.allows(ObjectAction::Update)
    }

    /// Whether members are taken out of groups again.
    #[must_use]
    pub fn removes_members(&self) -> bool {
        self.allows_members() && self.members.as_ref().is_some_and(|members| !members.only_adds)
    }

    /// Whom the object refers to without an account, by the target path that shall name it, as far as an account that
    /// holds `held` is to be written there at all.
    #[must_use]
    pub fn pending(&self, mapped: &Mapped, held: Option<&Attributes>) -> BTreeMap<String, SourceId> {
        let of_one = |(attribute, flow): (&CheckedAttribute, &Flow)| {
            let Flow::Refers(anchor) = flow else { return None };
            let is_set = || held.is_some_and(|held| held.contains_key(&attribute.target));
            let is_over = attribute.flow_type == FlowType::AttributeAddOnly && is_set();
            (!is_over).then(|| (attribute.target.clone(), anchor.clone()))
        };
        self.attributes.iter().zip(&mapped.flows).filter_map(of_one).collect()
    }
}

impl Mapped {
    /// Puts accounts in the place of the objects that are referred to, where `account_of` knows them.
    pub fn resolve(&mut self, account_of: impl Fn(&SourceId) -> Option<TargetId>) {
        for flow in &mut self.flows {
            if let Flow::Refers(anchor) = flow
                && let Some(account) = account_of(anchor)
            {
                *flow = Flow::Value(Value::text(account.as_str()));
            }
        }
    }
}

/// The anchor that a source attribute holds; `None` when it holds nothing, or nothing but blanks.
pub(super) fn anchor(value: Evaluated<'_>) -> Result<Option<SourceId>, String> {
    let value = match value {
        Evaluated::List(mut values) if values.len() <= 1 => values.pop().unwrap_or(Evaluated::Null),
        other => other,
    };
    match value {
        Evaluated::Null | Evaluated::Ignored => Ok(None),
        Evaluated::List(_) => {
            Err("the source names several objects where the target takes one; leave one of them there".into())
        }
        one => match one.as_text() {
            Some(text) => Ok((!text.trim().is_empty()).then(|| SourceId::new(text))),
            None => Err("the source gives a value with parts where it should name an object".into()),
        },
    }
}

/// What holds for every reference, one or many: the source attribute that its mapping copies.
pub(super) fn of_reference(attribute: &AttributeMapping, required: bool) -> Result<String, FieldProblem> {
    let target = &attribute.target;
    if required {
        let problem = format!(
            "the target requires '{target}' of every new account, and whom it names may get an account later; ask the app to take accounts without it"
        );
        return Err(("target", problem));
    }
    let Some(name) = attribute.source.as_ref().filter(|_| is_direct(attribute)) else {
        let problem = format!(
            "'{target}' names other accounts, and only an attribute that holds their anchors says which; write source alone"
        );
        return Err((written(attribute), problem));
    };
    if AttributeRef::new(name) == AttributeRef::SoftDeleted || AttributeRef::is_of_every_object(name) {
        let problem =
            format!("'{name}' is the object's own; write the attribute that holds the anchor of another one");
        return Err(("source", problem));
    }
    if attribute.default_value.is_some() {
        let problem = format!("nobody's account stands in '{target}' for want of another; leave it out");
        return Err(("defaultValue", problem));
    }
    Ok(name.clone())
}

fn is_direct(attribute: &AttributeMapping) -> bool {
    attribute.constant.is_none() && attribute.expression.is_none()
}

/// The field that should not be there, or should.
fn written(attribute: &AttributeMapping) -> &'static str {
    match (&attribute.constant, &attribute.expression) {
        (Some(_), _) => "constant",
        (None, Some(_)) => "expression",
        (None, None) => "source",
    }
}

/// What holds for a single reference beyond that.
pub(super) fn of_single(attribute: &AttributeMapping) -> Result<(), FieldProblem> {
    if attribute.flow_type == FlowType::ObjectAddOnly {
        let problem = format!(
            "whom '{}' names may get an account later than the object itself; write AttributeAddOnly, which sets it once",
            attribute.target
        );
        return Err(("flowType", problem));
    }
    Ok(())
}

/// What holds for a list of references beyond that.
pub(super) fn members(
    attribute: &AttributeMapping,
    position: usize,
    source: String,
    taken: Option<&Members>,
) -> Result<Members, FieldProblem> {
    let target = &attribute.target;
    if let Some(taken) = taken {
        let problem = format!(
            "'{target}' lists accounts as attributes[{}] does, and a group has one list of members; remove one of them",
            taken.position
        );
        return Err(("target", problem));
    }
    let only_adds = match attribute.flow_type {
        FlowType::Always => false,
        FlowType::MultiValueAddOnly | FlowType::ValueAddOnly => true,
        FlowType::ObjectAddOnly | FlowType::AttributeAddOnly => {
            let problem =
                "members come and go; write Always, or MultiValueAddOnly to add them and take nobody out";
            return Err(("flowType", problem.into()));
        }
    };
    if attribute.flow_behavior == FlowBehavior::FlowAlways {
        let problem = "of members only those are sent who come or go; leave it out";
        return Err(("flowBehavior", problem.into()));
    }
    if attribute.flow_null_values {
        let problem = "whoever leaves the group is taken out without it; leave it out, or write flowType: MultiValueAddOnly to keep them";
        return Err(("flowNullValues", problem.into()));
    }
    Ok(Members { position, source, only_adds })
}

/// Who else reads the members: their list is taken out of the object before anything is evaluated.
pub(super) fn of_members(
    members: Option<&Members>,
    attributes: &[CheckedAttribute],
    scope: &CheckedScope,
) -> Vec<MappingProblem> {
    let Some(Members { position, source, .. }) = members else { return Vec::new() };
    let problem = |place: String, cure: &str| MappingProblem {
        place,
        problem: format!(
            "[{source}] lists the members of attributes[{position}] and can be read nowhere else; {cure}"
        ),
    };
    let readers = attributes.iter().filter(|attribute| attribute.reads().contains(source));
    let mut problems: Vec<MappingProblem> = readers
        .map(|attribute| problem(format!("attributes[{}]", attribute.position), "map another attribute"))
        .collect();
    if scope.attributes().contains(source) {
        problems.push(problem("scope".into(), "judge groups by another attribute"));
    }
    problems
}

#[cfg(test)]
mod tests;
