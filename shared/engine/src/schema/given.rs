//! A member of a JSON object that may be missing, `null`, or there: the three differ in a schema that somebody
//! else reads again, and none of them may turn into another on the way through Rollcall.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A member as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Given<T> {
    /// It is not there.
    #[default]
    Absent,
    /// It is `null`.
    Null,
    /// It has a value.
    Value(T),
}

impl<T> Given<T> {
    /// The value, when there is one.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Whether it is not there.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T> Given<Vec<T>> {
    /// The elements; none when it is missing or `null`.
    #[must_use]
    pub fn each(&self) -> &[T] {
        self.value().map_or(&[], Vec::as_slice)
    }
}

impl Given<String> {
    /// The text, when there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.value().map(String::as_str)
    }
}

impl<T> From<T> for Given<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl From<&str> for Given<String> {
    fn from(text: &str) -> Self {
        Self::Value(text.to_owned())
    }
}

impl<T> From<Option<T>> for Given<T> {
    /// No value becomes `null`: that is how the management API writes it.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

impl<T: Serialize> Serialize for Given<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}
