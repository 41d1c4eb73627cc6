//! What every request and every answer gets, whatever the route: ids, limits of size and of time, headers, keys as OData
//! writes them, the one envelope of refusals.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use engine::ports::Clock;

use crate::{ApiError, segments};

/// How long an answer may take. API Gateway waits 30 s and then answers by itself, without the envelope; `control` answers
/// by 202 what takes longer than 25 s.
const LONGEST_ANSWER: Duration = Duration::from_secs(28);

const REQUEST_ID: &str = "request-id";
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// Headers of a refusal that its envelope does not replace.
const KEPT: [&str; 4] = ["allow", "www-authenticate", "retry-after", "location"];

/// What the frame needs.
#[derive(Clone)]
struct Frame {
    clock: Arc<dyn Clock>,
    /// The largest body a caller may send along, in bytes.
    largest: u64,
}

/// The id of a request, as its answer carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Puts routes into the frame: answers to paths and methods that are not there, ids and envelope.
pub fn framed(routes: Router, clock: Arc<dyn Clock>, largest: u64) -> Router {
    let framed = routes
        .fallback(async || ApiError::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(axum::extract::DefaultBodyLimit::max(usize::try_from(largest).unwrap_or(usize::MAX)))
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(Frame { clock, largest }, identified));
    // A route is looked for in the path as it is when the request arrives: so this stands before the router.
    Router::new().fallback_service(framed).layer(map_request(segments::plain))
}

/// Ends what takes too long. A body that is streamed has as long as it takes.
async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(LONGEST_ANSWER, next.run(request)).await;
    answer.unwrap_or_else(|_| ApiError::timeout(LONGEST_ANSWER).into_response())
}

/// Gives request and answer their ids, and every refusal the one envelope.
async fn identified(State(frame): State<Frame>, mut request: Request, next: Next) -> Response {
    let id = runtime::clock::new_id().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let clients = request.headers().get(CLIENT_REQUEST_ID).filter(|id| id.len() <= 128).cloned();
    let mut response = match declared_length(request.headers()) {
        Some(length) if length > frame.largest => ApiError::too_large(frame.largest).into_response(),
        _ => next.run(request).await,
    };
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let error = response.extensions_mut().remove().unwrap_or_else(|| ApiError::of_status(status));
        let headers = std::mem::take(response.headers_mut());
        let clients = clients.as_ref().and_then(|id| id.to_str().ok());
        response = (status, Json(error.envelope(&id, clients, frame.clock.now()))).into_response();
        let kept = |name: &axum::http::HeaderName| KEPT.contains(&name.as_str());
        response
            .headers_mut()
            .extend(headers.into_iter().filter(|(name, _)| name.as_ref().is_some_and(kept)));
    }
    let headers = response.headers_mut();
    // Answers hold names of people.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(id) = clients {
        headers.insert(CLIENT_REQUEST_ID, id);
    }
    response
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::http::header::RETRY_AFTER;
    use axum::routing::get;
    use jiff::Timestamp;
    use serde_json::{Value, json};
    use testkit::time::TestClock;
    use tower::ServiceExt as _;

    use super::*;
    use crate::Caller;
    use crate::rate::{self, Limit, Rate};

    fn in_frame(routes: Router) -> Router {
        framed(routes, Arc::new(TestClock::at(Timestamp::UNIX_EPOCH)), 1_024)
    }

    async fn asked(router: &Router, path: &str) -> (StatusCode, HeaderMap, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        (status, headers, serde_json::from_slice(&body).unwrap_or_default())
    }

    // The time is tokio's own and stands still: it moves on when there is nothing else to do.
    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_answered_before_the_gateway_gives_up() {
        let router = in_frame(Router::new().route("/slow", get(std::future::pending::<()>)));
        let (status, headers, body) = asked(&router, "/slow").await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::GATEWAY_TIMEOUT, &json!("timeout")));
        assert!(headers.contains_key(REQUEST_ID));
    }

    #[tokio::test]
    async fn who_asks_too_often_is_told_when_to_go_on() {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        let limited = Rate::limited(Limit { burst: 1, per_second: 1 }, clock);
        let ada = Caller { id: "ada".to_owned(), name: "Ada".to_owned(), owner_only: false };
        let routes = Router::new().route("/log", get(async || ()));
        let routes = routes.route_layer(from_fn_with_state(limited, rate::check)).layer(axum::Extension(ada));
        let router = in_frame(routes);
        assert_eq!(asked(&router, "/log").await.0, StatusCode::OK);
        let (status, headers, body) = asked(&router, "/log").await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::TOO_MANY_REQUESTS, &json!("TooManyRequests"))
        );
        assert_eq!(headers[RETRY_AFTER], "1");
    }

    #[tokio::test]
    async fn keys_in_parentheses_lead_where_keys_in_paths_lead() {
        let echo = get(async |axum::extract::Path(id): axum::extract::Path<String>| id);
        let router = in_frame(Router::new().route("/v1.0/jobs/{id}", echo));
        for path in ["/v1.0/jobs/a", "/v1.0/jobs('a')", "/v1.0/jobs(jobId=%27a%27)"] {
            assert_eq!(asked(&router, path).await.0, StatusCode::OK, "{path}");
        }
        assert_eq!(asked(&router, "/v1.0/jobs(a)").await.0, StatusCode::NOT_FOUND);
    }
}
