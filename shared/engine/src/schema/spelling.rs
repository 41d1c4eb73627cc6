//! The words of a schema: read in any case, written as the management API documents them.
//!
//! A word that is not known is kept as it came, because the API adds words over time; whoever has to act on it
//! refuses it by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::mapping;

/// Declares an enumeration whose words are its variants' names.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
            /// A word that this version does not know, as it came.
            Other(String),
        }

        impl $name {
            /// The documented words, for messages.
            pub const WORDS: &[&str] = &[$(stringify!($word),)*];
        }

        impl FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $(if text.eq_ignore_ascii_case(stringify!($word)) {
                    return Ok(Self::$word);
                })*
                Ok(Self::Other(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$word => stringify!($word),)*
                    Self::Other(text) => text,
                })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                match text.parse() {
                    Ok(word) => Ok(word),
                    Err(never) => match never {},
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

words! {
    /// What the source of an attribute mapping is.
    SourceType {
        /// A source attribute.
        Attribute,
        /// A fixed text.
        Constant,
        /// A call with its parameters.
        Function,
    }
}

words! {
    /// When an attribute mapping writes.
    AttributeFlowType {
        /// On create and on update.
        Always,
        /// Only when the object is created.
        ObjectAddOnly,
        /// Values are added to several; none is removed.
        MultiValueAddOnly,
        /// Values are added and changed, never removed.
        ValueAddOnly,
        /// Only while the target has no value.
        AttributeAddOnly,
    }
}

words! {
    /// Whether a value is sent that the target has already.
    AttributeFlowBehavior {
        /// Only when it differs.
        FlowWhenChanged,
        /// Every time.
        FlowAlways,
    }
}

words! {
    /// What an object mapping may do in the target.
    ObjectFlowType {
        /// Nothing.
        None,
        /// Create.
        Add,
        /// Change.
        Update,
        /// Delete.
        Delete,
    }
}

words! {
    /// The type of an attribute.
    AttributeType {
        /// Text.
        String,
        /// A whole number.
        Integer,
        /// The id of another object.
        Reference,
        /// Bytes.
        Binary,
        /// True or false.
        Boolean,
        /// A date and time.
        DateTime,
    }
}

words! {
    /// Who may write an attribute, and when.
    Mutability {
        /// Everyone, always.
        ReadWrite,
        /// The directory alone.
        ReadOnly,
        /// Whoever creates the object.
        Immutable,
        /// Everyone, and nobody may read it.
        WriteOnly,
    }
}

words! {
    /// What a directory can tell of itself.
    Discoverability {
        /// Nothing.
        None,
        /// Which attributes there are.
        AttributeNames,
        /// Their types.
        AttributeDataTypes,
        /// Which of them are read-only.
        AttributeReadOnly,
        /// Which of them refer to other objects.
        ReferenceAttributes,
        /// A word of a later version.
        UnknownFutureValue,
    }
}

/// Several words in one text: `"Add, Update, Delete"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags<T>(pub Vec<T>);

impl<'de, T: FromStr<Err = std::convert::Infallible>> Deserialize<'de> for Flags<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        Ok(Self(words.filter_map(|word| word.parse().ok()).collect()))
    }
}

impl<T: fmt::Display> Serialize for Flags<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        serializer.serialize_str(&words.join(", "))
    }
}

impl From<mapping::FlowType> for AttributeFlowType {
    fn from(flow_type: mapping::FlowType) -> Self {
        match flow_type {
            mapping::FlowType::Always => Self::Always,
            mapping::FlowType::ObjectAddOnly => Self::ObjectAddOnly,
            mapping::FlowType::MultiValueAddOnly => Self::MultiValueAddOnly,
            mapping::FlowType::ValueAddOnly => Self::ValueAddOnly,
            mapping::FlowType::AttributeAddOnly => Self::AttributeAddOnly,
        }
    }
}

impl AttributeFlowType {
    /// What it is in a mapping; `None` for a word that is not known.
    pub(super) fn to_mapping(&self) -> Option<mapping::FlowType> {
        Some(match self {
            Self::Always => mapping::FlowType::Always,
            Self::ObjectAddOnly => mapping::FlowType::ObjectAddOnly,
            Self::MultiValueAddOnly => mapping::FlowType::MultiValueAddOnly,
            Self::ValueAddOnly => mapping::FlowType::ValueAddOnly,
            Self::AttributeAddOnly => mapping::FlowType::AttributeAddOnly,
            Self::Other(_) => return None,
        })
    }
}

impl From<mapping::FlowBehavior> for AttributeFlowBehavior {
    fn from(behavior: mapping::FlowBehavior) -> Self {
        match behavior {
            mapping::FlowBehavior::FlowWhenChanged => Self::FlowWhenChanged,
            mapping::FlowBehavior::FlowAlways => Self::FlowAlways,
        }
    }
}

impl AttributeFlowBehavior {
    /// What it is in a mapping; `None` for a word that is not known.
    pub(super) fn to_mapping(&self) -> Option<mapping::FlowBehavior> {
        match self {
            Self::FlowWhenChanged => Some(mapping::FlowBehavior::FlowWhenChanged),
            Self::FlowAlways => Some(mapping::FlowBehavior::FlowAlways),
            Self::Other(_) => None,
        }
    }
}

impl From<mapping::ObjectAction> for ObjectFlowType {
    fn from(action: mapping::ObjectAction) -> Self {
        match action {
            mapping::ObjectAction::Create => Self::Add,
            mapping::ObjectAction::Update => Self::Update,
            mapping::ObjectAction::Delete => Self::Delete,
        }
    }
}

impl From<mapping::ValueType> for AttributeType {
    /// The API has no type for values with parts; their samples say `String`.
    fn from(value_type: mapping::ValueType) -> Self {
        match value_type {
            mapping::ValueType::Text | mapping::ValueType::Complex => Self::String,
            mapping::ValueType::Boolean => Self::Boolean,
            mapping::ValueType::Integer => Self::Integer,
            mapping::ValueType::DateTime => Self::DateTime,
            mapping::ValueType::Binary => Self::Binary,
            mapping::ValueType::Reference => Self::Reference,
        }
    }
}

impl AttributeType {
    /// What it is in a mapping; `None` for a word that is not known.
    pub(super) fn to_mapping(&self) -> Option<mapping::ValueType> {
        Some(match self {
            Self::String => mapping::ValueType::Text,
            Self::Boolean => mapping::ValueType::Boolean,
            Self::Integer => mapping::ValueType::Integer,
            Self::DateTime => mapping::ValueType::DateTime,
            Self::Binary => mapping::ValueType::Binary,
            Self::Reference => mapping::ValueType::Reference,
            Self::Other(_) => return None,
        })
    }
}
