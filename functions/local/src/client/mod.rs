//! The HTTPS API as its caller: what `status`, `logs`, `jobs` and the commands that change a job speak to.
//!
//! In: a path below `/v1.0` and perhaps a body. Out: the JSON that the API gives, or one sentence that says why not. With
//! `--url` a service is asked over HTTP, and no data folder is opened or made. Without it the same routes are asked in this
//! process, over the data folder. So there is one way to a job, wherever it runs.
//!
//! # Guarantees
//! Lists are read to their end, or as far as they are wanted; what takes longer than a request may is waited for; a service
//! that asks for a pause gets it, so many times. A token goes to the address in `--url` and nowhere else.

mod address;
mod error;
mod find;
mod here;
mod there;

use std::sync::Arc;
use std::time::Duration;

use engine::ports::Clock;
use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use runtime::clock::SystemClock;
use secrecy::SecretString;
use serde_json::Value;

pub(crate) use self::address::Address;
pub(crate) use self::error::ClientError;
pub(crate) use self::find::Known;
use self::here::Here;
use self::there::There;
use crate::cli::Cli;
use crate::exit::Refusal;
use ::api::web::Answered;

/// How often a service that asks for a pause is asked again.
const ATTEMPTS: u32 = 5;

/// The longest pause that is taken for one request; a service that wants more is told to the caller instead.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Between two looks at an operation when the service does not say.
const USUAL_LOOK: Duration = Duration::from_secs(5);

/// Looks at one operation: an hour of the usual ones, four times as long as an invocation on AWS can take.
const MOST_LOOKS: u32 = 720;

/// Pages of one list: a million records, of which a page looks at 2,000, are 500 of them.
const MOST_PAGES: u32 = 10_000;

/// What is asked of a list that the service reads as a whole for each page: the largest pages it gives.
pub(crate) const LARGEST_PAGES: &str = "?$top=1000";

/// Whom to ask.
pub(crate) struct Client {
    service: Service,
    place: Where,
    clock: Arc<dyn Clock>,
}

/// Where the one is who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Where {
    /// In this process.
    Here,
    /// At an address.
    There(Address),
}

enum Service {
    Here(Box<Here>),
    There(Box<There>),
}

impl Client {
    /// The service that `--url` names; without it the data folder's.
    pub(crate) async fn open(cli: &Cli) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let Some(address) = cli.address()? else {
            let here = Here::open(cli).await?;
            return Ok(Self { service: Service::Here(Box::new(here)), place: Where::Here, clock });
        };
        if cli.endpoint.is_some() {
            let problem = "--url asks a service, and --endpoint names tables to work on; give one of the two";
            return Err(Refusal(problem.to_owned()).into());
        }
        let there = There::open(cli, address.clone(), clock.clone())?;
        Ok(Self { service: Service::There(Box::new(there)), place: Where::There(address), clock })
    }

    pub(crate) fn place(&self) -> &Where {
        &self.place
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The token that a service elsewhere is asked with, where there is one.
    pub(crate) async fn token(&self) -> Option<SecretString> {
        match &self.service {
            Service::Here(_) => None,
            Service::There(there) => there.token().await,
        }
    }

    /// What is at a path.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, ClientError> {
        Ok(self.ask(Method::GET, path, None).await?.1)
    }

    /// What is at a path, and what the service's clock said.
    pub(crate) async fn get_with_clock(&self, path: &str) -> Result<(Value, Option<Timestamp>), ClientError> {
        let (answered, told) = self.ask(Method::GET, path, None).await?;
        let date = answered.headers.get(DATE).and_then(|date| date.to_str().ok());
        let clock = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        Ok((told, clock.map(|clock| clock.timestamp())))
    }

    /// The entries of a list, as many as are wanted, page after page. A page may be empty and still lead on.
    pub(crate) async fn list(&self, path: &str, wanted: usize) -> Result<Vec<Value>, ClientError> {
        let mut found = Vec::new();
        let mut next = Some(path.to_owned());
        for _ in 0..MOST_PAGES {
            let Some(path) = next.take().filter(|_| found.len() < wanted) else { return Ok(found) };
            let mut page = self.get(&path).await?;
            let Value::Array(entries) = page["value"].take() else {
                return Err(self.strange("a list without entries"));
            };
            let room = wanted - found.len();
            found.extend(entries.into_iter().take(room));
            next = self.link(&page)?.filter(|link| *link != path);
        }
        Err(self.strange(&format!("a list of more than {MOST_PAGES} pages")))
    }

    /// Where a page says that there is more.
    fn link(&self, page: &Value) -> Result<Option<String>, ClientError> {
        let Some(link) = page["@odata.nextLink"].as_str() else { return Ok(None) };
        let path =
            address::below_version(link).ok_or_else(|| self.strange("a link that is none of its own"))?;
        Ok(Some(path.to_owned()))
    }

    /// Changes something, and waits until that is done. What there is to tell of it.
    pub(crate) async fn change(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        let (answered, told) = self.ask(method, path, body).await?;
        if answered.status != StatusCode::ACCEPTED {
            return Ok(told);
        }
        let location = answered.headers.get(LOCATION).and_then(|place| place.to_str().ok());
        let operation = location.and_then(address::below_version);
        let operation = operation.ok_or_else(|| self.strange("that it goes on, but not where to look"))?;
        self.outcome(operation, pause(&answered.headers).unwrap_or(USUAL_LOOK)).await
    }

    /// Waits for an operation. Says on standard error that it does.
    async fn outcome(&self, operation: &str, look: Duration) -> Result<Value, ClientError> {
        eprintln!("It takes longer; waiting for v1.0{operation}");
        let mut said = None;
        for _ in 0..MOST_LOOKS {
            self.clock.sleep(look.min(LONGEST_PAUSE)).await;
            let mut told = self.get(operation).await?;
            let done = told["objectsDone"].as_u64();
            if let Some(count) = done.filter(|_| done != said) {
                eprintln!("{count} objects done");
                said = done;
            }
            match told["status"].as_str() {
                Some("succeeded") => return Ok(told["result"].take()),
                Some("failed") => return Err(self.failed(&told["error"])),
                _ => {}
            }
        }
        Err(self.strange(&format!("nothing final about v1.0{operation} in all that time; look there later")))
    }

    /// An operation's error: status, code and message lie side by side.
    fn failed(&self, error: &Value) -> ClientError {
        let status = error["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let envelope = serde_json::json!({ "error": { "message": error["message"] } });
        ClientError::of(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &envelope, &self.place)
    }

    /// One question, asked again while the service wants a pause. What may have changed something is asked again only when
    /// it was turned away at the door.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(Answered, Value), ClientError> {
        let mut attempt = 1;
        loop {
            let answered = match &self.service {
                Service::Here(here) => here.ask(method.clone(), path, body).await?,
                Service::There(there) => there.ask(method.clone(), path, body).await?,
            };
            let again = match answered.status {
                StatusCode::TOO_MANY_REQUESTS => true,
                StatusCode::SERVICE_UNAVAILABLE => method == Method::GET,
                _ => false,
            };
            let pause = pause(&answered.headers).filter(|pause| *pause <= LONGEST_PAUSE);
            match pause.filter(|_| again && attempt < ATTEMPTS) {
                Some(pause) => self.clock.sleep(pause).await,
                None => return self.told(answered),
            }
            attempt += 1;
        }
    }

    fn told(&self, answered: Answered) -> Result<(Answered, Value), ClientError> {
        let body = serde_json::from_slice(&answered.body);
        if !answered.status.is_success() {
            return Err(ClientError::of(answered.status, &body.unwrap_or_default(), &self.place));
        }
        if answered.body.is_empty() {
            return Ok((answered, Value::Null));
        }
        let body = body.map_err(|_| self.strange("something else than JSON"))?;
        Ok((answered, body))
    }

    fn strange(&self, what: &str) -> ClientError {
        let who = match &self.place {
            Where::Here => "Rollcall".to_owned(),
            Where::There(address) => address.to_string(),
        };
        ClientError::Strange(format!("{who} answered {what}; check that --url names a Rollcall service"))
    }
}

/// How long a service asks to wait.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
