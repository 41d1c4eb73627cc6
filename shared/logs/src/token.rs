//! Tokens that lead from one page to the next: opaque to whoever carries them, and signed.
//!
//! In: where a page ended, and what it was a page of. Out: a text for a link; and from such a text where to go on, or a
//! refusal. A token opens for the very question it was made for, for a day.
//!
//! ```text
//! base64url( expiry, 8 bytes │ where the page ended │ HMAC-SHA256 of both and of the question, 16 bytes )
//! ```
//!
//! # What it is good for
//! It keeps a position of one question out of another one, where it would show a part and look like the whole. It gives
//! no right: every request is judged by its own caller. So nothing is lost but order when its key gets around.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// How long a token opens: whoever reads page by page is done within a day, and a link from yesterday would leave out
/// what expired since without a word.
pub const VALID: SignedDuration = SignedDuration::from_hours(24);

/// The longest token, in characters. Positions have some hundred bytes; ids in sources have 1,024 at the most.
pub const LONGEST: usize = 8_192;

/// Bytes of the key.
pub const KEY: usize = 32;

/// Bytes of the expiry, and of the signature: half of the hash, as RFC 2104 §5 allows. Guessing one takes 2^127 requests.
const EXPIRY: usize = 8;
const SIGNATURE: usize = 16;

/// Makes tokens, and opens them.
#[derive(Clone)]
pub struct Signer {
    keyed: Hmac<Sha256>,
}

/// Why a token does not open. `Display` is a sentence with the cure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was made for something else, changed, or made up.
    #[error(
        "$skiptoken does not belong to this question; use @odata.nextLink as it was given, or begin again without it"
    )]
    Foreign,
    /// Its day is over.
    #[error("$skiptoken is older than a day; begin again without it")]
    Stale,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// One with a key that was drawn by chance.
    #[must_use]
    pub fn new(key: &[u8; KEY]) -> Self {
        // HMAC itself fills shorter keys up with zeros.
        let mut block = Key::<Hmac<Sha256>>::default();
        block.iter_mut().zip(key).for_each(|(filled, byte)| *filled = *byte);
        Self { keyed: Hmac::new(&block) }
    }

    /// A token that leads on from `last` in the answer to a question. What the question consists of is compared part by
    /// part.
    #[must_use]
    pub fn seal(&self, question: &[&str], last: &str, now: Timestamp) -> String {
        let expiry = now.saturating_add(VALID).unwrap_or(now).as_second();
        let mut token = expiry.to_be_bytes().to_vec();
        token.extend_from_slice(last.as_bytes());
        let signature = self.signed(question, &token).finalize().into_bytes();
        token.extend(signature.iter().take(SIGNATURE));
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Where to go on.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open(&self, question: &[&str], token: &str, now: Timestamp) -> Result<String, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Foreign);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError::Foreign)?;
        let (said, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(TokenError::Foreign)?;
        self.signed(question, said).verify_truncated_left(signature).map_err(|_| TokenError::Foreign)?;
        let (expiry, last) = said.split_first_chunk::<EXPIRY>().ok_or(TokenError::Foreign)?;
        if i64::from_be_bytes(*expiry) < now.as_second() {
            return Err(TokenError::Stale);
        }
        String::from_utf8(last.to_vec()).map_err(|_| TokenError::Foreign)
    }

    /// Each part with its length, so that none can borrow letters from the next.
    fn signed(&self, question: &[&str], said: &[u8]) -> Hmac<Sha256> {
        let mut keyed = self.keyed.clone();
        for part in question.iter().map(|part| part.as_bytes()).chain([said]) {
            keyed.update(&(part.len() as u64).to_be_bytes());
            keyed.update(part);
        }
        keyed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer() -> Signer {
        Signer::new(&[7; KEY])
    }

    fn noon() -> Timestamp {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_opens_for_a_day() {
        let token = signer().seal(&["log"], "last", noon());
        for (later, expected) in
            [(VALID, Ok("last".to_owned())), (VALID + SignedDuration::from_secs(1), Err(TokenError::Stale))]
        {
            assert_eq!(signer().open(&["log"], &token, noon() + later), expected);
        }
    }

    #[test]
    fn a_token_opens_for_its_own_question_and_key_only() {
        let token = signer().seal(&["log", "a", "bc"], "last", noon());
        let others: [&[&str]; 5] =
            [&["log", "ab", "c"], &["log", "a"], &["log", "a", "bc", ""], &["log", "bc", "a"], &[]];
        for question in others {
            assert_eq!(signer().open(question, &token, noon()), Err(TokenError::Foreign), "{question:?}");
        }
        let other = Signer::new(&[8; KEY]);
        assert_eq!(other.open(&["log", "a", "bc"], &token, noon()), Err(TokenError::Foreign));
        assert!(!format!("{:?}", signer()).contains('7'));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let long = "A".repeat(LONGEST + 1);
        for text in ["", "x", "%", "AAAA", "====", &long, &"A".repeat(40), "ü"] {
            assert_eq!(signer().open(&["log"], text, noon()), Err(TokenError::Foreign), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_and_whatever_is_changed_does_not(
            question in prop::collection::vec(".{0,8}", 0..4),
            last in ".{0,40}",
            at in any::<prop::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let question: Vec<&str> = question.iter().map(String::as_str).collect();
            let token = signer().seal(&question, &last, noon());
            prop_assert_eq!(signer().open(&question, &token, noon()), Ok(last));
            let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
            let position = at.index(bytes.len());
            bytes[position] ^= 1 << bit;
            let changed = URL_SAFE_NO_PAD.encode(bytes);
            prop_assert_eq!(signer().open(&question, &changed, noon()), Err(TokenError::Foreign));
        }
    }
}
