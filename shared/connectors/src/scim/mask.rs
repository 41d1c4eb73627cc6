//! Takes secrets out of what a target said, before it is shown.
//!
//! In: the token, the hidden values of the operations under way, and text or the body of an answer. Out: the same with
//! `[redacted]` in their place. Promises: a secret is found as it is and as JSON, HTML and URLs spell it, since servers
//! quote requests in all of these; nothing is cut before it was masked.

use std::sync::Arc;

use engine::model::{Attributes, Value};
use engine::ports::TargetOperation;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::convert::filter::percent_encoded;

const REDACTED: &str = "[redacted]";

/// 4 characters: where a shorter secret is blotted out, the letters around tell it. All of the text goes instead.
const SHORTEST: usize = 4;

/// What must not be shown. Longer secrets come first, so that none that is part of another gives the rest away.
#[derive(Clone)]
pub(super) struct Mask(Arc<[SecretString]>);

impl Mask {
    /// Hides the token.
    pub(super) fn new(token: SecretString) -> Self {
        Self(Arc::new([token]))
    }

    /// Hides what these operations write in secret, too.
    pub(super) fn with<'a>(&self, operations: impl IntoIterator<Item = &'a TargetOperation>) -> Self {
        let mut secrets = Vec::new();
        for operation in operations {
            match operation {
                TargetOperation::Create(_, attributes) => in_attributes(attributes, &mut secrets),
                TargetOperation::Update(_, _, changes) => {
                    let values = changes.iter().flat_map(|change| [&change.old, &change.new]).flatten();
                    values.for_each(|value| in_value(value, &mut secrets));
                }
                TargetOperation::Delete(..)
                | TargetOperation::AddMembers(..)
                | TargetOperation::RemoveMembers(..) => {}
            }
        }
        if secrets.is_empty() {
            return self.clone();
        }
        secrets.extend(self.0.iter().cloned());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self(secrets.into())
    }

    /// The text without the secrets.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in self.0.iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty()) {
            for spelling in spellings(secret) {
                if !shown.contains(&spelling) {
                    continue;
                }
                if secret.chars().count() < SHORTEST {
                    return REDACTED.to_owned();
                }
                shown = shown.replace(&spelling, REDACTED);
            }
        }
        shown
    }

    /// The body of an answer without the secrets. JSON has many ways to write a letter, so its texts are looked at
    /// as what they mean.
    pub(super) fn body(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        if let Ok(mut json) = serde_json::from_str::<Json>(&text)
            && self.hide_in(&mut json)
        {
            return self.apply(&json.to_string());
        }
        self.apply(&text)
    }

    /// Masks every text in it; whether there was anything to mask.
    fn hide_in(&self, json: &mut Json) -> bool {
        match json {
            Json::String(text) => {
                let shown = self.apply(text);
                let changed = shown != *text;
                *text = shown;
                changed
            }
            Json::Array(list) => list.iter_mut().fold(false, |changed, value| self.hide_in(value) | changed),
            Json::Object(object) => {
                object.values_mut().fold(false, |changed, value| self.hide_in(value) | changed)
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => false,
        }
    }
}

/// How a secret may be written, itself first.
fn spellings(secret: &str) -> [String; 4] {
    let json = Json::from(secret).to_string();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    [
        secret.to_owned(),
        json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(secret).to_owned(),
        html,
        percent_encoded(secret),
    ]
}

fn in_attributes(attributes: &Attributes, secrets: &mut Vec<SecretString>) {
    attributes.values().for_each(|value| in_value(value, secrets));
}

fn in_value(value: &Value, secrets: &mut Vec<SecretString>) {
    match value {
        Value::Secret(secret) => secrets.extend(secret.expose().map(SecretString::from)),
        Value::List(values) => values.iter().for_each(|value| in_value(value, secrets)),
        Value::Complex(parts) => in_attributes(parts, secrets),
        Value::Boolean(_) | Value::Integer(_) | Value::Text(_) => {}
    }
}
