//! Who may read what, by Graph's permission names.
//!
//! In: what the gateway found in a token it checked, or a token of our own. Out: the request goes on, or 401 when
//! nobody knows who asks, 403 when that somebody may not.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use store::StoredApplication;

use crate::ApiError;

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Jobs, their status, and the configuration.
    ReadJobs,
    /// Changes of the configuration and of jobs.
    WriteJobs,
    /// The provisioning log.
    ReadLogs,
    /// Uploads of people to a job.
    Upload,
}

impl Permission {
    /// Graph's names: any of them gives it.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::ReadJobs => &["Synchronization.Read.All", "Synchronization.ReadWrite.All"],
            Self::WriteJobs => &["Synchronization.ReadWrite.All"],
            Self::ReadLogs => &["ProvisioningLog.Read.All"],
            Self::Upload => &["SynchronizationData-User.Upload"],
        }
    }
}

/// Who asks, once it is known that they may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Their id with whoever issued the token.
    pub id: String,
    /// What they are called, in the audit.
    pub name: String,
    /// Whether only applications they own are there for them.
    pub owner_only: bool,
}

impl Caller {
    /// Whether an application is there for them.
    #[must_use]
    pub fn sees(&self, application: &StoredApplication) -> bool {
        let owners = application.document["owners"].as_array();
        !self.owner_only || owners.is_some_and(|owners| owners.iter().any(|owner| owner == &self.id))
    }
}

/// Claims that hold permissions: Entra's for people and for programs, and everybody else's.
const CLAIMS: [&str; 3] = ["scp", "roles", "scope"];

/// How callers are told apart.
#[derive(Debug, Clone)]
pub enum Access {
    /// Behind API Gateway, whose JWT authorizer checked signature, issuer, audience and expiry. What it found comes
    /// with the request as [`Claims`]; a request without them is refused.
    Gateway,
    /// On loopback: whoever has this token may read everything.
    Token(SecretString),
}

/// The claims of a token that somebody else checked. Lists come as API Gateway writes them: `[one two]`.
#[derive(Debug, Clone, Default)]
pub struct Claims(pub HashMap<String, String>);

impl Claims {
    /// Who it is.
    fn caller(&self) -> Caller {
        let first = |names: [&str; 3]| names.into_iter().find_map(|name| self.0.get(name).cloned());
        let id = first(["oid", "sub", "client_id"]).unwrap_or_default();
        let name = first(["preferred_username", "email", "app_displayname"]).unwrap_or_else(|| id.clone());
        Caller { id, name, owner_only: false }
    }

    /// Whether one of these permissions was given. What stands before the last slash names an audience, which the
    /// gateway compared (Amazon Cognito: `rollcall/ProvisioningLog.Read.All`).
    fn hold_one_of(&self, permissions: &[&str]) -> bool {
        let given = CLAIMS.iter().filter_map(|name| self.0.get(*name));
        given
            .flat_map(|claim| claim.split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',' | '"')))
            .any(|word| permissions.contains(&word.rsplit('/').next().unwrap_or(word)))
    }
}

/// Lets a request through that may read this.
///
/// # Errors
/// 401 and 403.
pub async fn check(
    State((access, permission)): State<(Arc<Access>, Permission)>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let caller = match &*access {
        Access::Gateway => {
            let claims = request.extensions().get::<Claims>().ok_or_else(|| {
                ApiError::unauthenticated(
                    "there is no checked token; the gateway's JWT authorizer passes it on",
                )
            })?;
            let permissions = permission.names();
            if !claims.hold_one_of(permissions) {
                let message =
                    format!("the token holds none of these permissions: {}", permissions.join(", "));
                return Err(ApiError::forbidden(message));
            }
            claims.caller()
        }
        Access::Token(token) => {
            let given = bearer(&request).ok_or_else(|| {
                ApiError::unauthenticated("there is no token; send the header Authorization: Bearer TOKEN")
            })?;
            if !bool::from(given.as_bytes().ct_eq(token.expose_secret().as_bytes())) {
                return Err(ApiError::unauthenticated(
                    "the token is not the one that this process drew when it started",
                ));
            }
            Caller { id: "local".to_owned(), name: "local".to_owned(), owner_only: false }
        }
    };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.headers().get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_found_wherever_issuers_put_them() {
        let cases = [
            ("scp", "openid ProvisioningLog.Read.All", true),
            ("scope", "openid rollcall/ProvisioningLog.Read.All", true),
            ("roles", "[Auditor ProvisioningLog.Read.All]", true),
            ("roles", r#"["Auditor","ProvisioningLog.Read.All"]"#, true),
            ("roles", "[Synchronization.Read.All]", false),
            ("scp", "ProvisioningLog.Read.All.Not", false),
            ("scp", "provisioninglog.read.all", false),
            ("scp", "", false),
            ("sub", "ProvisioningLog.Read.All", false),
        ];
        for (name, value, expected) in cases {
            let claims = Claims(HashMap::from([(name.to_owned(), value.to_owned())]));
            assert_eq!(claims.hold_one_of(Permission::ReadLogs.names()), expected, "{name}: {value}");
        }
    }
}
