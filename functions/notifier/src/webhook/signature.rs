//! The signature of a call: HMAC-SHA256 over its id, its time and its body (Standard Webhooks, "Signature scheme").

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sha2::Sha256;

/// The length of a key, in bytes, as the specification has it.
const LENGTH: RangeInclusive<usize> = 24..=64;

/// A key that both sides have.
pub(super) struct Key(SecretSlice<u8>);

impl Key {
    /// From `whsec_` and base64.
    ///
    /// # Errors
    /// What it should be. Not what it is.
    pub(super) fn parse(text: &SecretString) -> Result<Self, &'static str> {
        let problem = "leads to no key: write whsec_ and 24 to 64 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` prints them";
        let encoded = text.expose_secret().strip_prefix("whsec_").ok_or(problem)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| problem)?;
        LENGTH.contains(&bytes.len()).then(|| Self(bytes.into())).ok_or(problem)
    }

    /// The value of the header `webhook-signature`.
    pub(super) fn sign(&self, id: &str, at: i64, body: &str) -> String {
        // Takes a key of any length.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()) else { return String::new() };
        let mac = mac.chain_update(format!("{id}.{at}.{body}"));
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Key, &'static str> {
        Key::parse(&SecretString::from(text))
    }

    #[test]
    fn it_is_the_one_that_others_document() {
        // Svix' guide to verifying by hand. Its key is shorter than keys are today.
        let key = Key(STANDARD.decode("plJ3nmyCDGBKInavdOK15jsl").unwrap().into());
        let body = r#"{"event_type":"ping","data":{"success":true}}"#;
        let signature = key.sign("msg_loFOjxBNrRLzqYUf", 1_731_705_121, body);
        assert_eq!(signature, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
    }

    #[test]
    fn a_key_has_24_to_64_bytes_and_is_not_repeated_when_it_is_wrong() {
        let of = |length: usize| format!("whsec_{}", STANDARD.encode(vec![7; length]));
        for (length, sound) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
            assert_eq!(key(&of(length)).is_ok(), sound, "{length}");
        }
        for wrong in ["", "hunter2", "whsec_", "whsec_hunter2!", &STANDARD.encode([7; 32])] {
            let problem = key(wrong).err().unwrap_or_default();
            assert!(problem.contains("whsec_") && !problem.contains("hunter2"), "{problem}");
        }
    }
}
