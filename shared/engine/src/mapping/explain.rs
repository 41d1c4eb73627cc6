//! Why an attribute gets its value: the mapping of one object, told part by part.

use serde::Serialize;

use super::check::{CheckedAttribute, Mapping, ValueSource};
use super::evaluate::{Flow, flow, flowing};
use super::{FlowType, Occasion};
use crate::decide::References;
use crate::expression::{AttributeRef, REDACTED, Trace, shortened, shown};
use crate::model::{SourceId, SourceObject};
use crate::scoping::ScopeTrace;

/// How the mapping sees one object.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Whether the object is switched on in the source and not in its recycle bin.
    pub active_in_source: bool,
    /// Whether it is in scope, and why.
    pub scope: ScopeTrace,
    /// The computed `IsSoftDeleted`.
    pub is_soft_deleted: bool,
    /// Every attribute, in the order of the mapping.
    pub attributes: Vec<AttributeTrace>,
}

/// How one attribute gets its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeTrace {
    /// The target attribute.
    pub target: String,
    /// What it is made from, as it was written: `[jobTitle]`, a constant in quotes, an expression.
    pub source: String,
    /// When it is written.
    pub flow_type: FlowType,
    /// 1, 2, … when it matches accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matching_priority: Option<usize>,
    /// The value in the target's type; absent when nothing flows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whom it refers to, by anchor: the value is the id of that object's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refers_to: Option<SourceId>,
    /// Why nothing flows, why it fails, or whose account it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether it fails, and the object with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The parts of an expression and what each gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

impl Explanation {
    /// Names the accounts of those whom the object refers to.
    #[must_use]
    pub fn with_accounts(mut self, references: &References) -> Self {
        for attribute in &mut self.attributes {
            attribute.name_account(references);
        }
        self
    }
}

impl AttributeTrace {
    fn name_account(&mut self, references: &References) {
        if let Some(anchor) = &self.refers_to
            && let Some(account) = references.get(anchor)
        {
            self.value = Some(account.to_string());
            self.note = Some(format!("the account of {anchor}"));
        }
    }
}

impl Mapping {
    /// Explains the mapping of one object. Never shows what passes through `Redact`.
    #[must_use]
    pub fn explain(&self, object: &SourceObject, occasion: &Occasion) -> Explanation {
        let active_in_source = object.enabled && !object.soft_deleted;
        let (admitted, scope) = self.scope().explain(object);
        let is_soft_deleted = !active_in_source || admitted != Ok(true);
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| self.explain_attribute(attribute, object, is_soft_deleted, occasion))
            .collect();
        Explanation { active_in_source, scope, is_soft_deleted, attributes }
    }

    /// Explains how one target attribute gets its value; `None` when no mapping writes it.
    #[must_use]
    pub fn explain_target(
        &self,
        target: &str,
        object: &SourceObject,
        soft_deleted: bool,
        occasion: &Occasion,
    ) -> Option<AttributeTrace> {
        let attribute = self.attributes.iter().find(|attribute| attribute.target == target)?;
        Some(self.explain_attribute(attribute, object, soft_deleted, occasion))
    }

    fn explain_attribute(
        &self,
        attribute: &CheckedAttribute,
        object: &SourceObject,
        soft_deleted: bool,
        occasion: &Occasion,
    ) -> AttributeTrace {
        let mut context = self.context(object, soft_deleted, occasion);
        self.seed(&mut context, attribute, occasion);
        let (flow, trace) = match attribute.expression() {
            Some(expression) => {
                let (result, trace) = expression.explain(&context);
                let at = |error: crate::expression::EvaluationError| {
                    format!("fails at column {}: {error}", expression.column(error.at.start))
                };
                (result.map_err(at).and_then(|value| flowing(value, attribute, &occasion.key)), Some(trace))
            }
            None => (flow(attribute, &context, &occasion.key), None),
        };
        let (value, note) = match &flow {
            Ok(Flow::Value(value)) => (Some(shortened(&value.to_string())), None),
            Ok(Flow::Candidates(values)) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                (None, Some(format!("the first of these that is free: {}", shortened(&values.join(", ")))))
            }
            Ok(Flow::Null) => (None, Some(attribute.without_value())),
            Ok(Flow::Ignored) => (None, Some("left out of this operation".to_owned())),
            Ok(Flow::Refers(anchor)) => {
                (None, Some(format!("refers to {anchor}: the id of its account is written once it has one")))
            }
            Err(problem) => (None, Some(problem.clone())),
        };
        let refers_to = match &flow {
            Ok(Flow::Refers(anchor)) => Some(anchor.clone()),
            _ => None,
        };
        AttributeTrace {
            target: attribute.target.clone(),
            source: match &trace {
                Some(trace) if attribute.redacts() => trace.part.clone(),
                _ => attribute.written(),
            },
            flow_type: attribute.flow_type,
            matching_priority: self
                .matching()
                .iter()
                .position(|path| *path == attribute.target)
                .map(|at| at + 1),
            value,
            refers_to,
            note,
            failed: flow.is_err(),
            trace: trace.filter(|trace| !trace.steps.is_empty() || trace.failed),
        }
    }
}

impl CheckedAttribute {
    fn written(&self) -> String {
        match &self.value {
            ValueSource::Attribute(AttributeRef::SoftDeleted) => "[IsSoftDeleted]".into(),
            ValueSource::Attribute(AttributeRef::Named(name)) => format!("[{name}]"),
            ValueSource::Constant(value) => shown(&value.into()),
            ValueSource::Expression(expression) => expression.text().to_owned(),
            ValueSource::Nowhere => "(nothing)".into(),
        }
    }

    fn without_value(&self) -> String {
        let default = self.default_value.as_ref().map(|value| match self.write_only {
            true => REDACTED.to_owned(),
            false => value.to_string(),
        });
        match (default, &self.value, self.clears) {
            (Some(default), ValueSource::Nowhere, _) => {
                format!("the account gets '{default}' while it has no value")
            }
            (Some(default), _, true) => {
                format!("no value: a new account gets '{default}', an existing one is cleared")
            }
            (Some(default), _, false) => {
                format!("no value: a new account gets '{default}', an existing one keeps what it has")
            }
            (None, _, true) => "no value: an existing account's is cleared".into(),
            (None, _, false) => "no value: nothing is sent".into(),
        }
    }
}
