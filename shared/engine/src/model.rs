//! The nouns: objects of the source, accounts of the target, and what is remembered about the pair.
//!
//! Everything here is a value. Nothing reads a clock, a file or a socket.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::Key;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is: ids of outside systems are opaque.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as the outside system spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// The anchor of an object in the source: never changes, never reused.
    SourceId
}
text_id! {
    /// The anchor of an account in the target, as the target issued it (SCIM: `id`).
    TargetId
}
text_id! {
    /// One configured source-to-target pairing. Opaque, shaped `scim.<tenant>.<application>`.
    JobId
}

impl JobId {
    /// The id of its application, which it ends in.
    #[must_use]
    pub fn application(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or_default()
    }
}

/// One pass of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CycleId(pub Uuid);

impl fmt::Display for CycleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of object it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub enum ObjectType {
    /// A person's account.
    #[default]
    User,
    /// A group; its `members` are the [`SourceId`]s of users and groups.
    Group,
}

impl fmt::Display for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User => f.write_str("User"),
            Self::Group => f.write_str("Group"),
        }
    }
}

/// One attribute value. An absent attribute is absent from the map: there is no null value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text, and everything that is written as text: dates, references, base64.
    Text(String),
    /// Several values, in the order the system gave them.
    List(Vec<Value>),
    /// A value that shows nowhere.
    Secret(Secret),
    /// Parts by name: a role with its `value` and `display`.
    Complex(Attributes),
}

impl Value {
    /// Hides its text, or the texts in it, behind a keyed hash.
    pub(crate) fn veil(&mut self, key: &Key) {
        match self {
            Self::Boolean(_) | Self::Integer(_) | Self::Text(_) => {
                *self = Self::Secret(Secret::new(&self.to_string(), key));
            }
            Self::List(values) => values.iter_mut().for_each(|value| value.veil(key)),
            Self::Complex(parts) => parts.values_mut().for_each(|value| value.veil(key)),
            Self::Secret(_) => {}
        }
    }

    /// Whether it is, or holds, a secret that was stored and read back: its text must be had anew.
    pub(crate) fn is_hidden(&self) -> bool {
        match self {
            Self::Boolean(_) | Self::Integer(_) | Self::Text(_) => false,
            Self::List(values) => values.iter().any(Self::is_hidden),
            Self::Complex(parts) => parts.values().any(Self::is_hidden),
            Self::Secret(secret) => secret.expose().is_none(),
        }
    }

    /// Shorthand for [`Value::Text`].
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl fmt::Display for Value {
    /// The log's spelling: Booleans are `True`/`False`, several values are joined by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(true) => f.write_str("True"),
            Self::Boolean(false) => f.write_str("False"),
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::List(values) => {
                for (position, value) in values.iter().enumerate() {
                    if position > 0 {
                        f.write_str(",")?;
                    }
                    value.fmt(f)?;
                }
                Ok(())
            }
            Self::Secret(secret) => secret.fmt(f),
            Self::Complex(parts) => {
                for (position, (name, value)) in parts.iter().enumerate() {
                    if position > 0 {
                        f.write_str("; ")?;
                    }
                    write!(f, "{name}={value}")?;
                }
                Ok(())
            }
        }
    }
}

/// A value that went through `Redact`: whoever stores, logs or prints it gets a keyed hash instead, which is enough to
/// see whether it changed. Only a connector, writing it to its system, takes the text out.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Of the text, under a key that is stored nowhere beside it.
    redacted: String,
    /// Absent once it was stored and read back.
    #[serde(skip)]
    text: Option<SecretString>,
}

impl Secret {
    /// Veils a text. The key must not be guessable from what is stored: short values could be tried out.
    #[must_use]
    pub fn new(text: &str, key: &Key) -> Self {
        let hash = key.bytes_for(&[b"veil\n", text.as_bytes()].concat());
        let redacted = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { redacted, text: Some(SecretString::from(text)) }
    }

    /// The text, while it was not stored and read back.
    #[must_use]
    pub fn expose(&self) -> Option<&str> {
        self.text.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.redacted == other.redacted
    }
}

impl Eq for Secret {}

impl PartialOrd for Secret {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Secret {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.redacted.cmp(&other.redacted)
    }
}

impl std::hash::Hash for Secret {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.redacted.hash(state);
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::expression::REDACTED)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Attribute name or target path to value, in a stable order so that digests and logs are repeatable.
pub type Attributes = BTreeMap<String, Value>;

/// One object as the source holds it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceObject {
    /// The anchor.
    pub id: SourceId,
    /// What it is.
    #[serde(default)]
    pub object_type: ObjectType,
    /// How people call it; shown in logs and searched by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// False when the account is switched off in the source (`accountEnabled`).
    pub enabled: bool,
    /// True when it lies in the source's recycle bin.
    #[serde(default)]
    pub soft_deleted: bool,
    /// Everything else that was read, by the source's attribute names.
    pub attributes: Attributes,
}

impl SourceObject {
    /// Whether values of it were hidden when it was stored, so that it has to be read again before it is mapped.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.attributes.values().any(Value::is_hidden)
    }
}

/// One account as the target holds it, reduced to the paths that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetObject {
    /// The anchor.
    pub id: TargetId,
    /// Values by target path; a path without a value is absent.
    pub attributes: Attributes,
}

/// One attribute that differs between what the target holds and what it should hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeChange {
    /// Target path.
    pub path: String,
    /// What the target holds as far as is known; `None` when it holds nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What it shall hold; `None` clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// Whether `new` lists values to be added to those that are there, which stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adds: bool,
}

impl AttributeChange {
    /// What the attribute holds once the change is made, as far as is known.
    #[must_use]
    pub fn outcome(&self) -> Option<Value> {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if self.adds => {
                let mut values = elements(old).to_vec();
                values.extend(elements(new).iter().filter(|value| !elements(old).contains(value)).cloned());
                Some(Value::List(values))
            }
            (_, new) => new.clone(),
        }
    }
}

/// The elements of a list; a single value is a list of one.
pub(crate) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// Why nothing was sent for an object. Rendered the same in log, API and console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SkipReason {
    /// Source and target already agree.
    RedundantExport,
    /// Switched off or soft-deleted in the source, and never provisioned: such people are not created.
    NotActiveInSource,
    /// The account that was to be disabled is gone from the target already.
    TargetObjectGone,
    /// No matching attribute has a value, so nobody could tell which account is theirs.
    MatchingValueMissing,
    /// Not assigned, or not admitted by the scoping filter, and so without an account or left alone.
    NotInScope,
    /// The mapping's create action is switched off.
    CreateSwitchedOff,
    /// The mapping's update action is switched off; a disable is an update.
    UpdateSwitchedOff,
    /// The mapping's delete action is switched off.
    DeleteSwitchedOff,
    /// The account is protected: it is never switched off nor deleted.
    Protected,
    /// A person rejected the removal.
    RemovalRejected,
    /// Somebody changed the account in the target; it is told, and left.
    DriftReported,
}

impl SkipReason {
    /// The sentence the provisioning log shows.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::RedundantExport => "Source and target already agree; nothing to send",
            Self::NotActiveInSource => {
                "The account is switched off in the source and was never provisioned; it will be created once it is active"
            }
            Self::TargetObjectGone => "The account is already gone from the target; nothing to switch off",
            Self::MatchingValueMissing => {
                "None of the matching attributes has a value; fill one of them in the source"
            }
            Self::NotInScope => "Not in scope: not assigned, or not admitted by the scoping filter",
            Self::CreateSwitchedOff => {
                "No account matches, and the create action of this mapping is switched off"
            }
            Self::UpdateSwitchedOff => "The update action of this mapping is switched off",
            Self::DeleteSwitchedOff => "The delete action of this mapping is switched off",
            Self::Protected => {
                "The account is protected (removals.protected) and is neither switched off nor deleted"
            }
            Self::DriftReported => {
                "The account is not as the source has it: somebody changed it in the target; it is left so (drift: report)"
            }
            Self::RemovalRejected => {
                "A person rejected this removal; it is decided anew when the object changes"
            }
        }
    }

    /// The code under which the log files it (`provisioningErrorInfo.errorCode` or `SkipReason`).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::RedundantExport => "RedundantExport",
            Self::NotActiveInSource => "NotActiveInSource",
            Self::TargetObjectGone => "TargetObjectGone",
            Self::MatchingValueMissing => "ImportSkipped",
            Self::NotInScope => "NotEffectivelyEntitled",
            Self::CreateSwitchedOff => "CreateSwitchedOff",
            Self::UpdateSwitchedOff => "UpdateSwitchedOff",
            Self::DeleteSwitchedOff => "DeleteSwitchedOff",
            Self::Protected => "Protected",
            Self::RemovalRejected => "RemovalRejected",
            Self::DriftReported => "DriftReported",
        }
    }
}

/// What is remembered about one source object: the account it is linked to, or why it has none.
///
/// The link wins over matching: a rename of `userName` or mail follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The anchor in the source.
    pub source_id: SourceId,
    /// What it is.
    #[serde(default)]
    pub object_type: ObjectType,
    /// The anchor in the target; `None` remembers someone who was skipped and has no account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<TargetId>,
    /// The shadow: what was last exported or read, by target path. Changes are computed against it.
    #[serde(default)]
    pub shadow: Attributes,
    /// Whether the object counted as in scope and active when last looked at.
    pub in_scope: bool,
    /// Whether it dropped out of scope: it is no longer managed, and what becomes of it in the source sends nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmanaged: bool,
    /// Why nothing was sent when it was last skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkipReason>,
    /// The display name under which it was last indexed for the search by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The change that wrote this link last: a replay sees by it that the work was done.
    pub change_id: Uuid,
    /// When the object was first linked to an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_at: Option<Timestamp>,
    /// Objects it refers to that have no account yet, by the target path that shall name them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, SourceId>,
    /// The object as the source showed it last, reduced to what the mapping reads; a group's members are kept apart.
    /// From it everyone is evaluated again when the mapping changes, without asking the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<SourceObject>,
}

/// An opaque resume point: opened only by the source that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Watermark(pub serde_json::Value);

/// A position inside one reading of a source, as opaque as a [`Watermark`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub serde_json::Value);
