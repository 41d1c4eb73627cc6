//! Whether a token is genuine, for us, and of this moment.
//!
//! In: the text of a token. Out: its claims, or what is wrong with it in words for whoever sent it. Promised: no claim is
//! looked at before the signature was found good, but what names the key; the time is the [`Clock`]'s; whatever bytes come,
//! they lead to an error and to nothing else.

use std::sync::Arc;

use engine::ports::Clock;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::SettingsError;
use super::caller::Claims;
use super::crypto::{self, ACCEPTED};
use super::keys::Keys;
use super::roles::Roles;

/// The largest token. The gateway takes 10 KB of headers; two hundred groups of Entra are 8 KB.
const LARGEST_TOKEN: usize = 16 * 1024;

/// How far our clock and the issuer's may be apart, in seconds.
const LEEWAY: i64 = 60;

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    #[error("the token is larger than {LARGEST_TOKEN} bytes; ask the issuer to put fewer groups into it")]
    Large,
    #[error(
        "the token is no JSON Web Token that is signed with RS, PS or ES and 256, 384 or 512 (ES512 aside), or with EdDSA; \
         send the access token as the issuer gave it"
    )]
    Unreadable,
    #[error("the token names a signing key that the issuer does not publish; get a new token")]
    UnknownKey,
    #[error("the token's algorithm is not the one of the key that it names; get a new token from the issuer")]
    OtherKey,
    #[error("the token's signature is not the issuer's; get a new token")]
    Signature,
    #[error("the token is another issuer's; get one from {0}")]
    Issuer(String),
    #[error("the token is for another audience; get one for {0}")]
    Audience(String),
    #[error("the token has expired; get a new one")]
    Expired,
    #[error("the token is not valid yet; wait, or set the clock of whoever issued it")]
    Early,
    #[error("the token's claim {0} is missing or is not what it must be; ask whoever runs the issuer")]
    Claim(&'static str),
    #[error("the token tells who signed in, it is no access token; send the access token")]
    NoAccessToken,
    #[error("the token is not the one that this process drew when it started")]
    NotDrawn,
    #[error("the issuer's signing keys could not be fetched; try again in a moment")]
    NoKeys,
}

/// Checks the tokens of one issuer for one API.
pub struct Verifier {
    issuer: String,
    audiences: Vec<String>,
    pub(super) roles: Roles,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// For the tokens of `issuer` whose audience is one of `audiences`.
    ///
    /// # Errors
    /// [`SettingsError`]: the issuer is no `https` address, or there is no audience.
    pub fn new(
        issuer: &str,
        audiences: Vec<String>,
        roles: Roles,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        if audiences.is_empty() {
            return Err(SettingsError::Audience);
        }
        crypto::install();
        let keys = Keys::of(issuer, clock.clone())?;
        Ok(Self { issuer: issuer.to_owned(), audiences, roles, keys, clock })
    }

    /// The claims of a token that is genuine, for us, and of this moment.
    pub(super) async fn claims(&self, token: &str) -> Result<Claims, TokenError> {
        let claims = self.signed(token).await?;
        self.of_our_issuer(&claims)?;
        self.for_us(&claims)?;
        self.of_this_moment(&claims)?;
        Ok(Claims(claims))
    }

    /// Checks the signature.
    async fn signed(&self, token: &str) -> Result<Map<String, Value>, TokenError> {
        if token.len() > LARGEST_TOKEN {
            return Err(TokenError::Large);
        }
        let header = decode_header(token).map_err(|_| TokenError::Unreadable)?;
        if !ACCEPTED.contains(&header.alg) {
            return Err(TokenError::Unreadable);
        }
        // Extensions that whoever checks must understand (RFC 7515, 4.1.11). We understand none.
        if header.crit.is_some() {
            return Err(TokenError::Unreadable);
        }
        let key = self.keys.find(header.kid.as_deref(), header.alg).await?;
        let mut only_the_signature = Validation::new(header.alg);
        // The library takes the time from the system's clock, and knows nothing of `client_id`.
        only_the_signature.validate_exp = false;
        only_the_signature.validate_aud = false;
        only_the_signature.required_spec_claims.clear();
        match decode(token, &key, &only_the_signature) {
            Ok(token) => Ok(token.claims),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => Err(TokenError::Signature),
            Err(_) => Err(TokenError::Unreadable),
        }
    }

    fn of_our_issuer(&self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        let issuer = claims.get("iss").and_then(Value::as_str);
        if issuer == Some(&self.issuer) { Ok(()) } else { Err(TokenError::Issuer(self.issuer.clone())) }
    }

    /// `aud`; in its absence `client_id`, as Amazon Cognito names the client whom an access token is for.
    fn for_us(&self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        // Cognito says of each token which one it is. The other one proves a sign-in to the client, not to an API.
        if claims.get("token_use").is_some_and(|given| given != "access") {
            return Err(TokenError::NoAccessToken);
        }
        let ours =
            |name: &Value| name.as_str().is_some_and(|name| self.audiences.iter().any(|our| our == name));
        let found = match claims.get("aud") {
            Some(Value::Array(names)) => names.iter().any(ours),
            Some(name) => ours(name),
            None => claims.get("client_id").is_some_and(ours),
        };
        if found { Ok(()) } else { Err(TokenError::Audience(self.audiences.join(" or "))) }
    }

    fn of_this_moment(&self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        let now = self.clock.now().as_second();
        // Without an end a token that leaked would open for ever.
        if seconds(claims, "exp")?.ok_or(TokenError::Claim("exp"))?.saturating_add(LEEWAY) <= now {
            return Err(TokenError::Expired);
        }
        if seconds(claims, "nbf")?.is_some_and(|from| from.saturating_sub(LEEWAY) > now) {
            return Err(TokenError::Early);
        }
        Ok(())
    }
}

/// A time, in whole seconds since 1970; some issuers write a fraction.
fn seconds(claims: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    // The cast saturates.
    let fraction = || value.as_f64().map(|seconds| seconds as i64);
    value.as_i64().or_else(fraction).map(Some).ok_or(TokenError::Claim(name))
}
