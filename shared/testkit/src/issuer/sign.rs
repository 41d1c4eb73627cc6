//! Signing, with every algorithm that is accepted and with one that must not be.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair as RsaKeyPair, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding,
};
use serde_json::{Value, json};

/// Nobody's key: made for these tests with `openssl genpkey`, because `ring` makes no RSA keys.
const RSA: &str = include_str!("rsa-2048.pem");

/// A key or a signature could not be made.
#[derive(Debug, thiserror::Error)]
#[error("no key and no signature with '{0}'")]
pub struct SignError(String);

/// A key with its id, for one algorithm.
pub struct SigningKey {
    /// The `kid` of its tokens.
    pub id: String,
    algorithm: String,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(hmac::Key),
}

impl SigningKey {
    /// A key for an algorithm, by its name in tokens: drawn, or for RSA always the same.
    ///
    /// # Errors
    /// The algorithm is not known.
    pub fn new(algorithm: &str, id: &str) -> Result<Self, SignError> {
        let pair = pair(algorithm).ok_or_else(|| SignError(algorithm.to_owned()))?;
        Ok(Self { id: id.to_owned(), algorithm: algorithm.to_owned(), pair })
    }

    /// A key for HS256 out of bytes that are no secret: how a forger uses somebody's public key.
    #[must_use]
    pub fn hs256(secret: &[u8], id: &str) -> Self {
        let pair = Pair::Hmac(hmac::Key::new(hmac::HMAC_SHA256, secret));
        Self { id: id.to_owned(), algorithm: "HS256".to_owned(), pair }
    }

    /// Its public half, as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = |curve: &str, key: &[u8]| {
            let (x, y) = key.split_at(key.len().div_ceil(2));
            json!({ "kty": "EC", "crv": curve, "x": encode(x.get(1..).unwrap_or_default()), "y": encode(y) })
        };
        let mut jwk = match &self.pair {
            Pair::Rsa(pair, _) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({ "kty": "RSA", "n": encode(&n), "e": encode(&e) })
            }
            Pair::Ecdsa(pair) if self.algorithm == "ES256" => point("P-256", pair.public_key().as_ref()),
            Pair::Ecdsa(pair) => point("P-384", pair.public_key().as_ref()),
            Pair::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()) })
            }
            Pair::Hmac(_) => json!({ "kty": "oct", "k": "" }),
        };
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.algorithm);
        jwk
    }

    /// A token with these claims.
    ///
    /// # Errors
    /// It could not be signed.
    pub fn token(&self, claims: &Value) -> Result<String, SignError> {
        self.token_with(&json!({ "typ": "JWT", "alg": self.algorithm, "kid": self.id }), claims)
    }

    /// A token with this header, whatever it says.
    ///
    /// # Errors
    /// It could not be signed.
    pub fn token_with(&self, header: &Value, claims: &Value) -> Result<String, SignError> {
        let message = joined(header, claims);
        let signature = self.sign(message.as_bytes()).ok_or_else(|| SignError(self.algorithm.clone()))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let chance = SystemRandom::new();
        Some(match &self.pair {
            Pair::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*padding, &chance, message, &mut signature).ok()?;
                signature
            }
            Pair::Ecdsa(pair) => pair.sign(&chance, message).ok()?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
        })
    }
}

/// What is signed of a token.
#[must_use]
pub fn joined(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

fn pair(algorithm: &str) -> Option<Pair> {
    let padding: &'static dyn RsaEncoding = match algorithm {
        "RS256" => &RSA_PKCS1_SHA256,
        "RS384" => &RSA_PKCS1_SHA384,
        "RS512" => &RSA_PKCS1_SHA512,
        "PS256" => &RSA_PSS_SHA256,
        "PS384" => &RSA_PSS_SHA384,
        "PS512" => &RSA_PSS_SHA512,
        "ES256" => return ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
        "ES384" => return ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
        "EdDSA" => {
            let drawn = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
            return Ed25519KeyPair::from_pkcs8(drawn.as_ref()).ok().map(Pair::Ed25519);
        }
        _ => return None,
    };
    let base64: String = RSA.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).ok()?).ok()?;
    Some(Pair::Rsa(Box::new(key), padding))
}

fn ecdsa(curve: &'static ring::signature::EcdsaSigningAlgorithm) -> Option<Pair> {
    let chance = SystemRandom::new();
    let drawn = EcdsaKeyPair::generate_pkcs8(curve, &chance).ok()?;
    EcdsaKeyPair::from_pkcs8(curve, drawn.as_ref(), &chance).ok().map(Pair::Ecdsa)
}
