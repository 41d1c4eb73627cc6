//! Requests: the one place that speaks HTTP.
//!
//! In: a [`Request`] and the time by which all must be over. Out: an [`Answer`] with parsed JSON, or a
//! [`Refusal`].
//!
//! # Guarantees
//! * The token goes to the configured origin and nowhere else: a redirect to another one is not followed.
//! * Every request that is sent is counted, repeats and redirects included; discovery is counted apart.
//! * All waiting goes through the [`Clock`]. When the target throttles, the whole connection waits, and then calls at
//!   the pace that it sustains (see [`crate::limiter`]); nothing is sent past that, discovery included.
//! * Nothing is sent that could be answered after the deadline.
//! * Neither errors nor `Debug` show the token, or what a request writes in secret.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::ports::{Clock, Pace, TargetErrorKind};
use jiff::Timestamp;
use reqwest::{Method, Response, header};
use secrecy::SecretString;
use serde_json::Value as Json;
use url::Url;

use super::config::{ConfigError, Connection};
use super::error::{About, Refusal, failed, incompatible, refused};
use super::mask::Mask;
use super::retry::{self, Next, Outcome, Raw, Tries};
use super::transport::{cause, http, trimmed};
use crate::limiter::{Permit, TooLate, Turnstile, Width};

/// 10 MiB: a page of 1000 users with every attribute takes about 4.
const LONGEST_ANSWER: usize = 10 * 1024 * 1024;

/// 3 hops: a missing slash and a renamed path, and then it is a loop.
const REDIRECTS: u32 = 3;

/// What is sent.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Below the base URL, percent-encoded.
    pub(super) path: String,
    /// Percent-encoded. Never shown: it holds values of people.
    pub(super) query: Option<String>,
    pub(super) body: Option<Json>,
    pub(super) about: About,
    /// Tests the connection rather than doing work: counted apart, as discovery is.
    pub(super) probe: bool,
    /// What its errors must not show, beyond the token.
    pub(super) mask: Option<Mask>,
}

impl Request {
    pub(super) fn new(method: Method, path: impl Into<String>, about: About) -> Self {
        Self { method, path: path.into(), query: None, body: None, about, probe: false, mask: None }
    }

    pub(super) fn query(self, query: String) -> Self {
        Self { query: Some(query), ..self }
    }

    pub(super) fn body(self, body: Json) -> Self {
        Self { body: Some(body), ..self }
    }

    pub(super) fn masked(self, mask: &Mask) -> Self {
        Self { mask: Some(mask.clone()), ..self }
    }

    /// How errors name it.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl fmt::Debug for Request {
    /// Leaves out what it says about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.shown()).finish()
    }
}

/// A success.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `null` when there was no body.
    pub(super) body: Json,
}

/// One connection to one target.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    timeout: Duration,
    mask: Mask,
    clock: Arc<dyn Clock>,
    turnstile: Turnstile,
    width: Width,
    calls: AtomicU64,
    discoveries: AtomicU64,
}

impl Client {
    /// Prepares a connection; nothing is sent.
    pub(super) fn new(
        connection: &Connection,
        token: SecretString,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let token = trimmed(token);
        Ok(Self {
            http: http(connection, &token)?,
            base: connection.base.clone(),
            timeout: connection.timeout,
            mask: Mask::new(token),
            turnstile: Turnstile::new(connection.rate_limit, Arc::clone(&clock)),
            width: connection.width(),
            clock,
            calls: AtomicU64::new(0),
            discoveries: AtomicU64::new(0),
        })
    }

    /// Requests sent, discovery aside.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Requests sent to learn what the target offers, and probes.
    pub(super) fn discoveries(&self) -> u64 {
        self.discoveries.load(Ordering::Relaxed)
    }

    /// How many calls may be under way at once now.
    pub(super) fn width(&self) -> usize {
        self.width.now()
    }

    /// How fast the target takes calls, and what its throttling cost.
    pub(super) fn pace(&self) -> Pace {
        self.turnstile.pace()
    }

    /// The time `patience` from now.
    pub(super) fn deadline(&self, patience: Duration) -> Timestamp {
        self.clock.now().checked_add(patience).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Sends a request, again where that is harmless and may help.
    pub(super) async fn send(&self, request: &Request, deadline: Timestamp) -> Result<Answer, Box<Refusal>> {
        let mut tries = Tries::default();
        loop {
            let permit = self.pass(request, deadline).await?;
            let outcome = self.once(request, deadline).await;
            self.report(&permit, &outcome, tries);
            match retry::after(&outcome, request.about, &mut tries, self.clock.now()) {
                Next::Settle => return self.settle(request, outcome),
                Next::SlowDown(wait) | Next::Repeat(wait) if !self.has_time(wait, deadline) => {
                    return self.settle(request, outcome);
                }
                // The turnstile makes it wait, as it does everyone.
                Next::SlowDown(_) => {}
                Next::Repeat(wait) => self.clock.sleep(wait).await,
            }
        }
    }

    /// Asks once for what the target offers; whoever asks can do without the answer.
    pub(super) async fn discover(
        &self,
        request: &Request,
        deadline: Timestamp,
    ) -> Result<Answer, Box<Refusal>> {
        let permit = self.pass(request, deadline).await?;
        let outcome = self.once(request, deadline).await;
        self.report(&permit, &outcome, Tries::default());
        self.settle(request, outcome)
    }

    fn has_time(&self, wait: Duration, deadline: Timestamp) -> bool {
        self.deadline(wait.saturating_add(self.timeout)) <= deadline
    }

    /// Waits until the target takes another call, or refuses when that is too late for this one.
    async fn pass(&self, request: &Request, deadline: Timestamp) -> Result<Permit, Box<Refusal>> {
        let latest = deadline.checked_sub(self.timeout).unwrap_or(Timestamp::MIN);
        self.turnstile.pass(latest).await.map_err(|late| {
            let (kind, why) = match late {
                TooLate::Already => (
                    TargetErrorKind::Unreachable,
                    "The target is too slow to finish this call in time".to_owned(),
                ),
                TooLate::Paused(pause) => {
                    let seconds = pause.as_secs();
                    (TargetErrorKind::Throttled, format!("The target asks not to be called for {seconds} s"))
                }
                TooLate::Queued(rate) => (
                    TargetErrorKind::Throttled,
                    format!("At {rate:.1} calls a second this one's turn does not come in time"),
                ),
            };
            failed(kind, request.shown(), format!("{why}; it will be tried again later"))
        })
    }

    /// Tells the turnstile what became of a call. One that was lost, or met a fault, says nothing about the pace.
    fn report(&self, permit: &Permit, outcome: &Outcome, before: Tries) {
        if let Some(pause) = retry::pause(outcome, before, self.clock.now()) {
            tracing::debug!(seconds = pause.as_secs(), "the target throttles; the connection waits");
            self.turnstile.refused(permit, pause);
            self.width.refused();
        } else if matches!(outcome, Outcome::Answered(raw) if raw.status < 500) {
            self.turnstile.taken(permit);
            self.width.answered();
        } else {
            self.width.refused();
        }
    }

    // --------------------------------------------------------------------------------------------- one try

    async fn once(&self, request: &Request, deadline: Timestamp) -> Outcome {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), request.path));
        url.set_query(request.query.as_deref());
        for _ in 0..=REDIRECTS {
            let outcome = self.exchange(request, url.clone()).await;
            let Outcome::Answered(Raw { status: status @ (301 | 302 | 307 | 308), location, .. }) = &outcome
            else {
                return outcome;
            };
            // Method and body are kept: a create that became a GET would look like a success.
            match location.as_deref().and_then(|location| url.join(location).ok()) {
                Some(_) if !self.has_time(Duration::ZERO, deadline) => {
                    return Outcome::NotSent("it redirects, and takes too long".into());
                }
                Some(next) if next.origin() == self.base.origin() => url = next,
                Some(next) => {
                    let host = next.host_str().unwrap_or("nowhere").to_owned();
                    return Outcome::Unusable(*status, format!("a redirect to another server, {host}"));
                }
                None => return Outcome::Unusable(*status, "a redirect that does not say where to".into()),
            }
        }
        Outcome::Unusable(308, "redirects that do not end".into())
    }

    async fn exchange(&self, request: &Request, url: Url) -> Outcome {
        let is_work = !request.probe && request.about != About::Discovery;
        let counter = if is_work { &self.calls } else { &self.discoveries };
        counter.fetch_add(1, Ordering::Relaxed);
        let mut builder = self.http.request(request.method.clone(), url);
        if let Some(body) = &request.body {
            builder = builder.header(header::CONTENT_TYPE, "application/scim+json").body(body.to_string());
        }
        match builder.send().await {
            Ok(response) => received(response).await,
            Err(error) if error.is_connect() => Outcome::NotSent(cause(&error)),
            Err(error) if error.is_builder() => Outcome::NotSent(cause(&error)),
            Err(error) if error.is_timeout() => {
                Outcome::Lost(format!("no answer within {} s", self.timeout.as_secs()))
            }
            Err(error) => Outcome::Lost(cause(&error)),
        }
    }

    fn settle(&self, request: &Request, outcome: Outcome) -> Result<Answer, Box<Refusal>> {
        let mask = request.mask.as_ref().unwrap_or(&self.mask);
        match outcome {
            Outcome::Answered(raw) if (200..300).contains(&raw.status) => understood(request, &raw, mask),
            Outcome::Answered(raw) => {
                // Some servers throttle with a 403: told as what it is.
                let status = if retry::is_throttling(&raw) && raw.status == 403 { 429 } else { raw.status };
                Err(refused(request.about, request.shown(), status, &raw.body, mask))
            }
            Outcome::NotSent(why) => Err(failed(
                TargetErrorKind::Unreachable,
                request.shown(),
                format!(
                    "The target cannot be reached: {}; check url, the network, and caBundle where its certificate is private",
                    mask.apply(&why)
                ),
            )),
            Outcome::Lost(why) if request.about.is_repeatable() => Err(failed(
                TargetErrorKind::Unreachable,
                request.shown(),
                format!("The target did not answer: {}; it will be tried again", mask.apply(&why)),
            )),
            Outcome::Lost(why) => Err(failed(
                TargetErrorKind::Ambiguous,
                request.shown(),
                format!(
                    "The answer was lost ({}), and the account may exist nevertheless; it will be looked for before the next try",
                    mask.apply(&why)
                ),
            )),
            Outcome::Unusable(status, why) => {
                Err(incompatible(request.shown(), status, &[], &mask.apply(&why), mask))
            }
        }
    }
}

/// Parses a success. Where only the status matters, a body that is no JSON is passed over, unless it is a web
/// page: behind a login page nothing was changed.
fn understood(request: &Request, raw: &Raw, mask: &Mask) -> Result<Answer, Box<Refusal>> {
    let unread = |why: &str| Err(incompatible(request.shown(), raw.status, &raw.body, why, mask));
    let is_read = request.method == Method::GET || request.method == Method::POST;
    match serde_json::from_slice(&raw.body) {
        Ok(body) => Ok(Answer { status: raw.status, body }),
        Err(_) if raw.body.trim_ascii_start().starts_with(b"<") => unread("a web page"),
        Err(_) if !is_read => Ok(Answer { status: raw.status, body: Json::Null }),
        Err(_) if raw.body.is_empty() => unread("an empty body"),
        Err(_) => unread("text that is not JSON"),
    }
}

/// Reads the answer's body, as far as it may go.
async fn received(mut response: Response) -> Outcome {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = response.status().as_u16();
    let mut raw = Raw {
        status,
        retry_after: text(header::RETRY_AFTER),
        location: text(header::LOCATION),
        body: Vec::new(),
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if raw.body.len() + chunk.len() > LONGEST_ANSWER => {
                return Outcome::Unusable(status, "more than 10 MiB; set a smaller pageSize".into());
            }
            Ok(Some(chunk)) => raw.body.extend_from_slice(&chunk),
            Ok(None) => return Outcome::Answered(raw),
            Err(error) => return Outcome::Lost(cause(&error)),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}
