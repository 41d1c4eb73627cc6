//! `rollcall login` and `logout`, and the token that a service is asked with.
//!
//! In: a service's address. Out: the token for it: `ROLLCALL_TOKEN` if it is set, else what a login saved, renewed when it
//! ends; else, for a service on this machine, the one that `rollcall serve` left in the data folder. Promised: no token is
//! printed or logged, and a file that holds one is its owner's alone.

mod device;
mod saved;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use engine::ports::Clock;
use reqwest::StatusCode;
use runtime::clock::SystemClock;
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::Mutex;

use self::device::{Code, Issuer, LoginError, Wish};
use self::saved::{Login, Place};
use crate::cli::{self, Cli};
use crate::client::{Address, ClientError};
use crate::exit::{Exit, Refusal};
use crate::output;
use ::api::web;

/// The variable that comes before any login.
const VARIABLE: &str = "ROLLCALL_TOKEN";

/// Whether an issuer can be reached, and is who it says.
pub(crate) async fn reach(issuer: &str) -> anyhow::Result<()> {
    Issuer::discover(issuer).await.map(drop)
}

/// The token for one service.
pub(crate) struct Tokens {
    source: Source,
    clock: Arc<dyn Clock>,
}

enum Source {
    Given(SecretString),
    Saved(Place, Box<Mutex<Login>>),
    Nowhere,
}

impl Tokens {
    /// Looks for it. Nothing is made, and nobody is asked.
    pub(crate) fn find(cli: &Cli, address: &Address, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        if let Some(token) = runtime::env::optional(VARIABLE)? {
            return Ok(Self { source: Source::Given(shown_in_a_header(VARIABLE, &token)?), clock });
        }
        let source = match Place::of(address) {
            Some(place) => Source::saved(place)?,
            None => Source::Nowhere,
        };
        let source = match source {
            Source::Nowhere if web::is_loopback(address.url()) => {
                Source::drawn(&cli.data_dir().join("token"))?
            }
            found => found,
        };
        Ok(Self { source, clock })
    }

    /// A token that a test has.
    #[cfg(test)]
    pub(crate) fn given(token: &str, clock: Arc<dyn Clock>) -> Self {
        Self { source: Source::Given(SecretString::from(token)), clock }
    }

    /// The token as it counts now; `None` when there is none.
    pub(crate) async fn bearer(&self) -> Result<Option<SecretString>, ClientError> {
        match &self.source {
            Source::Given(token) => Ok(Some(token.clone())),
            Source::Nowhere => Ok(None),
            Source::Saved(place, login) => {
                let mut login = login.lock().await;
                if !login.counts(self.clock.now()) {
                    *login = renewed(place, &login, &*self.clock).await?;
                }
                Ok(Some(login.access_token.clone()))
            }
        }
    }
}

impl Source {
    fn saved(place: Place) -> anyhow::Result<Self> {
        let found = place.read()?;
        Ok(found.map_or(Self::Nowhere, |login| Self::Saved(place, Box::new(Mutex::new(login)))))
    }

    /// What `rollcall serve` drew, when it runs over this data folder.
    fn drawn(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(token) => Ok(Self::Given(shown_in_a_header(&path.display().to_string(), &token)?)),
            Err(_) => Ok(Self::Nowhere),
        }
    }
}

/// A token as a header can hold it.
fn shown_in_a_header(place: &str, token: &str) -> Result<SecretString, Refusal> {
    let token = token.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal(format!(
            "{place} holds something else than a token; a token is one word of ASCII"
        )));
    }
    Ok(SecretString::from(token))
}

/// The login with another token. Whoever comes second finds what the first one got.
async fn renewed(place: &Place, login: &Login, clock: &dyn Clock) -> Result<Login, ClientError> {
    let again = |why: &str| {
        let url = &login.url;
        let sentence =
            format!("the login for {url} has ended{why}; log in again with: rollcall login --url {url}");
        ClientError::Refused(StatusCode::UNAUTHORIZED, sentence)
    };
    let kept = |error: anyhow::Error| ClientError::Strange(format!("the login cannot be renewed: {error:#}"));
    let _lock = place.lock().map_err(kept)?;
    let Some(login) = place.read().map_err(kept)? else { return Err(again("")) };
    if login.counts(clock.now()) {
        return Ok(login);
    }
    let Some(refresh) = &login.refresh_token else { return Err(again("")) };
    let renewed = async {
        let issuer = Issuer::known(&login.issuer, &login.token_endpoint)?;
        issuer.renew(&login.client_id, refresh, clock.now()).await
    };
    let given = renewed.await.map_err(|error| match error {
        LoginError::Web(error) => error.into(),
        error @ LoginError::Issuer(..) => {
            ClientError::Strange(format!("the login cannot be renewed: {error}"))
        }
        error @ LoginError::Over(..) => again(&format!(": {error}")),
    })?;
    let renewed = Login {
        access_token: given.access,
        // An issuer that gives no other one goes on taking this one.
        refresh_token: given.refresh.or_else(|| login.refresh_token.clone()),
        expires: given.expires,
        ..login
    };
    place.write(&renewed).map_err(kept)?;
    Ok(renewed)
}

/// `rollcall login`.
pub(crate) async fn log_in(cli: &Cli, options: &cli::Login) -> anyhow::Result<Exit> {
    let (address, place) = named(cli, "login")?;
    // Without a word about the issuer the one of the last login is meant. A file that cannot be read is replaced.
    let last = place.read().ok().flatten();
    let (issuer, wish) = wish_of(options, last.as_ref())?;
    let found = Issuer::discover(&issuer).await?;
    let clock = SystemClock;
    let given = found.log_in(&wish, &clock, |code| show(cli, code)).await?;
    place.write(&Login {
        url: address.to_string(),
        issuer,
        client_id: wish.client_id,
        scope: wish.scope,
        audience: wish.audience,
        token_endpoint: found.token_endpoint,
        access_token: given.access,
        refresh_token: given.refresh,
        expires: given.expires,
    })?;
    let path = place.path().display();
    if cli.json {
        output::json_line(
            &json!({ "loggedInTo": address.to_string(), "expires": given.expires, "file": path.to_string() }),
        )?;
    } else {
        output::line(format_args!("You are logged in to {address}; {path} holds the token."))?;
    }
    if runtime::env::optional(VARIABLE)?.is_some() {
        eprintln!("{VARIABLE} is set, and comes before this login.");
    }
    Ok(Exit::Done)
}

/// `rollcall logout`.
pub(crate) fn log_out(cli: &Cli) -> anyhow::Result<Exit> {
    let (address, place) = named(cli, "logout")?;
    let there_was_one = place.remove()?;
    if cli.json {
        output::json_line(&json!({ "loggedOutOf": address.to_string(), "wasLoggedIn": there_was_one }))?;
    } else if there_was_one {
        output::line(format_args!("You are logged out of {address}."))?;
    } else {
        output::line(format_args!("You were not logged in to {address}."))?;
    }
    Ok(Exit::Done)
}

fn named(cli: &Cli, command: &str) -> anyhow::Result<(Address, Place)> {
    let address = cli.address()?.ok_or_else(|| {
        Refusal(format!("{command} is about one service; name it, as in: rollcall {command} --url https://api.tessera.example"))
    })?;
    let place = Place::of(&address).ok_or_else(|| {
        Refusal("there is no home folder to keep a login in; set HOME or XDG_CONFIG_HOME, or put a token into ROLLCALL_TOKEN".to_owned())
    })?;
    Ok((address, place))
}

/// Which issuer, and what is asked of it.
fn wish_of(options: &cli::Login, last: Option<&Login>) -> Result<(String, Wish), Refusal> {
    let other = options.issuer.is_some() || options.client_id.is_some();
    let last = last.filter(|_| !other);
    let issuer = options.issuer.clone().or_else(|| last.map(|last| last.issuer.clone()));
    let client_id = options.client_id.clone().or_else(|| last.map(|last| last.client_id.clone()));
    let (Some(issuer), Some(client_id)) = (issuer, client_id) else {
        return Err(Refusal(
            "say who gives the tokens, and which client it knows this program as: --issuer URL --client-id ID".to_owned(),
        ));
    };
    let scope = options.scope.clone().or_else(|| last.and_then(|last| last.scope.clone()));
    let audience = options.audience.clone().or_else(|| last.and_then(|last| last.audience.clone()));
    Ok((issuer, Wish { client_id, scope, audience }))
}

/// Says where to enter what.
fn show(cli: &Cli, code: &Code) -> anyhow::Result<()> {
    if cli.json {
        return output::json_line(&json!({
            "verificationUri": code.address,
            "userCode": code.code,
            "verificationUriComplete": code.complete,
            "expiresIn": code.seconds,
        }));
    }
    match &code.complete {
        Some(complete) => {
            output::line(format_args!("Open   {complete}"))?;
            output::line(format_args!("Check  that it shows {}", code.code))?;
        }
        None => {
            output::line(format_args!("Open   {}", code.address))?;
            output::line(format_args!("Enter  {}", code.code))?;
        }
    }
    output::line(format_args!(
        "The code is good for {} minutes; Ctrl-C gives up.",
        code.seconds.div_ceil(60)
    ))?;
    Ok(())
}
