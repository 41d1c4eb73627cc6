//! What happens to a request before, and instead of, being carried out.
//!
//! In: a request's kind and headers. Out: a verdict. Promise: the order is that of a service behind a proxy: the
//! proxy's sign-in page, the token, the rate limit, then the faults.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::counters::Kind;
use super::error::ScimError;
use super::faults::Does;
use super::shared::Shared;

/// What comes of a request.
pub(crate) enum Verdict {
    /// It is carried out. `silently` means that the connection is closed instead of answering.
    CarryOut { silently: bool },
    /// It gets this answer and is not carried out.
    Answer(Response),
    /// It gets no answer, and the connection is closed after a while.
    Hang(Duration),
}

/// Judges a request, and counts it as refused or spoiled if it is.
pub(crate) fn judge(shared: &Shared, kind: Option<Kind>, headers: &HeaderMap) -> Verdict {
    let answer = |error: ScimError| Verdict::Answer(error.into_response());
    let (html, unauthorized, missing) = lasting(shared, kind);
    if html {
        shared.tally.note(|counters| counters.failed += 1);
        return Verdict::Answer(Html("<html><body><h1>Sign in</h1></body></html>").into_response());
    }
    if unauthorized || !carries_token(headers, &shared.settings.token) {
        shared.tally.note(|counters| counters.unauthorized += 1);
        return Verdict::Answer(challenge());
    }
    if shared.quirks().require_user_agent && !headers.contains_key(header::USER_AGENT) {
        return answer(ScimError::new(StatusCode::FORBIDDEN, "a User-Agent header is required here"));
    }
    if let Err(seconds) = shared.take_token() {
        shared.tally.note(|counters| counters.throttled += 1);
        return Verdict::Answer(throttled(Some(seconds)));
    }
    if missing {
        shared.tally.note(|counters| counters.failed += 1);
        return answer(ScimError::not_found("this endpoint"));
    }
    strike(shared, kind)
}

/// The faults that last: HTML for everything, 401 for everything, 404 for lists.
fn lasting(shared: &Shared, kind: Option<Kind>) -> (bool, bool, bool) {
    let plan = shared.faults();
    let concerned = plan.concerns(kind);
    let faults = plan.faults();
    let lists = matches!(kind, Some(Kind::List | Kind::Query));
    (
        concerned && faults.html,
        concerned && faults.unauthorized,
        concerned && lists && faults.collection_missing,
    )
}

fn strike(shared: &Shared, kind: Option<Kind>) -> Verdict {
    let (struck, timeout) = {
        let mut plan = shared.faults();
        (plan.strike(kind), plan.timeout())
    };
    let Some(does) = struck else { return Verdict::CarryOut { silently: false } };
    shared.tally.note(|counters| match does {
        Does::Throttle | Does::RetryAfter(_) => counters.throttled += 1,
        _ => counters.failed += 1,
    });
    match does {
        Does::Throttle => Verdict::Answer(throttled(None)),
        Does::RetryAfter(seconds) => Verdict::Answer(throttled(Some(seconds))),
        Does::Error(status) => Verdict::Answer(broken(status)),
        Does::Garbage => Verdict::Answer(Html("<html><body>It works!</body></html>").into_response()),
        Does::DropAnswer => Verdict::CarryOut { silently: true },
        Does::Timeout => Verdict::Hang(timeout),
    }
}

fn carries_token(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given
        .and_then(|given| given.split_once(' '))
        .is_some_and(|(scheme, given)| scheme.eq_ignore_ascii_case("Bearer") && given.trim() == token)
}

/// 401, with the way to get in (RFC 6750 section 3).
fn challenge() -> Response {
    let error = ScimError::new(StatusCode::UNAUTHORIZED, "the bearer token is missing or wrong");
    ([(header::WWW_AUTHENTICATE, "Bearer realm=\"sandbox\", error=\"invalid_token\"")], error).into_response()
}

fn throttled(retry_after: Option<u64>) -> Response {
    let error = ScimError::new(StatusCode::TOO_MANY_REQUESTS, "too many requests");
    let mut response = error.into_response();
    response.headers_mut().extend(retry_after.map(|seconds| (header::RETRY_AFTER, seconds.into())));
    response
}

fn broken(status: u16) -> Response {
    let status = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() >= 400);
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    ScimError::new(status, "a fault of the sandbox").into_response()
}
