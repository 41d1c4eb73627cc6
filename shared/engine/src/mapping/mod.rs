//! Attribute mappings: which target attribute gets which value, when.
//!
//! In: the mapping as the administrator wrote it ([`ObjectMapping`]) and what the target can hold
//! ([`TargetSchema`]). Out: a checked [`Mapping`], or every problem with its place and cure. After that, mapping
//! an object cannot fail except for a value of the wrong type, which fails that object alone.
//!
//! Terms and flow types are those of Microsoft Graph's `attributeMapping`. This version maps direct attributes,
//! constants and the one computed attribute that disabling rests on, `IsSoftDeleted`; the expression language
//! joins in a later one, and other expressions are refused by name until then.

mod apply;
mod check;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use apply::differences;
pub use apply::{Mapped, MappedError};
pub use check::{Mapping, MappingProblem};

/// The mapping of one object type, as written in an application's YAML document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectMapping {
    /// What may be done in the target. Without `update` nobody is switched off either: that is an update.
    #[serde(default = "all_actions")]
    pub actions: Vec<ObjectAction>,
    /// The attributes. At least one of them has a `matchingPriority`.
    #[schemars(length(min = 1), extend("contains" = { "required": ["matchingPriority"] }))]
    pub attributes: Vec<AttributeMapping>,
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

/// One attribute. Exactly one of `source`, `constant`, `expression` says where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["source"] }, { "required": ["constant"] }, { "required": ["expression"] }
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
    /// Expression: `Not([IsSoftDeleted])` in this version.
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
}

/// When a mapping writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
pub enum FlowType {
    /// On create and on update.
    #[default]
    Always,
    /// Only when the account is created.
    ObjectAddOnly,
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
}

/// The types of target attributes that mappings convert to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Text, dates, references, base64.
    Text,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
}
