//! Who may do what, by Graph's permission names.
//!
//! In: a request. Out: it goes on, with its [`Caller`]; or 401 when nobody knows who asks, 403 when that somebody may not.
//! In the cloud the caller shows an access token of one OpenID Connect issuer, which is checked here whatever stands in
//! front; on loopback the token that this start drew.
//!
//! Whoever's token gives no permission for all applications may still own some: the request goes on with
//! [`Caller::owner_only`], and `find` refuses what is not theirs.
//!
//! | Variable | Holds |
//! |---|---|
//! | `ROLLCALL_TOKEN_ISSUER` | who issues the tokens, as in their claim `iss` |
//! | `ROLLCALL_TOKEN_AUDIENCE` | whom they are for, as in `aud` (or `client_id`); several with commas between them |
//! | `ROLLCALL_ROLES` | JSON: what roles give, such as `{"it ops": ["ProvisioningLog.Read.All"]}` |
//! | `ROLLCALL_ROLE_CLAIMS` | the claims that hold roles, with commas between them; `roles,wids` when absent |

mod caller;
mod crypto;
mod keys;
mod roles;
mod verify;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use engine::ports::Clock;
use jiff::Timestamp;
use runtime::env::{self, EnvError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::ApiError;

use self::verify::TokenError;

pub use self::caller::Caller;
pub use self::roles::Roles;
pub use self::verify::Verifier;

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
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ReadJobs, Self::WriteJobs, Self::ReadLogs, Self::Upload];

    /// Graph's names, the narrowest way first: any of the ways gives it, and each takes all of its names.
    #[must_use]
    pub fn ways(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::ReadJobs => &[&["Synchronization.Read.All"], &["Synchronization.ReadWrite.All"]],
            Self::WriteJobs => &[&["Synchronization.ReadWrite.All"]],
            Self::ReadLogs => &[&["ProvisioningLog.Read.All"], &["AuditLog.Read.All", "Directory.Read.All"]],
            Self::Upload => &[&["SynchronizationData-User.Upload"]],
        }
    }

    /// Whether these names give it.
    fn is_given_by(self, names: &BTreeSet<String>) -> bool {
        self.ways().iter().any(|way| way.iter().all(|name| names.contains(*name)))
    }
}

/// How callers are told apart.
#[derive(Clone)]
pub enum Access {
    /// Tokens of an issuer.
    Tokens(Arc<Verifier>),
    /// On loopback: whoever has this token may do everything, under this name.
    Local {
        /// The token.
        token: SecretString,
        /// Who started the program.
        name: String,
    },
}

/// Somebody who showed before who they are and what they may: whoever signed in to the console. Only code of this process
/// can put one among a request's extensions, where it takes the place of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Their id with whoever issued their token.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// Their permissions, by Graph's names.
    pub permissions: BTreeSet<String>,
}

impl SignedIn {
    /// Whether they may do this with all applications.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        permission.is_given_by(&self.permissions)
    }

    fn caller(self, permission: Permission) -> Caller {
        let owner_only = !self.may(permission);
        Caller { id: self.id, name: self.name, owner_only }
    }
}

/// Why nobody is let in by a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

/// The environment does not say whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A variable is absent or no text.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The issuer is no address that its keys could safely come from.
    #[error(
        "the environment variable ROLLCALL_TOKEN_ISSUER must be an https address, as in the claim iss of the tokens"
    )]
    Issuer,
    /// There is no audience.
    #[error(
        "the environment variable ROLLCALL_TOKEN_AUDIENCE must name an audience, as in the claim aud of the tokens"
    )]
    Audience,
    /// The roles cannot be read.
    #[error(r#"the environment variable ROLLCALL_ROLES must be JSON such as {{"it ops": ["ProvisioningLog.Read.All"]}}: {0}"#)]
    Roles(String),
    /// A role gives what nothing asks for.
    #[error("the environment variable ROLLCALL_ROLES gives '{0}', which is no permission; these are: {1}")]
    Permission(String, String),
    /// No connection could be opened to the issuer.
    #[error("TLS cannot be set up; install the system's CA certificates")]
    Tls,
}

impl Access {
    /// Tokens of an issuer.
    #[must_use]
    pub fn tokens(verifier: Verifier) -> Self {
        Self::Tokens(Arc::new(verifier))
    }

    /// On loopback: whoever has this token may do everything, under this name.
    pub fn local(token: SecretString, name: impl Into<String>) -> Self {
        Self::Local { token, name: name.into() }
    }

    /// Tokens of the issuer that the environment names.
    ///
    /// # Errors
    /// [`SettingsError`], with the variable's name.
    pub fn from_env(clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        let [issuer, audiences] = env::all_required(["ROLLCALL_TOKEN_ISSUER", "ROLLCALL_TOKEN_AUDIENCE"])?;
        let audiences = listed(&audiences);
        let permissions = env::optional("ROLLCALL_ROLES")?;
        let claims = env::optional("ROLLCALL_ROLE_CLAIMS")?;
        let roles = Roles::read(permissions.as_deref(), claims.as_deref())?;
        Ok(Self::tokens(Verifier::new(issuer.trim(), audiences, roles, clock)?))
    }

    /// Who shows this token, what it gives them, and until when, where it ends.
    ///
    /// # Errors
    /// [`Refused`], in words for whoever shows it.
    pub async fn signs_in(&self, token: &str) -> Result<(SignedIn, Option<Timestamp>), Refused> {
        self.person(token).await.map_err(|error| Refused(error.to_string()))
    }

    async fn person(&self, token: &str) -> Result<(SignedIn, Option<Timestamp>), TokenError> {
        match self {
            Self::Tokens(verifier) => {
                let claims = verifier.claims(token).await?;
                let (id, name) = claims.who().ok_or(TokenError::Claim("sub"))?;
                let permissions = verifier.roles.permissions_in(&claims);
                let person = SignedIn { id: id.to_owned(), name: name.to_owned(), permissions };
                Ok((person, claims.ends()))
            }
            Self::Local { token: drawn, name } => {
                if !bool::from(token.as_bytes().ct_eq(drawn.expose_secret().as_bytes())) {
                    return Err(TokenError::NotDrawn);
                }
                let all = Permission::ALL.into_iter().filter_map(|permission| permission.ways().first());
                let permissions = all.flat_map(|way| way.iter().map(|name| (*name).to_owned()));
                let person = SignedIn {
                    id: "local".to_owned(),
                    name: name.clone(),
                    permissions: permissions.collect(),
                };
                Ok((person, None))
            }
        }
    }

    /// Who asks, and whether they may do this with all applications.
    async fn caller(&self, request: &mut Request, permission: Permission) -> Result<Caller, Response> {
        if let Some(person) = request.extensions_mut().remove::<SignedIn>() {
            return Ok(person.caller(permission));
        }
        let Some(token) = bearer(request.headers()).map(SecretString::from) else {
            let message = "there is no token; send the header Authorization: Bearer TOKEN";
            return Err(ApiError::unauthenticated(message).into_response());
        };
        match self.person(token.expose_secret()).await {
            Ok((person, _)) => Ok(person.caller(permission)),
            Err(error) => Err(refused(&error)),
        }
    }
}

/// Lets a request through whose caller may do this, with some application at least; refuses the others with 401. The
/// refusal is told in the header `WWW-Authenticate`, too (RFC 6750), as is a handler's 403.
pub async fn check(
    State((access, permission)): State<(Arc<Access>, Permission)>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match access.caller(&mut request, permission).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let owner_only = caller.owner_only;
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    if owner_only && response.status() == StatusCode::FORBIDDEN {
        let ways: Vec<String> = permission.ways().iter().map(|way| way.join(" with ")).collect();
        let more = format!("; the token would need one of these permissions: {}", ways.join(", "));
        if let Some(error) = response.extensions_mut().remove::<ApiError>() {
            response.extensions_mut().insert(error.adding(&more));
        }
        let narrowest = permission.ways().first().map(|way| way.join(" ")).unwrap_or_default();
        challenge(&mut response, &format!(r#"error="insufficient_scope", scope="{narrowest}""#));
    }
    response
}

fn refused(error: &TokenError) -> Response {
    let message = error.to_string();
    // Not the caller's fault, and a new token would not help.
    if *error == TokenError::NoKeys {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return ApiError::new(status, "serviceNotAvailable", message).into_response();
    }
    // A description in quotes holds neither quotes nor backslashes, and ASCII only.
    let sayable = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    let description: String = message.chars().filter(sayable).collect();
    let mut response = ApiError::unauthenticated(message).into_response();
    challenge(&mut response, &format!(r#"error="invalid_token", error_description="{description}""#));
    response
}

fn challenge(response: &mut Response, parameters: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {parameters}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What stands between commas.
fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(ToOwned::to_owned).collect()
}
