//! OAuth 2.0 Device Authorization Grant (RFC 8628): this program shows a code, a person enters it in a browser anywhere.
//!
//! In: an issuer, and the client that it knows this program as. Out: tokens. Its endpoints are found as OpenID Connect
//! Discovery says.

use std::time::Duration;

use engine::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AuthType, ClientId, DeviceAuthorizationUrl, DeviceCodeErrorResponseType, ErrorResponseType, HttpRequest,
    HttpResponse, RefreshToken, RequestTokenError, Scope, StandardDeviceAuthorizationResponse,
    StandardErrorResponse, TokenResponse as _, TokenUrl,
};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::exit::Refusal;
use ::api::web::{self, Web, WebError};

/// The longest that a code is waited for, whatever the issuer says: nobody is at the keyboard any more.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// The longest pause between two questions whether the code was entered.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is asked for.
pub(super) struct Wish {
    pub(super) client_id: String,
    /// Separated by spaces.
    pub(super) scope: Option<String>,
    /// For issuers that want to be told for whom the token is.
    pub(super) audience: Option<String>,
}

/// An issuer, as it describes itself.
pub(super) struct Issuer {
    web: Web,
    name: String,
    pub(super) token_endpoint: String,
    device_endpoint: Option<String>,
}

/// What was given.
pub(super) struct Tokens {
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
    pub(super) expires: Option<Timestamp>,
}

/// Why nothing was given.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    #[error(transparent)]
    Web(#[from] WebError),
    #[error("{0}: {1}")]
    Issuer(String, String),
    /// The issuer will not go on from these tokens.
    #[error("{0}: {1}")]
    Over(String, String),
}

/// What is read of the issuer's `openid-configuration`.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    token_endpoint: String,
    device_authorization_endpoint: Option<String>,
}

impl Issuer {
    /// Asks an issuer for its endpoints.
    pub(super) async fn discover(issuer: &str) -> anyhow::Result<Self> {
        let refused = |problem: &str| {
            Refusal(format!(
                "the issuer '{issuer}' {problem}; write it as it stands in its tokens, such as https://login.tessera.example"
            ))
        };
        let name = issuer.trim().trim_end_matches('/').to_owned();
        let url = Url::parse(&format!("{name}/.well-known/openid-configuration"));
        let url = url.ok().filter(web::safe).ok_or_else(|| refused("is no https address"))?;
        let web = Web::new(&url)?;
        let answered = web.ask(Method::GET, &url, None, None).await?;
        if !answered.status.is_success() {
            return Err(refused(&format!("answered {} to {url}", answered.status)).into());
        }
        let found: Discovery = serde_json::from_slice(&answered.body).map_err(|_| {
            refused(&format!("describes itself at {url} in a way that is not OpenID Connect's"))
        })?;
        if found.issuer.trim_end_matches('/') != name {
            let problem =
                format!("calls itself {}; name it so if it is the right one", printable(&found.issuer));
            return Err(refused(&problem).into());
        }
        let Discovery { token_endpoint, device_authorization_endpoint: device_endpoint, .. } = found;
        let endpoints = [Some(&token_endpoint), device_endpoint.as_ref()];
        if !endpoints
            .into_iter()
            .flatten()
            .all(|endpoint| Url::parse(endpoint).is_ok_and(|url| web::safe(&url)))
        {
            return Err(refused("has endpoints that are no https addresses").into());
        }
        Ok(Self { web, name, token_endpoint, device_endpoint })
    }

    /// The issuer that gave tokens before.
    pub(super) fn known(name: &str, token_endpoint: &str) -> Result<Self, LoginError> {
        let url = Url::parse(token_endpoint).ok().filter(web::safe);
        let url = url
            .ok_or_else(|| LoginError::Over(name.to_owned(), "its address is no https address".to_owned()))?;
        let web = Web::new(&url)?;
        Ok(Self {
            web,
            name: name.to_owned(),
            token_endpoint: token_endpoint.to_owned(),
            device_endpoint: None,
        })
    }

    /// Gets a code, shows it, and waits until somebody entered it.
    pub(super) async fn log_in(
        &self,
        wish: &Wish,
        clock: &dyn Clock,
        show: impl FnOnce(&Code) -> anyhow::Result<()>,
    ) -> anyhow::Result<Tokens> {
        let Some(endpoint) = &self.device_endpoint else {
            let problem = format!(
                "{} gives no codes for devices (RFC 8628): its description has no device_authorization_endpoint. Put a token into ROLLCALL_TOKEN instead",
                self.name
            );
            return Err(Refusal(problem).into());
        };
        let wrong = |_| self.says("an endpoint of it is no address".to_owned());
        let client = BasicClient::new(ClientId::new(wish.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_device_authorization_url(DeviceAuthorizationUrl::new(endpoint.clone()).map_err(wrong)?)
            .set_token_uri(TokenUrl::new(self.token_endpoint.clone()).map_err(wrong)?);
        let http = |request| pass_on(&self.web, request);
        let scopes = wish.scope.iter().flat_map(|scopes| scopes.split_whitespace());
        let mut request =
            client.exchange_device_code().add_scopes(scopes.map(|one| Scope::new(one.to_owned())));
        if let Some(audience) = &wish.audience {
            request = request.add_extra_param("audience", audience.as_str());
        }
        let details: StandardDeviceAuthorizationResponse =
            request.request_async(&http).await.map_err(|error| self.failed(error))?;
        show(&Code::of(&details))?;
        let longest = details.expires_in().min(LONGEST_WAIT);
        let given = client
            .exchange_device_access_token(&details)
            .request_async(&http, |pause| clock.sleep(pause.min(LONGEST_PAUSE)), Some(longest))
            .await
            .map_err(|error| self.failed(error))?;
        Ok(tokens(&given, clock.now()))
    }

    /// Other tokens for those that end.
    pub(super) async fn renew(
        &self,
        client_id: &str,
        refresh: &SecretString,
        now: Timestamp,
    ) -> Result<Tokens, LoginError> {
        let endpoint = TokenUrl::new(self.token_endpoint.clone());
        let endpoint = endpoint.map_err(|_| self.says("an endpoint of it is no address".to_owned()))?;
        let client = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(endpoint);
        let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
        let http = |request| pass_on(&self.web, request);
        let given = client.exchange_refresh_token(&refresh).request_async(&http).await;
        Ok(tokens(&given.map_err(|error| self.failed(error))?, now))
    }

    fn says(&self, what: String) -> LoginError {
        LoginError::Issuer(self.name.clone(), what)
    }

    /// What the issuer refused, in a sentence. What it answered otherwise may hold a token and is not shown.
    fn failed<T>(&self, error: RequestTokenError<WebError, StandardErrorResponse<T>>) -> LoginError
    where
        T: Refused + ErrorResponseType + std::fmt::Display + 'static,
    {
        match error {
            RequestTokenError::Request(error) => error.into(),
            RequestTokenError::ServerResponse(refusal) => {
                let described = refusal.error_description().map(|text| format!(" ({})", printable(text)));
                let what = format!("{}{}", refusal.error().sentence(), described.unwrap_or_default());
                LoginError::Over(self.name.clone(), what)
            }
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => self.says(
                "it answered something else than OAuth 2.0's words; check --issuer and --client-id"
                    .to_owned(),
            ),
        }
    }
}

/// What a person has to know.
pub(super) struct Code {
    pub(super) address: String,
    pub(super) code: String,
    /// The address with the code in it.
    pub(super) complete: Option<String>,
    pub(super) seconds: u64,
}

impl Code {
    fn of(details: &StandardDeviceAuthorizationResponse) -> Self {
        Self {
            address: printable(details.verification_uri()),
            code: printable(details.user_code().secret()),
            complete: details.verification_uri_complete().map(|uri| printable(uri.secret())),
            seconds: details.expires_in().as_secs(),
        }
    }
}

/// Refusals that have a sentence of their own.
trait Refused {
    fn sentence(&self) -> String;
}

impl Refused for DeviceCodeErrorResponseType {
    fn sentence(&self) -> String {
        match self {
            Self::AccessDenied => "the login was refused there".to_owned(),
            Self::ExpiredToken => "nobody entered the code in time; run rollcall login again".to_owned(),
            // Entra ID's word for the same.
            Self::Basic(error) if error.as_ref() == "authorization_declined" => Self::AccessDenied.sentence(),
            Self::Basic(error) => error.sentence(),
            other => format!("it says {}", printable(other.as_ref())),
        }
    }
}

impl Refused for BasicErrorResponseType {
    fn sentence(&self) -> String {
        match self {
            Self::InvalidGrant => "it does not go on from this login".to_owned(),
            Self::UnauthorizedClient => {
                "it does not let this client log in by a device's code; allow it there".to_owned()
            }
            other => format!("it says {}", printable(other.as_ref())),
        }
    }
}

async fn pass_on(web: &Web, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let answered = web.pass_on(request).await?;
    let mut response = HttpResponse::new(answered.body);
    *response.status_mut() = answered.status;
    *response.headers_mut() = answered.headers;
    Ok(response)
}

fn tokens(given: &BasicTokenResponse, now: Timestamp) -> Tokens {
    let secret = |text: &String| SecretString::from(text.clone());
    let lasts = given.expires_in().and_then(|lasts| SignedDuration::try_from(lasts).ok());
    Tokens {
        access: secret(given.access_token().secret()),
        refresh: given.refresh_token().map(|token| secret(token.secret())),
        expires: lasts.and_then(|lasts| now.checked_add(lasts).ok()),
    }
}

/// Somebody else's text, as a terminal may show it.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(500).collect()
}
