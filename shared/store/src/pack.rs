//! Values as deflated JSON, for what is long and never searched.
//!
//! JSON names its fields, so that later versions can add some; deflating takes the repeated names away again, and half
//! of every id that is spelled in hexadecimal digits.

use engine::ports::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::item::{Stored, json, wrong};
use crate::keys::Key;

/// A value as bytes.
pub(crate) fn pack(key: &Key, attribute: &str, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let text = json(key, attribute, value)?;
    let written = engine::pack::deflated(text.as_bytes());
    written.map_err(|error| wrong(key, format!("attribute '{attribute}' cannot be written: {error}")))
}

/// The value that bytes stand for.
pub(crate) fn unpack<T: DeserializeOwned>(key: &Key, attribute: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let problem = |problem| wrong(key, format!("attribute '{attribute}' {problem}"));
    let text =
        engine::pack::inflated(bytes).map_err(|error| problem(format!("cannot be inflated: {error}")))?;
    serde_json::from_slice(&text).map_err(|error| problem(format!("is not what it should be: {error}")))
}

impl Stored {
    /// A value kept as [`pack`] made it.
    pub(crate) fn packed<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        unpack(self.key(), name, self.bytes(name)?)
    }
}
