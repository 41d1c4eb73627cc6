//! Items: attributes by name, written by a [`Draft`] and read by a [`Stored`].
//!
//! In: engine values. Out: items with a format version, and back. What cannot be read is an error that names the
//! item and the attribute, never a default.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::StoreError;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{self, Key};

/// Attributes by name, as DynamoDB holds them.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The format of every item written today. Older formats are read for ever; a newer one is refused.
///
/// 1. People only.
/// 2. Groups. What is in an item of format 1 means the same; a program that knows only format 1 would take members who
///    leave a group for the group itself.
pub(crate) const FORMAT: u32 = 2;

/// An item being written.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    key: Key,
    item: Item,
}

impl Draft {
    /// An item with its key and format version.
    pub(crate) fn new(key: Key) -> Self {
        let item = Item::from([
            ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
            ("v".to_owned(), AttributeValue::N(FORMAT.to_string())),
        ]);
        Self { key, item }
    }

    /// Its key.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// One of its attributes.
    pub(crate) fn value(&self, name: &str) -> Option<&AttributeValue> {
        self.item.get(name)
    }

    /// The item.
    pub(crate) fn into_item(self) -> Item {
        self.item
    }

    /// Adds an attribute.
    pub(crate) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.item.insert(name.to_owned(), value);
        self
    }

    /// Adds text.
    pub(crate) fn text(self, name: &str, text: impl Into<String>) -> Self {
        self.with(name, AttributeValue::S(text.into()))
    }

    /// Adds a number.
    pub(crate) fn number(self, name: &str, number: impl Into<serde_json::Number>) -> Self {
        self.with(name, AttributeValue::N(number.into().to_string()))
    }

    /// Adds bytes.
    pub(crate) fn bytes(self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.with(name, AttributeValue::B(Blob::new(bytes)))
    }

    /// Adds a value as JSON text.
    pub(crate) fn json(self, name: &str, value: &impl Serialize) -> Result<Self, StoreError> {
        let text = json(&self.key, name, value)?;
        Ok(self.text(name, text))
    }
}

/// A value as JSON text.
pub(crate) fn json(key: &Key, attribute: &str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| wrong(key, format!("attribute '{attribute}' cannot be written: {error}")))
}

/// The time at which an item expires, as the tables' TTL wants it.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    at.as_second()
}

/// The key of an item as DynamoDB wants it.
pub(crate) fn key_item(key: &Key) -> Item {
    Item::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// An error that names an item.
pub(crate) fn wrong(key: &Key, problem: impl Into<String>) -> StoreError {
    StoreError::Inconsistent { key: key.to_string(), problem: problem.into() }
}

/// An item that was read.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    key: Key,
    item: Item,
}

impl Stored {
    /// Takes an item of a format known here.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] when key or version are absent or the version is not known.
    pub(crate) fn read(item: Item) -> Result<Self, StoreError> {
        let text = |name: &str| match item.get(name) {
            Some(AttributeValue::S(text)) => text.clone(),
            _ => "?".to_owned(),
        };
        let key = Key { pk: text("pk"), sk: text("sk") };
        let stored = Self { key, item };
        let version: u32 = stored.number("v")?;
        if version > FORMAT {
            return Err(stored.wrong(
                "v",
                format!(
                    "is {version}; this program reads formats up to {FORMAT}: install the version that wrote it"
                ),
            ));
        }
        Ok(stored)
    }

    /// Its key.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// An error that names this item and one of its attributes.
    pub(crate) fn wrong(&self, attribute: &str, problem: impl std::fmt::Display) -> StoreError {
        wrong(&self.key, format!("attribute '{attribute}' {problem}"))
    }

    fn attribute(&self, name: &str) -> Result<&AttributeValue, StoreError> {
        self.item.get(name).ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// Whether the attribute is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.item.contains_key(name)
    }

    /// Text.
    pub(crate) fn text(&self, name: &str) -> Result<&str, StoreError> {
        self.attribute(name)?.as_s().map(String::as_str).map_err(|_| self.wrong(name, "is not text"))
    }

    /// A number.
    pub(crate) fn number<N: FromStr>(&self, name: &str) -> Result<N, StoreError> {
        let digits = self.attribute(name)?.as_n().map_err(|_| self.wrong(name, "is not a number"))?;
        digits.parse().map_err(|_| self.wrong(name, format!("is '{digits}', out of range")))
    }

    /// Bytes.
    pub(crate) fn bytes(&self, name: &str) -> Result<&[u8], StoreError> {
        self.attribute(name)?.as_b().map(AsRef::as_ref).map_err(|_| self.wrong(name, "is not binary"))
    }

    /// A list of texts; empty when absent.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let Some(value) = self.item.get(name) else { return Ok(Vec::new()) };
        let list = value.as_l().map_err(|_| self.wrong(name, "is not a list"))?;
        list.iter()
            .map(|entry| {
                entry.as_s().cloned().map_err(|_| self.wrong(name, "holds something that is not text"))
            })
            .collect()
    }

    /// A set of texts; empty when absent.
    pub(crate) fn text_set(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let Some(value) = self.item.get(name) else { return Ok(Vec::new()) };
        value.as_ss().cloned().map_err(|_| self.wrong(name, "is not a set of texts"))
    }

    /// A value kept as JSON text, when it is there.
    pub(crate) fn json_if_any<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        self.has(name).then(|| self.json(name)).transpose()
    }

    /// A value kept as JSON text.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        serde_json::from_str(self.text(name)?)
            .map_err(|error| self.wrong(name, format!("is not what it should be: {error}")))
    }

    /// A time, spelled as keys spell it.
    pub(crate) fn moment(&self, name: &str) -> Result<Timestamp, StoreError> {
        self.text(name)?.parse().map_err(|error| self.wrong(name, format!("is not a time: {error}")))
    }
}

/// Writes `at` into the due index.
pub(crate) fn due(draft: Draft, key: impl Into<String>, at: Timestamp) -> Draft {
    draft.text(keys::DUE_KEY, key).text(keys::DUE_AT, keys::moment(at))
}
