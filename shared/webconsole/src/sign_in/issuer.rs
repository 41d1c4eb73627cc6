//! Signing in at an OpenID Connect issuer: its authorization code flow with PKCE (RFC 6749, RFC 7636).
//!
//! In: the issuer, and the client that it knows the console as: a public one, without a secret. Out: where to send the
//! browser, and in the end an access token for the API, the same that a script would show. So whoever may do something by a
//! script may do it here, and nothing is read from the token that a script would not be measured by.

use api::web::{self, Answered, Web, WebError};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, CsrfToken, HttpRequest, HttpResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use reqwest::Method;
use runtime::env::{self, EnvError};
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

/// Where people sign in.
pub struct Issuer {
    /// As in the tokens' claim `iss`.
    name: String,
    client_id: String,
    /// What is asked for, with blanks between.
    scopes: String,
    found: OnceCell<Endpoints>,
}

/// What the issuer's description says (OpenID Connect Discovery 1.0).
#[derive(Deserialize)]
struct Endpoints {
    authorization_endpoint: Url,
    token_endpoint: Url,
}

/// Why nobody can sign in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuerError {
    #[error(transparent)]
    Web(#[from] WebError),
    #[error("{0} does not describe itself as OpenID Connect says; check TokenIssuer")]
    Description(String),
    #[error("{0} gave no token for this sign-in; sign in again")]
    NoToken(String),
}

/// A sign-in that began.
pub(crate) struct Begun {
    /// Where the browser goes.
    pub(crate) to: String,
    /// What it brings back.
    pub(crate) state: String,
    /// What the code is worth something with.
    pub(crate) verifier: String,
}

impl Issuer {
    /// The issuer whose tokens are taken, with the console's client there.
    #[must_use]
    pub fn new(name: &str, client_id: &str, scopes: &str) -> Self {
        let [name, client_id, scopes] = [name, client_id, scopes].map(|text| text.trim().to_owned());
        Self { name, client_id, scopes, found: OnceCell::new() }
    }

    /// The one that the environment names; `None` where the console has no client.
    ///
    /// | Variable | Holds |
    /// |---|---|
    /// | `ROLLCALL_TOKEN_ISSUER` | who issues the tokens |
    /// | `ROLLCALL_CONSOLE_CLIENT` | the client id of the console there; without it there is no console |
    /// | `ROLLCALL_CONSOLE_SCOPES` | the scopes it asks for; `openid` when absent |
    ///
    /// # Errors
    /// [`EnvError`], with the variable's name.
    pub fn from_env() -> Result<Option<Self>, EnvError> {
        let Some(client_id) = env::optional("ROLLCALL_CONSOLE_CLIENT")? else { return Ok(None) };
        let scopes = env::optional("ROLLCALL_CONSOLE_SCOPES")?;
        let issuer = env::required("ROLLCALL_TOKEN_ISSUER")?;
        Ok(Some(Self::new(&issuer, &client_id, scopes.as_deref().unwrap_or("openid"))))
    }

    /// Where to send somebody, to come back to `back`.
    pub(crate) async fn begin(&self, back: &str) -> Result<Begun, IssuerError> {
        let endpoints = self.endpoints().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.scopes.split_whitespace().map(|scope| Scope::new(scope.to_owned()));
        let client = BasicClient::new(ClientId::new(self.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(endpoints.authorization_endpoint.clone()))
            .set_redirect_uri(self.back_to(back)?);
        let asked =
            client.authorize_url(CsrfToken::new_random).add_scopes(scopes).set_pkce_challenge(challenge);
        let (to, state) = asked.url();
        Ok(Begun { to: to.into(), state: state.into_secret(), verifier: verifier.into_secret() })
    }

    /// The access token for a code that was brought back.
    pub(crate) async fn token(
        &self,
        back: &str,
        code: String,
        verifier: String,
    ) -> Result<SecretString, IssuerError> {
        let endpoints = self.endpoints().await?;
        let client = BasicClient::new(ClientId::new(self.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::from_url(endpoints.token_endpoint.clone()))
            .set_redirect_uri(self.back_to(back)?);
        let web = Web::new(&endpoints.token_endpoint)?;
        // Owned, because the compiler cannot see that a future that borrows it is `Send`.
        let http = |request| pass_on(web.clone(), request);
        let asked = client.exchange_code(AuthorizationCode::new(code));
        let given = asked.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&http).await;
        match given {
            Ok(given) => Ok(SecretString::from(given.access_token().secret().clone())),
            Err(RequestTokenError::Request(error)) => Err(error.into()),
            Err(error) => {
                // What it refused is in words of RFC 6749; what it answered otherwise may hold a token.
                if let RequestTokenError::ServerResponse(refusal) = &error {
                    tracing::warn!(error = %refusal.error(), "the issuer gave no token");
                }
                Err(IssuerError::NoToken(self.name.clone()))
            }
        }
    }

    fn back_to(&self, back: &str) -> Result<RedirectUrl, IssuerError> {
        RedirectUrl::new(back.to_owned()).map_err(|_| IssuerError::NoToken(self.name.clone()))
    }

    /// Asked for once; again after a failure.
    async fn endpoints(&self) -> Result<&Endpoints, IssuerError> {
        self.found.get_or_try_init(|| self.discover()).await
    }

    async fn discover(&self) -> Result<Endpoints, IssuerError> {
        let odd = || IssuerError::Description(self.name.clone());
        let url = format!("{}/.well-known/openid-configuration", self.name.trim_end_matches('/'));
        let url = Url::parse(&url).ok().filter(web::safe).ok_or_else(odd)?;
        let answered = Web::new(&url)?.ask(Method::GET, &url, None, None).await?;
        let found: Endpoints = serde_json::from_slice(&answered.body).map_err(|_| odd())?;
        let safe = web::safe(&found.authorization_endpoint) && web::safe(&found.token_endpoint);
        if answered.status.is_success() && safe { Ok(found) } else { Err(odd()) }
    }
}

async fn pass_on(web: Web, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let Answered { status, headers, body } = web.pass_on(request).await?;
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
