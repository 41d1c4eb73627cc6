//! Attribute mappings: which target attribute gets which value, when.
//!
//! In: the mapping as the administrator wrote it ([`ObjectMapping`]) and what the target can hold
//! ([`TargetSchema`]). Out: a checked [`Mapping`], or every problem with its place and cure. Then, for each object:
//!
//! ```text
//! object ─evaluate─▶ Mapped ─┬─ values that match accounts
//!        (once each)         ├─ what a create writes, defaults included
//!                            ├─ what an update changes against the account's shadow
//!                            └─ candidates of which the target tells the free one
//! ```
//!
//! What passed the check fails later only for one person's values, and fails that person alone. An attribute that names
//! another account, such as a manager, is mapped from the anchor of that account's object (`references`); a group's
//! members are not mapped here at all, only named. Terms and flow types are those of Microsoft Graph's
//! `attributeMapping`.

mod changes;
mod check;
pub mod defaults;
mod evaluate;
mod explain;
mod problems;
mod references;
mod values;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::expression::Settings;
use crate::scoping::Scope;

pub(crate) use changes::{is_as_wanted, is_blank};
pub use check::{Mapping, MappingProblem};
pub use evaluate::{Mapped, MappedError, Occasion};
pub use explain::{AttributeTrace, Explanation};

/// The mapping of one object type, as written in an application's YAML document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectMapping {
    /// What may be done in the target. Without `update` nobody is switched off either: that is an update.
    #[serde(default = "all_actions")]
    pub actions: Vec<ObjectAction>,
    /// Who is provisioned; without it everyone.
    #[serde(default, skip_serializing_if = "Scope::is_everyone")]
    pub scope: Scope,
    /// The attributes. At least one of them has a `matchingPriority`. Without them the target's default mapping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("contains" = { "required": ["matchingPriority"] }))]
    pub attributes: Vec<AttributeMapping>,
    /// Source attributes whose missing value may clear the account's: one of the two gates, the other is the
    /// mapping's own `flowNullValues`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flow_null_values: Vec<String>,
    /// What holds for all expressions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expressions: Settings,
}

impl Default for ObjectMapping {
    /// Every action, everyone in scope, and no attribute yet.
    fn default() -> Self {
        Self {
            actions: all_actions(),
            scope: Scope::default(),
            attributes: Vec::new(),
            flow_null_values: Vec::new(),
            expressions: Settings::default(),
        }
    }
}

impl ObjectMapping {
    /// Takes out the gates for clearing that have no effect alone, as in configurations of systems that leave them
    /// ajar; what is told of each. The check would refuse them, because whoever writes one by hand means both.
    pub fn shut_idle_gates(&mut self) -> Vec<MappingProblem> {
        problems::shut_idle_gates(self)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn all_actions() -> Vec<ObjectAction> {
    vec![ObjectAction::Create, ObjectAction::Update, ObjectAction::Delete]
}

/// A target object action (Graph's `flowTypes`: Add, Update, Delete).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ObjectAction {
    /// Create accounts that do not match.
    Create,
    /// Change, switch off and switch on accounts.
    Update,
    /// Delete accounts of people who are gone from the source.
    Delete,
}

/// One attribute. One of `source`, `constant`, `expression` says where its value comes from; without any of them
/// the target is left alone, and gets the `defaultValue` while it has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["source"] }, { "required": ["constant"] }, { "required": ["expression"] },
    { "required": ["defaultValue"], "not": { "anyOf": [
        { "required": ["source"] }, { "required": ["constant"] }, { "required": ["expression"] }
    ] } }
]))]
pub struct AttributeMapping {
    /// The target attribute: for SCIM a path such as `name.givenName` or `emails[type eq "work"].value`.
    pub target: String,
    /// Direct: the source attribute to copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Constant: this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
    /// Expression: what this expression gives, for example `Join(" ", [givenName], [surname])`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Written on create when the source has no value; never on update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<String>,
    /// 1, 2, …: match accounts by this attribute, lowest number first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching_priority: Option<u32>,
    /// When the target may be written.
    #[serde(default)]
    pub flow_type: FlowType,
    /// Whether a value is also sent when the target is known to have it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub flow_behavior: FlowBehavior,
    /// Clear the account's value when the source has none. The source attributes it is made from must stand in
    /// the mapping's `flowNullValues` as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub flow_null_values: bool,
    /// Whether a change of case alone is a change; true unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_exact: Option<bool>,
    /// The type of an attribute that the target's schema does not know; text unless said otherwise.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub value_type: Option<ValueType>,
    /// Whether an attribute that the target's schema does not know holds several values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multivalued: Option<bool>,
}

/// When a mapping writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
pub enum FlowType {
    /// On create and on update.
    #[default]
    Always,
    /// Only when the account is created.
    ObjectAddOnly,
    /// Of several values, those that the target lacks are added; none is removed.
    MultiValueAddOnly,
    /// Values are added and changed, never removed.
    ValueAddOnly,
    /// Only while the target has no value at all.
    AttributeAddOnly,
}

/// Whether a value is sent that the target is known to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
pub enum FlowBehavior {
    /// Only when it differs.
    #[default]
    FlowWhenChanged,
    /// Each time the person is looked at: when anything about them changed in the source, or the mapping did.
    FlowAlways,
}

/// What a target can hold, asked while a mapping is checked. Implemented by connectors, without I/O.
pub trait TargetSchema {
    /// The attribute at a path.
    ///
    /// # Errors
    /// A sentence that says why there is no such attribute and what to write instead.
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String>;

    /// Paths without which an account cannot be created.
    fn required(&self) -> &[&str];

    /// The attribute that switches an account off, where there is one.
    fn enabled_attribute(&self) -> Option<&str>;

    /// The mapping of users for whoever writes none.
    fn default_attributes(&self) -> Vec<AttributeMapping> {
        Vec::new()
    }

    /// Why two paths cannot be written by one mapping, although they differ: one holds the other.
    fn conflict(&self, path: &str, other: &str) -> Option<String> {
        let _ = (path, other);
        None
    }
}

/// What is known of a target attribute (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeDefinition {
    /// Its type.
    pub value_type: ValueType,
    /// Whether a client may write it.
    pub writable: bool,
    /// Whether it can be asked for with a filter.
    pub matchable: bool,
    /// Whether it holds several values.
    pub multivalued: bool,
    /// Whether it is never read back, such as a password.
    pub write_only: bool,
    /// Whether the schema does not know it, so that a mapping may say its type.
    pub custom: bool,
    /// Whether it names another account by its id in the target: a manager, a group's members. A mapping gives the
    /// anchor in the source, and the cycle puts the account's id in its place.
    pub refers: bool,
}

/// The types of target attributes that mappings convert to, named as the management API names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ValueType {
    /// Text.
    #[default]
    #[serde(rename = "String")]
    Text,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A date and time; written as RFC 3339 in UTC.
    DateTime,
    /// Bytes, as base64.
    Binary,
    /// The id of another object.
    Reference,
    /// Parts by name, such as a role; never written by hand.
    #[serde(skip)]
    Complex,
}
